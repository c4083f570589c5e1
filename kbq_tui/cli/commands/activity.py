"""`kbq-tui activity`: what Klaviyo has done, by the account's jobs in BigQuery."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.cli.console import Console
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner
from kbq_tui.engine.job_reading import JobSource
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.sync_activity import SyncActivity, sync_activity
from kbq_tui.i18n.messages import N_, Message, joined, message, message_n, render, translate, verbatim
from kbq_tui.model.age import ago
from kbq_tui.model.figures import bars, size
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.text import inert
from kbq_tui.planning.sync_activity import BROKEN, COST_DAYS, span

TABLES_SHOWN: Final = 5
"""How many tables are named on a line; JSON has them all."""
ERROR_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class ActivityOptions:
    """What was typed for `activity`.

    Attributes:
        since: for how long jobs are counted.
    """

    output: OutputOptions
    connection: ConnectionOptions
    since: timedelta = timedelta(days=14)


def activity_command(options: ActivityOptions, runner: PlainRunner) -> int:
    """Show what Klaviyo has done. Exit status 6 where its syncs fail or are late."""
    spec = runner.spec()

    async def work(ports: Ports) -> SyncActivity:
        return await sync_activity(spec, ports, options.since)

    found = runner.with_ports(spec.name, work)
    if options.output.as_json:
        runner.console.json(found.to_json())
    else:
        _show(found, runner.console)
    if found.reading.source is JobSource.UNKNOWN:
        return found.left_out[0].exit_code
    return 0 if found.healthy else NOT_HEALTHY


_SOURCES: Final = {
    JobSource.VIEW: N_("INFORMATION_SCHEMA.JOBS_BY_PROJECT"),
    JobSource.LIST: N_("the list of the newest jobs"),
    JobSource.LOG: N_("BigQuery's audit log, which tells when, and whether jobs failed"),
}


def _show(found: SyncActivity, console: Console) -> None:
    if found.reading.source is JobSource.UNKNOWN:
        console.result(translate("Klaviyo's jobs: not known."))
    else:
        heading = translate(
            "Klaviyo's jobs since {at} UTC, by {source}",
            at=f"{found.since:%Y-%m-%d %H:%M}",
            source=translate(_SOURCES[found.reading.source]),
        )
        console.result(heading)
    rows = [(render(title), inert(render(text), 600)) for title, text in _rows(found, ascii_=console.ascii)]
    width = max((len(title) for title, _ in rows), default=0)
    for title, text in rows:
        console.result(f"  {title:<{width}}  {text}")
    for finding in found.findings:
        mark = console.mark("broken" if finding.kind in BROKEN else "warning", result=True)
        console.result(f"{mark} {inert(render(finding.text), 300)}")
        if finding.problem is not None:
            console.problem(finding.problem, result=True, heading=translate("this is"))
    if found.reading.source is not JobSource.UNKNOWN:
        console.say(translate("Short queries may leave no job in BigQuery, and are not counted then."))
    if found.reading.cut:
        console.say(translate("There are more jobs than were read: figures are of the time given above."))
    for problem in found.left_out:
        console.problem(problem, heading=translate("note"))


def _rows(found: SyncActivity, *, ascii_: bool) -> Iterator[tuple[Message, Message]]:
    jobs = found.summary
    if found.reading.source is not JobSource.UNKNOWN:
        yield message("Last job"), _when(jobs.last, found)
        yield message("Last success"), _when(jobs.last_success, found)
        yield message("Last error"), _error(found)
        if jobs.interval is not None:
            yield message("Usually"), message("{time} between two syncs", time=span(jobs.interval))
        counts = [day.jobs for day in jobs.days]
        today = counts[-1] if counts else 0
        text = message("{bars}  {n} jobs, {today} today", bars=bars(counts, ascii_=ascii_), n=jobs.jobs, today=today)
        yield message("Jobs a day"), text
        failed = [day.failed for day in jobs.days]
        if any(failed):
            yield message("Failed a day"), verbatim(f"{bars(failed, ascii_=ascii_)}  {sum(failed)}")
    if found.billed is not None:
        costs = [day.billed or 0 for day in jobs.days]
        text = message(
            "{bars}  {size} in {n} days", bars=bars(costs, ascii_=ascii_), size=size(found.billed), n=COST_DAYS
        )
        yield message("Billed a day"), text
    if jobs.slot_ms is not None:
        yield message("Slot time"), span(timedelta(milliseconds=jobs.slot_ms))
    if jobs.tables:
        yield message("Tables"), _tables(jobs.tables)
    if found.left is not None:
        yield message("Left behind"), _left(found)
    if (export := found.export) is not None:
        newest = message("newest event {ago}", ago=ago(export.newest, found.at)) if export.newest else message("empty")
        text = message("{newest}; {n} in 24 hours ({table})", newest=newest, n=export.rows_24_hours, table=export.table)
        yield message("Exported"), text


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
