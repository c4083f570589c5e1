"""Reads what the service account holds in the rest of the project; only if that is to be removed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final, TypeVar

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import Cloud
from kbq_tui.engine.throttle import Throttle, reached
from kbq_tui.i18n.messages import Message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import LIST_PERMISSION
from kbq_tui.model.observed import ForeignGrants, Part, Present, RoleBinding, Unknown
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.refs import ProjectRef
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of

MAX_DATASETS: Final = 1_000
"""The most other datasets that are read."""

MAX_TABLES: Final = 2_000
"""The most tables and views whose policy is read, in all datasets together."""

T = TypeVar("T")


async def look_elsewhere(spec: ConnectionSpec, cloud: Cloud, names: Part[tuple[tuple[str, str], ...]]) -> ForeignGrants:
    """Read the project's other datasets, and the policies of single tables and views, the connection's own first.

    Args:
        spec: the connection.
        cloud: Google as the operator sees it.
        names: every dataset of the project, as it was listed.

    Returns:
        What was found, and why the rest was not. Never raises `ProblemError`.
    """
    project = spec.project
    unseen: list[Problem] = []
    turns = Throttle()
    room, more = MAX_TABLES, False

    async def read(ask: Callable[[], Awaitable[T | None]]) -> T | None:
        try:
            async with turns.turn():
                found = await ask()
            turns.ended(None)
        except ProblemError as error:
            turns.ended(error.problem)
            if error.problem.kind is not Kind.NOT_FOUND:  # else it was deleted in the meantime
                unseen.append(error.problem)
            return None
        return found

    async def policies(dataset: str) -> dict[tuple[str, str], tuple[RoleBinding, ...]]:
        nonlocal room, more
        found = () if more else await read(lambda: cloud.tables(project, dataset, room + 1)) or ()
        tables = [table.name for table in found[:room]]
        room -= len(tables)
        more = more or len(tables) < len(found)
        held = await asyncio.gather(*(read(partial(cloud.table_bindings, project, dataset, t)) for t in tables))
        return {(dataset, table): bindings for table, bindings in zip(tables, held, strict=True) if bindings}

    if isinstance(names, Unknown):
        unseen.append(names.problem)
    there = sorted(name for name, _ in names.value) if isinstance(names, Present) else []
    ours = [wish.name for wish in spec.datasets() if wish.name in there]
    others = [name for name in there if name not in ours]
    looked = others[:MAX_DATASETS]
    async with asyncio.TaskGroup() as group:
        sees_all = group.create_task(read(partial(cloud.test_permissions, project, (LIST_PERMISSION,))))
        datasets = [group.create_task(read(partial(cloud.dataset, project, name))) for name in looked]
        tables = [group.create_task(policies(name)) for name in (*ours, *looked)]
    unseen += (
        catalogue.problem(Code.ACCESS_UNREAD, context_of(spec), dataset=info.name)
        for task in datasets
        if (info := task.result()) is not None and info.access is None
    )
    if sees_all.result() == frozenset():
        unseen.append(catalogue.permission_missing(LIST_PERMISSION, context_of(spec)))
    if more or len(others) > len(looked):
        limit = reached(MAX_TABLES - room, len(tables))
        unseen.append(catalogue.problem(Code.NOT_SEARCHED, context_of(spec), resource=ProjectRef(project), limit=limit))
    return ForeignGrants(
        {info.name: info for task in datasets if (info := task.result()) is not None},
        {table: bindings for task in tables for table, bindings in task.result().items()},
        tuple(_distinct(unseen)),
    )


def _distinct(problems: Iterable[Problem]) -> list[Problem]:
    """Return the first of each kind of problem: the reason for one dataset's refusal is usually that of the next."""
    found: dict[tuple[str | None, Message], Problem] = {}
    for problem in problems:
        found.setdefault((problem.code, problem.cause), problem)
    return list(found.values())
