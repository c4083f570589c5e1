"""Each screen in each of its states, at each size, with hostile text."""

import asyncio
from dataclasses import replace

import pytest
from textual.command import CommandPalette
from textual.events import Paste, Resize
from textual.geometry import Size
from textual.widgets import TextArea

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import AccountInfo, DatasetInfo, Identity, ProjectInfo
from kbq_tui.model.problem import Context, Kind, Problem, ProblemError, RemedyStep, Retry
from kbq_tui.model.steps import Step
from kbq_tui.model.text import inert
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals import pick
from kbq_tui.tui.modals.details import StepCommands
from kbq_tui.tui.modals.explain import Explain
from kbq_tui.tui.modals.help import Help
from kbq_tui.tui.modals.problem import ProblemSheet
from kbq_tui.tui.screens.base import Body
from kbq_tui.tui.screens.project import ProjectScreen
from kbq_tui.tui.screens.welcome import WelcomeScreen
from kbq_tui.tui.text import plain
from kbq_tui.tui.widgets.static import MessageLine
from tests.support.codes import made_up
from tests.tui import fakes
from tests.tui.screens import app_for, button, closed, goes_on, looked, on, run_checks, signed_in, text_of, to_do, until

SIZES = [(80, 24), (120, 36), (60, 16), (200, 60)]
DENIED = Problem(
    made_up("KBQ-TEST-DENIED"),
    verbatim("You may not see that"),
    verbatim("The permission is missing."),
    kind=Kind.NOT_PERMITTED,
)


def idle(app: KbqApp) -> bool:
    return not app.wizard.busy and app.wizard.current


def fits(app: KbqApp) -> None:
    """Nothing reaches beyond the window, and nothing has to be scrolled sideways."""
    width, height = app.size
    lines = text_of(app).split("\n")
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    assert all(w.max_scroll_x == 0 for w in app.screen.query("#body"))


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("step", list(Step))
async def test_every_step_fits_every_size_and_says_where_one_is(step: Step, size: tuple[int, int]) -> None:
    app = app_for(fakes.resumed(step, fakes.complete()))
    async with app.run_test(size=size) as pilot:
        if step is Step.VERIFY:
            await run_checks(pilot)
        await until(pilot, lambda: idle(app))
        shown = await until(pilot, on(step))
        fits(app)
        last = shown.split("\n")[-1]
        assert {"F1 Help", "F1"} & set(last.strip().split("  "))
        assert len(last.strip()) <= 78 or size[0] > 80
        if size[0] >= 120 and step is not Step.CONNECT:
            assert "Klaviyo's article" in shown


@pytest.mark.parametrize("size", [(59, 24), (80, 15), (1, 1)])
async def test_a_window_too_small_says_so_and_quits(size: tuple[int, int]) -> None:
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        if size != (1, 1):
            assert "too small" in text_of(app)
            assert "Project ID" not in text_of(app)
        await pilot.press("f10")
    assert app.return_code == 0


@pytest.mark.parametrize("size", [(59, 24), (80, 15)])
@pytest.mark.parametrize(
    ("key", "title"), [("f1", "Up/Down Scroll"), ("f3", "The same by hand"), ("f7", "Pick a project")]
)
async def test_a_window_too_small_says_nothing_else_over_a_box_either(
    key: str, title: str, size: tuple[int, int]
) -> None:
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        await pilot.press(key)
        await until(pilot, title)
        focused = app.focused
        await pilot.resize_terminal(*size)
        await until(pilot, "too small")
        assert len([line for line in text_of(app).splitlines() if line.strip()]) == 1
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: title in text_of(app) and app.focused is focused)


@pytest.mark.parametrize("between", [(), ((59, 15), (120, 30)), ((1, 1), (300, 100), (2, 200), (200, 2), (60, 16))])
@pytest.mark.parametrize("waits", [False, True], ids=["at once", "settled"])
async def test_a_window_too_small_keeps_the_focus_and_takes_no_key(
    between: tuple[tuple[int, int], ...], waits: bool
) -> None:
    app = app_for(fakes.resumed(Step.DATASETS))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        before, back = app.screen, app.screen.query_one("#back")
        back.focus()
        await until(pilot, lambda: app.focused is back)
        for size in (*between, (40, 10)):
            app.post_message(Resize(Size(*size), Size(*size)))
            if waits:
                await pilot.pause()
        await until(pilot, "too small")
        await pilot.press("enter")
        assert app.screen is before
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.focused is back)
        await pilot.pause()
        assert app.focused is back


