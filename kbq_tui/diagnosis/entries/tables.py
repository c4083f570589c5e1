"""Tables and views: reading, writing, and what hides rows or columns."""

from typing import Final

from kbq_tui.diagnosis.entries.who import BIGQUERY, DATA_EDITOR, DATA_OWNER
from kbq_tui.diagnosis.entry import (
    GRANT_WAIT,
    LATE,
    LOOK,
    REVOKE,
    Entry,
    Stage,
    back,
    helper,
    look,
    shared,
    step,
    undo,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

ENTRIES: Final = (
    Entry(
        Code.TABLE_NAME,
        "The table's name cannot be checked",
        "Table {table} of dataset {dataset} has characters in its name that do not go into a query safely.",
        (
            "Read it by hand, in BigQuery's own console.",
            "Or offer Klaviyo a view with a plain name: letters, digits and underscores.",
            *helper(
                look(LOOK, cmd.LIST_TABLES),
                step("Offer Klaviyo a view that has what it needs, under a plain name:", cmd.CREATE_VIEW),
            ),
        ),
        DATA_EDITOR,
        BIGQUERY + "tables#table_naming",
    ),
    Entry(
        Code.TABLE_NOT_FOUND,
        "The table does not exist",
        "BigQuery does not find table or view {table} in dataset {dataset}; it was renamed, dropped, or has expired.",
        (
            look("See which tables there are:", cmd.LIST_TABLES),
            "Restore it under its old name, or choose the new one in Klaviyo's sync.",
            step(
                "If tables vanish after 60 days, the dataset was made without billing; take the expiration off:",
                cmd.UNSET_TABLE_LIFE,
            ),
            *helper(
                look(LOOK, cmd.LIST_TABLES),
                step(
                    "Bring it back as it was an hour ago; up to seven days are kept, counted in milliseconds:",
                    cmd.RESTORE_TABLE,
                ),
                back("To take it back, drop it again:", cmd.RESTORE_TABLE),
            ),
        ),
        DATA_EDITOR,
        BIGQUERY + "tables",
        Kind.NOT_FOUND,
        matchers=(
            (Stage.KINDS, r"[\w-]{1,300}[:.][\w-]{0,300}\*\W{0,3} does not match any table"),
            (Stage.WORDS, r"not found: (?:table|view) \S{1,1200}[:.]\S"),
        ),
    ),
    Entry(
        Code.TABLE_READ_DENIED,
        "The table may not be read",
        "Whoever asked lacks bigquery.tables.getData on table {table} of dataset {dataset}, or it does not "
        "exist there.",
        (
            *shared(step("Grant the service account Data Viewer on the dataset:", cmd.GRANT_VIEWER)),
            "If the dataset is not one of the connection's, a view asks for it: authorize that view there, or "
            "grant Data Viewer there, too.",
            LATE,
        ),
        DATA_OWNER,
        BIGQUERY + "access-control",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        matchers=((Stage.WORDS, r"does not have permission to query (?:table|view)"),),
        permissions=("bigquery.tables.getData",),
    ),
    Entry(
        Code.TABLE_WRITE_DENIED,
        "The dataset may not be written to",
        "Whoever asked lacks {permission} on dataset {dataset}.",
        (
            "Where Klaviyo only reads this is as it should be: nothing to do.",
            *shared(
                step(
                    "Where Klaviyo writes (the staging dataset, and the export dataset), grant Data Editor on the "
                    "dataset:",
                    cmd.GRANT_EDITOR,
                )
            ),
        ),
        DATA_OWNER,
        BIGQUERY + "access-control#bigquery.dataEditor",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        permissions=(
            "bigquery.tables.create",
            "bigquery.tables.update",
            "bigquery.tables.updateData",
            "bigquery.tables.delete",
        ),
    ),
    Entry(
        Code.POLICY_TAG,
        "A column is protected by a policy tag",
        "Column {column} is protected by policy tag {policy_tag}; no BigQuery role opens it, not even Owner.",
        (
            "Leave the column out: offer Klaviyo a view without it.",
            "Or ask for the role Fine-Grained Reader (roles/datacatalog.categoryFineGrainedReader) on the policy "
            "tag for the service account {account}.",
            *shared(
                look(LOOK, cmd.SHOW_SCHEMA, cmd.SHOW_TAG_POLICY),
                step(
                    "Let the service account read what the tag protects; the table's schema names location, taxonomy "
                    "and tag:",
                    cmd.GRANT_TAG,
                ),
                back(REVOKE, cmd.GRANT_TAG),
            ),
        ),
        "A policy tag administrator: datacatalog.taxonomies.setIamPolicy, role Policy Tag Admin "
        "(roles/datacatalog.categoryAdmin).",
        BIGQUERY + "column-level-security",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        matchers=(
            (Stage.WORDS, r"neither fine-grained reader|protected by policy tag|permission to access policy tag"),
        ),
    ),
    Entry(
        Code.ROW_POLICY,
        "Row access policies may hide rows",
        "Table {table} has row access policies: a reader whom none of them names gets no row and no error.",
        (
            "Have the service account {account} named in a policy that lets the rows through, or offer Klaviyo a "
            "table without row policies.",
            *shared(
                look(LOOK, cmd.LIST_ROW_POLICIES),
                step(
                    "Let the service account read the rows it shall have; TRUE is all of them:", cmd.CREATE_ROW_POLICY
                ),
                back("To take it back, drop that policy, and no other:", cmd.CREATE_ROW_POLICY),
            ),
        ),
        "The table's owner: bigquery.rowAccessPolicies.create and .setIamPolicy, role BigQuery Data Owner "
        "(roles/bigquery.dataOwner).",
        BIGQUERY + "managing-row-level-security",
    ),
    Entry(
        Code.VIEW_SOURCE,
        "A view reads another dataset",
        "View {table} reads dataset {source_dataset}, which the service account may not read.",
        (
            "Have the view authorized on that dataset; then the account needs nothing there.",
            *shared(
                look(LOOK, cmd.SHOW_TABLE, cmd.SHOW_DATASET.using(dataset="{source_dataset}")),
                step(
                    "Authorize the view, by hand: in the console open BigQuery, dataset {source_dataset}, Sharing, "
                    "Authorize views, enter {project}.{dataset}.{table}, Add authorization, Close."
                ),
                step(
                    "Or grant the account Data Viewer on that dataset:",
                    cmd.GRANT_VIEWER.using(dataset="{source_dataset}"),
                ),
                undo("To take the authorization back: the same place, Remove authorization beside the view, Close."),
                back(REVOKE, cmd.GRANT_VIEWER.using(dataset="{source_dataset}")),
            ),
        ),
        "The owner of the dataset the view reads: bigquery.datasets.update and bigquery.datasets.setIamPolicy, role "
        "BigQuery Data Owner (roles/bigquery.dataOwner).",
        BIGQUERY + "authorized-views",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
    Entry(
        Code.ROUTINE_DENIED,
        "A function may not be called",
        "The query, or a view that it reads, calls routine {routine} of dataset {dataset}, and whoever asked lacks "
        "bigquery.routines.get there, or it does not exist.",
        (
            *shared(
                look("See what the routine does, and which tables it reads:", cmd.SHOW_ROUTINE),
                step(
                    "Grant the service account Metadata Viewer on the routine's dataset, which lets it call the "
                    "routines there and read no rows:",
                    cmd.GRANT_CALLER,
                ),
            ),
            "If the routine reads tables that the account may not read, have the routine authorized on their dataset, "
            "too.",
            "Or write what the function computes into the view itself; then nothing is needed there.",
            LATE,
        ),
        DATA_OWNER,
        BIGQUERY + "routines#permissions",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        matchers=((Stage.WORDS, r"does not have permission to (?:invoke|call) (?:routine|function)"),),
        permissions=("bigquery.routines.get",),
    ),
    Entry(
        Code.DRIVE,
        "A table lies in Google Drive",
        "The data of the table are a file in Google Drive, which the service account cannot open.",
        (
            "Have the data copied into a table of BigQuery's own, and give Klaviyo that.",
            "Sharing the file with {account} is only half of it: whoever queries must ask for the Drive scope, "
            "too, and it is not known that Klaviyo does.",
            *shared(
                look(LOOK, cmd.SHOW_TABLE),
                step(
                    "Copy the data into a table of BigQuery's own, and give Klaviyo that; gcloud needs the Drive "
                    "scope for it:",
                    cmd.GCLOUD_LOGIN_DRIVE,
                    cmd.COPY_TABLE,
                ),
                step(
                    "Or, by hand, share the file (its address is in sourceUris): open it in Google Drive, Share, add "
                    "{account} as Viewer, Send. There is no command for that."
                ),
                back("To take it back, drop the copy; the file in Drive stays:", cmd.COPY_TABLE),
                undo(
                    "To take the sharing back, open the file in Google Drive, Share, choose Remove access beside "
                    "{account}, Save."
                ),
            ),
        ),
        "The file's owner in Drive, and whoever looks after the data (role BigQuery Data Editor on the dataset).",
        BIGQUERY + "external-data-drive",
        Kind.NOT_PERMITTED,
        matchers=((Stage.WORDS, r"\bdrive credentials|google drive scope"),),
    ),
)
