"""SQL of a scenario, which runs before the sandbox answers calls."""

from collections.abc import Iterable

import duckdb
from sqlglot.errors import SqlglotError

from kbq_tui.sandbox.bigquery import datasets, jobs, row_policies
from kbq_tui.sandbox.bigquery.engine import engine_of
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.resources import Principal, Table

_ROLE = "roles/bigquery.admin"  # even an owner of the project depends on the access list of each dataset


def filter_problem(ctx: SandboxContext, table: Table, condition: str) -> str:
    """What is wrong with the filter of a row access policy; empty if nothing is."""
    engine = engine_of(ctx)
    try:
        engine.execute(f"SELECT 1 FROM {engine.name(table)} WHERE {row_policies.in_duckdb(condition)} LIMIT 0")  # noqa: S608
    except (SqlglotError, RecursionError, duckdb.Error) as error:
        return str(error).splitlines()[0]
    return ""


def run(ctx: SandboxContext, project_id: str, statements: Iterable[str]) -> None:
    """Run SQL as a principal who temporarily has every permission in BigQuery.

    Raises:
        ApiError: a statement is refused.
    """
    project = datasets.project_of(ctx, project_id)
    hand = Principal("user:scenario@kbq-sandbox.invalid", "scenario@kbq-sandbox.invalid", project_id)
    kept, billing, constraints = project.policy.bindings, project.billing, project.org_policies
    keys = project.kms_keys
    project.policy.bindings = [{"role": _ROLE, "members": [hand.member]}]
    # existing data may be older than the organization's policies
    project.billing, project.org_policies, project.kms_keys = True, {}, {}
    try:
        for sql in statements:
            config = {"query": {"query": sql, "useLegacySql": False}}
            job = jobs.run(ctx, hand, project, {"configuration": config})
            del engine_of(ctx).jobs[project.id, job.id]
            if job.error is not None:
                raise job.error
    finally:
        for dataset in project.datasets.values():
            dataset.access = [e for e in dataset.access if e.get("userByEmail") != hand.email]
        project.policy.bindings, project.billing, project.org_policies = kept, billing, constraints
        project.kms_keys = keys
