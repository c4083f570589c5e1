"""Who calls Google, with which key, and what is left behind."""

import asyncio
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kbq_tui.engine import grant_scan
from kbq_tui.engine.apply import apply
from kbq_tui.engine.observe import observe
from kbq_tui.engine.status import Health, status
from kbq_tui.engine.verify import reading
from kbq_tui.engine.verify.runner import verify
from kbq_tui.gcp.rest_client import RestClient
from kbq_tui.local.keys.key_files import KeyFiles
from kbq_tui.model import checks
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.spec import IMPORT_DATASET, JOB_USER, STAGING_DATASET, Direction
from kbq_tui.planning.diff import diff
from kbq_tui.sandbox.faults import Rule
from kbq_tui.sandbox.resources import Table
from kbq_tui.shell.operation_rows import command_for
from kbq_tui.shell.sql import PROBE_PREFIX, privileges
from tests.engine.verify.bench import Bench, Cut
from tests.support import warm
from tests.support.known import known
from tests.support.outputs import output
from tests.support.polling import PATIENCE, until, wait_until

IMP, TMP = IMPORT_DATASET, STAGING_DATASET
OPERATORS = {
    "iam.serviceAccountKeys.list",
    "cloudresourcemanager.projects.getIamPolicy",
    "cloudresourcemanager.projects.testIamPermissions",
    "bigquery.datasets.list",
}
"""What the account must not be able to read, so that the operator reads it."""


# -- whose calls


async def test_every_call_is_made_with_the_key_but_for_what_the_account_must_not_ask(bench: Bench) -> None:
    bench.sql(f"CREATE TABLE `P.{IMP}.people` (email STRING)")
    before = len(bench.spot.calls())
    await bench.verify()
    calls = [c for c in bench.spot.calls()[before:] if not c.method.startswith("oauth2")]
    operators = {c.method for c in calls if c.principal != bench.spec.account_email}
    assert operators == OPERATORS | {"bigquery.rowAccessPolicies.list"}
    assert Counter(c.principal for c in calls)[bench.spec.account_email] >= 15


async def test_grants_that_the_account_may_not_read_are_read_by_the_operator_and_that_is_said(bench: Bench) -> None:
    bench.open(TMP, None)
    before = len(bench.spot.calls())
    results = await bench.verify()
    asked = [c for c in bench.spot.calls()[before:] if c.principal != bench.spec.account_email]
    assert {c.method for c in asked if not c.method.startswith("oauth2")} == OPERATORS | {
        "bigquery.jobs.query",
        "bigquery.datasets.get",  # its location, which the account is not shown
    }
    assert str(results[f"grants.direct:{TMP}"].evidence).endswith("(asked with your own login)")


async def test_another_key_of_the_account_on_disk_is_the_one_that_is_tried(bench: Bench) -> None:
    with bench.ports() as ports:
        other = await ports.cloud.create_key(bench.project, bench.spec.account_email)
    old = json.loads(bench.key_file.read_text())["private_key_id"]
    bench.key_file.write_bytes(other.reveal())
    del bench.there.service_accounts[bench.spec.account_email].keys[old]
    results = await bench.verify()
    assert {i: r.evidence for i, r in results.items() if r.verdict != "pass"} == {}
    assert json.loads(other.reveal())["private_key_id"][:12] in str(results["keys.expected"].evidence)


async def test_another_accounts_key_on_disk_fails(bench: Bench) -> None:
    with bench.ports() as ports:
        await ports.cloud.create_account(bench.project, "somebody-else", "")
        email = bench.spec.account_email.replace(bench.spec.account_id, "somebody-else")
        other = await ports.cloud.create_key(bench.project, email)
    bench.key_file.write_bytes(other.reveal())
    results = await bench.verify()
    assert results["key.auth"].verdict == "fail"
    assert results["staging.write"].verdict == "skipped"
    assert "pass" not in {r.verdict for r in results.values()}


async def test_another_accounts_key_under_the_accounts_name_fails(bench: Bench) -> None:
    with bench.ports() as ports:
        await ports.cloud.create_account(bench.project, "somebody-else", "")
        email = bench.spec.account_email.replace(bench.spec.account_id, "somebody-else")
        other = json.loads((await ports.cloud.create_key(bench.project, email)).reveal())
    bench.key_file.write_text(json.dumps(other | {"client_email": bench.spec.account_email}))
    results = await bench.verify()
    assert results["key.auth"].verdict == "fail"


async def test_a_key_that_is_garbage_or_gone_never_passes(bench: Bench) -> None:
    bench.key_file.write_text("{}")
    assert "pass" not in {r.verdict for r in (await bench.verify()).values()}
    bench.key_file.unlink()
    results = await bench.verify()
    assert (results["key.auth"].verdict, results["keys.expected"].verdict) == ("fail", "unknown")


# -- probes


@pytest.mark.parametrize("statement", ["CREATE TABLE", "INSERT INTO", "SELECT COUNT", "DROP TABLE"])
async def test_a_probe_whose_statement_was_lost_is_gone_after_the_next_run(bench: Bench, statement: str) -> None:
    bench.spot.refuse = Cut(statement, TMP)  # type: ignore[assignment]
    await bench.verify()
    assert statement == "DROP TABLE" or bench.probes() == []
    bench.spot.refuse = None
    results = await bench.verify(ahead=3000)
    assert bench.probes() == []
    assert results["staging.write"].verdict == "pass"


async def test_a_probe_whose_answer_was_lost_after_the_act_is_dropped(bench: Bench) -> None:
    bench.fail(Rule("bigquery.jobs.query", "reset", when="after", every=1))
    await bench.verify()
    bench.spot.mend()
    assert bench.probes() == []  # the DROP's answer is lost, too, but not its effect


