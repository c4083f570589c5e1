"""Jobs: they run at once, and are kept for later requests.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs
"""

import threading
import uuid
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kbq_tui.sandbox.bigquery import (
    copy_job,
    encryption,
    functions,
    hidden,
    legacy_sql,
    load_job,
    refusals,
    statements,
    transactions,
)
from kbq_tui.sandbox.bigquery.engine import Engine, engine_of
from kbq_tui.sandbox.bigquery.job import Job
from kbq_tui.sandbox.bigquery.locations import LOCATIONS
from kbq_tui.sandbox.bigquery.names import (
    QuerySession,
    canonical,
    dataset_name,
    inferred_location,
    table_parts,
)  # fmt: skip
from kbq_tui.sandbox.bigquery.own_statements import (
    GrantStatement,
    OwnStatement,
    ProjectOptions,
    RowPolicyChange,
    TableCopy,
)
from kbq_tui.sandbox.bigquery.query import syntax_refusal
from kbq_tui.sandbox.bigquery.syntax import Statement, parse_script
from kbq_tui.sandbox.bigquery.tokens import SqlError
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Principal, Project
from kbq_tui.sandbox.world import World

JSON = dict[str, Any]
_KEPT = 2_000  # jobs that are kept with their rows; older ones are deleted
_KEPT_ROWS = 1_000_000
_LONGEST = 1024 * 1024  # characters in the text of a query


def session_for(
    ctx: SandboxContext, principal: Principal, project: Project, config: JSON, location: str
) -> QuerySession:
    """The session in which a query runs.

    Args:
        ctx: the sandbox.
        principal: the caller.
        project: the project that is billed.
        config: the API's JobConfigurationQuery (or QueryRequest, whose fields have the same names).
        location: ``jobReference.location``; empty if the caller leaves it to BigQuery.
    """
    default = config.get("defaultDataset") or {}
    parameters: list[JSON] = config.get("queryParameters") or []
    sql = str(config.get("query") or "")
    if sql and config.get("useLegacySql", True):
        sql = legacy_sql.translate(sql)
    return QuerySession(
        ctx,
        principal,
        project,
        sql=sql,
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
    media: bytes = b"",
) -> Job:
    """Run a job and keep it.

    Args:
        ctx: the sandbox.
        principal: the caller.
        project: the project that is billed.
        body: the API's Job: ``configuration.query``, ``.load`` or ``.copy`` and, optionally, ``jobReference``.
        left: set when the caller has disconnected, which ends the job.
        request_id: ``requestId`` of jobs.query.
        media: the file of a load job.

    Returns:
        The job; ``error`` says whether it failed. A dry run is not kept.

    Raises:
        ApiError: the caller may not create jobs, or the request is not valid.
    """
    require_jobs(ctx, principal, project)
    configuration: JSON = without_nulls(body.get("configuration") or {})
    kind = _kind(configuration)
    config: JSON = configuration[kind.lower()]
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
    most = config.get("maximumBytesBilled")
    session.maximum_bytes_billed = int(most) if most is not None and int(most) > 0 else None
    job = Job(job_id, project.id, "US", principal.email, session.sql, configuration, kind)
    job.labels = configuration.get("labels") or {}
    job.created_ms = ctx.world.now_ms()
    job.request_id = request_id
    job.location = session.location or "US"
    job.left = session.left = left or threading.Event()
    hidden.open_session(session, job, config)
    if not session.dry_run:
        engine.jobs[project.id, job_id] = job
    try:
        if kind == "LOAD":
            job.outcome = load_job.run(session, config, media)
        elif kind == "COPY":
            job.outcome = copy_job.run(session, config)
        elif len(session.sql) > _LONGEST:
            raise refusals.too_long()
        else:
            _execute(session, job, config)
    except ApiError as error:
        job.error = error
    except RecursionError:
        job.error = refusals.too_complex()
    except (SqlglotError, duckdb.Error) as error:
        # an error that no check foresaw is the statement's fault as well
        job.error = refusals.invalid_query(f"Statement not supported: {type(error).__name__}")
    finally:
        if session.transaction is not None:
            transactions.end(session, undo=True)
        job.location = session.location or "US"
        if not session.dry_run and job.error is None:
            hidden.keep_result(session, job)
        hidden.close_script(session, job)
        job.ended_ms = ctx.world.now_ms()
        job.done.set()
    if session.dry_run:
        if job.error is not None:
            raise job.error
        return job
    _forget(engine, ctx.world)
    return job


