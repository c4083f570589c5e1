"""Keys, colours, glyphs and texts: tables that keep their promises."""

import re
from pathlib import Path

import pytest
from textual.color import Color

from kbq_tui.core.steps import Step
from kbq_tui.tui import keys, themes
from kbq_tui.tui.article import LESSONS
from kbq_tui.tui.glyphs import GLYPHS, STYLES, Tone, to_ascii
from kbq_tui.tui.look import Look
from kbq_tui.tui.modals.help import help_text
from kbq_tui.tui.text import seconds
from kbq_tui.tui.widgets.bars import hint_line, rule_line, steps_line
from tests.tui import fakes
from tests.tui.screens import app_for

SOURCE = Path(keys.__file__).parent


def test_no_key_is_one_that_terminals_keep_for_themselves() -> None:
    for key in keys.KEYS:
        assert not keys.FORBIDDEN & set(key.keys.split(","))
    used = set(re.findall(r'Binding\("([^"]+)"', "\n".join(p.read_text() for p in SOURCE.rglob("*.py"))))
    assert not keys.FORBIDDEN & {k for keys_ in used for k in keys_.split(",")}


def test_ids_are_unique_and_keys_do_not_collide_where_they_meet() -> None:
    assert len({k.id for k in keys.KEYS}) == len(keys.KEYS)
    for scope in {k.scope for k in keys.KEYS} - {"app", "working"}:
        together = [one for k in keys.KEYS if k.scope in (scope, "app") for one in k.keys.split(",")]
        assert len(together) == len(set(together)), scope


@pytest.mark.parametrize("scope", sorted({k.scope for k in keys.KEYS} - {"app"}))
def test_hints_of_every_screen_stay_within_78_cells(scope: str) -> None:
    assert hint_line([("Enter", "Go on"), *keys.hints(scope, "app")], 78).cell_length <= keys.HINT_WIDTH


def test_keys_can_be_given_other_keys() -> None:
    app = app_for(fakes.fresh(), Look(keymap={"help": "f9"}))
    assert app is not None
    assert {b.id for b in app._bindings.key_to_bindings["f1"]} == {"help"}


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
    assert to_ascii("✓ a→b … 日本 é") == "* a>b ~ ???? ?"


def test_the_title_shows_all_steps_at_80_and_their_numbers_at_60() -> None:
    wide = steps_line(Step.ACCOUNT, [Step.PROJECT, Step.DATASETS], 80)
    assert wide.cell_length <= 78
    assert all(word in wide.plain for word in ("Project", "3 Account", "6 Connect"))
    assert steps_line(Step.ACCOUNT, [], 60).cell_length <= 58


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("right", ["", "olga@bastion", "Talking to 127.0.0.1, not to Google: " + "x" * 200])
def test_the_rule_is_as_wide_as_the_window(width: int, right: str) -> None:
    assert rule_line("Step 3 of 6: Service account and key", right, width).cell_length == width


def test_durations_are_said_as_people_say_them() -> None:
    assert [seconds(v) for v in (0.04, 9.96, 61, 125, 420)] == ["0.0 s", "10 s", "61 s", "2 min 5 s", "7 min"]


@pytest.mark.parametrize(
    "name", ["welcome", "project", "datasets", "account", "permissions", "verify", "connect", "dashboard"]
)
def test_every_screen_has_its_help_with_its_keys(name: str) -> None:
    text = help_text(name, (name,))
    assert text.startswith("# ")
    assert "**F10**" in text


def test_every_step_has_its_lesson_in_lines_that_fit() -> None:
    assert set(LESSONS) == set(Step)
    assert all(len(lesson.intro) <= 78 for lesson in LESSONS.values())