@pytest.mark.parametrize("dataset", [TMP, IMP])
async def test_leaving_while_a_probe_is_there_drops_it(bench: Bench, dataset: str) -> None:
    bench.also(dataset, "WRITER")
    bench.fail(Rule("bigquery.jobs.query", "hang", when="after", every=1, seconds=0.5))
    running = asyncio.create_task(bench.verify())
    await until(lambda: any(t.startswith(PROBE_PREFIX) for t in bench.dataset(dataset).tables))
    bench.spot.mend()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [t for t in bench.dataset(dataset).tables if t.startswith(PROBE_PREFIX)] == []


def cli(bench: Bench, *args: str) -> tuple[list[str], dict[str, str]]:
    """The program as a separate process, on the bench's set-up."""
    base = {k: os.environ[k] for k in ("PATH", "LANG", "PYTHONPATH") if k in os.environ}
    env = {
        **base,
        **bench.spot.field.sandbox.env(),
        "GOOGLE_CLOUD_PROJECT": bench.project,
        "CLOUDSDK_CORE_PROJECT": bench.project,
        "HOME": str(bench.spot.home),
        "KBQ_TUI_KEYRING": "off",
        **{f"XDG_{k}_HOME": str(bench.spot.home / k.lower()) for k in ("CONFIG", "STATE", "DATA", "CACHE")},
    }
    command = [warm.python(), "-m", "kbq_tui", *args, "--location", "EU", "--key-file", str(bench.key_file)]
    return command, env


async def test_probes_of_a_killed_run_are_swept_by_the_next_and_no_other_table_is(bench: Bench, tmp_path: Path) -> None:
    bench.sql(f"CREATE TABLE `P.{TMP}.{PROBE_PREFIX}of_somebody_else` (x INT64)")
    theirs = bench.probes()
    bench.fail(Rule("bigquery.jobs.query", "hang", when="after", every=1, seconds=30))
    command, env = cli(bench, "verify")
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=-3, stderr=-3) as process:
        wait_until(lambda: len(bench.probes()) > 1)
        process.send_signal(signal.SIGKILL)
    bench.spot.mend()
    left = set(bench.probes()) - set(theirs)
    assert len(left) == 1
    await bench.verify()
    assert set(bench.probes()) == {*theirs, *left}, "it is young, and may be another run's own"
    await bench.verify(ahead=20 * 60)
    assert bench.probes() == theirs


async def test_a_probe_behind_a_thousand_tables_is_swept_too(bench: Bench) -> None:
    bench.sql(f"CREATE TABLE `P.{TMP}.{PROBE_PREFIX}left` (x INT64) OPTIONS(labels=[('created-by', 'kbq-tui')])")
    tables = bench.dataset(TMP).tables
    for name in (f"a{n:04}" for n in range(1_001)):
        tables[name] = Table(bench.project, TMP, name, view_query="SELECT 1 AS x")
    await bench.verify(ahead=20 * 60)
    assert bench.probes() == []


async def test_a_probe_in_the_dataset_that_is_read_is_no_table_of_klaviyos(
    make: Callable[[Direction], Awaitable[Bench]],
) -> None:
    bench = await make(Direction.EXPORT)
    bench.sql(f"CREATE TABLE `P.{IMP}.{PROBE_PREFIX}young` (x INT64) OPTIONS(labels=[('created-by', 'kbq-tui')])")
    results = await bench.verify()
    assert str(results["export.read"].evidence).startswith("nothing to read yet")


# -- reading


@pytest.mark.parametrize(
    ("grantee", "filter_", "verdict", "evidence"),
    [
        ("user:else@acme.example", "TRUE", "fail", "it gets no row"),
        ("group:analysts@acme.example", "TRUE", "unknown", "whether it is one of group:analysts@acme.example"),
        ("", "email = 'a'", "pass", "only the rows of its policies are seen: email = 'a'"),
        ("", "TRUE", "pass", "can be read"),
        ("allAuthenticatedUsers", "TRUE", "pass", "can be read"),
    ],
)
@pytest.mark.parametrize("behind_a_view", [False, True])
async def test_rows_that_a_policy_hides_are_said(
    bench: Bench, grantee: str, filter_: str, verdict: str, evidence: str, behind_a_view: bool
) -> None:
    home = IMP
    if behind_a_view:
        home = "warehouse"
        bench.sql("CREATE SCHEMA `P.warehouse` OPTIONS(location='EU')")
    bench.sql(f"CREATE TABLE `P.{home}.people` (email STRING)")
    if behind_a_view:
        bench.sql(f"CREATE VIEW `P.{IMP}.v` AS SELECT email FROM `P.warehouse.people`")
        bench.also("warehouse", "READER")
    bench.traits(home, "people", row_policies=[{"grantees": [grantee or bench.spec.member], "filter": filter_}])
    result = (await bench.verify())["import.read"]
    assert result.verdict == verdict, result
    assert evidence in str(result.evidence)
    told = result.problem is not None and result.problem.code == "KBQ-ROW-POLICY"
    assert told == ("polic" in evidence or verdict != "pass")
    assert result.warns == (told and verdict == "pass")


