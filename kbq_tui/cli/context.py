"""What every command has in common: streams, log, runner, terminal; and what becomes of problems."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TextIO

from kbq_tui.cli.bootstrap import CALL_TIMEOUT, Adapters, CliOptions, UsageError, build, choose_name, connections_of
from kbq_tui.i18n.messages import N_, Message, message, render, translate
from kbq_tui.local.loop import Loop
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.text import inert

if TYPE_CHECKING:  # the plain face is not read in where screens come next
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from kbq_tui.cli.console import Console
    from kbq_tui.cli.runner import PlainRunner
    from kbq_tui.engine.services import AppServices
    from kbq_tui.local.files import FileKind
    from kbq_tui.local.terminal import Capabilities
    from kbq_tui.model.problem import Context, Problem
    from kbq_tui.model.spec import ConnectionSpec

_VALUES = (
    "project",
    "location",
    "direction",
    "import_dataset",
    "staging_dataset",
    "export_dataset",
    "key_file",
    "credentials",
    "impersonate",
    "quota_project",
)
_STOPPING = N_("Stopping as soon as what has begun is finished. Ctrl+C again leaves at once.")
_HUNG_UP = 129
"""Exit status where the terminal went away: there is nowhere to print to."""
_PASTED = 256 * 1024
"""Characters of pasted text, and of answers, that are read."""


@contextmanager
def failed(options: Mapping[str, Any]) -> Iterator[None]:
    """Turn what cannot be right into a usage error, and a problem into words and its exit status."""
    try:
        yield
    except UsageError as error:
        import click

        raise click.UsageError(render(error.args[0])) from None
    except ProblemError as error:
        _end(options, error.problem)
    except BaseExceptionGroup as group:
        # A task group wraps what one of its tasks raised; a problem among it is still a problem.
        problems, rest = group.split(ProblemError)
        if problems is None or rest is not None:
            raise
        _end(options, next(_leaves(problems)).problem)


def _end(options: Mapping[str, Any], problem: Problem) -> NoReturn:
    """Tell a problem, and the log, and leave with its exit status."""
    import logging

    log = logging.getLogger("kbq_tui")
    if log.hasHandlers():  # else the log has not been begun, and it would go to stderr
        log.warning("[%s] %s: %s", problem.code, problem.title, problem.original or problem.cause)
    console_of(options).problem(problem)
    raise SystemExit(problem.exit_code) from None


def _leaves(group: BaseExceptionGroup[ProblemError]) -> Iterator[ProblemError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def console_of(options: Mapping[str, Any], *, together: bool = False) -> Console:
    """Return where lines go.

    Args:
        options: `no_color`, `ascii_`, `verbose` as typed.
        together: everything goes to standard output: a conversation is not to be torn apart.
    """
    from kbq_tui.cli.console import Console
    from kbq_tui.cli.live import LiveLines, size_of
    from kbq_tui.local.terminal import detect

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    err: TextIO = sys.stdout if together else sys.stderr
    found = detect(os.environ, ascii_wanted=options.get("ascii_"))
    colours = bool(found.colours) and not options.get("no_color")
    return Console(
        sys.stdout,
        err,
        out_colour=colours and sys.stdout.isatty(),
        err_colour=colours and err.isatty(),
        ascii=found.ascii,
        verbose=bool(options.get("verbose")),
        live=LiveLines(err, lambda: size_of(err)) if err.isatty() and found.moves_cursor else None,
    )


def options_of(options: Mapping[str, Any]) -> CliOptions:
    """Return what was typed, in the connection file's words."""
    account: str | None = options.get("service_account")
    path: str | None = options.get("config")
    log: str | None = options.get("log_file")
    return CliOptions(
        values={**{k: options.get(k) for k in _VALUES}, "account_id": account.partition("@")[0] if account else None},
        account_email=account if account and "@" in account else None,
        name=options.get("name"),
        config=Path(path) if path else None,
        timeout=options.get("timeout", CALL_TIMEOUT),
        log_file=Path(log) if log else None,
        verbose=options.get("verbose", 0),
        as_filed=bool(options.get("as_filed")),
        may_create=bool(options.get("may_create")),
        despite_files=bool(options.get("despite_files")),
    )


