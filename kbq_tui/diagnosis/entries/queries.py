"""Tables, views and names that a query cannot use as they are."""

from typing import Final

from kbq_tui.diagnosis.entries.who import BIGQUERY, DATA_EDITOR
from kbq_tui.diagnosis.entry import GRANT_WAIT, LOOK, Entry, Stage, back, helper, look, shared, step, wait
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_YOU: Final = "You: name it correctly."

_INFORMATION_SCHEMA: Final = (
    r"permission to query (?:table|view) [`'\"]?"
    r"(?:(?:[a-z][\w.-]{1,60}[:.])?[`]?region-[\w-]{2,40}[`.]{1,3}|"
    r"[a-z][\w.-]{1,60}:)?[`]?INFORMATION_SCHEMA\b(?!\W{1,3}OBJECT_PRIVILEGES)"
)
"""A view without a dataset before it; with one, the role on the dataset gives access."""

ENTRIES: Final = (
    Entry(
        Code("KBQ-JOB-NOT-FOUND"),
        "The job is not found where it was looked for",
        "BigQuery finds a job by its id alone only in US and EU: for any other location, that must be named, too. "
        "After six months it has forgotten the job.",
        (
            look("See the jobs of a location:", cmd.LIST_JOBS),
            "Name the location with the job: --location for bq, the location argument of the call in a program, the "
            "data location in the settings of a tool.",
        ),
        "You, or whoever maintains the program that asks.",
        BIGQUERY + "managing-jobs",
        Kind.NOT_FOUND,
        matchers=((Stage.KINDS, r"\bnot found: job\b"),),
    ),
    Entry(
        Code("KBQ-LEGACY-SQL"),
        "The query was read as legacy SQL",
        "The query is written in GoogleSQL, and BigQuery took it for its older dialect, legacy SQL. That is what bq "
        "and the REST API do unless they are told otherwise.",
        (
            "For bq, give --use_legacy_sql=false right after the word query.",
            "Where no option can be given, write #standardSQL as the first line of the query.",
            "In a program or a tool, switch legacy SQL off: useLegacySql is false then.",
        ),
        "You, or whoever maintains the program that asks.",
        BIGQUERY + "introduction-sql#changing_from_the_default_dialect",
        matchers=(
            (Stage.KINDS, r"\[try using standard sql|invalid table name: `[\w:.-]{1,300}`"),
            (Stage.KINDS, r"encountered \W{1,6}\w{1,60}\W.{1,90}? at line \d{1,6}, column \d{1,6}\. was expecting:"),
        ),
    ),
    Entry(
        Code.PARTITION_FILTER,
        "The table demands a filter on its partitions",
        "Table {table} was made with require_partition_filter, so every query has to filter by its partition column, "
        "and Klaviyo's does not. Nothing was renamed.",
        (
            "Switch the demand off (require_partition_filter), or offer Klaviyo a view that filters, such as by "
            "the last 90 days.",
            *shared(
                look(LOOK, cmd.SHOW_TABLE),
                step("Switch the demand for a filter off:", cmd.NO_PARTITION_FILTER),
                back("To take it back, switch it on again:", cmd.NO_PARTITION_FILTER),
            ),
        ),
        DATA_EDITOR,
        BIGQUERY + "managing-partitioned-tables#require-filter",
        matchers=(
            (
                Stage.KINDS,
                r"cannot query over table .{1,1300}? without a filter\b.{1,500}?(?:partition elimination|\Z)",
            ),
        ),
    ),
    Entry(
        Code.VIEW_BROKEN,
        "A view no longer works",
        "BigQuery cannot read the text of view {view}: a table or column it names was renamed or removed since the "
        "view was made.",
        (
            look("See the view's text:", cmd.SHOW_VIEW),
            "Correct it, or bring back what it names; Klaviyo's sync then goes on by itself.",
            *helper(
                look(LOOK, cmd.SHOW_VIEW),
                step("Offer Klaviyo a view that has what it needs, under a plain name:", cmd.CREATE_VIEW),
            ),
        ),
        DATA_EDITOR,
        BIGQUERY + "updating-views",
        matchers=(
            (
                Stage.KINDS,
                r"failed to parse view\b|\bview .{1,1200}? (?:is invalid|has an invalid|is no longer valid)\b",
            ),
        ),
    ),
    Entry(
        Code.TABLE_UNQUALIFIED,
        "A table is named without its dataset",
        "The query names table {table} without a dataset, and no default dataset is set.",
        (
            "Write the name out: {project}.{dataset}.{table}.",
            "If it was in a view, save the view again with the names written out.",
            "In Klaviyo choose the table from the dataset of the connection, rather than typing its name.",
        ),
        _YOU,
        BIGQUERY + "reference/standard-sql/lexical#table_names",
        matchers=((Stage.KINDS, r"must be qualified with a dataset|missing dataset while no default dataset"),),
    ),
    Entry(
        Code.COLUMNS_DUPLICATE,
        "Two columns have the same name",
        "The result of the query or view has the column {column} more than once, which BigQuery does not store.",
        (
            "Give each column of the view a different name (AS), and name the columns in place of SELECT *.",
            "Names that differ in capitals only count as the same.",
            *helper(
                look(LOOK, cmd.SHOW_TABLE),
                step("Offer Klaviyo a view that has what it needs, under a plain name:", cmd.CREATE_VIEW),
            ),
        ),
        DATA_EDITOR,
        BIGQUERY + "schemas#column_names",
        matchers=((Stage.KINDS, r"duplicate column names in the result|columns with duplicate name\b"),),
    ),
    Entry(
        Code.TOO_MANY_COLUMNS,
        "The table has more columns than BigQuery allows",
        "A table may have at most 10,000 columns, nested fields counted.",
        (
            "Offer Klaviyo a view or table with the columns it needs, and no others.",
            "If the columns came by themselves, look at what writes the table: as a rule keys of JSON became columns.",
            *helper(
                look(LOOK, cmd.SHOW_TABLE),
                step("Offer Klaviyo a view that has what it needs, under a plain name:", cmd.CREATE_VIEW),
            ),
        ),
        DATA_EDITOR,
        "https://cloud.google.com/bigquery/quotas#standard_tables",
        matchers=(
            (
                Stage.KINDS,
                r"too many columns \(\d|too many total leaf fields|too many fields: \d{4}|"
                r"only 10,?000 columns are allowed",
            ),
        ),
    ),
    Entry(
        Code.TABLE_STALE,
        "The table has changes that are not applied yet",
        "Table {table} is fed by change data capture, and its pending changes are older than its max_staleness allows, "
        "so it cannot be read directly.",
        (
            wait("Wait until BigQuery has applied the changes; the next sync then works."),
            look("A query applies them, too:", cmd.COUNT_ROWS),
            "If it happens again and again, allow older changes.",
            *shared(
                look(LOOK, cmd.SHOW_TABLE),
                step("Allow older changes:", cmd.SET_STALENESS),
                back("To take it back, set the former interval (maxStaleness) again:", cmd.SET_STALENESS),
            ),
        ),
        DATA_EDITOR,
        BIGQUERY + "change-data-capture#manage_table_staleness",
        matchers=((Stage.KINDS, r"un-?applied upsert data|to meet table's max_staleness"),),
    ),
    Entry(
        Code.LOCATION_UNSUPPORTED,
        "The location cannot do this",
        "BigQuery does not offer this in the location {location}, or there is no location of that name.",
        (
            look("See where the dataset lies:", cmd.SHOW_DATASET),
            "Name exactly that location, such as EU or europe-west1.",
            "If the location is right but lacks the feature, have the data copied to one that has it.",
        ),
        "You: name the right location.",
        BIGQUERY + "locations#supported_locations",
        Kind.NOT_FOUND,
        matchers=(
            (
                Stage.KINDS,
                r"\blocation \S{1,60} (?:does not support this operation|is not (?:supported|available|a valid\b))|"
                r"invalid value for location\b",
            ),
        ),
    ),
    Entry(
        Code.DATASET_ID_INVALID,
        "That is not the ID of a dataset",
        "The name {given_id} holds a project, a table or characters that are not allowed: where a dataset is asked "
        "for, "
        "its ID alone is meant, of letters, digits and underscores.",
        (
            "Type the dataset's ID alone, such as KLAVIYO_IMPORT_FROM_DWH; the project has a separate field in "
            "Klaviyo.",
            look("See the IDs there are:", cmd.LIST_DATASETS),
        ),
        _YOU,
        BIGQUERY + "datasets#dataset-naming",
        Kind.USAGE,
        matchers=(
            (
                Stage.KINDS,
                r"invalid dataset id\b|dataset ids must be alphanumeric|(?:table|"
                r"dataset)_id must be a fully-qualified id|"
                r"not found: dataset [a-z][a-z0-9-]{4,28}[a-z0-9]:[\w-]{1,300}\.\w|"
                r"too many parts in (?:dataset|table)_id|dataset [`'\"]?([a-z][a-z0-9-]{4,28}[a-z0-9])[:.]\1[.:]\w",
            ),
        ),
    ),
    Entry(
        Code.REGION_VIEW,
        "A view over the whole project may not be read",
        "INFORMATION_SCHEMA without a dataset shows the whole project or region, and whoever asked lacks the "
        "permission "
        "for it on the project. Klaviyo's service account does not need it, so no grant is missing for Klaviyo.",
        (
            "Ask the dataset's own view instead, which a role on the dataset opens: "
            "{project}.{dataset}.INFORMATION_SCHEMA.TABLES.",
            step(
                "To see the whole region yourself, ask for Metadata Viewer on the project; for the JOBS views "
                "Resource Viewer:",
                cmd.GRANT_METADATA_VIEWER,
                cmd.GRANT_RESOURCE_VIEWER,
            ),
            "Check the name, too: the project goes before the region, such as `{project}`.`region-eu`.",
            *helper(look(LOOK, cmd.SHOW_POLICY), step("For the whole region's metadata:", cmd.GRANT_METADATA_VIEWER)),
        ),
        "A project IAM administrator: resourcemanager.projects.setIamPolicy, role Project IAM Admin "
        "(roles/resourcemanager.projectIamAdmin) on the project.",
        BIGQUERY + "information-schema-intro#dataset_qualifier",
        Kind.NOT_PERMITTED,
        matchers=((Stage.KINDS, _INFORMATION_SCHEMA),),
    ),
    Entry(
        Code("KBQ-ACCESS-LIST-DENIED"),
        "The dataset's access list may not be read",
        "Reading who has access to dataset {dataset} needs bigquery.datasets.getIamPolicy beside "
        "bigquery.datasets.get: "
        "the project uses fine-grained access lists.",
        (
            *shared(
                step("Ask for Metadata Viewer on the dataset, which holds both:", cmd.GRANT_METADATA_VIEWER_DATASET),
                step(
                    "If a custom role is used, have both bigquery.datasets.get and bigquery.datasets.getIamPolicy "
                    "added to it; ROLE_ID is its name:",
                    cmd.WIDEN_ROLE_READ,
                ),
            ),
            *helper(look(LOOK, cmd.SHOW_DATASET, cmd.SHOW_ROLE)),
        ),
        "The dataset's owner: bigquery.datasets.get and bigquery.datasets.getIamPolicy, role BigQuery Metadata Viewer "
        "(roles/bigquery.metadataViewer) on the dataset; to grant it, bigquery.datasets.update and "
        "bigquery.datasets.setIamPolicy, role BigQuery Data Owner (roles/bigquery.dataOwner).",
        BIGQUERY + "control-access-to-resources-iam",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        permissions=("bigquery.datasets.getIamPolicy",),
    ),
)
