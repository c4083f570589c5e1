"""Connection files: `<config>/connections/NAME.toml`, written for people to read and edit."""

import errno
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.connection_values import KEYS, Connection, connection_of
from kbq_tui.local.files import FileKind, check_output, read_regular, remove_ours, write_atomic
from kbq_tui.local.os_errors import os_problem, problem
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import check_name

MAX_FILE = 64 * 1024
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""Errors that mean that there is no such file."""
_HEADER = (
    "A connection between Klaviyo and BigQuery, written by kbq-tui. Comments are kept; secrets do not belong here."
)


def read_connection(path: Path, name: str | None = None) -> Connection:
    """Read one connection file.

    Args:
        path: the file; relative paths in it are relative to its folder.
        name: the connection's name; the file's own name by default.

    Raises:
        ProblemError: KBQ-CONFIG-UNREADABLE, or KBQ-CONFIG-INVALID with the line and the key.
    """
    text = read_text(path)
    values = parse(path, text)
    folder = path.absolute().parent
    return connection_of(values, name or path.stem, folder, lambda key, why: _invalid(path, text, key, why))


def write_connection(connection: Connection, path: Path) -> None:
    """Write a whole connection file; comments, order and spelling of unchanged values are kept.

    Raises:
        ProblemError: the file cannot be written, or the existing one cannot be read (it is not changed then).
    """
    # It keeps comments, but takes time to load, which code that only reads should not spend.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    wanted = connection.values()
    before: Mapping[str, Any] = {}
    try:
        check_output(path, replace(CONNECTION, is_ours=_is_text))  # errors in a text are reported when it is read
    except OSError as error:
        raise os_problem(error, path, Code.CONFIG_UNREADABLE) from error
    if there(path) and read_text(path).strip("\0"):
        before = read_connection(path, connection.name).values()
        if wanted == before:
            return
        try:
            document = tomlkit.parse(read_text(path))
        except TOMLKitError as error:
            raise problem(Code.CONFIG_INVALID, path=path, line="1", key="syntax", reason=str(error)) from None
    else:
        document = tomlkit.document()
        document.add(tomlkit.comment(_HEADER))
    for key in KEYS:
        if key not in wanted:
            # A default that is written out stays written out while it is the same.
            if key in document and key in before:
                document.remove(key)
        elif wanted[key] != before.get(key):
            document[key] = wanted[key]
    try:
        write_atomic(path, tomlkit.dumps(document).encode(), CONNECTION)
    except OSError as error:
        raise os_problem(error, path, Code.CONFIG_UNREADABLE) from error


def is_connection(data: bytes) -> bool:
    """Return whether content is a connection file's: TOML with our keys only, including the project."""
    import tomllib

    try:
        values = tomllib.loads(data.decode())
    except (ValueError, RecursionError):  # the exceptions of both are ValueErrors
        return False
    return "project" in values and values.keys() <= set(KEYS)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return len(data) <= MAX_FILE


CONNECTION = FileKind(message("a connection"), is_connection, follows_links=True)


class Connections:
    """The connection files of a folder, `Paths.connections`.

    Args:
        folder: the folder.
        only: a single file instead (`--config FILE`): its connection is then the only one.
    """

    def __init__(self, folder: Path, only: Path | None = None) -> None:
        self._folder = folder
        self._only = only

    @property
    def only(self) -> tuple[str, Path] | None:
        """The name and the file of the only connection (`--config FILE`), whether it exists or not; else None."""
        return (_name_of(self._only), self._only) if self._only is not None else None

    def names(self) -> tuple[str, ...]:
        """Return the names of all connections, sorted; whether their files are valid is seen when they are read.

        Raises:
            ProblemError: KBQ-CONFIG-UNREADABLE.
        """
        if self._only is not None:
            return (_name_of(self._only),) if there(self._only) else ()
        try:
            return tuple(
                sorted(p.stem for p in self._folder.iterdir() if p.suffix == ".toml" and not check_name(p.stem))
            )
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise os_problem(error, self._folder, Code.CONFIG_UNREADABLE) from error

    def path(self, name: str) -> Path:
        """Return where the connection's file is or would be. Raises ValueError for an invalid name."""
        if self._only is not None:
            return self._only
        if reason := check_name(name):
            raise ValueError(reason)
        return self._folder / f"{name}.toml"

    def read(self, name: str) -> Connection | None:
        """Read a connection, or return None if there is no such file. Raises ProblemError."""
        path = self.path(name)
        return read_connection(path, name) if there(path) else None

    def save(self, connection: Connection) -> Path:
        """Write a connection and return its file. Raises ProblemError."""
        path = self.path(connection.name)
        write_connection(connection, path)
        return path

    def delete(self, name: str) -> bool:
        """Delete a connection's file. Returns False if there was none. Raises ProblemError."""
        path = self.path(name)
        try:
            if path.is_symlink():  # the link is deleted; its target is kept elsewhere on purpose
                path.unlink()
                return True
            return remove_ours(path, CONNECTION)
        except OSError as error:
            raise os_problem(error, path, Code.CONFIG_UNREADABLE) from error


