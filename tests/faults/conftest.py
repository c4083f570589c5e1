"""A sandbox with a project for each test, and the program in separate processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cells import ReferenceRun, undisturbed
from tests.faults.field import ProjectPool
from tests.faults.zygote import Zygote


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Runs the program in separate processes."""
    with Zygote() as made:
        yield made


@pytest.fixture(scope="session")
def field() -> Iterator[ProjectPool]:
    """A sandbox with a project for each test."""
    made = ProjectPool(1_500)
    with made.sandbox:
        yield made
    made.context.engine = (
        None  # threads that gRPC leaves behind hold the rest; DuckDB complains at exit about open databases
    )


@pytest.fixture(scope="session")
def known(field: ProjectPool, tmp_path_factory: pytest.TempPathFactory) -> ReferenceRun:
    """The reference: a set-up without faults."""
    return undisturbed(field, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A private folder with nothing in it."""
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    return made
