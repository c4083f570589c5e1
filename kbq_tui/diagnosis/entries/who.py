"""Texts that several entries share: who can apply a remedy, and Google's pages."""

from typing import Final

CLOUD: Final = "https://cloud.google.com/"
PROJECT_IAM_ADMIN: Final = (
    "A project IAM administrator: resourcemanager.projects.setIamPolicy, role Project IAM Admin "
    "(roles/resourcemanager.projectIamAdmin) on the project."
)
DATA_OWNER: Final = (
    "The dataset's owner: bigquery.datasets.update and bigquery.datasets.setIamPolicy, role BigQuery Data Owner "
    "(roles/bigquery.dataOwner) on the dataset."
)
POLICY_ADMIN: Final = (
    "An organization policy administrator: orgpolicy.policy.set, role Organization Policy Administrator "
    "(roles/orgpolicy.policyAdmin) on the organization. Project Owner and Organization Administrator do not have it."
)
YOU: Final = "You."
BIGQUERY: Final = "https://cloud.google.com/bigquery/docs/"
DATA_EDITOR: Final = (
    "Whoever looks after the data: bigquery.tables.update, role BigQuery Data Editor "
    "(roles/bigquery.dataEditor) on the dataset."
)
