"""Rows under a heading, as plain aligned text."""

from collections.abc import Sequence

from kbq_tui.model.text import without_colour

_GAP = "  "


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Return lines in which each column is as wide as its longest cell; the last one is not padded.

    Args:
        heading: the columns' names.
        rows: the cells, one for each column; colours in them count as no width.
        right: the numbers of columns that are aligned right.
    """
    lines = [heading, *rows]
    widths = [max(_width(line[at]) for line in lines) for at in range(len(heading))]

    def aligned(line: Sequence[str]) -> str:
        cells = []
        for at, (cell, width) in enumerate(zip(line, widths, strict=True)):
            room = " " * (width - _width(cell))
            cells.append(room + cell if at in right else cell + room)
        return _GAP.join(cells).rstrip()

    return [aligned(line) for line in lines]


def _width(cell: str) -> int:
    return len(without_colour(cell))
