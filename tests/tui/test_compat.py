"""The private names of Textual that we use still exist and still do what we assume."""

import asyncio
import gc

import pytest
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from kbq_tui.model.steps import Step
from kbq_tui.tui import _textual_compat
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.input_decoder import InputDecoder
from tests.support.polling import PATIENCE
from tests.tui import fakes
from tests.tui.screens import app_for, until


def test_a_fatal_error_is_drawn_by_the_method_we_replace() -> None:
    assert KbqApp._fatal_error is not App._fatal_error
    assert "_fatal_error" in App._handle_exception.__code__.co_names


async def test_after_a_crash_one_short_line_is_left_and_nothing_of_the_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = app_for(fakes.fresh())

    def boom() -> None:
        secret = fakes.CANARY
        raise RuntimeError("x" + secret[:0])

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            app.call_later(boom)
            await pilot.pause()

    with pytest.raises(RuntimeError):
        await run()
    assert app.return_code == 1
    said = capsys.readouterr().err
    assert fakes.CANARY not in said
    assert "Traceback" not in said
    assert said.count("unexpected error (RuntimeError)") == 1


async def test_what_fails_while_the_app_ends_leaves_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    """A hang-up may come while a screen is being mounted, so that its widgets are missing."""
    app = app_for(fakes.fresh())

    class Unfinished(Screen[None]):
        def on_mount(self) -> None:
            app.exit(return_code=129)
            self.query_one("#not-there")

    async with app.run_test(size=(80, 24)):
        app.push_screen(Unfinished())
    assert app.return_code == 129
    assert capsys.readouterr().err == ""


async def test_asyncio_s_debug_mode_which_logs_arguments_is_switched_off() -> None:
    asyncio.get_running_loop().set_debug(True)
    async with app_for(fakes.fresh()).run_test(size=(80, 24)):
        assert asyncio.get_running_loop().get_debug() is False


async def test_nothing_is_written_to_a_terminal_that_is_not_there() -> None:
    app = app_for(fakes.fresh())
    _textual_compat.terminal_write(app, "\x1b]52;c;QQ==\x07")
    async with app.run_test(size=(80, 24)):
        assert app._driver is not None
        sent: list[str] = []
        app._driver.write = sent.append  # type: ignore[method-assign, assignment]
        _textual_compat.terminal_write(app, "\x1b]52;c;QQ==\x07")
        assert sent == []  # headless


def test_the_first_screen_loads_neither_google_nor_markdown() -> None:
    import subprocess
    import sys

    code = (
        "import sys, kbq_tui.tui.app, kbq_tui.tui.screens.welcome;"
        "heavy = [m for m in sys.modules if m.split('.')[0] in ('google', 'grpc', 'keyring', 'requests', 'markdown_it')"
        " or m == 'textual.widgets._markdown'];"
        "print(heavy); sys.exit(bool(heavy))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE).stdout == "[]\n"
    )


async def test_a_theme_set_before_the_start_looks_like_one_set_afterwards() -> None:
    class Plain(App[None]):
        CSS = "Screen { background: $surface; color: $primary; }"

    early, late = Plain(), Plain()
    _textual_compat.begin_with_theme(early, "textual-light")
    async with late.run_test() as pilot:
        late.theme = "textual-light"
        await pilot.pause()
        wanted = (late.screen.styles.background, late.screen.styles.color, late.classes)
    async with early.run_test() as pilot:
        await pilot.pause()
        assert (early.screen.styles.background, early.screen.styles.color, early.classes) == wanted


async def test_a_resize_that_was_overtaken_or_never_told_is_made_up_for() -> None:
    app = app_for(fakes.fresh())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.screen.post_message(Resize(Size(59, 15), Size(59, 15)))  # a repetition of an older one
        await pilot.pause()
        assert app.screen.outer_size == Size(80, 24)
        app.screen._screen_resized(Size(59, 15))  # one that came before the newer one
        await until(pilot, lambda: app.screen.outer_size == Size(80, 24) == app.size)


@pytest.mark.parametrize("cut", [0, 1, 4, 5, 6, 7, 8, 9])  # a lone ESC may be a key: it is never held back
def test_what_a_terminal_sends_is_read_whatever_it_is(cut: int) -> None:
    sent = b"a\x1b[M \xe1\xf5b\xc3\xa4\xff\x1b[A"
    decoder = InputDecoder()
    assert decoder.decode(sent[:cut]) + decoder.decode(sent[cut:], True) == "ab\xe4\N{REPLACEMENT CHARACTER}\x1b[A"


async def test_garbage_is_collected_again_once_the_first_screen_stands() -> None:
    gc.disable()
    try:
        app = app_for(fakes.fresh())
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, gc.isenabled)
            assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()


@pytest.mark.parametrize("size", [(80, 24), (170, 50), (59, 15)])
@pytest.mark.parametrize("opened", ["", "help", "project"])
async def test_a_screen_that_opens_has_the_styles_that_a_second_pass_would_give(
    size: tuple[int, int], opened: str
) -> None:
    app = app_for(fakes.fresh())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        first = app.screen
        if opened == "help":
            app.action_help()
        elif opened:
            app.navigation.goto(Step.PROJECT)
        await until(pilot, lambda: bool(opened) == (app.screen is not first))
        await pilot.pause()
        nodes = list(app.screen.walk_children(with_self=True))
        assert len(nodes) > 5
        once = [node.styles.base.get_rules() for node in nodes]
        app.screen.update_node_styles(animate=False)
        assert [node.styles.base.get_rules() for node in nodes] == once


async def test_a_box_brings_its_style_sheet_without_parsing_the_others_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[Stylesheet] = []
    monkeypatch.setattr(Stylesheet, "reparse", parsed.append)
    app = app_for(fakes.fresh())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.action_help()
        await until(pilot, lambda: app.screen.is_modal)
        assert [rule.styles.has_rule("align_horizontal") for rule in app.stylesheet.rules_map["Modal"]] == [True]
    assert parsed == []


async def test_the_first_focus_is_there_as_soon_as_the_screen_is_mounted() -> None:
    app = app_for(fakes.fresh())
    async with app.run_test(size=(80, 24)) as pilot:
        widget = app.screen.query_one("#primary")
        assert app.screen.focused is widget
        assert widget.has_focus
        await pilot.pause()
        assert app.screen.focused is widget
