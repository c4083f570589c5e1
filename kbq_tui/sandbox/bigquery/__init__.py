"""A small imitation of BigQuery: REST v2, and GoogleSQL on DuckDB.

`routes` and `seed` import DuckDB and sqlglot only when they are called.
"""

from collections.abc import Iterable
from typing import Any

from starlette.routing import Route

from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.resources import Account, Table


def routes(ctx: SandboxContext) -> list[Route]:
    """BigQuery's REST methods for a sandbox, under ``/bigquery/v2``, and ``/$discovery/rest``."""
    from kbq_tui.sandbox.bigquery.api import routes as build

    return build(ctx)


def filter_problem(ctx: SandboxContext, table: Table, condition: str) -> str:
    """What is wrong with the filter of a row access policy; empty if nothing is."""
    from kbq_tui.sandbox.bigquery.seeding import filter_problem as find

    return find(ctx, table, condition)


def seed(ctx: SandboxContext, project_id: str, statements: Iterable[str]) -> None:
    """Run SQL of a scenario, with every permission in the project.

    Args:
        ctx: the sandbox.
        project_id: the project that it runs in.
        statements: GoogleSQL; each may be a script.

    Raises:
        ApiError: a statement is refused.
    """
    from kbq_tui.sandbox.bigquery.seeding import run

    run(ctx, project_id, statements)


def seed_jobs(ctx: SandboxContext, account: Account, entries: list[dict[str, Any]]) -> None:
    """Create jobs that an account ran before the sandbox started.

    Raises:
        KeyError: a table that they read does not exist.
    """
    from kbq_tui.sandbox.bigquery.job_history import seed

    seed(ctx, account, entries)
