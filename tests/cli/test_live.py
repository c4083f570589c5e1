"""Lines that are redrawn in place, as a terminal emulator shows them."""

import io

import pyte
import pytest

from kbq_tui.cli.console import Console
from kbq_tui.cli.live import LiveLine, LiveLines, cells, cut, size_of


class Screen(io.StringIO):
    """A terminal emulator."""

    def __init__(self, columns: int = 40, rows: int = 12) -> None:
        super().__init__()
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self.sent = 0

    def write(self, text: str) -> int:
        self.sent += len(text)
        self._stream.feed(text.replace("\n", "\r\n"))
        return len(text)

    def size(self) -> tuple[int, int]:
        return self.screen.columns, self.screen.lines

    @property
    def text(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def console(screen: Screen) -> Console:
    return Console(screen, screen, live=LiveLines(screen, screen.size))


def line(text: str) -> LiveLine:
    return LiveLine("… ", 2, text)


def test_a_line_is_redrawn_in_place(console: Console, screen: Screen) -> None:
    assert console.live is not None
    console.say("above")
    for second in range(5):
        for key in "ab":
            console.live.put(key, line(f"{key}: {second} s"))
    assert screen.text == ["above", "… a: 4 s", "… b: 4 s"]


def test_what_is_written_meanwhile_goes_above(console: Console, screen: Screen) -> None:
    assert console.live is not None
    console.live.put("a", line("a: 1 s"))
    console.say("said")
    console.live.put("a", line("a: 2 s"))
    console.result("result")
    assert screen.text == ["said", "result", "… a: 2 s"]
    console.live.drop("a")
    console.say("last")
    assert screen.text == ["said", "result", "last"]


def test_a_line_that_ends_between_others_closes_the_gap(console: Console, screen: Screen) -> None:
    assert console.live is not None
    for key in "abc":
        console.live.put(key, line(key))
    console.live.drop("b")
    console.live.put("c", line("c again"))
    assert screen.text == ["… a", "… c again"]
    console.live.clear()
    assert screen.text == []


def test_a_long_line_is_cut_to_one_row(console: Console, screen: Screen) -> None:
    assert console.live is not None
    for second in range(3):
        console.live.put("a", line(f"{second} " + "x" * 200))
    assert len(screen.text) == 1
    assert screen.text[0].startswith("… 2 x")
    assert screen.text[0].endswith("…")


def test_where_a_title_and_its_text_have_no_room_on_one_row_they_take_two(console: Console, screen: Screen) -> None:
    assert console.live is not None
    for second in range(3):
        for key in "ab":
            console.live.put(
                key, LiveLine("… ", 2, f"Grant on dataset {key}", f"granted {second} s ago; nothing to do")
            )
        console.live.put("c", LiveLine("… ", 2, "c", f"{second} s"))
    assert screen.text == [
        "… Grant on dataset a",
        "  granted 2 s ago; nothing to do",
        "… Grant on dataset b",
        "  granted 2 s ago; nothing to do",
        "… c: 2 s",
    ]
    console.live.put("b", LiveLine("… ", 2, "b", "short"))
    console.say("said")
    assert screen.text[0] == "said"
    assert screen.text[3:] == ["… b: short", "… c: 2 s"]


def test_a_terminal_made_narrower_leaves_nothing_behind(console: Console, screen: Screen) -> None:
    assert console.live is not None
    console.live.put("a", line("1 " + "x" * 30))
    shown = screen.text
    screen.screen.reset()
    screen.screen.resize(12, 20)
    screen.write("".join(f"{row}\n" for row in (shown[0][:20], shown[0][20:])))  # as a terminal rewraps it
    console.live.put("a", line("2 " + "x" * 30))
    assert len(screen.text) == 1
    assert screen.text[0].startswith("… 2 x")


def test_more_lines_than_rows_are_counted(console: Console, screen: Screen) -> None:
    assert console.live is not None
    for n in range(30):
        console.live.put(str(n), line(f"line {n}"))
    console.live.put("0", line("line 0 again"))
    assert screen.text[0] == "… line 0 again"
    assert screen.text[-1] == "… 21 more wait"
    assert len(screen.text) == 10
    console.live.clear()
    assert screen.text == []


def test_a_line_that_says_the_same_sends_nothing(console: Console, screen: Screen) -> None:
    assert console.live is not None
    console.live.put("a", line("same"))
    before = screen.sent
    console.live.put("a", line("same"))
    assert screen.sent == before


def test_a_stream_that_is_gone_stops_nothing() -> None:
    class UnwritableText(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError

    live = LiveLines(UnwritableText(), lambda: (80, 24))
    live.put("a", line("a"))
    live.drop("a")


def test_wide_and_combining_characters_take_their_cells() -> None:
    assert cells("\N{CJK UNIFIED IDEOGRAPH-4E00}a\N{COMBINING ACUTE ACCENT}") == 3
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdef", 4) == "abc…"
    assert cut("\N{CJK UNIFIED IDEOGRAPH-4E00}" * 5, 6) == "\N{CJK UNIFIED IDEOGRAPH-4E00}" * 2 + "…"
    assert cut("abc", 0) == "…"


def test_what_is_no_terminal_has_a_size_all_the_same() -> None:
    assert size_of(io.StringIO()) == (80, 24)
