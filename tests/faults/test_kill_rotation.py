"""Killed at any point of a rotation, the next run continues; at every moment the key that Klaviyo uses works."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.field import ProjectPool
from tests.faults.machine import ProjectMachine
from tests.faults.zygote import KILL, RECORD, Zygote

PARTS = 2
"""The points are spread over so many tests, for those who run tests in parallel."""
CHANGES = re.compile(r"after (journal settle|journal intend rotate:|rpc (create|disable|delete)|key file)")
"""The points at which something has changed, at Google, in the journal or in the key's folder."""
FIRST = ("key", "rotate", "--yes", "--wait", "0")
SECOND = ("key", "rotate", "--yes", "--confirmed", "--grace", "0")


def begin(field: ProjectPool, zygote: Zygote, folder: Path) -> ProjectMachine:
    made = ProjectMachine(field, zygote, folder)
    assert made.apply().status == 0
    return made


@pytest.fixture
def machine(field: ProjectPool, zygote: Zygote, tmp_path: Path) -> Callable[[], ProjectMachine]:
    return lambda: begin(field, zygote, tmp_path)


def points_of(one: ProjectMachine, run: tuple[str, ...], record: Path, status: int) -> list[str]:
    ran = one.run(*run, **{RECORD: str(record)})
    assert ran.status == status, ran.err
    return [p for p in record.read_text().splitlines() if CHANGES.match(p)]


@pytest.fixture(scope="module")
def undisturbed(
    field: ProjectPool, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, object], list[tuple[int, str]]]:
    """The state after a rotation without faults, and every point of its two runs at which it could have been killed."""
    folder = tmp_path_factory.mktemp("rotation")
    one = begin(field, zygote, folder)
    old = one.held()
    first = points_of(one, FIRST, folder / "first", 6)
    second = points_of(one, SECOND, folder / "second", 0)
    assert one.remote_keys() == {one.held()}
    assert one.held() != old
    return one.spot.state(), [*((0, p) for p in first), *((1, p) for p in second)]


def usable(one: ProjectMachine) -> set[str]:
    account = one.spot.world.service_accounts[one.spot.spec.account_email]
    return {key.id for key in account.keys.values() if not key.disabled}


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_change_of_a_rotation_the_next_run_goes_on(
    part: int,
    machine: Callable[[], ProjectMachine],
    undisturbed: tuple[dict[str, object], list[tuple[int, str]]],
    record_property: Callable[[str, object], None],
) -> None:
    known, points = undisturbed
    own = points[part::PARTS]
    wrong: list[str] = []
    for run, point in own:
        one = machine()
        old = one.held()
        if run:
            assert one.run(*FIRST).status == 6
        killed = one.run(*(SECOND if run else FIRST), **{KILL: point})
        assert killed.status == -signal.SIGKILL, f"{point}: {killed}"
        try:
            come_right(one, old, known, taken=bool(run))
        except AssertionError as error:
            wrong.append(f"{point}: {error}")
    record_property("figures", f"killed in a rotation: {len(own)} points, {len(wrong)} wrong")
    assert not wrong, "\n".join([f"{len(wrong)} wrong of {len(own)} points", *wrong])


def under_way(one: ProjectMachine) -> bool:
    lines = [json.loads(line) for line in one.journal.read_text().splitlines()]
    return [line["event"] for line in lines if line["action"].startswith("rotate:")][-1] == "intended"


def come_right(one: ProjectMachine, old: str, known: dict[str, object], *, taken: bool) -> None:
    assert usable(one), "no key works"
    if not taken:
        assert old in usable(one), "Klaviyo's key was taken before Klaviyo had another"
    if not taken:
        again = one.run(*FIRST)
        assert again.status == 6, again.err
        assert old in usable(one), "Klaviyo's key was taken before Klaviyo had another"
    if under_way(one):
        done = one.run(*SECOND)
        assert done.status == 0, done.err
    held = one.held()
    assert held in usable(one)
    assert held != old
    for key_id in one.remote_keys() - {held}:  # one that was created, and whose answer never came
        assert one.run("key", "delete", key_id, "--yes").status == 0
    assert not [p.name for p in one.key_file.parent.iterdir() if ".next" in p.name or p.name.startswith(".")]
    assert one.spot.state() == known