class CommandContext:
    """A command at work; a context manager.

    Args:
        options: as typed.
        place: the adapters.
        loop: runs what is asynchronous.
    """

    def __init__(self, options: Mapping[str, Any], place: Adapters, loop: Loop) -> None:
        self.options = options
        self.place = place
        self.loop = loop

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> CommandContext:
        """Build everything, and begin the log.

        Args:
            options: as typed; `screens` where screens come next, `again` where the notices have been told.

        Raises:
            UsageError, ProblemError: for what cannot be right, and files that cannot be read.
        """
        chosen = options_of(options)
        if chosen.log_file is not None:
            from kbq_tui.local.log import check_log

            check_log(chosen.log_file)
        place = build(chosen)
        notes = _begin_log(Path(place.services.log_path), chosen.verbose, screens=bool(options.get("screens")))
        if not options.get("again") and not options.get("screens"):  # screens have a place of their own for them
            notes += place.services.notices
        if notes:
            console = console_of(options)
            for note in notes:
                console.say(translate("note: {note}", note=inert(render(note))))
        return cls(options, place, Loop(lambda: console_of(options).say(translate(_STOPPING))))

    @cached_property
    def runner(self) -> PlainRunner:
        """What plain commands are handed."""
        from kbq_tui.cli.runner import PlainRunner

        console = console_of(self.options)
        confirm = None if self.options.get("as_json") else _confirm(console)
        return PlainRunner(self.place.services, console, self.loop.run, write_report, confirm)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.close()
        if isinstance(error, ProblemError):
            error.problem = self.place.services.named(error.problem, self.place.name)

    def spec(self) -> ConnectionSpec:
        """Return the connection. Raises: UsageError."""
        return self.place.spec()

    def lock(self) -> Any:
        """Return the connection's lock, as a context manager."""
        return self.place.lock()

    def need_consent(self, yes: bool) -> None:
        """Raise: UsageError, where nobody has agreed and nobody can be asked."""
        if not yes and self.runner.confirm is None:
            raise UsageError(message("Nobody can be asked here. Give --yes to go ahead."))

    def screens(self, start: Literal["setup", "dashboard"] | None) -> int:
        """Run the screens, and print the summary once they are gone.

        Args:
            start: `setup`, `dashboard`, or None for what fits: the dashboard once the set-up is finished.
        """
        found = terminal(self.options)
        if not found.usable:
            raise UsageError(found.reason)
        services = self.place.services
        if start is None:
            saved = services.store.load(self.place.name)
            start = "dashboard" if saved is not None and saved.finished else "setup"
        return run_screens(services, self.options, found, start)

    def plain_setup(self, answers: str | None) -> int:
        """Ask on lines, or take the answers from a file."""
        from kbq_tui.cli.answers_file import AnswersError, FromFile
        from kbq_tui.cli.commands.guided import Setup
        from kbq_tui.cli.prompts import Asker, FromLines, NoAnswerError

        console = console_of(self.options, together=not self.options.get("as_json"))
        asker: Asker
        if answers is None:
            asker = FromLines(console, sys.stdin.readline)
        else:
            try:
                with Path(answers).open(encoding="utf-8", errors="replace") as file:
                    asker = FromFile(console, file.read(_PASTED), answers)  # /dev/zero has no end
            except (AnswersError, OSError) as error:
                raise UsageError(str(error)) from None
        with self.lock():
            runner = replace(self.runner, console=console, confirm=asker.confirm)
            guided = Setup(runner, asker, self.place.services.draft, self.place.typed)
            try:
                return guided.run(bool(self.options.get("as_json")))
            except AnswersError as error:
                raise UsageError(str(error)) from None
            except NoAnswerError as error:
                raise UsageError(
                    message("The input ended, and nobody answered: {question}", question=str(error))
                ) from None

    def fix_permissions(self, spec: ConnectionSpec, *, agreed: bool) -> int:
        """Make the key file, and its folder where it is ours, private again, after a yes."""
        from kbq_tui.engine.ports import own

        console, confirm = self.runner.console, self.runner.confirm
        local = self.place.keys.inspect(spec.key_file, spec.project, spec.account_email)
        mend = self.place.services.command("key mend", spec.name)
        for warning in local.warnings if local is not None else ():
            console.say(inert(render(warning.with_values(lambda value: own(value, lambda _: mend)))))
        path = inert(local.path) if local is not None else translate("the key file")
        if not agreed and (confirm is None or not confirm(translate("Make {path} readable by you only?", path=path))):
            console.say(translate("Nothing was changed."))
            return 1
        done = self.place.keys.fix_permissions(spec.key_file, spec.project, spec.account_email)
        for line in done or (message("Nothing had to be changed."),):
            console.result(inert(render(line)))
        return 0

    def shred(self, spec: ConnectionSpec, *, agreed: bool) -> int:
        """Destroy the key file, after a yes."""
        console, confirm = self.runner.console, self.runner.confirm
        local = self.place.keys.inspect(spec.key_file, spec.project, spec.account_email)
        path = local.path if local is not None else ""
        if (
            not agreed
            and path
            and (
                confirm is None
                or not confirm(translate("Destroy {path}? Klaviyo must have it by now.", path=inert(path)))
            )
        ):
            console.say(translate("Nothing was changed."))
            return 1
        left = self.place.keys.shred(spec.key_file, spec.project, spec.account_email)
        console.result(translate("Destroyed {path}.", path=inert(path)))
        console.say(render(left))
        return 0


