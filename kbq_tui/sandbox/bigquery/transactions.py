"""``BEGIN TRANSACTION``, ``COMMIT`` and ``ROLLBACK``: all changes of rows or none. Others see them at once, though.

https://cloud.google.com/bigquery/docs/transactions
"""

import uuid

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.world import Table


class Transaction:
    """Copies of the tables that statements have written into, to go back to."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self._copies: dict[str, tuple[Table, str]] = {}

    def before_write(self, session: QuerySession, table: Table) -> None:
        """Keep the rows of a table as they are before its first change."""
        if table.ref not in self._copies:
            name = f"x{self.id}_{len(self._copies)}"
            session.engine.execute(f"CREATE TABLE {name} AS SELECT * FROM {session.engine.name(table)}")  # noqa: S608
            self._copies[table.ref] = (table, name)

    def close(self, session: QuerySession, *, undo: bool) -> None:
        """Let go of the copies, after putting them back if asked to."""
        for table, name in self._copies.values():
            if undo:
                session.engine.execute(f"DELETE FROM {session.engine.name(table)}")  # noqa: S608
                session.engine.execute(f"INSERT INTO {session.engine.name(table)} SELECT * FROM {name}")  # noqa: S608
                session.world.touch(table)
            session.engine.execute(f"DROP TABLE {name}")
        self._copies.clear()


def begin(session: QuerySession) -> None:
    """Starts a transaction.

    Raises:
        ApiError: one is going on.
    """
    if session.transaction is not None:
        raise refusals.invalid_query("Transaction is already in progress")
    session.transaction = Transaction()


def end(session: QuerySession, *, undo: bool) -> None:
    """Commits or rolls back.

    Raises:
        ApiError: there is no transaction.
    """
    if session.transaction is None:
        word = "ROLLBACK" if undo else "COMMIT"
        raise refusals.invalid_query(f"{word} TRANSACTION is not supported when there is no active transaction")
    session.transaction.close(session, undo=undo)
    session.transaction = None
