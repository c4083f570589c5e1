"""What the account's jobs show about Klaviyo's syncs. Pure: from jobs, tables and uses of keys to figures and findings.

Klaviyo syncs every hour or every day; BigQuery does not know which. So the usual time between two syncs is computed
from the jobs. Source: Klaviyo's help on syncs from and to a data warehouse.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from kbq_tui.i18n.messages import Message, message, message_n
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import KeyUses, idle_since
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import KeyInfo
from kbq_tui.model.problem import Problem
from kbq_tui.shell.sql import PROBE_PREFIX, is_ours

SYNC_GAP: Final = timedelta(minutes=10)
"""Jobs that are closer together than this belong to one sync."""
SHORTEST_INTERVAL: Final = timedelta(hours=1)
"""Klaviyo's shortest interval between two syncs."""
RECENT_INTERVALS: Final = 20
"""How many of the newest intervals are used for the usual one, because the schedule may have changed."""
LEFTOVER_AGE: Final = timedelta(days=7)
"""The age after which a table of the staging dataset counts as left behind."""
COST_DAYS: Final = 30
"""For how many days the cost is shown."""


class FindingKind(StrEnum):
    """Kinds of findings."""

    FAILING = "failing"
    SILENT = "silent"
    NO_JOBS = "no-jobs"
    EXPORT_STALE = "export-stale"
    LEFTOVERS = "leftovers"
    KEY_IDLE = "key-idle"


BROKEN: Final = frozenset({FindingKind.FAILING, FindingKind.SILENT})
"""Findings that mean that the connection does not work; the others are advice: a quiet shop may have no event in a
day."""


@dataclass(frozen=True, slots=True)
class SyncFinding:
    """One finding. `problem` explains it if it is an error of BigQuery's."""

    kind: FindingKind
    text: Message
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One day, in UTC.

    Attributes:
        date: the date.
        jobs: the number of jobs.
        failed: how many of them failed.
        billed: bytes billed for them; None if no job has the number.
    """

    date: date
    jobs: int = 0
    failed: int = 0
    billed: int | None = None


@dataclass(frozen=True, slots=True)
class JobSummary:
    """What the jobs of a period show.

    Attributes:
        last: the newest job.
        last_success, last_error: the newest that succeeded, and that failed.
        days: each day, oldest first.
        interval: the usual time between two syncs; None if too few are known.
        tables: how many jobs read or wrote each table, the most used first.
        slot_ms: slot milliseconds of all jobs; None if not known.
    """

    last: JobInfo | None
    last_success: JobInfo | None
    last_error: JobInfo | None
    days: tuple[Day, ...]
    interval: timedelta | None
    tables: tuple[tuple[str, int], ...]
    slot_ms: int | None

    @property
    def jobs(self) -> int:
        """The number of jobs."""
        return sum(day.jobs for day in self.days)

    def silence(self, now: datetime) -> timedelta | None:
        """Return for how long there was no job, if that is more than twice the usual time between two syncs."""
        return overdue(self.last.created, self.interval, now) if self.last is not None else None


@dataclass(frozen=True, slots=True)
class ExportState:
    """What Klaviyo's exported events show.

    Attributes:
        table: `DATASET.TABLE`.
        newest: time of the newest event, aware UTC; None if there is none.
        rows_24_hours: the number of events of the last 24 hours.
    """

    table: str
    newest: datetime | None
    rows_24_hours: int


def klaviyos(jobs: Iterable[JobInfo]) -> list[JobInfo]:
    """Return the jobs without our own checks, in their order."""
    return [job for job in jobs if not (job.ours or is_ours(job.statement))]


def summary(jobs: Iterable[JobInfo], since: datetime, now: datetime) -> JobSummary:
    """Return what the account's jobs show about a period.

    Args:
        jobs: in any order; ours are left out, and those before `since` are only used for the usual time between syncs.
        since, now: the period, aware UTC.
    """
    known = sorted(klaviyos(jobs), key=lambda job: job.created)
    whole = [job for job in known if not job.parent]
    within = [job for job in whole if job.created >= since]
    ended = [job for job in whole if job.state == "DONE"]
    touched = Counter(table for job in known if job.created >= since for table in set(job.tables))
    slots = [job.slot_ms for job in within if job.slot_ms is not None]
    return JobSummary(
        last=whole[-1] if whole else None,
        last_success=next((job for job in reversed(ended) if not job.error), None),
        last_error=next((job for job in reversed(ended) if job.error), None),
        days=_days(within, since, now),
        interval=usual_interval(times(whole)),
        tables=tuple(sorted(touched.items(), key=lambda item: (-item[1], item[0]))),
        slot_ms=sum(slots) if slots else None,
    )


def _days(jobs: Sequence[JobInfo], since: datetime, now: datetime) -> tuple[Day, ...]:
    first, last = since.astimezone(UTC).date(), now.astimezone(UTC).date()
    found: list[Day] = []
    for number in range((last - first).days + 1):
        at = first + timedelta(days=number)
        some = [job for job in jobs if job.created.astimezone(UTC).date() == at]
        billed = [job.billed for job in some if job.billed is not None]
        failed = sum(bool(job.error) for job in some)
        found.append(Day(at, len(some), failed, sum(billed) if billed else None))
    return tuple(found)


def usual_interval(times: Sequence[datetime]) -> timedelta | None:
    """Return the usual time from one sync to the next, at least one hour; None if fewer than three intervals are known.

    Args:
        times: when jobs were created, oldest first.
    """
    syncs = [time for number, time in enumerate(times) if number == 0 or time - times[number - 1] > SYNC_GAP]
    gaps = [later - earlier for earlier, later in pairwise(syncs)][-RECENT_INTERVALS:]
    if len(gaps) < 2:
        return None
    from statistics import median_low  # most connections that are looked at have no syncs yet, and it takes a while

    return max(median_low(gaps), SHORTEST_INTERVAL)


def times(jobs: Iterable[JobInfo]) -> list[datetime]:
    """Return when jobs were created, oldest first."""
    return sorted(job.created for job in jobs)


def overdue(last: datetime, interval: timedelta | None, now: datetime) -> timedelta | None:
    """Return for how long there was no job, if that is more than twice the usual time between two syncs.

    Args:
        last: when the newest job was created, aware UTC.
        interval: the usual time; None if not known.
        now: aware UTC.
    """
    quiet = now - last
    return quiet if interval is not None and quiet > 2 * interval else None


def billed(jobs: Iterable[JobInfo], now: datetime, days: int = COST_DAYS) -> int | None:
    """Return the bytes billed for the account's jobs of the last days; None if no job has the number."""
    since = now - timedelta(days=days)
    found = [job.billed for job in jobs if job.created >= since and not job.parent and job.billed is not None]
    return sum(found) if found else None


