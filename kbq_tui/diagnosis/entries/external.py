"""Data that BigQuery only points to: files, other databases, connections; and the Storage Read API."""

from typing import Final

from kbq_tui.diagnosis.entries.who import BIGQUERY, PROJECT_IAM_ADMIN
from kbq_tui.diagnosis.entry import DROP, GRANT, GRANT_WAIT, LATE, LOOK, REVOKE, Entry, Stage, back, look, shared, step
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_CONNECTION_ADMIN: Final = (
    "A connection administrator: bigquery.connections.setIamPolicy, role BigQuery Connection Admin "
    "(roles/bigquery.connectionAdmin) on the connection or the project."
)

ENTRIES: Final = (
    Entry(
        Code.EXTERNAL_DATA,
        "The data of an external table may not be read",
        "The table points to files outside of BigQuery, in a bucket or in Google Drive, which are not open to the "
        "account that queries (or to the connection that the table uses).",
        (
            "The table's description names where the data lie (sourceUris), and the connection if one is used "
            "(connectionId): then it is the connection's own account that has to be let in.",
            "For a file in Drive, share it with the account; whoever queries must ask for the Drive scope, too.",
            *shared(
                look(LOOK, cmd.SHOW_TABLE),
                step("For a bucket, let the account read its files (sourceUris names it):", cmd.GRANT_BUCKET),
                step("Copy the data into a table of BigQuery's own, and give Klaviyo that:", cmd.COPY_TABLE),
                back(REVOKE, cmd.GRANT_BUCKET),
                back(DROP, cmd.COPY_TABLE),
            ),
        ),
        "The bucket's owner: storage.buckets.setIamPolicy, role Storage Admin (roles/storage.admin); for a file in "
        "Drive its owner.",
        BIGQUERY + "external-data-cloud-storage#required_permissions",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        matchers=(
            (
                Stage.KINDS,
                r"globbing file pattern|does not have storage\.objects\.\w{3,10} access|"
                r"access denied: file \S{0,3}gs://|"
                r"getting metadata for external code resource",
            ),
        ),
        permissions=(
            "storage.objects.get",
            "storage.objects.list",
        ),
    ),
    Entry(
        Code.FEDERATED,
        "The other database refused the query",
        "The table or view reads another database through a BigQuery connection (EXTERNAL_QUERY), and that database "
        "said no. BigQuery's roles cannot change that.",
        (
            "Read the other database's own words: they name what it lacks, such as a right on a table.",
            "Have the user of the connection given that right in the other database, or the view corrected.",
            *shared(
                look(LOOK, cmd.SHOW_TABLE),
                step("Copy the data into a table of BigQuery's own, and give Klaviyo that:", cmd.COPY_TABLE),
                back(DROP, cmd.COPY_TABLE),
            ),
        ),
        "Whoever manages the other database; the connection itself: role BigQuery Connection Admin "
        "(roles/bigquery.connectionAdmin).",
        BIGQUERY + "cloud-sql-federated-queries#troubleshooting",
        Kind.NOT_PERMITTED,
        matchers=(
            (
                Stage.KINDS,
                r"failed to (?:fetch row|get query schema) from \w{3,20} server|"
                r"invalid table-valued function EXTERNAL_QUERY|\bMysqlErrorCode\(\d|"
                r"failed to connect to (?:mysql|postgresql) (?:database|server).{0,200}EXTERNAL_QUERY|"
                r"\bEXTERNAL_QUERY\b.{0,80}?failed to",
            ),
        ),
    ),
    Entry(
        Code("KBQ-DATA-CONNECTION-DENIED"),
        "A BigQuery connection may not be used",
        "The table or view reads through the connection {data_connection}, and whoever asked lacks "
        "bigquery.connections.use on it.",
        (
            "Let the account use the connection: role BigQuery Connection User (roles/bigquery.connectionUser). "
            "Or copy the data into a table of BigQuery's own, and give Klaviyo that.",
            *shared(
                look(LOOK, cmd.LIST_CONNECTIONS), step(GRANT, cmd.GRANT_CONNECTION), back(REVOKE, cmd.GRANT_CONNECTION)
            ),
            LATE,
        ),
        _CONNECTION_ADMIN,
        BIGQUERY + "working-with-connections#share-connections",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        permissions=("bigquery.connections.use",),
    ),
    Entry(
        Code.DATA_CONNECTION_MISSING,
        "A BigQuery connection does not exist",
        "The table or view reads through the connection {data_connection}, which is not there (or not in that "
        "location).",
        (
            "Make it again under the same name and in the same location, or copy the data into a table of "
            "BigQuery's own, and give Klaviyo that.",
            *shared(
                look(LOOK, cmd.SHOW_TABLE, cmd.LIST_CONNECTIONS),
                step(
                    "Make the connection again, under the name that the table uses; its kind is that of before:",
                    cmd.CREATE_CONNECTION,
                ),
                back("To take it back, delete it:", cmd.CREATE_CONNECTION),
            ),
        ),
        _CONNECTION_ADMIN,
        BIGQUERY + "working-with-connections",
        Kind.NOT_FOUND,
        matchers=((Stage.KINDS, r"not found: connection\b"),),
    ),
    Entry(
        Code.READ_SESSION_DENIED,
        "The Storage Read API may not be used",
        "Reading through BigQuery's Storage Read API needs bigquery.readsessions.create and .getData in project "
        "{project}, which whoever asked does not have. Job User and Data Viewer do not include them.",
        (
            "Grant BigQuery Read Session User (roles/bigquery.readSessionUser) on the project; Data Viewer on the "
            "dataset is needed beside it.",
            *shared(
                look(LOOK, cmd.SHOW_POLICY), step(GRANT, cmd.GRANT_READ_SESSION), back(REVOKE, cmd.GRANT_READ_SESSION)
            ),
            LATE,
        ),
        PROJECT_IAM_ADMIN,
        BIGQUERY + "access-control#bigquery.readSessionUser",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        matchers=(
            (Stage.KINDS, r"require storage read api to be enabled|'?bigquery\.readsessions\.\w{3,20}'? permission"),
        ),
        permissions=(
            "bigquery.readsessions.create",
            "bigquery.readsessions.getData",
            "bigquery.readsessions.update",
        ),
    ),
)
