"""Deleting keys: journalled like every change, the keyring's copy is deleted with its key, and a local key is kept."""

from dataclasses import replace

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.apply import apply
from kbq_tui.engine.keys import create_key, delete_key
from kbq_tui.engine.observe import observe
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.status import Health, status
from kbq_tui.engine.waiting import Patience
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Absent, AccountInfo, KeyInfo, unheld_keys, value_of
from kbq_tui.model.problem import Context, ProblemError
from kbq_tui.planning.diff_problems import key_unusable
from kbq_tui.shell.own_commands import for_connection
from tests.engine.fakes import FakeJournal, ports
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_machine import MemoryKeys
from tests.support.memory_world import NOW, SPEC, fault, not_found

LEFTOVER = "f" * 40


async def with_a_leftover() -> tuple[Ports, MemoryCloud, MemoryKeys, str]:
    """Everything in place, and one more key; returns the id of the local one, too."""
    cloud, keys = MemoryCloud(), MemoryKeys()
    world = ports(cloud, keys)
    outcome = await apply(SPEC, world, lambda _: None)
    assert outcome.key is not None
    cloud.world.keys.append(KeyInfo(LEFTOVER, NOW))
    return world, cloud, keys, outcome.key.key_id


def ids(cloud: MemoryCloud) -> list[str]:
    return [k.id for k in cloud.world.keys]


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
    before = list(cloud.world.writes)
    with pytest.raises(ProblemError) as caught:
        await delete_key(SPEC, world, lambda _: None, Patience(), held, unheld_only=True)
    assert caught.value.problem.code == "KBQ-STALE-PLAN"
    assert cloud.world.writes == before


async def test_a_key_that_another_process_made_while_we_looked_is_no_dead_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = ports()
    assert (await apply(SPEC, world, lambda _: None)).complete
    true, stale = world.cloud.keys, [()]

    async def keys(project: str, email: str) -> tuple[KeyInfo, ...]:
        return stale.pop() if stale else await true(project, email)

    monkeypatch.setattr(world.cloud, "keys", keys)
    seen = await observe(SPEC, world)
    key, listed = value_of(seen.key), value_of(seen.keys)
    assert key is not None
    assert listed is not None
    assert key.key_id in {k.id for k in listed}


async def test_an_account_that_another_process_made_while_we_looked_is_seen_with_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = ports()
    assert (await apply(SPEC, world, lambda _: None)).complete
    keys, account, before = world.cloud.keys, world.cloud.account, {"keys", "account"}

    async def keys_at_first_none(project: str, email: str) -> tuple[KeyInfo, ...]:
        if "keys" in before:
            before.remove("keys")
            raise ProblemError(not_found())
        return await keys(project, email)

    async def account_at_first_none(project: str, email: str) -> AccountInfo | None:
        if "account" in before:
            before.remove("account")
            return None
        return await account(project, email)

    monkeypatch.setattr(world.cloud, "keys", keys_at_first_none)
    monkeypatch.setattr(world.cloud, "account", account_at_first_none)
    seen = await observe(SPEC, replace(world, journal=FakeJournal()))  # another process's journal has made both
    key = value_of(seen.key)
    assert key is not None
    assert value_of(seen.account) is not None
    assert key_unusable(seen, key, Context()) is None


async def test_while_the_key_file_cannot_be_read_nothing_counts_as_a_leftover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, cloud, keys, _ = await with_a_leftover()

    def unreadable(*_: object) -> None:
        raise ProblemError(fault("KBQ-KEY-FILE-UNREADABLE"))

    monkeypatch.setattr(keys, "inspect", unreadable)
    before = list(cloud.world.writes)
    with pytest.raises(ProblemError) as caught:
        await delete_key(SPEC, world, lambda _: None, Patience(), LEFTOVER, unheld_only=True)
    assert caught.value.problem.code == "KBQ-KEY-FILE-UNREADABLE"
    assert cloud.world.writes == before


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("", "is deleted too"),
        ("The system keyring does not answer.", "could not be deleted: The system keyring does not answer."),
    ],
)
async def test_the_copy_of_a_deleted_key_goes_or_it_is_said_that_it_stays(reason: str, said: str) -> None:
    world, _, keys, held = await with_a_leftover()
    assert keys.local is not None
    keys.local = replace(keys.local, in_keyring=True)
    keys.cannot_forget = verbatim(reason)
    outcome, notes = await delete_key(SPEC, world, lambda _: None, Patience(), held)
    assert outcome.complete
    assert len(notes) == 2
    assert said in str(notes[0])
    assert "key shred" in str(notes[1])
    assert keys.forgotten == ([] if reason else [SPEC.account_email])