@pytest.mark.parametrize("then", [(80, 24), (300, 100)])
async def test_a_focus_given_while_the_window_is_too_small_is_there_once_it_is_not(then: tuple[int, int]) -> None:
    app = app_for(fakes.resumed(Step.DATASETS))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        app.screen.query_one("#back").focus()
        await pilot.resize_terminal(1, 1)
        await pilot.pause()
        app.screen.query_one("#primary").focus()
        app.screen.query_one(Body).focus()  # cannot have it
        await pilot.pause()
        await pilot.resize_terminal(*then)
        await until(pilot, lambda: app.focused is app.screen.query_one("#primary"))


async def test_any_resize_keeps_what_was_typed() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.blank()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(ProjectScreen))
        await pilot.press(*"acme")
        for size in ((1, 1), (200, 60), (60, 16), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "acme" in await until(pilot, on(ProjectScreen))


# -- states: empty, loading, ready, partly unknown, error, done ----------------------------------------------------


async def test_project_empty_validates_while_typing_with_the_reason_at_the_field() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.blank()))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "to do" in await until(pilot, on(ProjectScreen))
        await pilot.press(*"123456")
        shown = await until(pilot, "This is a project number")
        assert "[ Look ]" in shown
        assert app.wizard.draft.project == "123456"


@pytest.mark.parametrize("step", [Step.PROJECT, Step.DATASETS, Step.ACCOUNT, Step.PERMISSIONS])
async def test_loading_is_one_line_and_esc_stops_it(step: Step) -> None:
    scene = fakes.resumed(step)
    scene.world.gates["billing_enabled"] = asyncio.Event()
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "Looking at the project")
        scene.clock.seconds += 12
        shown = await until(pilot, "of at most 90 s")
        assert "Esc stops, undoes nothing" in shown
        await pilot.press("escape")
        await until(pilot, "Stopped waiting")
        assert not app.wizard.busy
        del scene.world.gates["billing_enabled"]
        await pilot.press("f5")
        await until(pilot, lambda: idle(app))


async def test_the_preflight_does_not_say_that_all_is_well_where_a_row_is_unknown() -> None:
    scene = fakes.resumed(Step.PROJECT)
    scene.world.forever["billing_enabled"] = catalogue.problem(Code.GOOGLE_UNAVAILABLE, Context())
    async with app_for(scene).run_test(size=(80, 24)) as pilot:
        await until(pilot, "Preflight: nothing in the way, 1 unknown")


async def test_an_activity_shows_only_after_its_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MessageLine, "SHOW_AFTER", 3_600.0)
    monkeypatch.setattr(MessageLine, "PERIOD", 3_600.0)
    scene = fakes.resumed(Step.PROJECT)
    scene.world.gates["billing_enabled"] = asyncio.Event()
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "Reading")
        await pilot.pause(0.2)
        assert "Looking" not in text_of(app)
        scene.world.gates["billing_enabled"].set()
        await until(pilot, goes_on())
        assert MessageLine.STAY >= 1.0


@pytest.mark.parametrize(
    ("step", "method", "said"),
    [
        (Step.PROJECT, "billing_enabled", "You may not see that"),
        (Step.PROJECT, "policy_enforced", "the attempt will tell"),
        (Step.DATASETS, "dataset", "You may not see that"),
        (Step.ACCOUNT, "account", "You may not see that"),
        (Step.PERMISSIONS, "project_bindings", "unknown"),
    ],
)
async def test_what_cannot_be_read_is_unknown_and_never_written(step: Step, method: str, said: str) -> None:
    scene = fakes.resumed(step)
    scene.world.forever[method] = DENIED
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        shown = await until(pilot, said)
        assert "? unknown" in shown
    assert scene.world.writes == []


