"""`kbq-tui source`: which tables are ready for Klaviyo, and what is wrong with the others."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from kbq_tui.cli.command_options import UsageError
from kbq_tui.cli.commands.source import SourceOptions
from kbq_tui.cli.console import LONGEST, Console, column
from kbq_tui.cli.render import distinct
from kbq_tui.cli.report import about_of
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.source.runner import Checked, Wanted, check_source
from kbq_tui.engine.source.views import ProposedView, make_view, propose_view, warnings_of
from kbq_tui.engine.source_looks import SourceLooks
from kbq_tui.export.source_report import SourceAbout, json_parts, ready_for, source_report, summed
from kbq_tui.i18n.messages import grouped, message, message_n, render, translate
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Problem, ProblemError, RemedyStep
from kbq_tui.model.source import Severity, SourceFinding, SourceReport, TableReport, Use
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.text import inert
from kbq_tui.source.defaults import MOST

_BAD_ROWS = 1_000
"""The most rows of one table that are written."""
_EXAMPLES = 3
"""The most examples of one rule that are shown."""
_WORDS = {
    Severity.FAIL: "fail",
    Severity.UNKNOWN: "unknown",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
    None: "ok",
}
"""The console's mark for each severity."""


def source_command(options: SourceOptions, runner: PlainRunner) -> int:
    """Check tables with the key. Exit status 6 if none of them is ready."""
    spec, console = runner.spec(), runner.console
    use = Use(options.as_) if options.as_ else None
    if options.report is not None:
        runner.check_report(options.report)  # checked before the work that it reports on
    if options.bad_rows is not None:
        runner.check_bad_rows(options.bad_rows)
    dataset = f"{spec.project}.{spec.klaviyo_dataset}"
    looks = _chosen(options, runner, spec)
    wanted = Wanted(
        tables=options.tables,
        most=None if options.all_ else MOST,
        max_bytes=options.max_bytes,
        last=looks.of(dataset),
        mapped=looks.mapped(),
        bad_rows=_BAD_ROWS if options.bad_rows else _EXAMPLES * 10 if options.examples else 0,
        dry=options.dry_run,
    )

    async def work(ports: Ports) -> tuple[Checked, SourceAbout, ProposedView | None]:
        about = asyncio.create_task(about_of(spec, ports))  # read meanwhile
        try:
            checked = await check_source(spec, ports, wanted)
        except ProblemError as error:
            about.cancel()
            raise ProblemError(_or_connection(error.problem, runner)) from error
        what = SourceAbout(await about, spec.klaviyo_dataset, use)
        if options.view is None:
            return checked, what, None
        (table,), properties = checked.report.tables, looks.properties(options.tables[0])
        location = what.about.location
        view = await propose_view(spec, ports.cloud, location, table, options.view, use, properties)
        return checked, what, view

    checked, what, view = runner.with_ports(spec.name, work)
    if view is not None and _agreed(view, options, runner):
        checked = _made(view, options, runner, spec)
    report = _with_examples(checked) if options.examples else checked.report
    if options.output.as_json:
        console.json_parts(json_parts(report, what))
    else:
        _show(report, use, console)
    if options.report is not None:
        runner.write(options.report, source_report(report, what, options.report))
        console.say(translate("Report written to {path}", path=inert(options.report)))
    if options.bad_rows is not None:
        rows = [(row.table, row.key, " ".join(row.rules)) for row in checked.bad_rows]
        runner.write_bad_rows(options.bad_rows, rows)
        told = message_n("{n} row written to {path}", "{n} rows written to {path}", len(rows), path=options.bad_rows)
        console.say(inert(render(told)))
    _remember(runner, spec, dataset, checked)
    return 0 if report.any_ready(use) or options.dry_run else NOT_HEALTHY


def _or_connection(problem: Problem, runner: PlainRunner) -> Problem:
    """Return a problem with the command for a connection, if a table that does not exist has a connection's name."""
    name = problem.detail("table")
    if problem.code != Code.TABLE_NOT_FOUND or name not in runner.services.store.names():
        return problem
    text = message("{name} is a connection. To check the tables of it:", name=name)
    step = RemedyStep(text, (runner.services.command("source", name),))
    return replace(problem, steps=(step, *problem.steps))


