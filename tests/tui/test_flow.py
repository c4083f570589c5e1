"""The set-up from end to end, and what happens if the operator leaves, comes back, or lacks permissions."""

import asyncio
from dataclasses import replace

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import AccessEntry, DatasetInfo, KeyInfo, RoleBinding
from kbq_tui.model.problem import Context, Problem, Retry
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals.confirm import Confirm
from kbq_tui.tui.modals.problem import ProblemSheet
from kbq_tui.tui.screens.welcome import WelcomeScreen
from kbq_tui.tui.widgets.field import LineInput
from tests.support.codes import made_up
from tests.tui import fakes
from tests.tui.screens import app_for, button, closed, goes_on, on, read, text_of, to_do, until

DATASETS = (fakes.SPEC.import_dataset, fakes.SPEC.staging_dataset)
ALL_WRITES = {
    *("create_account", "create_key", "add_project_binding"),
    *(f"{call}:{dataset}" for call in ("create_dataset", "grant_dataset") for dataset in DATASETS),
}


def idle(app: KbqApp) -> bool:
    return not app.wizard.busy and app.wizard.current


async def test_from_nothing_to_the_three_values_with_enter_alone() -> None:
    scene = fakes.fresh()
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        for mark in (
            "[ Begin ]",
            "[ Continue ]",
            "[ Create 2 datasets ]",
            "[ Continue ]",
            "[ Create account and key ]",
            "[ Continue ]",
            "[ Grant 3 roles ]",
            "[ Continue ]",
            "Verified:",
        ):
            await until(pilot, mark)
            await until(pilot, lambda: not app.wizard.busy)
            if mark == "[ Continue ]":
                await until(pilot, lambda: idle(app))
            await pilot.press("enter")
            await pilot.pause()
        await until(pilot, on(Step.CONNECT))
        assert set(scene.world.writes) == ALL_WRITES
        await pilot.press("f10")
    assert app.return_code == 0
    assert app.summary is not None
    assert app.summary.dataset == "KLAVIYO_IMPORT_FROM_DWH"
    assert scene.store.saved["default"].finished
    assert scene.store.verified["default"]["ok"] is True


async def test_what_is_in_place_takes_one_key_a_step_and_writes_nothing() -> None:
    scene = fakes.complete()
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        for mark in ("Begin", "Step 1", "Step 2", "Step 3", "Step 4", "Verified:"):
            await until(pilot, mark)
            if mark != "Begin":
                await until(pilot, lambda: idle(app))
            if mark in ("Step 2", "Step 3", "Step 4"):
                assert "already in place" in await until(pilot, "already in place")
            if mark == "Step 1":
                await until(pilot, goes_on())
            await pilot.press("enter")
            await pilot.pause()
        await until(pilot, on(Step.CONNECT))
    assert scene.world.writes == []


async def test_the_operator_comes_back_to_the_screen_and_the_input_they_left() -> None:
    scene = fakes.fresh(staging_dataset="KLAVIYO_SCRATCH")
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(WelcomeScreen))
        await pilot.press("enter")
        await until(pilot, goes_on())
        await pilot.press("enter")
        await until(pilot, to_do(2))
        await pilot.press("enter")
        await until(pilot, goes_on())
        await until(pilot, lambda: idle(app))
        await pilot.press("enter")
        await until(pilot, on(Step.ACCOUNT))
        app.wizard.set(account_id="another-account")
        await pilot.press("f10")
    scene.draft = scene.store.saved["default"].draft
    again = app_for(scene)
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(Step.ACCOUNT))
        shown = await until(pilot, to_do(2))
        assert "another-account" in shown
    assert scene.draft.staging_dataset == "KLAVIYO_SCRATCH"


async def test_an_interrupted_run_is_said() -> None:
    scene = fakes.resumed(Step.DATASETS)
    scene.store.open = ["dataset:KLAVIYO_TMP"]
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        assert app.wizard.interrupted == ("dataset:KLAVIYO_TMP",)
        await until(pilot, lambda: "The last run was interrupted" in text_of(app))


