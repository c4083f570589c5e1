"""Pasted text is only text, whatever is in it: it presses no key and no button, and is explained correctly."""

from collections.abc import Iterator

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste

from kbq_tui.model.steps import Step
from kbq_tui.tui.input_decoder import InputDecoder
from kbq_tui.tui.screens.project import ProjectScreen
from kbq_tui.tui.widgets.field import Field, LineInput
from tests.tui import fakes
from tests.tui.screens import app_for, on, text_of, until

COLOURED = "ERROR: \x1b[31;1mAccess Denied\x1b[0m: Project p:\r\n\x1b]0;owned\x07User does not have bigquery.x\x00\r"
PLAIN = "ERROR: Access Denied: Project p:\r\nUser does not have bigquery.x\r"


def events(*chunks: bytes) -> Iterator[Key | Paste]:
    """The events that Textual makes of the terminal's bytes."""
    decoder, parser = InputDecoder(), XTermParser()
    for chunk in chunks:
        text = decoder.decode(chunk)
        for event in parser.feed(text) if text else ():  # as its driver does: no bytes would mean the end
            assert isinstance(event, Key | Paste)
            yield event


def heard(*chunks: bytes) -> list[str]:
    """The same as text: pasted text in angle brackets, and the names of keys."""
    return [f"<{event.text}>" if isinstance(event, Paste) else event.key for event in events(*chunks)]


@pytest.mark.parametrize("cut", range(0, 110, 3))
def test_pasted_colours_and_titles_press_no_key(cut: int) -> None:
    sent = b"a\x1b[200~" + COLOURED.encode() + b"\x1b[201~b\x1b[A"
    assert heard(sent[:cut], sent[cut:]) == ["a", f"<{PLAIN}>", "b", "up"]


@pytest.mark.parametrize(
    "odd", ["\x1b", "\x1b[", "\x1b]0;never ended", "\x1bO", "\x1b[201", "\x9b31m", "\x1b[200~", "\x08\x7f"]
)
def test_what_is_no_whole_sequence_presses_none_either(odd: str) -> None:
    pasted, *more = heard(b"\x1b[200~one" + odd.encode() + b"\rtwo\x1b[201~", b"c")
    assert pasted.startswith("<one")
    assert pasted.endswith("two>")
    assert "\x1b" not in pasted
    assert more == ["c"]


def test_much_of_it_byte_by_byte_is_quick_and_whole() -> None:
    text = "line \x1b[1mof\x1b[0m a log\r" * 2_000
    sent = b"\x1b[200~" + text.encode() + b"\x1b[201~"
    assert heard(*(bytes([byte]) for byte in sent)) == ["<" + "line of a log\r" * 2_000 + ">"]


def test_a_single_key_is_never_held_back() -> None:
    assert list(InputDecoder().decode(b"\x1b")) == ["\x1b"]
    assert InputDecoder().decode(b"\x1b[A") == "\x1b[A"


@pytest.mark.parametrize(
    ("pasted", "value", "said"),
    [
        ("acme-shop-eu", "acme-shop-eu", ""),
        ("\n  \nacme-shop-eu\n", "acme-shop-eu", ""),
        ("acme-shop-eu\nacme-shop-us", "acme-shop-eu", "Of 2 lines that were pasted, the first was taken."),
        ("a" * 2_001, "", "Nothing was taken"),
        ("\n", "", ""),
    ],
    ids=["one line", "blank lines around", "two lines", "too long", "blank"],
)
async def test_a_field_takes_one_line_and_says_what_it_left_out(pasted: str, value: str, said: str) -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.blank()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(ProjectScreen))
        field = app.screen.query_one("#field-project", Field)
        await until(pilot, lambda: app.focused is field.query_one(LineInput))
        app.post_message(Paste(pasted))
        await until(pilot, lambda: field.value == value)
        await until(pilot, said or "Project ID")
        assert field.value == value
        if not said:
            assert "pasted" not in text_of(app)


async def test_what_is_pasted_over_a_selection_takes_its_place() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.blank()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(ProjectScreen))
        line = app.screen.query_one("#field-project", Field).query_one(LineInput)
        await until(pilot, lambda: app.focused is line)
        line.value = "b" * 2_000
        line.select_all()
        app.post_message(Paste("acme-shop-eu"))
        await until(pilot, lambda: line.value == "acme-shop-eu")
