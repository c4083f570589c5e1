"""Commands for display: coloured by the kinds of their words, and broken only between arguments."""

from typing import Final

from textual.content import Content

from kbq_tui.i18n.messages import Message
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.tui.text import HANGING_INDENT, block, plain

_ARGUMENT: Final = pattern(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+")
"""A word of a shell command, including its quoted parts."""
_KEYWORD: Final = pattern(r"[A-Z]{2,}")
"""A word of SQL."""
_MOST: Final = 4_000


def command_text(command: str | Message, width: int = 0) -> Content:
    """Return a coloured command: its program, its options, its values.

    Args:
        command: gcloud, bq, kbq-tui or SQL; may be several lines.
        width: the available cells; 0 if the widget wraps it.
    """
    text = block(command, limit=_MOST).plain
    return Content("\n").join(_line(line, width) for line in text.split("\n"))


def _line(line: str, width: int) -> Content:
    words = [found[0] for found in _ARGUMENT.finditer(line)]
    if line.count("'") % 2 or line.count('"') % 2 or ("".join(words) != "".join(line.split()) and "'" not in line):
        return plain(line, "$primary", limit=_MOST)  # a quoted part continues on the next line
    options = [n for n, word in enumerate(words) if word.startswith("-")]
    named = min([*options, 3])
    lines, cells = [Content("")], 0
    for n, word in enumerate(words):
        shown = _word(word, n < named and line[:1].islower())
        if width and cells and cells + 1 + shown.cell_length > width:
            lines.append(Content(" " * HANGING_INDENT))
            cells = HANGING_INDENT
        elif n:
            shown = Content(" ") + shown
        lines[-1] += shown
        cells += shown.cell_length
    return Content("\n").join(lines)


def _word(word: str, named: bool) -> Content:
    """Return a word: programs are bold, an option has its own colour, its value another."""
    if word.startswith("-"):
        option, equals, value = word.partition("=")
        return Content.assemble((option + equals, "$secondary"), (value, "$primary"))
    if named or _KEYWORD.fullmatch(word):
        return Content.styled(word, "bold $primary")
    return Content.styled(word, "$primary")
