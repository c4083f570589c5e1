"""Applying a plan: order, parallelism, waiting for *not yet*, and a key that is never lost."""

import asyncio
from dataclasses import replace

import pytest

from kbq_tui.engine.apply import GRACE, apply
from kbq_tui.engine.observe import observe
from kbq_tui.engine.waiting import Patience
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.problem import Kind, ProblemError, Retry
from kbq_tui.model.secret import Secret
from kbq_tui.model.steps import Step
from kbq_tui.planning.diff import diff
from tests.engine.fakes import FakeJournal, ports
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_machine import MemoryKeys, VirtualClock
from tests.support.memory_world import CANARY, PROJECT, SPEC, fault

KEY_GRANTS = {"add_project_binding", "grant_dataset:KLAVIYO_TMP", "grant_dataset:KLAVIYO_IMPORT_FROM_DWH", "create_key"}


async def test_a_fresh_project_converges_and_a_second_run_changes_nothing() -> None:
    world = ports()
    events: list[Event] = []
    outcome = await apply(SPEC, world, events.append)
    assert outcome.complete
    assert outcome.key is not None
    assert (await observe(SPEC, world)).key is not None
    cloud = world.cloud
    assert isinstance(cloud, MemoryCloud)
    written = list(cloud.world.writes)
    again = await apply(SPEC, world, events.append)
    assert again.complete
    assert not again.done
    assert cloud.world.writes == written


async def test_what_needs_an_account_or_a_dataset_waits_for_it() -> None:
    cloud = MemoryCloud()
    await apply(SPEC, ports(cloud), lambda _: None)
    order = {w: i for i, w in enumerate(cloud.world.writes)}
    assert all(order["create_account"] < order[w] for w in KEY_GRANTS)
    assert order["create_dataset:KLAVIYO_TMP"] < order["grant_dataset:KLAVIYO_TMP"]


async def test_independent_actions_run_at_the_same_time() -> None:
    cloud = MemoryCloud()
    both = asyncio.Event()
    first = {"create_account", "create_dataset:KLAVIYO_TMP", "create_dataset:KLAVIYO_IMPORT_FROM_DWH"}
    cloud.world.gates = dict.fromkeys(first, both)
    task = asyncio.create_task(apply(SPEC, ports(cloud), lambda _: None))
    async with asyncio.timeout(5):
        while not first <= cloud.world.running:
            await asyncio.sleep(0)
    both.set()
    assert (await task).complete


async def test_an_observation_is_one_parallel_round() -> None:
    cloud = MemoryCloud()
    cloud.world.gates = dict.fromkeys(["project", "dataset", "account", "keys", "project_bindings"], asyncio.Event())
    task = asyncio.create_task(observe(SPEC, ports(cloud)))
    async with asyncio.timeout(5):
        while not set(cloud.world.gates) <= cloud.world.running:
            await asyncio.sleep(0)
    cloud.world.gates["project"].set()
    await task


async def test_does_not_exist_right_after_our_own_change_is_waited_out_in_sight() -> None:
    cloud = MemoryCloud()
    not_yet = fault("KBQ-ACCOUNT-NOT-VISIBLE", Retry.NOT_YET)
    cloud.world.faults["add_project_binding"] = [not_yet, not_yet, not_yet]
    world = ports(cloud)
    events: list[Event] = []
    outcome = await apply(SPEC, world, events.append)
    assert outcome.complete
    waits = [e for e in events if e.kind is EventKind.WAITING]
    assert waits
    assert all(e.limit == 420 and e.problem is not None and e.problem.code == not_yet.code for e in waits)
    assert (
        str(waits[0].text) == "the account was created 0 s ago; Google takes a minute or two as a rule; nothing to do"
    )
    assert not any("Do nothing." in str(step) for e in waits if e.problem for step in e.problem.remedy)
    assert isinstance(world.clock, VirtualClock)
    assert max(world.clock.naps) <= 1.0


async def test_the_wait_has_a_limit() -> None:
    cloud = MemoryCloud()
    cloud.world.forever["add_project_binding"] = fault("KBQ-ACCOUNT-NOT-VISIBLE", Retry.NOT_YET)
    world = ports(cloud)
    outcome = await apply(SPEC, world, lambda _: None, patience=Patience(limit=30))
    assert list(outcome.failed) == ["grant:project:roles/bigquery.jobUser"]
    assert isinstance(world.clock, VirtualClock)
    assert 30 <= world.clock.seconds < 60


async def test_the_same_answer_without_a_change_of_ours_is_final() -> None:
    world = ports()
    assert isinstance(world.cloud, MemoryCloud)
    await apply(SPEC, world, lambda _: None)
    world.cloud.world.bindings.clear()
    world.cloud.world.forever["add_project_binding"] = fault("KBQ-ACCOUNT-NOT-VISIBLE", Retry.NOT_YET)
    assert isinstance(world.clock, VirtualClock)
    world.clock.seconds += 601
    outcome = await apply(SPEC, world, lambda _: None)
    assert outcome.failed
    assert not world.clock.naps


async def test_a_final_refusal_is_told_at_once_and_the_rest_goes_on() -> None:
    cloud = MemoryCloud()
    cloud.world.forever["create_account"] = fault(kind=Kind.NOT_PERMITTED)
    events: list[Event] = []
    outcome = await apply(SPEC, ports(cloud), events.append)
    assert set(outcome.failed) == {"account"}
    assert set(outcome.skipped) == {
        "key",
        "grant:project:roles/bigquery.jobUser",
        "grant:dataset:KLAVIYO_TMP:roles/bigquery.dataEditor",
        "grant:dataset:KLAVIYO_IMPORT_FROM_DWH:roles/bigquery.dataViewer",
    }
    assert {"dataset:KLAVIYO_TMP", "dataset:KLAVIYO_IMPORT_FROM_DWH"} == set(outcome.done)
    assert outcome.problems[0].exit_code == 4


