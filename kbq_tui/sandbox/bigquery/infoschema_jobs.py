"""INFORMATION_SCHEMA.JOBS, JOBS_BY_PROJECT and JOBS_BY_USER.

https://cloud.google.com/bigquery/docs/information-schema-jobs,
https://cloud.google.com/bigquery/docs/information-schema-jobs-by-user

The columns bi_engine_statistics, job_stages, materialized_view_statistics, metadata_cache_statistics, search_statistics
and timeline are not served: they are refused as unknown columns.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from kbq_tui.sandbox.bigquery import fields, query_plan
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.bigquery.job import Job
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.resources import Dataset, Project

JSON = dict[str, Any]


def _record(name: str, columns: list[Field], mode: str = "NULLABLE") -> Field:
    return {"name": name, "type": "RECORD", "mode": mode, "fields": columns}


_TABLE = fields.columns("project_id STRING, dataset_id STRING, table_id STRING")

SCHEMA = [
    *fields.columns(
        "creation_time TIMESTAMP, project_id STRING, project_number INT64, user_email STRING, "
        "principal_subject STRING, job_id STRING, job_type STRING, statement_type STRING, priority STRING, "
        "start_time TIMESTAMP, end_time TIMESTAMP, query STRING, state STRING, reservation_id STRING, edition STRING, "
        "total_bytes_processed INT64, total_bytes_billed INT64, total_slot_ms INT64, "
        "total_services_sku_slot_ms INT64, total_modified_partitions INT64, cache_hit BOOL, parent_job_id STRING, "
        "transaction_id STRING"
    ),
    _record("error_result", fields.columns("reason STRING, location STRING, debug_info STRING, message STRING")),
    _record("destination_table", _TABLE),
    _record("referenced_tables", _TABLE, "REPEATED"),
    _record("labels", fields.columns("key STRING, value STRING"), "REPEATED"),
    _record(
        "dml_statistics",
        fields.columns("inserted_row_count INT64, deleted_row_count INT64, updated_row_count INT64"),
    ),
    _record("session_info", fields.columns("session_id STRING")),
    _record("job_creation_reason", fields.columns("code STRING")),
    _record(
        "query_info",
        [
            *fields.columns("resource_warning STRING"),
            _record("query_hashes", fields.columns("normalized_literals STRING")),
        ],
    ),
]


def of_project(session: QuerySession, project: Project, _: list[Dataset]) -> Iterable[Row]:
    """Rows of JOBS and JOBS_BY_PROJECT: every job that ran in the project where the query runs."""
    for (owner, _id), job in session.engine.jobs.items():
        if owner == project.id and job.location.upper() == session.location.upper():
            yield _row(project, job)


def of_user(session: QuerySession, project: Project, _: list[Dataset]) -> Iterable[Row]:
    """Rows of JOBS_BY_USER: the jobs that the caller ran."""
    for (owner, _id), job in session.engine.jobs.items():
        here = owner == project.id and job.location.upper() == session.location.upper()
        if here and job.user == session.principal.email:
            yield _row(project, job)


def _time(milliseconds: int) -> dt.datetime | None:
    return dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC) if milliseconds else None


def _row(project: Project, job: Job) -> Row:
    is_query = job.kind == "QUERY"
    error = job.error and {
        "reason": job.error.reason, "location": job.error.location, "debug_info": None, "message": job.error.message
    }  # fmt: skip
    changed = job.outcome.stats if job.outcome is not None else {}
    counts = {
        f"{name}_row_count": int(changed.get(f"{name}RowCount", 0)) for name in ("inserted", "deleted", "updated")
    }
    slots = int(query_plan.plan(job)["totalSlotMs"]) if is_query else None
    return (
        _time(job.created_ms), project.id, int(project.number), job.user, None, job.id, job.kind,
        job.statement_type or None, "INTERACTIVE" if is_query else None, _time(job.created_ms), _time(job.ended_ms),
        job.sql or None, job.state, None, None, job.bytes if is_query else None, job.billed if is_query else None,
        slots, None, None, None if job.children or not is_query else False,
        job.parent or None, job.transaction or None, error, _destination(job),
        [{"project_id": p, "dataset_id": d, "table_id": t} for p, d, t in job.referenced],
        [{"key": k, "value": v} for k, v in job.labels.items()], counts if changed else None,
        {"session_id": job.session_id} if job.session_id else None, {"code": "REQUESTED"},
        {"resource_warning": None, "query_hashes": {"normalized_literals": None}} if is_query else None,
    )  # fmt: skip


def _destination(job: Job) -> JSON | None:
    """The table that a job wrote its result into, which may be an anonymous one."""
    if (made := job.anonymous) is not None:
        return {"project_id": made.project_id, "dataset_id": made.dataset_id, "table_id": made.table_id}
    asked = job.configuration.get(job.kind.lower(), {}).get("destinationTable")
    named = ((job.outcome.target if job.outcome is not None else None) or {}).get("destinationTable") or asked
    if not named:
        return None
    return {"project_id": named["projectId"], "dataset_id": named["datasetId"], "table_id": named["tableId"]}