async def test_a_table_that_demands_a_filter_cannot_be_read_whole(bench: Bench) -> None:
    bench.sql(f"CREATE TABLE `P.{IMP}.people` (email STRING, at TIMESTAMP)")
    table = bench.dataset(IMP).tables["people"]
    table.extra.update(timePartitioning={"type": "DAY", "field": "at"}, requirePartitionFilter=True)
    result = (await bench.verify())["import.read"]
    assert (result.verdict, known(result.problem).code) == ("fail", "KBQ-PARTITION-FILTER")
    bench.sql(f"CREATE VIEW `P.{IMP}.recent` AS SELECT email FROM `P.{IMP}.people` WHERE at > TIMESTAMP '2026-01-01'")
    table.extra.clear()
    assert (await bench.verify())["import.read"].verdict == "pass"


async def test_row_policies_that_the_operator_may_not_see_leave_it_open(bench: Bench) -> None:
    bench.sql(f"CREATE TABLE `P.{IMP}.people` (email STRING)")
    bench.fail(Rule("bigquery.rowAccessPolicies.list", "status", every=1, status=403, reason="accessDenied"))
    result = (await bench.verify())["import.read"]
    assert result.verdict == "unknown"
    assert "roles/iam.securityReviewer" in str(known(result.problem).remedy[0])


async def test_more_tables_than_are_tried_leave_it_open_and_are_said_with_the_number(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_TRIED", 3)
    bench.sql(*(f"CREATE TABLE `P.{IMP}.t{n}` (x INT64)" for n in range(4)))
    result = (await bench.verify())["import.read"]
    assert result.verdict == "unknown"
    assert str(result.evidence) == "all 3 tables and views can be read (the first 3 of more)"
    assert result.problem is not None
    assert result.problem.code == "KBQ-NOT-SEARCHED"


async def test_the_last_of_many_tables_is_read_like_the_first(bench: Bench) -> None:
    bench.sql(*(f"CREATE TABLE `P.{IMP}.t{n:03}` (x INT64)" for n in range(60)))
    bench.traits(IMP, "t059", row_policies=[{"grantees": ["user:somebody@acme.example"], "filter": "TRUE"}])
    result = (await bench.verify())["import.read"]
    assert result.verdict == "fail"
    assert f"{IMP}.t059" in str(result.evidence)


# -- too much, and removing it


async def test_a_grant_on_a_table_alone_is_named_with_the_command_that_removes_it(bench: Bench) -> None:
    bench.sql(f"CREATE TABLE `P.{IMP}.people` (email STRING)")
    binding = {"role": "roles/bigquery.dataEditor", "members": [bench.spec.member]}
    bench.traits(IMP, "people", iam_policy={"bindings": [binding]})
    result = (await bench.verify())["import.readonly"]
    assert str(result.evidence) == "the account can change: people; only a new table was refused"
    assert result.problem is not None
    assert str(result.problem.remedy[-1]).splitlines()[-1] == "kbq-tui apply --remove-over-grants"
    assert str(result.problem.remedy[-2]).splitlines()[-1] == (
        f"bq --project_id={bench.project} remove-iam-policy-binding --member={bench.spec.member} "
        "--role=roles/bigquery.dataEditor --table=true "
        f"{bench.project}:{IMP}.people"
    )


async def test_a_tables_permissions_that_are_an_empty_answer_prove_nothing(bench: Bench) -> None:
    bench.sql(f"CREATE TABLE `P.{IMP}.people` (email STRING)")
    assert str((await bench.verify())["import.readonly"].evidence).startswith(
        "it cannot change the 1 table there is; refused: "
    )
    real = RestClient.send

    def send(self: RestClient, verb: str, url: str, *more: Any, **named: Any) -> Any:
        return {} if "people:testIamPermissions" in url else real(self, verb, url, *more, **named)

    bench.patch.setattr(RestClient, "send", send)
    assert (await bench.verify())["import.readonly"].verdict == "unknown"


async def test_a_dataset_whose_location_is_not_told_is_looked_into_all_the_same(bench: Bench) -> None:
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='US')", "CREATE TABLE `P.payroll.salaries` (x INT64)")
    viewer = {"role": "roles/bigquery.dataViewer", "members": [bench.spec.member]}
    bench.traits("payroll", "salaries", iam_policy={"bindings": [viewer]})
    real = RestClient.send

    def send(self: RestClient, verb: str, url: str, *more: Any, **named: Any) -> Any:
        answer = real(self, verb, url, *more, **named)
        for listed in answer.get("datasets", ()) if isinstance(answer, dict) else ():
            listed.pop("location", None)
        return answer

    bench.patch.setattr(RestClient, "send", send)
    result = (await bench.verify())["permissions.isolated"]
    assert (result.verdict, str(result.evidence)) == ("fail", "the account has access to: payroll.salaries")


def when_listed(bench: Bench, dataset: str, then: Callable[[], object]) -> None:
    """Make something happen right after a dataset's tables were listed."""
    real = RestClient.pages

    async def pages(self: RestClient, url: str, *more: Any, **named: Any) -> Any:
        found = await real(self, url, *more, **named)
        if f"/datasets/{dataset}/tables" in url:
            then()
        return found

    bench.patch.setattr(RestClient, "pages", pages)


async def test_what_is_dropped_while_checks_run_is_no_finding(bench: Bench) -> None:
    bench.sql(*(f"CREATE TABLE `P.{IMP}.{name}` (x INT64)" for name in ("kept", "dropped")))
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='US')", "CREATE TABLE `P.payroll.salaries` (x INT64)")
    when_listed(bench, IMP, lambda: bench.dataset(IMP).tables.pop("dropped", None))
    when_listed(bench, "payroll", lambda: bench.there.datasets.pop("payroll", None))
    results = await bench.verify()
    assert {i: r.evidence for i, r in results.items() if r.verdict != "pass"} == {}
    assert str(results["import.read"].evidence) == "1 table or view can be read"


