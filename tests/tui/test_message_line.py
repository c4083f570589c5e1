"""The message line: a tick for what was done, another glyph for a hint, which disappears after a while."""

import pytest

from kbq_tui.model.steps import Step
from kbq_tui.tui.widgets.static import MessageLine
from tests.tui import fakes
from tests.tui.screens import app_for, text_of, until
from tests.tui.test_screens import idle

LONG = "A sentence in German may be longer than a line has room for, and then its end is what matters: F5 sieht nach."


async def test_a_hint_has_its_own_sign_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MessageLine, "HINT_STAYS", 0.05)
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        line = app.screen.query_one(MessageLine)
        app.wizard.say("Try again later", passing=True)
        note = app.wizard.note
        await until(pilot, lambda: line._of is note)
        await until(pilot, lambda: "Try again later" not in text_of(app))


@pytest.mark.parametrize(
    ("kind", "sign"), [({}, "›"), ({"done": True}, "✓"), ({"bad": True}, "✗"), ({"passing": True}, "›")]
)
async def test_only_what_was_done_has_a_tick(kind: dict[str, bool], sign: str) -> None:
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        app.wizard.say("Something", **kind)
        await until(pilot, f"{sign} Something")


async def test_a_long_message_is_whole_on_two_lines() -> None:
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        app.wizard.say(LONG)
        shown = await until(pilot, "sieht nach.")
        assert LONG in " ".join(shown.split())
        assert "F10 Quit" in shown.splitlines()[-1]


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_a_message_of_more_than_two_lines_is_cut_with_a_mark(size: tuple[int, int]) -> None:
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: idle(app))
        app.wizard.say(f"{LONG} It is even longer than that. {LONG}", bad=True)
        await until(pilot, "✗ A sentence")
        line = app.screen.query_one(MessageLine)
        assert line.size.height == 2
        last = text_of(app).splitlines()[-2]
        assert "…" in last
        assert last.rstrip().endswith("F5 sieht nach.")


async def test_of_a_file_with_a_long_path_the_name_is_shown() -> None:
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        app.wizard.say(f"Written to /home/olga{'/folder' * 20}/report.md", done=True)
        shown = await until(pilot, "/report.md")
        assert "/home/olga/folder" in shown


async def test_a_message_is_cut_anew_where_the_terminal_changes_its_width() -> None:
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: idle(app))
        app.wizard.say(f"{LONG} {LONG}")
        await until(pilot, lambda: "…" not in text_of(app) and "A sentence" in text_of(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "…" in text_of(app).splitlines()[-2])
        await pilot.resize_terminal(120, 30)
        await until(pilot, lambda: "…" not in text_of(app))
