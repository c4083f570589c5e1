"""Finds the line of each key and each array item in a TOML text, which `tomllib` does not give.

https://toml.io/en/v1.0.0
"""

import re
import tomllib

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]+")


def lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every table, key and array item.

    Args:
        text: TOML that `tomllib` reads; for anything else the result is undefined.
    """
    return _Reader(text).read()


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of a path, or of the innermost table or array around it that has one."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: dict[Path, int] = {}
        self.lengths: dict[Path, int] = {}  # number of elements so far, of arrays of tables
        self.counted, self.line = 0, 1

    def read(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            here = self._here()
            if self.text[self.at] == "[":
                is_array = self.text.startswith("[[", self.at)
                self.at += 2 if is_array else 1
                table = self._resolve(self._key(), is_array)
                self.at += 2 if is_array else 1
                self.found.setdefault(table, here)
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.found

    def _here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None or (match.end() == self.at and pattern not in (_BLANK, _SPACE)):
            raise ValueError(f"no TOML at character {self.at}")
        self.at = match.end()
        return match.group()

    def _resolve(self, key: Path, is_array: bool) -> Path:
        """A header's path, with the index of the last element of each array of tables on the way."""
        path: Path = ()
        for number, part in enumerate(key, start=1):
            path = (*path, part)
            self.found.setdefault(path, self._here())
            if is_array and number == len(key):
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        return path

    def _key(self) -> Path:
        parts: list[str | int] = []
        while True:
            self._skip(_SPACE)
            if self.text[self.at] in "\"'":
                quoted = self._skip(_STRING)
                parts.append(next(iter(tomllib.loads(f"{quoted} = 0"))))
            else:
                parts.append(self._skip(_BARE_KEY))
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _pair(self, table: Path) -> None:
        here = self._here()
        key = self._key()
        self.at += 1  # =
        for end in range(1, len(key) + 1):
            self.found.setdefault((*table, *key[:end]), here)
        self._skip(_SPACE)
        self._value((*table, *key))

    def _value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self._skip(_STRING)
        elif first == "[":
            self._items(path)
        elif first == "{":
            self._inline(path)
        else:
            self._skip(_SCALAR)

    def _items(self, path: Path) -> None:
        self.at += 1
        index = 0
        self._skip(_BLANK)
        while self.text[self.at] != "]":
            self.found[*path, index] = self._here()
            self._value((*path, index))
            index += 1
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        self._skip(_BLANK)
        while self.text[self.at] != "}":
            self._pair(path)
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_BLANK)
        self.at += 1
