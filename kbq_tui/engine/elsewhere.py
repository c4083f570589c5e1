"""A look at the rest of the project, for what the service account holds there; only where that is to be taken away."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final, TypeVar

from kbq_tui.core import catalogue
from kbq_tui.core.diff import context_of
from kbq_tui.core.grants import on_dataset, on_project
from kbq_tui.core.observed import Elsewhere, Part, Present, RoleBinding, Unknown
from kbq_tui.core.problems import Kind, Problem, ProblemError
from kbq_tui.core.spec import DATA_VIEWER, ConnectionSpec
from kbq_tui.core.words import Said
from kbq_tui.engine.ports import Cloud

MAX_DATASETS: Final = 1_000
"""How many other datasets are read."""

MAX_TABLES: Final = 1_000
"""Of how many tables of a dataset that is only read the policy is."""

_AT_ONCE: Final = 16

T = TypeVar("T")


async def look_elsewhere(spec: ConnectionSpec, cloud: Cloud, names: Part[tuple[tuple[str, str], ...]]) -> Elsewhere:
    """Read the project's other datasets, and the policies of the tables that the account should only read.

    Args:
        spec: the connection.
        cloud: Google as the operator sees it.
        names: every dataset of the project, as it was listed.

    Returns:
        What was found, and why the rest was not. Never raises `ProblemError`.
    """
    project = spec.project
    unseen: list[Problem] = []
    slots = asyncio.Semaphore(_AT_ONCE)

    def first(found: Sequence[T], most: int, where: Said) -> Sequence[T]:
        if len(found) > most:
            unseen.append(catalogue.problem("KBQ-NOT-SEARCHED", context_of(spec), resource=where, limit=most))
        return found[:most]

    async def read(ask: Callable[[], Awaitable[T | None]]) -> T | None:
        async with slots:
            try:
                return await ask()
            except ProblemError as error:
                if error.problem.kind is not Kind.NOT_FOUND:  # else it is gone meanwhile
                    unseen.append(error.problem)
                return None

    async def policies(dataset: str) -> dict[tuple[str, str], tuple[RoleBinding, ...]]:
        found = await read(lambda: cloud.tables(project, dataset, MAX_TABLES + 1)) or ()
        tables = [table.name for table in first(found, MAX_TABLES, on_dataset(dataset))]
        held = await asyncio.gather(*(read(partial(cloud.table_bindings, project, dataset, t)) for t in tables))
        return {(dataset, table): bindings for table, bindings in zip(tables, held, strict=True) if bindings}

    if isinstance(names, Unknown):
        unseen.append(names.problem)
    there = sorted(name for name, _ in names.value) if isinstance(names, Present) else []
    wishes = {wish.name: wish.role for wish in spec.datasets()}
    others = first([n for n in there if n not in wishes], MAX_DATASETS, on_project(project))
    async with asyncio.TaskGroup() as group:
        datasets = [group.create_task(read(partial(cloud.dataset, project, name))) for name in others]
        tables = [group.create_task(policies(n)) for n in there if wishes.get(n) == DATA_VIEWER]
    return Elsewhere(
        {info.name: info for task in datasets if (info := task.result()) is not None},
        {table: bindings for task in tables for table, bindings in task.result().items()},
        tuple(_distinct(unseen)),
    )


def _distinct(problems: Iterable[Problem]) -> list[Problem]:
    """Return each kind of problem once, the first of it: what refuses one dataset refuses the next alike."""
    found: dict[tuple[str | None, str], Problem] = {}
    for problem in problems:
        found.setdefault((problem.code, problem.cause), problem)
    return list(found.values())
