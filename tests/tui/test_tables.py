"""The tables of keys, colours, glyphs and texts are consistent."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from textual._xterm_parser import XTermParser
from textual.color import Color
from textual.command import CommandPalette
from textual.events import Key
from textual.pilot import Pilot

from kbq_tui.i18n import language
from kbq_tui.i18n.messages import translate
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard, screens, themes
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.glyphs import GLYPHS, STYLES, Tone, to_ascii
from kbq_tui.tui.modals.details import StepCommands
from kbq_tui.tui.modals.help import Help, help_text
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.step_help import STEP_HELP
from kbq_tui.tui.text import seconds
from kbq_tui.tui.widgets.static import hint_line, steps_line, where_line
from tests.tui import fakes
from tests.tui.screens import app_for, on, to_do, until

SOURCE = Path(keyboard.__file__).parent


def test_no_key_is_one_that_terminals_keep_for_themselves() -> None:
    for key in keyboard.KEYS:
        assert not keyboard.FORBIDDEN & set(key.keys.split(","))
        assert set(key.kept.split(",")) - {""} <= set(key.keys.split(","))
    used = set(re.findall(r'Binding\("([^"]+)"', "\n".join(p.read_text() for p in SOURCE.rglob("*.py"))))
    assert not keyboard.FORBIDDEN & {k for keys_ in used for k in keys_.split(",")}


def test_ids_are_unique_and_keys_do_not_collide_where_they_meet() -> None:
    assert len({k.id for k in keyboard.KEYS}) == len(keyboard.KEYS)
    for scope in {k.scope for k in keyboard.KEYS} - {"app", "working"}:
        together = [one for k in keyboard.KEYS if k.scope in (scope, "app") for one in k.keys.split(",")]
        assert len(together) == len(set(together)), scope


@pytest.fixture(params=["en", "de"])
def spoken(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each of the languages."""
    language.speak(request.param)
    yield
    language.speak("en")


def scopes_of_screens() -> list[tuple[str, ...]]:
    """The keys' scopes of each screen, and of a sheet of text."""
    for module in pkgutil.iter_modules(screens.__path__, f"{screens.__name__}."):
        import_module(module.name)
    found: set[tuple[str, ...]] = {("text",)}
    left: list[type[BaseScreen]] = [BaseScreen]
    while left:
        screen = left.pop()
        left += screen.__subclasses__()
        found |= {screen.scopes} if screen.scopes else set()
    return sorted(found)


def test_every_scope_is_one_of_a_screen() -> None:
    found = {scope for scopes in scopes_of_screens() for scope in scopes}
    assert found == {key.scope for key in keyboard.KEYS} - {"app", "working"}


@pytest.mark.parametrize("width", [58, 78])
@pytest.mark.parametrize("scopes", scopes_of_screens(), ids="+".join)
@pytest.mark.usefixtures("spoken")
def test_no_key_of_a_screen_falls_out_of_the_footer(scopes: tuple[str, ...], width: int) -> None:
    """In 60 and 80 columns: the keys that every screen has go first, then words; a screen's own keys stay."""
    own, wide = keyboard.hints(*scopes), keyboard.hints("app")
    kept = {keyboard.face(id_) for id_ in ("back", "help", "quit")}
    line = hint_line([("Enter", translate("Go on")), *own, *wide], width)
    shown = line.plain.split("  ")
    keys = [hint.split(" ")[0] for hint in shown]
    assert line.cell_length <= width
    assert keys[: len(own) + 1] == ["Enter", *(key for key, _ in own)]
    assert kept <= set(keys)
    assert " ".join(own[0]) in shown or width < keyboard.HINT_WIDTH
    if [hint for hint in own if " ".join(hint) not in shown]:  # words of the screen go after those of every screen
        assert [hint for hint in shown if hint in {" ".join(each) for each in wide}] == []


@pytest.mark.parametrize(
    ("scope", "without"),
    [
        ("source", ()),
        ("verify", ("go-on",)),
        ("verify", ("verify", "save", "check-tables")),
        *((scope, ()) for scope in ("project", "account", "permissions", "connect", "rotation", "text")),
    ],
)
@pytest.mark.usefixtures("spoken")
def test_in_80_columns_the_keys_of_a_screen_have_their_words(scope: str, without: tuple[str, ...]) -> None:
    """Those of the dashboard and of a connection are too many for that."""
    own = keyboard.hints(scope, without=frozenset(without))
    line = hint_line([("Enter", translate("Details")), *own, *keyboard.hints("app")], keyboard.HINT_WIDTH)
    assert [hint for hint in own if " ".join(hint) not in line.plain.split("  ")] == []