def _chosen(options: SourceOptions, runner: PlainRunner, spec: ConnectionSpec) -> SourceLooks:
    """Return earlier results, with the choices given as options; these are saved.

    Raises:
        UsageError: choices or a view for no table, or for several.
    """
    looks = runner.services.store.source_looks(spec.name)
    if (options.map_ or options.view) and len(options.tables) != 1:
        raise UsageError(message("--map and --view are about one table: name it."))
    if options.map_:
        pairs = (each.partition("=") for each in options.map_)
        looks = looks.choosing(options.tables[0], {role: column for role, _, column in pairs})
        if runner.record(spec.name).holds(spec):
            runner.services.store.save_source_looks(spec.name, looks)
    return looks


def _agreed(view: ProposedView, options: SourceOptions, runner: PlainRunner) -> bool:
    """Show the statement that creates a view, and return whether to run it."""
    console = runner.console
    for line in view.statement.split("\n"):
        console.say(inert(line, 10_000))
    for warning in warnings_of(view):
        console.say(inert(render(warning), LONGEST))
    if options.yes or (runner.confirm is not None and runner.confirm(translate("Make this view?"))):
        return True
    console.say(translate("Nothing was made. --yes makes it."))
    return False


def _made(view: ProposedView, options: SourceOptions, runner: PlainRunner, spec: ConnectionSpec) -> Checked:
    """Create a view, and check it like any other table. Returns the check. For a connection that is not saved, no
    journal is kept."""
    kept = runner.record(spec.name).holds(spec)

    async def work(ports: Ports) -> Checked:
        await make_view(spec, ports, view, journaled=kept)
        runner.console.say(translate("View {name} was made.", name=inert(view.name)))
        return await check_source(spec, ports, Wanted(tables=(view.name,), max_bytes=options.max_bytes))

    with runner.lock() if kept else nullcontext():
        return runner.with_ports(spec.name, work, changes=True)


def _remember(runner: PlainRunner, spec: ConnectionSpec, dataset: str, checked: Checked) -> None:
    """Save the results, to be compared with the next check; nothing is saved for a connection that is not saved."""
    if checked.seen and runner.record(spec.name).holds(spec):
        store = runner.services.store
        store.save_source_looks(spec.name, store.source_looks(spec.name).after(dataset, checked.seen, checked.there))


def _with_examples(checked: Checked) -> SourceReport:
    by_table: dict[str, dict[str, list[str]]] = {}
    for row in checked.bad_rows:
        for rule in row.rules:
            kept = by_table.setdefault(row.table, {}).setdefault(rule, [])
            if len(kept) < _EXAMPLES and row.key:
                kept.append(row.masked)

    def more(table: TableReport) -> TableReport:
        found = by_table.get(table.name, {})
        return replace(table, examples={rule: tuple(values) for rule, values in found.items() if values})

    return replace(checked.report, tables=tuple(map(more, checked.report.tables)))


def _show(report: SourceReport, use: Use | None, console: Console) -> None:
    """Write each table with its findings, then the findings between tables, then each problem once, then the sum."""
    for table in report.tables:
        rows = translate("{n} rows", n=grouped(table.rows)) if table.rows is not None else ""
        about = "  ".join(filter(None, (inert(table.name), table.kind, rows, render(ready_for(table)))))
        console.result(f"{console.mark(_WORDS[table.verdict(use)], result=True, width=column())}{about}")
        for finding in table.reasons(use or table.likely):
            if finding.severity is not Severity.NOTE or console.verbose:
                _show_finding(finding, console, table.examples.get(finding.rule, ()))
    for finding in report.findings:
        console.result()
        _show_finding(finding, console, ())
    for problem in distinct([t.problem for t in report.tables if t.problem is not None]):
        console.result()
        console.problem(problem, result=True, heading=translate("problem"))
    console.result()
    console.result(render(summed(report, use)))
    if report.left_out:
        left = message_n("{n} table was left out: --all", "{n} tables were left out: --all", len(report.left_out))
        console.result(render(left))


def _show_finding(finding: SourceFinding, console: Console, examples: Sequence[str]) -> None:
    indent = " " * 4
    mark = console.mark(_WORDS[finding.severity], result=True, width=column())
    first, *rest = console.prose(inert(render(finding.text), LONGEST), " " * (len(indent) + column()))
    console.result(indent + mark + first.lstrip())
    for line in rest:
        console.result(line)
    if examples:
        console.result(" " * (len(indent) + column()) + inert(", ".join(examples)))
