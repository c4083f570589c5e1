"""Jobs over REST: insert, query, get, list, cancel, getQueryResults."""

import re
import uuid
from typing import Any

from kbq_tui.sandbox.bigquery import datasets, job_resource, jobs, refusals, shapes
from kbq_tui.sandbox.bigquery.engine import engine_of
from kbq_tui.sandbox.bigquery.job import Job
from kbq_tui.sandbox.bigquery.names import canonical
from kbq_tui.sandbox.bigquery.paging import flag, page, whole_number
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Project
from kbq_tui.sandbox.rest import Handler, Reply
from kbq_tui.sandbox.shapes import check
from kbq_tui.sandbox.uploads import MAX_BYTES

JSON = dict[str, Any]
_WAIT_MS = 10_000  # how long a call waits for a job by default
_ONCE_MS = 15 * 60 * 1000  # how long a requestId is remembered


def insert(call: Call) -> JSON:
    """``jobs.insert``: a failed query is a finished job with an errorResult; only a failed dry run is an HTTP error."""
    project = datasets.project_of(call.ctx, call.params["project"])
    dry_run = bool((call.body.get("configuration") or {}).get("dryRun"))
    job = jobs.run(call.ctx, call.principal, project, call.body, call.left, media=call.media)
    _note(call, job, dry_run)
    return job_resource.resource(job, dry_run)


def upload(call: Call) -> JSON | Reply:
    """``jobs.insert`` with a file: in one request, or resumable, in any number of requests.

    https://cloud.google.com/bigquery/docs/reference/api-uploads
    """
    kind = str(call.query.get("uploadType", ""))
    if kind == "multipart":
        return insert(call)
    if kind != "resumable":
        raise refusals.invalid(f"Invalid value for uploadType: {kind}")
    number = uuid.uuid4().hex
    engine_of(call.ctx).uploads[number] = (call.body, bytearray())
    path = f"/upload/bigquery/v2/projects/{call.params['project']}/jobs?uploadType=resumable&upload_id={number}"
    return Reply(None, 200, {"Location": call.ctx.url + path, "X-GUploader-UploadID": number})


_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


def continue_upload(call: Call) -> JSON | Reply:
    """Take a part of a resumable upload; after the last part the job runs."""
    uploads = engine_of(call.ctx).uploads
    number = str(call.query.get("upload_id", ""))
    match = _RANGE.fullmatch(call.headers.get("content-range", ""))
    if number not in uploads or match is None:
        raise ApiError(404, "NOT_FOUND", f"Upload {number} is not found", "notFound")
    body, received = uploads[number]
    first, _, total = match.groups()
    if first is not None:
        if int(first) > len(received) or int(first) + len(call.media) > MAX_BYTES:
            raise ApiError(400, "INVALID_ARGUMENT", "Invalid request. Wrong content range.", "badRequest")
        received[int(first) :] = call.media
    if total == "*" or len(received) < int(total):
        return Reply(None, 308, {"Range": f"bytes=0-{len(received) - 1}"} if received else {})
    del uploads[number]
    call.body, call.media = check(body, shapes.JOB, lenient=True), bytes(received)
    return insert(call)


# Fields that a jobs.query request shares with a job's JobConfigurationQuery
_SETTINGS = ("query", "useLegacySql", "defaultDataset", "queryParameters", "parameterMode", "connectionProperties",
             "createSession", "maximumBytesBilled", "useQueryCache")  # fmt: skip


