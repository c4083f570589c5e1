"""Renames, removes and imports connections' files on this machine. Nothing at Google is changed."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.connection_file import Connections, there
from kbq_tui.local.connection_values import Connection
from kbq_tui.local.files import FileKind, NotOursError, make_folder, remove_ours
from kbq_tui.local.journal import JOURNAL
from kbq_tui.local.os_errors import os_problem
from kbq_tui.local.paths import Paths
from kbq_tui.local.ui_state import LOOKS, SOURCE_LOOKS, VERIFICATION, WIZARD, ConnectionState
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass

_LOCK = "lock"
STATE_FILES: dict[str, FileKind] = {
    "journal.jsonl": JOURNAL,
    "verify.json": VERIFICATION,
    "wizard.json": WIZARD,
    "looks.json": LOOKS,
    "source.json": SOURCE_LOOKS,
}
"""The files in a connection's state folder that are removed with it."""


class NameTakenError(ValueError):
    """The new name of a connection is in use. The text says by what."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed from this machine.

    Attributes:
        gone: paths that were deleted.
        left: paths that stay: reports, and files that are not ours.
    """

    gone: tuple[Path, ...]
    left: tuple[Path, ...]


class ConnectionAdmin:
    """Renames, removes and adds connections.

    Args:
        paths: the folders.
        connections: the connection files.
        lock: returns the lock of a connection by its name.
    """

    def __init__(
        self, paths: Paths, connections: Connections, lock: Callable[[str], AbstractContextManager[object]]
    ) -> None:
        self._paths = paths
        self._connections = connections
        self._lock = lock

    def rename(self, old: str, new: str) -> tuple[Path, ...]:
        """Rename a connection with its file, journal and state; keys stay where they are.

        A rename that was interrupted is finished by the next one.

        Returns:
            The paths that are new.

        Raises:
            NameTakenError: the new name is in use; nothing was changed.
            ProblemError: another process is using one of the two; or a file cannot be moved.
        """
        before, after = self._paths.of_connection(old), self._paths.of_connection(new)
        with ExitStack() as held:
            held.enter_context(self._lock(old))
            self.must_be_free(old, new)
            held.enter_context(self._lock(new))
            try:
                make_folder(after)
                for name in _names_in(before):
                    (before / name).rename(after / name)
                state = ConnectionState(after)
                if (verified := state.verification()) is not None and verified.get("connection") == old:
                    state.save_verification({**verified, "connection": new})
                target = self._connections.path(new)
                self._connections.path(old).rename(target)
            except OSError as error:
                raise os_problem(error, after, Code.STATE_UNWRITABLE) from error
            moved = (target, *(after / name for name in _names_in(after)))
        with suppress(OSError):  # refused while it is not empty
            before.rmdir()
        return moved

    def must_be_free(self, old: str, new: str) -> None:
        """Check that nothing is lost if a connection is renamed.

        Raises:
            NameTakenError: the new name is in use.
            ProblemError: that cannot be read.
        """
        taken = next((n for n in self._connections.names() if n.casefold() == new.casefold() and n != old), None)
        if taken is not None or there(self._connections.path(new)):
            if taken is None and _same_file(self._connections.path(old), self._connections.path(new)):
                return  # the same name in other case, on a file system that ignores case
            raise NameTakenError(message("There is a connection {name} already.", name=taken or new))
        before, after = self._paths.of_connection(old), self._paths.of_connection(new)
        if both := sorted(set(_names_in(before)) & set(_names_in(after))):
            path = after / both[0]
            raise NameTakenError(message("{path} is left of an earlier connection {name}.", path=path, name=new))

    def remove(self, name: str) -> Removed:
        """Delete a connection's files on this machine: its file, journal and state. Keys and reports stay.

        Raises:
            ProblemError: another process is using it; or a file cannot be deleted, or is not ours.
        """
        folder = self._paths.of_connection(name)
        gone: list[Path] = []
        with self._lock(name):
            for file, kind in STATE_FILES.items():
                path = folder / file
                try:
                    if remove_ours(path, kind):
                        gone.append(path)
                except NotOursError:
                    continue  # it is listed among the paths that stay
                except OSError as error:
                    raise os_problem(error, path, Code.STATE_UNWRITABLE) from error
            if self._connections.delete(name):  # last, so that an interrupted removal can be repeated
                gone.insert(0, self._connections.path(name))
            left = tuple(folder / each for each in _names_in(folder))
        with suppress(OSError):  # refused while it is not empty
            folder.rmdir()
        return Removed(tuple(gone), left)

    def add(self, wanted: Sequence[Connection]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Create connections: all of them, or none.

        Returns:
            The new names, and those that existed with the same values.

        Raises:
            NameTakenError: a name exists with other values; nothing was changed.
            ProblemError: a file cannot be read or written; those written before are deleted again.
        """
        names = {name.casefold(): name for name in self._connections.names()}
        new: list[Connection] = []
        for each in wanted:
            taken = names.get(each.name.casefold())
            if taken is None:
                new.append(each)
                continue
            there_now = self._connections.read(taken)
            if there_now is None or replace(there_now, connected_at=None) != replace(each, connected_at=None):
                raise NameTakenError(message("There is a connection {name} already, with other values.", name=taken))
        written: list[str] = []
        try:
            for each in new:
                with self._lock(each.name):
                    if there(self._connections.path(each.name)):
                        raise NameTakenError(message("There is a connection {name} already.", name=each.name))
                    self._connections.save(each)
                written.append(each.name)
        except BaseException:
            for name in written:
                self._connections.delete(name)
            raise
        return tuple(written), tuple(c.name for c in wanted if c not in new)


def _names_in(folder: Path) -> tuple[str, ...]:
    """Return the names of the files in a state folder, without its lock; none if there is no such folder."""
    try:
        return tuple(sorted(entry.name for entry in folder.iterdir() if entry.name != _LOCK))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise os_problem(error, folder, Code.STATE_UNWRITABLE) from error


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
