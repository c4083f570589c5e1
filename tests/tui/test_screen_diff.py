"""What is left out is shown by the terminal already: a partial painting looks like a whole one."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.control import Control
from rich.segment import Segment
from rich.style import Style

from kbq_tui.tui.screen_diff import Painter

Piece = tuple[int, int, str, Style | None]
WIDTH, HEIGHT = 24, 4
STYLES = [
    None,
    Style(color="red"),
    Style(bold=True, bgcolor="#102030"),
    Style(bold=True, color="#405060", bgcolor="#102030"),
    Style(italic=True, underline=True, color="#405060", bgcolor="#102030"),
    Style(bold=True, italic=True, bgcolor="#102030"),
    Style(reverse=True, meta={"offset": (1, 2)}),
]
TEXTS = st.text(st.sampled_from("ab ✓─日\u0301"), max_size=12)
PIECES = st.lists(
    st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), TEXTS, st.sampled_from(STYLES)), max_size=6
)


def segments(pieces: list[Piece]) -> list[Segment]:
    out: list[Segment] = []
    for x, y, text, style in pieces:
        out += [Control.move_to(x, y).segment, Segment(text, style), Segment("\n")]
    return out


def blank() -> list[Segment]:
    return segments([(0, y, " " * WIDTH, None) for y in range(HEIGHT)])


class Shown:
    """A terminal that does not wrap, as Textual sets it."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self.screen)
        self._stream.feed("\x1b[?7l")

    def feed(self, text: str) -> None:
        self._stream.feed(text)

    def cells(self) -> list[list[pyte.screens.Char]]:
        return [[self.screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


@given(st.lists(st.tuples(TEXTS, st.sampled_from(STYLES)), max_size=12), PIECES)
def test_a_first_painting_shows_what_one_over_an_empty_screen_shows(
    texts: list[tuple[str, Style | None]], then: list[Piece]
) -> None:
    lines = [segment for text, style in texts for segment in (Segment(text[:WIDTH], style), Segment("\n"))]
    first: list[Segment] = []
    for y, line in enumerate(lines[: 2 * HEIGHT : 2]):
        first += [Control.move_to(0, y).segment, line, Segment("tail"[: WIDTH - line.cell_length], STYLES[1])]
    once, twice, painter, other = Shown(), Shown(), Painter(), Painter()
    once.feed(painter.changes(first, WIDTH, HEIGHT))
    twice.feed(other.changes([], WIDTH, HEIGHT) + other.changes(first, WIDTH, HEIGHT))
    assert once.cells() == twice.cells()
    once.feed(painter.changes(segments(then), WIDTH, HEIGHT))
    twice.feed(other.changes(segments(then), WIDTH, HEIGHT))
    assert once.cells() == twice.cells()


@given(st.lists(PIECES, max_size=5))
def test_many_small_paintings_show_what_one_whole_painting_shows(
    drawings: list[list[Piece]],
) -> None:
    sparing, whole, painter = Shown(), Shown(), Painter()
    for drawing in [blank(), *map(segments, drawings)]:
        sparing.feed(painter.changes(drawing, WIDTH, HEIGHT))
    everything = [piece for drawing in drawings for piece in segments(drawing)]
    whole.feed(Painter().changes([*blank(), *everything], WIDTH, HEIGHT))
    assert sparing.cells() == whole.cells()


def test_what_is_shown_already_costs_nothing_and_a_cell_little() -> None:
    painter = Painter()
    first = painter.changes(blank(), WIDTH, HEIGHT)
    assert len(first) >= WIDTH * HEIGHT
    assert painter.changes(blank(), WIDTH, HEIGHT) == ""
    assert painter.changes(segments([(3, 2, "x", None)]), WIDTH, HEIGHT) == "\x1b[3;4Hx"
    two = painter.changes(segments([(0, 0, "a" + " " * 10 + "b", STYLES[1])]), WIDTH, HEIGHT, ColorSystem.STANDARD)
    assert two == "\x1b[1;1H\x1b[0;31ma" + " " * 10 + "b\x1b[0m"
    moved = painter.changes(segments([(0, 0, "c" + " " * 10 + "d", STYLES[1])]), WIDTH, HEIGHT, ColorSystem.STANDARD)
    assert moved == "\x1b[1;1H\x1b[0;31mc\x1b[10Cd\x1b[0m"


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT + 1), (WIDTH + 1, HEIGHT), (1, 1)])
def test_after_a_resize_and_after_forgetting_everything_is_sent_again(size: tuple[int, int]) -> None:
    painter = Painter()
    painter.changes(blank(), WIDTH, HEIGHT)
    assert painter.changes(blank(), *size)
    painter.changes(blank(), *size)
    painter.forget()
    assert painter.changes(blank(), *size)


def test_the_default_colours_are_not_named() -> None:
    style = Style.parse("bold default on default")
    assert "\x1b[0;1mx\x1b[0m" in Painter().changes(segments([(0, 0, "x", style)]), WIDTH, HEIGHT)
    blue = Style.parse("color(39) on color(49)")
    assert "\x1b[0;38;5;39;48;5;49mx" in Painter().changes(segments([(0, 0, "x", blue)]), WIDTH, HEIGHT)


def test_of_the_next_style_only_what_differs_is_sent() -> None:
    texts = [(0, 0, "a", STYLES[3]), (1, 0, "b", STYLES[4]), (2, 0, "c", STYLES[2])]
    sent = Painter().changes(segments(texts), WIDTH, HEIGHT)
    assert sent == "\x1b[1;1H\x1b[0;1;38;2;64;80;96;48;2;16;32;48ma\x1b[22;3;4mb\x1b[23;24;1;39mc\x1b[0m"


def test_a_terminal_without_colours_gets_none() -> None:
    assert "\x1b[0" not in Painter().changes(segments([(0, 0, "x", STYLES[1])]), WIDTH, HEIGHT, None)