def query(call: Call) -> JSON:
    """``jobs.query``: run and answer in one request; a failed query is an HTTP error."""
    project = datasets.project_of(call.ctx, call.params["project"])
    body = call.body
    _check_format(body)
    request_id = str(body.get("requestId") or "")
    job = _repeated(call, project, request_id)
    if job is not None:
        _wait(call, job)
    dry_run = bool(body.get("dryRun"))
    if job is None:
        # a query job's configuration is kept, not the request
        settings = {k: body[k] for k in _SETTINGS if k in body}
        configuration: JSON = {"query": settings, "dryRun": dry_run, "labels": body.get("labels") or {}}
        reference = {"location": body.get("location")} if body.get("location") else {}
        if body.get("jobTimeoutMs") is not None:
            configuration["jobTimeoutMs"] = body["jobTimeoutMs"]
        asked = {"configuration": configuration, "jobReference": reference}
        job = jobs.run(call.ctx, call.principal, project, asked, call.left, request_id)
        _note(call, job, dry_run)
    if job.error is not None:
        raise job.error
    count = int(body["maxResults"]) if body.get("maxResults") is not None else None
    form: JSON = body.get("formatOptions") or {}
    micros = bool(form.get("useInt64Timestamp")) or form.get("timestampOutputFormat") == "INT64"
    answer = job_resource.results(job, 0, count, micros) | {"kind": "bigquery#queryResponse", "location": job.location}
    if job.outcome is not None and job.outcome.stats:
        answer["dmlStats"] = job.outcome.stats
    if job.session_id:
        answer["sessionInfo"] = {"sessionId": job.session_id}
    if dry_run:
        answer.pop("rows", None)
        answer["jobReference"] = {"projectId": job.project, "location": job.location}
    return answer


def _check_format(body: JSON) -> None:
    """Refuse result formats that are not served; a client would take the answer for an empty result.

    Raises:
        ApiError: Arrow, or timestamps as text.
    """
    form = str(body.get("queryResultsFormat") or "JSON")
    if form not in ("JSON", "QUERY_RESULTS_FORMAT_UNSPECIFIED"):
        raise refusals.invalid(f"queryResultsFormat {form} is not supported here: results are JSON")
    check_timestamps(str((body.get("formatOptions") or {}).get("timestampOutputFormat") or ""))


def check_timestamps(form: str) -> None:
    """Refuse ``formatOptions.timestampOutputFormat`` other than numbers.

    Raises:
        ApiError: text, the form in which Google gives timestamps finer than a microsecond.
    """
    if form not in ("", "TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED", "FLOAT64", "INT64"):
        raise refusals.invalid(f"timestamp_output_format {form} is not supported here")


def _repeated(call: Call, project: Project, request_id: str) -> Job | None:
    """The job of the same caller's recent request with this id, unless it was ended because that caller
    disconnected."""
    if not request_id:
        return None
    oldest = call.world.now_ms() - _ONCE_MS
    for job in engine_of(call.ctx).jobs.values():
        same = job.request_id == request_id and job.project == project.id and job.user == call.principal.email
        if same and job.created_ms >= oldest and not (job.error is not None and job.error.reason == "stopped"):
            found: Job = job
            return found
    return None


def _note(call: Call, job: Job, dry_run: bool) -> None:
    """Tell the log whether the call was a write."""
    call.is_write = not dry_run and job.outcome is not None and (job.outcome.is_write or bool(job.children))
    if not dry_run:
        call.resource = f"{job.project}:{job.location}.{job.id}"


def _job_of(call: Call) -> Job:
    project = datasets.project_of(call.ctx, call.params["project"])
    given = str(call.query.get("location", ""))
    job = engine_of(call.ctx).jobs.get((project.id, call.params["job"]))
    # without a location, only the multi-regions are searched (jobs.get, "location")
    here = job is not None and (canonical(given) == canonical(job.location) if given else job.location in ("US", "EU"))
    own = job is not None and job.user == call.principal.email
    if not own:
        call.ctx.authz.require(call.principal, "bigquery.jobs.get", project)
    if job is None or not here:
        where = canonical(given) if given else "US"
        raise ApiError(404, "NOT_FOUND", f"Not found: Job {project.id}:{where}.{call.params['job']}", "notFound")
    found: Job = job
    return found


def delete(call: Call) -> Reply:
    """``jobs.delete``: delete a finished job."""
    job = _job_of(call)
    if job.user != call.principal.email:
        call.ctx.authz.require(call.principal, "bigquery.jobs.delete", call.world.projects[job.project])
    if not job.ended_ms:
        raise refusals.invalid(f"Cannot delete job {job.project}:{job.location}.{job.id} because it is still running")
    jobs.delete(call.ctx, job)
    return Reply(None, 204)


def get(call: Call) -> JSON:
    """``jobs.get``."""
    return job_resource.resource(_job_of(call))


def cancel(call: Call) -> JSON:
    """``jobs.cancel``: end a running job. Cancelling a finished one has no effect and succeeds, as at Google."""
    job = _job_of(call)
    job.left.set()
    return {"kind": "bigquery#jobCancelResponse", "job": job_resource.resource(job)}


