"""The log file: for bug reports, so nothing in it may be a secret or pretend to be another line."""

import logging
import logging.handlers
import os
import stat
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from kbq_tui.core.secret import scrub
from kbq_tui.core.text import inert
from kbq_tui.core.words import said
from kbq_tui.local.faults import words_of
from kbq_tui.local.files import FILE_MODE, make_folder

ROOT = "kbq_tui"
_SIZE = 1024 * 1024
_FILES = 3
_MESSAGE = 8_000
_TRACE = 20_000


class ScrubbingFormatter(logging.Formatter):
    """Formats a record, then takes out whatever looks like a credential, from the traceback too.

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
            # Scrubbed before it is cut or split: half a key must not slip through.
            trace = inert(scrub(self.formatException(record.exc_info)), _TRACE, keep_lines=True)
            lines += ["    " + line for line in trace.split("\n")]
        return "\n".join(lines)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file, 0600 from its first byte, never through a link, and silent when the disk is full."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        fd = os.open(self.baseFilename, flags, FILE_MODE)
        if stat.S_ISREG(os.fstat(fd).st_mode):  # --log-file /dev/null must not close it to everybody else
            os.fchmod(fd, FILE_MODE)
        return os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace")

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Whether the file has grown too long; a pipe or a device never has."""
        return Path(self.baseFilename).is_file() and bool(super().shouldRollover(record))

    def handleError(self, record: logging.LogRecord) -> None:
        """Drop the record: the usual traceback on stderr would land in the middle of the screen."""


def start_log(path: Path, *, verbose: int = 0) -> tuple[Path | None, str]:
    """Begin to log into a file: this program's messages, and warnings of the libraries.

    Args:
        path: the file, `Paths.log` or `--log-file`.
        verbose: how often `-v` was given: 0 information, 1 and more everything of this program's.

    Returns:
        The file, and an empty text; or None and why there is no log. A log that cannot be written stops nothing.
    """
    stop_log()
    try:
        make_folder(path.parent)
        handler = _PrivateFile(path, maxBytes=_SIZE, backupCount=_FILES, encoding="utf-8")
    except OSError as error:
        logging.getLogger().addHandler(logging.NullHandler())  # or warnings would go to stderr, over the screen
        return None, said("No log: {path}: {why}.", path=path, why=words_of(error))
    handler.setFormatter(ScrubbingFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger(ROOT).setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.captureWarnings(True)
    return path, ""


def stop_log() -> None:
    """Close the log file."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _PrivateFile)]:
        root.removeHandler(handler)
        handler.close()
