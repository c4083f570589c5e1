"""Leftover keys and over-grants removed on the screens: Google's own client libraries, real sockets, the sandbox."""

from collections.abc import Callable

import pytest

from kbq_tui.cli.bootstrap import build
from kbq_tui.cli.command_options import CliOptions
from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.app import build as app_over
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals.confirm import Confirm
from kbq_tui.tui.widgets.rows import Rows
from tests.support.outputs import output
from tests.support.sandbox import Served, served
from tests.tui.screens import button, on, run_checks, until

CEILING = 60.0


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[Served, Step], KbqApp]:
    """The app as an operator of this sandbox would come back to it, on one of its steps."""

    def stand(world: Served, step: Step) -> KbqApp:
        for name, value in world.environ().items():
            monkeypatch.setenv(name, value)
        services = build(CliOptions()).services
        ConnectionRecord(services.store, services.draft.name).keep(draft=services.draft, screen=step, confirmed=True)
        return app_over(services, DisplayOptions())

    return stand


async def test_a_key_that_is_not_kept_here_is_deleted_and_the_one_kept_here_stays(
    at_step: Callable[[Served, Step], KbqApp],
) -> None:
    with served("existing") as world:
        assert world.run("apply", "--yes").returncode == 0  # creates another key beside the existing one
        keys = {k["held_by"]: k["id"] for k in output(world.run("key", "list", "--json").stdout)["keys"]}
        app = at_step(world, Step.ACCOUNT)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, button("leftover"), CEILING)
            await pilot.press("f7")
            shown = await until(pilot, on(Confirm), CEILING)
            assert keys[None] in shown
            assert keys["here"] not in shown
            await pilot.press("left", "enter")
            await until(pilot, lambda: not app.wizard.busy and not app.wizard.leftovers(), CEILING)
            assert app.wizard.failed == {}
        (left,) = output(world.run("key", "list", "--json").stdout)["keys"]
        assert (left["id"], left["held_by"]) == (keys["here"], "here")
        journal = "".join(
            p.read_text() for p in (world.home / "state").rglob("*") if "journal" in str(p) and p.is_file()
        )
        assert f"delete-key:{keys[None]}" in journal


async def test_over_grants_are_taken_away_and_what_is_needed_is_granted_first(
    at_step: Callable[[Served, Step], KbqApp],
) -> None:
    with served("over-granted") as world:
        key = world.env["KBQ_TUI_SANDBOX_KEY"]
        before = world.run("verify", "--json", "--key-file", key)
        assert "KBQ-OVER-GRANT" in before.stdout
        app = at_step(world, Step.PERMISSIONS)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, button("remove"), CEILING)
            await pilot.press("f7")
            shown = await until(pilot, on(Confirm), CEILING)
            assert "Take roles/bigquery.dataEditor away" in " ".join(shown.split())
            await pilot.press("left", "enter")
            await until(pilot, lambda: not app.wizard.busy and app.wizard.removal() is None, CEILING)
            assert app.wizard.failed == {}
        after = world.run("verify", "--json", "--key-file", key)
        assert after.returncode == 0, after.stdout
        planned = output(world.run("plan", "--json", "--key-file", key, "--remove-over-grants").stdout)
        assert {a["change"] for a in planned["actions"]} == {"noop"}


@pytest.mark.parametrize(
    ("scenario", "check", "grant"),
    [
        ("table-grant", "import.readonly", "table KLAVIYO_IMPORT_FROM_DWH.orders Data Editor none"),
        ("foreign-table", "permissions.isolated", "table payroll.salaries Data Viewer none"),
    ],
)
async def test_what_only_verify_finds_is_taken_away_from_there(
    scenario: str, check: str, grant: str, at_step: Callable[[Served, Step], KbqApp]
) -> None:
    with served(scenario) as world:
        assert world.run("apply", "--yes").returncode == 0
        app = at_step(world, Step.VERIFY)
        async with app.run_test(size=(80, 24)) as pilot:
            await run_checks(pilot)
            await until(pilot, lambda: app.wizard.verified and not app.wizard.busy, CEILING)
            checks = app.screen.query_one("#checks", Rows)
            checks.cursor = next(i for i, row in enumerate(checks.rows) if row.id == check)
            await until(pilot, "F7 Fix", CEILING)
            await pilot.press("f7")
            shown = await until(pilot, button("remove"), CEILING)
            assert grant in " ".join(shown.split())
            await pilot.press("f7")
            shown = await until(pilot, on(Confirm), CEILING)
            assert "remove-iam-policy-binding" in shown
            await pilot.press("left", "enter")
            await until(pilot, lambda: not app.wizard.busy and not app.wizard.verified, CEILING)
            assert app.wizard.failed == {}
            await until(pilot, lambda: not app.screen.query_one("#remove").display, CEILING)
        after = world.run("verify", "--json")
        assert after.returncode == 0, after.stdout
