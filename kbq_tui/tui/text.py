"""The one way by which text gets on the screen: inert, and never read as markup."""

from functools import lru_cache

from textual.content import Content

from kbq_tui.core.problems import Problem
from kbq_tui.core.text import inert
from kbq_tui.core.words import Said, language, told
from kbq_tui.tui.glyphs import GLYPHS, STYLES, WORDS, Tone

LINE = 300
"""The longest text that one line is given; the screen cuts the rest."""


def plain(text: str, style: str = "", *, limit: int = LINE) -> Content:
    """Return text from outside as one line of content: no markup, no control characters.

    What was said below comes out in the person's language. A name from outside stays as it is, even where it is one of
    our words: a dataset may be called `export`.

    Args:
        text: any text.
        style: a style of ours; never one from outside.
        limit: characters at most.
    """
    return Content.styled(inert(_told(text), limit), style) if text else Content("")


def block(text: str, style: str = "", *, limit: int = 4_000) -> Content:
    """Return text from outside as several lines."""
    return Content.styled(inert(_told(text), limit, keep_lines=True), style) if text else Content("")


def _told(text: str) -> str:
    return told(text) if isinstance(text, Said) else text


def status(tone: Tone) -> Content:
    """Return glyph and word of a tone, in its colour, as wide as the widest of them and one cell more."""
    return Content.styled(f"{GLYPHS[tone]} {told(WORDS[tone])}".ljust(status_width()), STYLES[tone])


def status_width() -> int:
    """Return the cells of `status`."""
    return _status_width(language())


@lru_cache
def _status_width(_: str) -> int:
    return max(len(told(word)) for word in WORDS.values()) + 3


def columns(*cells: tuple[Content, int]) -> Content:
    """Return cells side by side; each is cut or padded to its width, 0 means as it is."""
    parts: list[Content] = []
    for content, width in cells:
        if width and content.cell_length > width:
            parts.append(content.truncate(width - 1, ellipsis=True).pad_right(1))
        elif width:
            parts.append(content.pad_right(width - content.cell_length))
        else:
            parts.append(content)
    return Content("").join(parts)


def brief(problem: Problem) -> Content:
    """Return a problem in four or five lines: cause, the first step of the remedy, who can help."""
    heads = headed(told("Remedy"), told("Who"))
    lines = [Content.assemble(plain(problem.title, "bold"), ". ", plain(problem.cause))]
    if problem.remedy:
        first = told(problem.remedy[0]).split("\n")[0].rstrip(":.")
        steps = len(problem.remedy)
        more = told(" ({n} steps: Enter on the row)", n=steps) if steps > 1 else ""
        lines.append(Content.assemble((heads[0], "$text-quiet"), plain(first), (more, "$text-quiet")))
    if problem.who:
        lines.append(Content.assemble((heads[1], "$text-quiet"), plain(told(problem.who).split(":")[0])))
    return Content("\n").join(lines)


def headed(*heads: str, gap: int = 2) -> list[str]:
    """Return headings that stand at the beginning of lines, all as wide as the widest and `gap` cells more."""
    width = max(map(len, heads)) + gap
    return [head.ljust(width) for head in heads]


def seconds(value: float) -> str:
    """Return a duration as a person says it: `0.3 s`, `12 s`, `2 min 5 s`."""
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