async def test_a_view_over_what_was_dropped_is_a_finding(bench: Bench) -> None:
    bench.sql(f"CREATE TABLE `P.{IMP}.t` (x INT64)", f"CREATE VIEW `P.{IMP}.v` AS SELECT * FROM `P.{IMP}.t`")
    when_listed(bench, IMP, lambda: bench.dataset(IMP).tables.pop("t", None))
    result = (await bench.verify())["import.read"]
    assert (result.verdict, str(result.evidence)[:26]) == ("fail", "1 of 1 cannot be read: v: ")


@pytest.mark.parametrize(
    ("dataset", "words", "check"),
    [
        ("payroll", ("SELECT", "payroll.t"), "permissions.isolated"),
        (IMP, (f"{IMP}/tables/t", ":testIamPermissions"), "import.readonly"),
    ],
)
async def test_once_google_does_not_answer_any_more_the_rest_of_very_many_tables_is_not_asked_about(
    bench: Bench, dataset: str, words: tuple[str, ...], check: str
) -> None:
    """Each would be waited for to its deadline, which takes hours for thousands of them."""
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='EU')")
    tables = bench.dataset(dataset).tables
    for name in (f"t{n:03}" for n in range(400)):
        tables[name] = Table(bench.project, dataset, name, view_query="SELECT 1 AS x")
    bench.spot.refuse = lost = Cut(*words)  # type: ignore[assignment]
    result = (await bench.verify())[check]
    assert (result.verdict, result.problem and result.problem.code) == ("unknown", "KBQ-CONNECTION-REFUSED")
    assert lost.hits < 200
    bench.spot.refuse = lost = Cut(f"{dataset}/tables/t", ":getIamPolicy")  # type: ignore[assignment]
    with bench.ports() as ports:
        outcome = await apply(bench.spec, ports, lambda _: None, remove_over_grants=True)
    assert [w.code for w in outcome.plan.warnings] == ["KBQ-CONNECTION-REFUSED"]
    assert lost.hits < 200


async def test_a_location_that_is_none_ends_no_run(bench: Bench) -> None:
    for name in (IMP, TMP):
        bench.dataset(name).location = "EU`; DROP TABLE x; --\x1b[2J"
    results = await bench.verify()
    ids = [f"{check}:{name}" for check in ("grants.direct", "dataset.visible") for name in (IMP, TMP)]
    assert "pass" not in {results[i].verdict for i in ids}


def test_a_table_that_bears_the_datasets_name_is_not_asked_about() -> None:
    statement = privileges("my-project", "EU", IMP, "serviceAccount:a@b.iam.gserviceaccount.com")
    assert f'object_name = "{IMP}" AND object_type = "SCHEMA" AND LOWER(grantee) = ' in statement


async def test_over_grants_are_named_with_the_commands_that_remove_them(bench: Bench) -> None:
    bench.bind("roles/logging.viewer")
    bench.bind("roles/bigquery.dataViewer")
    bench.also(TMP, "OWNER")
    results = await bench.verify()
    minimal, granted = results["permissions.minimal"].problem, results[f"grants.direct:{TMP}"].problem
    assert minimal is not None
    assert granted is not None
    text = "\n".join(map(str, minimal.remedy))
    for role in ("roles/logging.viewer", "roles/bigquery.dataViewer"):
        assert (
            f"gcloud projects remove-iam-policy-binding {bench.project} --member={bench.spec.member} --role={role}"
        ) in text
    assert f"REVOKE `roles/bigquery.dataOwner` ON SCHEMA `{bench.project}.{TMP}` FROM" in "\n".join(
        map(str, granted.remedy)
    )
    assert "kbq-tui apply --remove-over-grants" in text


async def test_if_no_role_of_the_account_grants_access_the_command_shows_what_does(bench: Bench) -> None:
    domain = bench.spec.account_email.partition("@")[2]  # as a group would, it gives access without naming the account
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='EU')", "CREATE TABLE `P.payroll.salaries` (x INT64)")
    bench.world.set_access(bench.dataset("payroll"), [{"role": "READER", "domain": domain}])
    found = (await bench.verify())["permissions.isolated"].problem
    assert found is not None
    assert found.code == "KBQ-INHERITED-ACCESS"
    assert "has read access on table payroll.salaries" in str(found.cause)
    assert str(found.remedy[-2]).endswith(f"bq get-iam-policy --table=true {bench.project}:payroll.salaries")
    assert str(found.remedy[-1]).endswith(f"bq show --format=prettyjson {bench.project}:payroll")
    viewer = {"role": "roles/bigquery.dataViewer", "members": [bench.spec.member]}
    bench.sql("CREATE SCHEMA `P.secret` OPTIONS(location='EU')", "CREATE TABLE `P.secret.plans` (x INT64)")
    bench.traits("secret", "plans", iam_policy={"bindings": [viewer]})
    both = (await bench.verify())["permissions.isolated"].problem
    assert both is not None
    assert both.code == "KBQ-OVER-GRANT"  # one is the account's own, and is removed
    assert "holds roles/bigquery.dataViewer on table secret.plans" in str(both.cause)
    assert both.remedy[-1] == found.remedy[-1]
    assert any("--remove-over-grants" in str(step) for step in both.remedy)


