"""What is copied, printed or saved, and what is never claimed; the key only after a yes."""

import pytest

from kbq_tui.engine.services import CopyResult
from kbq_tui.engine.setup_phase import Phase
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.problem import Problem
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.export_actions import ExportActions
from kbq_tui.tui.modals.decision import Decision
from kbq_tui.tui.modals.problem import ProblemSheet
from kbq_tui.tui.widgets.button import Button
from tests.tui import fakes
from tests.tui.screens import app_for, goes_on, on, text_of, to_do, until

SIZE = (80, 24)


def on_connect() -> tuple[fakes.Scene, KbqApp]:
    scene = fakes.complete()
    return scene, app_for(fakes.resumed(Step.CONNECT, scene))


async def test_the_key_is_sent_only_after_a_yes_that_is_not_the_default() -> None:
    scene, app = on_connect()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current)
        await pilot.press("p")
        shown = await until(pilot, on(Decision))
        assert scene.clipboard.way in " ".join(shown.replace("│", "").split())
        assert isinstance(app.focused, Button)
        assert app.focused.label == "Do not"
        await pilot.press("enter")
        await until(pilot, on(Step.CONNECT))
        await pilot.press("p")
        await until(pilot, on(Decision))
        await pilot.press("escape")
        await until(pilot, on(Step.CONNECT))
        assert scene.clipboard.keys == []
        await pilot.press("p")
        await until(pilot, on(Decision))
        await pilot.press("h", "enter")
        await until(pilot, "Key: Sent to your terminal's clipboard. Once pasted, copy something else.")
        assert "ress v" not in text_of(app)
        assert [key == scene.keys.secret for key in scene.clipboard.keys] == [True]
        assert fakes.CANARY not in text_of(app) + repr(app.wizard.__dict__) + "".join(scene.copied)


async def test_without_a_key_nothing_is_asked() -> None:
    scene, app = on_connect()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current)
        scene.keys.local = None
        await pilot.press("f5")
        await until(pilot, "no key yet: step 3")
        await pilot.press("p")
        await until(pilot, "There is no key yet.")
    assert scene.clipboard.keys == []


async def test_before_the_project_has_been_looked_at_nothing_is_said_of_a_key() -> None:
    scene, app = on_connect()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current and not app.wizard.busy)
        app.wizard.looked = None
        await pilot.press("p")
        await until(pilot, "Whether there is a key is not known; F5 looks.")
        app.wizard.phase = Phase.LOOKING
        await pilot.press("p")
        await until(pilot, "Try again once the project has been looked at.")
        app.wizard.phase = Phase.READY
    assert scene.clipboard.keys == []


async def test_a_key_that_cannot_be_read_any_more_is_a_problem() -> None:
    scene, app = on_connect()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current)
        scene.keys.secret = None
        await pilot.press("p")
        await until(pilot, on(Decision))
        await pilot.press("h", "enter")
        await until(pilot, on(ProblemSheet))
    assert scene.clipboard.keys == []


@pytest.mark.parametrize(("sent", "said"), [(True, "Not there? Press o."), (False, "o shows it, w saves it.")])
async def test_another_way_is_named_by_the_key_that_it_has(
    sent: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = fakes.complete()
    answer = CopyResult(("OSC 52",) if sent else (), verbatim("Said."))
    monkeypatch.setattr(scene.clipboard, "copy", lambda text, write: answer)
    app = app_for(fakes.resumed(Step.CONNECT, scene), DisplayOptions(keymap={"view": ("o",), "view-text": ("o",)}))
    seen: list[str] = []
    monkeypatch.setattr(ExportActions, "view_text", lambda _, text: seen.append(text))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current)
        await pilot.press("1")
        await until(pilot, f"Said. {said}")
        await pilot.press("o")
        app.open_problem(Problem(None, verbatim("Title"), verbatim("Cause")))
        await until(pilot, on(ProblemSheet))
        await pilot.press("c")
        await until(pilot, f"Said. {said}")
        await pilot.press("o")
        await until(pilot, lambda: len(seen) == 2)


async def test_a_problem_that_was_mended_meanwhile_is_looked_at_again_with_one_key() -> None:
    scene = fakes.resumed(Step.PROJECT)
    scene.world.billing = False
    app = app_for(scene)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, "1 in the way")
        app.open_problem(Problem(None, verbatim("Title"), verbatim("Cause")))
        assert "F5 Look again" in await until(pilot, on(ProblemSheet))
        scene.world.billing = True
        await pilot.press("f5")
        await until(pilot, goes_on())


async def test_no_key_is_named_where_none_does_it() -> None:
    app = app_for(fakes.resumed(Step.DATASETS))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, to_do(2))
        app.exports.copy_text("x", "Something")
        assert "ress v" not in await until(pilot, "Something: Sent to your terminal's clipboard.")


async def test_the_commands_of_a_step_can_be_copied_read_and_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = fakes.resumed(Step.DATASETS)
    app = app_for(scene)
    seen: list[str] = []
    monkeypatch.setattr(ExportActions, "view_text", lambda _, text: seen.append(text))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, to_do(2))
        await pilot.press("f3")
        await until(pilot, "c Copy")
        await pilot.press("c")
        await until(pilot, "Not there? Press v.")
        await pilot.press("v", "w")
        await until(pilot, "Written to")
    assert scene.copied == seen == list(scene.store.texts.values())
    assert "KLAVIYO_TMP" in seen[0]