async def test_a_plan_that_is_no_longer_true_is_refused_and_nothing_is_changed() -> None:
    cloud = MemoryCloud()
    world = ports(cloud)
    agreed = diff(SPEC, await observe(SPEC, world)).fingerprint
    await cloud.create_dataset(PROJECT, "KLAVIYO_TMP", "EU", "", {})
    cloud.world.writes.clear()
    with pytest.raises(ProblemError) as caught:
        await apply(SPEC, world, lambda _: None, expected=agreed)
    assert caught.value.problem.code == "KBQ-STALE-PLAN"
    assert not cloud.world.writes


async def test_one_step_at_a_time_comes_to_the_same() -> None:
    world = ports()
    for step in (Step.PROJECT, Step.DATASETS, Step.ACCOUNT, Step.PERMISSIONS):
        assert (await apply(SPEC, world, lambda _: None, only=step)).complete
    assert diff(SPEC, await observe(SPEC, world)).complete


async def test_an_api_that_is_off_is_turned_on_first_and_then_looked_behind() -> None:
    cloud = MemoryCloud()
    cloud.world.services.clear()
    outcome = await apply(SPEC, ports(cloud), lambda _: None)
    assert outcome.complete
    assert cloud.world.writes[:3] == ["enable_services"] * 3
    assert "grant_dataset:KLAVIYO_TMP" in cloud.world.writes


async def test_a_key_that_cannot_be_kept_is_deleted_at_google() -> None:
    cloud, keys = MemoryCloud(), MemoryKeys()
    keys.cannot_write = fault("KBQ-DISK-FULL")
    outcome = await apply(SPEC, ports(cloud, keys), lambda _: None)
    assert outcome.failed["key"].code == "KBQ-DISK-FULL"
    assert not cloud.world.keys
    assert not keys.reserved
    assert "deleted at Google again" in " ".join(map(str, outcome.failed["key"].remedy))


async def test_a_key_that_cannot_even_be_deleted_is_named_with_the_command() -> None:
    cloud, keys = MemoryCloud(), MemoryKeys()
    keys.cannot_write = fault("KBQ-DISK-FULL")
    cloud.world.forever["delete_key"] = fault("KBQ-DEADLINE", kind=Kind.NETWORK)
    outcome = await apply(SPEC, ports(cloud, keys), lambda _: None)
    assert f"kbq-tui key delete {1:040d}" in " ".join(map(str, outcome.failed["key"].remedy))


async def test_a_refused_key_gives_its_place_back() -> None:
    cloud, keys = MemoryCloud(), MemoryKeys()
    cloud.world.forever["create_key"] = fault(kind=Kind.NOT_PERMITTED)
    await apply(SPEC, ports(cloud, keys), lambda _: None)
    assert not keys.reserved


async def test_the_journal_knows_each_intent_before_and_each_outcome_after() -> None:
    world = ports()
    await apply(SPEC, world, lambda _: None)
    assert isinstance(world.journal, FakeJournal)
    intents = [x.removeprefix("intend ") for x in world.journal.lines if x.startswith("intend")]
    for action in intents:
        assert world.journal.lines.index(f"intend {action}") < world.journal.lines.index(f"finished {action}")
    assert len(intents) == 7


async def test_a_journal_that_cannot_be_written_stops_before_anything_is_changed() -> None:
    class Full(FakeJournal):
        def intend(self, action: str, resource: str) -> None:
            raise ProblemError(fault("KBQ-JOURNAL-UNWRITABLE"))

    cloud = MemoryCloud()
    outcome = await apply(SPEC, replace(ports(cloud), journal=Full()), lambda _: None)
    assert not cloud.world.writes
    assert not outcome.complete


async def test_no_event_holds_the_key() -> None:
    events: list[Event] = []
    world = ports()
    outcome = await apply(SPEC, world, events.append)
    assert CANARY not in repr(events) + repr(outcome) + repr(world.keys.__dict__)


async def test_a_key_whose_answer_was_lost_is_asked_for_again_only_where_none_was_made() -> None:
    cloud = MemoryCloud()
    cloud.world.faults["create_key"] = [fault("KBQ-KEY-OUTCOME-UNKNOWN"), None]
    outcome = await apply(SPEC, ports(cloud), lambda _: None)
    assert outcome.complete
    assert len(cloud.world.keys) == 1


async def test_a_key_that_was_made_and_never_arrived_is_named_and_no_second_one_is_made() -> None:
    class Lost(MemoryCloud):
        async def create_key(self, project: str, email: str) -> Secret:
            await super().create_key(project, email)
            raise ProblemError(fault("KBQ-KEY-OUTCOME-UNKNOWN"))

    cloud = Lost()
    outcome = await apply(SPEC, ports(cloud), lambda _: None)
    made = cloud.world.keys
    assert len(made) == 1
    assert f"kbq-tui key delete {made[0].id}" in str(outcome.failed["key"].remedy[0])


async def test_leaving_during_a_call_that_hangs_does_not_wait_for_it() -> None:
    cloud = MemoryCloud()
    cloud.world.gates = {"create_account": asyncio.Event()}
    task = asyncio.create_task(apply(SPEC, ports(cloud), lambda _: None))
    async with asyncio.timeout(5):
        while "create_account" not in cloud.world.running:
            await asyncio.sleep(0)
    task.cancel()
    began = asyncio.get_running_loop().time()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.get_running_loop().time() - began < GRACE + 1  # the call itself would never end
