"""The one way by which text gets on the screen: inert, and never read as markup."""

from textual.content import Content

from kbq_tui.core.problems import Problem
from kbq_tui.core.text import inert
from kbq_tui.tui.glyphs import GLYPHS, STYLES, Tone

LINE = 300
"""The longest text that one line is given; the screen cuts the rest."""


def plain(text: str, style: str = "", *, limit: int = LINE) -> Content:
    """Return text from outside as one line of content: no markup, no control characters.

    Args:
        text: any text.
        style: a style of ours; never one from outside.
        limit: characters at most.
    """
    return Content.styled(inert(text, limit), style) if text else Content("")


def block(text: str, style: str = "", *, limit: int = 4_000) -> Content:
    """Return text from outside as several lines."""
    return Content.styled(inert(text, limit, keep_lines=True), style) if text else Content("")


def status(tone: Tone, width: int = 11) -> Content:
    """Return glyph and word of a tone, in its colour, padded to `width` cells."""
    return Content.styled(f"{GLYPHS[tone]} {tone.value}".ljust(width), STYLES[tone])


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
    lines = [Content.assemble(plain(problem.title, "bold"), ". ", plain(problem.cause))]
    if problem.remedy:
        first = problem.remedy[0].split("\n")[0].rstrip(":.")
        steps = len(problem.remedy)
        more = f" ({steps} steps: Enter on the row)" if steps > 1 else ""
        lines.append(Content.assemble(("Remedy  ", "$text-quiet"), plain(first), (more, "$text-quiet")))
    if problem.who:
        lines.append(Content.assemble(("Who     ", "$text-quiet"), plain(problem.who.split(":")[0])))
    return Content("\n").join(lines)


def seconds(value: float) -> str:
    """Return a duration as a person says it: `0.3 s`, `12 s`, `2 min 5 s`."""
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