@pytest.mark.usefixtures("spoken")
def test_the_key_of_the_last_step_can_be_copied_in_60_columns() -> None:
    own = keyboard.hints("connect")
    line = hint_line([("Enter", translate("Go on")), *own, *keyboard.hints("app")], 58)
    values = hint_line([*own, *keyboard.hints("app")], 58)
    assert "p" in {hint.split(" ")[0] for hint in line.plain.split("  ")}
    assert all(" ".join(hint) in values.plain.split("  ") for hint in own)


async def test_a_key_that_was_given_another_one_does_it_and_is_shown_everywhere() -> None:
    given = {"help": ("f9",), "palette": ("f1",), "commands": ("f3", "?"), "quit": ("f12",), "next": ("o",)}
    app = app_for(fakes.resumed(Step.DATASETS), DisplayOptions(keymap=given))
    async with app.run_test(size=(80, 50)) as pilot:
        shown = await until(pilot, to_do(2))
        assert "F9 Help" in shown
        assert "F12 Quit" in shown
        before = app.focused
        await pilot.press("o")
        assert app.focused is not before
        await pilot.press("down", "up")  # the arrows stay
        await pilot.press("f10", "question_mark")
        await until(pilot, on(StepCommands))
        await pilot.press("escape", "f1")
        await until(pilot, on(CommandPalette))
        shown = await typed(pilot, "keys", "This screen and its keys")
        assert "F9" in next(line for line in shown.splitlines() if "This screen and its keys" in line)
        await pilot.press("escape", "f9")
        shown = await until(pilot, on(Help))
        assert "F3, ?" in await until(pilot, "F12")
        await pilot.press("f12")
    assert app.return_code == 0
    assert keyboard.use({}) == {}


async def typed(pilot: Pilot[int], text: str, awaited: str) -> str:
    await pilot.press(*text)
    return await until(pilot, awaited)


@pytest.mark.parametrize(
    ("given", "id_", "reason"),
    [
        ({"helf": ("f9",)}, "helf", "no such action"),
        ({"help": ("f25",)}, "help", "no key f25"),
        ({"help": ("f13",)}, "help", "no key f13"),
        ({"help": ("ctrl+f24",)}, "help", "no key ctrl+f24"),
        ({"help": ("shift+f3",)}, "help", "never arrives"),
        ({"help": ("question_mark",)}, "help", "no key question_mark"),
        ({"help": (" ",)}, "help", "no key"),
        ({"help": ()}, "help", "at least one"),
        ({"help": ("ctrl+b",)}, "help", "never arrives"),
        ({"next": ("tab",)}, "next", "need for themselves"),
        ({"quit": ("q",)}, "quit", "could not be typed"),
        ({"help": ("f2",)}, "help", "f2 is taken: palette"),
        ({"copy-row": ("v",)}, "copy-row", "v is taken: view"),
        ({"copy-row": ("j",)}, "copy-row", "j is taken: next"),
        ({"view": ("x",)}, "view", "x is taken: stop"),
        ({"help": ("f9",), "quit": ("f9",)}, "help", "f9 is taken: quit"),
        ({"next": ("up",)}, "next", "up is taken: previous"),
    ],
)
def test_keys_that_cannot_be_are_refused_with_the_reason(
    given: dict[str, tuple[str, ...]], id_: str, reason: str
) -> None:
    found = keyboard.fault(given)
    assert found is not None
    assert found[0] == id_
    assert reason in str(found[1])


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"help": ("f2",), "palette": ("f1",)},
        {"view-text": ("s",)},
        {"pick": ("?", "ctrl+o")},
        {"next": ("down", "n"), "go-on": ("o",), "new-connection": ("w",)},
        {"save": ("1",)},
        {"help": ("shift+f1",), "palette": ("ctrl+shift+f12",)},
    ],
)
def test_keys_that_never_meet_may_be_the_same(given: dict[str, tuple[str, ...]]) -> None:
    assert keyboard.fault(given) is None


