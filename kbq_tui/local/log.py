"""The log file. It is attached to bug reports, so nothing in it may be a secret or look like another entry."""

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path

from kbq_tui.i18n.messages import EMPTY, Message, message
from kbq_tui.local import late_log
from kbq_tui.local.files import FileKind, NotOursError, check_output, open_ours
from kbq_tui.local.os_errors import os_problem, words_of
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.secret import scrub
from kbq_tui.model.text import inert

ROOT = "kbq_tui"
_SIZE = 1_000_000
_FILES = 3
_MESSAGE = 8_000
_TRACE = 20_000


_HEAD = pattern(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 [A-Z]+ \d+ [\w.-]+: ")


def is_log(data: bytes) -> bool:
    """Return whether content is a log of this program: it begins as `ScrubbingFormatter` begins a line."""
    return _HEAD.match(data.lstrip(b"\0")) is not None


LOG = FileKind(message("a log"), is_log)


class ScrubbingFormatter(logging.Formatter):
    """Formats a record, then removes everything that looks like a credential, also from the traceback.

    A message stays on one line and a traceback is indented, so that text from outside cannot forge an entry.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = f"{record.msg} (arguments do not fit)"
        lines = [f"{at} {record.levelname} {record.process} {record.name}: {inert(scrub(message), _MESSAGE)}"]
        if record.exc_info:
            # Scrubbed before it is cut or split, because half a key would not be recognised.
            trace = inert(scrub(self.formatException(record.exc_info)), _TRACE, keep_lines=True)
            lines += ["    " + line for line in trace.split("\n")]
        return "\n".join(lines)


class _PrivateFile(logging.FileHandler):
    """A rotating file, 0600 from its first byte, never through a link, and silent if the disk is full.

    It only appends to, renames or deletes logs of this program. `logging.handlers` has one as well; importing it takes
    as long as all of this program's commands.
    """

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        # The null device is given for a log that nobody wants, so nothing can be lost there.
        fd = os.open(path, os.O_RDWR) if _is_null(path) else open_ours(path, LOG, append=True)[0]
        return os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, into a new file if the present one is long enough; a device never is."""
        try:
            if Path(self.baseFilename).is_file() and self.stream is not None and self.stream.tell() >= _SIZE:
                self._begin_anew()
        except OSError:
            self.handleError(record)
            return
        super().emit(record)

    def _begin_anew(self) -> None:
        """Begin a new file; the older ones are renamed by one number each, skipping names that are in use by other
        files."""
        if self.stream:
            self.stream.close()
            self.stream = None  # if the new file cannot be opened, the next record tries again
        base = Path(self.baseFilename)
        check_output(base, LOG)
        names = [base, *(path for path in _older(base) if _may_take(path))]
        try:
            for newer, older in reversed(list(pairwise(names))):
                with suppress(FileNotFoundError):  # it does not exist yet, or another process was faster
                    newer.replace(older)
        except OSError:  # a folder in which nothing may be renamed: new entries are more important than old ones
            names = [base]
        if len(names) == 1:
            os.truncate(base, 0)
        self.stream = self._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """Drop the record: the usual traceback on stderr would appear in the middle of the screen."""


def _older(path: Path) -> tuple[Path, ...]:
    """Return the paths for older parts of a log, newest first."""
    return tuple(path.with_name(f"{path.name}.{number}") for number in range(1, _FILES + 1))


def _may_take(path: Path) -> bool:
    try:
        check_output(path, LOG)
    except OSError:
        return False
    return True


def _is_null(path: Path) -> bool:
    try:
        return path.samefile(os.devnull)
    except OSError:
        return False


def check_log(path: Path) -> None:
    """Check that a file may be used for the log, as given with `--log-file`. Changes nothing.

    Raises:
        ProblemError: KBQ-FILE-NOT-OURS. Any other obstacle does not stop the program; `start_log` reports it.
    """
    try:
        if not _is_null(path):
            check_output(path, LOG)
    except NotOursError as error:
        raise os_problem(error, path, Code.STATE_UNWRITABLE) from error
    except OSError:
        return


def start_log(path: Path, *, verbose: int = 0) -> tuple[Path | None, Message]:
    """Start to log into a file: this program's messages, and warnings of the libraries.

    Args:
        path: the file, `Paths.log` or `--log-file`.
        verbose: how often `-v` was given: 0 for information, 1 and more for everything of this program.

    Returns:
        The file, and an empty text; or None and why there is no log. A log that cannot be written stops nothing.
    """
    stop_log()
    try:
        handler = _PrivateFile(path, encoding="utf-8")
    except OSError as error:
        logging.getLogger().addHandler(logging.NullHandler())  # otherwise warnings would go to stderr, over the screen
        return None, message("No log: {path}: {why}.", path=path, why=words_of(error))
    handler.setFormatter(ScrubbingFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger(ROOT).setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.captureWarnings(True)
    return path, EMPTY


def stop_log() -> None:
    """Close the log file; a later one is not started any more."""
    late_log.forget()
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _PrivateFile)]:
        root.removeHandler(handler)
        handler.close()