def _wait(call: Call, job: Job) -> None:
    """Wait for a running job for as long as ``timeoutMs`` says (jobs.getQueryResults), without the lock."""
    sent = call.body.get("timeoutMs")
    given = str(sent if sent is not None else call.query.get("timeoutMs", ""))
    limit = int(given) if given.isdecimal() else _WAIT_MS
    with call.world.lock.released():
        job.done.wait(min(limit, _WAIT_MS) / 1000)


def list_jobs(call: Call) -> JSON:
    """``jobs.list``: the caller's own jobs; with ``allUsers`` everybody's, without details if the caller may not see
    them.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list (IAM permissions)
    """
    project = datasets.project_of(call.ctx, call.params["project"])
    everyone = flag(call, "allUsers")
    call.ctx.authz.require(call.principal, "bigquery.jobs.list" if everyone else "bigquery.jobs.create", project)
    whole = call.ctx.authz.allowed(call.principal, "bigquery.jobs.listAll", project)
    since = whole_number(call, "minCreationTime", 0)
    parent = str(call.query.get("parentJobId", ""))
    found: list[Job] = [
        job
        for (owner, _), job in engine_of(call.ctx).jobs.items()
        if owner == project.id
        and (everyone or job.user == call.principal.email)
        and job.created_ms >= since
        and job.parent == parent
    ]
    states = call.query.getlist("stateFilter") if hasattr(call.query, "getlist") else []
    if states:
        found = [job for job in found if job.state.lower() in [s.lower() for s in states]]
    shown, token = page(call, found[::-1], 50)
    entries = [
        _listed(job) if whole or job.user == call.principal.email else job_resource.redacted(job) for job in shown
    ]
    return {"kind": "bigquery#jobList", "etag": "list", "jobs": entries} | token


def _listed(job: Job) -> JSON:
    full = job_resource.resource(job)
    entry = {k: full[k] for k in ("kind", "id", "jobReference", "statistics", "status", "user_email")}
    entry["state"] = job.state
    if job.error is not None:
        entry["errorResult"] = job_resource.error_proto(job.error)
    return entry | {"configuration": full["configuration"]}


def query_results(call: Call) -> JSON:
    """``jobs.getQueryResults``: one page; for a failed job, its error is an HTTP error here."""
    job = _job_of(call)
    if job.user != call.principal.email:
        raise refusals.denied(
            f"Job {job.project}:{job.location}.{job.id}: Permission bigquery.jobs.get denied on the results of "
            "another user's job."
        )
    _wait(call, job)
    if job.error is not None:
        raise job.error
    start = whole_number(call, "pageToken", whole_number(call, "startIndex", 0))
    count = whole_number(call, "maxResults", -1)
    form = str(call.query.get("formatOptions.timestampOutputFormat", ""))
    check_timestamps(form)
    micros = flag(call, "formatOptions.useInt64Timestamp") or form == "INT64"
    found = job_resource.results(job, start, count if count >= 0 else None, micros)
    return {**found, "etag": f"{job.id}-{start}"} if found["jobComplete"] else found


_BASE = "/bigquery/v2/projects/{project}"
# jobs are logged as reads until `_note` finds that they write
METHODS: list[tuple[str, str, str, Handler, bool]] = [
    ("POST", _BASE + "/jobs", "jobs.insert", shapes.shaped(insert, shapes.JOB), False),
    ("GET", _BASE + "/jobs", "jobs.list", list_jobs, False),
    ("GET", _BASE + "/jobs/{job}", "jobs.get", get, False),
    ("DELETE", _BASE + "/jobs/{job}/delete", "jobs.delete", delete, True),
    ("POST", "/upload" + _BASE + "/jobs", "jobs.insert", shapes.shaped(upload, shapes.JOB), False),
    ("PUT", "/upload" + _BASE + "/jobs", "jobs.insert", continue_upload, False),
    ("POST", _BASE + "/jobs/{job}/cancel", "jobs.cancel", cancel, False),
    ("POST", _BASE + "/queries", "jobs.query", shapes.shaped(query, shapes.QUERY), False),
    ("GET", _BASE + "/queries/{job}", "jobs.getQueryResults", query_results, False),
]
