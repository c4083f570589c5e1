"""One word for each verdict, wherever it is shown; and titles of checks without double negatives."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from kbq_tui.cli.console import _MARKS
from kbq_tui.engine.health import Health
from kbq_tui.engine.verify.checks import expected
from kbq_tui.i18n.messages import EMPTY
from kbq_tui.model import status_words as words
from kbq_tui.model.checks import Check, CheckGroup, CheckResult, Verdict, verified
from kbq_tui.model.events import EventKind
from kbq_tui.model.operations import Change
from kbq_tui.model.spec import ConnectionSpec, Direction
from kbq_tui.tui.glyphs import WORDS, Tone
from kbq_tui.tui.preflight_rows import HEALTH

ROOT = Path(__file__).parent.parent.parent
CATALOGUE = ROOT / "kbq_tui" / "i18n" / "locale" / "de" / "LC_MESSAGES" / "kbq_tui.po"
SPEC = ConnectionSpec("my-project", direction=Direction.BOTH)
CHECKS = {check.id: check for check in expected(SPEC)}
SAME = {
    words.OK: (Verdict.PASS, Health.OK),
    words.FAIL: (Verdict.FAIL, Health.BROKEN, EventKind.FAILED),
    words.UNKNOWN: (Verdict.UNKNOWN, Health.UNKNOWN),
    words.SKIPPED: (Verdict.SKIPPED, EventKind.SKIPPED),
    words.DONE: (EventKind.FINISHED,),
}


RETIRED = {
    "en": re.compile(r"\b(proven|passed|healthy|unhealthy|succeeded|broken)\b", re.I),
    "de": re.compile(r"\b(bestanden|bewiesen|gesund|gelungen)\b", re.I),
}
"""Words that were once used beside `ok` and `fail`, the only ones for a verdict now."""
OTHER_SENSE = ("was passed (", "or passed as an argument", "and passed over", "broken pipe")
"""Texts in which such a word is not a verdict."""


def texts() -> list[tuple[str, str]]:
    """Every text for people, with its language."""
    found = [("en", line) for line in (ROOT / "README.md").read_text("utf-8").splitlines()]
    with CATALOGUE.open("rb") as file:
        for entry in read_po(file, locale="de"):
            for language, text in (("en", entry.id), ("de", entry.string)):
                found += [(language, each or "") for each in (text if isinstance(text, tuple | list) else [text])]
    return found


@pytest.mark.parametrize("language", RETIRED)
def test_no_second_word_for_a_verdict_is_told(language: str) -> None:
    told = [text for of, text in texts() if of == language and RETIRED[language].search(text)]
    assert [text for text in told if not any(part in text for part in OTHER_SENSE)] == []


def result(check: Check, verdict: Verdict) -> CheckResult:
    return CheckResult(check, verdict, EMPTY)


@pytest.mark.parametrize("word", SAME)
def test_a_verdict_is_one_word_in_lines(word: str) -> None:
    assert {_MARKS[code.value][0] for code in SAME[word]} == {word}


@pytest.mark.parametrize("health", Health)
def test_the_screens_have_the_word_of_the_lines(health: Health) -> None:
    assert WORDS[HEALTH[health]] == _MARKS[health.value][0]


@pytest.mark.parametrize("code", [*(change.value for change in Change), "grant"])
def test_what_a_plan_does_is_one_word(code: str) -> None:
    assert WORDS[Tone(code)] == _MARKS[code][0]


def test_the_title_of_what_must_not_be_says_what_is_the_case() -> None:
    read_only = next(check for check in CHECKS.values() if check.id.endswith(".isolated"))
    assert str(result(read_only, Verdict.PASS).title) == "Can read other datasets: no, as it should"
    assert str(result(read_only, Verdict.FAIL).title) == "Can read other datasets: yes"
    assert str(result(read_only, Verdict.UNKNOWN).title) == "Can read other datasets"


@pytest.mark.parametrize("direction", Direction)
def test_no_title_is_a_negative(direction: Direction) -> None:
    for check in expected(ConnectionSpec("my-project", direction=direction)):
        title = f" {str(check.title).lower()} "
        assert not [word for word in (" no ", " not ", " cannot ", " nothing ") if word in title], check.title


def test_each_check_says_what_it_is_about() -> None:
    groups: dict[CheckGroup, list[str]] = {group: [] for group in CheckGroup}
    for check in expected(replace(SPEC, export_dataset="exports")):
        groups[check.group].append(check.id.partition(":")[0])
    assert {group.value: sorted(set(ids)) for group, ids in groups.items()} == {
        "datasets": ["dataset.kept", "dataset.visible", "grants.direct"],
        "key": ["key.auth", "keys.expected"],
        "queries": ["billing.dml", "permissions.effective", "query.run"],
        "least-privilege": ["dataset.private", "import.readonly", "permissions.isolated", "permissions.minimal"],
        "data": ["export.read", "export.write", "import.read", "staging.write"],
    }


def test_the_sum_has_the_words_of_the_rows() -> None:
    one, other = list(CHECKS.values())[:2]
    assert str(verified([result(one, Verdict.PASS)])) == "Verified: 1 ok"
    both = [result(one, Verdict.FAIL), result(other, Verdict.SKIPPED)]
    assert str(verified(both)) == "Not verified: 1 fail, 1 skipped"
    assert str(verified([])) == "Not verified: nothing was checked"