async def test_without_permission_each_row_names_it_and_a_text_can_be_sent() -> None:
    scene = fakes.resumed(Step.PROJECT, fakes.no_permission())
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, read())
        assert "bigquery.datasets.create" in shown
        await pilot.press("up")  # from the button to the last row, then to the first, which failed
        await pilot.press("home", "enter")
        await until(pilot, on(ProblemSheet))
        await pilot.press("c")
        await until(pilot, lambda: bool(scene.copied))
    assert "bigquery.datasets.create" in scene.copied[0]
    assert "Role:" in scene.copied[0]
    assert scene.world.writes == []


async def test_a_blocked_step_can_be_skipped_and_nothing_is_written() -> None:
    scene = fakes.resumed(Step.DATASETS, fakes.no_permission())
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, button("skip"))
        assert "blocked" in shown
        await pilot.press("right", "enter")
        await until(pilot, on(Step.ACCOUNT))
    assert scene.world.writes == []


async def test_key_creation_blocked_names_the_constraint_and_the_way_to_lift_it() -> None:
    scene = fakes.resumed(Step.ACCOUNT)
    scene.world.constraints = {"iam.disableServiceAccountKeyCreation": True}
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        await until(pilot, "blocked")
        app.screen.query_one("#plan").focus()
        await pilot.press("end", "enter")
        await until(pilot, on(ProblemSheet))
        await pilot.press("c")
        await until(pilot, lambda: bool(scene.copied))
    assert "iam.disableServiceAccountKeyCreation" in scene.copied[0]
    assert "set-policy" in scene.copied[0]


async def test_a_stale_plan_is_refused_and_shown_afresh() -> None:
    scene = fakes.resumed(Step.DATASETS)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(2))
        scene.world.datasets["KLAVIYO_TMP"] = DatasetInfo("KLAVIYO_TMP", "US")
        await pilot.press("enter")
        await until(pilot, to_do(1))
    assert scene.world.writes == []


async def test_what_exists_decides_the_location_and_that_is_said() -> None:
    scene = fakes.resumed(Step.PROJECT, fakes.fresh(location="US"))
    scene.world.datasets["KLAVIYO_TMP"] = DatasetInfo("KLAVIYO_TMP", "EU")
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, "EU it is")
        assert "EU, as the datasets that exist have it" in shown
        assert app.wizard.draft.location == "EU"


async def test_a_wait_shows_its_clock_and_can_be_given_up() -> None:
    scene = fakes.resumed(Step.PERMISSIONS, fakes.slow(50))
    scene.world.datasets = fakes.complete().world.datasets
    scene.world.account = fakes.complete().world.account
    scene.store.changed = [fakes.account_made()]
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(1))
        scene.clock.hold()
        await pilot.press("enter")
        shown = await until(pilot, "of at most 7 min")
        assert "waiting" in shown
        assert "x Stop waiting" in shown
        await until(pilot, "x stops waiting")
        await pilot.press("escape")
        await until(pilot, "will be finished first")
        before = scene.world.calls.count("add_project_binding")
        await pilot.press("r")
        await until(pilot, lambda: scene.world.calls.count("add_project_binding") > before)
        await pilot.press("x")
        await until(pilot, "Retry: Grant 1 role")
        assert "The account is not visible yet" in text_of(app)


async def test_a_wait_that_ends_well_is_waited_out() -> None:
    scene = fakes.resumed(Step.PERMISSIONS, fakes.slow(3))
    scene.world.datasets = fakes.complete().world.datasets
    scene.world.account = fakes.complete().world.account
    scene.store.changed = [fakes.account_made()]
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(1))
        await pilot.press("enter")
        await until(pilot, goes_on())
    assert scene.world.writes == ["add_project_binding"]


