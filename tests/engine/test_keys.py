"""Deleting keys: journalled like every change, the keyring's copy goes with its key, and a key kept here is spared."""

from dataclasses import replace

import pytest

from kbq_tui.core.observed import KeyInfo
from kbq_tui.core.problems import ProblemError
from kbq_tui.core.spec import ConnectionSpec
from kbq_tui.engine.apply import Patience, apply
from kbq_tui.engine.keys import delete_key
from kbq_tui.engine.ports import Ports
from tests.engine.fakes import START, FakeCloud, FakeJournal, FakeKeys, fault, ports

SPEC = ConnectionSpec("my-project")
LEFTOVER = "f" * 40


async def with_a_leftover() -> tuple[Ports, FakeCloud, FakeKeys, str]:
    """Everything in place, and one key more; returns the id of the one that is kept here too."""
    cloud, keys = FakeCloud(), FakeKeys()
    world = ports(cloud, keys)
    outcome = await apply(SPEC, world, lambda _: None)
    assert outcome.key is not None
    cloud.key_ids[SPEC.account_email].append(KeyInfo(LEFTOVER, START))
    return world, cloud, keys, outcome.key.key_id


def ids(cloud: FakeCloud) -> list[str]:
    return [k.id for k in cloud.key_ids[SPEC.account_email]]


async def test_a_leftover_key_is_deleted_and_the_journal_knows() -> None:
    world, cloud, keys, held = await with_a_leftover()
    outcome, notes = await delete_key(SPEC, world, lambda _: None, Patience(), LEFTOVER, unheld_only=True)
    assert (outcome.complete, notes) == (True, ())
    assert ids(cloud) == [held]
    assert keys.forgotten == []
    assert isinstance(world.journal, FakeJournal)
    assert world.journal.lines[-2:] == [f"intend delete-key:{LEFTOVER}", f"finished delete-key:{LEFTOVER}"]


async def test_a_key_that_is_kept_here_by_now_is_not_taken_for_a_leftover() -> None:
    world, cloud, _, held = await with_a_leftover()
    before = list(cloud.writes)
    with pytest.raises(ProblemError) as caught:
        await delete_key(SPEC, world, lambda _: None, Patience(), held, unheld_only=True)
    assert caught.value.problem.code == "KBQ-STALE-PLAN"
    assert cloud.writes == before


async def test_while_the_key_file_cannot_be_read_nothing_counts_as_a_leftover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, cloud, keys, _ = await with_a_leftover()

    def unreadable(*_: object) -> None:
        raise ProblemError(fault("KBQ-KEY-FILE-UNREADABLE"))

    monkeypatch.setattr(keys, "inspect", unreadable)
    before = list(cloud.writes)
    with pytest.raises(ProblemError) as caught:
        await delete_key(SPEC, world, lambda _: None, Patience(), LEFTOVER, unheld_only=True)
    assert caught.value.problem.code == "KBQ-KEY-FILE-UNREADABLE"
    assert cloud.writes == before


@pytest.mark.parametrize(
    ("reason", "said"),
    [("", "is deleted too"), ("The system keyring does not answer.", f"keyring del kbq-tui {SPEC.account_email}")],
)
async def test_the_copy_of_a_deleted_key_goes_or_it_is_said_that_it_stays(reason: str, said: str) -> None:
    world, _, keys, held = await with_a_leftover()
    assert keys.local is not None
    keys.local = replace(keys.local, in_keyring=True)
    keys.cannot_forget = reason
    outcome, notes = await delete_key(SPEC, world, lambda _: None, Patience(), held)
    assert outcome.complete
    assert len(notes) == 2
    assert said in notes[0]
    assert "key shred" in notes[1]
    assert keys.forgotten == ([] if reason else [SPEC.account_email])


async def test_where_google_refuses_the_copy_stays() -> None:
    world, cloud, keys, held = await with_a_leftover()
    assert keys.local is not None
    keys.local = replace(keys.local, in_keyring=True)
    cloud.always["delete_key"] = fault("KBQ-PERMISSION-MISSING")
    outcome, notes = await delete_key(SPEC, world, lambda _: None, Patience(), held)
    assert not outcome.complete
    assert (notes, keys.forgotten) == ((), [])
