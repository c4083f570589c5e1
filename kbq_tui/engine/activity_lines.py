"""Klaviyo's activity as titled lines, for the command and for the screens."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from kbq_tui.engine.job_reading import JobSource
from kbq_tui.engine.sync_activity import SyncActivity
from kbq_tui.i18n.messages import N_, Message, joined, message, message_n, verbatim
from kbq_tui.model.age import ago
from kbq_tui.model.figures import bars, size
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.query_quota import QueryQuota
from kbq_tui.model.text import inert
from kbq_tui.planning.sync_activity import COST_DAYS, span

TABLES_SHOWN: Final = 5
"""The most tables that are named on a line; JSON has all of them."""
ERROR_SHOWN: Final = 200
SOURCES: Final = {
    JobSource.VIEW: N_("INFORMATION_SCHEMA.JOBS_BY_PROJECT"),
    JobSource.LIST: N_("the list of the newest jobs"),
    JobSource.LOG: N_("BigQuery's audit log, which tells when, and whether jobs failed"),
}
"""The names of the sources of jobs."""


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One line.

    Attributes:
        id: its subject; stable.
        title: a word or two.
        text: what is known; it may contain text from outside, made inert.
    """

    id: str
    title: Message
    text: Message


def heading(found: SyncActivity) -> Message:
    """Return since when jobs are counted, and from which source."""
    if found.reading.source is JobSource.UNKNOWN:
        return message("Klaviyo's jobs: not known.")
    return message(
        "Klaviyo's jobs since {at} UTC, by {source}",
        at=f"{found.since:%Y-%m-%d %H:%M}",
        source=Message(SOURCES[found.reading.source]),
    )


def activity_lines(found: SyncActivity, *, ascii_: bool) -> Iterator[ActivityLine]:
    """Yield each line for which something is known.

    Args:
        found: Klaviyo's activity.
        ascii_: draw bars with ASCII characters only.
    """
    if found.reading.source is not JobSource.UNKNOWN:
        yield from _jobs(found, ascii_=ascii_)
    yield from _cost(found, ascii_=ascii_)
    jobs = found.summary
    if jobs.slot_ms is not None:
        yield ActivityLine("slots", message("Slot time"), span(timedelta(milliseconds=jobs.slot_ms)))
    if jobs.tables:
        yield ActivityLine("tables", message("Tables"), _tables(jobs.tables))
    if found.left is not None:
        yield ActivityLine("left", message("Left behind"), _left(found))
    if (export := found.export) is not None:
        newest = message("newest event {ago}", ago=ago(export.newest, found.at)) if export.newest else message("empty")
        text = message("{newest}; {n} in 24 hours ({table})", newest=newest, n=export.rows_24_hours, table=export.table)
        yield ActivityLine("export", message("Exported"), text)


def _jobs(found: SyncActivity, *, ascii_: bool) -> Iterator[ActivityLine]:
    jobs = found.summary
    yield ActivityLine("last", message("Last job"), _when(jobs.last, found))
    yield ActivityLine("success", message("Last success"), _when(jobs.last_success, found))
    yield ActivityLine("error", message("Last error"), _error(found))
    if jobs.interval is not None:
        text = message("{time} between two syncs", time=span(jobs.interval))
        yield ActivityLine("interval", message("Usually"), text)
    counts = [day.jobs for day in jobs.days]
    today = counts[-1] if counts else 0
    text = message("{bars}  {n} jobs, {today} today", bars=bars(counts, ascii_=ascii_), n=jobs.jobs, today=today)
    yield ActivityLine("jobs", message("Jobs a day"), text)
    failed = [day.failed for day in jobs.days]
    if any(failed):
        text = verbatim(f"{bars(failed, ascii_=ascii_)}  {sum(failed)}")
        yield ActivityLine("failed", message("Failed a day"), text)


def _cost(found: SyncActivity, *, ascii_: bool) -> Iterator[ActivityLine]:
    if found.billed is not None:
        costs = [day.billed or 0 for day in found.summary.days]
        text = message(
            "{bars}  {size} in {n} days", bars=bars(costs, ascii_=ascii_), size=size(found.billed), n=COST_DAYS
        )
        yield ActivityLine("billed", message("Billed a day"), text)
    yield ActivityLine("quota", message("Quota a day"), _quota(found.quota))


def _quota(quota: QueryQuota | None) -> Message:
    """Return how many bytes the project's queries may read in a day, before BigQuery refuses them."""
    if quota is None:
        return message("not known")
    whole = size(quota.per_day) if quota.per_day is not None else message("no limit")
    user = size(quota.per_user_and_day) if quota.per_user_and_day is not None else message("no limit")
    return message("{whole} for the project, {user} for one account", whole=whole, user=user)


def _when(job: JobInfo | None, found: SyncActivity) -> Message:
    return ago(job.created, found.at) if job is not None else message("none seen")


def _error(found: SyncActivity) -> Message:
    job = found.summary.last_error
    if job is None:
        return message("none seen")
    return joined(": ", ago(job.created, found.at), verbatim(inert(job.error, ERROR_SHOWN)))


def _tables(tables: tuple[tuple[str, int], ...]) -> Message:
    named = ", ".join(f"{inert(table)} ({jobs})" for table, jobs in tables[:TABLES_SHOWN])
    more = len(tables) - TABLES_SHOWN
    return message("{names} and {n} more", names=named, n=more) if more > 0 else verbatim(named)


def _left(found: SyncActivity) -> Message:
    left, dataset = found.left or (), found.spec.staging_dataset
    if not left:
        return message("nothing in {dataset}", dataset=dataset)
    named = ", ".join(inert(table) for table, _ in left[:TABLES_SHOWN])
    return message_n(
        "{n} table in {dataset}: {names}", "{n} tables in {dataset}: {names}", len(left), dataset=dataset, names=named
    )
