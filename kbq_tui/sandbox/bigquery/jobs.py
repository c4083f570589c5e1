"""Query jobs: run at once, kept for asking again.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs
"""

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kbq_tui.sandbox.bigquery import dml, refusals, statements, tables
from kbq_tui.sandbox.bigquery.engine import Engine, engine_of
from kbq_tui.sandbox.bigquery.locations import LOCATIONS
from kbq_tui.sandbox.bigquery.names import (
    QuerySession,
    canonical,
    dataset_name,
    find_dataset,
    inferred_location,
    table_name,
    table_parts,
)  # fmt: skip
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.query import living_table, syntax_refusal
from kbq_tui.sandbox.bigquery.syntax import GrantStatement, RowPolicyChange, SqlError, Statement, parse_script
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.world import Principal, Project

JSON = dict[str, Any]
_KEPT = 2_000  # jobs, with their rows; older ones are forgotten
_KEPT_ROWS = 1_000_000
_LONGEST = 1024 * 1024  # characters of a query


@dataclass
class Job:
    """One job.

    Args:
        id: its id; unique in its project.
        project: id of the project it ran in.
        location: where it ran.
        user: address of who ran it.
        sql: the query.
        configuration: as it was asked for.
        labels: of the job.
        created_ms, ended_ms: times; the end is 0 while it runs.
        outcome: of the last statement that gave rows, else of the last; None after an error.
        error: why it failed.
        parent: id of the script's job, for one of its statements.
        children: number of statements of a script.
        request_id: ``requestId`` of jobs.query, for asking twice.
        left: set to end it early.
        done: set once it has ended.
    """

    id: str
    project: str
    location: str
    user: str
    sql: str
    configuration: JSON
    labels: dict[str, str] = field(default_factory=dict)
    created_ms: int = 0
    ended_ms: int = 0
    outcome: StatementResult | None = None
    error: ApiError | None = None
    parent: str = ""
    children: int = 0
    request_id: str = ""
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
    def referenced(self) -> list[tuple[str, str, str]]:
        """(project, dataset, table) of every table read."""
        read = self.outcome.reads.tables if self.outcome else []
        return [(t.project_id, t.dataset_id, t.table_id) for t in read]


def session_for(
    ctx: SandboxContext, principal: Principal, project: Project, config: JSON, location: str
) -> QuerySession:
    """The surroundings of a query.

    Args:
        ctx: the sandbox.
        principal: who runs it.
        project: where it is billed.
        config: the API's JobConfigurationQuery (or QueryRequest, which names these fields alike).
        location: ``jobReference.location``; empty if the caller leaves it to BigQuery.
    """
    default = config.get("defaultDataset") or {}
    parameters: list[JSON] = config.get("queryParameters") or []
    return QuerySession(
        ctx,
        principal,
        project,
        sql=str(config.get("query") or ""),
        location=canonical(location) if location else "",
        explicit_location=bool(location),
        default_dataset=(str(default.get("projectId") or project.id), str(default["datasetId"]))
        if default.get("datasetId")
        else None,
        parameters={str(p["name"]).lower(): p for p in parameters if p.get("name")},
        positional=[p for p in parameters if not p.get("name")],
    )


def run(
    ctx: SandboxContext,
    principal: Principal,
    project: Project,
    body: JSON,
    left: threading.Event | None = None,
    request_id: str = "",
) -> Job:
    """Runs a query job and keeps it.

    Args:
        ctx: the sandbox.
        principal: who runs it.
        project: where it is billed.
        body: the API's Job: ``configuration.query`` and, if wanted, ``jobReference``.
        left: set once the caller has gone, which ends it.
        request_id: ``requestId`` of jobs.query.

    Returns:
        The job; ``error`` says whether it failed. A dry run is not kept.

    Raises:
        ApiError: no job may be made, or the request is no good.
    """
    require_jobs(ctx, principal, project)
    configuration: JSON = body.get("configuration") or {}
    config: JSON | None = configuration.get("query")
    if config is None:
        raise refusals.invalid("Required parameter is missing: query (load, extract and copy jobs are not supported)")
    if not config.get("query"):
        raise refusals.invalid("Required parameter is missing: query")
    if config.get("useLegacySql", True):
        raise refusals.invalid_query("Legacy SQL is not supported here: set useLegacySql to false")
    reference: JSON = body.get("jobReference") or {}
    location = str(reference.get("location") or "")
    if location and canonical(location) not in LOCATIONS:
        raise refusals.invalid(f"Location {location} is not supported")
    job_id = str(reference.get("jobId") or f"job_{uuid.uuid4().hex[:28]}")
    engine = engine_of(ctx)
    if (project.id, job_id) in engine.jobs:
        where = engine.jobs[project.id, job_id].location
        raise refusals.exists("Job", f"{project.id}:{where}.{job_id}")
    session = session_for(ctx, principal, project, config, location)
    session.dry_run = bool(configuration.get("dryRun"))
    timeout = configuration.get("jobTimeoutMs")
    session.timeout_ms = int(timeout) if timeout is not None and int(timeout) > 0 else None
    job = Job(job_id, project.id, "US", principal.email, session.sql, configuration, configuration.get("labels") or {})
    job.created_ms = ctx.world.now_ms()
    job.request_id = request_id
    job.location = session.location or "US"
    job.left = session.left = left or threading.Event()
    if not session.dry_run:
        engine.jobs[project.id, job_id] = job
    try:
        if len(session.sql) > _LONGEST:
            raise refusals.too_long()
        _execute(session, job, config)
    except ApiError as error:
        job.error = error
    except RecursionError:
        job.error = refusals.too_complex()
    except (SqlglotError, duckdb.Error) as error:
        # what no check foresaw is still the statement's fault
        job.error = refusals.invalid_query(f"Statement not supported: {type(error).__name__}")
    finally:
        job.location = session.location or "US"
        job.ended_ms = ctx.world.now_ms()
        job.done.set()
    if session.dry_run:
        if job.error is not None:
            raise job.error
        return job
    _forget(engine)
    return job


