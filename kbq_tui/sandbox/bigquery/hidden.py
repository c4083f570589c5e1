"""Tables in hidden datasets, which are not listed: anonymous results of queries, and temporary tables.

https://cloud.google.com/bigquery/docs/writing-results#temporary_and_permanent_tables
"""

import hashlib
import uuid
from typing import Any

from kbq_tui.sandbox.bigquery import dml, refusals
from kbq_tui.sandbox.bigquery.engine import Engine
from kbq_tui.sandbox.bigquery.job import Job
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]
_LIFE_MS = 24 * 3600 * 1000


def keep_result(session: QuerySession, job: Job) -> None:
    """Give a query's result an anonymous table, which expires after a day. Its rows are stored when it is first
    read."""
    outcome = job.outcome
    if outcome is None or outcome.schema is None or outcome.target is not None or job.children:
        return
    home = hashlib.sha1(f"{job.user} {job.location}".encode(), usedforsecurity=False).hexdigest()
    dataset = _dataset(session, f"_{home}")
    name = "anon" + hashlib.sha256(job.id.encode()).hexdigest()
    now = session.world.now_ms()
    table = Table(dataset.project_id, dataset.dataset_id, name, created_ms=now, modified_ms=now)
    table.schema, table.expires_ms = outcome.schema, now + _LIFE_MS
    dataset.tables[name] = job.anonymous = table
    session.world.touch(table)

    def store() -> None:
        session.engine.create(table, {})
        dml.insert_rows(session, table, outcome.rows)

    session.engine.unfilled[table.ref] = store


def forget_result(engine: Engine, job: Job, datasets: dict[str, Dataset]) -> None:
    """Delete the anonymous table of a job."""
    table = job.anonymous
    if table is not None:
        engine.drop(table)
        dataset = datasets.get(table.dataset_id)
        if dataset is not None:
            dataset.tables.pop(table.table_id, None)


def open_session(session: QuerySession, job: Job, config: JSON) -> None:
    """Add a query to a session, if its configuration names or creates one.

    https://cloud.google.com/bigquery/docs/sessions-intro

    Raises:
        ApiError: the caller has no such session.
    """
    properties = {str(p.get("key")): str(p.get("value")) for p in config.get("connectionProperties") or []}
    sessions = session.engine.sessions
    wanted = properties.get("session_id", "")
    if wanted:
        if sessions.get(wanted) != (session.project.id, job.user):
            raise refusals.invalid(f"Session {wanted} is not found.")
        job.session_id = wanted
    elif config.get("createSession"):
        job.session_id = uuid.uuid4().hex
        sessions[job.session_id] = (session.project.id, job.user)
    session.temporary = f"_session_{job.session_id}" if job.session_id else f"_script{uuid.uuid4().hex}"


def temporary_dataset(session: QuerySession) -> Dataset:
    """The dataset of the temporary tables of a script or session, created when it is first needed."""
    return _dataset(session, session.temporary)


def close_script(session: QuerySession, job: Job) -> None:
    """Delete the temporary tables of a script; those of a session are kept."""
    if not job.session_id:
        dataset = session.project.hidden.pop(session.temporary, None)
        if dataset is not None:
            session.engine.drop_dataset(dataset)


def _dataset(session: QuerySession, dataset_id: str) -> Dataset:
    dataset = session.project.hidden.get(dataset_id)
    if dataset is None:
        now = session.world.now_ms()
        dataset = Dataset(session.project.id, dataset_id, session.location, created_ms=now, modified_ms=now)
        dataset.access = [{"role": "OWNER", "userByEmail": session.principal.email}]
        session.world.touch(dataset)
        session.project.hidden[dataset_id] = dataset
    return dataset