async def test_quitting_during_a_write_asks_and_says_what_may_be_left() -> None:
    scene = fakes.resumed(Step.DATASETS)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(2))
        scene.world.gates["create_dataset"] = asyncio.Event()
        await pilot.press("enter")
        await until(pilot, lambda: "create_dataset" in scene.world.running)
        await pilot.press("f10")
        shown = await until(pilot, on(Confirm))
        assert "may still happen" in shown
        await pilot.press("enter")  # the harmless answer has the focus
        await until(pilot, "working")
        scene.world.gates.pop("create_dataset").set()
        await until(pilot, goes_on())
    assert sorted(scene.world.writes) == [f"create_dataset:{name}" for name in DATASETS]


async def test_a_failed_row_says_why_and_can_be_retried() -> None:
    scene = fakes.resumed(Step.DATASETS)
    scene.world.faults["create_dataset"] = [
        Problem(made_up("KBQ-TEST"), verbatim("The backend stumbled"), verbatim("It does at times."), retry=Retry.NEVER)
    ]
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(2))
        await pilot.press("enter")
        shown = await until(pilot, button("primary", "Retry: Create 1 dataset"))
        assert "The backend stumbled" in shown
        await pilot.press("enter")
        await until(pilot, goes_on())


async def test_apis_are_turned_on_only_after_a_preview_and_a_yes() -> None:
    scene = fakes.resumed(Step.PROJECT)
    scene.world.services["iam.googleapis.com"] = False
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("enable"))
        app.screen.query_one("#enable").focus()
        await pilot.press("enter")
        assert "gcloud services enable" in await until(pilot, on(Confirm))
        await pilot.press("escape")
        await until(pilot, closed(Confirm))
        assert scene.world.writes == []
        app.screen.query_one("#enable").focus()
        await pilot.press("enter")
        await until(pilot, on(Confirm))
        await pilot.press("enter")
        await until(pilot, goes_on())
    assert scene.world.writes == ["enable_services"]


async def test_an_api_that_could_not_be_turned_on_says_why() -> None:
    scene = fakes.resumed(Step.PROJECT)
    scene.world.services["iam.googleapis.com"] = False
    scene.world.faults["enable_services"] = [
        Problem(made_up("KBQ-TEST"), verbatim("The backend stumbled"), verbatim("It does at times."), retry=Retry.NEVER)
    ]
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("enable"))
        app.screen.query_one("#enable").focus()
        await pilot.press("enter")
        await until(pilot, on(Confirm))
        await pilot.press("enter")
        await until(pilot, "0 done, 1 not.")
        assert "API off" in await until(pilot, "The backend stumbled")
        app.screen.query_one("#findings").focus()
        await pilot.press("enter")
        assert "It does at times." in await until(pilot, on(ProblemSheet))


async def test_gcloud_s_login_is_used_only_when_asked_for() -> None:
    scene = fakes.resumed(Step.PROJECT)
    scene.sign_in.problem = catalogue.problem(Code.NO_CREDENTIALS, Context())
    scene.sign_in.gcloud = True
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, button("gcloud"))
        assert "gcloud auth application-default login" in shown
        assert "identity" not in scene.world.calls
        await pilot.press("right", "enter")
        await until(pilot, goes_on())


async def test_an_expired_login_can_be_mended_and_retried_on_any_step() -> None:
    scene = fakes.resumed(Step.ACCOUNT)
    scene.sign_in.problem = catalogue.problem(Code.NO_CREDENTIALS, Context())
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, "Not signed in")
        assert "No Google credentials" in shown
        scene.sign_in.problem = None
        await pilot.press("f5")
        await until(pilot, to_do(2))