def _forget(engine: Engine) -> None:
    """Forgets the oldest finished jobs where there are too many, or too many rows in them."""
    finished = [key for key, job in engine.jobs.items() if job.ended_ms]
    rows = sum(len(engine.jobs[key].outcome.rows) for key in finished if engine.jobs[key].outcome)
    for key in finished[:-1]:
        if len(engine.jobs) <= _KEPT and rows <= _KEPT_ROWS:
            return
        outcome = engine.jobs.pop(key).outcome
        rows -= len(outcome.rows) if outcome else 0


def require_jobs(ctx: SandboxContext, principal: Principal, project: Project) -> None:
    """Refuses unless the caller may run jobs in the project.

    Raises:
        ApiError: 403.
    """
    ctx.authz.require(principal, "bigquery.jobs.create", project)


def _execute(session: QuerySession, job: Job, config: JSON) -> None:
    try:
        with session.world.lock.released():
            script = parse_script(session.sql)
    except SqlError as error:
        raise syntax_refusal(error) from error
    if not session.location:
        session.location = _location(session, script, config)
    if len(script) > 1:
        job.children = len(script)
    for index, statement in enumerate(script):
        child = None
        if len(script) > 1 and not session.dry_run:
            child_id = f"script_job_{uuid.uuid4().hex}_{index}"
            child = Job(child_id, job.project, session.location, job.user, statement.sql, {"query": {}})
            child.configuration["query"] = {"query": statement.sql, "useLegacySql": False}
            child.parent, child.created_ms = job.id, session.world.now_ms()
            session.engine.jobs[child.project, child.id] = child
        try:
            outcome = statements.run(session, statement)
        except ApiError as error:
            if child is not None:
                child.error = error
            raise
        finally:
            if child is not None:
                child.ended_ms = session.world.now_ms()
        if child is not None:
            child.outcome = outcome
        if outcome.schema is not None or job.outcome is None or job.outcome.schema is None:
            job.outcome = outcome
    if config.get("destinationTable") and job.outcome and job.outcome.schema is not None:
        _save(session, job.outcome, config)


def _location(session: QuerySession, script: list[Statement], config: JSON) -> str:
    """Where a script runs when nobody says: where the first dataset it names lies, else in the US."""
    target = config.get("destinationTable") or {}
    known = session.world.dataset(str(target.get("projectId")), str(target.get("datasetId")))
    places = [_named_location(session, statement.tree) for statement in script]
    return next((place for place in places if place), known.location if known else "US")


def _named_location(session: QuerySession, tree: exp.Expr | GrantStatement | RowPolicyChange) -> str:
    if isinstance(tree, GrantStatement | RowPolicyChange):
        path = tree.path if isinstance(tree, GrantStatement) and tree.kind == "SCHEMA" else tree.path[:-1]
    elif isinstance(tree, exp.Create | exp.Drop | exp.Alter) and str(tree.args.get("kind")).upper() == "SCHEMA":
        for option in tree.find_all(exp.LocationProperty):
            return canonical(option.this.name)
        if isinstance(tree, exp.Create):
            return ""
        path = table_parts((tree.args.get("tables") or [tree.this])[0])
    else:
        return inferred_location(session, tree)
    found = session.world.dataset(*dataset_name(session, path))
    return found.location if found else ""


def _save(session: QuerySession, outcome: StatementResult, config: JSON) -> None:
    """Writes a result into ``destinationTable``, as ``writeDisposition`` says."""
    target: JSON = config["destinationTable"]
    if not target.get("datasetId") or not target.get("tableId"):
        raise refusals.invalid("Required parameter is missing: destinationTable")
    home = str(target.get("projectId") or session.project.id)
    name = table_name(session, (home, str(target["datasetId"]), str(target["tableId"])))
    known = session.world.dataset(name.project, name.dataset)
    if known is not None and known.location.upper() != session.location.upper():
        raise refusals.other_location(session.location, known.location)
    dataset = find_dataset(session, name)
    disposition = str(config.get("writeDisposition") or "WRITE_EMPTY")
    present = living_table(session, dataset, name.table)
    if present is not None and disposition == "WRITE_EMPTY" and session.engine.count(present):
        raise refusals.exists("Table", present.ref)
    if session.dry_run:
        return
    if present is None or disposition == "WRITE_TRUNCATE":
        present = tables.create(session, dataset, name.table, schema=outcome.schema or [], replace=True)
    tables.require(session, dataset, present, "bigquery.tables.updateData")
    dml.insert_rows(session, present, outcome.rows)
    outcome.target = {"destinationTable": tables.reference(present)}
