"""In an outage the values that were last read stay, with their time; they do not make anything healthy."""

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.last_known import LastKnown
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.status import Health, Status, status
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Problem
from kbq_tui.model.spec import ConnectionSpec
from tests.engine.test_verify_status import SPEC, ready
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_machine import VirtualClock
from tests.support.memory_world import NOW

UNREACHABLE = catalogue.problem(Code.NETWORK_UNREACHABLE, Context())
READS = (
    *("identity", "project", "services", "billing_enabled", "policy_enforced", "test_permissions", "project_bindings"),
    *("dataset", "dataset_names", "account", "keys", "recent_jobs"),
)


def cut(world: Ports, problem: Problem | None) -> None:
    """Cut the connection to Google, or restore it."""
    assert isinstance(world.cloud, MemoryCloud)
    world.cloud.world.forever = dict.fromkeys(READS, problem) if problem is not None else {}


def known(seen: Status) -> list[tuple[str, Health, str]]:
    return [(line.id, line.health, str(line.text)) for line in seen.lines if line.id not in ("credential", "google")]


async def test_an_outage_keeps_the_last_values_and_their_time_and_ends_with_the_next_answer() -> None:
    world, _ = await ready()
    assert isinstance(world.clock, VirtualClock)
    last, verified = LastKnown(), {"ok": True, "at": "2026-01-02"}
    good = last.take(await status(SPEC, world, verified))
    assert (good.as_of, good.stale, good.healthy) == (good.at, False, True)
    cut(world, UNREACHABLE)
    began = world.clock.now()
    for _ in range(2):
        world.clock.seconds += 60
        seen = last.take(await status(SPEC, world, verified))
    assert known(seen) == known(good)
    assert (seen.as_of, seen.stale, seen.healthy) == (good.at, True, False)
    assert seen.since is not None
    assert began < seen.since < seen.at
    assert seen.lines[0].problem == UNREACHABLE
    assert seen.left_out == tuple(line.id for line in good.lines if line.id not in ("credential", "last-verify"))
    assert seen.to_json()["as_of"] == good.at.isoformat()
    cut(world, None)
    mended = last.take(await status(SPEC, world, verified))
    assert (mended.as_of, mended.stale, mended.since, mended.healthy) == (mended.at, False, None, True)


async def test_values_of_another_project_do_not_stand_in() -> None:
    world, _ = await ready()
    last = LastKnown()
    last.take(await status(SPEC, world))
    cut(world, UNREACHABLE)
    seen = last.take(await status(ConnectionSpec("other-project"), world))
    assert {line.health for line in seen.lines if line.id not in ("google", "last-verify")} == {Health.UNKNOWN}


async def test_without_an_earlier_look_all_that_is_known_is_the_last_verification() -> None:
    world, _ = await ready()
    cut(world, UNREACHABLE)
    never = await status(SPEC, world)
    assert (never.as_of, never.stale) == (None, True)
    after = await status(SPEC, world, {"ok": True, "at": NOW.isoformat()})
    assert (after.as_of, after.stale) == (NOW, True)
    assert not [line for line in after.lines if line.health is Health.OK and line.id != "last-verify"]


async def test_one_failed_call_is_no_outage() -> None:
    world, _ = await ready()
    assert isinstance(world.cloud, MemoryCloud)
    world.cloud.world.forever = {"account": UNREACHABLE}
    seen = await status(SPEC, world)
    assert (seen.as_of, seen.stale) == (seen.at, False)


async def test_an_outage_from_the_first_look_on_claims_neither_a_next_try_nor_values_from_before() -> None:
    world, _ = await ready()
    cut(world, UNREACHABLE)
    last = LastKnown()
    for _ in range(2):
        seen = last.take(await status(SPEC, world, {"ok": True, "at": "2026-01-02T00:00:00+00:00"}))
        assert (seen.stale, seen.since) == (True, None)


async def test_a_young_key_has_no_age_where_google_s_list_was_not_read() -> None:
    world, _ = await ready()
    cut(world, UNREACHABLE)
    seen = await status(SPEC, world)
    assert {line.id: line.health for line in seen.lines}["key-age"] is Health.UNKNOWN