@pytest.mark.parametrize("held", ["", "shift+", "ctrl+", "ctrl+shift+"])
@pytest.mark.parametrize("number", range(1, 13))
def test_a_function_key_can_be_chosen_where_it_arrives_as_xterm_sends_it(held: str, number: int) -> None:
    modifier = {"": 1, "shift+": 2, "ctrl+": 5, "ctrl+shift+": 6}[held]
    last = "PQRS"[number - 1] if number < 5 else "~"
    codes = {5: 15, 6: 17, 7: 18, 8: 19, 9: 20, 10: 21, 11: 23, 12: 24}
    sent = f"\x1bO{last}" if number < 5 and not held else f"\x1b[{codes.get(number, 1)};{modifier}{last}"
    arrives = [event.key for event in XTermParser().feed(sent) if isinstance(event, Key)]
    name = f"{held}f{number}"
    refused = keyboard.fault({"theme": (name,)}) if name not in taken() else None
    assert arrives == ([] if refused else [name])


def taken() -> set[str]:
    return {name for key in keyboard.KEYS if key.id != "theme" for name in key.now}


def test_keys_are_written_as_people_write_them() -> None:
    said = [keyboard.written(k) for k in ("f10", "ctrl+q", "escape", "pagedown", "x", "G", "+", "shift+up")]
    assert said == ["F10", "Ctrl+Q", "Esc", "PgDn", "x", "G", "+", "Shift+Up"]


@pytest.mark.parametrize("name", ["dark", "light", "contrast"])
def test_text_has_a_contrast_of_4_5_to_1_on_every_ground(name: str) -> None:
    theme = themes.THEMES[name]
    colours = {**theme.to_color_system().generate(), **theme.variables}
    pairs = [(ink, ground) for ink in themes.INKS for ground in themes.GROUNDS] + [("on-cursor", "cursor")]
    for ink, ground in pairs:
        ratio = contrast(Color.parse(colours[ink]), Color.parse(colours[ground]))
        assert ratio >= 4.5, (ink, ground, ratio)


def contrast(one: Color, other: Color) -> float:
    """Relative luminance contrast, https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""

    def luminance(colour: Color) -> float:
        parts = [c / 255 for c in (colour.r, colour.g, colour.b)]
        r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_tone_has_a_word_a_glyph_and_a_colour() -> None:
    assert set(GLYPHS) == set(STYLES) == set(Tone)
    assert all(len(g) == 1 for g in GLYPHS.values())
    assert all(to_ascii(g).isascii() and to_ascii(g).strip() for g in GLYPHS.values())
    assert not any(ord(g) > 0x2FFF for g in GLYPHS.values())  # no emoji


def test_ascii_takes_as_many_cells() -> None:
    assert to_ascii("✓ a→b … 日本 é für ß") == "* a>b ~ ???? e fur ?"


def test_the_title_shows_all_steps_at_80_and_their_numbers_at_60() -> None:
    wide = steps_line(Step.ACCOUNT, [Step.PROJECT, Step.DATASETS], 80)
    assert wide.cell_length <= 78
    assert all(word in wide.plain for word in ("Project", "3 Account", "6 Connect"))
    assert steps_line(Step.ACCOUNT, [], 60).cell_length <= 58


@pytest.mark.parametrize("width", [58, 78, 118, 198])
@pytest.mark.parametrize("notice", ["", "olga@bastion", "Talking to 127.0.0.1, not to Google: " + "x" * 200])
@pytest.mark.parametrize(
    "place", [(), ("default", "acme-analytics-prod"), ("a" * 30, "p" * 30), ("a" * 60, "日本" * 60)]
)
def test_the_line_under_the_title_fits_and_keeps_notice_and_project(
    width: int, notice: str, place: tuple[str, ...]
) -> None:
    line = where_line("The least roles that work.", notice, place, width)
    assert line.cell_length <= width
    if len(notice) < 20 and place != ("a" * 60, "日本" * 60):
        assert notice in line.plain
        assert line.plain.endswith(place[-1] if place else "")


def test_durations_are_said_as_people_say_them() -> None:
    assert [seconds(v) for v in (0.04, 9.96, 61, 125, 420)] == ["0.0 s", "10 s", "61 s", "2 min 5 s", "7 min"]


@pytest.mark.parametrize(
    "name", ["welcome", "project", "datasets", "account", "permissions", "verify", "connect", "dashboard"]
)
def test_every_screen_has_its_help_with_its_keys(name: str) -> None:
    text = help_text(name, (name,))
    assert text.startswith("# ")
    assert "**F10, Ctrl+Q**" in text


def test_every_step_has_its_lesson_in_lines_that_fit() -> None:
    assert set(STEP_HELP) == set(Step)
    assert all(len(lesson.intro) <= 78 for lesson in STEP_HELP.values())
