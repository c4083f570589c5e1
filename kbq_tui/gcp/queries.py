"""Queries and jobs.

One round trip for each query: jobs.query with a request id of our own, which makes repeating it safe. The client
library's `query_and_wait` uses a new id for each call, so an INSERT whose answer was lost could run twice. Source:
https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query (requestId)
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import DryRun, QueryResult
from kbq_tui.gcp.exceptions import MalformedError
from kbq_tui.gcp.rest_client import JSON, RestClient, items, part, text, url
from kbq_tui.gcp.retry import Attempt
from kbq_tui.model.jobs import LIST_PERMISSION, OUR_LABEL, JobInfo
from kbq_tui.model.problem import ProblemError

_DRY: Final = frozenset({"schema", "totalBytesProcessed", "jobComplete"})
"""What is read of a dry run's statistics; some of it is always present."""
_LONGEST_WAIT: Final = 10.0
_JOB_PAGE: Final = 200
_MAX_JOBS: Final = 1_000
_MAX_JOBS_SINCE: Final = 5_000
_DIGITS: Final = 19  # int64
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Queries:
    """Queries in any project, as one principal.

    Args:
        wire: the principal's connection.
    """

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire

    async def run(
        self, project: str, sql: str, location: str, *, dry_run: bool, max_rows: int, max_bytes: int | None = None
    ) -> QueryResult:
        """Run a statement and return its first rows."""
        from uuid import uuid4  # read in for the first query: a status makes none

        body: JSON = {
            "query": sql,
            "useLegacySql": False,
            "dryRun": dry_run,
            "requestId": str(uuid4()),
            "maxResults": max_rows,
            "formatOptions": {"useInt64Timestamp": True},
            "labels": dict([OUR_LABEL]),
        }
        if location:
            body["location"] = location
        if max_bytes is not None:
            body["maximumBytesBilled"] = str(max_bytes)
        queries = f"{self._wire.endpoints.bigquery}/bigquery/v2/projects/{part(project)}/queries"

        def run(attempt: Attempt) -> QueryResult:
            ends = time.monotonic() + attempt.timeout

            def wait() -> int:
                left = ends - time.monotonic()
                if left <= 0:
                    raise TimeoutError("the query did not end in time")
                return int(min(_LONGEST_WAIT, left * 0.8) * 1000)

            def ask(verb: str, where: str, sent: JSON | None = None) -> JSON:
                return self._wire.send(verb, where, max(0.001, ends - time.monotonic()), sent)

            answer = ask("POST", queries, {**body, "timeoutMs": wait()})
            if dry_run and not answer.keys() & _DRY:
                raise MalformedError("not the answer to a dry run")  # an empty answer would look like "may be read"
            reference = answer.get("jobReference")
            more: dict[str, str | int] = {"maxResults": max_rows, "formatOptions.useInt64Timestamp": "true"}
            if ran_in := text(reference, "location") or location:
                more["location"] = ran_in
            rest = f"{queries}/{part(text(reference, 'jobId'))}"
            while answer.get("jobComplete") is not True and not dry_run:
                answer = ask("GET", url(rest, "", {**more, "timeoutMs": wait()}))
            schema = items(answer.get("schema"), "fields")
            rows, token = items(answer, "rows"), text(answer, "pageToken")
            while token and len(rows) < max_rows:
                answer = ask("GET", url(rest, "", {**more, "pageToken": token, "timeoutMs": wait()}))
                rows, token = rows + items(answer, "rows"), text(answer, "pageToken")
            return QueryResult(
                columns=tuple(text(field, "name") for field in schema),
                rows=tuple(_row(schema, row) for row in rows[:max_rows]),
                location=ran_in,
            )

        context = self._wire.context(project, location=location)
        return await self._wire.call(run, method="bigquery.jobs.query", context=context)

    async def dry_run(self, project: str, sql: str, location: str) -> DryRun:
        """Return what a query would read; if it reads more than 50 tables, BigQuery may leave some out.

        Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobStatistics2 (referencedTables)
        """
        body: JSON = {
            "jobReference": {"projectId": project, **({"location": location} if location else {})},
            "configuration": {"dryRun": True, "query": {"query": sql, "useLegacySql": False}},
        }

        def read(answer: JSON) -> DryRun:
            statistics = answer.get("statistics")
            query = statistics.get("query") if isinstance(statistics, dict) else None
            if not isinstance(query, dict):
                raise MalformedError("not the answer to a dry run")  # an empty answer would look like "reads nothing"
            tables = tuple(
                (text(table, "projectId"), text(table, "datasetId"), text(table, "tableId"))
                for table in items(query, "referencedTables")
            )
            size = text(query, "totalBytesProcessed") or text(statistics, "totalBytesProcessed")
            return DryRun(int(size) if size.isdigit() else None, tables)

        return await self._wire.ask(
            "POST",
            f"{self._wire.endpoints.bigquery}/bigquery/v2/projects/{part(project)}/jobs",
            read,
            method="bigquery.jobs.insert",
            context=self._wire.context(project, location=location),
            body=body,
        )

    async def recent_jobs(
        self, project: str, email: str, limit: int, *, own: bool, since: datetime | None = None
    ) -> tuple[JobInfo, ...]:
        """Return the newest jobs of an account, newest first, from a limited number of the project's newest jobs.

        Args:
            project: project id.
            email: the account's e-mail.
            limit: the most jobs.
            own: whether the principal is that account, which may list its own jobs without further permission.
            since: how far back, aware UTC; None for as far as the newest 1,000 jobs of the project reach.

        Raises:
            ProblemError: also if there are jobs without a user, and none of the account's: without
                `bigquery.jobs.listAll`, those of others are listed without details.
        """
        query: dict[str, str | int] = {"maxResults": _JOB_PAGE, "projection": "full"}
        if not own:
            query["allUsers"] = "true"
        if since is not None:
            query["minCreationTime"] = int(since.timestamp() * 1000)
        most = _MAX_JOBS if since is None else _MAX_JOBS_SINCE
        context = self._wire.context(project, account=email)
        found: list[JobInfo] = []
        token, looked, nameless = "", 0, False
        while len(found) < limit and looked < most:
            jobs, token = await self._wire.page(
                f"{self._wire.endpoints.bigquery}/bigquery/v2/projects/{part(project)}/jobs",
                query,
                token,
                lambda answer: items(answer, "jobs"),
                method="bigquery.jobs.list",
                context=context,
            )
            found += [_job(job, project) for job in jobs if _is_of(job, email)]
            nameless = nameless or not all(text(job, "user_email") for job in jobs)
            looked += _JOB_PAGE
            if not token:
                break
        if nameless and not found:
            raise ProblemError(catalogue.permission_missing(LIST_PERMISSION, context))
        return tuple(sorted(found, key=lambda job: job.created, reverse=True)[:limit])


