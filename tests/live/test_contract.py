"""The program's assumptions about Google, tested at Google: step by step, each building on the one before.

Sources: https://cloud.google.com/bigquery/docs/access-control, …/information-schema-object-privileges,
https://cloud.google.com/iam/docs/keys-create-delete, https://cloud.google.com/bigquery/docs/error-messages
"""

import asyncio
import subprocess
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from kbq_tui.engine.apply import Outcome, apply
from kbq_tui.engine.observe import observe
from kbq_tui.engine.ports import Cloud, Ports
from kbq_tui.engine.verify.runner import verify
from kbq_tui.engine.waiting import Patience
from kbq_tui.model.operations import Change
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import DATA_EDITOR, DATA_VIEWER
from kbq_tui.planning.diff import diff
from kbq_tui.shell.sql import PROBE_PREFIX
from tests.live.conftest import LiveProject

REFUSALS = (
    ("CREATE TABLE `{p}.{i}.x` (x INT64)", "KBQ-TABLE-WRITE-DENIED"),
    ("INSERT INTO `{p}.{i}.people` (email) VALUES ('a@b.example')", "KBQ-TABLE-WRITE-DENIED"),
    ("SELECT * FROM `{p}.{s}.no_such_table`", "KBQ-TABLE-NOT-FOUND"),
    ("SELECT nothing FROM `{p}.{i}.people`", "KBQ-QUERY-INVALID"),
    ("SELEC 1", "KBQ-QUERY-INVALID"),
    ("CREATE SCHEMA `{p}.{i}_other`", "KBQ-DATASET-CREATE-DENIED"),
)

ROOT = Path(__file__).parent.parent.parent


async def set_up(ground: LiveProject, ports: Ports, **more: Any) -> Outcome:
    patience = Patience(limit=ground.patience, first=0.5 if not ground.live else 5.0)
    return await apply(ground.spec, ports, lambda _: None, patience=patience, **more)


async def verdicts(ground: LiveProject, ports: Ports, *, wait: bool = True) -> dict[str, tuple[str, str]]:
    patience = Patience(limit=ground.patience if wait else 0.0)
    return {r.id: (r.verdict.value, str(r.evidence)) for r in await verify(ground.spec, ports, patience=patience)}


async def refusal(work: Awaitable[object]) -> str | None:
    with pytest.raises(ProblemError) as caught:
        await work
    return caught.value.problem.code


def account_cloud(ground: LiveProject, ports: Ports) -> Cloud:
    """Google as the service account sees it."""
    return ports.impersonate(ports.keys.load(ground.spec.key_file, ground.spec.project, ground.spec.account_email))


async def nothing_of_ours_is_there_and_nothing_else_would_have_to_be_changed(ground: LiveProject) -> None:
    assert await ground.traces() == []
    with ground.ports() as ports:
        plan = diff(ground.spec, await observe(ground.spec, ports))
    assert plan.blocked == (), [b.problem for b in plan.blocked]
    assert [a.id for a in plan.changes if a.id.startswith("service:")] == [], "turn the APIs on first"
    assert {a.change for a in plan.changes} <= {Change.CREATE, Change.UPDATE}


async def a_set_up_is_made_and_the_second_run_changes_nothing(ground: LiveProject) -> None:
    with ground.ports() as ports:
        first = await set_up(ground, ports)
        assert first.complete, first.problems

        async def seen() -> bool:
            return diff(ground.spec, await observe(ground.spec, ports)).complete

        await ground.until(seen)
        second = await set_up(ground, ports)
    assert second.done == []


async def what_was_made_reads_back_as_it_was_wanted(ground: LiveProject) -> None:
    spec = ground.spec
    with ground.ports() as ports:
        observed = await observe(spec, ports)
        for wish in spec.datasets():
            info = await ports.cloud.dataset(spec.project, wish.name)
            assert info is not None
            assert info.location == spec.location
            assert [e.role for e in info.access or () if e.member == spec.member] == [wish.role], (
                "legacy names are translated"
            )
            assert info.labels.get("created-by") == "kbq-tui"
        keys = await ports.cloud.keys(spec.project, spec.account_email)
    assert [k.disabled for k in keys] == [False]
    assert diff(spec, observed).complete


async def every_check_passes_with_something_to_read(ground: LiveProject) -> None:
    spec, dataset = ground.spec, ground.spec.import_dataset
    ground.scratch += [(dataset, "people_view"), (dataset, "people")]
    with ground.ports() as ports:
        people = f"{spec.project}.{dataset}.people"
        for statement in (
            f"CREATE TABLE `{people}` (email STRING, updated_at TIMESTAMP)",
            f"CREATE VIEW `{people}_view` AS SELECT email FROM `{people}`",
        ):
            await ports.cloud.query(spec.project, statement, spec.location or "")
        said = await verdicts(ground, ports)
        left = [t.name for w in spec.datasets() for t in await ports.cloud.tables(spec.project, w.name)]
    assert {i: v for i, v in said.items() if v[0] != "pass"} == {}
    assert said["import.read"][1] == "all 2 tables and views can be read"
    assert said["import.readonly"][1].startswith("it can change none of the 2 tables there are; refused: ")
    assert [t for t in left if t.startswith(PROBE_PREFIX)] == []


