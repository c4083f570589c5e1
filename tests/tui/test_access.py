"""Without mouse, sight or colours: keys reach everything, the cursor follows, choices are saved."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.services import UiPreferences
from kbq_tui.local.connection_file import Connections
from kbq_tui.local.paths import Paths
from kbq_tui.local.store import FileStore
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard, palette
from kbq_tui.tui.app import KbqApp, build
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals.help import Help
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.screens.welcome import WelcomeScreen
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.choice import Choice
from kbq_tui.tui.widgets.field import Field, LineInput
from kbq_tui.tui.widgets.rows import Rows
from kbq_tui.tui.widgets.table import ConnectionTable
from tests.tui import fakes
from tests.tui.screens import app_for, button, on, run_checks, text_of, to_do, until

SIZE = (80, 24)
SCREENS = ["welcome", *Step, "dashboard"]


def standing(name: str) -> KbqApp:
    if name == "welcome":
        return app_for(fakes.fresh())
    if name == "dashboard":
        return app_for(fakes.resumed(Step.CONNECT, fakes.complete()), start="dashboard")
    scene = fakes.complete()
    scene.world.lacking = {"bigquery.datasets.create"}
    del scene.world.datasets["KLAVIYO_TMP"]
    return app_for(fakes.resumed(Step(name), scene))


def settled(app: KbqApp) -> bool:
    wizard, screen = app.wizard, app.screen
    if app._start == "dashboard":
        return "Looked at" in text_of(app)
    busy = wizard.busy or (isinstance(screen, BaseScreen) and screen.step is not None and not wizard.current)
    shown = text_of(app)
    drawn = wizard.step is not Step.VERIFY or (wizard.verified and "[ Run again ]" in shown)
    return not busy and drawn and "Esc stops" not in shown


async def come_to_rest(pilot: Pilot[Any], app: KbqApp) -> None:
    """Wait until nothing is running; the verify step has run its checks."""
    if app._start == "setup" and app.wizard.step is Step.VERIFY:
        await run_checks(pilot)
    await until(pilot, lambda: settled(app))


@pytest.mark.parametrize("name", SCREENS)
async def test_the_cursor_follows_the_focus_and_the_focus_the_reading_order(name: str) -> None:
    app = standing(name)
    async with app.run_test(size=(80, 60)) as pilot:
        await come_to_rest(pilot, app)

        def in_reading_order() -> bool:
            places = [(w.region.y, w.region.x) for w in app.screen.focus_chain]
            return bool(places) and places == sorted(places)

        await until(pilot, in_reading_order)  # details of the last verdict may not be laid out yet
        for _ in app.screen.focus_chain:
            await pilot.press("tab")
            await pilot.pause()
            assert app.focused is not None
            assert app.focused.region.contains_point(app.cursor_position), app.focused


@pytest.mark.parametrize("name", SCREENS)
async def test_whatever_has_the_focus_has_words(name: str) -> None:
    app = standing(name)
    async with app.run_test(size=(80, 60)) as pilot:
        await come_to_rest(pilot, app)
        shown = text_of(app)
        for widget in app.screen.focus_chain:
            match widget:
                case Button():
                    assert f"[ {widget.label} ]" in shown
                case Choice():
                    assert all(label in shown for _, label in widget.options)
                case LineInput():
                    assert any(isinstance(a, Field) and a._label in shown for a in widget.ancestors)
                case Rows():
                    assert all(row.content.plain.strip() for row in widget.rows)
                case ConnectionTable():
                    assert all(row in shown for row in widget.rows)
                case _:
                    assert isinstance(widget, TextArea)


@pytest.mark.parametrize("name", SCREENS)
async def test_the_palette_holds_every_key_and_button_of_the_screen(name: str) -> None:
    app = standing(name)
    async with app.run_test(size=SIZE) as pilot:
        await come_to_rest(pilot, app)
        screen = app.screen
        assert isinstance(screen, BaseScreen)
        offered = {entry.title for entry in palette.entries(app, screen)}
        wanted = {k.help for k in keyboard.KEYS if k.scope in ("app", *screen.scopes) and k.action}
        wanted -= {k.help for k in keyboard.KEYS if k.id in palette._LEFT_OUT}
        assert wanted <= offered
        assert {push.label for push in screen.query(Button) if push.display and not push.off} <= offered
        for key in keyboard.KEYS:
            if key.scope in ("app", *screen.scopes) and key.action:
                action = key.action.removeprefix("app.").partition("(")[0]
                assert hasattr(screen, f"action_{action}") or hasattr(app, f"action_{action}"), key.id


async def test_a_button_can_be_pressed_from_the_palette() -> None:
    app = app_for(fakes.fresh())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(WelcomeScreen))
        await pilot.press("f2", *"begin")
        await until(pilot, lambda: any(line.strip(" ▎┃│▏▕") == "Begin" for line in text_of(app).splitlines()))
        await pilot.press("down", "enter")
        await until(pilot, on(Step.PROJECT))


async def test_the_palette_has_a_line_for_each_entry_its_key_at_the_right_and_what_was_used_last_first() -> None:
    app = app_for(fakes.resumed(Step.PERMISSIONS, fakes.complete()))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: settled(app))
        await pilot.press("f2")
        shown = await until(pilot, "New connection…")
        line = next(line for line in shown.splitlines() if "Look again at what is there" in line)
        assert line.rstrip(" ▎┃│▏▕").endswith("F5")
        assert "Go to: Datasets" in shown
        await pilot.press(*"This screen")
        await until(pilot, lambda: "New connection…" not in text_of(app))
        await pilot.press("down", "enter")
        await until(pilot, on(Help))
        await pilot.press("escape", "f2")
        shown = await until(pilot, "New connection…")
        first = next(line for line in shown.splitlines() if "F1" in line or "Continue" in line)
        assert "This screen and its keys" in first


async def test_vi_s_keys_move_outside_of_fields_and_are_letters_inside() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.blank()))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, button("primary", "Look", off=True))
        await pilot.press(*"jkhlgG")
        assert app.wizard.draft.project == "jkhlgG"
        await pilot.press("tab", "tab")
        choice = app.focused
        assert isinstance(choice, Choice)
        before = choice.value
        await pilot.press("l")
        assert choice.value != before
        await pilot.press("h")
        assert choice.value == before
        await pilot.press("G")
        last = app.focused
        assert last is app.screen.focus_chain[-1]
        await pilot.press("k")
        assert app.focused is app.screen.focus_chain[-2]
        await pilot.press("j", "g")


async def test_vi_s_keys_move_in_lists() -> None:
    app = standing(Step.VERIFY)
    async with app.run_test(size=SIZE) as pilot:
        await come_to_rest(pilot, app)
        rows = app.screen.query_one("#checks", Rows)
        rows.focus()
        await pilot.press("G")
        assert rows.cursor == len(rows.rows) - 1
        await pilot.press("k")
        assert rows.cursor == len(rows.rows) - 2
        await pilot.press("g")
        assert rows.cursor == 0
        await pilot.press("j")
        assert rows.cursor == 1


# -- what is saved ------------------------------------------------------------------------------------------------


async def test_signs_and_colours_that_were_chosen_are_remembered() -> None:
    scene = fakes.resumed(Step.PROJECT)
    app = app_for(scene)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: settled(app))
        await pilot.press("f4")
        assert scene.store.chosen == UiPreferences(ascii=True)
        await pilot.press("f6")
        assert scene.store.chosen == UiPreferences(ascii=True, theme="light")
        assert app.theme == "light"
        await pilot.press("f4")
        assert scene.store.chosen == UiPreferences(theme="light")


async def test_where_the_terminal_asks_for_ascii_the_other_choice_is_the_one_to_remember() -> None:
    scene = fakes.resumed(Step.PROJECT)
    app = app_for(scene, DisplayOptions(ascii=True, ascii_default=True))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, "* ok")
        await pilot.press("f4")
        await until(pilot, "✓ ok")
        assert scene.store.chosen == UiPreferences(ascii=False)


async def test_without_colours_the_key_for_them_says_why_and_changes_nothing() -> None:
    scene = fakes.resumed(Step.PROJECT)
    app = app_for(scene, DisplayOptions(mono=True, theme="light"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: settled(app))
        assert app.theme == "mono"
        await pilot.press("f6")
        await until(pilot, "There are no colours here")
        assert app.theme == "mono"
    assert scene.store.chosen == UiPreferences()


async def test_what_cannot_be_remembered_is_said_and_holds_all_the_same() -> None:
    scene = fakes.resumed(Step.PROJECT)
    app = app_for(scene)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: settled(app))
        scene.store.problem = catalogue.problem(Code.STATE_UNWRITABLE, Context(), path="/x", reason="read-only")
        await pilot.press("f6")
        await until(pilot, "read-only")
        assert app.theme == "light"


async def test_the_welcome_is_for_the_first_time_only() -> None:
    scene = fakes.fresh()
    app = app_for(scene)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(WelcomeScreen))
        await pilot.press("enter")
        await until(pilot, on(Step.PROJECT))
    assert scene.store.chosen.welcomed
    other = fakes.fresh()
    other.store.chosen = scene.store.chosen
    app = app_for(other)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(Step.PROJECT))
        await until(pilot, lambda: settled(app))


async def test_the_welcome_says_in_five_lines_what_is_done_needed_and_not_touched() -> None:
    app = app_for(fakes.fresh())
    async with app.run_test(size=SIZE) as pilot:
        shown = await until(pilot, on(WelcomeScreen))
        heads = [line.strip("│ ").split(" ")[0] for line in shown.split("\n")]
        assert [h for h in heads if h in ("Does", "Proves", "Needs", "Leaves", "Ends")] == [
            "Does",
            "Proves",
            "Needs",
            "Leaves",
            "Ends",
        ]


async def test_a_choice_goes_through_the_store_to_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    paths, scene = Paths.from_env(os.environ), fakes.fresh()
    store = FileStore(paths, Connections(paths.connections), scene.clock)
    app = build(replace(scene.services(), store=store), DisplayOptions())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, on(WelcomeScreen))
        await pilot.press("f4", "f6", "enter")
        await until(pilot, on(Step.PROJECT))
        await until(pilot, lambda: settled(app))
        await pilot.press("enter")
        await until(pilot, to_do(2))
        await until(pilot, lambda: settled(app))
        assert store.recent_projects() == (), "seen, and not used yet"
        await pilot.press("enter")
        await until(pilot, lambda: store.names() != ())
        await until(pilot, lambda: settled(app))
    again = FileStore(paths, Connections(paths.connections), scene.clock)
    assert again.preferences() == UiPreferences(ascii=True, theme="light", welcomed=True)
    assert again.recent_projects() == (fakes.PROJECT,)
