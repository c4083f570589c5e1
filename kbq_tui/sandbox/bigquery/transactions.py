"""``BEGIN TRANSACTION``, ``COMMIT`` and ``ROLLBACK``: all changes of rows or none. Others see them at once, though.

https://cloud.google.com/bigquery/docs/transactions
"""

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.transaction import Transaction


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
    session.transaction.close(session.engine, session.world, undo=undo)
    session.transaction = None
