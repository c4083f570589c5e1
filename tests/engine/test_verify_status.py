"""Verification judges only what it has seen; the status is one round of calls."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kbq_tui.engine.apply import apply
from kbq_tui.engine.ports import Ports, TableInfo
from kbq_tui.engine.status import Health, status
from kbq_tui.engine.verify.checks import expected
from kbq_tui.engine.verify.runner import verify
from kbq_tui.engine.waiting import Patience
from kbq_tui.model import checks, judgements
from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import KeyCall
from kbq_tui.model.problem import Kind, Problem, Retry
from kbq_tui.model.verified_values import verified_values
from kbq_tui.shell.sql import PROBE_PREFIX
from tests.engine.fakes import ports
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_world import NOW, PROJECT, SPEC, MemoryWorld, fault


async def ready() -> tuple[Ports, MemoryCloud]:
    """A finished set-up, and the cloud as the account sees it: Job User, and no writing in the import dataset."""
    world = ports()
    await apply(SPEC, world, lambda _: None)
    assert isinstance(world.cloud, MemoryCloud)
    account = MemoryCloud(MemoryWorld(datasets=world.cloud.world.datasets), as_account=True)
    account.world.allowed = frozenset({judgements.NEEDED_PERMISSION})
    return replace(world, impersonate=lambda _key: account), account


def denied(code: str) -> Problem:
    return fault(code, kind=Kind.NOT_PERMITTED)


def verdicts(results: tuple[CheckResult, ...]) -> dict[str, Verdict]:
    return {r.id: r.verdict for r in results}


async def test_a_good_set_up_passes_every_check() -> None:
    world, account = await ready()
    results = await verify(SPEC, world)
    assert {r.id: r.evidence for r in results if r.verdict is not Verdict.PASS} == {}
    assert [r.check for r in results] == list(expected(SPEC))
    assert checks.healthy(results)
    assert account.closed


async def test_without_a_key_nothing_is_judged() -> None:
    results = await verify(SPEC, ports())
    got = verdicts(results)
    assert got["key.auth"] is Verdict.FAIL
    assert got["staging.write"] is Verdict.SKIPPED
    assert not checks.healthy(results)


@pytest.mark.parametrize("method", ["authenticate", "query:SELECT", "query:CREATE", "test_permissions", "tables"])
async def test_a_network_that_fails_makes_unknown_and_never_pass(method: str) -> None:
    world, account = await ready()
    account.world.forever[method] = fault("KBQ-DEADLINE", kind=Kind.NETWORK)
    if method == "query:CREATE":
        account.world.inherited_write = True
    results = await verify(SPEC, world)
    assert Verdict.FAIL not in verdicts(results).values()
    assert not checks.healthy(results)


async def test_a_table_that_could_be_made_in_the_import_dataset_fails_and_is_dropped() -> None:
    world, account = await ready()
    account.world.inherited_write = True
    got = {r.id: r for r in await verify(SPEC, world)}
    assert got["import.readonly"].verdict is Verdict.FAIL
    problem = got["import.readonly"].problem
    assert problem is not None
    assert problem.code == "KBQ-INHERITED-ACCESS"
    made = [w for w in account.world.statements if w.startswith("CREATE")]
    dropped = [w for w in account.world.statements if w.startswith("DROP")]
    assert len(made) <= len(dropped)


async def test_a_project_wide_over_grant_fails_and_names_what_is_held() -> None:
    world, account = await ready()
    account.world.allowed = frozenset({judgements.NEEDED_PERMISSION, "bigquery.tables.getData"})
    got = {r.id: r for r in await verify(SPEC, world)}
    assert got["permissions.minimal"].verdict is Verdict.FAIL
    assert "bigquery.tables.getData" in str(got["permissions.minimal"].evidence)
    assert got["permissions.effective"].verdict is Verdict.PASS


async def test_the_free_tier_is_found_by_the_insert_alone() -> None:
    world, account = await ready()
    account.world.forever["query:INSERT"] = fault("KBQ-BILLING-OFF")
    got = verdicts(await verify(SPEC, world))
    assert got["billing.dml"] is Verdict.FAIL
    assert got["staging.write"] is not Verdict.PASS
    assert any(w.startswith("DROP") for w in account.world.statements)


async def test_a_second_key_is_reported() -> None:
    world, _account = await ready()
    await world.cloud.create_key(PROJECT, SPEC.account_email)
    got = {r.id: r for r in await verify(SPEC, world)}
    assert got["keys.expected"].verdict is Verdict.FAIL
    assert got["keys.expected"].problem is not None
    assert got["keys.expected"].problem.code == "KBQ-KEY-UNHELD"


async def test_a_recent_change_is_given_time_and_the_wait_is_seen() -> None:
    world, account = await ready()
    not_yet = fault("KBQ-KEY-REJECTED", Retry.NOT_YET, Kind.CREDENTIALS)
    account.world.faults["authenticate"] = [not_yet, not_yet]
    events: list[Event] = []
    results = await verify(SPEC, world, emit=events.append, patience=Patience(limit=60))
    assert checks.healthy(results)
    waits = [e for e in events if e.kind is EventKind.WAITING]
    assert {e.action for e in waits} == {"key.auth"}
    assert [e.elapsed for e in waits] == [0.0, 1.0, 2.0]  # each second of two pauses


async def test_without_a_recent_change_the_same_answer_is_a_failure() -> None:
    world, account = await ready()
    account.world.forever["authenticate"] = fault("KBQ-KEY-REJECTED", Retry.NOT_YET, Kind.CREDENTIALS)
    assert verdicts(await verify(SPEC, world))["key.auth"] is Verdict.FAIL


async def test_left_over_probes_are_swept_and_no_other_table_is() -> None:
    world, account = await ready()
    old, ours = NOW - timedelta(hours=2), {"created-by": "kbq-tui"}
    tables = [
        TableInfo(PROBE_PREFIX + "old", "TABLE", old, ours),
        TableInfo(PROBE_PREFIX + "unlabelled", "TABLE", old, {}),
        TableInfo(PROBE_PREFIX + "young", "TABLE", NOW, ours),
        TableInfo("klaviyo_stage", "TABLE", old, ours),
    ]
    account.world.table_infos = {f"KLAVIYO_TMP.{table.name}": table for table in tables}
    await verify(SPEC, world)
    swept = [w for w in account.world.statements if w.startswith("DROP") and "old" in w]
    assert len(swept) == 1
    assert not any(x in w for w in account.world.statements for x in ("unlabelled", "young", "klaviyo_stage"))


async def test_a_finished_set_up_is_healthy_and_says_so() -> None:
    world, _ = await ready()
    got = await status(SPEC, world, {"ok": True, "at": "2026-01-02"})
    assert got.healthy
    assert {line.id: line.health for line in got.lines if line.health is not Health.OK} == {}


async def test_a_key_that_is_not_kept_here_is_a_warning_and_stays_healthy() -> None:
    world, _ = await ready()
    await world.cloud.create_key(PROJECT, SPEC.account_email)
    got = await status(SPEC, world, {"ok": True, "at": "2026-01-02"})
    (line,) = [line for line in got.lines if line.health is not Health.OK]
    assert (line.id, line.health) == ("key-unheld", Health.WARNING)
    assert line.problem is not None
    assert line.problem.code == "KBQ-KEY-UNHELD"
    assert got.healthy


async def test_nothing_set_up_is_not_healthy() -> None:
    assert not (await status(SPEC, ports())).healthy


async def test_what_cannot_be_seen_is_unknown_and_not_healthy() -> None:
    world, _ = await ready()
    assert isinstance(world.cloud, MemoryCloud)
    world.cloud.world.forever["dataset"] = fault("KBQ-DEADLINE", kind=Kind.NETWORK)
    got = await status(SPEC, world)
    assert {line.id: line.health for line in got.lines}["dataset"] is Health.UNKNOWN
    assert not got.healthy


async def test_a_look_names_the_lines_that_it_could_not_read() -> None:
    world, _ = await ready()
    assert isinstance(world.cloud, MemoryCloud)
    read = (await status(SPEC, world)).to_json()
    assert (read["complete"], read["left_out"]) == (True, [])
    world.cloud.world.forever = {
        "keys": fault("KBQ-DEADLINE", kind=Kind.NETWORK),
        "recent_jobs": denied("KBQ-PERMISSION-DENIED"),
    }
    part = (await status(SPEC, world)).to_json()
    assert (part["complete"], part["left_out"]) == (False, ["key-age", "jobs"])


@pytest.mark.parametrize(("kind", "signed_in"), [(Kind.CREDENTIALS, False), (Kind.NETWORK, False), (Kind.FAILED, True)])
async def test_no_sign_in_is_claimed_where_google_answered_nothing(kind: Kind, signed_in: bool) -> None:
    world = ports()
    assert isinstance(world.cloud, MemoryCloud)
    for method in (
        *("project", "billing_enabled", "test_permissions", "dataset_names", "dataset", "account", "keys"),
        *("project_bindings", "services", "policy_enforced", "recent_jobs"),
    ):
        world.cloud.world.forever[method] = fault("KBQ-LOGIN-EXPIRED", kind=kind)
    (line,) = [line for line in (await status(SPEC, world)).lines if line.id == "credential"]
    assert (line.health is Health.OK) == signed_in


async def test_our_own_checks_are_not_shown_as_klaviyos_jobs() -> None:
    world, _ = await ready()
    assert isinstance(world.cloud, MemoryCloud)
    ours = JobInfo(NOW, "DONE", f"CREATE TABLE `p.d.{PROBE_PREFIX}1` (id INT64)", "Access Denied")
    world.cloud.world.jobs = (ours,)
    lines = {line.id: line for line in (await status(SPEC, world)).lines}
    assert lines["jobs"].health is Health.OK
    world.cloud.world.jobs = (ours, JobInfo(NOW, "DONE", "SELECT * FROM people", "Not found: Table"))
    lines = {line.id: line for line in (await status(SPEC, world)).lines}
    assert lines["jobs"].health is Health.WARNING
    assert "1 in 24 hours" in str(lines["jobs"].text)
    assert lines["jobs"].counts == (*[0] * 23, 1)


async def test_only_the_jobs_of_the_day_that_are_counted_are_said_to_have_failed() -> None:
    world, _ = await ready()
    assert isinstance(world.cloud, MemoryCloud)
    now, cloud = world.clock.now(), world.cloud.world
    hourly = [JobInfo(now - timedelta(hours=n, minutes=1), "DONE", "SELECT x", "Not found: Table") for n in range(40)]

    async def told() -> tuple[Health, str, str]:
        seen = await status(SPEC, world)
        (line,) = [line for line in seen.lines if line.id == "jobs"]
        return line.health, str(line.text), seen.job_error

    cloud.jobs = tuple(hourly)
    health, text, error = await told()
    assert health is Health.WARNING
    assert "24 in 24 hours" in text
    assert "24 failed: Not found: Table" in text
    assert error == "Not found: Table"
    mended = [replace(job, error="") for job in hourly[:30]]
    cloud.jobs = (*mended, *hourly[30:])
    health, text, error = await told()
    assert (health, error) == (Health.OK, "")
    cloud.jobs = (JobInfo(now - timedelta(hours=30), "DONE", "SELECT x", "Not found: Table"),)
    health, text, error = await told()
    assert health is Health.WARNING
    assert "0 in 24 hours" in text
    assert "the newest failed: Not found: Table" in text


async def test_a_verification_of_other_values_is_none() -> None:
    """The file of the connection was edited since, or the environment names another project."""
    world, _ = await ready()
    kept = {"ok": True, "at": "2026-01-02T09:00:00Z", **verified_values(SPEC)}
    other = replace(SPEC, import_dataset="OTHER")
    for spec, health, verified in ((SPEC, Health.OK, True), (other, Health.WARNING, False)):
        seen = await status(spec, world, kept)
        (line,) = [line for line in seen.lines if line.id == "last-verify"]
        assert line.health is health
        assert (seen.verified is not None) is verified
    assert "none since its values were changed" in str(line.text)


@pytest.mark.parametrize(
    ("quiet", "health", "words"),
    [(1, Health.OK, "24 in 24 hours"), (5, Health.WARNING, "none for 4 hours"), (60, Health.WARNING, "0 in 24 hours")],
)
async def test_klaviyos_jobs_are_drawn_by_hour_and_an_overdue_sync_is_warned_of(
    quiet: int, health: Health, words: str
) -> None:
    world, _ = await ready()
    assert isinstance(world.cloud, MemoryCloud)
    now = world.clock.now()
    world.cloud.world.jobs = tuple(
        JobInfo(now - timedelta(hours=n, minutes=-1), "DONE", "SELECT x") for n in range(quiet, 40 + quiet)
    )
    seen = await status(SPEC, world)
    (line,) = [line for line in seen.lines if line.id == "jobs"]
    assert (line.health, words in str(line.text)) == (health, True)
    assert sum(line.counts) == sum(hour >= quiet for hour in range(1, 25))
    assert seen.job_interval == timedelta(hours=1)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "soon"])
async def test_a_last_verification_at_no_time_is_told_as_it_was_noted(at: str) -> None:
    seen = await status(SPEC, ports(), {"at": at, "ok": True})
    (line,) = [line for line in seen.lines if line.id == "last-verify"]
    assert at in str(line.text)


@pytest.mark.parametrize(
    ("used", "job", "held", "code"),
    [
        (30, None, None, Code.KEY_IDLE),
        (None, None, None, Code.KEY_IDLE),
        (3, None, None, None),
        (None, None, frozenset[str](), None),
        (None, 3, None, None),
    ],
    ids=["long ago", "never", "lately", "the log may not be read", "a job tells"],
)
async def test_a_key_that_nobody_uses_is_warned_of_where_that_can_be_read(
    used: int | None, job: int | None, held: frozenset[str] | None, code: Code | None
) -> None:
    world, _ = await ready()
    cloud, now = world.cloud, world.clock.now()
    assert isinstance(cloud, MemoryCloud)
    (key,) = cloud.world.keys
    cloud.world.keys = [replace(key, created=now - timedelta(days=60))]
    cloud.world.key_calls[key.id] = [] if used is None else [KeyCall(now - timedelta(days=used), "52.206.71.52")]
    cloud.world.jobs = () if job is None else (JobInfo(now - timedelta(days=job), "DONE", "SELECT x"),)
    cloud.world.allowed = held
    cloud.world.calls.clear()
    (line,) = [line for line in (await status(SPEC, world)).lines if line.id == "key-age"]
    assert (line.problem.code if line.problem is not None else None) == code
    assert ("not used for" in str(line.text)) is (code is not None)
    assert line.health is (Health.WARNING if code is not None else Health.OK)
    assert ("key_calls" in cloud.world.calls) is (job is None and held is None)
