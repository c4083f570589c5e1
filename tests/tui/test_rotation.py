"""Key rotation on a screen: each step, the visible wait, the rollback, and coming back."""

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from kbq_tui.engine import rotation
from kbq_tui.engine.services import SavedConnection
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.key_use import KeyCall
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.rotation import mark
from kbq_tui.model.steps import Step
from kbq_tui.shell.fetch import fetch_line
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals.ask import Ask
from kbq_tui.tui.modals.decision import Decision
from kbq_tui.tui.screens.rotation import RotationScreen
from kbq_tui.tui.widgets.rows import Rows
from tests.support.memory_machine import BESIDE
from tests.support.memory_world import SPEC
from tests.tui import fakes
from tests.tui.screens import app_for, button, looked, on, until

KLAVIYO = "52.206.71.52"


def scene(*, production: bool = False) -> fakes.Scene:
    made = fakes.complete()
    saved = SavedConnection(made.draft, Step.CONNECT, finished=True, connected=True, production=production)
    made.store.saved[made.draft.name] = saved
    return made


def read(action: str) -> ActionKey:
    found = ActionKey.read(action, SPEC.account_email)
    assert found is not None
    return found


def old_of(made: fakes.Scene) -> str:
    return made.world.keys[0].id


async def opened(pilot: Pilot[int]) -> None:
    await until(pilot, looked())
    await pilot.press("r")
    await until(pilot, lambda: isinstance(pilot.app.screen, RotationScreen))


async def klaviyo_awaited(made: fakes.Scene, pilot: Pilot[int]) -> str:
    """Create the new key, and get to the wait for Klaviyo's call."""
    await opened(pilot)
    await until(pilot, button("primary", "Make the new key"))
    made.clock.hold()
    await pilot.press("enter")
    return await until(pilot, "Waiting for Klaviyo's call")


def called(made: fakes.Scene) -> None:
    """Make Klaviyo call with the newest key."""
    made.world.key_calls[made.world.keys[-1].id] = [KeyCall(made.clock.now(), KLAVIYO)]


async def test_from_the_new_key_to_the_old_one_s_end_in_sight() -> None:
    made = scene()
    old = old_of(made)
    app = app_for(made, DisplayOptions(ssh=True), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await klaviyo_awaited(made, pilot)
        new = made.world.keys[-1].id
        assert f"{new[:12]} beside {old[:12]}" in shown
        assert "both keys work" in shown
        flat = "".join(line.strip("│ ").replace(" ", "") for line in shown.splitlines())
        assert fetch_line(BESIDE).replace(" ", "") in flat
        assert "Connect to BigQuery" in shown
        assert "scp " in shown
        called(made)
        made.clock.let_go()
        shown = await until(pilot, "It goes on 2026-")
        assert [(k.id, k.disabled) for k in made.world.keys] == [(old, True), (new, False)]
        assert made.keys.local is not None
        assert made.keys.local.key_id == new
        made.clock.seconds += 25 * 3600
        await pilot.press("enter")
        await until(pilot, button("primary", "Done"))
        assert [k.id for k in made.world.keys] == [new]
        await pilot.press("enter")
        await until(pilot, looked())


async def test_a_connection_whose_set_up_is_under_way_can_have_its_key_replaced() -> None:
    """Also before the first change, when nothing of it is kept here."""
    app = app_for(fakes.complete())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("primary", "Begin"))
        await pilot.press("enter")
        await until(pilot, "nothing in the way")
        await pilot.press("f8")
        await opened(pilot)
        await until(pilot, button("primary", "Make the new key"))
        await pilot.press("escape")
        await until(pilot, looked())
        await pilot.press("s")
        await until(pilot, lambda: getattr(app.screen, "step", None) is not None)


async def test_leaving_while_klaviyo_is_awaited_keeps_both_keys_and_comes_back_to_it() -> None:
    made = scene()
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await klaviyo_awaited(made, pilot)
        await pilot.press("escape")
        await until(pilot, looked())
        assert len(made.world.keys) == 2
        assert not app.wizard.busy
        await pilot.press("r")
        await until(pilot, button("primary", "Wait for Klaviyo"))
        assert len(made.world.keys) == 2


