"""Commands on many connections at once: which ones, and how they are read."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kbq_tui.cli.bootstrap import build, connections_of
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions, UsageError
from kbq_tui.cli.connection_choice import choose_name
from kbq_tui.cli.context import CommandContext, options_of
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.text import inert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kbq_tui.cli.console import Console
    from kbq_tui.cli.runner import ManyLooks
    from kbq_tui.engine.looks import Opened


def wanted_connections(
    names: tuple[str, ...], connection: ConnectionOptions, output: OutputOptions, *, every: bool
) -> tuple[str | None, ...]:
    """Return the connections to use: the named ones, the one that consists of options, or all.

    Returns:
        Their names; None for one that consists of options and environment alone. Empty if there is none yet.

    Raises:
        UsageError: a named one does not exist, or several could be meant.
    """
    from kbq_tui.local.paths import Paths

    chosen = options_of(connection, output)
    connections = connections_of(chosen, Paths.from_env(os.environ))
    known = connections.names()
    for name in names or ((None,) if chosen.config is not None else ()):
        choose_name(replace(chosen, name=name), connections)  # raises an error that names the one that does not exist
    if not known and not names and (every or "project" not in build(chosen).settings):
        return ()
    every = every or bool(known and not names and not connection.chosen)
    wanted = known if every else names or (choose_name(chosen, connections),)
    return tuple(name if name in known else None for name in wanted)


def opener(connection: ConnectionOptions, output: OutputOptions, *, as_filed: bool) -> Callable[[str], Opened]:
    """Return what builds, by its name, what is needed to read one of many connections. It may raise ProblemError."""
    from kbq_tui.diagnosis import catalogue
    from kbq_tui.engine.looks import Opened
    from kbq_tui.local.connection_file import ListedConnections
    from kbq_tui.local.paths import Paths
    from kbq_tui.model.problem import Context

    chosen = options_of(connection, output, as_filed=as_filed)
    connections = ListedConnections(Paths.from_env(os.environ).connections, chosen.config)

    def open_(name: str) -> Opened:
        try:
            adapters = build(replace(chosen, name=name), connections=connections)
            return Opened(adapters.services, adapters.spec(), adapters.operator)
        except UsageError as error:
            wrong = catalogue.problem(Code.VALUE_INVALID, Context(), field=name, reason=error.args[0])
            raise ProblemError(wrong) from None

    return open_


@contextmanager
def many_looks(connection: ConnectionOptions, output: OutputOptions, *, as_filed: bool) -> Iterator[ManyLooks]:
    """Yield what reads many connections, without choosing one."""
    from kbq_tui.cli.runner import ManyLooks
    from kbq_tui.engine.looks import Looks
    from kbq_tui.local.metrics_file import MetricsFile
    from kbq_tui.local.on_change import OnChange

    none_chosen = replace(connection, name=None)
    with CommandContext.of(output, none_chosen, as_filed=True, despite_files=True) as here:
        paths, clock = here.adapters.paths, here.adapters.clock
        looks = Looks(opener(connection, output, as_filed=as_filed))
        many = ManyLooks(looks, here.loop.run, clock, lambda cmd: OnChange(cmd, paths, clock), MetricsFile)
        try:
            yield many
        finally:
            here.loop.run(many.looks.close())


@contextmanager
def unknown_to_nagios(console: Console) -> Iterator[None]:
    """Turn invalid options, and a problem, into the line and the exit status of a monitoring plugin."""
    from kbq_tui.cli.commands.status.monitoring import UNKNOWN, nagios_line

    try:
        yield
    except (UsageError, ProblemError) as error:
        problem = error.problem if isinstance(error, ProblemError) else None
        text = f"{problem.title}: {problem.cause}" if problem is not None else str(error.args[0])
        console.result(nagios_line(UNKNOWN, inert(text, 500)))
        raise SystemExit(UNKNOWN) from None
