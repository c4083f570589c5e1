"""``BEGIN TRANSACTION``, ``COMMIT`` and ``ROLLBACK``: either all changes of rows are kept or none. Other callers see
them before the commit, unlike at Google.

https://cloud.google.com/bigquery/docs/transactions
"""

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.transaction import Transaction


def begin(session: QuerySession) -> None:
    """Start a transaction.

    Raises:
        ApiError: one is open already.
    """
    if session.transaction is not None:
        raise refusals.invalid_query("Transaction is already in progress")
    session.transaction = Transaction()


def end(session: QuerySession, *, undo: bool) -> None:
    """Commit or roll back.

    Raises:
        ApiError: no transaction is open.
    """
    if session.transaction is None:
        word = "ROLLBACK" if undo else "COMMIT"
        raise refusals.invalid_query(f"{word} TRANSACTION is not supported when there is no active transaction")
    session.transaction.close(session.engine, session.world, undo=undo)
    session.transaction = None
