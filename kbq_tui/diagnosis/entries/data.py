"""Datasets: their locations, whether they exist, and the grants on them."""

from typing import Final

from kbq_tui.diagnosis.entries.who import BIGQUERY, DATA_EDITOR, DATA_OWNER
from kbq_tui.diagnosis.entry import (
    GRANT_WAIT,
    LATE,
    LOOK,
    NEW_ACCOUNT_WAIT,
    Entry,
    Stage,
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

_VIEW_LOCATION: Final = "A view, too, reads only tables in its own location: copy the tables it needs."

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
            _VIEW_LOCATION,
        ),
        "You: name the right location.",
        BIGQUERY + "locations#specify_locations",
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
            _VIEW_LOCATION,
            *helper(
                look(LOOK, cmd.SHOW_DATASET, cmd.LIST_TABLES),
                undo(
                    "To take it back, make it anew where it was:",
                    cmd.DELETE_DATASET,
                    cmd.CREATE_DATASET.using(location="FORMER_LOCATION"),
                ),
            ),
        ),
        DATA_OWNER,
        BIGQUERY + "locations#specify_locations",
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
        BIGQUERY + "locations",
        Kind.CONFLICT,
    ),
    Entry(
        Code.LOCATION_UNDECIDED,
        "The location cannot be decided",
        "A dataset of the connection could not be read, so it is not known where {dataset} has to be.",
        (
            "First fix what kept the other dataset from being read.",
            "Or say where: start again with --location, or choose it on the first screen. It cannot be changed later.",
        ),
        "You: choose, once the other dataset can be read.",
        BIGQUERY + "locations",
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
        BIGQUERY + "datasets#dataset-naming",
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
        BIGQUERY + "datasets",
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
        DATA_OWNER,
        BIGQUERY + "control-access-to-resources-iam",
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
        DATA_OWNER,
        BIGQUERY + "control-access-to-resources-iam",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
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
        DATA_OWNER,
        BIGQUERY + "managing-datasets#delete-datasets",
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
        BIGQUERY + "error-messages",
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
        DATA_EDITOR,
        BIGQUERY + "error-messages#invalidQuery",
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
        Code.DATA_CONVERSION,
        "A row holds a value that does not fit its type",
        "BigQuery stopped at a value that cannot be read as the type that the view, the query or the external table "
        "gives it. The table can be read as long as no such row is met, so the fault comes and goes with the data.",
        (
            "Google's own words below have the value, but neither the row nor the column: SELECT the rows in which "
            "SAFE_CAST(column AS type) IS NULL and the column is not.",
            look("See what the table or view is made of:", cmd.SHOW_TABLE),
            "In an external table, correct the file, or declare the column as STRING.",
            *helper(
                look(LOOK, cmd.SHOW_TABLE),
                step(
                    "Offer Klaviyo a view in which such a value is NULL: SAFE_CAST, SAFE_DIVIDE, or SAFE. before a "
                    "function:",
                    cmd.CREATE_VIEW,
                ),
            ),
        ),
        DATA_EDITOR,
        BIGQUERY + "reference/standard-sql/conversion_functions#safe_casting",
        matchers=(
            (
                Stage.WORDS,
                r"\bbad (?:int64|double|bool|numeric|bignumeric) value: |\binvalid (?:date|timestamp): '|"
                r"\binvalid (?:date|datetime|time|timestamp) string \"|\binvalid numeric value: |"
                r"\bdivision by zero: \S{1,300} / |\bint64 overflow: |\bfailed to parse input string \"|"
                r"mismatch between format character '.{1,10}' and string character|"
                r"could not parse '.{0,1000}?' as \w{3,15} for field|"
                r"error while reading (?:data|table: .{1,1300}?), error message: ",
            ),
        ),
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
        DATA_EDITOR,
        BIGQUERY + "error-messages#resourcesExceeded",
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
        BIGQUERY + "troubleshoot-quotas",
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
)
