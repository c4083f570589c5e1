"""`kbq-tui status`: whether connections still work."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from kbq_tui.cli.command_options import UsageError
from kbq_tui.cli.commands.status import StatusOptions
from kbq_tui.cli.commands.status.monitoring import metrics, nagios
from kbq_tui.cli.commands.status.status_table import lines_of, sum_of, unread_lines
from kbq_tui.cli.commands.status.telling import Telling
from kbq_tui.cli.commands.status.watching import Watching
from kbq_tui.cli.console import Console
from kbq_tui.cli.render import show_status
from kbq_tui.cli.runner import NOT_HEALTHY, ManyLooks, PlainRunner
from kbq_tui.engine.drift_authors import with_drift
from kbq_tui.engine.last_known import LOOK_EVERY, LastKnown
from kbq_tui.engine.looks import Looked, Opened
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.status import Status, status
from kbq_tui.engine.status_row import State, StatusRow
from kbq_tui.i18n.messages import message, translate
from kbq_tui.model.command import Command
from kbq_tui.model.text import inert
from kbq_tui.shell.own_commands import for_connection

OpenOne = Callable[[str | None], AbstractContextManager[PlainRunner]]
"""Builds everything for a connection by its name."""
OpenMany = Callable[[], AbstractContextManager[ManyLooks]]
"""Builds what reads many connections."""


def status_command(
    options: StatusOptions, wanted: Sequence[str | None], one: OpenOne, many: OpenMany, console: Console
) -> int:
    """Read connections and print their status. Exit status 0 if all are healthy, else 6.

    Args:
        options: the command's options.
        wanted: the connections' names; None for one that consists of options alone. Empty if there is none yet.
        one: builds what is needed for one.
        many: builds what is needed for many.
        console: where lines are printed.
    """
    if not wanted and options.nagios:
        raise UsageError(message("There is no connection yet: {command}", command="kbq-tui setup"))
    if not wanted:
        command = for_connection(Command("kbq-tui setup"), "", options.connection.config or "")
        console.say(translate("There is no connection yet: {command}", command=str(command)))
        return NOT_HEALTHY
    names = [name for name in wanted if name is not None]
    if options.reports:
        if len(names) < len(wanted):
            raise UsageError(message("This is for connections that are set up: {command}", command="kbq-tui setup"))
        with many() as looks:
            return _report(options, names, looks, console)
    if options.watch and len(names) == len(wanted):
        with many() as looks:
            return _watch(options, names, looks, console)
    chosen = options.connection.chosen and not options.all_
    in_detail = bool(options.names) or chosen or bool(options.output.verbose)
    if len(wanted) > 1 and (options.output.as_json or not in_detail):
        with many() as looks:
            return _once(options, names, looks, console)
    return _in_detail(options, wanted, one, as_row=names == list(wanted) and not in_detail)


def _in_detail(options: StatusOptions, wanted: Sequence[str | None], one: OpenOne, *, as_row: bool) -> int:
    """Show each part of each connection, one after the other; or a single one as the only row of the table."""
    known = LastKnown()
    while True:
        worst = 0
        for name in wanted:
            with one(name) as runner:
                worst = max(worst, _show(runner, known, options, as_row=as_row))
        if not options.watch:
            return worst
        time.sleep(options.interval or LOOK_EVERY)


def _show(runner: PlainRunner, known: LastKnown, options: StatusOptions, *, as_row: bool) -> int:
    """Read one connection and print it; `known` has the earlier looks of this run."""
    as_json, watching = options.output.as_json, options.watch
    spec = runner.spec()
    store = runner.services.store
    last, kept = store.last_verify(spec.name), store.looks(spec.name)

    async def work(ports: Ports) -> Status:
        return await with_drift(await status(spec, ports, last), ports.cloud, kept)

    seen = runner.with_ports(spec.name, work)
    seen = known.take(seen)
    if as_json:
        runner.console.json(seen.to_json())
    elif as_row:
        opened = Opened(runner.services, spec, ())
        looked = Looked(spec.name, seen, opened=opened)
        command = str(runner.services.command("status", spec.name))
        _show_table([StatusRow.of(looked)], runner.console, runner.services.clock.now(), command)
    else:
        show_status(seen, runner.console)
        if not watching:
            following = runner.services.command(_following(seen, told=bool(options.output.verbose)), spec.name)
            runner.console.say(translate("Next: {command}", command=inert(str(following))))
    return 0 if seen.healthy else NOT_HEALTHY


def _following(seen: Status, *, told: bool) -> str:
    """Return the command after a status: what repairs it, what tells the remedies of warnings, or a further look.

    Args:
        seen: the status.
        told: whether the remedies were shown.
    """
    if seen.only_verification_failed:
        return "verify"
    if not seen.healthy:
        return "plan"
    return "status -v" if not told and any(line.problem is not None for line in seen.lines) else "status --watch"


def _report(options: StatusOptions, names: Sequence[str], many: ManyLooks, console: Console) -> int:
    """Report for programs: a monitoring plugin's line, a file of metrics, a command that gets changes."""
    file = many.metrics(options.prometheus) if options.prometheus is not None else None
    if file is not None:
        file.check()
    teller = many.on_change(options.on_change) if options.on_change is not None else None
    many.looks.asks_for_uses = teller is not None
    interval = options.interval or LOOK_EVERY
    known = LastKnown() if options.watch else None
    shown = Watching(console, interval) if options.watch and not options.output.as_json else None
    quiet = options.nagios or not console.out.isatty()  # cron sends printed output by mail
    with teller.lock if teller is not None else nullcontext():
        telling = Telling(teller, console, many.clock) if teller is not None else None
        many.looks.earlier = telling.earlier if telling is not None else None
        while True:
            take = telling.take if telling is not None else None
            rows = _look(names, many, console, as_json=options.output.as_json, known=known, take=take)
            now = many.clock.now()
            if file is not None:
                file.write(metrics(rows, now))
            told = telling.tell() if telling is not None else True
            if options.watch:
                if shown is not None:
                    shown.show(rows, now)
                time.sleep(interval)
                continue
            if options.nagios:
                line, status_ = nagios(rows)
                console.result(line)
                return status_
            if not quiet and not options.output.as_json:
                _show_table(rows, console, now, "kbq-tui status NAME")
            return _exit_status(rows) or (0 if told else 1)


