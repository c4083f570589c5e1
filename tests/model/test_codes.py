"""A problem's code is a member of one enumeration, which scripts see as text."""

import ast
import json
import re
from pathlib import Path

import pytest

import kbq_tui
from kbq_tui.diagnosis.all_entries import CODES
from kbq_tui.diagnosis.catalogue import entry_of
from kbq_tui.model.codes import ProblemCode

ROOT = Path(kbq_tui.__file__).parent
CODE = re.compile(r"KBQ-[A-Z]+(?:-[A-Z]+)*")


def test_each_entry_has_its_code_and_each_code_its_entry() -> None:
    assert set(CODES) == set(ProblemCode)
    assert len(CODES) == len(ProblemCode)


@pytest.mark.parametrize("code", ProblemCode)
def test_a_code_is_named_after_its_text(code: ProblemCode) -> None:
    assert code.value == "KBQ-" + code.name.replace("_", "-")
    assert CODE.fullmatch(code.value)
    assert json.dumps([code]) == f'["{code.value}"]'
    assert f"{code}" == str(code) == code.value


def test_text_from_outside_is_looked_up() -> None:
    found = entry_of("KBQ-KEY-DEAD")
    assert found is not None
    assert found.code is ProblemCode.KEY_DEAD
    assert entry_of("KBQ-NONE") is entry_of("") is entry_of(None) is None


@pytest.mark.parametrize("path", [p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] != "sandbox"], ids=str)
def test_no_code_is_written_as_text(path: Path) -> None:
    if path.name == "codes.py":
        return
    texts = [n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and CODE.fullmatch(text)] == []
