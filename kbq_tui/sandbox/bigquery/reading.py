"""Checks that a table's rows may be read, besides the permission on the table: files, keys, policy tags."""

from typing import Any

from kbq_tui.sandbox.bigquery import encryption, refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.usage import ReadColumns
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]
EXTERNAL = "externalDataConfiguration"
_FINE_GRAINED = "datacatalog.categories.fineGrainedGet"
_DRIVE_SCOPES = {"https://www.googleapis.com/auth/drive", "https://www.googleapis.com/auth/drive.readonly"}


def check_files(session: QuerySession, table: Table) -> None:
    """Require access to an external table's files: in Drive, which needs a scope as well, or in a bucket.

    https://cloud.google.com/bigquery/docs/external-tables#access_controls_and_permissions

    Raises:
        ApiError: the scope or the access is missing.
    """
    bucket = table.traits.get("bucket")
    if bucket is not None:
        _check_bucket(session, table, bucket)
    elif table.extra.get(EXTERNAL) and table.traits.get("drive") is None:
        # a table that a caller created: the sandbox has no Cloud Storage, so the file does not exist
        uri = (table.extra[EXTERNAL].get("sourceUris") or [""])[0]
        raise refusals.no_file(str(uri))
    drive = table.traits.get("drive")
    if drive is None:
        return
    has_scope = not session.principal.scopes or bool(session.principal.scopes & _DRIVE_SCOPES)
    if not has_scope or session.principal.email not in drive.get("shared_with", []):
        raise refusals.denied("BigQuery BigQuery: Permission denied while getting Drive credentials.")


def check_key(session: QuerySession, table: Table) -> None:
    """Refuse to read a table with a customer-managed key that BigQuery's agent may not use.

    Raises:
        ApiError: it may not.
    """
    encryption.require_key(session.ctx, session.world.projects[table.project_id], encryption.key_of(table), "Decrypt")


def _check_bucket(session: QuerySession, table: Table, bucket: JSON) -> None:
    """Refuse callers who may not read the bucket, with the text recorded in cal-itp/data-infra#4131."""
    if session.principal.email in bucket.get("readers", []):
        return
    uri = str(bucket.get("uri", ""))
    what, thing = ("list", "bucket") if "*" in uri else ("get", "object")
    raise refusals.denied(
        "BigQuery BigQuery: Permission denied while globbing file pattern. "
        f"{session.principal.email} does not have storage.objects.{what} access to the Google Cloud Storage {thing}. "
        f"Permission 'storage.objects.{what}' denied on resource (or it may not exist). Please make sure {uri} is "
        "accessible via appropriate IAM roles, e.g. Storage Object Viewer or Storage Object Creator."
    )


def check_tags(session: QuerySession, table: Table, columns: ReadColumns) -> None:
    """Require that the caller is a fine-grained reader of each policy tag on the columns that are read.

    Raises:
        ApiError: a column is read that the caller may not read.
    """
    tags: dict[str, str] = table.traits.get("policy_tags", {})
    project = session.world.projects[table.project_id]
    if not tags or session.ctx.authz.allowed(session.principal, _FINE_GRAINED, project):
        return
    for column, tag in tags.items():
        if column in columns:
            place = f"{table.project_id}.{table.dataset_id}.{table.table_id}.{column}"
            raise refusals.denied(
                "BigQuery BigQuery: User has neither fine-grained reader nor masked get permission to get data "
                f'protected by policy tag "{tag}" on column {place}.'
            )
