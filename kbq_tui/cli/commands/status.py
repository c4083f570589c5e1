"""`kbq-tui status`: whether connections are still all right."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.cli.console import Console
from kbq_tui.cli.render import show_status
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner
from kbq_tui.engine.last_known import LOOK_EVERY, LastKnown
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.status import Status, status
from kbq_tui.i18n.messages import translate
from kbq_tui.model.command import Command
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.shell.own_commands import for_connection

Opened = Callable[[str | None, bool], AbstractContextManager[PlainRunner]]
"""Builds everything for a connection by its name; the second says that its notices have been told."""


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """What was typed.

    Attributes:
        names: the connections; empty for the one that is meant.
        all_: all connections.
        watch: look again and again.
    """

    output: OutputOptions
    connection: ConnectionOptions
    names: tuple[str, ...] = ()
    all_: bool = False
    watch: bool = False


def status_command(options: StatusOptions, wanted: Sequence[str | None], opened: Opened, console: Console) -> int:
    """Look at connections. Exit status 0 where all are healthy, else 6.

    Args:
        options: what was typed.
        wanted: the connections' names; None for one that is made of options alone. Empty where there is none yet.
        opened: builds what is needed for one.
        console: where lines go before there is a connection.
    """
    if not wanted:
        command = for_connection(Command("kbq-tui setup"), "", options.connection.config or "")
        console.say(translate("There is no connection yet: {command}", command=command))
        return NOT_HEALTHY
    known, again = LastKnown(), False
    while True:
        worst = 0
        for name in wanted:
            with opened(name, again) as runner:
                worst = max(worst, _show(runner, known, as_json=options.output.as_json))
        if not options.watch:
            return worst
        again = True
        time.sleep(LOOK_EVERY)


def _show(runner: PlainRunner, known: LastKnown, *, as_json: bool) -> int:
    """Look at one connection and print it; `known` is what earlier looks of this run saw."""
    spec = runner.spec()
    last = runner.services.store.last_verify(spec.name)

    async def work(ports: Ports) -> Status:
        return await status(spec, ports, last)

    seen = runner.with_ports(spec.name, work)
    seen = known.take(seen)
    if as_json:
        runner.console.json(seen.to_json())
    else:
        show_status(seen, runner.console)
    return 0 if seen.healthy else NOT_HEALTHY
