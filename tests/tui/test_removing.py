"""Leftover keys and over-grants: removal is offered, never the default, previewed exactly, and failures are
explained."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from kbq_tui.engine.services import SavedConnection
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.observed import AccessEntry, DatasetInfo, KeyInfo, RoleBinding
from kbq_tui.model.problem import Kind, Problem
from kbq_tui.model.spec import JOB_USER
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.modals.confirm import Confirm
from kbq_tui.tui.modals.leftovers import PickKey
from kbq_tui.tui.modals.problem import ProblemSheet
from kbq_tui.tui.widgets.rows import Rows
from tests.support.codes import made_up
from tests.tui import fakes
from tests.tui.screens import app_for, button, closed, gone, looked, on, run_checks, text_of, to_do, until

FIRST, SECOND = "a" * 40, "b" * 40
ADMIN = "roles/bigquery.admin"
OWNER = "roles/bigquery.dataOwner"
DENIED = Problem(
    made_up("KBQ-TEST-DENIED"),
    verbatim("You may not do that"),
    verbatim("The permission is missing."),
    kind=Kind.NOT_PERMITTED,
)


def idle(app: KbqApp) -> bool:
    return not app.wizard.busy and app.wizard.current


def with_leftovers(*ids: str) -> fakes.Scene:
    scene = fakes.resumed(Step.ACCOUNT, fakes.complete())
    scene.world.keys += [KeyInfo(id_, fakes.NOW - timedelta(days=40)) for id_ in ids]
    return scene


def over_granted() -> fakes.Scene:
    scene = fakes.resumed(Step.PERMISSIONS, fakes.complete())
    world = scene.world
    world.bindings += [RoleBinding(ADMIN, (fakes.SPEC.member,))]
    info = world.datasets["KLAVIYO_TMP"]
    world.datasets["KLAVIYO_TMP"] = replace(info, access=(*(info.access or ()), AccessEntry(OWNER, fakes.SPEC.member)))
    return scene


async def test_a_leftover_key_is_deleted_after_a_preview_and_a_yes() -> None:
    scene = with_leftovers(FIRST)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        assert "Delete key" in await until(pilot, button("leftover"))
        await pilot.press("f7")
        shown = await until(pilot, on(Confirm))
        assert FIRST in shown
        assert "40 days old" in shown
        assert "gcloud iam service-accounts keys delete" in shown
        await pilot.press("enter")  # the harmless answer has the focus
        await until(pilot, closed(Confirm))
        assert scene.world.writes == []
        await pilot.press("f7")
        await until(pilot, on(Confirm))
        await pilot.press("left", "enter")
        await until(pilot, lambda: idle(app) and "delete_key" in scene.world.writes)
        await until(pilot, gone("leftover"))
        await until(pilot, "Done.")
    assert scene.world.writes == ["delete_key"]
    assert FIRST not in [k.id for k in scene.world.keys]


async def test_a_key_of_another_connection_of_this_machine_is_said_to_be_one() -> None:
    scene = with_leftovers(FIRST)
    ours, path = scene.keys.local, "/keys/other.json"
    assert ours is not None
    scene.store.saved["other"] = SavedConnection(replace(scene.draft, name="other", key_file=path))
    scene.keys.inspect = lambda given, *_: replace(ours, key_id=FIRST) if given == path else ours  # type: ignore[method-assign]
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("leftover"))
        await pilot.press("f7")
        assert "for the connection other" in await until(pilot, on(Confirm))


async def test_without_a_leftover_key_nothing_is_offered() -> None:
    scene = with_leftovers()
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        shown = await until(pilot, "already in place")
        assert "Delete" not in shown
        await pilot.press("f7")
        await until(pilot, "Google has no key of this account")
    assert scene.world.writes == []


async def test_a_key_that_was_handed_over_and_shredded_here_is_said_to_be_and_not_offered() -> None:
    scene = with_leftovers()
    assert scene.keys.local is not None
    key_id = scene.keys.local.key_id
    scene.keys.handed, scene.keys.local, scene.keys.secret = (key_id,), None, None
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        shown = await until(pilot, f"{key_id[:12]}, handed over (shredded here)")
        assert "already in place" in shown
        assert "Delete" not in shown
        await pilot.press("f7")
        await until(pilot, "Google has no key of this account")
    scene.store.saved[scene.draft.name] = SavedConnection(scene.draft, Step.CONNECT)
    last = app_for(scene)
    async with last.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(last))
        assert "no key yet" not in await until(pilot, "handed over (shredded here)")
    watched = app_for(scene, start="dashboard")
    async with watched.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("y")
        await until(pilot, lambda: bool(scene.copied))
    assert "handed over (shredded here)" in scene.copied[-1]
    assert scene.world.writes == []


async def test_while_the_key_here_cannot_be_read_none_is_offered() -> None:
    scene = with_leftovers(FIRST)
    scene.keys.problem = DENIED
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        assert "Delete" not in await until(pilot, "You may not do that")
    assert scene.world.writes == []


async def test_of_several_leftover_keys_one_is_picked_and_the_kept_one_is_not_among_them() -> None:
    scene = with_leftovers(FIRST, SECOND)
    held = scene.world.keys[0].id
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("leftover"))
        await pilot.press("f7")
        shown = await until(pilot, on(PickKey))
        assert held[:12] not in "\n".join(line for line in shown.split("\n") if "days old" in line)
        await pilot.press("down", "enter")
        assert SECOND in await until(pilot, on(Confirm))
        await pilot.press("left", "enter")
        await until(pilot, lambda: idle(app) and "delete_key" in scene.world.writes)
    assert [k.id for k in scene.world.keys] == [held, FIRST]


async def test_a_key_that_cannot_be_deleted_says_why_and_can_be_tried_again() -> None:
    scene = with_leftovers(FIRST)
    scene.world.faults["delete_key"] = [DENIED]
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("leftover"))
        app.screen.query_one("#leftover").focus()
        await pilot.press("enter")
        await until(pilot, on(Confirm))
        await pilot.press("left", "enter")
        shown = await until(pilot, on(ProblemSheet))
        assert "You may not do that" in shown
        await pilot.press("c")
        await until(pilot, lambda: bool(scene.copied))
        assert f"keys delete {FIRST}" in scene.copied[0]
        app.screen.query_one("#retry").focus()
        await pilot.press("enter")
        await until(pilot, on(Confirm))
        await pilot.press("left", "enter")
        await until(pilot, lambda: idle(app) and "delete_key" in scene.world.writes)
    assert FIRST not in [k.id for k in scene.world.keys]


async def test_what_failed_on_one_step_is_not_told_on_the_next() -> None:
    scene = with_leftovers(FIRST)
    scene.world.forever["delete_key"] = DENIED
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("leftover"))
        await pilot.press("f7")
        await until(pilot, on(Confirm))
        await pilot.press("left", "enter")
        await until(pilot, on(ProblemSheet))
        await pilot.press("escape")
        await until(pilot, lambda: "What is wrong" not in text_of(app) and "You may not do that" in text_of(app))
        await pilot.press("enter")
        assert "You may not do that" not in await until(pilot, on(Step.PERMISSIONS))


async def test_a_key_that_came_to_be_kept_here_meanwhile_is_spared() -> None:
    scene = with_leftovers(FIRST)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("leftover"))
        await pilot.press("f7")
        await until(pilot, on(Confirm))
        assert scene.keys.local is not None
        scene.keys.local = replace(scene.keys.local, key_id=FIRST)
        await pilot.press("left", "enter")
        await until(pilot, "KBQ-STALE-PLAN")
    assert scene.world.writes == []


async def test_over_grants_are_taken_away_after_a_preview_and_a_yes() -> None:
    scene = over_granted()
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("remove"))
        await pilot.press("f7")
        shown = await until(pilot, on(Confirm))
        assert f"Take {ADMIN} away" in shown
        assert f"Take {OWNER} away" in shown
        assert "remove-iam-policy-binding" in shown
        await pilot.press("enter")  # the harmless answer has the focus
        await until(pilot, closed(Confirm))
        assert scene.world.writes == []
        await pilot.press("f7")
        await until(pilot, on(Confirm))
        await pilot.press("left", "enter")
        await until(pilot, lambda: idle(app) and len(scene.world.writes) == 2)
        await until(pilot, gone("remove"))
    assert sorted(scene.world.writes) == ["remove_project_binding", f"revoke_dataset:{fakes.SPEC.staging_dataset}"]
    assert {b.role for b in scene.world.bindings} == {JOB_USER}
    assert OWNER not in {e.role for e in scene.world.datasets["KLAVIYO_TMP"].access or ()}


async def test_access_that_changed_while_the_question_stood_is_shown_afresh_before_anything_is_taken() -> None:
    scene = over_granted()
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("remove"))
        await pilot.press("f7")
        await until(pilot, on(Confirm))
        scene.world.bindings += [RoleBinding("roles/viewer", (fakes.SPEC.member,))]
        await pilot.press("left", "enter")
        await until(pilot, "KBQ-STALE-PLAN")
        assert scene.world.writes == []
        app.screen.query_one("#retry").focus()
        await pilot.press("enter")
        assert "roles/viewer" in await until(pilot, on(Confirm))
    assert scene.world.writes == []


async def test_what_is_held_elsewhere_is_looked_for_only_once_it_is_to_go() -> None:
    scene = fakes.resumed(Step.PERMISSIONS, fakes.complete())
    world, member = scene.world, fakes.SPEC.member
    entries = (AccessEntry(OWNER, "group:all@acme.example"), AccessEntry(OWNER, member))
    world.datasets["payroll"] = DatasetInfo("payroll", "US", entries)
    world.tables["KLAVIYO_IMPORT_FROM_DWH.orders"] = (RoleBinding(OWNER, (member,)),)
    world.forever["tables"] = DENIED
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        assert not any(call.startswith("table_bindings") for call in world.calls)
        assert world.calls.count("dataset") == 2
        await pilot.press("f7")
        shown = await until(pilot, on(Confirm))
        assert f"Take {OWNER} away from" in shown
        assert "dataset payroll" in shown
        assert "--location=US" in shown
        assert "Not everything could be looked at: You may not do that" in shown
        assert "orders" not in shown
        del world.forever["tables"]
        await pilot.press("enter")
        await until(pilot, closed(Confirm))
        await pilot.press("f7")
        await until(pilot, "KLAVIYO_IMPORT_FROM_DWH.orders")
        await pilot.press("left", "enter")
        await until(pilot, lambda: idle(app) and len(world.writes) == 2)
        await until(pilot, gone("remove"))
        await pilot.press("f7")
        await until(pilot, "holds nothing beyond its need")
    assert sorted(world.writes) == ["revoke_dataset:payroll", "revoke_table:KLAVIYO_IMPORT_FROM_DWH.orders"]
    assert world.datasets["payroll"].access == entries[:1]


async def test_who_may_not_take_it_away_gets_the_command_for_a_person_who_may() -> None:
    scene = over_granted()
    scene.world.datasets = fakes.complete().world.datasets
    scene.world.lacking = {"resourcemanager.projects.setIamPolicy"}
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("remove"))
        await pilot.press("f7")
        await until(pilot, on(ProblemSheet))
        await pilot.press("c")
        await until(pilot, lambda: bool(scene.copied))
    assert "remove-iam-policy-binding" in scene.copied[0]
    assert scene.world.writes == []


@pytest.mark.parametrize(("scene", "said"), [(with_leftovers(FIRST), "Step 3 of 6"), (over_granted(), "Step 4 of 6")])
async def test_a_failed_check_and_the_dashboard_lead_to_the_step_that_offers_it(scene: fakes.Scene, said: str) -> None:
    app = app_for(fakes.resumed(Step.VERIFY, scene))
    async with app.run_test(size=(80, 24)) as pilot:
        await run_checks(pilot)
        await until(pilot, lambda: app.wizard.verified and not app.wizard.busy)
        await until(pilot, "F7 Fix")  # the cursor is on what failed
        await pilot.press("f7")
        await until(pilot, said)
    board = app_for(fakes.resumed(Step.CONNECT, scene), start="dashboard")
    async with board.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        lines = board.screen.query_one("#lines", Rows)
        lines.focus()
        lines.cursor = next(i for i, row in enumerate(lines.rows) if row.id in ("key-unheld", "over-grant"))
        await pilot.press("enter")
        await until(pilot, said)
    assert scene.world.writes == []


@pytest.mark.parametrize("size", [(80, 24), (60, 16)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_the_questions_fit(size: tuple[int, int]) -> None:
    for scene, said in ((with_leftovers(FIRST), "Cancel"), (over_granted(), "Cancel")):
        app = app_for(scene)
        async with app.run_test(size=size) as pilot:
            await until(pilot, partial(idle, app))
            await pilot.press("f7")
            shown = await until(pilot, said)
            assert len(shown.split("\n")) <= size[1]
            assert all(len(line) <= size[0] for line in shown.split("\n"))


async def test_what_terraform_made_is_exported_instead_of_changed() -> None:
    scene = fakes.resumed(Step.PERMISSIONS, fakes.complete())
    name = fakes.SPEC.import_dataset
    labels = {"goog-terraform-provisioned": "true"}
    scene.world.datasets[name] = replace(scene.world.datasets[name], labels=labels, access=())
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        await until(pilot, to_do(1))
        await pilot.press("enter")
        await until(pilot, on(Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: any('resource "google_bigquery' in text for text in scene.store.texts.values()))
        assert scene.world.datasets[name].access == ()
