"""What a kind of operation needs in each room, and the call that carries it out."""

import ast
import asyncio
from pathlib import Path

import pytest

import kbq_tui
from kbq_tui.engine.operation_calls import CALLS
from kbq_tui.model.operations import Action, CreateKey, Operation
from kbq_tui.shell.operation_rows import ROWS
from tests.export.conftest import ONE_OF_EACH, P
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_world import MemoryWorld

ROOT = Path(kbq_tui.__file__).parent
TABLE = "KLAVIYO_IMPORT_FROM_DWH.orders"


def proposed() -> set[str]:
    """The names of the classes that planning and the use cases create operations of."""
    files = [*(ROOT / "planning").rglob("*.py"), *(ROOT / "engine").rglob("*.py")]
    calls = [n for f in files for n in ast.walk(ast.parse(f.read_text("utf-8"))) if isinstance(n, ast.Call)]
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def missing_places(kind: type) -> list[str]:
    """The places in which an operation's class is missing."""
    places = {
        "model/operations.py: the union Operation": kind in Operation.__args__,
        "shell/operation_rows.py: a row in ROWS, with its command, permissions and texts": kind in ROWS,
        "engine/operation_calls.py: a row in CALLS, with its call and what it waits for": kind in CALLS,
        "planning/ or engine/: what proposes it": kind.__name__ in proposed(),
        "tests/export/conftest.py: an example in ONE_OF_EACH": kind in {type(a.op) for a in ONE_OF_EACH},
    }
    return [place for place, there in places.items() if not there]


@pytest.mark.parametrize("kind", Operation.__args__, ids=lambda kind: kind.__name__)
def test_an_operation_stands_in_every_room(kind: type) -> None:
    missing = missing_places(kind)
    assert not missing, f"{kind.__name__} is missing in (see CONTRIBUTING, 'An operation'):\n" + "\n".join(missing)


def test_what_a_new_operation_lacks_is_named() -> None:
    class NewOperation:
        pass

    assert [place.partition("/")[0] for place in missing_places(NewOperation)] == [
        *("model", "shell", "engine", "planning", "tests")
    ]


@pytest.mark.parametrize("action", ONE_OF_EACH, ids=lambda action: type(action.op).__name__)
def test_each_operation_is_one_changing_call(action: Action) -> None:
    run = CALLS[type(action.op)].run
    if isinstance(action.op, CreateKey):
        assert run is None
        return
    assert run is not None
    cloud = MemoryCloud(MemoryWorld(tables={TABLE: ()}))
    needs_one = type(action.op).__name__ in ("GrantDatasetRole", "RevokeDatasetRole")
    if needs_one:
        asyncio.run(cloud.create_dataset(P, "KLAVIYO_TMP", "EU", "", {}))
    asyncio.run(run(cloud, P, action.op))  # type: ignore[arg-type]
    assert len(cloud.world.writes) == 1 + needs_one
