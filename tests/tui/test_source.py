"""The screen of the source check: a list that fills, a table in full, and the ways to and from it."""

from dataclasses import replace

from kbq_tui.engine.services import ConnectionDraft, SavedConnection
from kbq_tui.engine.source.session import SourceSession
from kbq_tui.model.source import SourceReport
from kbq_tui.source.rules import report_of
from kbq_tui.tui.modals.table_report import TableSheet
from kbq_tui.tui.screens.dashboard import DashboardScreen
from kbq_tui.tui.screens.source import SourceScreen
from tests.source.facts import EVENTS, PROFILES, table
from tests.support.memory_world import PROJECT
from tests.tui.fakes import Scene
from tests.tui.screens import app_for, closed, on, until

GOOD = report_of(table(PROFILES, {"rows": 1234, "distinct email": 1234}, name="customers"))
BAD = report_of(table(EVENTS, {"rows": 9, "distinct event_id": 9, "too_old event_at": 9}, name="orders"))


def finished(scene: Scene) -> Scene:
    draft = ConnectionDraft(project=PROJECT)
    scene.store.saved["default"] = SavedConnection(draft, finished=True)
    return replace(scene, draft=draft)


async def test_the_list_fills_the_worst_first_and_enter_shows_a_table_in_full() -> None:
    app = app_for(finished(Scene()), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(DashboardScreen))
        session = SourceSession(app.services, ConnectionDraft(project=PROJECT), app.redraw)
        session.since = 0.0
        session._told(GOOD)
        await app.push_screen(SourceScreen(session))
        shown = await until(pilot, "1 table looked at so far")
        assert "customers" in shown
        assert "1,234" in shown
        session._told(BAD)
        session.since, session.report = None, SourceReport((GOOD, BAD))
        app.redraw()
        shown = await until(pilot, "1 of 2 tables are ready for Klaviyo.")
        lines = [line for line in shown.splitlines() if "customers" in line or "orders" in line]
        assert "orders" in lines[0]
        assert "All 9 rows are of before the year 2000" in shown.replace("\n", " ")
        await pilot.press("enter")
        shown = await until(pilot, on(TableSheet))
        assert "event timestamp" in shown
        await pilot.press("escape")
        await until(pilot, closed(TableSheet))


async def test_what_stops_the_check_is_said_with_its_cause() -> None:
    scene = finished(Scene())
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(DashboardScreen))
        await pilot.press("t")
        await until(pilot, on(SourceScreen))
        shown = await until(pilot, "The key is not on this machine")
        assert "Mapping" not in shown.splitlines()[-1]  # there is no table that could have one
        assert "Enter" not in shown.splitlines()[-1]
        await pilot.press("escape")
        await until(pilot, on(DashboardScreen))