def guided(typed: Mapping[str, Any] | None = None) -> int:
    """Run the set-up, or the dashboard once it is finished: what `kbq-tui` alone does, with what was typed of looks.

    Among several connections none can be meant, so it is the dashboard, which has them all.
    """
    from kbq_tui.local.paths import Paths

    options = {**(typed or {}), "screens": True}
    with failed(options):
        names = connections_of(options_of(options), Paths.from_env(os.environ)).names()
        several = len(names) > 1 and "default" not in names
        if several:
            options |= {"name": names[0], "as_filed": True}
        with CommandContext.of(options) as here:
            return here.screens("dashboard" if several else None)


def set_up() -> int:
    """Run the set-up on the screens: what `kbq-tui setup` does without any option."""
    options = {"screens": True, "may_create": True}
    with failed(options), CommandContext.of(options) as here:
        return here.screens("setup")


def _begin_log(path: Path, verbose: int, *, screens: bool) -> list[Message]:
    """Begin the log, for screens with its first record. Returns why there is none, for lines."""
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


def terminal(options: Mapping[str, Any]) -> Capabilities:
    """Return what this terminal can do."""
    from kbq_tui.local.terminal import detect

    def own(command: str) -> str:
        from kbq_tui.shell.own_commands import for_connection

        return for_connection(command, options.get("name") or "", options.get("config") or "")

    return detect(os.environ, ascii_wanted=options.get("ascii_"), mouse_wanted=options.get("mouse"), own=own)


def run_screens(
    services: AppServices, options: Mapping[str, Any], found: Capabilities, start: Literal["setup", "dashboard"]
) -> int:
    """Run the screens on a terminal; the summary goes to standard output afterwards."""
    from kbq_tui.cli.display_settings import look_for, settings_here
    from kbq_tui.tui.app import run

    look = look_for(options, services.store.preferences(), found, settings_here())
    ended = run(services, look, start=start)
    if ended.summary is not None and ended.status != _HUNG_UP:
        from kbq_tui.cli.render import show_summary

        console = console_of(options)
        if options.get("as_json"):
            console.json(ended.summary.to_json())
        else:
            show_summary(ended.summary, console)
    return ended.status


