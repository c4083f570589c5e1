"""Reads the account's jobs from the best source that the operator may read."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.key_use import LOG_DAYS, log_readable
from kbq_tui.engine.ports import Cloud, QueryResult
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.jobs import LIST_PERMISSION, OUR_LABEL, JobInfo
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.shell import sql

MOST_JOBS: Final = 20_000
"""The most jobs that are read: some 650 a day for 30 days."""
MOST_LISTED: Final = 5_000
"""The most jobs that are read if they are listed page by page."""


class JobSource(StrEnum):
    """Sources of the account's jobs."""

    VIEW = "jobs-view"
    """INFORMATION_SCHEMA.JOBS_BY_PROJECT: everything."""
    LIST = "jobs-list"
    """`jobs.list`: the newest jobs, without the tables that they write."""
    LOG = "audit-log"
    """BigQuery's audit log: when jobs ran, and whether they failed."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class JobReading:
    """The account's jobs, as far as they could be read.

    Attributes:
        source: their source.
        jobs: the jobs, newest first; none if the source is unknown.
        since: how far back they are known, aware UTC.
        problems: why better sources could not be read.
        cut: whether there are more jobs of that time than were read.
    """

    source: JobSource
    jobs: tuple[JobInfo, ...]
    since: datetime
    problems: tuple[Problem, ...] = ()
    cut: bool = False


async def read_jobs(spec: ConnectionSpec, cloud: Cloud, since: datetime, now: datetime) -> JobReading:
    """Return the account's jobs. Never raises `ProblemError`.

    Args:
        spec: the connection.
        cloud: Google as the operator sees it.
        since: how far back, aware UTC.
        now: aware UTC.
    """
    problems: list[Problem] = []
    sources: tuple[tuple[JobSource, _Read, datetime, int], ...] = (
        (JobSource.VIEW, _view, since, MOST_JOBS),
        (JobSource.LIST, _list, since, MOST_LISTED),
        (JobSource.LOG, _log, max(since, now - timedelta(days=LOG_DAYS)), MOST_LISTED),
    )
    for source, read, begin, most in sources:
        try:
            jobs = await read(spec, cloud, begin, most)
        except ProblemError as error:
            problems.append(error.problem)
            continue
        cut = len(jobs) >= most
        return JobReading(source, tuple(jobs), jobs[-1].created if cut else begin, tuple(problems), cut)
    return JobReading(JobSource.UNKNOWN, (), since, tuple(problems))


_Read = Callable[[ConnectionSpec, Cloud, datetime, int], Awaitable[Sequence[JobInfo]]]


async def _view(spec: ConnectionSpec, cloud: Cloud, since: datetime, most: int) -> list[JobInfo]:
    """Query INFORMATION_SCHEMA in the location of the datasets, where Klaviyo's queries run."""
    location = spec.location or await _location(spec, cloud)
    asked = sql.account_jobs(spec.project, location, spec.account_email, since, most)
    try:
        found = await cloud.query(spec.project, asked, location, max_rows=most)
    except ProblemError as error:
        if error.problem.kind is not Kind.NOT_PERMITTED or error.problem.code == Code.JOB_USER_MISSING:
            raise
        # Google's text is that for an unreadable table: it does not name the permission
        original = error.problem.original
        raise ProblemError(catalogue.permission_missing(LIST_PERMISSION, context_of(spec), original=original)) from None
    return [job for row in _rows(found) if (job := _job(row, spec.project)) is not None]


async def _location(spec: ConnectionSpec, cloud: Cloud) -> str:
    name = spec.datasets()[0].name
    dataset = await cloud.dataset(spec.project, name)
    if dataset is None:
        raise ProblemError(catalogue.problem(Code.DATASET_NOT_FOUND, context_of(spec, dataset=name)))
    return dataset.location


async def _list(spec: ConnectionSpec, cloud: Cloud, since: datetime, most: int) -> Sequence[JobInfo]:
    return await cloud.recent_jobs(spec.project, spec.account_email, most, since=since)


async def _log(spec: ConnectionSpec, cloud: Cloud, since: datetime, most: int) -> Sequence[JobInfo]:
    if (problem := await log_readable(spec, cloud)) is not None:
        raise ProblemError(problem)
    return await cloud.logged_jobs(spec.project, spec.account_email, since=since, limit=most)


def _rows(found: QueryResult) -> list[Mapping[str, str | None]]:
    return [dict(zip(found.columns, row, strict=False)) for row in found.rows]


def _job(row: Mapping[str, str | None], project: str) -> JobInfo | None:
    """Return the job of a row; None if its time cannot be read."""
    created = moment(row.get("creation_time"))
    if created is None:
        return None
    written = _decoded(row.get("destination_table"))
    references = [*_objects(row.get("referenced_tables")), *([written] if isinstance(written, dict) else [])]
    labels = {str(label.get("key")): label.get("value") for label in _objects(row.get("labels"))}
    key, value = OUR_LABEL
    return JobInfo(
        created,
        row.get("state") or "",
        row.get("statement") or "",
        row.get("error") or "",
        moment(row.get("end_time")),
        _number(row.get("total_bytes_billed")),
        _number(row.get("total_slot_ms")),
        tuple(dict.fromkeys(name for reference in references if (name := _table(reference, project)))),
        labels.get(key) == value,
        row.get("parent_job_id") or "",
    )


def _table(reference: Mapping[str, Any], project: str) -> str:
    """Return `DATASET.TABLE`; empty for an anonymous result table."""
    dataset, table, of = (str(reference.get(key) or "") for key in ("dataset_id", "table_id", "project_id"))
    if not dataset or dataset.startswith("_"):
        return ""
    return f"{dataset}.{table}" if of == project else f"{of}.{dataset}.{table}"


def _objects(cell: str | None) -> list[Mapping[str, Any]]:
    found = _decoded(cell)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _decoded(cell: str | None) -> Any:
    try:
        return json.loads(cell) if cell else None
    except ValueError:
        return None


def _number(cell: str | None) -> int | None:
    return int(cell) if cell is not None and cell.isascii() and cell.isdigit() else None


def moment(cell: str | None) -> datetime | None:
    """Return the time in a cell of a result, aware UTC; None if it is not a time."""
    try:
        found = datetime.fromisoformat(cell) if cell else None
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
