"""A job as it is stored."""

import threading
from dataclasses import dataclass, field
from typing import Any

from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]


@dataclass
class Job:
    """One job.

    Args:
        id: its id; unique in its project.
        project: id of the project it ran in.
        location: where it ran.
        user: e-mail address of the caller.
        sql: the query; empty for other jobs.
        configuration: as it was requested.
        kind: ``QUERY``, ``LOAD`` or ``COPY``.
        labels: of the job.
        created_ms, ended_ms: times in milliseconds; the end is 0 while it runs.
        outcome: the result of the last statement that gave rows, else of the last one; None after an error.
        error: why it failed.
        parent: id of the script's job, if this is one of its statements.
        children: number of statements of a script.
        request_id: ``requestId`` of jobs.query, by which a repeated request is recognised.
        session_id: id of the session that it created or ran in.
        transaction: id of the transaction that it ran in.
        anonymous: the anonymous table with its result; None if a table was named, or there is no result.
        left: set to end it early.
        done: set once it has ended.
    """

    id: str
    project: str
    location: str
    user: str
    sql: str
    configuration: JSON
    kind: str = "QUERY"
    labels: dict[str, str] = field(default_factory=dict)
    created_ms: int = 0
    ended_ms: int = 0
    outcome: StatementResult | None = None
    error: ApiError | None = None
    parent: str = ""
    children: int = 0
    request_id: str = ""
    session_id: str = ""
    transaction: str = ""
    anonymous: Table | None = None
    left: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def state(self) -> str:
        """``RUNNING`` or ``DONE``."""
        return "DONE" if self.ended_ms else "RUNNING"

    @property
    def statement_type(self) -> str:
        """``SELECT``, ``CREATE_TABLE``, ...; ``SCRIPT`` for several statements."""
        if self.children:
            return "SCRIPT"
        return self.outcome.statement_type if self.outcome else ""

    @property
    def bytes(self) -> int:
        """Bytes processed."""
        return self.outcome.reads.bytes if self.outcome else 0

    @property
    def billed(self) -> int:
        """Bytes billed; 0 for a dry run, which is not stored."""
        dry = bool(self.configuration.get("dryRun"))
        return self.outcome.reads.billed if self.outcome and not dry else 0

    @property
    def referenced(self) -> list[tuple[str, str, str]]:
        """(project, dataset, table) of every table that was read."""
        read = self.outcome.reads.tables if self.outcome else []
        return [(t.project_id, t.dataset_id, t.table_id) for t in read]