def leftovers(tables: Iterable[tuple[str, datetime | None]], now: datetime) -> tuple[tuple[str, datetime], ...]:
    """Return the tables that were left behind in the staging dataset, the oldest first, without those of our checks.

    Args:
        tables: name and time of creation, aware UTC.
        now: aware UTC.
    """
    old = [
        (name, created)
        for name, created in tables
        if created is not None and now - created > LEFTOVER_AGE and not name.startswith(PROBE_PREFIX)
    ]
    return tuple(sorted(old, key=lambda table: table[1]))


def findings(
    found: JobSummary,
    now: datetime,
    *,
    jobs_known: bool,
    looked_back: timedelta,
    staging: str = "",
    left: Sequence[tuple[str, datetime]] = (),
    export: ExportState | None = None,
    keys: Sequence[KeyInfo] = (),
    uses: KeyUses | None = None,
    explained: Problem | None = None,
) -> tuple[SyncFinding, ...]:
    """Return the findings, the worst first.

    Args:
        found: what the jobs show.
        now: aware UTC.
        jobs_known: whether jobs could be read at all; if not, nothing is concluded from their absence.
        looked_back: how far back jobs were read.
        staging: the staging dataset's name.
        left: the tables that were left behind there.
        export: what the exported events show; None if nothing is exported, or it could not be read.
        keys, uses: the account's keys, and when they were used.
        explained: the explanation of the last error.
    """
    out: list[SyncFinding] = []
    bad, good = found.last_error, found.last_success
    if bad is not None and (good is None or bad.created > good.created):
        out.append(
            SyncFinding(FindingKind.FAILING, message("The last of Klaviyo's jobs that ended has failed."), explained)
        )
    if found.last is not None and (quiet := found.silence(now)) is not None and found.interval is not None:
        text = message(
            "Klaviyo has run no job for {quiet}, which is more than twice the usual {interval}.",
            quiet=span(quiet),
            interval=span(found.interval),
        )
        out.append(SyncFinding(FindingKind.SILENT, text))
    if found.last is None and jobs_known:
        days = looked_back.days
        text = message_n("No job of Klaviyo's in {n} day.", "No job of Klaviyo's in {n} days.", days)
        out.append(SyncFinding(FindingKind.NO_JOBS, text))
    if export is not None and not export.rows_24_hours:
        text = message("No event of the last 24 hours is in {table}.", table=export.table)
        out.append(SyncFinding(FindingKind.EXPORT_STALE, text))
    if left:
        text = message_n(
            "{n} table in {dataset} is older than 7 days: a sync has left it behind.",
            "{n} tables in {dataset} are older than 7 days: syncs have left them behind.",
            len(left),
            dataset=staging,
        )
        out.append(SyncFinding(FindingKind.LEFTOVERS, text))
    for key in keys:
        if uses is not None and (idle := idle_since(key, uses, now)) is not None:
            text = message(
                "Key {id} was not used for {n} days: Google advises to disable keys that idle for 30.",
                id=key.id[:12],
                n=idle.days,
            )
            out.append(SyncFinding(FindingKind.KEY_IDLE, text))
    return tuple(out)


def span(time: timedelta) -> Message:
    """Return a duration in the largest unit that fits."""
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return message_n("{n} minute", "{n} minutes", minutes)
    if minutes < 48 * 60:
        return message_n("{n} hour", "{n} hours", minutes // 60)
    return message_n("{n} day", "{n} days", minutes // (24 * 60))
