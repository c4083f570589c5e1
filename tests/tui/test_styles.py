"""The style sheets mean widgets that exist: a selector that names none is ignored without a word."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import command
from textual.css.model import SelectorType
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widgets import Markdown

import kbq_tui.tui
from kbq_tui.tui import themes

STYLES = sorted((Path(kbq_tui.tui.__file__).parent / "styles").glob("*.tcss"))


def _names(cls: type) -> Iterator[str]:
    yield cls.__name__
    for child in cls.__subclasses__():
        yield from _names(child)


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_each_type_in_a_style_sheet_is_a_class(path: Path) -> None:
    for module in pkgutil.walk_packages(kbq_tui.tui.__path__, "kbq_tui.tui."):
        importlib.import_module(module.name)
    assert command.CommandPalette  # Textual imports widgets when they are first asked for
    assert Markdown
    sheet = Stylesheet(variables={**themes.DARK.to_color_system().generate(), **themes.DARK.variables})
    sheet.read(path)
    named = {
        selector.name
        for rules in sheet.rules
        for selectors in rules.selector_set
        for selector in selectors.selectors
        if selector.type is SelectorType.TYPE
    }
    assert named
    assert named - set(_names(DOMNode)) == set()
