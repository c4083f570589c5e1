"""Printed text: inert, aligned, coloured only if wanted."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TextIO

import pytest

from kbq_tui.cli.console import Console
from kbq_tui.cli.live import LiveLines
from kbq_tui.cli.prompts import FromLines, NoAnswerError
from kbq_tui.cli.render import EventLines, show_checks
from kbq_tui.i18n.messages import message, verbatim
from kbq_tui.model.checks import Check, CheckGroup, CheckResult, Verdict
from kbq_tui.model.command import Command
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.problem import Problem, RemedyStep
from tests.support.codes import made_up

HOSTILE = "\x1b]0;title\x07 \x9b2J \u202eevil [red]" + "x" * 10_000


def written(stream: TextIO) -> str:
    """The text that was written to a console of `console()`."""
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def console(**more: Any) -> Console:
    return Console(io.StringIO(), io.StringIO(), **more)


def test_a_hostile_problem_cannot_move_the_cursor_and_keeps_its_commands_on_one_line():
    sheet = console()
    command = "gcloud " + "--a-long-option=value " * 20
    sheet.problem(
        Problem(
            made_up("KBQ-X"),
            verbatim(HOSTILE),
            verbatim(HOSTILE),
            (RemedyStep(verbatim("Do this:"), (Command(command),)), RemedyStep(verbatim(HOSTILE))),
            verbatim(HOSTILE),
            original=HOSTILE,
        )
    )
    message = written(sheet.err)
    assert not any(c in message for c in "\x1b\x07\x9b\u202e")
    assert "            " + command.strip() in message.replace(command, command.strip())
    assert len(message) < 15_000
    assert written(sheet.out) == ""


def test_json_is_ascii_on_one_line():
    sheet = console()
    sheet.json({"text": HOSTILE + "\n"})
    message = written(sheet.out)
    assert message.isascii()
    assert message.count("\n") == 1
    assert "\x1b" not in message


@pytest.mark.parametrize(("result", "coloured"), [(True, False), (False, True)])
def test_colour_only_on_the_stream_that_takes_it(result: bool, coloured: bool):
    assert ("\x1b[" in console(err_colour=True).mark("pass", result=result)) is coloured


def test_ascii_marks_are_ascii():
    assert all(
        console(ascii=True).mark(w, result=True).isascii() for w in ("pass", "fail", "skipped", "waiting", "noop")
    )


def waiting(second: int, form: str = "granted {age} ago; nothing to do") -> Event:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    text = message(form, age=message("{n} s", n=second))
    problem = Problem(
        made_up("KBQ-GRANT-MISSING"),
        verbatim("The grant is missing"),
        verbatim("It is."),
        (RemedyStep(verbatim("Grant it:"), (Command("gcloud grant"),)),),
    )
    return Event(EventKind.WAITING, "a", at, text, problem, float(second), 420)


def test_a_wait_is_one_line_for_each_change_of_what_is_waited_for():
    sheet = console()
    tell = EventLines(sheet)
    tell(Event(EventKind.STARTED, "a", datetime(2026, 1, 1, tzinfo=UTC), verbatim("Grant it")))
    for second in range(25):
        tell(waiting(second))
    for second in range(25, 30):
        tell(waiting(second, "created {age} ago; nothing to do"))
    lines = written(sheet.err).splitlines()
    assert [line.partition("Grant it: ")[2] for line in lines] == [
        "granted 0 s ago; nothing to do",
        "created 25 s ago; nothing to do",
    ]
    assert "gcloud" not in written(sheet.err)


def test_on_a_terminal_a_wait_is_one_line_drawn_in_place():
    sheet = console()
    sheet = replace(sheet, live=LiveLines(sheet.err, lambda: (80, 24)))
    tell = EventLines(sheet)
    for second in range(25):
        tell(waiting(second))
    said_ = written(sheet.err)
    assert said_.count("\n") == 2  # the hint, and the line
    assert said_.count("Ctrl+C") == 1
    assert "granted 24 s ago" in said_
    tell(Event(EventKind.FINISHED, "a", datetime(2026, 1, 1, tzinfo=UTC), verbatim("Granted"), elapsed=25.0))
    assert "Granted (25.0 s)" in written(sheet.err)
    assert str(tell.waits_for("a")) == ""


def test_a_question_is_asked_again_until_the_answer_can_be_right():
    answers = iter(["9\n", "two\n", "2\n", "maybe\n", "\n", ""])
    ask = FromLines(console(), lambda: next(answers))
    assert ask.choice("x", "Which", ["a", "b"], "a") == "b"
    assert ask.yes("x", "Sure", default=True) is True
    with pytest.raises(NoAnswerError, match="Name"):
        ask.text("x", "Name", "", lambda _: None)


def test_what_passed_with_a_problem_is_a_warning_with_its_evidence_and_a_note() -> None:
    """A plain "ok" would hide that tables expire, or that a policy hides rows."""
    check = Check("x", message("Tables expire"), "+", message("why"), CheckGroup.DATA, unwanted=True)
    problem = Problem(made_up("KBQ-X"), message("They vanish"), message("after a day"))
    passed, warned = (
        CheckResult(check, Verdict.PASS, message("none")),
        CheckResult(check, Verdict.PASS, message("two of them"), problem=problem),
    )
    sheet = console()
    show_checks([passed, warned], sheet, as_result=True)
    shown = written(sheet.out)
    assert "✓ ok" in shown
    assert "Tables expire: no, as it should" in shown
    assert "none" not in shown
    assert "! warning" in shown
    assert "Tables expire: yes" in shown
    assert "two of them" in shown
    assert "note: They vanish" in shown
    assert "problem:" not in shown
    assert shown.endswith("Verified: 1 ok, 1 warning\n")
