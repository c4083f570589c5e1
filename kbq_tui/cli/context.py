"""What all commands share: streams, log, runner and terminal, and how problems end them."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TextIO

from kbq_tui.cli.bootstrap import Adapters, build
from kbq_tui.cli.command_options import OF_FILE, CliOptions, ConnectionOptions, OutputOptions, UsageError
from kbq_tui.i18n.messages import N_, Message, render, translate
from kbq_tui.local.loop import Loop
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.text import inert

if TYPE_CHECKING:  # the plain face is not imported if screens come next
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from kbq_tui.cli.console import Console
    from kbq_tui.cli.runner import PlainRunner
    from kbq_tui.engine.services import AppServices
    from kbq_tui.local.terminal import Capabilities
    from kbq_tui.model.command import Command
    from kbq_tui.model.problem import Context, Problem
    from kbq_tui.model.spec import ConnectionSpec

_STOPPING = N_("Stopping as soon as what has begun is finished. Ctrl+C again leaves at once.")
_HUNG_UP = 129
"""Exit status if the terminal was closed: there is nowhere to print to."""


@contextmanager
def failed(output: OutputOptions) -> Iterator[None]:
    """Turn invalid options into a usage error, and a problem into its text and exit status."""
    try:
        yield
    except UsageError as error:
        import click

        raise click.UsageError(render(error.args[0])) from None
    except ProblemError as error:
        _end(output, error.problem)
    except BaseExceptionGroup as group:
        # A task group wraps what its tasks raise; a problem in it is still a problem.
        problems, rest = group.split(ProblemError)
        if problems is None or rest is not None:
            raise
        _end(output, next(_leaves(problems)).problem)


def _end(output: OutputOptions, problem: Problem) -> NoReturn:
    """Print a problem, log it, and exit with its status."""
    import logging

    log = logging.getLogger("kbq_tui")
    if log.hasHandlers():  # without a log, it would go to stderr
        log.warning("[%s] %s: %s", problem.code, problem.title, problem.original or problem.cause)
    console_of(output).problem(problem)
    raise SystemExit(problem.exit_code) from None


def _leaves(group: BaseExceptionGroup[ProblemError]) -> Iterator[ProblemError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def console_of(output: OutputOptions, *, together: bool = False) -> Console:
    """Return the console.

    Args:
        output: the options.
        together: print everything to standard output, so that a conversation stays in one stream.
    """
    from kbq_tui.cli.console import Console
    from kbq_tui.cli.live import LiveLines, size_of
    from kbq_tui.local.terminal import detect

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    err: TextIO = sys.stdout if together else sys.stderr
    found = detect(os.environ, ascii_wanted=output.ascii_)
    colours = bool(found.colours) and not output.no_color
    return Console(
        sys.stdout,
        err,
        out_colour=colours and sys.stdout.isatty(),
        err_colour=colours and err.isatty(),
        ascii=found.ascii,
        verbose=bool(output.verbose),
        live=LiveLines(err, lambda: size_of(err)) if err.isatty() and found.moves_cursor else None,
    )


def options_of(
    connection: ConnectionOptions,
    output: OutputOptions,
    *,
    as_filed: bool = False,
    may_create: bool = False,
    despite_files: bool = False,
) -> CliOptions:
    """Return the options with the connection file's keys."""
    account = connection.service_account
    return CliOptions(
        values={
            **{name: getattr(connection, name) for name in OF_FILE},
            "account_id": account.partition("@")[0] if account else None,
        },
        account_email=account if account and "@" in account else None,
        name=connection.name,
        config=Path(connection.config) if connection.config else None,
        timeout=connection.timeout,
        log_file=Path(output.log_file) if output.log_file else None,
        verbose=output.verbose,
        as_filed=as_filed,
        may_create=may_create,
        despite_files=despite_files,
    )


