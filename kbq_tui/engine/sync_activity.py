"""Klaviyo's activity: the account's jobs from the best source that the operator may read, and the findings."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from kbq_tui.engine.job_reading import JobReading, JobSource, moment, read_jobs
from kbq_tui.engine.key_use import last_uses
from kbq_tui.engine.observe import part_of
from kbq_tui.engine.ports import Cloud, Ports
from kbq_tui.model.key_use import KeyUses, UseSource, idle_since
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import KeyInfo, Unknown, value_of
from kbq_tui.model.problem import Problem
from kbq_tui.model.query_quota import QueryQuota
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning import sync_activity as rules
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.sync_activity import ExportState, JobSummary, SyncFinding
from kbq_tui.shell import sql

MOST_TABLES: Final = 1_000
"""The most tables of the staging dataset that are read."""
MOST_BYTES: Final = 1 << 30
"""The most bytes that the query of the exported events may read: one column of about 130 million events."""
ERROR_SHOWN: Final = 2_000


@dataclass(frozen=True, slots=True)
class SyncActivity:
    """Klaviyo's activity.

    Attributes:
        spec: the connection.
        at: when it was read, aware UTC.
        since: since when jobs are counted, aware UTC.
        reading: the jobs and their source.
        summary: what the jobs show.
        billed: bytes billed for 30 days; None if not known.
        quota: how many bytes the project's queries may read in a day; None if it could not be read.
        left: the tables left behind in the staging dataset, with the times of their creation; None if they could not be
            read.
        export: what the exported events show; None if nothing is exported, or it could not be read.
        keys, uses: the account's keys, and when they were used.
        explained: the explanation of the last error; None if there is none.
        findings: the findings, the worst first.
        left_out: why parts of this could not be read.
    """

    spec: ConnectionSpec
    at: datetime
    since: datetime
    reading: JobReading
    summary: JobSummary
    billed: int | None
    quota: QueryQuota | None
    left: tuple[tuple[str, datetime], ...] | None
    export: ExportState | None
    keys: tuple[KeyInfo, ...]
    uses: KeyUses
    explained: Problem | None
    findings: tuple[SyncFinding, ...]
    left_out: tuple[Problem, ...]

    @property
    def healthy(self) -> bool:
        """Whether syncs run: no finding prevents them."""
        return not any(finding.kind in rules.BROKEN for finding in self.findings)

    @property
    def complete(self) -> bool:
        """Whether all of it could be read."""
        return self.reading.source is JobSource.VIEW and not self.reading.cut and not self.left_out

    def to_json(self) -> dict[str, object]:
        """Return it in the form of `activity --json` (`kbq-tui/activity/v1`)."""
        found, quiet = self.summary, self.summary.silence(self.at)
        last = found.last_error
        return {
            "schema": "kbq-tui/activity/v1",
            "connection": self.spec.name,
            "project_id": self.spec.project,
            "service_account": self.spec.account_email,
            "at": self.at.isoformat(),
            "since": self.since.isoformat(),
            "source": self.reading.source.value,
            "complete": self.complete,
            "left_out": [problem.to_json() for problem in self.left_out],
            "healthy": self.healthy,
            "jobs": found.jobs if self.reading.source is not JobSource.UNKNOWN else None,
            "last_job": _time(found.last.created if found.last else None),
            "last_success": _time(found.last_success.created if found.last_success else None),
            "last_error": None
            if last is None
            else {
                "at": _time(last.created),
                "message": last.error[:ERROR_SHOWN],
                "problem": self.explained.to_json() if self.explained is not None else None,
            },
            "usual_interval_seconds": int(found.interval.total_seconds()) if found.interval else None,
            "silent_seconds": int(quiet.total_seconds()) if quiet else None,
            "days": [
                {"date": day.date.isoformat(), "jobs": day.jobs, "failed": day.failed, "bytes_billed": day.billed}
                for day in found.days
            ],
            "tables": [{"table": table, "jobs": jobs} for table, jobs in found.tables],
            "slot_ms": found.slot_ms,
            "bytes_billed_30_days": self.billed,
            "query_quota": None
            if self.quota is None
            else {
                "bytes_per_day": self.quota.per_day,
                "bytes_per_user_and_day": self.quota.per_user_and_day,
            },
            "leftovers": None
            if self.left is None
            else [{"table": table, "created": _time(created)} for table, created in self.left],
            "export": None
            if self.export is None
            else {
                "table": self.export.table,
                "newest": _time(self.export.newest),
                "rows_24_hours": self.export.rows_24_hours,
            },
            "keys": [
                {
                    "id": key.id,
                    "last_used": _time(used.at if (used := self.uses.of(key.id)) is not None else None),
                    "idle_days": idle.days if (idle := idle_since(key, self.uses, self.at)) is not None else None,
                }
                for key in self.keys
            ],
            "findings": [
                {
                    "kind": finding.kind.value,
                    "broken": finding.kind in rules.BROKEN,
                    "text": str(finding.text),
                    "problem": finding.problem.to_json() if finding.problem is not None else None,
                }
                for finding in self.findings
            ],
        }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


async def sync_activity(spec: ConnectionSpec, ports: Ports, window: timedelta) -> SyncActivity:
    """Read Klaviyo's activity. Nothing is changed; two small queries are run as the operator.

    Args:
        spec: the connection.
        ports: the outside world.
        window: the period for which jobs are counted. For the cost, and for whether syncs are late, at least 30 days
            are read.
    """
    now = ports.clock.now()
    back = max(window, timedelta(days=rules.COST_DAYS))
    reading, tables, export, keys, quota = await asyncio.gather(
        read_jobs(spec, ports.cloud, now - back, now),
        part_of(ports.cloud.tables(spec.project, spec.staging_dataset, MOST_TABLES)),
        part_of(_export(spec, ports.cloud)),
        part_of(ports.cloud.keys(spec.project, spec.account_email)),
        part_of(ports.cloud.query_quota(spec.project)),
    )
    listed = value_of(keys) or ()
    uses = await last_uses(spec, ports.cloud, listed, now)
    since = max(now - window, reading.since)
    found = rules.summary(reading.jobs, since, now)
    made = [(table.name, table.created) for table in value_of(tables) or ()]
    left = None if isinstance(tables, Unknown) else rules.leftovers(made, now)
    error = found.last_error.error if found.last_error is not None else ""
    explained = _explained(error, spec) if error else None
    events = value_of(export)
    parts = (tables, export, keys, quota)
    problems = [*reading.problems, *(part.problem for part in parts if isinstance(part, Unknown))]
    if uses.source is UseSource.UNKNOWN:
        problems += uses.problems[:1]
    findings = rules.findings(
        found,
        now,
        jobs_known=reading.source is not JobSource.UNKNOWN,
        looked_back=now - reading.since,
        staging=spec.staging_dataset,
        left=left or (),
        export=events,
        keys=listed,
        uses=uses,
        explained=ports.named(explained) if explained is not None else None,
    )
    return SyncActivity(
        spec,
        now,
        since,
        reading,
        found,
        rules.billed(reading.jobs, now),
        value_of(quota),
        left,
        events,
        listed,
        uses,
        ports.named(explained) if explained is not None else None,
        findings,
        tuple(ports.named(problem) for problem in _once(problems)),
    )


async def _export(spec: ConnectionSpec, cloud: Cloud) -> ExportState | None:
    """Return what the exported events show; None if nothing is exported."""
    if not spec.direction.exports:
        return None
    dataset = spec.export_dataset or spec.import_dataset
    asked = sql.exported_events(spec.project, dataset)
    found = await cloud.query(spec.project, asked, spec.location or "", max_bytes=MOST_BYTES)
    newest, rows = found.rows[0] if found.rows and len(found.rows[0]) == 2 else (None, None)
    count = int(rows) if rows is not None and rows.isdigit() else 0
    return ExportState(f"{dataset}.{sql.EXPORTED_EVENTS}", moment(newest), count)


def _once(problems: list[Problem]) -> list[Problem]:
    """Return problems without repetitions."""
    found: dict[tuple[object, str], Problem] = {}
    for problem in problems:
        found.setdefault((problem.code, str(problem.title)), problem)
    return list(found.values())


def _explained(error: str, spec: ConnectionSpec) -> Problem:
    """Return the Problem in the text of a job's error."""
    from kbq_tui.diagnosis.recognise import recognise_text  # with all entries, and seldom needed

    return recognise_text(error, replace(context_of(spec), acting_as="service-account"))
