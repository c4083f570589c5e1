"""What is written: inert, aligned, coloured only where wanted."""

import io
from datetime import UTC, datetime

import pytest

from kbq_tui.core.events import Event, EventKind
from kbq_tui.core.problems import Problem
from kbq_tui.headless.lines import EventLines
from kbq_tui.headless.paper import Paper
from kbq_tui.headless.prompts import FromLines, NoAnswerError

HOSTILE = "\x1b]0;title\x07 \x9b2J \u202eevil [red]" + "x" * 10_000


def paper(**more) -> Paper:
    return Paper(io.StringIO(), io.StringIO(), **more)


def test_a_hostile_problem_cannot_move_the_cursor_and_keeps_its_commands_on_one_line():
    sheet = paper()
    command = "gcloud " + "--a-long-option=value " * 20
    sheet.problem(Problem("KBQ-X", HOSTILE, HOSTILE, (f"Do this:\n{command}", HOSTILE), HOSTILE, original=HOSTILE))
    said = sheet.err.getvalue()
    assert not any(c in said for c in "\x1b\x07\x9b\u202e")
    assert "            " + command.strip() in said.replace(command, command.strip())
    assert len(said) < 15_000
    assert sheet.out.getvalue() == ""


def test_json_is_ascii_on_one_line():
    sheet = paper()
    sheet.json({"text": HOSTILE + "\n"})
    said = sheet.out.getvalue()
    assert said.isascii()
    assert said.count("\n") == 1
    assert "\x1b" not in said


@pytest.mark.parametrize(("result", "coloured"), [(True, False), (False, True)])
def test_colour_only_on_the_stream_that_takes_it(result: bool, coloured: bool):
    assert ("\x1b[" in paper(err_colour=True).mark("pass", result=result)) is coloured


def test_ascii_marks_are_ascii():
    assert all(paper(ascii=True).mark(w, result=True).isascii() for w in ("pass", "fail", "skipped", "waiting", "noop"))


def test_a_wait_is_told_at_once_and_then_every_ten_seconds():
    sheet = paper()
    tell = EventLines(sheet)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    tell(Event(EventKind.STARTED, "a", at, "Grant it"))
    for second in range(25):
        tell(Event(EventKind.WAITING, "a", at, "does not exist", elapsed=float(second), limit=420))
    said = sheet.err.getvalue().splitlines()
    assert len(said) == 3
    assert all("Grant it: not yet" in line and "420" in line for line in said)


def test_a_question_is_asked_again_until_the_answer_can_be_right():
    answers = iter(["9\n", "two\n", "2\n", "maybe\n", "\n", ""])
    ask = FromLines(paper(), lambda: next(answers))
    assert ask.choice("x", "Which", ["a", "b"], "a") == "b"
    assert ask.yes("x", "Sure", default=True) is True
    with pytest.raises(NoAnswerError, match="Name"):
        ask.text("x", "Name", "", lambda _: None)