async def test_verify_shows_a_failed_check_with_evidence_and_remedy_and_reports_it() -> None:
    scene = fakes.complete()
    del scene.world.datasets["KLAVIYO_TMP"]
    app = app_for(fakes.resumed(Step.VERIFY, scene))
    async with app.run_test(size=(80, 24)) as pilot:
        await run_checks(pilot)
        await until(pilot, lambda: app.wizard.verified)
        shown = await until(pilot, "✗ fail")
        assert "r Run again" in shown
        assert "Remedy" in await until(pilot, "Cause")  # the cursor is on what failed
        await pilot.press("s")
        await until(pilot, lambda: len(scene.store.texts) == 2)
        assert any(path.endswith(".md") and "KLAVIYO" in text for path, text in scene.store.texts.items())
        assert fakes.CANARY not in "".join(scene.store.texts.values())


async def test_verify_waits_in_sight_and_can_be_given_up_or_left() -> None:
    scene = fakes.complete()
    scene.store.changed = [fakes.account_made()]
    late = Problem(
        made_up("KBQ-TEST-NOT-YET"),
        verbatim("The key is not known everywhere yet"),
        verbatim("It is new."),
        retry=Retry.NOT_YET,
    )
    scene.world.forever["authenticate"] = late
    scene.clock.hold()
    app = app_for(fakes.resumed(Step.VERIFY, scene))
    async with app.run_test(size=(80, 24)) as pilot:
        await run_checks(pilot)
        await until(pilot, lambda: app.wizard.waiting)
        shown = await until(pilot, "… waiting")
        assert "x Stop waiting" in shown
        assert "n Go on" in shown
        shown = " ".join((await until(pilot, "Waits")).split())
        assert "the account was created 0 s ago; Google takes a minute or two as a rule; nothing to do" in shown
        assert "Remedy" not in shown
        await pilot.press("x")
        await until(pilot, lambda: app.wizard.verified)
        assert max(r.seconds for r in app.wizard.results.values()) < 1_000
        assert "skipped" in text_of(app)


async def test_connect_copies_each_value_with_one_key_and_claims_nothing() -> None:
    scene = fakes.complete()
    app = app_for(fakes.resumed(Step.CONNECT, scene))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        shown = await until(pilot, "Advanced")
        assert "Service Account Key (JSON)" in shown
        for key, value in (("1", fakes.PROJECT), ("2", "KLAVIYO_IMPORT_FROM_DWH"), ("3", ".json")):
            await pilot.press(key)
            await until(pilot, lambda: bool(scene.copied) and scene.copied[-1].endswith(value))  # noqa: B023  # awaited here
        shown = await until(pilot, "Not there? Press v.")
        assert "opied" not in shown.split("\n")[-2]
        await pilot.press("w")
        await until(pilot, "./klaviyo-values.txt")
        await pilot.press("enter")
        await until(pilot, lambda: bool(scene.store.texts))
        assert next(iter(scene.store.texts)).endswith("values as ./klaviyo-values.txt")
        assert fakes.CANARY not in "".join(scene.copied)


async def test_connected_is_remembered() -> None:
    scene = fakes.complete()
    app = app_for(fakes.resumed(Step.CONNECT, scene))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        app.screen.query_one("#connected").focus()
        await pilot.press("enter")
        await until(pilot, button("no"))
        await pilot.press("enter")
        await until(pilot, "Connected: yes")
    assert scene.store.saved["default"].connected


# -- the dashboard -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Step.VERIFY, Step.CONNECT])
async def test_without_a_sign_in_the_last_steps_say_so_with_the_key_that_tries_again(step: Step) -> None:
    scene = fakes.resumed(step, fakes.complete())
    scene.sign_in.problem = catalogue.problem(Code.NO_CREDENTIALS, Context())
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        if step is Step.VERIFY:
            await run_checks(pilot)
        shown = await until(pilot, "Nobody is signed in")
        assert "F5 tries again" in shown


async def test_dashboard_without_connections_says_what_to_do() -> None:
    app = app_for(fakes.blank(), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "kbq-tui setup begins one")


async def test_dashboard_keeps_the_last_good_answer_with_its_time_and_looks_less_often() -> None:
    scene = fakes.resumed(Step.CONNECT, fakes.complete())
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "Looked at 12:00:00")
        scene.world.forever["identity"] = DENIED
        scene.sign_in.problem = DENIED
        app.monitor._clouds.clear()
        await pilot.press("f5")
        shown = await until(pilot, "since 12:00 UTC, next try in 2 min (try 2)")
        assert "Datasets" in shown
        assert "as of 12:00 UTC" in shown
        await pilot.press("f5")
        await until(pilot, "next try in 4 min (try 3)")