async def test_what_holds_under_a_condition_on_a_dataset_or_table_is_taken_away_by_hand(bench: Bench) -> None:
    until = {"title": "a while", "expression": 'request.time < timestamp("2999-01-01T00:00:00Z")'}
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='EU')", "CREATE TABLE `P.payroll.salaries` (x INT64)")
    viewer = {"role": "roles/bigquery.dataViewer", "members": [bench.spec.member], "condition": until}
    bench.traits("payroll", "salaries", iam_policy={"bindings": [viewer]})
    found = (await bench.verify())["permissions.isolated"].problem
    assert found is not None
    assert "choose table payroll.salaries, Share" in str(found.remedy[-1])
    assert not any("remove-" in str(step) for step in found.remedy)


async def test_what_everybody_holds_or_a_condition_bounds_is_named_with_the_command_that_removes_just_that(
    bench: Bench,
) -> None:
    bench.bind("roles/logging.viewer", member="allAuthenticatedUsers")
    bench.bind_until("true", "roles/browser")
    bench.sql("CREATE SCHEMA `P.public` OPTIONS(location='US')", "CREATE TABLE `P.public.t` (x INT64)")
    everybody = {"role": "READER", "specialGroup": "allAuthenticatedUsers"}
    bench.world.set_access(bench.dataset("public"), [*bench.dataset("public").access, everybody])
    results = await bench.verify()
    minimal, isolated = results["permissions.minimal"], results["permissions.isolated"]
    assert minimal.problem is not None
    assert isolated.problem is not None
    assert "roles/logging.viewer (allAuthenticatedUsers)" in str(minimal.evidence)
    steps = "\n".join((*map(str, minimal.problem.remedy), *map(str, isolated.problem.remedy))).splitlines()
    gcloud = f"gcloud projects remove-iam-policy-binding {bench.project}"
    assert f"{gcloud} --member=allAuthenticatedUsers --role=roles/logging.viewer --condition=None" in steps
    assert f"{gcloud} --member={bench.spec.member} --role=roles/browser --all" in steps
    statement = next(s for s in steps if "REVOKE" in s).partition("'")[2].rstrip("'")
    assert statement.endswith(f'ON SCHEMA `{bench.project}.public` FROM "specialGroup:allAuthenticatedUsers"')
    assert not any("--remove-over-grants" in s for s in steps), "it takes away neither"
    bench.sql(statement)
    bench.bind("roles/logging.viewer", member="allAuthenticatedUsers", there=False)
    bench.bind("roles/browser", there=False)
    results = await bench.verify()
    assert {i: r.evidence for i, r in results.items() if r.verdict != "pass"} == {}


async def test_a_role_under_a_condition_is_told_with_its_end_and_is_not_called_missing(bench: Bench) -> None:
    bench.bind_until('request.time < timestamp("2040-01-01T00:00:00Z")', JOB_USER)
    results = await bench.verify()
    assert results["query.run"].verdict == "pass"
    effective = results["permissions.effective"]
    assert (effective.verdict, effective.warns) == ("pass", True)
    assert known(effective.problem).code == "KBQ-CONDITIONAL-GRANT"
    assert "holds until 2040-01-01 00:00 UTC only" in str(known(effective.problem).cause)
    with bench.ports() as ports:
        seen = await status(bench.spec, ports)
    (line,) = [line for line in seen.lines if line.id == "grant"]
    assert (line.health, line.text) == (Health.WARNING, known(effective.problem).cause)
    assert list(map(str, [a.summary for a in seen.plan.changes])) == [
        f"Grant {JOB_USER} on project {bench.project} without its condition"
    ]


async def test_a_key_that_was_handed_over_cannot_be_tried_and_status_stays_healthy(bench: Bench) -> None:
    with bench.ports() as ports:
        assert isinstance(ports.keys, KeyFiles)
        ports.keys.shred(None, bench.project, bench.spec.account_email)
        results = await verify(bench.spec, ports)
        assert checks.handed_over(results)
        assert str(results[-1].evidence).endswith("handed over (shredded here)")
        assert (await status(bench.spec, ports, {"ok": True, "at": "2026-01-02"})).healthy


async def test_over_grants_go_on_request_and_nothing_else_does(bench: Bench) -> None:
    before = bench.spot.state()
    bench.bind("roles/logging.viewer")
    bench.bind("roles/bigquery.dataEditor")
    bench.bind("roles/logging.viewer", member="user:foreign@acme.example")
    bench.open(IMP, "OWNER")
    foreign = {"role": "OWNER", "userByEmail": "foreign@acme.example"}
    bench.world.set_access(bench.dataset(IMP), [*bench.dataset(IMP).access, foreign])
    with bench.ports() as ports:
        observed = await observe(bench.spec, ports)
        plain, wanted = diff(bench.spec, observed), diff(bench.spec, observed, remove_over_grants=True)
        removed = {a.id for a in wanted.changes if a.change == "delete"}
        outcome = await apply(bench.spec, ports, lambda _: None, remove_over_grants=True)
    assert {a.id for a in plain.changes if a.change == "delete"} == set()
    assert {w.code for w in plain.warnings} == {"KBQ-OVER-GRANT"}
    assert removed == {
        "over-grant:project:roles/logging.viewer",
        "over-grant:project:roles/bigquery.dataEditor",
        f"over-grant:dataset:{IMP}:roles/bigquery.dataOwner",
    }
    assert outcome.complete
    assert wanted.warnings == ()
    results = await bench.verify()
    assert {i: r.evidence for i, r in results.items() if r.verdict != "pass"} == {}
    state = bench.spot.state()
    assert {"role": "roles/logging.viewer", "members": ["user:foreign@acme.example"]} in state["bindings"]
    state["bindings"] = [b for b in state["bindings"] if b["role"] != "roles/logging.viewer"]
    assert foreign in state["datasets"][IMP]["access"]
    state["datasets"][IMP]["access"].remove(foreign)
    assert state == before