async def test_where_google_refuses_the_copy_stays() -> None:
    world, cloud, keys, held = await with_a_leftover()
    assert keys.local is not None
    keys.local = replace(keys.local, in_keyring=True)
    cloud.world.forever["delete_key"] = fault("KBQ-PERMISSION-MISSING")
    outcome, notes = await delete_key(SPEC, world, lambda _: None, Patience(), held)
    assert not outcome.complete
    assert (notes, keys.forgotten) == ((), [])


async def test_a_key_that_was_handed_over_and_shredded_here_is_no_leftover_and_no_second_one_is_made() -> None:
    world, cloud, keys, held = await with_a_leftover()
    keys.local, keys.secret, keys.reserved, keys.handed = None, None, False, ("0" * 40, held)
    before = list(cloud.world.writes)
    seen = await observe(SPEC, world)
    assert isinstance(seen.key, Absent)
    assert [k.id for k in unheld_keys(seen)] == [LEFTOVER]
    again = await apply(SPEC, world, lambda _: None)
    assert again.complete
    lines = {line.id: line for line in (await status(SPEC, world)).lines}
    assert f"{held[:12]} was handed over (shredded here)" in str(lines["key"].text)
    assert lines["key"].health is lines["key-age"].health is Health.OK
    with pytest.raises(ProblemError) as caught:
        await delete_key(SPEC, world, lambda _: None, Patience(), held, unheld_only=True)
    assert caught.value.problem.code == "KBQ-STALE-PLAN"
    assert cloud.world.writes == before


async def test_once_google_has_it_no_more_a_key_that_was_handed_over_is_made_anew() -> None:
    world, cloud, keys, held = await with_a_leftover()
    keys.local, keys.secret, keys.reserved, keys.handed = None, None, False, (held,)
    cloud.world.keys = []
    outcome = await apply(SPEC, world, lambda _: None)
    assert outcome.complete
    assert outcome.key is not None
    assert ids(cloud) == [outcome.key.key_id]


async def test_while_it_cannot_be_told_what_was_handed_over_no_key_is_made_or_counts_as_a_leftover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, cloud, keys, _ = await with_a_leftover()
    keys.local, keys.secret, keys.reserved = None, None, False

    def unreadable(*_: object) -> tuple[str, ...]:
        raise ProblemError(fault("KBQ-KEY-FILE-UNREADABLE"))

    monkeypatch.setattr(keys, "handed_over", unreadable)
    before = list(cloud.world.writes)
    assert unheld_keys(await observe(SPEC, world)) == ()
    assert not (await apply(SPEC, world, lambda _: None)).complete
    with pytest.raises(ProblemError):
        await delete_key(SPEC, world, lambda _: None, Patience(), LEFTOVER, unheld_only=True)
    assert cloud.world.writes == before


async def test_beside_a_key_of_our_own_none_is_made_and_rotation_is_named() -> None:
    world, cloud, _, _ = await with_a_leftover()
    before = list(cloud.world.writes)
    with pytest.raises(ProblemError) as caught:
        await create_key(SPEC, world, lambda _: None, Patience())
    problem = caught.value.problem
    assert problem.code == "KBQ-KEY-ALREADY-HERE"
    assert "rotation" in str(problem.title)
    steps = "\n".join(map(str, problem.remedy))
    assert "kbq-tui key rotate" in steps
    assert cloud.world.writes == before


async def test_remedies_name_the_connection_and_the_file_it_was_read_from() -> None:
    world = replace(ports(), command=lambda each: for_connection(each, "prod", "/etc/our own.toml"))
    known = {"path": "/k/key.json", "key_id": "0123456789abcdef"}
    for code, command in (
        ("KBQ-STALE-PLAN", "plan"),
        ("KBQ-KEY-OUTCOME-UNKNOWN", "apply"),
        ("KBQ-KEY-HANDED-OVER", "key create"),
        ("KBQ-KEY-ALREADY-HERE", "key rotate"),
    ):
        problem = world.named(catalogue.problem(Code(code), Context("acme-prod"), **known))
        lines = "\n".join(map(str, problem.remedy)).splitlines()
        assert f"kbq-tui {command} prod --config '/etc/our own.toml'" in lines
        assert all("prod --config" in line for line in lines if line.startswith("kbq-tui "))