async def test_dashboard_keeps_what_it_knew_in_an_outage_and_says_how_old_it_is() -> None:
    scene = fakes.resumed(Step.CONNECT, fakes.complete())
    app = app_for(scene, start="dashboard")
    unreachable = catalogue.problem(Code.NETWORK_UNREACHABLE, Context())
    reads = ("project", "services", "billing_enabled", "policy_enforced", "test_permissions", "dataset", "account")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, "Looked at 12:00:00")
        before = app.monitor.connections[0].known
        scene.clock.seconds += 300
        scene.world.forever = dict.fromkeys(
            (*reads, "dataset_names", "keys", "project_bindings", "recent_jobs"), unreachable
        )
        await pilot.press("f5")
        shown = await until(pilot, "Google cannot be reached since 12:05 UTC, next try in 2 min (try 2)")
        assert "as of 12:00 UTC, 5 min old" in shown
        assert "✓ Google cannot" not in shown
        assert "? unknown default" in shown
        assert "all ok" not in shown
        assert "not known" not in shown
        kept = app.monitor.connections[0]
        assert [line for line in kept.known if line.id != "credential"] == [x for x in before if x.id != "credential"]
        scene.world.forever = {}
        await pilot.press("f5")
        assert "old" not in await until(pilot, "Looked at 12:05:00")


async def test_no_sign_in_is_claimed_before_google_has_answered() -> None:
    scene = fakes.resumed(Step.PROJECT, fakes.complete())
    gate = scene.world.gates["project"] = asyncio.Event()
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, "Credentials of olga@acme.example")
        assert "Signed in" not in shown
        gate.set()
        assert "Credentials of" not in await until(pilot, "Signed in as olga@acme.example")


async def test_no_sign_in_is_claimed_where_google_cannot_be_reached() -> None:
    scene = fakes.resumed(Step.PROJECT, fakes.complete())
    unreachable = catalogue.problem(Code.NETWORK_UNREACHABLE, Context())
    reads = ("project", "services", "billing_enabled", "policy_enforced", "test_permissions", "dataset", "account")
    scene.world.forever = dict.fromkeys((*reads, "dataset_names", "keys", "project_bindings"), unreachable)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, "The network cannot be reached")
        assert "Signed in as" not in shown
        assert "Credentials of olga@acme.example" in shown


async def test_dashboard_that_never_got_an_answer_has_no_tick() -> None:
    scene = fakes.resumed(Step.CONNECT, fakes.complete())
    unreachable = catalogue.problem(Code.NETWORK_UNREACHABLE, Context())
    reads = ("project", "services", "billing_enabled", "policy_enforced", "test_permissions", "dataset", "account")
    scene.world.forever = dict.fromkeys(
        (*reads, "dataset_names", "keys", "project_bindings", "recent_jobs"), unreachable
    )
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(100, 30)) as pilot:
        shown = await until(pilot, "Google cannot be reached since 12:00 UTC")
        assert "nothing known from before" in shown
        assert "✓" not in shown


async def test_dashboard_never_looks_twice_at_the_same_time() -> None:
    scene = fakes.resumed(Step.CONNECT, fakes.complete())
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        before = scene.world.calls.count("billing_enabled")
        scene.world.gates["billing_enabled"] = asyncio.Event()
        for _ in range(3):
            await pilot.press("f5")
        await until(pilot, lambda: scene.world.calls.count("billing_enabled") == before + 1)
        scene.world.gates.pop("billing_enabled").set()
        await until(pilot, lambda: app.monitor.looking_since is None)
    assert scene.world.calls.count("billing_enabled") == before + 1


async def test_what_a_look_finds_is_shown_even_where_a_box_was_opened_and_closed_meanwhile() -> None:
    scene = fakes.complete_left_at_connect()
    scene.world.gates["recent_jobs"] = asyncio.Event()
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "recent_jobs" in scene.world.calls)
        await pilot.press("f1")
        await until(pilot, on(Help))
        await pilot.press("escape")
        scene.world.gates["recent_jobs"].set()
        await until(pilot, looked())
        await until(pilot, "Last verification", 10)