async def test_what_verify_finds_on_another_dataset_and_on_a_single_table_goes_on_request_and_nothing_else(
    bench: Bench,
) -> None:
    member, group = bench.spec.member, "group:analysts@acme.example"
    until = {"title": "until the audit", "expression": 'request.time < timestamp("2099-01-01T00:00:00Z")'}
    bench.sql(f"CREATE TABLE `P.{IMP}.people` (email STRING)", "CREATE SCHEMA `P.payroll` OPTIONS(location='US')")
    others: list[dict[str, Any]] = [
        {"role": "READER", "specialGroup": "allAuthenticatedUsers"},
        {"role": "READER", "groupByEmail": "analysts@acme.example"},
        {"role": "WRITER", "userByEmail": bench.spec.account_email, "condition": until},
    ]
    payroll = [*bench.dataset("payroll").access, *others]
    policy = [
        {"role": "roles/bigquery.dataOwner", "members": [group]},
        {"role": "roles/bigquery.dataViewer", "members": [member, group]},  # no more than the dataset's own role
        {"role": "roles/bigquery.dataEditor", "members": [group], "condition": until},
    ]
    bench.world.set_access(bench.dataset("payroll"), payroll)
    bench.traits(IMP, "people", iam_policy={"bindings": policy})
    bench.sql("CREATE SCHEMA `P.secret` OPTIONS(location='US')", "CREATE TABLE `P.secret.plans` (x INT64)")
    before = bench.spot.state()
    bench.also("payroll", "READER")
    viewer = {"role": "roles/bigquery.dataViewer", "members": [member]}
    bench.traits("secret", "plans", iam_policy={"bindings": [viewer]})
    editor = {"role": "roles/bigquery.dataEditor", "members": [group, member]}
    bench.traits(IMP, "people", iam_policy={"bindings": [*policy, editor]})
    before["datasets"][IMP]["tables"]["people"]["bindings"].append({**editor, "members": [group]})

    found = await bench.verify()
    table, dataset = found["import.readonly"].problem, found["permissions.isolated"].problem
    assert table is not None
    assert dataset is not None
    steps = "\n".join(map(str, dataset.remedy))
    assert "--location=US " in steps
    assert "the account has access to: payroll, secret.plans" in str(found["permissions.isolated"].evidence)
    assert f"--role=roles/bigquery.dataViewer --table=true {bench.project}:secret.plans" in steps
    for problem in (table, dataset):
        assert "kbq-tui apply --remove-over-grants" in "\n".join(map(str, problem.remedy))

    at = len(bench.spot.calls())
    with bench.ports() as ports:
        plain = diff(bench.spec, await observe(bench.spec, ports))
    assert not any("getIamPolicy" in c.method and "bigquery" in c.method for c in bench.spot.calls()[at:])
    assert not any(name in c.resource for c in bench.spot.calls()[at:] for name in ("payroll", "secret"))
    assert (plain.changes, plain.warnings) == ((), ())

    with bench.ports() as ports:
        plan = diff(bench.spec, await observe(bench.spec, ports, everywhere=True), remove_over_grants=True)
        outcome = await apply(bench.spec, ports, lambda _: None, expected=plan.fingerprint, remove_over_grants=True)
    assert {a.id: command_for(a, plan.location) for a in plan.changes} == {
        "over-grant:dataset:payroll:roles/bigquery.dataViewer": (
            f"bq --project_id={bench.project} --location=US query --use_legacy_sql=false "
            f"'REVOKE `roles/bigquery.dataViewer` ON SCHEMA `{bench.project}.payroll` FROM \"{member}\"'"
        ),
        f"over-grant:table:{IMP}.people:roles/bigquery.dataEditor": (
            f"bq --project_id={bench.project} remove-iam-policy-binding --member={member} "
            f"--role=roles/bigquery.dataEditor --table=true {bench.project}:{IMP}.people"
        ),
        "over-grant:table:secret.plans:roles/bigquery.dataViewer": (
            f"bq --project_id={bench.project} remove-iam-policy-binding --member={member} "
            f"--role=roles/bigquery.dataViewer --table=true {bench.project}:secret.plans"
        ),
    }
    assert outcome.complete
    assert set(outcome.done) == {a.id for a in plan.changes}
    journal = (bench.spot.home / "journal.jsonl").read_text()
    assert all(journal.count(f'"{a.id}"') == 2 for a in plan.changes)  # intended, and done
    # The grant with a condition is left, and what everybody holds.
    assert [w.detail("resource") for w in plan.warnings] == ["dataset payroll", "dataset payroll"]
    assert bench.spot.state() == before


async def test_what_cannot_be_looked_at_is_said_and_holds_up_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='EU')", "CREATE SCHEMA `P.secret` OPTIONS(location='EU')")
    bench.sql(f"CREATE TABLE `P.{IMP}.a` (x INT64)", f"CREATE TABLE `P.{IMP}.b` (x INT64)")
    bench.also("payroll", "READER")
    bench.fail(Rule("bigquery.tables.getIamPolicy", "status", status=403, every=1))
    monkeypatch.setattr(bench.spot, "refuse", Cut("/datasets/secret?"))
    monkeypatch.setattr(grant_scan, "MAX_TABLES", 1)
    with bench.ports() as ports:
        outcome = await apply(bench.spec, ports, lambda _: None, remove_over_grants=True)
    assert outcome.done == ["over-grant:dataset:payroll:roles/bigquery.dataViewer"]
    said = {w.code: w for w in outcome.plan.warnings}
    assert len(said) == len(outcome.plan.warnings) == 3
    assert "only the first 1 tables in 4 datasets were searched" in str(said[Code.NOT_SEARCHED].cause)
    assert {"KBQ-CONNECTION-REFUSED", "KBQ-NOT-SEARCHED"} < set(said)
    assert all(w.remedy for w in outcome.plan.warnings)