def _name_of(path: Path) -> str:
    return path.stem if not check_name(path.stem) else "default"


def read_text(path: Path) -> str:
    """Return the text of one of the operator's files. Raises ProblemError (KBQ-CONFIG-UNREADABLE,
    KBQ-CONFIG-INVALID)."""
    try:
        return read_regular(path, MAX_FILE).decode("utf-8-sig")  # some editors begin a file with a mark
    except OSError as error:
        raise os_problem(error, path, Code.CONFIG_UNREADABLE) from error
    except UnicodeDecodeError as error:
        line, reason = error.object[: error.start].count(b"\n") + 1, message("It is not UTF-8 text.")
        raise problem(Code.CONFIG_INVALID, path=path, line=str(line), key="syntax", reason=reason) from None


def parse(path: Path, text: str) -> dict[str, Any]:
    """Return the values of a TOML file. Raises: ProblemError (KBQ-CONFIG-INVALID with the line)."""
    import tomllib  # imported only if there is a file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, where = str(error).rpartition(" (at ")
        line = re.match(r"line (\d+)", where)
        number = line[1] if line else str(len(text.splitlines()))
        raise problem(Code.CONFIG_INVALID, path=path, line=number, key="syntax", reason=f"{reason}.") from None
    except RecursionError:
        wrong = message("It is nested too deeply.")
        raise problem(Code.CONFIG_INVALID, path=path, line=_stumble(text), key="syntax", reason=wrong) from None
    except ValueError:  # Python's limit for the digits of a number
        wrong = message("A number is too long.")
        raise problem(Code.CONFIG_INVALID, path=path, line=_stumble(text), key="syntax", reason=wrong) from None


def _stumble(text: str) -> str:
    """Return the line on which the parser fails without an error message."""
    import tomllib

    lines = text.splitlines(keepends=True)
    for number in range(1, min(len(lines), 500) + 1):
        try:
            tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue
        except (RecursionError, ValueError):
            return str(number)
    return "1"


def there(path: Path) -> bool:
    """Return whether there is such a file. Raises ProblemError if that cannot be determined."""
    try:
        path.stat()  # Path.exists is False for every error from Python 3.14 on
    except ValueError:  # a zero byte in the name
        return False
    except OSError as error:
        if error.errno in _ABSENT:
            return False
        # a name that is too long, or a folder that we may not read
        raise os_problem(error, path, Code.CONFIG_UNREADABLE) from error
    return True


def _invalid(path: Path, text: str, key: str, reason: Message) -> ProblemError:
    return problem(Code.CONFIG_INVALID, path=path, line=line_of(text, key), key=key, reason=reason)


def line_of(text: str, *keys: str) -> str:
    """Return the line on which a key is set: the first after the longest beginning of the file that parses without it.

    No parser gives the line; a search for the word would find comments, strings and tables.

    Args:
        text: the file.
        keys: the tables it is in, and the key.
    """
    import tomllib

    lines = text.splitlines(keepends=True)[:500]
    last = 0
    for number in range(1, len(lines) + 1):
        try:
            found: Any = tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return str(last + 1)
        last = number
    return "1"  # if it is missing


class ListedConnections(Connections):
    """Connections whose names are listed only once, for code that opens thousands one after the other. Arguments as for
    `Connections`."""

    def __init__(self, folder: Path, only: Path | None = None) -> None:
        super().__init__(folder, only)
        self._names = super().names()

    def names(self) -> tuple[str, ...]:
        """Return the names that existed when this was created, sorted."""
        return self._names


class UsableConnections(Connections):
    """Connections, without those whose files cannot be used. For commands that only read."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all connections, sorted; none if the folder cannot be read."""
        try:
            return super().names()
        except ProblemError:
            return ()

    def read(self, name: str) -> Connection | None:
        """Read a connection, or return None if there is no such file, or it cannot be used."""
        try:
            return super().read(name)
        except ProblemError:
            return None