class CommandContext:
    """A running command; a context manager.

    Args:
        output: the options for the output.
        connection: the options for the connection.
        adapters: everything built.
        loop: runs coroutines.
    """

    def __init__(self, output: OutputOptions, connection: ConnectionOptions, adapters: Adapters, loop: Loop) -> None:
        self.output = output
        self.connection = connection
        self.adapters = adapters
        self.loop = loop

    @classmethod
    def of(
        cls,
        output: OutputOptions,
        connection: ConnectionOptions | None = None,
        *,
        screens: bool = False,
        again: bool = False,
        told: set[str] | None = None,
        as_filed: bool = False,
        may_create: bool = False,
        despite_files: bool = False,
    ) -> CommandContext:
        """Build everything, and start the log.

        Args:
            output, connection: the options.
            screens: whether screens come next, which have their own place for notices.
            again: whether the notices have been printed.
            told: the notes that this command has printed already; those printed now are added.
            as_filed, may_create, despite_files: as in `CliOptions`.

        Raises:
            UsageError, ProblemError: options are not valid, or files cannot be read.
        """
        connection = connection or ConnectionOptions()
        chosen = options_of(connection, output, as_filed=as_filed, may_create=may_create, despite_files=despite_files)
        if chosen.log_file is not None:
            from kbq_tui.local.log import check_log

            check_log(chosen.log_file)
        adapters = build(chosen)
        notes = _begin_log(Path(adapters.services.log_path), chosen.verbose, screens=screens)
        if not again and not screens:
            notes += adapters.services.notices
        if notes:
            console, told = console_of(output), set() if told is None else told
            for text in dict.fromkeys(inert(render(note)) for note in notes):
                if text not in told:
                    console.say(translate("note: {note}", note=text))
                    told.add(text)
        return cls(output, connection, adapters, Loop(lambda: console_of(output).say(translate(_STOPPING))))

    @cached_property
    def runner(self) -> PlainRunner:
        """What plain commands are given."""
        from kbq_tui.cli.runner import PlainRunner
        from kbq_tui.local.plan_file import PlanFiles

        console = console_of(self.output)
        return PlainRunner(
            services=self.adapters.services,
            console=console,
            run=self.loop.run,
            spec=self.spec,
            lock=self.lock,
            local_keys=self.adapters.keys,
            check_report=_check_report,
            write=_write_report,
            check_bad_rows=_check_bad_rows,
            write_bad_rows=_write_bad_rows,
            plans=PlanFiles(),
            confirm=None if self.output.as_json else _confirm(console),
            ask_text=None if self.output.as_json else _ask_text(console),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.close()
        if isinstance(error, ProblemError):
            error.problem = self.adapters.services.named(error.problem, self.adapters.name)

    def spec(self) -> ConnectionSpec:
        """Return the connection. Raises UsageError."""
        return self.adapters.spec()

    def lock(self) -> Any:
        """Return the connection's lock, as a context manager."""
        return self.adapters.lock()

    def screens(self, start: Literal["setup", "dashboard"] | None) -> int:
        """Run the screens, and print the summary once they are gone.

        Args:
            start: `setup`, `dashboard`, or None for the dashboard if the set-up is finished, else the set-up.
        """
        found = terminal(self.output, self.connection)
        if not found.usable:
            raise UsageError(found.reason)
        services = self.adapters.services
        if start is None:
            saved = services.store.load(self.adapters.name)
            start = "dashboard" if saved is not None and saved.finished else "setup"
        return run_screens(services, self.output, found, start)


def _begin_log(path: Path, verbose: int, *, screens: bool) -> list[Message]:
    """Start the log; for screens with its first record. Returns why there is none, as lines."""
    import logging

    def start() -> tuple[Path | None, Message]:
        from kbq_tui.local.log import start_log

        return start_log(path, verbose=verbose)

    if screens:
        from kbq_tui.local.late_log import begin_later

        begin_later("kbq_tui", logging.DEBUG if verbose else logging.INFO, start)
        return []
    started, why = start()
    return [] if started is not None else [why]


def terminal(output: OutputOptions, connection: ConnectionOptions | None = None) -> Capabilities:
    """Return this terminal's capabilities; commands that it names instead include the connection."""
    from kbq_tui.local.terminal import detect

    def own(command: Command) -> Command:
        from kbq_tui.shell.own_commands import for_connection

        chosen = connection or ConnectionOptions()
        return for_connection(command, chosen.name or "", chosen.config or "")

    return detect(os.environ, ascii_wanted=output.ascii_, mouse_wanted=output.mouse, own=own)


def run_screens(
    services: AppServices, output: OutputOptions, found: Capabilities, start: Literal["setup", "dashboard"]
) -> int:
    """Run the screens on a terminal; afterwards the summary goes to standard output."""
    from kbq_tui.cli.display_settings import look_for, settings_here
    from kbq_tui.local.foreign_output import dropped
    from kbq_tui.tui.running import run

    look = look_for(output, services.store.preferences(), found, settings_here())
    with dropped():
        ended = run(services, look, start=start)
    if ended.status == _HUNG_UP:
        return ended.status
    if not output.as_json:
        from kbq_tui.cli.leaving import say_goodbye

        say_goodbye(services, ended.summary, console_of(output))
    elif ended.summary is not None:
        console_of(output).json(ended.summary.to_json())
    return ended.status


def _ask_text(console: Console) -> Callable[[str], str] | None:
    """Return a function that asks for a line of text on the terminal, or None without one."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(question: str) -> str:
        console.ask(f"{question} ")
        return sys.stdin.readline().strip()

    return ask


def _confirm(console: Console) -> Callable[[str], bool] | None:
    """Return a function that asks a yes-or-no question on the terminal, or None without one."""
    ask = _ask_text(console)
    if ask is None:
        return None

    from kbq_tui.cli.prompts import means_yes

    return lambda question: means_yes(ask(f"{question} [{translate('y/N')}]"))


def known_context(output: OutputOptions) -> Context:
    """Return what is known of the connection here, for the fields of remedies; nothing if there is none."""
    from kbq_tui.model.problem import Context
    from kbq_tui.planning.diff import context_of

    try:
        return context_of(build(options_of(ConnectionOptions(), output)).spec())
    except (UsageError, ProblemError):
        return Context()


# Files that few commands write: their modules are imported by those commands.


def _check_report(path: str) -> None:
    from kbq_tui.cli.report_file import check_report

    check_report(path)


def _write_report(path: str, text: str) -> None:
    from kbq_tui.cli.report_file import write_report

    write_report(path, text)


def _check_bad_rows(path: str) -> None:
    from kbq_tui.local.bad_rows_file import check_bad_rows

    check_bad_rows(path)


def _write_bad_rows(path: str, rows: Sequence[tuple[str, str, str]]) -> None:
    from kbq_tui.local.bad_rows_file import write_bad_rows

    write_bad_rows(path, rows)