async def test_datasets_that_the_operator_may_not_see_are_said_to_be_left_out(bench: Bench) -> None:
    authz = bench.spot.field.context.authz
    real = authz.permissions
    bench.patch.setattr(authz, "permissions", lambda who, of: real(who, of) - {"bigquery.datasets.get"})
    with bench.ports() as ports:
        outcome = await apply(bench.spec, ports, lambda _: None, remove_over_grants=True)
    assert [w.code for w in outcome.plan.warnings] == ["KBQ-PERMISSION-MISSING"]


async def test_what_verify_passes_is_not_taken_away(bench: Bench) -> None:
    bench.also(IMP, "roles/bigquery.metadataViewer")
    bench.also(TMP, "READER")
    assert {r.verdict for r in (await bench.verify()).values()} == {"pass"}
    with bench.ports() as ports:
        plan = diff(bench.spec, await observe(bench.spec, ports, everywhere=True), remove_over_grants=True)
    assert (plan.changes, plan.warnings) == ((), ())


async def test_a_disabled_account_is_called_that(bench: Bench) -> None:
    bench.there.service_accounts[bench.spec.account_email].disabled = True
    result = (await bench.verify())["key.auth"]
    assert result.verdict == "fail"
    assert result.problem is not None
    assert result.problem.code == "KBQ-ACCOUNT-DISABLED"
    assert f"gcloud iam service-accounts enable {bench.spec.account_email}" in "\n".join(
        map(str, result.problem.remedy)
    )
    assert f"--project={bench.project}" in "\n".join(map(str, result.problem.remedy))
    assert bench.spec.account_email in str(result.problem.cause)


async def test_a_writer_for_everybody_is_named_with_what_takes_it_away(bench: Bench) -> None:
    everybody = {"role": "WRITER", "specialGroup": "allAuthenticatedUsers"}
    bench.world.set_access(bench.dataset(IMP), [*bench.dataset(IMP).access, everybody])
    results = await bench.verify()
    assert [r.id for r in results.values() if r.verdict == "fail"] == [f"dataset.private:{IMP}"], (
        "one cause, one failure"
    )
    effect = results["import.readonly"]
    assert (effect.verdict, str(effect.evidence)[:12]) == ("unknown", "follows from")
    found = results[f"dataset.private:{IMP}"].problem
    assert found is effect.problem
    assert found is not None
    assert "roles/bigquery.dataEditor to allAuthenticatedUsers" in str(found.cause)
    statement = next(s for step in found.remedy for s in str(step).splitlines() if "REVOKE" in s)
    assert 'FROM "specialGroup:allAuthenticatedUsers"' in statement
    assert not any("--remove-over-grants" in str(step) for step in found.remedy), "it does not take this away"


async def test_a_writers_role_of_the_accounts_own_fails_beside_everybodys(bench: Bench) -> None:
    everybody = {"role": "WRITER", "specialGroup": "allAuthenticatedUsers"}
    own = {"role": "WRITER", "userByEmail": bench.spec.account_email}
    bench.world.set_access(bench.dataset(IMP), [*bench.dataset(IMP).access, everybody, own])
    failed = {r.id for r in (await bench.verify()).values() if r.verdict == "fail"}
    assert f"dataset.private:{IMP}" in failed
    assert len(failed) == 2, failed


@pytest.mark.parametrize(("until", "fails"), [("2001-01-01T00:00:00Z", False), ("2999-01-01T00:00:00Z", True)])
async def test_an_entry_for_everybody_whose_condition_has_ended_is_over(
    bench: Bench, until: str, *, fails: bool
) -> None:
    condition = {"expression": f'request.time < timestamp("{until}")', "title": "for a while"}
    entry = {"role": "READER", "iamMember": "allUsers", "condition": condition}
    bench.world.set_access(bench.dataset(IMP), [*bench.dataset(IMP).access, entry])
    result = (await bench.verify())[f"dataset.private:{IMP}"]
    assert (result.verdict == "fail") is fails
    assert ("has ended; the entry is over" in str(result.evidence)) is not fails


@pytest.mark.parametrize("domain", ["gmail.com", "googlemail.com", "GMAIL.com"])
async def test_a_domain_at_which_anybody_gets_an_address_is_everybody(bench: Bench, domain: str) -> None:
    bench.world.set_access(bench.dataset(IMP), [*bench.dataset(IMP).access, {"role": "READER", "domain": domain}])
    result = (await bench.verify())[f"dataset.private:{IMP}"]
    assert result.verdict == "fail"
    assert result.problem is not None


async def test_a_companys_own_domain_is_not_everybody(bench: Bench) -> None:
    bench.world.set_access(
        bench.dataset(IMP), [*bench.dataset(IMP).access, {"role": "READER", "domain": "acme.example"}]
    )
    assert (await bench.verify())[f"dataset.private:{IMP}"].verdict == "pass"


