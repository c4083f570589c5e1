"""What is wrong with a dataset itself: its access list, who is let in, how long its tables live."""

from typing import Final

from kbq_tui.core import catalogue_commands as cmd
from kbq_tui.core.catalogue_base import Entry
from kbq_tui.core.problems import Kind

_BIGQUERY: Final = "https://cloud.google.com/bigquery/docs/"
_DATA_OWNER: Final = (
    "The dataset's owner: bigquery.datasets.update, role BigQuery Data Owner (roles/bigquery.dataOwner) on the dataset."
)

ENTRIES: Final = (
    Entry(
        "KBQ-ACCESS-UNREAD",
        "The access list of the dataset could not be read",
        "Google's answer about dataset {dataset} held no access list, or one without an owner, which no dataset has. "
        "So nothing is written to it: a list that is written back replaces the whole of it.",
        (
            f"See what you are shown of it; `access` has to be in it:\n{cmd.SHOW_DATASET}",
            "Ask the dataset's owner for a role that shows the list, Metadata Viewer on the dataset:\n"
            + cmd.GRANT_OPERATOR_DATASET.replace("{role}", "roles/bigquery.metadataViewer"),
        ),
        "The dataset's owner: bigquery.datasets.getIamPolicy to read the list, role BigQuery Metadata Viewer "
        "(roles/bigquery.metadataViewer); bigquery.datasets.update to change it, role BigQuery Data Owner "
        "(roles/bigquery.dataOwner).",
        _BIGQUERY + "control-access-to-resources-iam",
    ),
    Entry(
        "KBQ-LAST-OWNER",
        "A dataset keeps its last owner",
        "The change would leave dataset {dataset} without an owner, and nobody could change who has access any more.",
        (
            "Give the dataset another owner first:\n"
            + cmd.GRANT_OPERATOR_DATASET.replace("{role}", "roles/bigquery.dataOwner"),
            "Then do it again.",
        ),
        _DATA_OWNER,
        _BIGQUERY + "control-access-to-resources-iam",
        Kind.CONFLICT,
    ),
)
