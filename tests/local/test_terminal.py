"""Which terminals can show the screens, and with what settings."""

from typing import Any

import pytest

from kbq_tui.local.terminal import TRUE_COLOUR, Capabilities, detect, locale_encoding

UTF8 = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}


def look(
    env: dict[str, str], ttys: tuple[int, ...] = (0, 1, 2), size: tuple[int, int] = (80, 24), **options: Any
) -> Capabilities:
    return detect(env, isatty=lambda fd: fd in ttys, size=lambda fd: size, **options)


def test_an_ordinary_terminal_is_usable() -> None:
    seen = look(UTF8)
    assert seen.usable
    assert (seen.columns, seen.rows, seen.colours, seen.ascii, seen.mouse, seen.ssh) == (
        80,
        24,
        256,
        False,
        True,
        False,
    )


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_a_terminal_without_a_cursor_is_refused_and_the_headless_command_named(term: str) -> None:
    seen = detect(
        UTF8 | {"TERM": term},
        isatty=lambda fd: True,
        size=lambda fd: (80, 24),
        own=lambda command: command.about("prod"),
    )
    assert not seen.usable
    assert "`kbq-tui apply --yes prod`" in str(seen.reason)
    assert "`kbq-tui setup --plain prod`" in str(seen.reason)
    assert f"TERM={term}" in str(seen.reason)


@pytest.mark.parametrize(("ttys", "usable"), [((0, 1, 2), True), ((0, 2), True), ((1, 2), False), ((0, 1), False)])
def test_standard_output_alone_may_go_elsewhere(ttys: tuple[int, ...], usable: bool) -> None:
    assert look(UTF8, ttys).usable is usable


def test_closed_descriptors_and_terminals_without_a_size_are_no_terminals() -> None:
    def closed(fd: int) -> bool:
        raise OSError(9, "Bad file descriptor")

    def sizeless(fd: int) -> tuple[int, int]:
        raise OSError(25, "Inappropriate ioctl")

    assert not detect(UTF8, isatty=closed).usable
    seen = detect(UTF8, isatty=lambda fd: True, size=sizeless)
    assert (seen.columns, seen.rows, seen.usable) == (0, 0, True)


def test_over_ssh_the_mouse_is_off_unless_asked_for() -> None:
    ssh = UTF8 | {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}
    assert look(ssh).ssh
    assert not look(ssh).mouse
    assert look(ssh, mouse_wanted=True).mouse
    assert not look(UTF8, mouse_wanted=False).mouse


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ({"TERM": "xterm"}, 16),
        ({"TERM": "screen.xterm-256color"}, 256),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, TRUE_COLOUR),
        ({"TERM": "xterm-kitty"}, TRUE_COLOUR),
        ({"TERM": "linux"}, 8),
        ({"TERM": "vt220"}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, 256),
    ],
)
def test_colours(env: dict[str, str], colours: int) -> None:
    assert look(env).colours == colours


@pytest.mark.parametrize(
    ("env", "kind"),
    [
        ({"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "screen"}, "tmux"),
        ({"STY": "1.pts", "TERM": "screen"}, "screen"),
        ({"TERM": "tmux-256color"}, "tmux"),
        ({"TERM": "screen.xterm"}, "screen"),
        ({"TERM": "xterm"}, ""),
    ],
)
def test_multiplexers(env: dict[str, str], kind: str) -> None:
    assert look(env).multiplexer == kind


@pytest.mark.parametrize(
    ("env", "encoding"),
    [
        ({"LANG": "de_DE.UTF-8"}, "utf-8"),
        ({"LANG": "de_DE.utf8@euro"}, "utf-8"),
        ({"LC_CTYPE": "UTF-8"}, "utf-8"),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "ascii"),
        ({"LC_ALL": "", "LC_CTYPE": "POSIX", "LANG": "de_DE.UTF-8"}, "ascii"),
        ({"LANG": "C.UTF-8"}, "utf-8"),
        ({"LANG": "de_DE"}, "iso-8859-1"),
        ({"LANG": "ja_JP.eucJP"}, "eucjp"),
        ({}, "ascii"),
    ],
)
def test_the_locale_s_encoding(env: dict[str, str], encoding: str) -> None:
    assert locale_encoding(env) == encoding
    assert look({"TERM": "xterm"} | env).ascii is (encoding != "utf-8")


def test_ascii_glyphs_where_the_console_has_no_others_or_when_asked_for() -> None:
    assert look(UTF8 | {"TERM": "linux"}).ascii
    assert look(UTF8 | {"TERM": "vt100"}).ascii
    assert look(UTF8, ascii_wanted=True).ascii
    assert not look({"TERM": "linux"}, ascii_wanted=False).ascii


def test_the_findings_can_be_read() -> None:
    assert ("Usable", "yes") in [(name, str(text)) for name, text in look(UTF8).findings()]
    assert ("Colours", "none (NO_COLOR)") in [(n, str(t)) for n, t in look(UTF8 | {"NO_COLOR": "1"}).findings()]
