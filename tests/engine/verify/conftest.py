"""One sandbox for all, a project for each test."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from kbq_tui.model.spec import Direction
from tests.engine.verify.bench import Bench, bench_of
from tests.faults.field import ProjectPool


@pytest.fixture(scope="session")
def field() -> Iterator[ProjectPool]:
    made = ProjectPool(200)
    with made.sandbox:
        yield made


@pytest.fixture
def make(field: ProjectPool, tmp_path: Path) -> Iterator[Callable[[Direction], Awaitable[Bench]]]:
    made: list[Bench] = []

    async def one(direction: Direction) -> Bench:
        made.append(await bench_of(field, tmp_path, direction))
        return made[-1]

    yield one
    for bench in made:
        bench.patch.undo()
        bench.spot.mend()  # the token endpoint is shared by all


@pytest.fixture
async def bench(make: Callable[[Direction], Awaitable[Bench]]) -> Bench:
    """A finished set-up, import only."""
    return await make(Direction.IMPORT)
