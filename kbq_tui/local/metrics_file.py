"""The file of metrics for Prometheus' textfile collector: written completely or not at all, readable by the
collector."""

from pathlib import Path

from kbq_tui.i18n.messages import message
from kbq_tui.local.files import FileKind, check_output, write_atomic
from kbq_tui.local.os_errors import os_problem
from kbq_tui.model.codes import ProblemCode as Code

METRICS = FileKind(message("metrics"), lambda data: data.startswith(b"# HELP kbq_tui_"), mode=0o644)


class MetricsFile:
    """A file of metrics. Every method may raise ProblemError.

    Args:
        path: the file. The collector reads those that end in `.prom`.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def check(self) -> None:
        """Check that it may be written, before the work begins."""
        try:
            check_output(self._path, METRICS)
        except OSError as error:
            raise os_problem(error, self._path, Code.STATE_UNWRITABLE) from error

    def write(self, text: bytes) -> None:
        """Replace the whole file. A new one is 0644: it contains no secret, and another user has to read it."""
        try:
            write_atomic(self._path, text, METRICS)
        except OSError as error:
            raise os_problem(error, self._path, Code.STATE_UNWRITABLE) from error
