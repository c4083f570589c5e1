"""When calls fail: a passing fault is retried, any other is reported once, and nothing is done twice."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kbq_tui.gcp.cloud import GoogleCloud
from kbq_tui.gcp.credentials import CredentialOptions
from kbq_tui.gcp.rest_client import RestClient
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.sandbox.faults import Edit
from tests.gcp.conftest import ACCOUNT_ID, EDITOR, JOB_USER, TMP, VIEWER, CloudOnSandbox, Play, problem
from tests.support.polling import PATIENCE

Call = Callable[[CloudOnSandbox], Awaitable[object]]

REST = "cloudresourcemanager.projects.get"
RPC = "iam.serviceAccountKeys.enable"


async def rest(ground: CloudOnSandbox) -> object:
    return await ground.cloud.project(ground.project)


async def rpc(ground: CloudOnSandbox) -> None:
    await ground.cloud.switch_key(ground.project, ground.email, ground.key_id, on=True)


CALLS = pytest.mark.parametrize(("method", "call"), [(REST, rest), (RPC, rpc)], ids=["rest", "grpc"])


@CALLS
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("status", {"status": 429, "reason": "rateLimitExceeded"}),
        ("status", {"status": 500}),
        ("status", {"status": 502}),
        ("status", {"status": 503}),
        ("reset", {}),
        ("reset", {"when": "after"}),
    ],
    ids=lambda value: str(value),
)
async def test_a_fault_that_passes_is_ridden_out(play: Play, method: str, call: Call, kind: str, more: dict) -> None:
    async with play("existing") as ground:
        ground.fail(method, kind, nth=[1, 2], **more)
        await call(ground)
        assert ground.calls(method) == 3


@CALLS
async def test_a_fault_that_does_not_pass_is_given_up_after_a_bounded_number_of_tries(
    play: Play, method: str, call: Call
) -> None:
    async with play() as ground:
        ground.fail(method, "status", every=1, status=503)
        with problem(Code.GOOGLE_UNAVAILABLE) as found:
            await call(ground)
        assert found[0].kind is Kind.NETWORK
        assert 3 <= ground.calls(method) <= 6


@CALLS
async def test_a_call_that_hangs_ends_at_its_deadline(play: Play, method: str, call: Call) -> None:
    async with play(timeout=2) as ground:
        await ground.cloud.authenticate()
        ground.fail(method, "hang", every=1, seconds=30)
        with problem(Code.DEADLINE) as found:
            await call(ground)
        assert found[0].exit_code == 5


async def test_the_server_says_how_long_to_wait(play: Play) -> None:
    async with play() as ground:
        ground.fail(REST, "status", status=429, retry_after=3, reason="rateLimitExceeded")
        await rest(ground)
        assert ground.slept == [3]  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["malformed", "content-type", "truncated"])
async def test_an_answer_that_makes_no_sense_is_not_believed(play: Play, kind: str) -> None:
    async with play("existing") as ground:
        for method, read in (
            (REST, lambda: ground.cloud.project(ground.project)),
            ("bigquery.datasets.get", lambda: ground.cloud.dataset(ground.project, TMP)),
            ("bigquery.datasets.list", lambda: ground.cloud.dataset_names(ground.project)),
            ("bigquery.tables.list", lambda: ground.cloud.tables(ground.project, TMP)),
            ("iam.serviceAccounts.get", lambda: ground.cloud.account(ground.project, ground.email)),
            ("iam.serviceAccountKeys.list", lambda: ground.cloud.keys(ground.project, ground.email)),
            ("bigquery.jobs.query", lambda: ground.cloud.query(ground.project, "SELECT 1", "US")),
            ("cloudresourcemanager.projects.getIamPolicy", lambda: ground.cloud.project_bindings(ground.project)),
            ("oauth2.token", lambda: ground.cloud.authenticate()),
        ):
            ground.fail(method, kind, every=1)
            with problem() as found:
                await read()
            assert found[0].kind in (Kind.NETWORK, Kind.FAILED, Kind.CREDENTIALS), method
            assert found[0].code is not None, method


async def test_nothing_answers_at_the_address(play: Play) -> None:
    async with play() as ground:
        await ground.cloud.authenticate()
        ground.sandbox.stop()
        for call in (rest, rpc):
            with problem(Code.CONNECTION_REFUSED):
                await call(ground)


async def test_what_was_made_although_the_answer_was_lost_counts_as_made(play: Play) -> None:
    async with play() as ground:
        cloud, project = ground.cloud, ground.project
        ground.fail("bigquery.datasets.insert", "reset", when="after")
        assert await cloud.create_dataset(project, TMP, "EU", "", {}) is True
        ground.fail("iam.serviceAccounts.create", "reset", when="after")
        assert await cloud.create_account(project, ACCOUNT_ID, "Klaviyo") is True
        ground.fail("bigquery.datasets.patch", "reset", when="after")
        assert await cloud.grant_dataset(project, TMP, EDITOR, ground.member) is True
        ground.fail("cloudresourcemanager.projects.setIamPolicy", "reset", when="after")
        assert await cloud.add_project_binding(project, JOB_USER, ground.member) is True
        assert sum(entry.get("userByEmail") == ground.email for entry in ground.access(TMP)) == 1
        ground.fail("bigquery.datasets.patch", "reset", when="after")
        assert await cloud.revoke_dataset(project, TMP, "", ground.member) is True
        ground.fail("cloudresourcemanager.projects.setIamPolicy", "status", status=503, when="after")
        assert await cloud.remove_project_binding(project, JOB_USER, ground.member) is True
        ground.fail("bigquery.datasets.delete", "reset", when="after")
        assert await cloud.delete_dataset(project, TMP) is True
        ground.fail("iam.serviceAccounts.delete", "reset", when="after")
        assert await cloud.delete_account(project, ground.email) is True


async def test_a_statement_whose_answer_was_lost_runs_once(play: Play) -> None:
    async with play("existing") as ground:
        found = await ground.cloud.dataset(ground.project, TMP)
        assert found is not None
        location = found.location
        table = f"`{ground.project}.{TMP}.once`"
        await ground.cloud.query(ground.project, f"CREATE TABLE {table} (x INT64)", location)
        ground.fail("bigquery.jobs.query", "reset", when="after")
        await ground.cloud.query(ground.project, f"INSERT INTO {table} (x) VALUES (1)", location)
        result = await ground.cloud.query(ground.project, f"SELECT COUNT(*) AS n FROM {table}", location)
        assert result.rows == (("1",),)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("reset", {"when": "after"}),
        ("reset", {}),
        ("status", {"status": 503}),
        ("status", {"status": 500, "when": "after"}),
    ],
    ids=str,
)
async def test_a_key_whose_creation_is_unclear_is_not_asked_for_again(play: Play, kind: str, more: dict) -> None:
    async with play() as ground:
        await ground.cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        ground.fail("iam.serviceAccountKeys.create", kind, **more)
        with problem(Code.KEY_OUTCOME_UNKNOWN):
            await ground.cloud.create_key(ground.project, ground.email)
        assert ground.calls("iam.serviceAccountKeys.create") == 1


async def test_a_key_that_takes_too_long_is_unclear_too(play: Play) -> None:
    async with play(timeout=2) as ground:
        await ground.cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        ground.fail("iam.serviceAccountKeys.create", "hang", seconds=30)
        with problem(Code.KEY_OUTCOME_UNKNOWN):
            await ground.cloud.create_key(ground.project, ground.email)


async def test_a_key_is_asked_for_again_where_google_refused_to_begin(play: Play) -> None:
    async with play() as ground:
        await ground.cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        ground.fail("iam.serviceAccountKeys.create", "status", status=429, reason="rateLimitExceeded")
        await ground.cloud.create_key(ground.project, ground.email)
        assert len(await ground.cloud.keys(ground.project, ground.email)) == 1


async def test_a_token_that_cannot_be_had_leaves_no_doubt_about_the_key(play: Play) -> None:
    async with play() as ground:
        ground.fail("oauth2.token", "status", every=1, status=503)
        with problem() as found:
            await ground.cloud.create_key(ground.project, ground.email)
        assert found[0].code == "KBQ-GOOGLE-UNAVAILABLE"


async def test_a_token_that_takes_too_long_leaves_no_doubt_about_the_key(play: Play) -> None:
    async with play(timeout=2) as ground:
        ground.fail("oauth2.token", "hang", every=1, seconds=30)
        with problem(Code.DEADLINE):
            await ground.cloud.create_key(ground.project, ground.email)


async def test_a_foreign_edit_in_between_is_kept_and_ours_arrives(play: Play) -> None:
    async with play("partial") as ground:
        cloud, project = ground.cloud, ground.project
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        foreign = {"role": "READER", "userByEmail": "colleague@acme.example"}
        ground.sandbox.context.faults.edits = [
            Edit("bigquery.datasets.get", project, TMP, add=foreign, times=1),
            Edit(
                "cloudresourcemanager.projects.getIamPolicy",
                project,
                add={"role": "roles/browser", "member": "user:colleague@acme.example"},
                times=1,
            ),
        ]
        assert await cloud.grant_dataset(project, TMP, EDITOR, ground.member) is True
        assert await cloud.add_project_binding(project, JOB_USER, ground.member) is True
        access = ground.access(TMP)
        assert foreign in access
        assert any(entry.get("userByEmail") == ground.email for entry in access)
        bindings = await cloud.project_bindings(project)
        assert any("user:colleague@acme.example" in b.members for b in bindings)
        assert any(ground.member in b.members for b in bindings if b.role == JOB_USER)


async def test_many_writers_at_once_lose_nothing(play: Play) -> None:
    async with play("partial", timeout=PATIENCE) as ground:
        ground.sandbox.world.dataset_updates = 1_000
        others = [f"user:writer{number}@acme.example" for number in range(8)]
        await asyncio.gather(
            *(ground.cloud.grant_dataset(ground.project, TMP, VIEWER, member) for member in others),
            *(ground.cloud.add_project_binding(ground.project, "roles/browser", member) for member in others),
        )
        held = {e.get("userByEmail") for e in ground.access(TMP)}
        assert {member.partition(":")[2] for member in others} <= held
        bindings = await ground.cloud.project_bindings(ground.project)
        assert set(others) <= {member for b in bindings if b.role == "roles/browser" for member in b.members}


async def test_eight_programs_and_a_busy_colleague_lose_nothing_of_each_others(play: Play) -> None:
    async with play("partial", timeout=PATIENCE) as ground:
        ground.sandbox.world.dataset_updates = 1_000
        project, env = ground.project, ground.sandbox.env()
        foreign = [{"role": "READER", "userByEmail": f"colleague{n}@acme.example"} for n in range(60)]
        ground.sandbox.context.faults.edits = [
            Edit("bigquery.datasets.get", project, TMP, add=entry) for entry in foreign
        ]
        clouds = [GoogleCloud.for_operator(CredentialOptions(env=env), ground.endpoints, 30) for _ in range(8)]
        members = [[f"user:writer{n}-{m}@acme.example" for m in range(3)] for n in range(8)]

        async def write(cloud: GoogleCloud, own: list[str]) -> None:
            for member in own:
                await cloud.grant_dataset(project, TMP, VIEWER, member)

        await asyncio.gather(*(write(cloud, own) for cloud, own in zip(clouds, members, strict=True)))
        held = [entry.get("userByEmail") for entry in ground.access(TMP)]
        for member in [member.partition(":")[2] for own in members for member in own]:
            assert held.count(member) == 1, member
        applied = len(foreign) - sum(edit.times for edit in ground.sandbox.context.faults.edits)
        assert sum(str(one).startswith("colleague") for one in held) == applied > 20
        for cloud in clouds:
            await cloud.close()


async def test_a_key_that_google_no_longer_knows_is_told_from_a_fault_of_the_network(play: Play) -> None:
    async with play() as ground:
        key = await ground.key()
        (listed,) = await ground.cloud.keys(ground.project, ground.email)
        async with ground.as_account(key) as own:
            await own.authenticate()
            await ground.cloud.delete_key(ground.project, ground.email, listed.id)
            with problem(Code.KEY_REJECTED):
                await own.authenticate()


async def test_a_new_key_that_is_not_everywhere_yet_is_not_yet(play: Play) -> None:
    async with play("slow-propagation") as ground:
        ground.sandbox.world.delays.pop("key_create")
        key = await ground.key()
        async with ground.as_account(key) as own:
            with problem() as found:
                await own.authenticate()
            assert found[0].retry is Retry.NOT_YET


async def test_a_dataset_takes_five_updates_in_ten_seconds_and_more_are_waited_out(play: Play) -> None:
    made: list[CloudOnSandbox] = []

    def clock() -> float:
        return time.time() + (sum(made[0].slept) if made else 0.0)  # type: ignore[attr-defined]

    async with play("partial", timeout=PATIENCE, clock=clock) as ground:
        made.append(ground)
        members = [f"user:writer{number}@acme.example" for number in range(12)]
        for member in members:
            assert await ground.cloud.grant_dataset(ground.project, TMP, VIEWER, member)
        held = {e.get("userByEmail") for e in ground.access(TMP)}
        assert {member.partition(":")[2] for member in members} <= held
        assert [call.status for call in ground.sandbox.world.calls if call.status >= 400].count(403) > 0
        assert ground.slept  # type: ignore[attr-defined]


async def test_a_flaky_google_is_no_reason_to_fail(play: Play) -> None:
    async with play("flaky", timeout=PATIENCE) as ground:
        ground.sandbox.world.dataset_updates = 1_000
        cloud, project = ground.cloud, ground.project
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        await cloud.create_dataset(project, TMP, "EU", "", {})
        for _ in range(3):
            await cloud.grant_dataset(project, TMP, EDITOR, ground.member)
            await cloud.add_project_binding(project, JOB_USER, ground.member)
            await cloud.query(project, "SELECT 1", "EU")
            await cloud.revoke_dataset(project, TMP, EDITOR, ground.member)
        assert await cloud.keys(project, ground.email) == ()


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/datasets?", lambda g: g.cloud.dataset_names(g.project)),
        (f"/datasets/{TMP}/tables", lambda g: g.cloud.tables(g.project, TMP)),
        (":getIamPolicy", lambda g: g.cloud.project_bindings(g.project)),
        ("/queries", lambda g: g.cloud.query(g.project, "SELECT 1", "EU", dry_run=True)),
        (f"/datasets/{TMP}?", lambda g: g.cloud.dataset(g.project, TMP)),
        ("/serviceAccounts/", lambda g: g.cloud.account(g.project, g.email)),
    ],
    ids=["datasets", "tables", "policy", "dry run", "dataset", "account"],
)
async def test_an_empty_success_is_not_taken_for_nothing_there(
    play: Play, monkeypatch: pytest.MonkeyPatch, path: str, ask: Callable[[CloudOnSandbox], Awaitable[object]]
) -> None:
    real = RestClient.send

    def send(self: RestClient, verb: str, url: str, *more: Any, **named: Any) -> Any:
        return {} if path in url else real(self, verb, url, *more, **named)

    async with play("partial") as ground:
        await ground.cloud.create_dataset(ground.project, TMP, "EU", "", {})
        await ground.cloud.create_account(ground.project, ACCOUNT_ID, "")
        await ask(ground)
        monkeypatch.setattr(RestClient, "send", send)
        with problem(Code.MALFORMED_ANSWER):
            await ask(ground)
