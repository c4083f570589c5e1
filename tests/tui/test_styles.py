"""Style sheets and queries name existing widgets: Textual accepts a selector that matches none without an error."""

import ast
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from textual import command
from textual.css.model import Selector, SelectorType
from textual.css.parse import parse_selectors
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widgets import Markdown

import kbq_tui.tui
from kbq_tui.tui import themes

ROOM = Path(kbq_tui.tui.__file__).parent
STYLES = sorted((ROOM / "styles").glob("*.tcss"))
MODULES = sorted(path.relative_to(ROOM) for path in ROOM.rglob("*.py"))


def _names(cls: type) -> Iterator[str]:
    yield cls.__name__
    children: list[type] = cls.__subclasses__()
    for child in children:
        yield from _names(child)


def _classes() -> set[str]:
    """Return the names of all classes that a type selector can mean."""
    for module in pkgutil.walk_packages(kbq_tui.tui.__path__, "kbq_tui.tui."):
        importlib.import_module(module.name)
    assert command.CommandPalette is not None  # Textual imports widgets when they are first used
    assert Markdown is not None
    return set(_names(DOMNode))


def _types(selectors: Iterable[Selector]) -> set[str]:
    return {selector.name for selector in selectors if selector.type is SelectorType.TYPE}


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_each_type_in_a_style_sheet_is_a_class(path: Path) -> None:
    sheet = Stylesheet(variables={**themes.DARK.to_color_system().generate(), **themes.DARK.variables})
    sheet.read(path)
    named = {name for rules in sheet.rules for one in rules.selector_set for name in _types(one.selectors)}
    assert named
    assert named - _classes() == set()


def _queries(path: Path) -> Iterator[str]:
    """Yield the selectors that a module passes to query(), query_one(), exclude() and the like, and to `@on`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"query", "query_one", "query_exactly_one", "query_children", "query_ancestor", "on", "exclude"}:
            yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_each_type_in_a_query_is_a_class(path: Path) -> None:
    named = {t for query in _queries(ROOM / path) for one in parse_selectors(query) for t in _types(one.selectors)}
    assert named - _classes() == set()


def test_the_queries_are_found() -> None:
    assert "#buttons Button" in set(_queries(ROOM / "screens" / "verify.py"))
