"""The only way for text to the screen: inert, and never read as markup."""

from functools import lru_cache

from rich.cells import cell_len
from textual.content import Content

from kbq_tui.i18n.messages import Message, language, render, translate
from kbq_tui.model.problem import Problem, RemedyStep
from kbq_tui.model.text import inert
from kbq_tui.tui.glyphs import BAR_EMPTY, BAR_FULL, GLYPHS, STYLES, WORDS, Tone

LINE = 300
"""The longest text of one line; the screen cuts the rest."""


def plain(text: str | Message, style: str = "", *, limit: int = LINE) -> Content:
    """Return text from outside as one line of content: no markup, no control characters.

    A message is rendered in the person's language. A name from outside is not translated, even if it is one of our
    words: a dataset may be called `export`.

    Args:
        text: any text.
        style: a style of ours; never one from outside.
        limit: the most characters.
    """
    return Content.styled(inert(shown(text), limit), style) if text else Content("")


def block(text: str | Message, style: str = "", *, limit: int = 4_000) -> Content:
    """Return text from outside as several lines."""
    return Content.styled(inert(shown(text), limit, keep_lines=True), style) if text else Content("")


def shown(text: str | Message) -> str:
    """Return a text in the form in which it is shown: a message in the person's language, anything else unchanged."""
    return render(text) if isinstance(text, Message) else text


def step_lines(step: RemedyStep) -> str:
    """Return a step of a remedy: its sentence, and each command on its own line."""
    return "\n".join(filter(None, (render(step.text), *step.lines)))


def status(tone: Tone) -> Content:
    """Return glyph and word of a tone, in its colour, one cell wider than the widest of them."""
    return Content.styled(f"{GLYPHS[tone]} {translate(WORDS[tone])}".ljust(status_width()), STYLES[tone])


def status_width() -> int:
    """Return the cells of `status`."""
    return _status_width(language())


@lru_cache
def _status_width(_: str) -> int:
    return max(len(translate(word)) for word in WORDS.values()) + 3


def columns(*cells: tuple[Content, int]) -> Content:
    """Return cells side by side; each is cut or padded to its width, 0 means unchanged."""
    parts: list[Content] = []
    for content, width in cells:
        if width and content.cell_length > width:
            parts.append(content.truncate(width - 1, ellipsis=True).pad_right(1))
        elif width:
            parts.append(content.pad_right(width - content.cell_length))
        else:
            parts.append(content)
    return Content("").join(parts)


def shortened(content: Content, width: int) -> Content:
    """Return content in `width` cells, cut in its middle, because the end of paths and addresses is as important as the
    start.

    Args:
        content: one line.
        width: the available cells; 1 or more.
    """
    if content.cell_length <= width:
        return content
    tail = (width - 1) // 2
    end = len(content)
    while end and content[end - 1 :].cell_length <= tail:
        end -= 1
    return content.truncate(width - 1 - content[end:].cell_length).append("…").append(content[end:])


def fitted(content: Content, width: int, lines: int, first: int = 0) -> Content:
    """Return a text on `lines` lines at most; of a longer one the last line is cut in its middle.

    A note may end with a key to press or the name of a file, so its end is as important as its start.

    Args:
        content: one line.
        width: the available cells; 1 or more.
        lines: 1 or more.
        first: width of what is before the text, such as a glyph; no line is broken there.
    """
    kept: list[Content] = []
    while content.cell_length > width and len(kept) < lines - 1:
        line, content = _broken(content, width, 0 if kept else first)
        kept.append(line)
    return Content("\n").join([*kept, shortened(content, width)])


HANGING_INDENT = 2
"""The indentation in cells of further lines if a word is too long to be aligned with the text."""


def wrapped(content: Content, width: int, first: int = 0) -> list[Content]:
    """Return a line as several lines, those after the first indented; nothing of it is cut.

    Args:
        content: one line.
        width: the available cells.
        first: width of what is before the text, such as a status. Further lines of the text are aligned with its first.
    """
    if content.cell_length <= width or width <= HANGING_INDENT:
        return [content]
    words = [cell_len(word) for word in content[first:].plain.split()] or [0]
    hang = first if max(words) <= width - first else HANGING_INDENT
    if width - first < words[0] <= width - hang:  # an address is not broken if it fits on a separate line
        line, content = content[:first].rstrip(), content[first:]
    else:
        line, content = _broken(content, width, first)
    lines = [line]
    while content.cell_length > width - hang:
        line, content = _broken(content, width - hang, 0)
        lines.append(line)
    return [lines[0], *(Content(" " * hang) + line for line in (*lines[1:], content))]


def _broken(content: Content, room: int, least: int) -> tuple[Content, Content]:
    """Return what fits, and the rest, broken after a word if there is one."""
    text, cells, most = content.plain, 0, 0
    for most, char in enumerate(text):  # noqa: B007  where it ends
        cells += cell_len(char)
        if cells > room:
            break
    at = text.rfind(" ", least, most + 1)
    at = at if at > least else most
    return content[:at].rstrip(), content[at + (text[at] == " ") :]


def brief(problem: Problem, *, more: bool = True) -> Content:
    """Return a problem in four or five lines: cause, the first step of the remedy, who can help.

    Args:
        problem: the problem.
        more: whether to say that Enter on the row shows the rest.
    """
    heads = headed(translate("Remedy"), translate("Who"))
    lines = [Content.assemble(plain(problem.title, "bold"), ". ", plain(problem.cause))]
    if problem.remedy:
        first = render(problem.remedy[0].text).rstrip(":.")
        steps = len(problem.remedy)
        where = translate(" ({n} steps: Enter on the row)", n=steps) if steps > 1 and more else ""
        lines.append(Content.assemble((heads[0], "$text-quiet"), plain(first), (where, "$text-quiet")))
    if problem.who:
        lines.append(Content.assemble((heads[1], "$text-quiet"), plain(render(problem.who).split(":")[0])))
    return Content("\n").join(lines)


def headed(*heads: str, gap: int = 2) -> list[str]:
    """Return headings for the beginnings of lines, all `gap` cells wider than the widest."""
    width = max(map(len, heads)) + gap
    return [head.ljust(width) for head in heads]


BAR_CELLS = 10


def bar(done: int, all_: int) -> Content:
    """Return the progress as a bar and as numbers: `███████░░░ 2/3`."""
    full = BAR_CELLS * done // all_ if all_ else 0
    return Content.assemble(
        (BAR_FULL * full, "$success"), (BAR_EMPTY * (BAR_CELLS - full), "$text-quiet"), f" {done}/{all_}"
    )


def seconds(value: float) -> str:
    """Return a duration as people say it: `0.3 s`, `12 s`, `2 min 5 s`."""
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
