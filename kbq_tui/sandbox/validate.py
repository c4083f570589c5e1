"""Shapes of data that people write: scenario files and fault plans. Errors name the place.

Request bodies are checked by `shapes`, whose errors have Google's text.
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


class SchemaError(ValueError):
    """A wrong value.

    Args:
        path: its place: keys and indexes from the top.
        text: what is wrong, without the place.
    """

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(f"{spelled(path)}: {text}" if path else text)
        self.path, self.text = path, text


def spelled(path: Path) -> str:
    """Write a path as ``projects[0].datasets[1].id``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


@dataclass(frozen=True)
class Text:
    """A string: one of `choices`, or matching `pattern`, if either is given."""

    choices: Collection[str] = ()
    what: str = "value"
    pattern: str = ""

    def check(self, value: Any, path: Path) -> None:
        """Refuse a value that is no such string. Raises SchemaError."""
        if not isinstance(value, str):
            raise SchemaError(path, f"must be a string, not {_kind(value)}")
        if value in self.choices or (self.pattern and re.fullmatch(self.pattern, value)):
            return
        if self.choices:
            raise SchemaError(path, f"unknown {self.what} {value!r}")
        if self.pattern:
            raise SchemaError(path, f"{value!r} is no {self.what}")


@dataclass(frozen=True)
class Number:
    """A finite number within bounds, both included."""

    low: float
    high: float
    whole: bool = False

    def check(self, value: Any, path: Path) -> None:
        """Refuse a value that is not a number within the bounds. Raises SchemaError."""
        good = isinstance(value, int) if self.whole else isinstance(value, int | float)
        what = "a whole number" if self.whole else "a number"
        if not good or isinstance(value, bool):
            raise SchemaError(path, f"must be {what}, not {_kind(value)}")
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise SchemaError(path, f"must be {what} from {self.low:g} to {self.high:g}")


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def check(self, value: Any, path: Path) -> None:
        """Refuse a value that is neither true nor false. Raises SchemaError."""
        if not isinstance(value, bool):
            raise SchemaError(path, f"must be true or false, not {_kind(value)}")


@dataclass(frozen=True)
class Anything:
    """Any table."""

    def check(self, value: Any, path: Path) -> None:
        """Refuse a value that is not a table. Raises SchemaError."""
        if not isinstance(value, dict):
            raise SchemaError(path, f"must be a table, not {_kind(value)}")


@dataclass(frozen=True)
class Several:
    """An array."""

    item: "Shape"
    at_least: int = 0

    def check(self, value: Any, path: Path) -> None:
        """Refuse a value that is not an array of such items, or has too few. Raises SchemaError."""
        if not isinstance(value, list):
            raise SchemaError(path, f"must be an array, not {_kind(value)}")
        if len(value) < self.at_least:
            raise SchemaError(path, "must not be empty")
        for index, item in enumerate(value):
            self.item.check(item, (*path, index))


@dataclass(frozen=True)
class TableShape:
    """A table with known keys.

    Args:
        keys: the shape of each key's value.
        required: keys that must be present.
        exactly_one: keys of which exactly one must be present.
    """

    keys: Mapping[str, "Shape"]
    required: Collection[str] = ()
    exactly_one: Collection[str] = ()

    def check(self, value: Any, path: Path) -> None:
        """Refuse a table with unknown or missing keys, or wrong values. Raises SchemaError."""
        if not isinstance(value, dict):
            raise SchemaError(path, f"must be a table, not {_kind(value)}")
        for key in value:
            if key not in self.keys:
                raise SchemaError((*path, key), f"unknown key {key!r}; there are: {', '.join(sorted(self.keys))}")
        for key, item in value.items():
            self.keys[key].check(item, (*path, key))
        for key in self.required:
            if key not in value:
                raise SchemaError(path, f"missing key {key!r}")
        if self.exactly_one and len(set(self.exactly_one) & set(value)) != 1:
            raise SchemaError(path, f"exactly one of these keys must be there: {', '.join(self.exactly_one)}")


@dataclass(frozen=True)
class Map:
    """A table whose keys are names: any, or those in `names`."""

    item: "Shape"
    names: Collection[str] = ()
    what: str = "key"

    def check(self, value: Any, path: Path) -> None:
        """Refuse a table with names that are not allowed, or wrong values. Raises SchemaError."""
        if not isinstance(value, dict):
            raise SchemaError(path, f"must be a table, not {_kind(value)}")
        for key, item in value.items():
            if self.names and key not in self.names:
                raise SchemaError((*path, key), f"unknown {self.what} {key!r}")
            self.item.check(item, (*path, key))


@dataclass(frozen=True)
class Either:
    """A choice of shapes by the value's type: `shapes` maps Python types to shapes."""

    shapes: Mapping[type, "Shape"] = field(default_factory=dict)
    otherwise: str = ""

    def check(self, value: Any, path: Path) -> None:
        """Refuse a value that fits no shape of its type. Raises SchemaError."""
        shape = self.shapes.get(type(value))
        if shape is None:
            raise SchemaError(path, f"must be {self.otherwise}, not {_kind(value)}")
        shape.check(value, path)


Shape = Text | Number | Flag | Anything | Several | TableShape | Map | Either


def _kind(value: Any) -> str:
    kinds = {str: "a string", bool: "true or false", int: "a whole number", float: "a number", list: "an array"}
    return kinds.get(type(value), "a table" if isinstance(value, dict) else f"a {type(value).__name__}")
