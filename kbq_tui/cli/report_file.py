"""Writes a report to a file."""

from pathlib import Path

from kbq_tui.export.report import is_report
from kbq_tui.i18n.messages import message
from kbq_tui.local.files import FileKind, check_output, write_atomic
from kbq_tui.local.os_errors import os_problem
from kbq_tui.model.codes import ProblemCode as Code

REPORT = FileKind(message("a report"), is_report, follows_links=True)
"""The kind of a report file, which may be overwritten."""


def check_report(path: str) -> None:
    """Check that a report may be written to `path`, before the work. Raises ProblemError."""
    try:
        check_output(Path(path), REPORT)
    except OSError as error:
        raise os_problem(error, path, Code.STATE_UNWRITABLE) from error


def write_report(path: str, text: str) -> None:
    """Write a report that the operator asked for, completely or not at all. Raises ProblemError."""
    try:
        write_atomic(Path(path), text.encode(), REPORT)
    except OSError as error:
        raise os_problem(error, path, Code.STATE_UNWRITABLE) from error
