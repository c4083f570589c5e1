"""The screens in German: the same screens, with longer words, in the same 80x24."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kbq_tui.engine import preflight
from kbq_tui.engine.verify.checks import expected
from kbq_tui.i18n import language
from kbq_tui.i18n.messages import message, render, translate
from kbq_tui.model.observed import KeyInfo
from kbq_tui.model.spec import Direction
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.modals import help as help_modal
from kbq_tui.tui.modals.confirm import Confirm
from kbq_tui.tui.modals.leftovers import age
from kbq_tui.tui.step_help import STEP_HELP
from kbq_tui.tui.text import plain, status, status_width
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import steps_line
from tests.support.memory_world import refused
from tests.tui import fakes
from tests.tui.screens import app_for, looked, run_checks, text_of, until
from tests.tui.test_screens import fits, hostile_world, idle

STEPS = {
    "project": "Projekt",
    "datasets": "Datensätze",
    "account": "Dienstkonto und Schlüssel",
    "permissions": "Rechte",
    "verify": "Prüfung",
    "connect": "Verbinden",
}
SCENES = {"fresh": fakes.fresh, "complete": fakes.complete, "refused": fakes.no_permission}


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    language.speak("de")
    yield
    language.speak("en")


def footer(app) -> str:
    """The hints, which must not be cut, because back, help and quit are among them."""
    line = text_of(app).split("\n")[-1].strip()
    assert len(line) <= keyboard.HINT_WIDTH
    assert "…" not in line
    hints = line.split("  ")
    assert hints[-1] in ("F10 Beenden", "F10")
    assert {"F1 Hilfe", "F1"} & set(hints)
    return line


def nothing_is_cut(app) -> None:
    fits(app)
    assert "…" not in text_of(app).split("\n")[0]
    width, height = app.size
    for push in app.screen.query(Button):
        if push.display:
            assert push.region.right <= width, push.label
            assert push.region.bottom <= height, push.label
    for label in app.screen.query(".field-label"):
        assert len(str(label.render())) < label.size.width, "a label touches its field"


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("step", STEPS)
async def test_every_step_fits_80x24(step: str, scene: str) -> None:
    at = next(s for s in STEP_HELP if s.value == step)
    app = app_for(fakes.resumed(at, SCENES[scene]()))
    async with app.run_test(size=(80, 24)) as pilot:
        if step == "verify":
            await run_checks(pilot)
        await until(pilot, lambda: idle(app) and (step != "verify" or app.wizard.verified), 60)
        shown = await until(pilot, f"Schritt {list(STEPS).index(step) + 1} von 6: {STEPS[step]}", 60)
        nothing_is_cut(app)
        assert "Esc Zurück" in footer(app)
        assert "Step" not in shown


@pytest.mark.parametrize(
    ("scene", "start", "word"),
    [
        (fakes.blank, "setup", "[ Beginnen ]"),
        (fakes.blank, "dashboard", "Noch ist keine Verbindung eingerichtet."),
        (fakes.complete_left_at_connect, "dashboard", "Nachgesehen um"),
    ],
)
async def test_welcome_and_dashboard_fit_80x24(scene, start: str, word: str) -> None:
    app = app_for(scene(), start=start)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, word, 60)
        nothing_is_cut(app)
        footer(app)
        assert not any(w.max_scroll_y for w in app.screen.query("#body"))


async def test_what_opens_over_a_screen_is_in_german_too() -> None:
    app = app_for(fakes.resumed(next(iter(STEP_HELP)), fakes.no_permission()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app), 60)
        for pressed, word in (("f1", "Dieser Bildschirm"), ("f3", "Dasselbe von Hand"), ("f7", "Wähle ein Projekt")):
            await pilot.press(pressed)
            await pilot.press("end")
            await until(pilot, word, 60)
            nothing_is_cut(app)
            await pilot.press("escape")
            await until(pilot, "[ Nochmal ]", 60)
        await pilot.press("up", "home", "enter")
        await until(pilot, "[ Übergabetext kopieren ]", 60)
        nothing_is_cut(app)
        await pilot.press("escape", "f2")
        await until(pilot, "Suche nach Befehlen", 60)


@pytest.mark.parametrize("typed", ["warschau", "warsaw", "central2"])
async def test_a_location_is_found_by_its_german_name_its_english_name_and_its_id(typed: str) -> None:
    app = app_for(fakes.resumed(next(iter(STEP_HELP))))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app), 60)
        app.screen.query_one("#field-location LineInput").focus()
        await pilot.press("f7")
        await until(pilot, "Warschau", 60)
        await pilot.press(*typed)
        shown = await until(pilot, lambda: "europe-west1 " not in text_of(app), 60)
        assert "europe-central2" in shown
        assert "Warschau" in shown


@pytest.mark.parametrize(("days", "text"), [(0, "0 Tage alt"), (1, "1 Tag alt"), (2, "2 Tage alt")])
def test_one_day_is_one_day(days: int, text: str) -> None:
    created = datetime(2026, 1, 31, tzinfo=UTC)
    key = KeyInfo("a" * 40, created)
    assert age(key, created + timedelta(days=days)) == f"angelegt 2026-01-31, {text}"


async def test_enter_alone_goes_through_all_steps() -> None:
    """Nothing depends on the labels of buttons."""
    app = app_for(fakes.resumed(next(iter(STEP_HELP))))
    async with app.run_test(size=(80, 24)) as pilot:
        for number, todo in ((2, "[ 2 Datensätze anlegen ]"), (3, "Schlüssel anlegen ]"), (4, "[ 3 Rollen erteilen ]")):
            await until(pilot, "[ Weiter ]", 60)
            await pilot.press("enter")
            await until(pilot, f"Schritt {number} von 6", 60)
            await until(pilot, todo, 60)
            await pilot.press("enter")
        await until(pilot, "[ Weiter ]", 60)
        await pilot.press("enter")
        await until(pilot, "Geprüft: 18 ok", 60)
        await until(pilot, "[ Weiter ]", 60)
        await pilot.press("enter")
        shown = await until(pilot, "Dienstkontoschlüssel (JSON)", 60)
        assert "Mit BigQuery" in " ".join(shown.replace("│", "").split())
    assert len(app.services.store.names()) == 1


def test_titles_leave_room_for_what_stands_beside_them() -> None:
    assert max(len(render(title)) for title in preflight.TITLES.values()) < 20
    titles = [
        render(check.title) for direction in Direction for check in expected(replace(fakes.SPEC, direction=direction))
    ]
    assert max(map(len, titles)) <= 54, max(titles, key=len)


@pytest.mark.parametrize(
    "labels",
    [
        ("Retry: create account and key", "Skip for now", "Back", "Delete a key"),
        ("Retry: Grant {n} roles", "Skip for now", "Back", "Remove over-grants"),
        ("Turn on {n} APIs", "Retry", "Use gcloud's login", "Continue"),
        ("Klaviyo is connected", "To the dashboard", "Quit"),
        ("Copy text to send", "Write it to a file", "Try again", "Close"),
    ],
)
def test_the_longest_row_of_buttons_fits(labels: tuple[str, ...]) -> None:
    assert 1 + sum(len(translate(label).replace("{n}", "3")) + len("[  ]") + 2 for label in labels) - 2 <= 80


@pytest.mark.parametrize("scope", sorted({k.scope for k in keyboard.KEYS} - {"app", "working"}))
def test_no_two_keys_of_a_footer_are_called_the_same(scope: str) -> None:
    labels = [label for _, label in keyboard.hints(scope, "app")]
    assert len(labels) == len(set(labels)), labels


def test_the_title_shows_the_names_of_all_steps_at_80() -> None:
    for here in STEP_HELP:
        line = steps_line(here, [s for s in STEP_HELP if s is not here], 80)
        assert line.cell_length <= 78
        assert all(word in line.plain for word in ("Projekt", "Datensätze", "Konto", "Rechte", "Prüfung", "Verbinden"))


async def test_each_step_of_a_replacement_stands_apart_from_what_it_is() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.complete()), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("r")
        await until(pilot, "Alter gesperrt  sobald")


def test_each_status_is_as_wide_as_the_widest_and_leaves_room() -> None:
    assert {status(tone).cell_length for tone in Tone} == {status_width()}
    assert all(status(tone).plain.endswith(" ") for tone in Tone)
    assert "vorhanden" in status(Tone.NOOP).plain


def test_what_we_say_is_translated_and_a_name_from_outside_never_is() -> None:
    assert plain(message("export")).plain == "Export"
    assert plain("export").plain == "export"
    shown = plain(message("in {where}", where="\x1b[31mexport")).plain
    assert shown.startswith("in ")
    assert shown.endswith("export")
    assert "\x1b" not in shown


FOLDER = Path(help_modal.__file__).parent.parent / "help"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda p: p.stem)
def test_every_help_has_its_german_text_with_the_same_keys_and_points(path: Path) -> None:
    english, ours = path.read_text("utf-8"), (FOLDER / "de" / path.name).read_text("utf-8")
    assert sorted(re.findall(r"`[^`]+`", ours)) == sorted(re.findall(r"`[^`]+`", english))
    assert [line[:2] for line in ours.splitlines() if line[:2] in ("# ", "- ")] == [
        line[:2] for line in english.splitlines() if line[:2] in ("# ", "- ")
    ]
    shown = help_modal.help_text(path.stem, (path.stem,))
    assert shown.startswith(ours.strip())
    assert "## Tasten" in shown


CONTROLS = set("\x1b\x07\x9b\u202e\u202c")
BLANKS = "{name} {0} {why!r:>9999} %(x)s {"


@pytest.mark.parametrize("step", list(Step))
async def test_hostile_text_is_inert_in_german_too(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fakes, "HOSTILE", BLANKS + fakes.HOSTILE)
    app = app_for(fakes.resumed(step, hostile_world()))
    async with app.run_test(size=(120, 36)) as pilot:
        if step is Step.VERIFY:
            await run_checks(pilot)
        await until(pilot, lambda: not app.wizard.busy and app.wizard.looked is not None)
        await until(pilot, lambda: step is not Step.VERIFY or app.wizard.verified)
        assert not CONTROLS & set(text_of(app))
        fits(app)


async def test_hostile_text_is_inert_in_a_question() -> None:
    app = app_for(fakes.resumed(Step.PROJECT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app))
        lines = [
            BLANKS,
            fakes.HOSTILE,
            render(message("Delete key {key} of {account}", key=BLANKS, account=fakes.HOSTILE)),
        ]
        app.push_screen(Confirm(fakes.HOSTILE, lines, yes=translate("Delete"), no=translate("Cancel")))
        shown = await until(pilot, BLANKS)
        assert "[red]boo[/red]" in shown
        assert not CONTROLS & set(shown)


async def test_in_the_least_window_a_button_that_has_no_room_comes_into_sight_with_the_focus() -> None:
    scene = fakes.resumed(Step.ACCOUNT, fakes.complete())
    scene.keys.local = None
    scene.world.keys = [KeyInfo(f"{n:040x}", fakes.NOW - timedelta(days=40)) for n in range(9)]
    scene.world.faults["create_key"] = [refused("iam.serviceAccountKeys.create")] * 9
    app = app_for(scene)
    async with app.run_test(size=(60, 16)) as pilot:
        await until(pilot, lambda: idle(app) and "Schlüssel anlegen" in labels(app))
        await pilot.press("enter")
        await until(pilot, lambda: idle(app) and {"Später", "Schlüssel löschen"} <= set(labels(app)))
        shown = [button for button in app.screen.query(Button) if button.display]
        assert sum(len(button.label) + 6 for button in shown) > 60, "they do not fit beside each other"
        for button in shown:
            button.focus()
            await until(pilot, lambda: f"[ {button.label} ]" in text_of(app))  # noqa: B023  waited for here


def labels(app) -> list[str]:
    return [button.label for button in app.screen.query(Button) if button.display]