async def test_dashboard_opens_the_set_up_where_something_is_left_to_do() -> None:
    scene = fakes.complete()
    scene.world.bindings = []
    app = app_for(fakes.resumed(Step.CONNECT, scene), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        assert "fail" in text_of(app)
        await pilot.press("s")
        await until(pilot, on(Step.PERMISSIONS))


NO_JOBS = "Access Denied: Project acme-x: User does not have bigquery.jobs.create permission in project acme-x."


async def test_a_pasted_error_is_explained() -> None:
    app = app_for(fakes.resumed(Step.CONNECT, fakes.complete()), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("e")
        await until(pilot, on(Explain))
        area = app.screen.query_one("#paste")
        assert isinstance(area, TextArea)
        app.post_message(Paste(NO_JOBS + "\nmore of the log" * 8))
        await until(pilot, lambda: area.scroll_y > 0)
        app.screen.query_one("#explain").focus()
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.problem is not None)  # type: ignore[attr-defined]
        assert app.screen.problem.code == "KBQ-JOB-USER-MISSING"  # type: ignore[attr-defined]
        await until(pilot, lambda: area.size.height == 3)
        await until(pilot, lambda: area.scroll_y == 0)  # its first lines have the answer
        area.focus()
        await until(pilot, lambda: area.size.height == 6)


# -- everywhere ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", list(Step))
async def test_help_names_the_screen_and_every_key_of_it(step: Step) -> None:
    app = app_for(fakes.resumed(step, fakes.complete()))
    async with app.run_test(size=(80, 50)) as pilot:
        await until(pilot, on(step))
        await until(pilot, lambda: not app.wizard.busy)
        await pilot.press("f1")
        shown = await until(pilot, "F10")
        assert "Keys" in shown
        await pilot.press("escape")
        await until(pilot, closed(Help))


async def test_the_palette_offers_the_actions_and_runs_them() -> None:
    app = app_for(fakes.resumed(Step.DATASETS))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(2))
        await pilot.press("f2")
        await until(pilot, on(CommandPalette))
        await pilot.press(*"gcloud")
        await until(pilot, "as gcloud, bq and SQL")
        await pilot.press("down", "enter")
        await until(pilot, on(StepCommands))


async def test_project_picker_searches_on_the_server_and_reads_only_what_it_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pick, "DEBOUNCE", 2.0)  # however slowly a busy machine types
    scene = fakes.resumed(Step.PROJECT, fakes.blank())
    scene.store.recent = ("acme-used-before",)
    scene.world.projects = [ProjectInfo(f"acme-{i:05}", str(i), f"Number {i}", "ACTIVE") for i in range(5_000)]
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, signed_in())
        await pilot.press("f7")
        shown = await until(pilot, "There are more")
        assert shown.index("acme-used-before") < shown.index("acme-00000")
        before = scene.world.calls.count("search_projects")
        await pilot.press(*"4999")
        await until(pilot, "acme-04999")
        assert scene.world.calls.count("search_projects") == before + 1
        await pilot.press("enter")
        await until(pilot, lambda: app.wizard.draft.project == "acme-04999")


async def test_location_picker_filters_and_puts_what_is_used_first() -> None:
    scene = fakes.resumed(Step.PROJECT)
    scene.world.datasets["sales"] = DatasetInfo("sales", "europe-west3")
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        app.screen.query_one("#field-location LineInput").focus()
        await pilot.press("f7")
        shown = await until(pilot, "datasets of this project are here")
        assert shown.index("europe-west3") < shown.index("United States")
        await pilot.press(*"warsaw")
        await until(pilot, "europe-central2")
        await pilot.press("enter")
        await until(pilot, "europe-central2, as chosen")


async def test_ascii_can_be_switched_on_and_off_and_shows_ascii_only() -> None:
    app = app_for(fakes.resumed(Step.VERIFY, fakes.complete()))
    async with app.run_test(size=(120, 36)) as pilot:
        await run_checks(pilot)
        await until(pilot, "✓ ok")
        await pilot.press("f4")
        await until(pilot, "* ok")
        assert text_of(app).isascii()
        await pilot.press("f4")
        await until(pilot, "✓ ok")


