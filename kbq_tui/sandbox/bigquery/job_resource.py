"""Jobs and their results as the API returns them.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs
"""

from typing import Any

from kbq_tui.sandbox.bigquery import query_plan, tables, values
from kbq_tui.sandbox.bigquery.job import Job
from kbq_tui.sandbox.errors import ApiError

JSON = dict[str, Any]


def reference(job: Job) -> JSON:
    """The job's JobReference."""
    return {"projectId": job.project, "jobId": job.id, "location": job.location}


def resource(job: Job, dry_run: bool = False) -> JSON:
    """The job as the API returns it."""
    return {
        "kind": "bigquery#job",
        "etag": f"{job.id}-{job.ended_ms}",
        "id": f"{job.project}:{job.location}.{job.id}",
        "selfLink": f"https://bigquery.googleapis.com/bigquery/v2/projects/{job.project}/jobs/{job.id}"
        f"?location={job.location}",
        "user_email": job.user,
        "configuration": configuration(job),
        "jobReference": {"projectId": job.project, "location": job.location} if dry_run else reference(job),
        "statistics": statistics(job),
        "status": status(job),
    }


def redacted(job: Job) -> JSON:
    """Another caller's job as it is listed without `bigquery.jobs.listAll`: its times and its state.

    It has neither configuration nor jobReference, which clients had to learn to handle (UnknownJob of
    google-cloud-bigquery, googleapis/google-cloud-python#5220, #5281).
    """
    times = {k: v for k, v in statistics(job).items() if k in ("creationTime", "startTime", "endTime")}
    return {"kind": "bigquery#job", "statistics": times, "status": {"state": job.state}, "state": job.state}


_ELSEWHERE = ("dryRun", "formatOptions", "jobTimeoutMs", "labels", "location", "maxResults", "requestId", "timeoutMs")
"""Fields that Node's client also writes into the configuration of a query; they belong to the job or the request."""


def configuration(job: Job) -> JSON:
    """The job's configuration, with what the server adds: the table of the result, and the dispositions."""
    found: JSON = {**job.configuration, "jobType": job.kind}
    if job.kind != "QUERY":
        return found
    asked = {key: value for key, value in job.configuration["query"].items() if key not in _ELSEWHERE}
    query: JSON = {"priority": "INTERACTIVE", "useLegacySql": False, **asked}
    destination = ((job.outcome and job.outcome.target) or {}).get("destinationTable")
    if job.anonymous is not None:
        destination = tables.reference(job.anonymous)
    if destination is not None:
        query["destinationTable"] = destination
        query.setdefault("createDisposition", "CREATE_IF_NEEDED")
        if job.anonymous is not None:
            query.setdefault("writeDisposition", "WRITE_TRUNCATE")
    return found | {"query": query}


def status(job: Job) -> JSON:
    """``JobStatus``."""
    found: JSON = {"state": job.state}
    if job.error is not None:
        error = error_proto(job.error)
        found |= {"errorResult": error, "errors": [error]}
    return found


def error_proto(error: ApiError) -> JSON:
    """``ErrorProto``."""
    found = {"reason": error.reason, "message": error.message}
    return found | ({"location": "query"} if error.reason == "invalidQuery" else {})


def statistics(job: Job) -> JSON:
    """``JobStatistics``."""
    query: JSON = {
        "totalBytesProcessed": str(job.bytes),
        "totalBytesBilled": str(job.billed),
        "cacheHit": False,
        **query_plan.plan(job),
    }
    if job.statement_type:
        query["statementType"] = job.statement_type
    outcome = job.outcome
    if outcome is not None and not job.children:
        if outcome.schema is not None:
            query["schema"] = {"fields": outcome.schema}
        if outcome.changed is not None:
            query["numDmlAffectedRows"] = str(outcome.changed)
        if outcome.stats:
            query["dmlStats"] = outcome.stats
        if outcome.operation:
            query["ddlOperationPerformed"] = outcome.operation
        query |= {k: v for k, v in (outcome.target or {}).items() if k.startswith("ddl")}
        if job.referenced:
            query["referencedTables"] = [{"projectId": p, "datasetId": d, "tableId": t} for p, d, t in job.referenced]
    found: JSON = {
        "creationTime": str(job.created_ms),
        "startTime": str(job.created_ms),
        **({"endTime": str(job.ended_ms)} if job.ended_ms else {}),
    }
    if job.kind == "QUERY":
        found |= {"totalBytesProcessed": str(job.bytes), "totalSlotMs": query["totalSlotMs"], "query": query}
    elif outcome is not None:
        found[job.kind.lower()] = outcome.figures
    if job.session_id:
        found["sessionInfo"] = {"sessionId": job.session_id}
    if job.transaction:
        found["transactionInfo"] = {"transactionId": job.transaction}
    if job.children:
        found["numChildJobs"] = str(job.children)
    if job.parent:
        found["parentJobId"] = job.parent
    return found


def results(job: Job, start: int, count: int | None, int64_timestamps: bool) -> JSON:
    """``GetQueryResultsResponse``: one page.

    Args:
        job: a finished job without an error.
        start: index of the first row.
        count: the most rows to give; None for the server's limit.
        int64_timestamps: TIMESTAMP as microseconds rather than seconds.
    """
    if not job.ended_ms:
        return {
            "kind": "bigquery#getQueryResultsResponse",
            "jobReference": reference(job),
            "jobComplete": False,
        }
    outcome = job.outcome
    body: JSON = {
        "kind": "bigquery#getQueryResultsResponse",
        "jobReference": reference(job),
        "jobComplete": True,
        "cacheHit": False,
        "totalBytesProcessed": str(job.bytes),
    }
    if outcome is None:
        return body
    if outcome.changed is not None:
        body["numDmlAffectedRows"] = str(outcome.changed)
    schema = outcome.schema
    if schema is None:
        return body | {"totalRows": "0"}
    limit = min(count if count is not None else _PAGE, _PAGE)
    rows = outcome.rows[start : start + limit]
    body |= {"schema": {"fields": schema}, "totalRows": str(len(outcome.rows))}
    if rows:
        body["rows"] = values.encode_rows(rows, schema, int64_timestamps)
    if start + len(rows) < len(outcome.rows):
        body["pageToken"] = str(start + len(rows))
    return body


_PAGE = 10_000
