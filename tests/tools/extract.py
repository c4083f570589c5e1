"""Extractors for Babel: where the texts to translate stand. `babel.cfg` says which file is read by which.

PYTHONPATH=. pybabel extract -F tests/tools/babel.cfg -o messages.pot .    writes what a translator's tool wants
"""

import ast
import importlib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePath
from typing import IO, Any

from kbq_tui.diagnosis.entry import unnamed

Extracted = tuple[int, str, str | tuple[str, ...], list[str]]
"""Line, the gettext function for the text, its arguments, and comments for translators."""

SINGLE = ("message", "translate", "N_", "_")
MANY = ("message_n", "translate_n", "ngettext")
"""Functions that take one text, and those that take singular and plural; `_` and `ngettext` are click's."""


def python(
    file: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Extracted]:
    """Yield the literals that are marked in a module. Babel's own extractor would join both of `a if x else b`."""
    for node in calls(ast.parse(file.read())):
        if name_of(node.func) in MANY:
            match node.args[:2]:
                case [ast.Constant(value=str(one)), ast.Constant(value=str(several))]:
                    yield node.lineno, "ngettext", (one, several), []
        else:
            for found in literals(node.args[0]):
                if found is not None:
                    context, text = found
                    yield (
                        (node.lineno, "pgettext", (context, text), [])
                        if context
                        else (node.lineno, "gettext", text, [])
                    )


def entries(
    file: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Extracted]:
    """Yield the sentences of the catalogue's entries, with their codes; they are not marked one by one."""
    yield from python(file, keywords, comment_tags, options)
    file.seek(0)
    lines = {
        node.value: node.lineno
        for node in ast.walk(ast.parse(file.read()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    module = importlib.import_module(f"kbq_tui.diagnosis.entries.{PurePath(file.name).stem}")
    for entry in getattr(module, "ENTRIES", ()):
        texts = (entry.title, entry.cause, entry.who, *(step.text.template for step in entry.steps if step.text))
        for text in dict.fromkeys(texts):
            for form in dict.fromkeys((text, unnamed(text))):
                if form:
                    yield lines.get(text, 1), "gettext", form, [str(entry.code)]


def scenario(
    file: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Extracted]:
    """Yield a scenario's description."""
    yield 1, "gettext", tomllib.loads(file.read().decode())["description"], []


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that mark a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and name_of(node.func) in (*SINGLE, *MANY):
            yield node


def name_of(function: ast.expr) -> str:
    """Return the name by which a function is called; empty for a method."""
    match function:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="messages"), attr=name):
            return name
    return ""


def literals(node: ast.expr) -> Iterator[tuple[str, str] | None]:
    """Yield the texts that an argument can be, each with its context or an empty one; None for one that is composed."""
    match node:
        case ast.Call(args=[ast.Constant(value=str(context)), ast.Constant(value=str(text))]) if (
            name_of(node.func) == "in_context"
        ):
            yield context, text
        case ast.Constant(value=str(text)) if text:
            yield "", text
        case ast.IfExp(body=one, orelse=other):
            yield from literals(one)
            yield from literals(other)
        case ast.JoinedStr() | ast.BinOp():
            yield None