async def test_up_and_down_alone_reach_everything_that_can_be_focused() -> None:
    app = app_for(fakes.resumed(Step.DATASETS))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(2))
        wanted = set(app.screen.focus_chain)
        reached = set()
        for _ in range(len(wanted) + 4):
            await pilot.press("up")
            reached.add(app.focused)
        assert wanted <= reached


def hostile_world() -> fakes.Scene:
    scene = fakes.complete()
    world = scene.world
    world.projects = [ProjectInfo(fakes.PROJECT, "1", fakes.HOSTILE, "ACTIVE")]
    evil = Problem(
        made_up("KBQ-TEST"),
        verbatim(fakes.HOSTILE),
        verbatim(fakes.HOSTILE),
        (RemedyStep(verbatim(fakes.HOSTILE)),),
        verbatim(fakes.HOSTILE),
        details={"x": fakes.HOSTILE},
        original=fakes.HOSTILE,
    )
    world.forever["billing_enabled"] = evil
    world.datasets["KLAVIYO_TMP"] = replace(
        world.datasets["KLAVIYO_TMP"], description=fakes.HOSTILE, location="[red]EU"
    )
    world.account = AccountInfo(fakes.HOSTILE, "1", display_name=fakes.HOSTILE)
    world.forever["query"] = evil
    return scene


@pytest.mark.parametrize("step", list(Step))
async def test_hostile_text_is_inert_on_every_screen(step: Step) -> None:
    scene = fakes.resumed(step, hostile_world())
    original = scene.cloud.identity

    async def identity() -> Identity:
        return replace(await original(), principal=fakes.HOSTILE, source=verbatim(fakes.HOSTILE))

    scene.cloud.identity = identity  # type: ignore[method-assign]
    app = app_for(scene, DisplayOptions(host="[red]" + fakes.HOSTILE))
    async with app.run_test(size=(120, 36)) as pilot:
        if step is Step.VERIFY:
            await run_checks(pilot)
        await until(pilot, lambda: not app.wizard.busy and app.wizard.looked is not None)
        await until(pilot, lambda: step is not Step.VERIFY or app.wizard.verified)
        shown = text_of(app)
        assert not [c for c in shown if c in "\x1b\x07\x9b\u202e\u202c"]
        assert "[red]" in shown or step not in (Step.PROJECT, Step.VERIFY)
        fits(app)


async def test_hostile_text_is_inert_in_a_problem() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, hostile_world()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        app.open_problem(
            Problem(
                None,
                verbatim(fakes.HOSTILE),
                verbatim(fakes.HOSTILE),
                (RemedyStep(verbatim(fakes.HOSTILE)),),
                verbatim(fakes.HOSTILE),
                original=fakes.HOSTILE,
            )
        )
        shown = await until(pilot, on(ProblemSheet))
        assert "[red]boo[/red]" in shown
        assert not [c for c in shown if c in "\x1b\x07\x9b\u202e\u202c"]


def test_plain_never_reads_markup_and_cuts_what_is_endless() -> None:
    content = plain(fakes.HOSTILE, "bold")
    assert content.plain.startswith("[red]boo[/red]")
    assert len(content.plain) < 400
    assert content.plain == inert(fakes.HOSTILE, 300)


async def test_no_screen_shows_the_private_key() -> None:
    scene = fakes.fresh()
    app = app_for(scene)
    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, on(WelcomeScreen))
        for _ in range(40):
            await until(pilot, lambda: not app.wizard.busy)
            assert fakes.CANARY not in text_of(app)
            if "Step 6" in text_of(app):
                break
            await pilot.press("enter")
            await pilot.pause(0.02)
            if app.wizard.step is Step.VERIFY:
                await until(pilot, lambda: app.wizard.verified)
        await until(pilot, on(Step.CONNECT))
        assert fakes.CANARY not in repr(app.wizard.__dict__)


async def test_sign_in_that_is_refused_later_is_said_with_its_remedy() -> None:
    scene = fakes.resumed(Step.PROJECT)
    scene.sign_in.problem = catalogue.problem(Code.NO_CREDENTIALS, Context())
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "Nobody is signed in")
        assert "gcloud's login" not in await until(pilot, button("primary", "Another way"))
        with pytest.raises(ProblemError):
            await scene.sign_in()
