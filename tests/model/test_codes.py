"""A problem's code is a value of one type, which scripts see as text."""

import ast
import json
import re
from pathlib import Path

import pytest

import kbq_tui
from kbq_tui.diagnosis.all_entries import CODES, ENTRIES
from kbq_tui.diagnosis.catalogue import entry_of
from kbq_tui.model.codes import ProblemCode

ROOT = Path(kbq_tui.__file__).parent
CODE = re.compile(r"KBQ-[A-Z]+(?:-[A-Z]+)*")
NAMED = {name: getattr(ProblemCode, name) for name in ProblemCode.__annotations__}
"""The codes that the program names, by attribute."""
SOURCES = [p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] != "sandbox"]


def test_each_code_that_is_named_has_an_entry() -> None:
    assert set(NAMED.values()) <= set(CODES)
    assert len(set(NAMED.values())) == len(NAMED)


@pytest.mark.parametrize(("name", "code"), NAMED.items())
def test_a_code_is_named_after_its_text(name: str, code: ProblemCode) -> None:
    assert code == "KBQ-" + name.replace("_", "-")


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_text_of_one_form(code: ProblemCode) -> None:
    assert isinstance(code, ProblemCode)
    assert CODE.fullmatch(code)
    assert json.dumps([code]) == f'["{code}"]'


def test_text_from_outside_is_looked_up() -> None:
    found = entry_of("KBQ-KEY-DEAD")
    assert found is not None
    assert found.code is ProblemCode.KEY_DEAD
    assert entry_of("KBQ-NONE") is entry_of("") is entry_of(None) is None


def _attributes(path: Path) -> list[str]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return [node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr in NAMED]


def test_each_entry_is_raised_or_recognised_and_only_codes_that_are_named_elsewhere_have_a_name() -> None:
    """An entry that nothing leads to explains what never happens."""
    used = {name for path in SOURCES if path.parent.name != "entries" for name in _attributes(path)}
    assert set(NAMED) - used == set()
    recognised = {
        code
        for code, e in ENTRIES.items()
        if e.matchers or e.reasons or e.late_reasons or e.constraints or e.permissions
    }
    assert set(CODES) - recognised - {NAMED[name] for name in used} == set()


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parent.name != "entries"], ids=str)
def test_no_code_is_written_as_text_outside_its_entry(path: Path) -> None:
    texts = [n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and CODE.fullmatch(text)] == []
