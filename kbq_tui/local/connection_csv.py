"""A list of connections as CSV: one row each, with the options' names as columns. `name` and `project` are required."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.connection_values import Connection, connection_of
from kbq_tui.local.files import read_regular
from kbq_tui.local.os_errors import problem, words_of
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import check_name

_LIMIT: Final = 16 * 1024 * 1024
"""The most bytes of a list; a connection takes about a hundred."""

COLUMNS: Final = {
    "name": "name",
    "project": "project",
    "location": "location",
    "direction": "direction",
    "import-dataset": "import_dataset",
    "staging-dataset": "staging_dataset",
    "export-dataset": "export_dataset",
    "service-account": "account_id",
    "key-file": "key_file",
    "credentials": "credentials",
    "impersonate": "impersonate",
    "quota-project": "quota_project",
    "operator": "operator",
    "production": "production",
}
"""The columns, with the options' names, and the keys of a connection file that they stand for."""

_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_list(path: Path) -> tuple[Connection, ...]:
    """Read a list of connections, separated by comma, semicolon or tab, with or without a byte order mark.

    Args:
        path: the file; relative paths in it are relative to its folder.

    Raises:
        ProblemError: KBQ-LIST-INVALID with line and column; then nothing of the list is used.
    """
    try:
        text = read_regular(path, _LIMIT).decode("utf-8-sig")
    except OSError as error:
        raise _wrong(path, 1, "-", words_of(error)) from error
    except UnicodeDecodeError as error:
        reason = message("It is not UTF-8 text. Save it as CSV UTF-8.")
        raise _wrong(path, error.object.count(b"\n", 0, error.start) + 1, "-", reason) from None
    rows = _rows(path, text)
    header_line, header = next(rows, (1, []))
    columns = _columns(path, header_line, header)
    found: list[Connection] = []
    lines: dict[str, int] = {}
    for line, row in rows:
        if len(row) != len(columns):
            reason = message(
                "The row has {n} values, and the first line names {columns}.", n=len(row), columns=len(columns)
            )
            raise _wrong(path, line, "-", reason)
        connection = _connection(path, line, dict(zip(columns, row, strict=True)))
        alike = connection.name.casefold()  # some file systems ignore case
        if alike in lines:
            reason = message("{name} stands on line {line} already.", name=connection.name, line=lines[alike])
            raise _wrong(path, line, "name", reason)
        lines[alike] = line
        found.append(connection)
    if not found:
        raise _wrong(path, header_line, "-", message("There is no connection in it, only the names of columns."))
    return tuple(found)


def to_list(connections: Iterable[Connection]) -> str:
    """Return connections as a list for `read_list`: all columns, with default values left out."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for connection in connections:
        values: dict[str, object] = {"name": connection.name, **connection.values()}
        if connection.production:
            values["production"] = "true"
        writer.writerow([values.get(key, "") for key in COLUMNS.values()])
    return out.getvalue()


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty, with its first line's number. Raises ProblemError."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            reason = message("It is no CSV: {why}.", why=str(error))
            raise _wrong(path, begins, "-", reason) from None
        if row is None:
            return
        values = [value.strip() for value in row]
        if any(values):
            yield begins, values
        begins = reader.line_num + 1


def _columns(path: Path, line: int, header: list[str]) -> list[str]:
    """Return the columns in the first line. Raises ProblemError."""
    columns = [name.casefold().removeprefix("--").replace("_", "-") for name in header]
    for name, typed in zip(columns, header, strict=True):
        if name not in COLUMNS:
            near = ", ".join(COLUMNS)
            raise _wrong(path, line, typed or "-", message("There is no such column. There are: {names}.", names=near))
        if columns.count(name) > 1:
            raise _wrong(path, line, typed, message("The column stands there more than once."))
    for name in ("name", "project"):
        if name not in columns:
            raise _wrong(path, line, name, message("The column is missing; the first line names the columns."))
    return columns


def _connection(path: Path, line: int, row: dict[str, str]) -> Connection:
    """Return the connection of one row. Raises ProblemError."""
    columns = {key: column for column, key in COLUMNS.items()}

    def wrong(key: str, reason: Message) -> ProblemError:
        return _wrong(path, line, columns.get(key, key), reason)

    values: dict[str, Any] = {COLUMNS[column]: value for column, value in row.items() if value}
    name = values.pop("name", "")
    if reason := check_name(name):
        raise wrong("name", reason)
    if "production" in values:
        if (word := values["production"].casefold()) not in _WORDS:
            raise wrong("production", message("It takes true or false."))
        values["production"] = _WORDS[word]
    account = values.get("account_id", "")
    if "@" in account:
        values["account_id"] = account.partition("@")[0]
    connection = connection_of(values, name, path.absolute().parent, wrong)
    if "@" in account and account != connection.spec.account_email:
        text = message(
            "{account} is not an account of project {project}; that would be {email}.",
            account=account,
            project=connection.spec.project,
            email=connection.spec.account_email,
        )
        raise wrong("account_id", text)
    return connection


def _wrong(path: Path, line: int, column: str, reason: Message) -> ProblemError:
    return problem(Code.LIST_INVALID, path=path, line=str(line), column=column, reason=reason)