def _report_kind() -> FileKind:
    from kbq_tui.export.report import is_report
    from kbq_tui.local.files import FileKind

    return FileKind(message("a report"), is_report, follows_links=True)


def check_report(path: str | None) -> None:
    """Make sure that a report may be written to `path`, before the work that it reports. Raises: ProblemError."""
    from kbq_tui.local.files import check_output
    from kbq_tui.local.os_errors import os_problem

    if path is not None:
        try:
            check_output(Path(path), _report_kind())
        except OSError as error:
            raise os_problem(error, path, "KBQ-STATE-UNWRITABLE") from error


def write_report(path: str, text: str) -> None:
    """Write a report that the operator asked for: whole or not at all. Raises: ProblemError."""
    from kbq_tui.local.files import write_atomic
    from kbq_tui.local.os_errors import os_problem

    try:
        write_atomic(Path(path), text.encode(), _report_kind())
    except OSError as error:
        raise os_problem(error, path, "KBQ-STATE-UNWRITABLE") from error


def _confirm(console: Console) -> Callable[[str], bool] | None:
    """Return what asks a yes-or-no question on the terminal, or None without one."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    from kbq_tui.cli.prompts import means_yes

    def confirm(question: str) -> bool:
        console.ask(f"{question} [{translate('y/N')}] ")
        return means_yes(sys.stdin.readline().strip())

    return confirm


def status_of_all(options: Mapping[str, Any], names: tuple[str, ...], *, every: bool, watch: bool) -> int:
    """Look at the connections named, at all, or at the one that is meant. Exit status 6 where one is not healthy."""
    import time

    from kbq_tui.cli.commands.set_up import status_command
    from kbq_tui.cli.runner import NOT_HEALTHY
    from kbq_tui.engine.last_known import LOOK_EVERY, LastKnown
    from kbq_tui.local.paths import Paths
    from kbq_tui.shell.own_commands import for_connection

    chosen = options_of(options)
    connections = connections_of(chosen, Paths.from_env(os.environ))
    known = connections.names()
    for name in names or ((None,) if chosen.config is not None else ()):
        choose_name(replace(chosen, name=name), connections)  # names one that is not there
    if not known and not names and (every or "project" not in build(chosen).beliefs):
        command = for_connection("kbq-tui setup", "", options.get("config") or "")
        console_of(options).say(translate("There is no connection yet: {command}", command=command))
        return NOT_HEALTHY
    wanted = known if every else names or (choose_name(chosen, connections),)
    shared = {**options, "as_filed": len(wanted) > 1 or every}
    seen = LastKnown()
    while True:
        worst = 0
        for name in wanted:
            # Without any connection, what is meant is made of the options, and has no name that could be given.
            with CommandContext.of({**shared, "name": name if name in known else None}) as here:
                as_json = bool(options.get("as_json"))
                worst = max(worst, status_command(here.runner, here.spec(), as_json=as_json, known=seen))
        if not watch:
            return worst
        shared["again"] = True
        time.sleep(LOOK_EVERY)


def explain_text(text: str | None, options: Mapping[str, Any]) -> int:
    """Explain a text given, or on standard input."""
    from kbq_tui.cli.commands.set_up import explain_command

    console = console_of(options)
    if text is None or text == "-":
        if sys.stdin.isatty():
            console.say(translate("Paste the error, then press Ctrl+D on a line of its own."))
        text = sys.stdin.read(_PASTED)
    if not text.strip():
        raise UsageError(message("There is no text to explain."))
    return explain_command(console, text, _context(options), as_json=bool(options.get("as_json")))


def _context(options: Mapping[str, Any]) -> Context:
    """Return what is known of the connection here, to fill the blanks; nothing where there is none."""
    from kbq_tui.model.problem import Context
    from kbq_tui.planning.diff import context_of

    try:
        return context_of(build(options_of(options)).spec())
    except (UsageError, ProblemError):
        return Context()
