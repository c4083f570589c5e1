"""What this machine knows of its connections, without choosing one. Google is not called."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Self

from kbq_tui.cli.command_options import UsageError
from kbq_tui.cli.connection_choice import unknown_connection
from kbq_tui.local.clock import SystemClock, check_clock
from kbq_tui.local.connection_admin import ConnectionAdmin
from kbq_tui.local.connection_file import Connections
from kbq_tui.local.connection_values import Connection
from kbq_tui.local.keys.key_files import KeyFiles
from kbq_tui.local.keys.keyring_copy import KeyringCopy
from kbq_tui.local.lock import ConnectionLock
from kbq_tui.local.paths import Paths
from kbq_tui.local.store import FileStore
from kbq_tui.model.command import Command
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.text import time_in
from kbq_tui.model.verified_values import is_about
from kbq_tui.shell.own_commands import for_connection


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one connection without asking Google.

    Attributes:
        name: its name.
        connection: the content of its file; None if it cannot be used.
        problem: why it cannot.
        state: `ok` or `failing` as the last verification ended, `unverified` where there was none, `unread`.
        verified_at: when that was, as saved; None for never.
        key_written: when the key file was written, aware UTC; None if there is none, or that is not known.
        next: the next command; empty if there is nothing to do.
    """

    name: str
    connection: Connection | None
    problem: Problem | None = None
    state: str = "unread"
    verified_at: datetime | None = None
    key_written: datetime | None = None
    next: str = ""


class Machine:
    """The connections of this machine.

    Args:
        env: the environment, which determines the folders.

    Raises:
        ProblemError: there is no home folder.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        check_clock()
        self.clock = SystemClock()
        self.paths = Paths.from_env(env)
        self.connections = Connections(self.paths.connections)
        self.store = FileStore(self.paths, self.connections, self.clock)
        self.keys = KeyFiles(self.paths.keys, KeyringCopy(env))

    @classmethod
    def here(cls) -> Self:
        """Return the one for this process. Raises ProblemError."""
        return cls(os.environ)

    def lock(self, name: str) -> ConnectionLock:
        """Return a connection's lock."""
        return ConnectionLock(self.paths.of_connection(name) / "lock", self.clock)

    def meant(self, *names: str) -> tuple[str, ...]:
        """Return the named connections, or all.

        Raises:
            UsageError: one of them does not exist.
            ProblemError: the config folder cannot be read.
        """
        known = self.connections.names()
        for name in names:
            if name not in known:
                raise UsageError(unknown_connection(name, known))
        return names or known

    @property
    def admin(self) -> ConnectionAdmin:
        """The object that renames, removes and adds connections."""
        return ConnectionAdmin(self.paths, self.connections, self.lock)

    def known(self, name: str) -> Known:
        """Return what is known of a connection."""
        try:
            connection = self.connections.read(name)
            saved = self.store.load(name)
        except ProblemError as error:
            return Known(name, None, error.problem, next=_next("connections validate", name))
        if connection is None or saved is None:  # it was deleted meanwhile
            return Known(name, None)
        last = self.store.last_verify(name)
        if last is not None and not is_about(last, connection.spec):
            last = None  # its values were changed since
        state = "unverified" if last is None else "ok" if last.get("ok") is True else "failing"
        if state != "ok":
            what = "verify" if saved.finished else "setup"
        else:
            what = self._rotation(connection) or ("" if saved.connected else "values")
        return Known(
            name,
            connection,
            state=state,
            verified_at=time_in(last.get("at")) if last is not None else None,
            key_written=self._key_written(connection),
            next=_next(what, name) if what else "",
        )

    def _rotation(self, connection: Connection) -> str:
        """Return the command that goes on with a rotation of the key, or tells why that cannot be said; else empty."""
        try:
            return "key rotate" if self.store.rotation(connection.spec) is not None else ""
        except ProblemError:
            return "doctor"

    def _key_written(self, connection: Connection) -> datetime | None:
        spec = connection.spec
        try:
            key = self.keys.inspect(spec.key_file, spec.project, spec.account_email)
        except ProblemError:
            return None
        return key.written if key is not None else None


def _next(what: str, name: str) -> str:
    """Return the text of a command of ours for a connection."""
    return str(for_connection(Command(f"kbq-tui {what}"), name))
