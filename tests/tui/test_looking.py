"""Opening and leaving a screen changes no file."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.engine.services import AppServices, ConnectionDraft
from kbq_tui.local.connection_file import Connections
from kbq_tui.local.lock import ConnectionLock
from kbq_tui.local.paths import Paths
from kbq_tui.local.store import FileStore
from kbq_tui.model.observed import RoleBinding
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp, build
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals.confirm import Confirm
from kbq_tui.tui.modals.details import Details
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.screens.welcome import WelcomeScreen
from kbq_tui.tui.widgets.rows import Rows
from tests.support.files import Files, differences, snapshot
from tests.tui import fakes
from tests.tui.screens import closed, goes_on, looked, on, read, run_checks, to_do, until

SIZE = (80, 24)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    for kind in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    return Paths.from_env(os.environ)


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], Files]:
    return lambda: snapshot(tmp_path)


def services_over(paths: Paths, scene: fakes.Scene) -> AppServices:
    """Return `AppServices` whose store is files, over a cloud in memory; locks are real, too."""
    store = FileStore(paths, Connections(paths.connections), scene.clock)
    saved = store.load(scene.draft.name)
    return replace(
        scene.services(),
        store=store,
        draft=saved.draft if saved is not None else scene.draft,
        guard=lambda name: ConnectionLock(paths.of_connection(name) / "lock", scene.clock),
    )


def set_up(paths: Paths, scene: fakes.Scene, *, finished: bool, screen: Step | None = None) -> None:
    """Leave a connection in the state that a set-up leaves."""
    store = services_over(paths, scene).store
    record = ConnectionRecord(store, scene.draft.name)
    record.keep(draft=scene.draft, screen=screen, finished=finished, connected=finished, confirmed=True)
    store.save_verify(scene.draft.spec(), ())


async def settled(pilot: Pilot[Any], app: KbqApp) -> None:
    await until(pilot, lambda: not app.wizard.busy and not any(w.is_running for w in app.workers))


@pytest.mark.parametrize("leave", ["f10", "ctrl+c"])
async def test_the_dashboard_of_a_finished_connection(paths: Paths, files: Callable[[], Files], leave: str) -> None:
    scene = fakes.complete()
    set_up(paths, scene, finished=True, screen=Step.CONNECT)
    before = files()
    app = build(services_over(paths, scene), DisplayOptions(), start="dashboard")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, looked())
        await pilot.press(*[leave] * (2 if leave == "ctrl+c" else 1))
    assert app.return_code == 0
    assert differences(before, files()) == []


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("finished", [True, False], ids=["finished", "unfinished"])
async def test_each_step_opened_where_it_was_left(
    paths: Paths, files: Callable[[], Files], number: int, *, finished: bool
) -> None:
    scene = fakes.complete()
    step = list(Step)[number - 1]
    set_up(paths, scene, finished=finished, screen=step)
    before = files()
    app = build(services_over(paths, scene), DisplayOptions())
    with app.held:
        app.held.enter_context(app.services.guard(scene.draft.name))
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, on(step))
            await settled(pilot, app)
            await pilot.press("f10")
    assert app.return_code == 0
    assert differences(before, files()) == []
    assert step is not Step.VERIFY or scene.world.calls == [], "nothing was asked of Google either"


async def test_all_steps_of_a_finished_connection_from_the_dashboard_and_back(
    paths: Paths, files: Callable[[], Files]
) -> None:
    scene = fakes.complete()
    set_up(paths, scene, finished=True, screen=Step.CONNECT)
    before = files()
    app = build(services_over(paths, scene), DisplayOptions(), start="dashboard")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, looked())
        app.navigation.open_setup(scene.draft.name, Step.PERMISSIONS)
        await until(pilot, on(Step.PERMISSIONS))
        await settled(pilot, app)
        app.navigation.goto(Step.ACCOUNT)
        await until(pilot, on(Step.ACCOUNT))
        await settled(pilot, app)
        await pilot.press("escape")
        await until(pilot, looked())
        scene.world.gates["query"] = asyncio.Event()
        await pilot.press("v")
        await until(pilot, lambda: "query" in scene.world.running)
        await pilot.press("f8")
        await until(pilot, looked())
        await pilot.press("f10")
    assert differences(before, files()) == []


async def test_a_verification_that_came_to_its_end_is_all_that_is_saved(
    paths: Paths, files: Callable[[], Files]
) -> None:
    scene = fakes.complete()
    set_up(paths, scene, finished=True, screen=Step.VERIFY)
    before = files()
    app = build(services_over(paths, scene), DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await run_checks(pilot)
        await until(pilot, lambda: app.wizard.verified)
        await settled(pilot, app)
        await pilot.press("f10")
    assert [Path(p).name for p in differences(before, files())] == ["verify.json"]


async def test_the_verify_step_of_a_later_start_shows_the_kept_verdicts_and_their_age(
    paths: Paths, files: Callable[[], Files]
) -> None:
    scene = fakes.complete()
    scene.world.bindings.append(RoleBinding("roles/editor", (fakes.SPEC.member,)))
    set_up(paths, scene, finished=False, screen=Step.VERIFY)
    app = build(services_over(paths, scene), DisplayOptions())
    async with app.run_test(size=(120, 60)) as pilot:
        shown = await until(pilot, on(Step.VERIFY))
        assert "nothing checked yet" in shown
        assert "Nothing was checked yet; r runs the checks." in shown
        assert "Enter Run the checks" in shown.splitlines()[-1]
        assert "r Run the checks" not in shown.splitlines()[-1].replace("Enter Run", "")  # once is enough
        assert app.wizard.results == {}
        await run_checks(pilot)
        await until(pilot, lambda: app.wizard.verified)
        await settled(pilot, app)
        checked = app.wizard.results
        await pilot.press("f10")
    before, calls = files(), list(scene.world.calls)
    scene.clock.seconds += 3 * 3_600
    app = build(services_over(paths, scene), DisplayOptions())
    async with app.run_test(size=(120, 60)) as pilot:
        shown = await until(pilot, "runs the checks again")
        assert "Last checked 2026-11-23 12:0" in shown
        assert "3 h ago" in shown
        assert "✗ fail" in shown
        kept = app.wizard.results
        assert {id_: r.to_json() for id_, r in kept.items()} == {id_: r.to_json() for id_, r in checked.items()}
        assert not app.wizard.healthy
        await pilot.press("s")
        assert "A report needs checks of this run" in str(app.wizard.note)
        await pilot.press("enter")
        await until(pilot, on(Details))
        await pilot.press("escape")
        await until(pilot, closed(Details))
        await pilot.press("f10")
    assert differences(before, files()) == []
    assert scene.world.calls == calls


async def test_going_back_to_the_verify_step_runs_nothing(paths: Paths, files: Callable[[], Files]) -> None:
    scene = fakes.complete()
    set_up(paths, scene, finished=True, screen=Step.CONNECT)
    before = files()
    app = build(services_over(paths, scene), DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(Step.CONNECT))
        await settled(pilot, app)
        await pilot.press("escape")
        await until(pilot, on(Step.VERIFY))
        await settled(pilot, app)
        assert app.wizard.results == {}
        await pilot.press("f10")
    assert differences(before, files()) == []


async def test_going_on_from_the_permissions_runs_the_checks(paths: Paths) -> None:
    scene = fakes.complete()
    set_up(paths, scene, finished=False, screen=Step.PERMISSIONS)
    app = build(services_over(paths, scene), DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, goes_on())
        await settled(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: app.wizard.verified)


async def test_the_line_of_the_last_verification_opens_its_verdicts_and_runs_nothing(
    paths: Paths, files: Callable[[], Files]
) -> None:
    scene = fakes.complete()
    set_up(paths, scene, finished=True, screen=Step.CONNECT)
    before = files()
    app = build(services_over(paths, scene), DisplayOptions(), start="dashboard")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, looked())
        lines = app.screen.query_one("#lines", Rows)
        lines.focus()
        lines.cursor = next(i for i, row in enumerate(lines.rows) if row.id == "last-verify")
        await pilot.press("enter")
        await until(pilot, on(Step.VERIFY))
        await settled(pilot, app)
        assert app.wizard.results == {}
        await pilot.press("f8")
        await until(pilot, looked())
        await pilot.press("f10")
    assert differences(before, files()) == []


async def test_a_new_connection_opened_and_left_leaves_nothing(paths: Paths, files: Callable[[], Files]) -> None:
    scene = fakes.complete()  # the project is given, by an option or the environment
    app = build(services_over(paths, scene), DisplayOptions())
    with app.held:
        app.held.enter_context(app.services.guard(scene.draft.name))
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, on(WelcomeScreen))
            before = files()
            app.navigation.goto(Step.PROJECT)
            await until(pilot, goes_on())
            await settled(pilot, app)
            await pilot.press("f8")
            await until(pilot, looked())
            await pilot.press("f10")
    assert [Path(p).name for p in before] == ["lock"]
    assert files() == {}
    assert not paths.of_connection(scene.draft.name).exists()


LEAVING: dict[str, tuple[str, ...]] = {
    "F10": ("f10",),
    "F10 with a question": ("f10", "enter"),
    "ctrl+c twice": ("ctrl+c", "ctrl+c"),
    "SIGHUP": (),
}


@pytest.mark.parametrize("way", LEAVING)
@pytest.mark.parametrize("step", [Step.DATASETS, Step.PERMISSIONS])
async def test_a_new_connection_left_before_its_first_change_leaves_nothing(
    paths: Paths, files: Callable[[], Files], way: str, step: Step
) -> None:
    scene = fakes.fresh()
    app = build(services_over(paths, scene), DisplayOptions())
    typed = way != "F10"
    with app.held:
        app.held.enter_context(app.services.guard(scene.draft.name))
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, on(WelcomeScreen))
            app.navigation.goto(Step.PROJECT)
            await until(pilot, goes_on())
            await settled(pilot, app)
            for onward in list(Step)[1 : list(Step).index(step) + 1]:
                app.navigation.goto(onward)
                await until(pilot, on(onward))
                await settled(pilot, app)
            if typed:
                app.wizard.set(staging_dataset="TYPED")
            await settled(pilot, app)
            await pilot.press("f8")
            await until(pilot, looked())
            await pilot.press("s")  # the set-up that was begun can be continued
            await until(pilot, lambda: isinstance(app.screen, BaseScreen) and app.screen.step is not None)
            await settled(pilot, app)
            if typed:
                assert app.wizard.draft.staging_dataset == "TYPED"
            for key in LEAVING[way]:
                await pilot.press(key)
                if key == "ctrl+c":
                    assert "once more quits; nothing is kept before the first change" in str(app.wizard.note)
            if way == "SIGHUP":
                app._signalled(signal.SIGHUP)
    assert app.return_code == (129 if way == "SIGHUP" else 0)
    assert files() == {}


async def test_leaving_a_new_connection_with_something_typed_asks_and_says_that_nothing_is_kept(paths: Paths) -> None:
    app = build(services_over(paths, fakes.fresh()), DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(WelcomeScreen))
        app.navigation.goto(Step.PROJECT)
        await until(pilot, goes_on())
        await settled(pilot, app)
        await pilot.press("escape")
        assert "F10 quits; nothing is kept before the first change" in str(app.wizard.note)
        app.wizard.set(staging_dataset="TYPED")
        await pilot.press("f10")
        assert "nothing of what was typed is kept" in await until(pilot, on(Confirm))
        await pilot.press("escape")
        await until(pilot, on(Step.PROJECT))
        await pilot.press("f10")
        await until(pilot, on(Confirm))
        await pilot.press("enter")
    assert app.return_code == 0


async def test_what_is_typed_is_kept_from_the_first_change_on(paths: Paths) -> None:
    scene = fakes.fresh()
    app = build(services_over(paths, scene), DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(WelcomeScreen))
        app.navigation.goto(Step.DATASETS)
        await until(pilot, to_do(2))
        await settled(pilot, app)
        await pilot.press("enter")
        await until(pilot, goes_on())
        await settled(pilot, app)
        store = app.services.store
        assert store.names() == (scene.draft.name,)
        saved = store.load(scene.draft.name)
        assert saved is not None
        assert (saved.draft, saved.screen) == (scene.draft, Step.DATASETS)
        assert store.recent_projects() == (fakes.PROJECT,)
        app.navigation.goto(Step.PROJECT)
        await until(pilot, on(Step.PROJECT))
        await pilot.press("escape")
        assert "F10 quits; everything typed is kept" in str(app.wizard.note)
        app.wizard.set(account_id="another-account")
        await pilot.press("f10")
    assert app.return_code == 0
    saved = services_over(paths, scene).store.load(scene.draft.name)
    assert saved is not None
    assert (saved.draft.account_id, saved.screen) == ("another-account", Step.PROJECT)


async def test_a_key_that_is_there_makes_the_connection_once_the_operator_goes_on_with_it(paths: Paths) -> None:
    scene = fakes.complete()
    app = build(services_over(paths, scene), DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(WelcomeScreen))
        app.navigation.goto(Step.ACCOUNT)
        await until(pilot, goes_on())
        await settled(pilot, app)
        assert app.services.store.names() == ()
        await pilot.press("enter")
        await until(pilot, on(Step.PERMISSIONS))
        await pilot.press("f10")
    saved = services_over(paths, scene).store.load(scene.draft.name)
    assert saved is not None
    assert (saved.draft, saved.screen, saved.filed) == (scene.draft, Step.PERMISSIONS, True)


async def test_what_the_environment_says_is_not_saved_by_looking_and_typing_something_else_is(
    paths: Paths, files: Callable[[], Files]
) -> None:
    scene = fakes.complete()
    set_up(paths, scene, finished=True, screen=Step.CONNECT)
    before = files()
    services = services_over(paths, scene)
    services = replace(services, draft=services.draft.replace(account_id="another-account"))  # as an option gives it
    app = build(services, DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(Step.CONNECT))
        await settled(pilot, app)
        app.navigation.goto(Step.DATASETS)
        await until(pilot, on(Step.DATASETS))
        await settled(pilot, app)
        app.navigation.goto(Step.VERIFY)
        await run_checks(pilot)
        await until(pilot, lambda: app.wizard.verified)
        await settled(pilot, app)
        assert differences(before, files()) == [], "what was verified is not what is saved"
        app.navigation.goto(Step.DATASETS)
        await until(pilot, on(Step.DATASETS))
        app.wizard.set(staging_dataset="TYPED")
        await pilot.press("f10")
    saved = services.store.load(scene.draft.name)
    assert saved is not None
    assert saved.draft == scene.draft.replace(staging_dataset="TYPED")
    assert (saved.finished, saved.connected) == (True, True)


async def test_a_project_is_remembered_once_google_has_shown_it(paths: Paths) -> None:
    scene = fakes.Scene(draft=ConnectionDraft(project="mistyped-project"))  # the cloud in memory has only another one
    services = services_over(paths, scene)
    app = build(services, DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(WelcomeScreen))
        await pilot.press("enter")
        await until(pilot, read())
        await settled(pilot, app)
        app.navigation.goto(Step.DATASETS)
        await until(pilot, on(Step.DATASETS))
        app.navigation.goto(Step.PROJECT)
        await until(pilot, on(Step.PROJECT))
        assert services.store.recent_projects() == ()
        app.wizard.set(project=fakes.PROJECT)
        await pilot.press("f5")
        await until(pilot, goes_on())
        await settled(pilot, app)
        app.navigation.goto(Step.DATASETS)
        await until(pilot, to_do(2))
        await settled(pilot, app)
        assert services.store.recent_projects() == (), "seen, and not used yet"
        await pilot.press("enter")
        await until(pilot, goes_on())
        await settled(pilot, app)
        await pilot.press("f10")
    assert services.store.recent_projects() == (fakes.PROJECT,)