async def test_rolling_back_while_klaviyo_is_awaited_takes_the_new_key_away() -> None:
    made = scene()
    old = old_of(made)
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await klaviyo_awaited(made, pilot)
        app.screen.query_one("#roll-back").focus()
        await pilot.press("enter")
        await until(pilot, button("primary", "Make the new key"))
        assert [k.id for k in made.world.keys] == [old]
        assert made.keys.beside is None


async def test_the_operator_s_word_goes_on_without_klaviyo_s_call() -> None:
    made = scene()
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await klaviyo_awaited(made, pilot)
        app.screen.query_one("#confirm").focus()
        made.clock.let_go()
        await pilot.press("enter")
        await until(pilot, "It goes on 2026-")
        taken = mark(ActionKind.ROTATE_TAKEN, SPEC, made.world.keys[-1].id)
        assert taken in [change.key.id for change in made.store.changed]


async def test_a_rotation_that_only_waits_has_a_line_from_which_it_is_opened() -> None:
    made = scene()
    points = [mark(ActionKind.ROTATE_CREATED, SPEC, "n" * 40), mark(ActionKind.ROTATE_VERIFIED, SPEC, "n" * 40)]
    points += [mark(ActionKind.ROTATE_TAKEN, SPEC, "n" * 40), mark(ActionKind.DISABLE_KEY, SPEC, "o" * 40)]
    now = made.clock.now()
    keys = [(mark(ActionKind.ROTATE, SPEC, "o" * 40), False), *((point, True) for point in points)]
    made.store.changed = [OwnChange(read(text), now, done) for text, done in keys]
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        rows = app.screen.query_one("#lines", Rows)
        await until(pilot, lambda: "rotation" in [row.id for row in rows.rows])
        rows.cursor = [row.id for row in rows.rows].index("rotation")
        rows.focus()
        await pilot.press("enter")
        await until(pilot, on(RotationScreen))


async def test_in_production_the_name_is_typed_first() -> None:
    made = scene(production=True)
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await until(pilot, button("primary", "Make the new key"))
        await pilot.press("enter")
        await until(pilot, on(Ask))
        assert len(made.world.keys) == 1
        await pilot.press("escape")
        await until(pilot, button("primary", "Make the new key"))
        assert len(made.world.keys) == 1


async def test_what_stands_in_the_way_is_said_with_its_remedy() -> None:
    made = scene()
    made.world.keys = [replace(made.world.keys[0], id=f"{n:040x}") for n in range(10)]
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        shown = await until(pilot, "Which key Klaviyo holds is not")
        assert "fail" in shown


async def test_y_copies_the_command_that_fetches_the_file() -> None:
    made = scene()
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await klaviyo_awaited(made, pilot)
        await pilot.press("y")
        await until(pilot, lambda: made.copied == [fetch_line(BESIDE)])


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make no reading of the log wait."""
    monkeypatch.setattr(rotation, "LOOK_EVERY", 0.0)


async def test_until_klaviyo_has_the_new_key_the_screens_hand_out_that_one() -> None:
    made = scene()
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(120, 40)) as pilot:
        await klaviyo_awaited(made, pilot)
    made.store.saved[made.draft.name] = SavedConnection(made.draft, Step.CONNECT)
    last = app_for(made)
    async with last.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: last.wizard.current)
        summary = last.wizard.summary()
        assert summary is not None
        assert summary.key_path == BESIDE
        await pilot.press("p")
        await until(pilot, on(Decision))
        await pilot.press("h", "enter")
        await until(pilot, lambda: bool(made.clipboard.keys))
        assert [key == made.keys.new for key in made.clipboard.keys] == [True]
        await until(pilot, on(Step.CONNECT))
        await pilot.click("#connected")
        await until(pilot, "Noted: Klaviyo is connected.")
        await until(pilot, on(Step.CONNECT))  # the old key's file is not offered to be shredded


async def test_the_dashboard_copies_the_new_key_s_place_too() -> None:
    made = scene()
    app = app_for(made, start="dashboard")
    async with app.run_test(size=(120, 40)) as pilot:
        await klaviyo_awaited(made, pilot)
    last = app_for(made, start="dashboard")
    async with last.run_test(size=(120, 40)) as pilot:
        await until(pilot, looked())
        await pilot.press("y")
        await until(pilot, lambda: bool(made.copied))
    assert BESIDE in made.copied[0]
