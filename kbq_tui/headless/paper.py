"""Where lines go: results to one stream, everything else to another; plain text, colour only where it is wanted."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TextIO

from kbq_tui.core.problems import Problem
from kbq_tui.core.text import inert

LONGEST = 600
"""Characters of somebody else's message that are shown; JSON has more."""

WIDTH: Final = 78
"""Cells to which prose is wrapped. Commands never are: they are copied."""

_WORDS: Final[Mapping[str, str]] = {"noop": "in place"}
"""What is said instead of the word that JSON has."""

_GLYPHS: Final[Mapping[str, tuple[str, str, str]]] = {
    # word: Unicode, ASCII, colour (SGR)
    "create": ("+", "+", "32"),
    "update": ("~", "~", "33"),
    "delete": ("-", "-", "31"),
    "noop": ("=", "=", "2"),
    "blocked": ("✗", "x", "31"),
    "pass": ("✓", "+", "32"),
    "fail": ("✗", "x", "31"),
    "unknown": ("?", "?", "33"),
    "skipped": ("○", "o", "2"),
    "ok": ("✓", "+", "32"),
    "warning": ("!", "!", "33"),
    "broken": ("✗", "x", "31"),
    "started": ("…", ".", "2"),
    "waiting": ("…", ".", "33"),
    "progressed": ("…", ".", "2"),
    "finished": ("✓", "+", "32"),
    "failed": ("✗", "x", "31"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """Two streams to write lines on.

    Attributes:
        out: takes results.
        err: takes everything else.
        out_colour, err_colour: whether the stream takes colours.
        ascii: ASCII glyphs only.
        verbose: say more.
    """

    out: TextIO
    err: TextIO
    out_colour: bool = False
    err_colour: bool = False
    ascii: bool = False
    verbose: bool = False

    def result(self, line: str = "") -> None:
        """Write one line of the result."""
        self._write(self.out, line)

    def say(self, line: str = "") -> None:
        """Write one line that is not a result."""
        self._write(self.err, line)

    def ask(self, text: str) -> None:
        """Write a question, and stay on its line."""
        self.err.write(text)
        self.err.flush()

    def json(self, body: Mapping[str, object]) -> None:
        """Write one JSON object on a line of its own. Pure ASCII, so that nothing in it can move a cursor."""
        self._write(self.out, json.dumps(body, default=str))

    def mark(self, word: str, *, result: bool, width: int = 0) -> str:
        """Return a word with its glyph, coloured where the stream takes it.

        Args:
            word: such as `pass`, `create`, `broken`.
            result: whether it is written on the stream of results.
            width: cells to fill up to.
        """
        unicode, plain, colour = _GLYPHS[word]
        text = f"{plain if self.ascii else unicode} {_WORDS.get(word, word)}".ljust(width)
        return f"\x1b[{colour}m{text}\x1b[0m" if (self.out_colour if result else self.err_colour) else text

    def prose(self, text: str, indent: str = "", hanging: str = "") -> list[str]:
        """Return hostile or long text as inert, wrapped lines."""
        return textwrap.wrap(
            inert(text), WIDTH, initial_indent=indent, subsequent_indent=hanging or indent, break_on_hyphens=False
        ) or [indent.rstrip()]

    def problem(self, problem: Problem, *, result: bool = False, heading: str = "error") -> None:
        """Write a problem: what, why, what to do, who can."""
        write = self.result if result else self.say
        code = f" [{problem.code}]" if problem.code else ""
        for line in self.prose(f"{heading}: {problem.title}{code}", hanging="  "):
            write(line)
        for line in self.prose(problem.cause, "  cause:  ", "          "):
            write(line)
        if problem.original and problem.original != problem.cause:
            for line in self.prose(inert(problem.original, LONGEST), "  said:   ", "          "):
                write(line)
        for step in problem.remedy:
            first, *commands = step.split("\n")
            for line in self.prose(first, "  remedy: ", "          "):
                write(line)
            for command in commands:
                write("            " + inert(command))
        if problem.who:
            for line in self.prose(problem.who, "  who:    ", "          "):
                write(line)
        if problem.wait:
            write(f"  wait:   up to {problem.wait} s may help")
        if problem.link:
            write("  more:   " + inert(problem.link))

    def _write(self, stream: TextIO, line: str) -> None:
        stream.write(line + "\n")
        stream.flush()
