"""How the program ends on signals, closed pipes and unexpected errors."""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from kbq_tui.i18n.messages import translate

COMPLETE_VARIABLE = "_KBQ_TUI_COMPLETE"
"""Set by a shell that requests completions."""


@contextmanager
def signals_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program like an exception, so that resources are closed.

    SIGQUIT (Ctrl and backslash) as well: by default it would leave a core dump. The statuses are 143, 129 and 131.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # An ignored signal stays ignored: this is how nohup keeps a program alive when its terminal goes.
    heeded = [n for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def status_of(work: Callable[[], object]) -> int:
    """Run the program's work, and return its exit status, however it ends.

    Args:
        work: returns an exit status; anything else counts as 0. What click raises is shown in click's form.
    """
    try:
        status = work()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  the outermost boundary
        for known in (_of_output(error), _of_click(error), _of_threads(error)):
            if known is not None:
                return known
        return unexpected(error)
    return status if isinstance(status, int) else 0


class _StandardError(io.FileIO):
    """Our own descriptor of standard error, which no program gets that a library starts with ``stderr=sys.stderr``."""

    def fileno(self) -> int:
        """Return 2: what a program writes there can be led elsewhere."""
        return 2


def stand_in() -> None:
    """Replace standard streams that are closed (`>&-`) by the null device, and give standard error a descriptor.

    Python has None for closed streams, which code that writes does not expect; and the next file that is opened, such
    as one for a key, would get the descriptor to which libraries write their messages.

    `sys.stderr` and `sys.__stderr__`, on which Textual draws, get another descriptor than 2, which only libraries and
    the programs that they start use (see `local.foreign_output`). A program whose output the operator should see is
    given `sys.__stderr__`.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115  it stays open to the end
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
    if isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr.fileno() == 2:
        own, stream = os.dup(2), sys.stderr
        # Without a buffer: text that cannot be written is lost, and does not fail again together with what comes after
        # it. Textual needs a buffer: a signal, such as that of a resize, may cut a write short.
        raw = _StandardError(own, "w")
        sys.stderr = io.TextIOWrapper(raw, stream.encoding, stream.errors, write_through=True)
        drawn_on = open(own, "w", encoding=stream.encoding, errors=stream.errors, closefd=False)  # noqa: SIM115
        sys.__stderr__ = drawn_on  # type: ignore[misc]
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # invalid text is refused where it is read
    if isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):
        # PYTHONUNBUFFERED: text that cannot be written would be dropped, without a sign that it was lost. All code that
        # writes here flushes itself.
        encoding, errors = sys.stdout.encoding, sys.stdout.errors
        sys.stdout = open(1, "w", encoding=encoding, errors=errors, closefd=False)  # noqa: SIM115


def _of_output(error: Exception) -> int | None:
    """Return the status if standard output has failed; None for any other error."""
    leaves = list(_leaves(error))
    why: OSError | None = None
    if not all(isinstance(leaf, BrokenPipeError) for leaf in leaves):
        if not all(isinstance(leaf, OSError) for leaf in leaves):
            return None
        try:
            sys.stdout.flush()  # what could not be written is still in the buffer, and would fail again
        except OSError as again:
            why = again
        except ValueError:  # closed
            return None
        if why is None:
            return None
    # Without this, Python complains once more when it closes standard output.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if why is not None and not isinstance(why, BrokenPipeError):  # otherwise the reader has closed it on purpose
        _tell(translate("Standard output cannot be written: {why}.", why=why.strerror or type(why).__name__))
    return 1


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that a task group has wrapped, or the error itself."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def _tell(text: str) -> None:
    """Write to standard error, if that is possible."""
    with suppress(OSError):
        sys.stderr.write(f"kbq-tui: {text}\n")
        sys.stderr.flush()


def _of_click(error: Exception) -> int | None:
    """Return the status of click's exceptions; None for any other error, and if click was never imported."""
    if "click" not in sys.modules:
        return None
    import click

    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        from io import StringIO

        from kbq_tui.model.secret import scrub_typed

        shown = StringIO()
        error.show(shown)
        with suppress(OSError):  # the status is enough if nothing can be printed
            click.echo(scrub_typed(shown.getvalue()), err=True, nl=False)  # its text repeats what was typed
        return error.exit_code
    if isinstance(error, click.Abort):
        return 130 if isinstance(error.__cause__, KeyboardInterrupt) else 1
    return None


def _of_threads(error: Exception) -> int | None:
    """Return the status if a library could not start a thread; None for any other error."""
    if not all(isinstance(leaf, RuntimeError) and "start new thread" in str(leaf) for leaf in _leaves(error)):
        return None
    _tell(
        translate(
            "No thread can be started: a limit of the system is reached. End other programs, or raise the limit "
            "(ulimit -u, the service's TasksMax, the container's pids limit)."
        )
    )
    return 1


def leave(status: int) -> NoReturn:
    """End the process now.

    An orderly end of the interpreter takes a fifth of a second to clean up Google's libraries, and could wait for a
    daemon thread in a call that hangs. Everything that must be closed has been closed before.
    """
    if (logging := sys.modules.get("logging")) is not None:
        logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def unexpected(error: Exception) -> int:
    """Write an unexpected error to the log, with its traceback, scrubbed; tell the operator where.

    Returns:
        The exit status, 1.
    """
    path = ""
    with suppress(Exception):  # whatever is broken, the operator should read a message
        path = _logged(error)
    kind = type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        what = translate(
            "unexpected error ({kind}: no module {name}; install kbq-tui again).", kind=kind, name=error.name
        )
    else:
        what = translate("unexpected error ({kind}).", kind=kind)
    where = " " + translate("The log has the details: {path}.", path=path) if path else ""
    last = translate("For a bug report, add what this prints: kbq-tui doctor")
    _tell(f"{what}{where}\n{last}")
    return 1


def _logged(error: Exception) -> str:
    import logging

    from kbq_tui.local import late_log
    from kbq_tui.local.log import start_log
    from kbq_tui.local.paths import Paths

    late_log.begin_now()
    files = [h.baseFilename for h in logging.getLogger().handlers if isinstance(h, logging.FileHandler)]
    path = files[0] if files else ""
    if not path:
        started, _ = start_log(Paths.from_env(os.environ).log)
        path = str(started or "")
    logging.getLogger("kbq_tui").error("unexpected error", exc_info=error)
    return path