async def test_a_table_with_an_expiration_is_reported_and_fails_nothing(bench: Bench) -> None:
    bench.sql(
        f"CREATE TABLE `P.{IMP}.people` (x INT64) OPTIONS(expiration_timestamp=TIMESTAMP '2999-12-01 00:00:00+00')",
        f"CREATE TABLE `P.{IMP}.events` (day DATE) PARTITION BY day OPTIONS(partition_expiration_days=30)",
        f"CREATE TABLE `P.{IMP}.kept` (x INT64)",
    )
    read = (await bench.verify())["import.read"]
    assert read.verdict == "pass"
    assert read.problem is not None
    assert read.warns
    assert "people on 2999-12-01 00:00 UTC" in str(read.evidence)
    assert "events partition by partition" in str(read.evidence)
    assert "kept" not in str(read.evidence)
    commands = "\n".join(map(str, read.problem.remedy))
    assert f"bq update --expiration 0 {bench.project}:{IMP}.people" in commands
    assert f"bq update --time_partitioning_expiration 0 {bench.project}:{IMP}.events" in commands


async def test_what_another_connection_needs_is_not_told_to_be_taken_away(bench: Bench) -> None:
    other = replace(bench.spec, name="writes", direction=Direction.BOTH)
    for role in ("WRITER", "OWNER"):
        entry = {"role": role, "userByEmail": bench.spec.account_email}
        bench.world.set_access(bench.dataset(IMP), [*bench.dataset(IMP).access, entry])
        with bench.ports() as ports:
            both = replace(ports, neighbours=lambda: (other,))
            granted = {r.id: r for r in await verify(bench.spec, both)}[f"grants.direct:{IMP}"]
            lines = {line.id: line for line in (await status(bench.spec, both, None)).lines}
        assert granted.verdict == "fail"
        assert granted.problem is not None
        steps = "\n".join(map(str, granted.problem.remedy))
        assert "REVOKE `roles/bigquery.dataEditor`" not in steps
        if role == "WRITER":
            assert granted.problem.code == "KBQ-SHARED-NEEDS"
            assert "Connection writes uses the account" in str(granted.problem.cause)
            assert "over-grant" not in lines
        else:
            assert "REVOKE `roles/bigquery.dataOwner`" in steps, "which no connection needs"
            assert "over-grant" in lines


async def test_a_member_of_the_project_policy_in_capitals_is_the_account(bench: Bench) -> None:
    kind, _, email = bench.spec.member.partition(":")
    for binding in bench.there.policy.bindings:
        binding["members"] = [f"{kind}:{email.title()}" if m == bench.spec.member else m for m in binding["members"]]
    assert (await bench.verify())["query.run"].verdict == "pass"


async def test_a_role_is_taken_away_only_after_the_least_one_has_been_granted(bench: Bench) -> None:
    bench.open(IMP, "OWNER")
    with bench.ports() as ports:
        plan = diff(bench.spec, await observe(bench.spec, ports), remove_over_grants=True)
    revoke = next(a for a in plan.changes if a.id.startswith("over-grant:"))
    assert revoke.needs == (f"grant:dataset:{IMP}:roles/bigquery.dataViewer",)


def test_the_plan_shows_what_is_taken_away_and_apply_asks_for_no_more(bench: Bench) -> None:
    bench.bind("roles/bigquery.dataEditor")
    command, env = cli(bench, "plan", "--remove-over-grants", "--json")
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    changes = [a for a in output(said)["actions"] if a["change"] != "noop"]
    assert [(a["change"], a["id"]) for a in changes] == [("delete", "over-grant:project:roles/bigquery.dataEditor")]
    command, env = cli(bench, "apply", "--remove-over-grants", "--yes")
    subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=PATIENCE)
    held = [b["role"] for b in bench.there.policy.bindings if bench.spec.member in b["members"]]
    assert held == ["roles/bigquery.jobUser"]


def test_the_demo_of_unreadable_tables_names_them_and_leaves_out_those_that_are_fine(tmp_path: Path) -> None:
    command = [warm.python(), "-m", "kbq_tui", "demo", "--scenario", "unreadable-tables"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 6
    said = " ".join(done.stderr.split())
    assert "3 of 5 cannot be read: reaches_out, sheet, tagged" in said


async def test_what_follows_from_a_failed_check_names_it_and_has_its_problem(bench: Bench) -> None:
    bench.open(TMP, None)
    results = await bench.verify()
    cause, effect = results[f"grants.direct:{TMP}"], results["staging.write"]
    assert (cause.verdict, effect.verdict) == ("fail", "unknown")
    assert str(effect.evidence).startswith(f"follows from “{cause.check.title}”")
    assert effect.problem == cause.problem


@pytest.mark.not_google("an answer with accessPolicyVersion=3 that still masks a conditional role")
@pytest.mark.parametrize("mask", ["_withcond_0123456789abcdef0123", "_with_conditionalbinding_a1b2c3"])
@pytest.mark.parametrize("expression", ["true", ""])
async def test_a_masked_conditional_role_is_neither_missing_nor_unknown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, mask: str, expression: str
) -> None:
    from kbq_tui.sandbox.bigquery import access as list_

    real = list_.shown

    def masked(dataset: Any, policy_version: int) -> Any:
        entries = real(dataset, policy_version)
        for entry in entries:
            if entry.get("userByEmail") == bench.spec.account_email:
                entry["role"] = f"roles/bigquery.{'dataEditor' if dataset.dataset_id == TMP else 'dataViewer'}{mask}"
                if expression:
                    entry["condition"] = {"expression": expression, "title": "c"}
        return entries

    monkeypatch.setattr(list_, "shown", masked)
    result = (await bench.verify())[f"grants.direct:{IMP}"]
    assert result.warns
    assert result.problem is not None
    assert result.problem.code == "KBQ-CONDITIONAL-GRANT"
    assert "roles/bigquery.dataViewer, but only under a condition" in str(result.evidence)
    assert "_with" not in str(result.evidence)
