"""Klaviyo's syncs on the screens: a panel beside the parts of a connection, and all of it in a modal."""

from datetime import timedelta

from kbq_tui.engine.activity_session import FRESH
from kbq_tui.engine.services import SavedConnection
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.steps import Step
from kbq_tui.tui.modals.activity import ActivitySheet
from kbq_tui.tui.screens.dashboard import DashboardScreen
from kbq_tui.tui.screens.source import SourceScreen
from tests.support.memory_machine import VirtualClock
from tests.support.memory_world import NOW, refused
from tests.tui import fakes
from tests.tui.screens import app_for, closed, goes_on, looked, on, until

DENIED = "Access Denied: Table acme:IMPORT.people: User does not have permission to query table acme:IMPORT.people"


def synced(*, failing: bool = False) -> fakes.Scene:
    """Return a finished connection with a sync an hour for three days; the last ones may have failed."""
    scene = fakes.complete()
    scene.store.saved[scene.draft.name] = SavedConnection(scene.draft, Step.CONNECT, finished=True)
    made: list[JobInfo] = []
    for hours in range(72):
        error = DENIED if failing and hours < 5 else ""
        at = NOW - timedelta(hours=hours, minutes=10)
        made.append(JobInfo(at, "DONE", "SELECT 1", error, at, billed=10_485_760))
    scene.world.jobs = made
    return scene


async def test_the_panel_of_a_connection_shows_its_syncs_and_a_key_shows_all_of_them() -> None:
    app = app_for(synced(), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("enter")
        shown = await until(pilot, "72 jobs")
        assert "Klaviyo's syncs" in shown
        assert "Last success  10 min ago" in shown
        assert "720 MiB in 30 days" in shown
        assert "Signed in" in shown, "the parts are there, too"
        await pilot.press("u")
        shown = await until(pilot, on(ActivitySheet))
        assert "60 minutes between two syncs" in shown
        assert "Short queries may leave no job" in shown.replace("\n", " ")
        await pilot.press("escape")
        await until(pilot, closed(ActivitySheet))


async def test_failing_syncs_stand_first_and_are_explained_in_the_sheet() -> None:
    app = app_for(synced(failing=True), start="dashboard")
    async with app.run_test(size=(80, 40)) as pilot:
        await until(pilot, looked())
        await pilot.press("enter")
        shown = await until(pilot, "Failed a day")
        panel = shown.partition("Klaviyo's syncs")[2]
        assert "fail     The last of Klaviyo's jobs that ended has failed." in panel.splitlines()[1]
        to_do = shown.partition("What to do")[2].partition("Signed in")[0]
        assert "✗ The last of Klaviyo's jobs that ended has failed. u shows all of it." in " ".join(to_do.split())
        assert "everything is in place" not in shown
        await pilot.press("u")
        await until(pilot, "The table may not be read")
        await until(pilot, "Text to send")


async def test_with_a_warning_it_is_not_said_that_there_is_nothing_to_do() -> None:
    scene = synced()
    scene.world.jobs = []
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, "t Tables")
        shown = await until(pilot, "There are warnings")
        assert "Nothing: everything is in place" not in shown


async def test_what_cannot_be_read_says_why_and_is_asked_again_on_request() -> None:
    scene = synced()
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 40)) as pilot:
        await until(pilot, looked())
        for name in ("query", "recent_jobs", "logged_jobs", "key_calls"):
            scene.world.forever[name] = refused("bigquery.jobs.listAll")
        await pilot.press("enter")
        await until(pilot, "Klaviyo's jobs: not known.")
        await pilot.press("u")
        await until(pilot, "bigquery.jobs.listAll")
        scene.world.forever.clear()
        await pilot.press("tab", "enter")
        await until(pilot, "72 jobs")


async def test_the_syncs_are_looked_up_again_only_after_a_while() -> None:
    scene = synced()
    clock = scene.clock = VirtualClock()
    app = app_for(scene, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        session = app.navigation.activity(scene.draft.name)
        assert session is not None
        due = [session.due]
        await session.look()
        due.append(session.due)
        clock.seconds += FRESH.total_seconds() + 1
        due.append(session.due)
        assert due == [True, False, True]


async def test_a_connection_whose_set_up_is_under_way_has_its_tables_and_syncs_too() -> None:
    scene = fakes.resumed(Step.PROJECT, fakes.complete())
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, goes_on())
        await pilot.press("f8")
        await until(pilot, looked())
        await pilot.press("t")
        await until(pilot, on(SourceScreen))
        await pilot.press("escape")
        await until(pilot, on(DashboardScreen))
        await pilot.press("enter")
        await until(pilot, "No job of Klaviyo's in 30 days.")
