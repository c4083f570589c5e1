"""Jobs that a scenario's account ran before the sandbox started, with their audit log entries."""

from typing import Any

from kbq_tui.sandbox.audit_log import SignedCall
from kbq_tui.sandbox.bigquery.engine import engine_of
from kbq_tui.sandbox.bigquery.job import Job
from kbq_tui.sandbox.bigquery.names import canonical
from kbq_tui.sandbox.bigquery.outcome import Reads, StatementResult
from kbq_tui.sandbox.bigquery.refusals import STATUS_BY_REASON
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.errors import ApiError, from_http
from kbq_tui.sandbox.resources import Account, Table

JSON = dict[str, Any]


def seed(ctx: SandboxContext, account: Account, entries: list[JSON]) -> None:
    """Create the jobs of a scenario's account, oldest first.

    Args:
        ctx: the sandbox, with its tables.
        account: the account that ran them, in its own project.
        entries: ``jobs`` of the scenario (see `scenario`).

    Raises:
        KeyError: a table that a job reads does not exist.
    """
    engine, key = engine_of(ctx), min(account.keys.values(), key=lambda key: key.created, default=None)
    found = [made for number, entry in enumerate(entries) for made in _jobs(ctx, account, entry, number)]
    for job, entry in sorted(found, key=lambda made: made[0].created_ms):
        engine.jobs[job.project, job.id] = job
        if key is not None:
            status = 200 if job.error is None else job.error.http
            ctx.key_uses.note(
                SignedCall(
                    "bigquery.jobs.insert",
                    account.email,
                    key.id,
                    account.unique_id,
                    account.project_id,
                    account.project_id,
                    entry["address"],
                    entry.get("agent", "klaviyo"),
                    status,
                    job.created_ms / 1000,
                    job.error.message if job.error is not None else "",
                    f"projects/{job.project}/jobs/{job.id}",
                )
            )


def _jobs(ctx: SandboxContext, account: Account, entry: JSON, number: int) -> list[tuple[Job, JSON]]:
    now, every, since = ctx.world.clock(), float(entry["every"]), float(entry["since"])
    reads = [_table(ctx, account.project_id, name) for name in entry.get("reads", [])]
    made: list[tuple[Job, JSON]] = []
    ago = float(entry.get("until", 0))
    while ago <= since:
        job = Job(
            f"job_klaviyo_{number}_{len(made):05d}",
            account.project_id,
            canonical(entry.get("location", "US")),
            account.email,
            entry["sql"],
            {"query": {"query": entry["sql"], "useLegacySql": False}},
        )
        job.created_ms = int((now - ago) * 1000)
        job.ended_ms = job.created_ms + int(float(entry.get("seconds", 2)) * 1000)
        if "message" in entry and ago <= float(entry.get("fails_since", since)):
            job.error = _error(entry)
        else:
            size = int(entry.get("bytes", 0))
            job.outcome = StatementResult(entry.get("type", "SELECT"), reads=Reads(reads, [(0, size)] if size else []))
        job.done.set()
        made.append((job, entry))
        ago += every
    return made


def _table(ctx: SandboxContext, project: str, name: str) -> Table:
    dataset_id, _, table_id = name.partition(".")
    dataset = ctx.world.dataset(project, dataset_id)
    return (dataset.tables if dataset is not None else {})[table_id]


def _error(entry: JSON) -> ApiError:
    reason = entry.get("reason", "accessDenied")
    status = STATUS_BY_REASON.get(reason, 400)
    return ApiError(status, from_http(status, "").status, entry["message"], reason)