def _once(options: StatusOptions, names: Iterable[str], many: ManyLooks, console: Console) -> int:
    """Read connections once, and print a table; or JSON, each as soon as it is its turn."""
    rows = _look(names, many, console, as_json=options.output.as_json)
    if not options.output.as_json:
        _show_table(rows, console, many.clock.now(), "kbq-tui status NAME")
    unread = [row.problem for row in rows if not row.looked and row.problem is not None]
    if len(unread) == len(rows) and len({problem.code for problem in unread}) == 1:
        console.problem(unread[0])  # one cause for all of them, such as that nobody is signed in
        return unread[0].exit_code
    return _exit_status(rows)


def _show_table(rows: Sequence[StatusRow], console: Console, now: datetime, command: str) -> None:
    for line in (*lines_of(rows, console, now), *unread_lines(rows)):
        console.result(line)
    console.result(translate("{sum}. Details: {command}", sum=sum_of(rows, console), command=command))


def _watch(options: StatusOptions, names: Sequence[str], many: ManyLooks, console: Console) -> int:
    """Read again and again, until interrupted."""
    interval = options.interval or LOOK_EVERY
    known, shown = LastKnown(), Watching(console, interval)
    while True:
        rows = _look(names, many, console, as_json=options.output.as_json, known=known)
        if not options.output.as_json:
            shown.show(rows, many.clock.now())
        time.sleep(interval)


def _look(
    names: Iterable[str],
    many: ManyLooks,
    console: Console,
    *,
    as_json: bool,
    known: LastKnown | None = None,
    take: Callable[[StatusRow, Looked], None] | None = None,
) -> list[StatusRow]:
    """Read connections and return their rows; all other data is released at once, because there can be thousands.

    Args:
        names: the connections.
        many: reads them.
        console: takes JSON.
        as_json: print each as JSON.
        known: earlier looks, which are shown during an outage; None if there is only one look.
        take: called with each look and its row.
    """

    async def work() -> list[StatusRow]:
        rows: list[StatusRow] = []
        async for looked in many.looks.each(names):
            shown = looked.with_status(known.take(looked.status)) if known and looked.status else looked
            row = StatusRow.of(shown)
            rows.append(row)
            if take is not None:
                take(row, shown)
            if as_json:
                console.json(shown.status.to_json() if shown.status else _unread(row, shown, many.clock.now()))
        return rows

    return many.run(work())


def _unread(row: StatusRow, looked: Looked, now: datetime) -> dict[str, object]:
    """Return the JSON of a connection that could not be read."""
    problem = looked.problem.to_json() if looked.problem is not None else None
    return {
        "schema": "kbq-tui/status/v1",
        "connection": row.name,
        "project_id": row.project or None,
        "at": now.isoformat(),
        "as_of": None,
        "stale": False,
        "healthy": False,
        "complete": False,
        "left_out": ["look"],
        "lines": [
            {"id": "look", "title": "Look", "health": "unknown", "text": str(row.reason), "problem": problem},
        ],
    }


def _exit_status(rows: Iterable[StatusRow]) -> int:
    return NOT_HEALTHY if any(row.state in (State.FAILING, State.UNREAD) for row in rows) else 0
