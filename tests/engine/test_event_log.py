"""Every event and verdict is in the log, for bug reports."""

import logging
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine import event_log
from kbq_tui.engine.verify.checks import expected
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.problem import Context
from tests.planning.worlds import SPEC

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BLOCKED = catalogue.problem(Code.KEY_CREATION_BLOCKED, Context(project="acme-klaviyo-demo"))


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (EventKind.STARTED, "DEBUG"),
        (EventKind.WAITING, "DEBUG"),
        (EventKind.PROGRESSED, "DEBUG"),
        (EventKind.FINISHED, "INFO"),
        (EventKind.SKIPPED, "WARNING"),
        (EventKind.FAILED, "WARNING"),
    ],
)
def test_an_event_is_logged_and_passed_on(caplog: pytest.LogCaptureFixture, kind: EventKind, level: str) -> None:
    passed: list[Event] = []
    event = Event(kind, "key", NOW, verbatim("Create a key"), BLOCKED)
    with caplog.at_level(logging.DEBUG, "kbq_tui"):
        event_log.events(passed.append)(event)
    assert passed == [event]
    (record,) = caplog.records
    assert (record.levelname, record.name) == (level, "kbq_tui.engine")
    assert record.getMessage() == f"key {kind.value}: Create a key [KBQ-KEY-CREATION-BLOCKED]"


def test_a_verdict_is_logged_and_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    passed: list[CheckResult] = []
    check = expected(SPEC)[0]
    good = CheckResult(check, Verdict.PASS, verbatim("as it should be"), "a call")
    bad = CheckResult(check, Verdict.FAIL, verbatim("not as it should be"), "a call", BLOCKED)
    with caplog.at_level(logging.DEBUG, "kbq_tui"):
        tell = event_log.verdicts(passed.append)
        tell(good)
        tell(bad)
    assert passed == [good, bad]
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("INFO", f"{check.id} pass: as it should be"),
        ("WARNING", f"{check.id} fail: not as it should be [KBQ-KEY-CREATION-BLOCKED]"),
    ]


def test_where_no_log_was_begun_nothing_goes_over_the_screen() -> None:
    code = (
        "from datetime import UTC, datetime\n"
        "from kbq_tui.model.events import Event, EventKind\n"
        "from kbq_tui.engine import event_log as logged\n"
        "logged.events(print)(Event(EventKind.FAILED, 'key', datetime.now(UTC), 'no'))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
