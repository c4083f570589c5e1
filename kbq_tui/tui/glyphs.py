"""A status is shown as a word, a glyph and a colour, so that it can be read without any one of them."""

from enum import StrEnum
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from kbq_tui.i18n.messages import N_
from kbq_tui.model import status_words


class Tone(StrEnum):
    """The state of a row's subject."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"
    WARN = "warn"
    SKIP = "skip"
    WAIT = "wait"
    RUN = "run"
    READ = "read"
    TODO = "todo"
    CREATE = "create"
    UPDATE = "update"
    GRANT = "grant"
    DELETE = "delete"
    NOOP = "noop"
    BLOCKED = "blocked"
    DONE = "done"


WORDS: Final = {
    Tone.OK: status_words.OK,
    Tone.FAIL: status_words.FAIL,
    Tone.UNKNOWN: status_words.UNKNOWN,
    Tone.WARN: status_words.WARNING,
    Tone.SKIP: status_words.SKIPPED,
    Tone.WAIT: status_words.WAITING,
    Tone.RUN: N_("working"),
    Tone.READ: N_("reading"),
    Tone.TODO: N_("to do"),
    Tone.CREATE: status_words.CREATE,
    Tone.UPDATE: status_words.UPDATE,
    Tone.GRANT: status_words.GRANT,
    Tone.DELETE: status_words.DELETE,
    Tone.NOOP: status_words.IN_PLACE,
    Tone.BLOCKED: status_words.BLOCKED,
    Tone.DONE: status_words.DONE,
}

GLYPHS: Final = {
    Tone.OK: "✓",
    Tone.FAIL: "✗",
    Tone.UNKNOWN: "?",
    Tone.WARN: "!",
    Tone.SKIP: "○",
    Tone.WAIT: "…",
    Tone.RUN: "▸",
    Tone.READ: "…",
    Tone.TODO: "○",
    Tone.CREATE: "+",
    Tone.UPDATE: "~",
    Tone.GRANT: "~",
    Tone.DELETE: "-",
    Tone.NOOP: "=",
    Tone.BLOCKED: "✗",
    Tone.DONE: "✓",
}

STYLES: Final = {
    Tone.OK: "$success",
    Tone.FAIL: "bold $error",
    Tone.UNKNOWN: "$warning",
    Tone.WARN: "$warning",
    Tone.SKIP: "$text-quiet",
    Tone.WAIT: "$secondary",
    Tone.RUN: "$secondary",
    Tone.READ: "$text-quiet",
    Tone.TODO: "$text-quiet",
    Tone.CREATE: "bold $success",
    Tone.UPDATE: "bold $warning",
    Tone.GRANT: "bold $warning",
    Tone.DELETE: "bold $error",
    Tone.NOOP: "$text-quiet",
    Tone.BLOCKED: "bold $error",
    Tone.DONE: "$success",
}

RULE: Final = "─"
ARROW: Final = "→"
DOT: Final = "·"
HERE: Final = "▸"
UP: Final = "↑"
DOWN: Final = "↓"
CHANGED: Final = "≠"
BAR_FULL: Final = "█"
BAR_EMPTY: Final = "░"
HINT: Final = "›"
"""Marks a hint: what can be done, not what was seen."""
NOTHING: Final = "–"
"""Shown if there is nothing; what could not be read is a question mark."""

_ASCII: Final = str.maketrans(
    {
        "✓": "*",
        "✗": "x",
        "○": "o",
        "•": "*",
        "·": "|",
        "▸": ">",
        "›": ">",
        "→": ">",
        "≠": "#",
        "↑": "^",
        "↓": "v",
        "…": "~",
        "─": "-",
        "━": "=",
        "│": "|",
        "╭": "+",
        "╮": "+",
        "╰": "+",
        "╯": "+",
        **dict(zip("▁▂▃▄▅▆▇█", ".:=+*&%#", strict=True)),  # as in model.figures
        "░": ".",
        "–": "-",
        "—": "-",
        "’": "'",
        "“": '"',
        "”": '"',
        "\N{NO-BREAK SPACE}": " ",
        "\N{REPLACEMENT CHARACTER}": "?",
    }
)


def to_ascii(text: str) -> str:
    """Return text in ASCII that takes as many cells as before."""
    if text.isascii():
        return text
    text = text.translate(_ASCII)
    if text.isascii():
        return text
    return "".join(c if c.isascii() else _in_cells(c) for c in text)


def _in_cells(character: str) -> str:
    """Return what stands for one character: its letter without marks, else one sign for each of its cells."""
    from unicodedata import normalize  # only for a terminal that needs it

    letter, width = normalize("NFKD", character)[:1], cell_len(character)
    return letter if width == 1 and letter.isascii() else ("?" if character.isalnum() else "#") * width


class AsciiFilter(LineFilter):
    """Turns every line into ASCII for a terminal that shows nothing else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with ASCII text."""
        return [
            segment if segment.control is not None else Segment(to_ascii(segment.text), segment.style)
            for segment in segments
        ]
