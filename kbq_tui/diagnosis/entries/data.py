"""Datasets, locations, tables, views and queries. Rows 13, 14, 20-24, and what a sync of Klaviyo's may stumble over."""

from typing import Final

from kbq_tui.diagnosis.entry import (
    GRANT_WAIT,
    LATE,
    LOOK,
    NEW_ACCOUNT_WAIT,
    REVOKE,
    Entry,
    Stage,
    back,
    helper,
    look,
    shared,
    step,
    undo,
    wait,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.shell import commands as cmd

_BIGQUERY: Final = "https://cloud.google.com/bigquery/docs/"
_DATA_OWNER: Final = (
    "The dataset's owner: bigquery.datasets.update, role BigQuery Data Owner (roles/bigquery.dataOwner) on the dataset."
)
_DATA_EDITOR: Final = (
    "Whoever looks after the data: bigquery.tables.update, role BigQuery Data Editor "
    "(roles/bigquery.dataEditor) on the dataset."
)

ENTRIES: Final = (
    Entry(
        Code.NOT_IN_LOCATION,
        "The dataset is not in that location",
        "BigQuery looked for dataset {dataset} in one location, and it lies in another or does not exist.",
        (
            look("See where the dataset lies:", cmd.SHOW_DATASET),
            "Run the query there: bq takes --location, and INFORMATION_SCHEMA takes a region qualifier, such as "
            "`{project}`.`region-eu`.INFORMATION_SCHEMA.SCHEMATA; without one only the US is read.",
            "A dataset's location cannot be changed. To have it elsewhere, make a new one and copy the data.",
        ),
        "You: name the right location.",
        _BIGQUERY + "locations#specify_locations",
        Kind.NOT_FOUND,
        matchers=(
            (Stage.KINDS, r"not found: (?:dataset\b|\*).{0,1300}?was not found in location"),
            (Stage.WORDS, r"not found: dataset .{1,1200}? was not found in location"),
        ),
    ),
    Entry(
        Code.TWO_LOCATIONS,
        "The datasets lie in different locations",
        "One query cannot use datasets in two locations, and both datasets of the connection must lie in the same one.",
        (
            look("See where each dataset lies:", cmd.SHOW_DATASET),
            *shared(
                step(
                    "Decide for one location, and make the other dataset anew there; a location cannot be changed. An "
                    "empty dataset can simply be deleted first:",
                    cmd.DELETE_DATASET,
                    cmd.CREATE_DATASET,
                )
            ),
            "A view, too, reads only tables in its own location: copy the tables it needs.",
            *helper(
                look(LOOK, cmd.SHOW_DATASET, cmd.LIST_TABLES),
                undo(
                    "To take it back, make it anew where it was:",
                    cmd.DELETE_DATASET,
                    cmd.CREATE_DATASET.using(location="FORMER_LOCATION"),
                ),
            ),
        ),
        _DATA_OWNER,
        _BIGQUERY + "locations#specify_locations",
        Kind.CONFLICT,
        matchers=((Stage.WORDS, r"cannot read and write in different locations"),),
    ),
    Entry(
        Code.LOCATION_FIXED,
        "The dataset exists in another location",
        "Dataset {dataset} lies in {location} and {wanted} was asked for; a dataset's location is fixed for life.",
        (
            "Use the location that exists: start again with --location {location}, or choose it on the first screen.",
            "Or choose another name for the dataset.",
        ),
        "You: choose.",
        _BIGQUERY + "locations",
        Kind.CONFLICT,
    ),
    Entry(
        Code.LOCATION_UNDECIDED,
        "The location cannot be decided",
        "A dataset of the connection could not be read, so it is not known where {dataset} has to be.",
        (
            "Mend first what kept the other dataset from being read.",
            "Or say where: start again with --location, or choose it on the first screen. It cannot be changed later.",
        ),
        "You: choose, once the other dataset can be read.",
        _BIGQUERY + "locations",
        Kind.CONFLICT,
    ),
    Entry(
        Code.DATASET_TWIN,
        "There is a dataset of the same name in other case",
        "Names of datasets distinguish capitals: {twin} exists beside {dataset}, and the two are easily confused.",
        (
            look("See what there is:", cmd.LIST_DATASETS),
            "Use the one that exists, or go on with both; type the name into Klaviyo exactly as it is.",
        ),
        "You: choose.",
        _BIGQUERY + "datasets#dataset-naming",
        Kind.CONFLICT,
    ),
    Entry(
        Code.DATASET_NOT_FOUND,
        "The dataset does not exist",
        "BigQuery does not find dataset {dataset} in project {project}, or does not show it to whoever asked.",
        (
            look("See which datasets there are; capitals count:", cmd.LIST_DATASETS),
            *shared(step("If it is missing, create it in the right location:", cmd.CREATE_DATASET)),
        ),
        "Whoever may create datasets: bigquery.datasets.create, role BigQuery User (roles/bigquery.user) on the "
        "project.",
        _BIGQUERY + "datasets",
        Kind.NOT_FOUND,
        retry=Retry.NOT_YET,
        wait=NEW_ACCOUNT_WAIT,
        settle=NEW_ACCOUNT_WAIT,
        matchers=(
            (Stage.WORDS, r"not found: dataset \S{1,1200}[:.]\S|error 404: not found: dataset\b"),
            (Stage.WORDS, r"\bprojects/.{1,80}?/datasets/\S{1,300} (?:was )?not found"),
        ),
    ),
    Entry(
        Code.DATASET_NOT_VISIBLE,
        "The service account does not see the dataset",
        "Dataset {dataset} is not among the datasets that {account} sees in {location}.",
        (
            look("See whether the dataset exists, and where:", cmd.SHOW_DATASET),
            *shared(
                step(
                    "If it does, grant the account its role on it; Viewer where Klaviyo reads, Editor where it writes:",
                    cmd.GRANT_VIEWER,
                    cmd.GRANT_EDITOR,
                )
            ),
            LATE,
            *helper(look(LOOK, cmd.SHOW_DATASET)),
        ),
        _DATA_OWNER,
        _BIGQUERY + "control-access-to-resources-iam",
        Kind.NOT_FOUND,
        settle=GRANT_WAIT,
    ),
    Entry(
        Code.GRANT_MISSING,
        "A grant on the dataset is missing",
        "The account {account} does not hold {role} directly on dataset {dataset}.",
        (
            *shared(step("Grant it:", cmd.GRANT_DATASET)),
            wait("If it was granted a moment ago, wait: two minutes as a rule, sometimes seven or more."),
            *helper(look(LOOK, cmd.SHOW_DATASET)),
        ),
        _DATA_OWNER,
        _BIGQUERY + "control-access-to-resources-iam",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
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
        _DATA_EDITOR,
        _BIGQUERY + "tables#table_naming",
    ),
    Entry(
        Code.TABLE_NOT_FOUND,
        "The table does not exist",
        "BigQuery does not find table or view {table} in dataset {dataset}; it was renamed, dropped, or has expired.",
        (
            look("See which tables there are:", cmd.LIST_TABLES),
            "Restore it under its old name, or choose the new one in Klaviyo's sync.",
            step(
                "If tables vanish after 60 days, the dataset was made without billing; take the expiry off:",
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
        _DATA_EDITOR,
        _BIGQUERY + "tables",
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
        _DATA_OWNER,
        _BIGQUERY + "access-control",
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
        _DATA_OWNER,
        _BIGQUERY + "access-control#bigquery.dataEditor",
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
        _BIGQUERY + "column-level-security",
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
        _BIGQUERY + "managing-row-level-security",
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
        "The owner of the dataset the view reads: bigquery.datasets.update, role BigQuery Data Owner "
        "(roles/bigquery.dataOwner).",
        _BIGQUERY + "authorized-views",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
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
        _BIGQUERY + "external-data-drive",
        Kind.NOT_PERMITTED,
        matchers=((Stage.WORDS, r"\bdrive credentials|google drive scope"),),
    ),
    Entry(
        Code.DATASET_NOT_EMPTY,
        "The dataset is not empty",
        "Dataset {dataset} still holds tables or views, and is left alone so that no data are lost.",
        (
            look("See what is in it:", cmd.LIST_TABLES),
            step("Delete what is no longer needed, then the dataset:", cmd.DELETE_DATASET),
            *helper(
                look(LOOK, cmd.LIST_TABLES),
                step("Delete what nobody needs, then the dataset:", cmd.DROP_TABLE, cmd.DELETE_DATASET),
                undo(
                    "To take it back within seven days, restore the dataset, then a table as it was an hour ago:",
                    cmd.UNDROP_DATASET,
                    cmd.RESTORE_TABLE,
                ),
            ),
        ),
        _DATA_OWNER,
        _BIGQUERY + "managing-datasets#delete-datasets",
        Kind.CONFLICT,
        matchers=((Stage.WORDS, r"\bdataset .{1,200}?[:.].{1,1100}? is still in use"),),
        late_reasons=("resourceinuse",),
    ),
    Entry(
        Code.ALREADY_EXISTS,
        "It exists already",
        "Something of that name is there already; it was not touched.",
        ("Use what exists, or choose another name.",),
        "You: choose.",
        _BIGQUERY + "error-messages",
        Kind.CONFLICT,
        matchers=(
            (Stage.LAST, r"already exists: (?:dataset|table|job|view|routine|model)\b|requested entity already exists"),
            (
                Stage.LAST,
                r"(?:(?:dataset|table|view) \S{1,200}[:.]\S{1,1024}|service account \S{1,300}) already exists\b",
            ),
        ),
        late_reasons=("duplicate",),
    ),
    Entry(
        Code.QUERY_INVALID,
        "The query does not fit the data",
        "BigQuery refuses the query as it is written. Its own words below name the part: a column or table may have "
        "been renamed or removed, or have another type.",
        (
            "Read Google's own words below: they name the place in the query.",
            step(
                "If it was Klaviyo's query, compare the columns mapped in the sync with the table's:", cmd.SHOW_SCHEMA
            ),
            "Bring the column back (a view can do so), or map the sync again.",
            *helper(
                look(LOOK, cmd.SHOW_TABLE),
                step("Offer Klaviyo a view that has what it needs, under a plain name:", cmd.CREATE_VIEW),
            ),
        ),
        _DATA_EDITOR,
        _BIGQUERY + "error-messages#invalidQuery",
        matchers=(
            (
                Stage.KINDS,
                r"\binvalidQuery: |column name \S{1,300} is ambiguous at \[|"
                r"syntax error: unclosed (?:identifier|string|triple)|syntax error: expected .{1,2000}? but got|"
                r"invalid field name .{1,400}?fields must contain only letters",
            ),
            (Stage.WORDS, r"(?:unrecognized name|syntax error): .{1,2000} at \[\d{1,6}:\d{1,6}\]"),
            (
                Stage.WORDS,
                r"no matching signature for (?:\w{1,20} )?(?:function|operator)|\bname \S{1,300} not found inside ",
            ),
        ),
        late_reasons=("invalidquery",),
    ),
    Entry(
        Code.QUERY_TOO_BIG,
        "The query needs more than it is allowed",
        "BigQuery stopped the query: it needs more resources or bytes than one query may use.",
        (
            "Make the table or view smaller or simpler: partition it, leave out columns, store the result of the "
            "view as a table.",
            "Look whether a limit of bytes billed is set for the project or the user.",
            *helper(
                look(LOOK, cmd.SHOW_TABLE),
                step("Store the result of the view as a table, and give Klaviyo that:", cmd.COPY_TABLE),
            ),
        ),
        _DATA_EDITOR,
        _BIGQUERY + "error-messages#resourcesExceeded",
        matchers=(
            (Stage.KINDS, r"response too large to return"),
            (Stage.WORDS, r"resources exceeded during query|exceeded limit for bytes billed|resourcesExceeded"),
        ),
        reasons=(
            "resourcesexceeded",
            "bytesbilledlimitexceeded",
            "billingtierlimitexceeded",
            "responsetoolarge",
        ),
    ),
    Entry(
        Code.QUOTA_EXCEEDED,
        "A quota is used up",
        "Project {project} has used up a quota of BigQuery's; most are counted by the day.",
        (
            "Google's own words below name the quota; see it with its limit: "
            "https://console.cloud.google.com/iam-admin/quotas?project={project}",
            "Ask for more, or wait: a daily quota comes back bit by bit within 24 hours.",
            *helper(
                look(LOOK, cmd.LIST_QUOTAS),
                step(
                    "By hand: open https://console.cloud.google.com/iam-admin/quotas?project={project}, choose the "
                    "quota that Google's words name, Edit, enter the new value, Submit request."
                ),
                undo("To take it back: the same place, Edit, enter the value from before, Submit request."),
            ),
        ),
        "A quota administrator: serviceusage.quotas.update, role Quota Administrator "
        "(roles/servicemanagement.quotaAdmin).",
        _BIGQUERY + "troubleshoot-quotas",
        matchers=(
            (
                Stage.WORDS,
                r"quota exceeded(?:: your| for (?:quota|aggregate))|custom quota exceeded|exceeded quota for|"
                r"quotaExceeded",
            ),
        ),
        late_reasons=(
            "quotaexceeded",
            "resource_quota_exceeded",
        ),
    ),
    Entry(
        Code.NOTHING_TO_READ,
        "There is nothing to read yet",
        "Dataset {dataset} holds no table and no view, so reading it proves nothing.",
        (
            "Put a table or view there that Klaviyo shall read: one column that identifies a person (email, phone "
            "number or external id), and one timestamp that rises with every change.",
            "Then verify again.",
            *helper(
                look(LOOK, cmd.LIST_TABLES),
                step("Offer Klaviyo a view that has what it needs, under a plain name:", cmd.CREATE_VIEW),
            ),
        ),
        _DATA_EDITOR,
        _BIGQUERY + "tables",
    ),
)
