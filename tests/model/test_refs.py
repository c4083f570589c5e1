"""A resource is a value, with its full name, and its name in a sentence."""

import ast
from pathlib import Path

import pytest

import kbq_tui
from kbq_tui.model.refs import AccountRef, DatasetRef, Grantable, ProjectRef, Ref, ServiceRef, TableRef

SOURCES = [
    path
    for path in Path(kbq_tui.__file__).parent.rglob("*.py")
    if "sandbox" not in path.relative_to(Path(kbq_tui.__file__).parent).parts
]


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        (ProjectRef("acme-prod"), "projects/acme-prod"),
        (ProjectRef("example.com:acme"), "projects/example.com:acme"),
        (ServiceRef("acme-prod", "iam.googleapis.com"), "projects/acme-prod/services/iam.googleapis.com"),
        (AccountRef("acme-prod", "a@acme-prod.iam.gserviceaccount.com"), "a@acme-prod.iam.gserviceaccount.com"),
        (DatasetRef("acme-prod", "D"), "acme-prod:D"),
        (TableRef("acme-prod", "D", "t"), "acme-prod:D.t"),
    ],
)
def test_plans_and_the_journal_have_the_full_name(ref: Ref, name: str) -> None:
    assert ref.name == name


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        (ProjectRef("acme-prod"), "project acme-prod"),
        (DatasetRef("acme-prod", "D"), "dataset D"),
        (TableRef("acme-prod", "D", "t"), "table D.t"),
    ],
)
def test_a_sentence_says_what_kind_of_thing_it_is(ref: Grantable, words: str) -> None:
    assert str(ref.words) == words


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_nothing_is_read_back_out_of_a_sentence(path: Path) -> None:
    """A resource is a value; `words` is only for people."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            blank = [a.value for a in node.args if isinstance(a, ast.Constant)] == [" "]
            assert not (node.func.attr in ("partition", "rpartition") and blank), f"{path}:{node.lineno}"
