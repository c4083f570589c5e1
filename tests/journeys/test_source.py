"""The tables of a shop on the screens: Google's own client libraries, real sockets, the sandbox; in two languages."""

from collections.abc import Iterator

import pytest

from kbq_tui.cli.bootstrap import build
from kbq_tui.cli.command_options import CliOptions
from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.i18n import language
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.source import Ready, Use
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.app import build as app_over
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals.view import NewView, ViewSheet
from kbq_tui.tui.screens.source import SourceScreen
from kbq_tui.tui.widgets.table import ConnectionTable
from tests.support.sandbox import Served, served
from tests.tui.screens import on, until


@pytest.fixture(scope="module")
def shop() -> Iterator[Served]:
    with served("source-bad") as world:
        yield world


def app_of(world: Served, monkeypatch: pytest.MonkeyPatch) -> KbqApp:
    """Return the app as the operator of a finished connection starts it."""
    for name, value in world.environ().items():
        monkeypatch.setenv(name, value)
    services = build(CliOptions()).services
    draft = services.draft.replace(key_file=world.env["KBQ_TUI_SANDBOX_KEY"])
    record = ConnectionRecord(services.store, draft.name)
    record.keep(draft=draft, screen=Step.CONNECT, finished=True, confirmed=True)
    return app_over(services, DisplayOptions(), start="dashboard")


@pytest.mark.parametrize(
    ("spoken", "title", "verdict", "reason"),
    [
        ("en", "Tables for Klaviyo", "ready for Klaviyo.", "is the time of the query itself"),
        ("de", "Tabellen für Klaviyo", "bereit für Klaviyo.", "ist die Zeit der Abfrage selbst"),
    ],
)
async def test_tables_are_checked_from_the_dashboard_and_one_is_read_in_full(
    shop: Served, monkeypatch: pytest.MonkeyPatch, spoken: str, title: str, verdict: str, reason: str
) -> None:
    app = app_of(shop, monkeypatch)
    language.speak(spoken)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: bool(app.monitor.connections))
            await pilot.press("t")
            await until(pilot, title)
            await until(pilot, verdict)
            await until(pilot, "always_new")
            await pilot.press("enter")
            await until(pilot, reason)
    finally:
        language.speak("en")


async def test_a_view_made_on_the_screen_has_its_label_and_stands_in_the_journal(
    shop: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(shop, monkeypatch)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(app.monitor.connections))
        await pilot.press("t")
        await until(pilot, "ready for Klaviyo.")
        screen = app.screen
        assert isinstance(screen, SourceScreen)
        screen.query_one("#tables", ConnectionTable).go("duplicates")
        await until(pilot, "duplicates: ")
        await pilot.press("v")
        await until(pilot, on(NewView))
        await pilot.press("enter")
        await until(pilot, on(ViewSheet))
        await pilot.press("left", "enter")
        await until(pilot, lambda: "duplicates_for_klaviyo" in screen.session.tables)
    assert screen.session.tables["duplicates_for_klaviyo"].is_ready(Use.PROFILES) is Ready.YES
    (made,) = app.services.store.journal("default").changes()
    assert made.key.kind is ActionKind.VIEW
