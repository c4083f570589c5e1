"""The mapping of a table on the screens, and a view of it: both by keyboard alone, saved, checked again, and created
only on request."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from kbq_tui.engine.services import SavedConnection
from kbq_tui.engine.source.session import SourceSession
from kbq_tui.i18n import language
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.modals.confirm import Confirm
from kbq_tui.tui.modals.mapping import MappingSheet, PickColumn
from kbq_tui.tui.modals.problem import ProblemSheet
from kbq_tui.tui.modals.table_report import TableSheet
from kbq_tui.tui.modals.view import NewView, ViewSheet
from kbq_tui.tui.screens.dashboard import DashboardScreen
from kbq_tui.tui.screens.source import SourceScreen
from tests.support.memory_world import SPEC, refused
from tests.tui import fakes
from tests.tui.fakes import HOSTILE, Scene
from tests.tui.screens import ScreenState, app_for, button, closed, on, text_of, until

DATASET = SPEC.import_dataset


def shop(*tables: str, operator: str = "") -> Scene:
    """Return a finished connection with tables of three columns; one whose name ends with 7 has no identifier."""
    scene = fakes.complete()
    scene.store.saved[scene.draft.name] = SavedConnection(scene.draft, Step.CONNECT, finished=True, operator=operator)
    scene.world.tables.update({f"{DATASET}.{name}": () for name in tables})
    return scene


def idle() -> ScreenState:
    """The tables were checked."""

    def holds(app: KbqApp) -> bool:
        screen = app.screen
        return isinstance(screen, SourceScreen) and not screen.session.busy and screen.session.report is not None

    return ScreenState("the tables are looked at", holds)


def words(app: KbqApp) -> str:
    """Return the text of the screen as one line, without the edges of frames."""
    return " ".join(text_of(app).replace("│", " ").split())


async def to_tables(pilot: Pilot[Any]) -> None:
    await until(pilot, on(DashboardScreen))
    await until(pilot, "t Tables")
    await pilot.press("t")
    await until(pilot, on(SourceScreen))
    await until(pilot, idle())


async def to_view(pilot: Pilot[Any]) -> None:
    """Ask for a view of the table under the cursor, with the proposed name."""
    await pilot.press("v")
    await until(pilot, on(NewView))
    await pilot.press("enter")
    await until(pilot, on(ViewSheet))


async def test_a_column_is_chosen_by_keyboard_kept_and_the_verdict_comes_again() -> None:
    scene = shop("people7")
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        assert "0 of 1 table is ready for Klaviyo." in text_of(app)
        await pilot.press("enter")
        await until(pilot, on(TableSheet))
        await pilot.press("m")
        shown = await until(pilot, on(MappingSheet))
        shown = text_of(app)
        assert "change timestamp  updated_at  by its name and type" in shown
        assert "no column has such a name" in shown
        counted = len([c for c in scene.world.calls if c == "query:SELECT"])
        await pilot.press("enter")
        await until(pilot, on(PickColumn))
        assert "Column for: e-mail" in text_of(app)
        assert "note" in text_of(app)
        assert "updated_at" not in text_of(app).split("Column for")[1], "its type does not fit"
        await pilot.press(*"not", "enter")
        await until(pilot, on(MappingSheet))
        shown = await until(pilot, "you chose it")
        assert "kbq-tui source people7 --map email=note --connection default" in words(app)
        assert scene.store.sources["default"].chosen == {"people7": {"email": "note"}}
        await pilot.press("escape")
        await until(pilot, "1 of 1 table is ready for Klaviyo.")
        await until(pilot, "✓ ok       people7")
        assert len([c for c in scene.world.calls if c == "query:SELECT"]) > counted, "it was looked at again"


async def test_a_choice_is_taken_back_and_a_column_is_left_out() -> None:
    scene = shop("people")
    scene.store.sources["default"] = scene.store.source_looks("default").choosing("people", {"email": ""})
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await pilot.press("m")
        await until(pilot, on(MappingSheet))
        assert "you chose none" in text_of(app)
        await pilot.press("enter")
        await until(pilot, on(PickColumn))
        await pilot.press("down", "down", "enter")  # email, city, as proposed
        await until(pilot, on(MappingSheet))
        assert scene.store.sources["default"].chosen == {"people": {}}
        await pilot.press("end", "enter")
        await until(pilot, "you left it out")
        assert scene.store.sources["default"].chosen == {"people": {"properties": ""}}
        await pilot.press("escape")
        await until(pilot, idle())
        await to_view(pilot)
        assert "Columns left out: city." in text_of(app)


async def test_nothing_chosen_asks_google_for_nothing() -> None:
    scene = shop("people")
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await pilot.press("m")
        await until(pilot, on(MappingSheet))
        before = list(scene.world.calls)
        await pilot.press("escape")
        await until(pilot, on(SourceScreen))
        assert [c for c in scene.world.calls[len(before) :] if c.startswith("query")] == []
        assert scene.store.sources["default"].chosen == {}


async def test_a_choice_made_while_the_tables_are_looked_at_is_kept() -> None:
    scene = shop("people", "people7")
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        screen = app.screen
        assert isinstance(screen, SourceScreen)
        gate = scene.world.gates["dry_run"] = asyncio.Event()
        await pilot.press("r")
        await until(pilot, lambda: screen.session.busy)
        screen.session.choose("people7", {"email": "note"})
        gate.set()
        await until(pilot, idle())
        assert scene.store.sources["default"].chosen == {"people7": {"email": "note"}}
        assert set(scene.store.sources["default"].tables) == {"people", "people7"}


async def test_what_cannot_be_kept_is_a_problem() -> None:
    scene = shop("people")
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        scene.store.problem = refused("the disk")
        await pilot.press("m")
        await until(pilot, on(MappingSheet))
        await pilot.press("end", "enter")
        await until(pilot, on(ProblemSheet))


async def test_a_view_is_shown_and_made_after_a_yes_only() -> None:
    scene = shop("people")
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await to_view(pilot)
        shown = text_of(app)
        assert "Tried as a dry run: reading it whole takes 0 B." in shown
        assert "of each identifier the newest row stays." in words(app)
        assert f"CREATE VIEW `{SPEC.project}.{DATASET}.people_for_klaviyo`" in words(app)
        await pilot.press("enter")
        await until(pilot, on(SourceScreen))
        await until(pilot, "Nothing was made.")
        assert scene.world.statements == []
        assert scene.store.changed == []
        await to_view(pilot)
        await pilot.press("left", "enter")
        await until(pilot, "2 of 2 tables are ready for Klaviyo.")
        shown = await until(pilot, "View people_for_klaviyo was made.")
        (statement,) = scene.world.statements
        assert 'OPTIONS(labels=[("created-by", "kbq-tui")])' in statement
        assert [change.key.id for change in scene.store.changed] == [f"view:table:{DATASET}.people_for_klaviyo"]
        assert "people_for_klaviyo: " in shown, "the cursor stands on it"
        await pilot.press("up", "v")
        await until(pilot, on(NewView))
        assert "people_for_klaviyo_2" in text_of(app)
        await pilot.press("backspace", "backspace", "enter")
        await until(pilot, "There is a table of that name; it is not replaced.")


async def test_the_name_of_a_view_is_checked_and_its_use_is_chosen() -> None:
    app = app_for(shop("people"), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await pilot.press("v")
        await until(pilot, on(NewView))
        await pilot.press("end", "-", "enter")
        await until(pilot, "A view's name has letters, digits and underscores.")
        await pilot.press("backspace", "shift+tab", "right", "tab", "enter")
        await until(pilot, on(ProblemSheet))
        shown = text_of(app)
        assert "No view can be made of people" in shown
        assert "no event timestamp" in shown
        assert "its mapping on the screens" in shown.replace("\n", " ")


async def test_a_view_that_google_refuses_is_a_problem_and_nothing_stays_open() -> None:
    scene = shop("people")
    scene.world.faults["query:CREATE"] = [refused("bigquery.tables.create")]
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await to_view(pilot)
        await pilot.press("left", "enter")
        await until(pilot, on(ProblemSheet))
        assert "bigquery.tables.create" in text_of(app)
        assert not scene.store.open
        assert not scene.store.changed
        await pilot.press("escape")
        await until(pilot, on(SourceScreen))
        assert "1 of 1 table is ready" in text_of(app)


async def test_a_view_is_not_made_while_another_process_holds_the_connection() -> None:
    scene = shop("people")
    problem = refused("the lock")

    class HeldLock(AbstractContextManager[None]):
        def __enter__(self) -> None:
            raise ProblemError(problem)

        def __exit__(self, *_: object) -> None:
            raise AssertionError("it was never taken")

    services = replace(scene.services(), guard=lambda _name: HeldLock())
    app = KbqApp(services, app_for(scene).look, "dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await to_view(pilot)
        await pilot.press("left", "enter")
        await until(pilot, on(ProblemSheet))
        assert scene.world.statements == []


async def test_another_login_than_the_operators_makes_a_view_after_a_second_yes() -> None:
    scene = shop("people", operator="paula@acme.example")
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await to_view(pilot)
        await pilot.press("left", "enter")
        await until(pilot, on(Confirm))
        assert "paula@acme.example" in text_of(app)
        await pilot.press("enter")
        await until(pilot, "Nothing was made.")
        assert scene.world.statements == []
        await to_view(pilot)
        await pilot.press("left", "enter")
        await until(pilot, on(Confirm))
        await pilot.press("left", "enter")
        await until(pilot, "was made.")
        assert len(scene.world.statements) == 1


async def test_leaving_while_a_view_is_made_waits_and_quitting_asks() -> None:
    scene = shop("people")
    gate = scene.world.gates["query:CREATE"] = asyncio.Event()
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await to_view(pilot)
        await pilot.press("left", "enter")
        await until(pilot, lambda: app.writing)
        await until(pilot, on(SourceScreen))
        await pilot.press("escape")
        await until(pilot, "A change is being made and will be finished first.")
        await pilot.press("f10")
        await until(pilot, "Quit in the middle of a change?")
        await pilot.press("escape")
        await until(pilot, closed(Confirm))
        gate.set()
        await until(pilot, "people_for_klaviyo: ")
        assert not app.writing


@pytest.mark.parametrize(("spoken", "none"), [("en", "you chose none"), ("de", "du hast keine gewählt")])
async def test_mapping_and_view_fit_the_least_window(spoken: str, none: str) -> None:
    scene = shop("people")
    scene.store.sources["default"] = scene.store.source_looks("default").choosing("people", {"phone": ""})
    app = app_for(scene, start="dashboard")
    language.speak(spoken)
    try:
        async with app.run_test(size=(60, 16)) as pilot:
            await until(pilot, on(DashboardScreen))
            await until(pilot, lambda: bool(app.monitor.connections))
            await pilot.press("t")
            await until(pilot, on(SourceScreen))
            await until(pilot, idle())
            await pilot.press("m")
            await until(pilot, on(MappingSheet))
            await until(pilot, button("close"))
            assert none in words(app)
            await pilot.press("end")
            await until(pilot, "city")
            await pilot.press("escape")
            await until(pilot, on(SourceScreen))
            await pilot.press("v")
            await until(pilot, on(NewView))
            await until(pilot, button("yes"))
            assert "people_for_klaviyo" in text_of(app)
            await pilot.press("enter")
            await until(pilot, on(ViewSheet))
            await until(pilot, button("no"))
            assert "Esc" in text_of(app)
    finally:
        language.speak("en")


async def test_names_from_outside_are_shown_inert() -> None:
    name = HOSTILE.replace("`", "")[:60]
    scene = shop(name)
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await to_tables(pilot)
        await pilot.press("enter")
        await until(pilot, on(TableSheet))
        await pilot.press("m")
        await until(pilot, on(MappingSheet))
        assert "[red]boo[/red]" in text_of(app)
        assert "\x1b" not in text_of(app)
        await pilot.press("escape", "v")
        await until(pilot, on(NewView))
        assert "red_boo_red_" in text_of(app)


def test_a_connection_that_is_not_saved_keeps_choices_for_the_session() -> None:
    scene = fakes.complete()
    session = SourceSession(scene.services(), scene.draft, lambda: None)
    session.choose("people", {"email": "note"})
    assert session.looks().mapped() == {"people": {"email": "note"}}
    assert scene.store.sources == {}
