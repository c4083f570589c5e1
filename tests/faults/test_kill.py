"""Killed at any moment, the next run continues: one set-up, one key that we hold, and no key that nobody knows of."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kbq_tui.shell.sql import PROBE_PREFIX
from tests.faults.field import ProjectPool
from tests.faults.machine import ProjectMachine
from tests.faults.zygote import KILL, RECORD, Zygote

PARTS = 4
"""The points are spread over so many tests, for those who run tests in parallel."""


MakeMachine = Callable[[], ProjectMachine]


@pytest.fixture
def machine(field: ProjectPool, zygote: Zygote, tmp_path: Path) -> MakeMachine:
    return lambda: ProjectMachine(field, zygote, tmp_path)


@pytest.fixture(scope="module")
def undisturbed(
    field: ProjectPool, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], list[str]]:
    """The state after an `apply` without faults, and every point at which it could have been killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    whole = ProjectMachine(field, zygote, folder)
    record = folder / "points"
    ran = whole.apply(**{RECORD: str(record)})
    assert ran.status == 0, ran.err
    return whole.spot.state(), sorted(record.read_text().splitlines())


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_call_or_journal_line_the_next_run_goes_on(
    part: int, machine: MakeMachine, undisturbed: tuple[dict[str, Any], list[str]], record_property: Any
) -> None:
    known, points = undisturbed
    wrong: list[str] = []
    own = points[part::PARTS]
    left = journal = 0
    for point in own:
        one = machine()
        killed = one.apply(**{KILL: point})
        assert killed.status == -signal.SIGKILL, f"{point}: {killed}"
        journal += "journal" in point
        try:
            left += one.come_right(known)
        except AssertionError as error:
            wrong.append(f"{point}: {error}")
    record_property("kill-matrix", [len(own), journal, left])
    assert not wrong, "\n".join([f"{len(wrong)} wrong of {len(own)} points", *wrong])


def torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def empty(data: bytes) -> bytes:
    return b""


def zeroed(data: bytes) -> bytes:
    """What some file systems leave of a file whose length was on disk and whose blocks were not."""
    return bytes(len(data))


LOSSES: dict[str, Callable[[bytes], bytes]] = {"torn": torn, "empty": empty, "zeroed": zeroed}


@pytest.mark.parametrize("name", LOSSES)
def test_a_power_loss_before_the_key_is_on_disk_costs_the_key_and_nothing_else(
    name: str, machine: MakeMachine, undisturbed: tuple[dict[str, Any], list[str]]
) -> None:
    """The key was created; of its file there are only the reservation and what is left of the draft."""
    one = machine()
    one.apply(**{KILL: next(p for p in undisturbed[1] if p.startswith("after rpc create_service_account_key"))})
    assert one.key_file.read_bytes() == b""
    assert len(one.remote_keys()) == 1
    content = b'{"type": "service_account", "private_key_id": "0123"}' * 20
    part = one.key_file.with_name(f".{one.key_file.name}.part")
    part.write_bytes(LOSSES[name](content))
    part.chmod(0o600)
    assert one.come_right(undisturbed[0]) == 1
    assert not part.exists()


def test_a_power_loss_between_rename_and_journal_keeps_the_key(
    machine: MakeMachine, undisturbed: tuple[dict[str, Any], list[str]]
) -> None:
    one = machine()
    assert one.apply().status == 0
    held = one.held()
    # As if the rename had not reached the disk: the complete key is in the draft, the reservation is empty.
    part = one.key_file.with_name(f".{one.key_file.name}.part")
    one.key_file.rename(part)
    one.key_file.touch(0o600)
    lines = [line for line in one.journal.read_text().splitlines(keepends=True) if '"finished"' not in line]
    one.journal.write_text("".join(lines))
    assert one.come_right(undisturbed[0]) == 0
    assert one.held() == held


@pytest.mark.parametrize("name", LOSSES)
def test_a_key_file_that_lost_its_content_is_never_taken_for_a_key_nor_written_over(
    name: str, machine: MakeMachine
) -> None:
    one = machine()
    assert one.apply().status == 0
    lost = LOSSES[name](one.key_file.read_bytes())
    one.key_file.write_bytes(lost)
    again = one.apply()
    if name == "empty":
        # An empty file looks like a reservation: the place is free, and nobody holds the old key.
        assert again.status == 0, again.err
        assert one.sweep() == 1
        return
    assert again.status == 3, again.err
    assert "KBQ-KEY-FILE-INVALID" in again.err
    assert one.key_file.read_bytes() == lost
    assert len(one.remote_keys()) == 1
    one.key_file.unlink()
    assert one.apply().status == 0
    assert one.sweep() == 1


@pytest.mark.parametrize("name", LOSSES)
def test_a_journal_that_lost_its_end_stops_nothing(
    name: str, machine: MakeMachine, undisturbed: tuple[dict[str, Any], list[str]]
) -> None:
    one = machine()
    one.apply(**{KILL: next(p for p in undisturbed[1] if p.startswith("after rpc create_service_account "))})
    whole = one.journal.read_bytes()
    keep = whole.rstrip(b"\n").rfind(b"\n") + 1
    one.journal.write_bytes(whole[:keep] + LOSSES[name](whole[keep:]))
    assert one.come_right(undisturbed[0]) == 0
    for line in one.journal.read_text().splitlines():
        if line.startswith("{") and line.endswith("}"):
            json.loads(line)


def test_killed_in_verify_the_next_run_sweeps_what_the_probe_left(
    machine: MakeMachine, tmp_path: Path, record_property: Any
) -> None:
    one = machine()
    assert one.apply().status == 0
    known = one.spot.state()
    record = tmp_path / "points"
    assert one.run("verify", **{RECORD: str(record)}).status == 0
    queries = [p for p in sorted(record.read_text().splitlines()) if p.startswith("after POST") and "/queries" in p]
    for point in queries:
        assert one.run("verify", **{KILL: point}).status == -signal.SIGKILL
    left = [t for d in one.spot.world.datasets.values() for t in d.tables.values()]
    assert left, "a run that is killed between CREATE and DROP leaves its probe"
    assert all(t.table_id.startswith(PROBE_PREFIX) and t.labels and t.expires_ms for t in left)
    for table in left:
        table.created_ms -= 2 * 3_600_000
    assert one.run("verify").status == 0
    assert one.spot.state() == known
    record_property("figures", f"killed in verify: {len(queries)} points, {len(left)} probe tables left, all swept")
