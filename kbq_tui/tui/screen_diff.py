"""Sends the terminal only the cells that changed. Textual sends whole regions, which cost 12 kB for a step over a slow
line."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import ControlType, Segment
from rich.style import Style

from kbq_tui.model.lazy_pattern import pattern

Cell = tuple[str, str]
"""The character of a cell (empty for the right half of a wide character), and the parameters of its SGR sequence."""

MAX_GAP_CELLS = 4
"""The most unchanged cells between two changes that are cheaper to send again than to skip."""

_PARAMETER = pattern(r"[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|\d+")
"""One SGR parameter, ECMA-48 8.3.117; an extended colour is one."""

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29"}
"""The codes that end an attribute, of those that every terminal knows: ECMA-48 8.3.117. Bold and faint end together."""


@lru_cache(maxsize=4096)
def _sgr(style: Style | None, colours: ColorSystem | None) -> str:
    if style is None:
        return ""
    before, _, _ = style.update_link(None).render("\0", color_system=colours).partition("\0")
    if "39" not in before and "49" not in before:
        return before.removeprefix("\x1b[").removesuffix("m")
    # Each sequence begins with a reset, so default colours need no code; without colours there is only that.
    return ";".join(p for p in _PARAMETER.findall(before) if p not in ("39", "49"))


@lru_cache(maxsize=4096)
def _turn(pen: str, sgr: str) -> str:
    """Return the SGR sequence from one style to another: the whole new one, or the difference if that is shorter.

    Two styles have much in common, such as the background, and an RGB colour takes some 18 bytes. The first style of a
    painting is sent completely, because other programs may have changed the terminal's style.
    """
    whole = f"\x1b[0;{sgr}m" if sgr else "\x1b[0m"
    if not pen or not sgr:
        return whole
    (old, *before), (new, *after) = _parts(pen), _parts(sgr)
    gone = [_OFF.get(attribute, "") for attribute in old - new]
    if not all(gone):
        return whole
    kept = old & new - {attribute for attribute in new if _OFF.get(attribute) in gone}
    changed = [colour for colour, was in zip(after, before, strict=True) if colour != was]
    return min(f"\x1b[{';'.join([*sorted(set(gone)), *sorted(new - kept), *changed])}m", whole, key=len)


def _parts(sgr: str) -> tuple[frozenset[str], str, str]:
    """Return attributes, foreground and background of a style."""
    attributes, foreground, background = set[str](), "39", "49"
    for parameter in _PARAMETER.findall(sgr):
        kind = int(parameter.partition(";")[0])
        if 30 <= kind <= 38 or 90 <= kind <= 97:
            foreground = parameter
        elif 40 <= kind <= 48 or 100 <= kind <= 107:
            background = parameter
        else:
            attributes.add(parameter)
    return frozenset(attributes), foreground, background


class Painter:
    """Knows what the terminal shows.

    Attributes:
        began: whether anything has been painted.
    """

    def __init__(self) -> None:
        self.began = False
        self._rows: list[list[Cell | None]] = []
        self._width = 0
        self._painted: list[tuple[int, int, str, str]] = []
        """What was sent to the terminal and is not in `_rows` yet: column, row, text and SGR parameters."""

    def forget(self) -> None:
        """Paint everything next time, because another program may have drawn on the terminal, or its size has
        changed."""
        self._rows, self._painted = [], []

    def changes(
        self, segments: Iterable[Segment], width: int, height: int, colours: ColorSystem | None = ColorSystem.TRUECOLOR
    ) -> str:
        """Return what makes the terminal show some segments; empty if it shows them already.

        Args:
            segments: text, and movements of the cursor.
            width, height: the terminal's size.
            colours: the number of its colours.
        """
        self.began = True
        if (self._width, len(self._rows)) != (width, height):
            self._width, self._rows = width, [[None] * width for _ in range(height)]
            self._painted, first = [], True
        else:
            self._catch_up()
            first = False
        placed = [(x, y, text, _sgr(style, colours)) for x, y, text, style in _placed(segments) if 0 <= y < height]
        if first and _in_order(placed, width):
            return self._whole(placed)
        new: dict[int, list[Cell | None]] = {}
        for x, y, text, sgr in placed:
            _put(new.setdefault(y, self._rows[y].copy()), x, text, sgr)
        out: list[str] = []
        pen = ""
        for y, row in sorted(new.items()):
            at = -1
            for start, end in _runs(self._rows[y], row):
                out.append(f"\x1b[{start - at}C" if at >= 0 else f"\x1b[{y + 1};{start + 1}H")
                for cell in row[start:end]:
                    text, sgr = cell or (" ", "")
                    if sgr != pen:
                        out.append(_turn(pen, sgr))
                        pen = sgr
                    out.append(text)
                at = end
            self._rows[y] = row
        if pen:
            out.append("\x1b[0m")
        return "".join(out)

    def _whole(self, placed: list[tuple[int, int, str, str]]) -> str:
        """Return what makes the terminal show a whole painting; there is nothing yet to compare it with.

        The first screen is painted this way. Its cells are needed only for the second painting, and are computed then.
        """
        self._painted = placed
        out: list[str] = []
        pen, at = "", (-1, -1)
        for x, y, text, sgr in placed:
            if (x, y) != at:
                out.append(f"\x1b[{y + 1};{x + 1}H")
            if sgr != pen:
                out.append(_turn(pen, sgr))
                pen = sgr
            out.append(text)
            at = (x + len(text), y)
        if pen:
            out.append("\x1b[0m")
        return "".join(out)

    def _catch_up(self) -> None:
        for x, y, text, sgr in self._painted:
            _put(self._rows[y], x, text, sgr)
        self._painted = []


def _in_order(placed: list[tuple[int, int, str, str]], width: int) -> bool:
    """Return whether texts follow each other without overlap, in characters that are one cell wide."""
    end, row = 0, 0
    for x, y, text, _ in placed:
        if y < row or (y == row and x < end) or not (text.isascii() or all(cell_len(c) == 1 for c in text)):
            return False
        end, row = x + len(text), y
        if end > width:
            return False
    return True


def _placed(segments: Iterable[Segment]) -> Iterator[tuple[int, int, str, Style | None]]:
    """Yield each text with its column and row."""
    x = y = 0
    for text, style, control in segments:
        if control is None:
            if text != "\n":
                yield x, y, text, style
                x += cell_len(text)
            continue
        for code in control:
            if isinstance(code, tuple) and len(code) == 3 and code[0] is ControlType.CURSOR_MOVE_TO:
                x, y = int(code[1]), int(code[2])


def _put(row: list[Cell | None], x: int, text: str, sgr: str) -> None:
    start, cells = x, list[Cell | None]()
    for char in text:
        wide = 1 if char.isascii() else cell_len(char)
        if wide:
            cells += [(char, sgr), *[("", sgr)] * (wide - 1)]
        elif cells:
            at = len(cells) - 1 if cells[-1] != ("", sgr) else len(cells) - 2
            cells[at] = ((cells[at] or ("", ""))[0] + char, sgr)
    end = min(start + len(cells), len(row))
    for half in (start, end):  # the rest of a wide character whose other half is overwritten is a blank
        if 0 < half < len(row) and (cell := row[half]) is not None and not cell[0]:
            row[half - 1] = row[half] = (" ", cell[1])
    if 0 <= start < end:
        row[start:end] = cells[: end - start]


def _runs(old: list[Cell | None], new: list[Cell | None]) -> Iterator[tuple[int, int]]:
    """Yield where a row differs. A row with characters that are not one cell wide is sent whole, because terminals
    differ."""
    if old == new:
        return
    if any(cell is not None and len(cell[0]) != 1 for row in (old, new) for cell in row):
        yield 0, len(new)
        return
    start = end = -1
    for x, (before, after) in enumerate(zip(old, new, strict=True)):
        if before == after:
            continue
        if start >= 0 and x - end > MAX_GAP_CELLS:
            yield start, end
            start = x
        elif start < 0:
            start = x
        end = x + 1
    yield start, end
