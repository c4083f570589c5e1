"""Problems of a dataset itself: its access list, access for everybody, the expiration of its tables."""

from typing import Final

from kbq_tui.diagnosis.entries.who import BIGQUERY, DATA_OWNER
from kbq_tui.diagnosis.entry import LOOK, Entry, Stage, back, helper, look, shared, step
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind
from kbq_tui.model.refs import DatasetRef, ProjectRef, TableRef
from kbq_tui.shell import commands as cmd

ENTRIES: Final = (
    Entry(
        Code.ACCESS_UNREAD,
        "The access list of the dataset could not be read",
        "Google's answer about dataset {dataset} held no access list, or one without an owner, which no dataset has. "
        "So nothing is written to it: a list that is written back replaces the whole of it.",
        (
            look("See what you are shown of it; `access` has to be in it:", cmd.SHOW_DATASET),
            *shared(
                step(
                    "Ask the dataset's owner for a role that shows the list, Metadata Viewer on the dataset:",
                    cmd.GRANT_OPERATOR_DATASET.using(role="roles/bigquery.metadataViewer"),
                )
            ),
            *helper(look(LOOK, cmd.SHOW_DATASET)),
        ),
        "The dataset's owner: bigquery.datasets.get and bigquery.datasets.getIamPolicy to read the list, role BigQuery "
        "Metadata Viewer (roles/bigquery.metadataViewer); bigquery.datasets.update and bigquery.datasets.setIamPolicy "
        "to change it, role BigQuery Data Owner (roles/bigquery.dataOwner).",
        BIGQUERY + "control-access-to-resources-iam",
    ),
    Entry(
        Code.LAST_OWNER,
        "A dataset keeps its last owner",
        "The change would leave dataset {dataset} without an owner, and nobody could change who has access any more.",
        (
            *shared(
                step(
                    "Give the dataset another owner first:",
                    cmd.GRANT_OPERATOR_DATASET.using(role="roles/bigquery.dataOwner"),
                )
            ),
            "Then do it again.",
            *helper(look(LOOK, cmd.SHOW_DATASET)),
        ),
        DATA_OWNER,
        BIGQUERY + "control-access-to-resources-iam",
        Kind.CONFLICT,
        matchers=((Stage.WORDS, r"cannot remove all owners from a dataset"),),
    ),
    Entry(
        Code.TERRAFORM_OWNED,
        "Terraform looks after what is to be changed",
        "Dataset {dataset} has the label goog-terraform-provisioned, which Terraform puts on what it makes. What is "
        "changed beside it, Terraform may undo when it runs next: a grant that is added may go, one that is taken away "
        "may come back.",
        (
            step(
                "Let the people who run Terraform change it. This is the plan for them; what is in place is imported:",
                cmd.ours("export terraform"),
            ),
        ),
        "You, on this machine.",
        "https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference",
        Kind.CONFLICT,
    ),
    Entry(
        Code.TABLES_EXPIRE,
        "New tables of the dataset vanish by themselves",
        "Dataset {dataset} has a default table expiration: each new table is deleted {life} after it was made.",
        (
            *shared(
                step(
                    "Take the expiration off; without billing it cannot be, and is 60 days at most:",
                    cmd.UNSET_TABLE_LIFE,
                )
            ),
            step(
                "Tables that exist already keep their expiration. For each of them that is needed:",
                cmd.KEEP_TABLE,
            ),
            *helper(look(LOOK, cmd.SHOW_DATASET), back("To take it back, set it again:", cmd.UNSET_TABLE_LIFE)),
        ),
        DATA_OWNER,
        BIGQUERY + "updating-datasets#table-expiration",
        Kind.CONFLICT,
    ),
    Entry(
        Code.PARTITIONS_EXPIRE,
        "Rows of new partitioned tables vanish by themselves",
        "Dataset {dataset} has a default partition expiration: of each new partitioned table, a partition is deleted "
        "{life} after its date.",
        (
            *shared(step("Take the expiration off:", cmd.UNSET_PARTITION_LIFE)),
            "Tables that exist already keep their own: bq update --time_partitioning_expiration, table by table.",
            *helper(look(LOOK, cmd.SHOW_DATASET), back("To take it back, set it again:", cmd.UNSET_PARTITION_LIFE)),
        ),
        DATA_OWNER,
        BIGQUERY + "updating-datasets#partition-expiration",
        Kind.CONFLICT,
    ),
    Entry(
        Code.PUBLIC_DATASET,
        "The dataset is open to everybody",
        "Dataset {dataset} gives {role} to {member}: allUsers is anybody at all, allAuthenticatedUsers anybody with a "
        "Google account, and anybody can get an address at gmail.com.",
        (
            "See whether that is meant; customers' data must not be there.",
            *shared(step("Take it away:", cmd.REVOKE_PUBLIC)),
            *helper(look(LOOK, cmd.SHOW_DATASET), back("To take it back, grant it again:", cmd.REVOKE_PUBLIC)),
        ),
        DATA_OWNER,
        BIGQUERY + "control-access-to-resources-iam",
        Kind.CONFLICT,
    ),
    Entry(
        Code.CONDITIONAL_GRANT,
        "A role is granted under a condition only",
        "{role} on {resource} is granted to {account} under a condition; once that no longer holds, Klaviyo is locked "
        "out.",
        (
            "If the end is intended, nothing has to be done before it. Else grant the role without a condition; "
            "the one with it may stay:",
            *shared(
                step("If it is held on the project, grant it there:", cmd.GRANT_PROJECT, level=ProjectRef),
                step("If it is held on a dataset, grant it there:", cmd.GRANT_DATASET, level=DatasetRef),
                step("If it is held on a table or view alone, grant it there:", cmd.GRANT_TABLE, level=TableRef),
            ),
            *helper(look(LOOK, cmd.SHOW_POLICY, cmd.SHOW_DATASET)),
        ),
        "On the project a project IAM administrator: resourcemanager.projects.setIamPolicy, role Project IAM Admin "
        "(roles/resourcemanager.projectIamAdmin); on a dataset its owner: bigquery.datasets.update and "
        "bigquery.datasets.setIamPolicy, role BigQuery Data Owner (roles/bigquery.dataOwner).",
        "https://cloud.google.com/iam/docs/conditions-overview",
        Kind.CONFLICT,
    ),
)