def _is_of(job: JSON, email: str) -> bool:
    return text(job, "user_email").lower() == email.lower()


def _job(job: JSON, project: str) -> JobInfo:
    configuration, status, statistics = (_object(job, name) for name in ("configuration", "status", "statistics"))
    query = _object(statistics, "query")
    kind = text(configuration, "jobType") or next(iter(configuration), "")
    key, value = OUR_LABEL
    return JobInfo(
        created=_moment(statistics, "creationTime") or _EPOCH,
        state=text(status, "state") or text(job, "state"),
        statement=text(configuration.get("query"), "query") or kind,
        error=text(status.get("errorResult") or job.get("errorResult"), "message"),
        ended=_moment(statistics, "endTime"),
        billed=_number(query, "totalBytesBilled"),
        slot_ms=_number(statistics, "totalSlotMs"),
        tables=tuple(_table(table, project) for table in items(query, "referencedTables")),
        ours=text(configuration.get("labels"), key) == value,
        parent=text(statistics, "parentJobId"),
    )


def _table(table: JSON, project: str) -> str:
    name = f"{text(table, 'datasetId')}.{text(table, 'tableId')}"
    of = text(table, "projectId")
    return name if of == project else f"{of}.{name}"


def _number(source: JSON, key: str) -> int | None:
    value = text(source, key)
    return int(value) if value.isascii() and value.isdigit() and len(value) < _DIGITS else None


def _moment(source: JSON, key: str) -> datetime | None:
    milliseconds = _number(source, key)
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds is not None else None
    except OverflowError:
        return None


def _object(source: JSON, key: str) -> JSON:
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def _row(schema: list[JSON], row: JSON) -> tuple[str | None, ...]:
    cells = items(row, "f")
    if len(cells) != len(schema):
        raise MalformedError("a row that does not fit its columns")
    return tuple(_cell(field, cell.get("v")) for field, cell in zip(schema, cells, strict=True))


def _cell(field: JSON, value: Any) -> str | None:
    """Return a value of BigQuery's JSON as text; repeated and nested ones as JSON."""
    plain = _plain(field, value)
    return plain if plain is None or isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(field: JSON, value: Any) -> Any:
    if value is None:
        return None
    if text(field, "mode") == "REPEATED" and isinstance(value, list):
        one = {**field, "mode": "NULLABLE"}
        return [_plain(one, item.get("v") if isinstance(item, dict) else item) for item in value]
    kind = text(field, "type")
    if kind in ("RECORD", "STRUCT") and isinstance(value, dict):
        fields = items(field, "fields")
        cells = items(value, "f")
        return {text(of, "name"): _plain(of, cell.get("v")) for of, cell in zip(fields, cells, strict=False)}
    if kind == "TIMESTAMP" and isinstance(value, str) and value.lstrip("-").isdigit():
        try:
            return (_EPOCH + timedelta(microseconds=int(value))).isoformat(sep=" ")
        except OverflowError:
            return value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