async def test_over_grants_unheld_keys_and_twins_are_warnings_and_stay() -> None:
    scene = fakes.complete()
    scene.world.bindings.append(RoleBinding("roles/bigquery.admin", (fakes.SPEC.member,)))
    scene.world.keys.append(KeyInfo("f" * 40, fakes.NOW))
    scene = fakes.resumed(Step.PERMISSIONS, scene)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, "! warning")
        assert "Admin" in shown
        assert "[ Continue ]" in shown
        await pilot.press("escape")
        await until(pilot, on(Step.ACCOUNT))
        assert "ffffffff" in await until(pilot, "2 of 10")
    assert scene.world.writes == []


async def test_a_twin_in_another_case_is_pointed_out() -> None:
    scene = fakes.resumed(Step.DATASETS)
    scene.world.datasets["klaviyo_tmp"] = DatasetInfo("klaviyo_tmp", "EU")
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "klaviyo_tmp" in await until(pilot, "! warning")


async def test_dead_entries_stop_nothing_and_conditions_are_shown() -> None:
    scene = fakes.complete()
    info = scene.world.datasets["KLAVIYO_TMP"]
    assert info.access is not None
    entry = AccessEntry(info.access[0].role, fakes.SPEC.member, "request.time < timestamp('2030-01-01T00:00:00Z')")
    scene.world.datasets["KLAVIYO_TMP"] = replace(info, access=(entry,))
    app = app_for(fakes.resumed(Step.PERMISSIONS, scene))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "~ grant" in await until(pilot, to_do(1))


async def test_a_key_made_just_now_that_google_does_not_list_yet_stops_nothing() -> None:
    scene = fakes.resumed(Step.ACCOUNT)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(2))
        await pilot.press("enter")
        await until(pilot, goes_on())
        scene.world.keys.clear()
        await pilot.press("f5")
        await until(pilot, lambda: idle(app) and "0 of 10" in text_of(app))
        assert app.wizard.plan is not None
        assert app.wizard.plan.blocked == ()
        await until(pilot, goes_on())
        await pilot.press("enter")
        await until(pilot, on(Step.PERMISSIONS))


async def test_an_unexpected_failure_is_one_line_with_the_log_and_the_operator_stays() -> None:
    scene = fakes.resumed(Step.PROJECT)
    scene.sign_in.crash = RuntimeError("never seen before")
    app = app_for(scene, DisplayOptions())
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, "Unexpected failure (RuntimeError)")
        assert "never seen before" not in shown
        assert "Step 1" in shown
        scene.sign_in.crash = None
        await pilot.press("f5")
        await until(pilot, goes_on())


async def test_what_is_typed_is_not_taken_back_by_a_drawing_in_between() -> None:
    """The draft gets a key press one message later; a redraw before that restored the older text, and two keys
    alternated."""
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        line = app.screen.query_one("#field-project LineInput", LineInput)
        for typed in (line.value + "x", line.value + "xy"):
            line.value = typed
            app.screen.draw_body()  # type: ignore[attr-defined]
            assert line.value == typed
        await until(pilot, lambda: app.wizard.draft.project == line.value)
        assert line.value.endswith("xy")
        app.wizard.set(project="another-project")  # changed elsewhere: the field follows
        await until(pilot, lambda: line.value == "another-project")
        await pilot.pause()
        assert app.wizard.draft.project == line.value


async def test_without_a_way_to_google_nothing_is_ticked_and_there_is_no_going_on() -> None:
    scene = fakes.resumed(Step.PROJECT)
    unreachable = catalogue.problem(Code.NETWORK_UNREACHABLE, Context())
    reads = ("project", "services", "billing_enabled", "policy_enforced", "test_permissions", "dataset", "account")
    scene.world.forever = dict.fromkeys((*reads, "dataset_names", "keys", "project_bindings"), unreachable)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, read())
        assert shown.count("The network cannot be reached") == 2  # the row, and what to do
        assert "[ Retry ]" in shown
        assert "[ Continue ]" not in shown
        assert "✓" not in shown
        scene.world.forever = {}
        await pilot.press("enter")
        await until(pilot, goes_on())
