"""The file of rows that Klaviyo would refuse: for the operator only (mode 0600), and only on this machine."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kbq_tui.i18n.messages import message
from kbq_tui.local.files import FileKind, check_output, write_atomic
from kbq_tui.local.os_errors import os_problem
from kbq_tui.model.codes import ProblemCode as Code

HEADING: Final = ("kbq-tui table", "key", "rules")

BAD_ROWS: Final = FileKind(
    message("a list of refused rows"), lambda data: data.startswith(",".join(HEADING).encode() + b"\n")
)


def check_bad_rows(path: str) -> None:
    """Check that the file may be written, before the work begins. Raises ProblemError."""
    try:
        check_output(Path(path), BAD_ROWS)
    except OSError as error:
        raise os_problem(error, path, Code.STATE_UNWRITABLE) from error


def write_bad_rows(path: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """Write the rows as CSV, completely or not at all.

    Args:
        path: the file.
        rows: table, key and rules of each.

    Raises:
        ProblemError: it cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADING)
    writer.writerows(tuple(map(_no_formula, row)) for row in rows)
    try:
        write_atomic(Path(path), text.getvalue().encode("utf-8", "replace"), BAD_ROWS)
    except OSError as error:
        raise os_problem(error, path, Code.STATE_UNWRITABLE) from error


def _no_formula(cell: str) -> str:
    """Return a cell that a spreadsheet does not read as a formula. A phone number stays as it is.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    number = cell[1:].replace(" ", "").isdigit()
    return f"'{cell}" if cell[:1] in ("=", "@", "\t", "\r") or (cell[:1] in ("+", "-") and not number) else cell
