"""Prints lines: results to one stream, everything else to another; plain text, with colour only if wanted.

Problems and marks are rendered here; lines have been rendered before, or are another program's output.
"""

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Final, TextIO

from kbq_tui.cli.live import LiveLines
from kbq_tui.i18n.messages import N_, as_message, render, translate
from kbq_tui.model import status_words
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem
from kbq_tui.model.text import inert

LONGEST = 600
"""The most characters that are shown of a message from outside; JSON has more."""

WIDTH: Final = 78
"""The width in cells to which prose is wrapped. Commands are never wrapped, because they are copied."""

_MARKS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    # JSON's word: its display text, Unicode glyph, ASCII glyph, colour (SGR)
    "create": (status_words.CREATE, "+", "+", "32"),
    "update": (status_words.UPDATE, "~", "~", "33"),
    "grant": (status_words.GRANT, "~", "~", "33"),
    "delete": (status_words.DELETE, "-", "-", "31"),
    "noop": (status_words.IN_PLACE, "=", "=", "2"),
    "blocked": (status_words.BLOCKED, "✗", "x", "31"),
    "pass": (status_words.OK, "✓", "+", "32"),
    "fail": (status_words.FAIL, "✗", "x", "31"),
    "note": (N_("note"), "·", ".", "2"),
    "unknown": (status_words.UNKNOWN, "?", "?", "33"),
    "skipped": (status_words.SKIPPED, "○", "o", "2"),
    "ok": (status_words.OK, "✓", "+", "32"),
    "warning": (status_words.WARNING, "!", "!", "33"),
    "broken": (status_words.FAIL, "✗", "x", "31"),
    "started": (N_("started"), "…", ".", "2"),
    "waiting": (status_words.WAITING, "…", ".", "33"),
    "progressed": (N_("under way"), "…", ".", "2"),
    "finished": (status_words.DONE, "✓", "+", "32"),
    "failed": (status_words.FAIL, "✗", "x", "31"),
}

_LABELS: Final = (
    _CAUSE := N_("cause:"),
    _SAID := N_("said:"),
    _REMEDY := N_("remedy:"),
    _WHO := N_("who:"),
    _WAIT := N_("wait:"),
    _MORE := N_("more:"),
)


def column() -> int:
    """Return the cells of a glyph with its word on a line, with a gap after it."""
    return max(len("✓ ") + len(translate(word)) + 1 for word, *_ in _MARKS.values())


@dataclass(frozen=True, slots=True)
class Console:
    """Two streams to write lines on.

    Attributes:
        out: the stream for results.
        err: the stream for everything else.
        out_colour, err_colour: whether the stream supports colours.
        ascii: ASCII glyphs only.
        verbose: print more.
        live: lines that are redrawn below all others; None if `err` is not a terminal that supports this.
    """

    out: TextIO
    err: TextIO
    out_colour: bool = False
    err_colour: bool = False
    ascii: bool = False
    verbose: bool = False
    live: LiveLines | None = None

    def result(self, line: str = "") -> None:
        """Write one line of the result."""
        self._write(self.out, line)

    def say(self, line: str = "") -> None:
        """Write one line that is not a result."""
        self._write(self.err, line)

    def ask(self, text: str) -> None:
        """Write a question, and stay on its line."""
        self._write(self.err, text, end="")

    def json(self, body: Mapping[str, object]) -> None:
        """Write one JSON object on a separate line. It is pure ASCII, so that nothing in it can move the cursor."""
        self._write(self.out, json.dumps(body, default=str))

    def json_parts(self, parts: Iterable[str]) -> None:
        """Write one JSON object on a separate line, part by part. The parts are pure ASCII."""
        for part in parts:
            self._write(self.out, part, end="")
        self._write(self.out, "")

    def word(self, word: str) -> str:
        """Return the display text for one of JSON's words, as in `mark`."""
        return translate(_MARKS[word][0])

    def mark(self, word: str, *, result: bool, width: int = 0) -> str:
        """Return a word with its glyph, coloured if the stream supports it.

        Args:
            word: JSON's word, such as `create`, `broken`.
            result: whether it is written on the stream of results.
            width: cells to fill up to.
        """
        message, unicode, plain, colour = _MARKS[word]
        text = f"{plain if self.ascii else unicode} {translate(message)}".ljust(width)
        return f"\x1b[{colour}m{text}\x1b[0m" if (self.out_colour if result else self.err_colour) else text

    def prose(self, text: str, indent: str = "", hanging: str = "") -> list[str]:
        """Return hostile or long text as inert, wrapped lines."""
        return textwrap.wrap(
            inert(text), WIDTH, initial_indent=indent, subsequent_indent=hanging or indent, break_on_hyphens=False
        ) or [indent.rstrip()]

    def problem(self, problem: Problem, *, result: bool = False, heading: str = "") -> None:
        """Write a problem: what happened, why, what to do, who can help.

        Args:
            problem: the problem.
            result: whether it is the command's result.
            heading: its heading here, rendered; by default an error.
        """
        write = self.result if result else self.say
        width = max(len(translate(label)) for label in _LABELS) + 1
        indent = " " * (2 + width)

        def part(label: str, text: str) -> None:
            for line in self.prose(text, f"  {translate(label):<{width}}", indent):
                write(line)

        code = f" [{problem.code}]" if problem.code else ""
        for line in self.prose(f"{heading or translate('error')}: {render(problem.title)}{code}", hanging="  "):
            write(line)
        part(_CAUSE, render(problem.cause))
        if problem.original and str(problem.original) != str(problem.cause):
            part(_SAID, inert(render(as_message(problem.original)), LONGEST))
        for step in problem.remedy:
            part(_REMEDY, render(step.text))
            for command in step.lines:
                write(indent + "  " + inert(command))
        if problem.who:
            part(_WHO, render(problem.who))
        if problem.wait:
            part(_WAIT, translate("up to {seconds} s may help", seconds=problem.wait))
        if problem.link:
            write(f"  {translate(_MORE):<{width}}{inert(problem.link)}")

    def _write(self, stream: TextIO, line: str, end: str = "\n") -> None:
        if self.live is not None:
            self.live.hide()
        try:
            stream.write(line + end)
            stream.flush()
        except OSError:
            # A failure to print must not stop the work in the middle; but results must not be lost silently.
            if stream is self.out:
                raise
        if self.live is not None:
            self.live.show()