def without_nulls(value: Any) -> Any:
    """JSON without its nulls, which mean "not given" and are not returned."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _kind(configuration: JSON) -> str:
    """``QUERY``, ``LOAD`` or ``COPY``.

    Raises:
        ApiError: the job is of another kind, or its query is missing.
    """
    kind = next((kind for kind in ("query", "load", "copy", "extract") if configuration.get(kind) is not None), "")
    if not kind:
        raise refusals.invalid("Required parameter is missing: configuration")
    if kind == "extract":
        raise refusals.invalid("Extract jobs are not supported here: there is no Cloud Storage to write to")
    if kind == "query" and not configuration["query"].get("query"):
        raise refusals.invalid("Required parameter is missing: query")
    return kind.upper()


def delete(ctx: SandboxContext, job: Job) -> None:
    """Delete a job and its result."""
    engine = engine_of(ctx)
    engine.jobs.pop((job.project, job.id), None)
    hidden.forget_result(engine, job, ctx.world.projects[job.project].hidden)


def _forget(engine: Engine, world: World) -> None:
    """Delete the oldest finished jobs if there are too many jobs, or too many rows in them."""
    finished = [key for key, job in engine.jobs.items() if job.ended_ms]
    rows = sum(len(engine.jobs[key].outcome.rows) for key in finished if engine.jobs[key].outcome)
    for key in finished[:-1]:
        if len(engine.jobs) <= _KEPT and rows <= _KEPT_ROWS:
            return
        job = engine.jobs.pop(key)
        hidden.forget_result(engine, job, world.projects[job.project].hidden)
        outcome = job.outcome
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
    first_other = next((i for i, s in enumerate(script) if not isinstance(s.tree, exp.Declare)), len(script))
    if any(isinstance(statement.tree, exp.Declare) for statement in script[first_other:]):
        raise refusals.invalid_query("Variable declarations are allowed only at the start of a block or script")
    # a temporary function belongs to the query that follows it, and is not a statement of a script
    is_script = sum(not functions.is_temporary(statement.tree) for statement in script) > 1
    jobless = [isinstance(s.tree, exp.Declare) or functions.is_temporary(s.tree) for s in script]
    if is_script:
        job.children = jobless.count(False)
    if not any(isinstance(statement.tree, ProjectOptions) for statement in script):
        encryption.check_query(session.ctx, session.project, session.location)
    transaction = ""
    for index, statement in enumerate(script):
        child = None
        if is_script and not session.dry_run and not jobless[index]:
            child_id = f"script_job_{uuid.uuid4().hex}_{index}"
            child = Job(child_id, job.project, session.location, job.user, statement.sql, {"query": {}})
            child.configuration["query"] = {"query": statement.sql, "useLegacySql": False}
            child.parent, child.created_ms, child.session_id = job.id, session.world.now_ms(), job.session_id
            session.engine.jobs[child.project, child.id] = child
        try:
            if not is_script and isinstance(statement.tree, exp.Query) and config.get("destinationTable"):
                outcome = statements.select_into(session, statement.tree, config)
            else:
                outcome = statements.run(session, statement)
        except ApiError as error:
            if child is not None:
                child.error = error
            raise
        finally:
            if child is not None:
                child.ended_ms = session.world.now_ms()
                child.done.set()
        if session.transaction is not None:
            transaction = session.transaction.id
        if child is not None:
            child.outcome, child.transaction = outcome, transaction
            hidden.keep_result(session, child)
        if session.transaction is None:
            transaction = ""
        if isinstance(statement.tree, exp.Declare | exp.Set) and index + 1 < len(script):
            continue  # the values that it sets are not a result
        if outcome.schema is not None or job.outcome is None or job.outcome.schema is None:
            job.outcome = outcome


def _location(session: QuerySession, script: list[Statement], config: JSON) -> str:
    """The location of a script that names none: that of the first dataset it uses, else the US."""
    target = config.get("destinationTable") or {}
    known = session.world.dataset(str(target.get("projectId")), str(target.get("datasetId")))
    places = [_named_location(session, statement.tree) for statement in script]
    return next((place for place in places if place), known.location if known else "US")


def _named_location(session: QuerySession, tree: exp.Expr | OwnStatement) -> str:
    if isinstance(tree, ProjectOptions):
        return canonical(tree.options[0][0].rpartition(".")[0].lower().removeprefix("region-"))
    if isinstance(tree, GrantStatement | RowPolicyChange | TableCopy):
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
