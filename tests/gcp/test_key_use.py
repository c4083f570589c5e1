"""When a key was used, against the sandbox: the answers of the three sources."""

import json
from datetime import UTC, datetime, timedelta

from kbq_tui.gcp.cloud import KeyImpersonator
from kbq_tui.model.secret import Secret
from kbq_tui.sandbox.scenario import load
from tests.gcp.conftest import Play, problem

KLAVIYO = "52.206.71.52"


def now(ground) -> datetime:
    return datetime.fromtimestamp(ground.sandbox.world.clock(), UTC)


def held(ground) -> tuple[str, Secret]:
    raw = ground.sandbox.account_keys[ground.email].read_text()
    return json.loads(raw)["private_key_id"], Secret(raw)


async def test_the_newest_call_of_a_key_and_where_it_came_from(play: Play) -> None:
    async with play("klaviyo-changes-over") as ground:
        key_id, _ = held(ground)
        (call,) = await ground.cloud.key_calls(ground.project, ground.email, key_id, since=now(ground) - timedelta(1))
        assert (call.address, call.agent, call.is_klaviyo) == (KLAVIYO, "klaviyo", True)
        assert now(ground) - call.at < timedelta(minutes=2)
        assert call.method == "google.cloud.bigquery.v2.JobService.Query"


async def test_calls_before_a_time_and_from_elsewhere_are_left_out(play: Play) -> None:
    async with play("old-key-still-used") as ground:
        key_id, _ = held(ground)

        async def found(since: datetime, *addresses: str, limit: int = 1):
            return await ground.cloud.key_calls(
                ground.project, ground.email, key_id, since=since, addresses=addresses, limit=limit
            )

        hour = now(ground) - timedelta(hours=1)
        assert await found(now(ground) + timedelta(hours=1)) == ()
        assert {c.address for c in await found(hour, "203.0.113.7", limit=5)} == {"203.0.113.7"}
        assert await found(hour, "192.0.2.1") == ()
        assert len(await found(hour, limit=7)) == 7


async def test_our_own_calls_are_no_use_of_a_key(play: Play) -> None:
    async with play("existing") as ground:
        key_id, secret = held(ground)
        account = KeyImpersonator(ground.endpoints, 10)(secret)
        await account.query(ground.project, "SELECT 1", "US")
        await account.dataset(ground.project, "KLAVIYO_TMP")
        await account.close()
        hour = now(ground) - timedelta(hours=1)
        assert any(use.key_id == key_id for use in ground.sandbox.context.key_uses.all())
        assert await ground.cloud.key_calls(ground.project, ground.email, key_id, since=hour) == ()


async def test_jobs_in_the_audit_log_are_those_that_klaviyo_began_with_their_errors(play: Play) -> None:
    async with play("sync-failing") as ground:
        _, secret = held(ground)
        account = KeyImpersonator(ground.endpoints, 10)(secret)
        await account.query(ground.project, "SELECT 1", "US")
        await account.close()
        since = now(ground) - timedelta(days=3)
        jobs = await ground.cloud.logged_jobs(ground.project, ground.email, since=since, limit=1000)
        assert len(jobs) == 72
        assert [bool(job.error) for job in jobs] == [True] * 48 + [False] * 24
        assert "does not have permission to query table" in jobs[0].error
        newest = await ground.cloud.logged_jobs(ground.project, ground.email, since=since, limit=5)
        assert newest == jobs[:5]


async def test_jobs_of_a_time_are_listed_whole_with_what_they_read_and_cost(play: Play) -> None:
    async with play("sync-failing") as ground:
        _, secret = held(ground)
        account = KeyImpersonator(ground.endpoints, 10)(secret)
        await account.query(ground.project, "SELECT 1", "US")
        await account.close()
        since = now(ground) - timedelta(days=3)
        ours, *jobs = await ground.cloud.recent_jobs(ground.project, ground.email, 1000, since=since)
        assert ours.ours
        assert len(jobs) == 72
        assert not any(job.ours for job in jobs)
        assert jobs[-1].tables == ("KLAVIYO_IMPORT_FROM_DWH.customers",)
        assert jobs[-1].billed == 10_485_760
        assert jobs[-1].slot_ms
        assert jobs[-1].ended == jobs[-1].created + timedelta(seconds=3)


async def test_the_metric_tells_when_a_key_authenticated(play: Play) -> None:
    async with play("log-not-readable") as ground:
        key_id, _ = held(ground)
        account = await ground.cloud.account(ground.project, ground.email)
        assert account is not None
        since = now(ground) - timedelta(days=1)
        found = await ground.cloud.keys_counted(ground.project, account.unique_id, since, now(ground))
        assert list(found) == [key_id]
        assert abs(found[key_id] - now(ground)) <= timedelta(minutes=11)
        assert await ground.cloud.keys_counted(ground.project, "1", since, now(ground)) == {}


async def test_the_metric_that_may_not_be_read_names_the_permission(play: Play) -> None:
    async with play("existing") as ground:
        with problem() as found:
            await ground.cloud.keys_counted(ground.project, "1", now(ground) - timedelta(1), now(ground))
        assert "monitoring.timeSeries.list" in str(found[0].cause)


async def test_policy_analyzer_tells_the_day(play: Play) -> None:
    scenario = load("klaviyo-changes-over")
    scenario.data["operator"]["roles"][scenario.project].append("roles/policyanalyzer.activityAnalysisViewer")
    async with play(scenario) as ground:
        with problem("KBQ-API-DISABLED"):
            await ground.cloud.key_days(ground.project)
        ground.sandbox.world.projects[ground.project].services.add("policyanalyzer.googleapis.com")
        key_id, _ = held(ground)
        found = await ground.cloud.key_days(ground.project)
        assert list(found) == [key_id]
        assert (found[key_id].hour, found[key_id].minute) == (7, 0)


async def test_a_key_is_disabled_and_enabled_again(play: Play) -> None:
    async with play("existing") as ground:
        key_id, _ = held(ground)
        for on in (False, False, True):
            await ground.cloud.switch_key(ground.project, ground.email, key_id, on=on)
            (key,) = await ground.cloud.keys(ground.project, ground.email)
            assert key.disabled is not on


async def test_an_answer_that_makes_no_sense_is_no_empty_log(play: Play) -> None:
    async with play("klaviyo-changes-over") as ground:
        key_id, _ = held(ground)
        ground.fail("logging.entries.list", "malformed", when="after", every=1)
        with problem("KBQ-MALFORMED-ANSWER"):
            await ground.cloud.key_calls(ground.project, ground.email, key_id, since=now(ground) - timedelta(1))