async def refusals_are_recognised_by_googles_own_words(ground: LiveProject) -> None:
    spec = ground.spec
    ground.scratch.append((spec.import_dataset, "x"))  # if Google does not refuse it
    with ground.ports() as ports:
        cloud = account_cloud(ground, ports)
        for statement, code in REFUSALS:
            text = statement.format(p=spec.project, i=spec.import_dataset, s=spec.staging_dataset)
            assert await refusal(cloud.query(spec.project, text, spec.location or "")) == code, text
        await cloud.close()


async def what_is_not_there_is_told_from_what_may_not_be_seen(ground: LiveProject) -> None:
    spec = ground.spec
    with ground.ports() as ports:
        assert await ports.cloud.dataset(spec.project, spec.import_dataset + "_none") is None
        assert await ports.cloud.account(spec.project, spec.account_email.replace("kbq-live", "kbq-none")) is None
        elsewhere = "asia-northeast1"
        text = f"SELECT * FROM `{spec.project}.{spec.import_dataset}.people`"
        assert await refusal(ports.cloud.query(spec.project, text, elsewhere)) == "KBQ-NOT-IN-LOCATION"
        cloud = account_cloud(ground, ports)
        assert await refusal(cloud.project_bindings(spec.project)) is not None
        await cloud.close()


async def an_over_grant_is_found_and_taken_away_on_request(ground: LiveProject) -> None:
    spec = ground.spec
    with ground.ports() as ports:
        await ports.cloud.grant_dataset(spec.project, spec.import_dataset, DATA_EDITOR, spec.member)
        check = f"grants.direct:{spec.import_dataset}"

        async def seen() -> bool:
            return (await verdicts(ground, ports, wait=False))[check][0] == "fail"

        await ground.until(seen)
        outcome = await set_up(ground, ports, remove_over_grants=True)
        assert outcome.done == [f"over-grant:dataset:{spec.import_dataset}:{DATA_EDITOR}"]
        info = await ports.cloud.dataset(spec.project, spec.import_dataset)
        assert info is not None
        assert [e.role for e in info.access or () if e.member == spec.member] == [DATA_VIEWER]


async def a_second_key_is_found_and_deleted(ground: LiveProject) -> None:
    spec = ground.spec
    with ground.ports() as ports:
        await ports.cloud.create_key(spec.project, spec.account_email)

        async def two() -> bool:
            return len(await ports.cloud.keys(spec.project, spec.account_email)) == 2

        await ground.until(two)
        assert (await verdicts(ground, ports, wait=False))["keys.expected"][0] == "fail"
        local = ports.keys.inspect(spec.key_file, spec.project, spec.account_email)
        assert local is not None
        for key in await ports.cloud.keys(spec.project, spec.account_email):
            if key.id != local.key_id:
                assert await ports.cloud.delete_key(spec.project, spec.account_email, key.id)


async def two_writers_at_once_lose_nothing(ground: LiveProject) -> None:
    spec = ground.spec
    with ground.ports() as one, ground.ports() as two:
        roles = ("roles/bigquery.metadataViewer", "roles/bigquery.dataOwner")
        work = [
            p.cloud.grant_dataset(spec.project, spec.staging_dataset, r, spec.member)
            for p, r in zip((one, two), roles, strict=True)
        ]
        assert await asyncio.gather(*work) == [True, True]
        info = await one.cloud.dataset(spec.project, spec.staging_dataset)
        assert info is not None
        assert {e.role for e in info.access or () if e.member == spec.member} == {DATA_EDITOR, *roles}
        for role in roles:
            assert await one.cloud.revoke_dataset(spec.project, spec.staging_dataset, role, spec.member)


async def a_deleted_key_no_longer_signs_in(ground: LiveProject) -> None:
    spec = ground.spec
    with ground.ports() as ports:
        local = ports.keys.inspect(spec.key_file, spec.project, spec.account_email)
        assert local is not None
        assert await ports.cloud.delete_key(spec.project, spec.account_email, local.key_id)

        async def refused() -> bool:
            return (await verdicts(ground, ports, wait=False))["key.auth"][0] == "fail"

        await ground.until(refused)


async def the_clean_up_leaves_nothing_and_may_run_twice(ground: LiveProject) -> None:
    assert await ground.clean() == []
    await ground.until(ground.nothing)
    assert await ground.clean() == []


STEPS = (
    nothing_of_ours_is_there_and_nothing_else_would_have_to_be_changed,
    a_set_up_is_made_and_the_second_run_changes_nothing,
    what_was_made_reads_back_as_it_was_wanted,
    every_check_passes_with_something_to_read,
    refusals_are_recognised_by_googles_own_words,
    what_is_not_there_is_told_from_what_may_not_be_seen,
    an_over_grant_is_found_and_taken_away_on_request,
    a_second_key_is_found_and_deleted,
    two_writers_at_once_lose_nothing,
    a_deleted_key_no_longer_signs_in,
    the_clean_up_leaves_nothing_and_may_run_twice,
)


async def test_google_is_what_the_program_believes(ground: LiveProject) -> None:
    for step in STEPS:
        print(step.__name__.replace("_", " "))  # which one it was, if it fails
        await step(ground)


def test_a_live_run_needs_a_project_and_is_no_part_of_the_ordinary_tests() -> None:
    said = subprocess.run(["make", "-n", "test-live"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode != 0
    assert "PROJECT=" in said.stderr
    live = subprocess.run(["make", "-n", "test-live", "PROJECT=my-project"], cwd=ROOT, capture_output=True, text=True)
    assert "--live-project=my-project" in live.stdout
    ordinary = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True)
    assert "--live-project" not in ordinary.stdout
