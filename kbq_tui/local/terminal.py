"""The capabilities of this terminal, determined once at the start."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kbq_tui.i18n.messages import EMPTY, N_, Message, joined, message
from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from kbq_tui.model.command import Command

TRUE_COLOUR = 1 << 24
# No patterns: compiling them takes longer than all of this.
_TRUE_COLOUR_TERMS = ("kitty", "alacritty", "wezterm", "ghostty", "foot", "iterm", "direct")
_FIXED = ("", "dumb", "unknown")
"""Values of TERM for terminals that cannot redraw."""
_CONSOLES = ("linux", "ansi", "cons25", "console")
"""How TERM begins on consoles, which have few colours and glyphs."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this terminal can do.

    Attributes:
        reason: why the screen cannot be drawn here, in one sentence that names what to use instead; empty if it can.
        stdin_tty, stdout_tty, stderr_tty: whether each is a terminal. Textual draws on stderr.
        ssh: whether this is a session over SSH.
        multiplexer: `tmux`, `screen` or empty.
        term: TERM.
        colours: their number; 0 for none (NO_COLOR, or a terminal without).
        no_color: whether NO_COLOR is set (https://no-color.org: set and not empty).
        encoding: the locale's, in lower case (`utf-8`, `ascii`, `iso-8859-1`).
        ascii: whether glyphs and borders should be ASCII.
        mouse: whether the mouse should be used.
        columns, rows: the size at the start; 0 if there is no terminal.
    """

    reason: Message
    stdin_tty: bool
    stdout_tty: bool
    stderr_tty: bool
    ssh: bool
    multiplexer: str
    term: str
    colours: int
    no_color: bool
    encoding: str
    ascii: bool
    mouse: bool
    columns: int
    rows: int

    @property
    def usable(self) -> bool:
        """Whether the screen can be drawn here."""
        return not self.reason

    @property
    def moves_cursor(self) -> bool:
        """Whether lines can be redrawn in place."""
        return self.term not in _FIXED

    @property
    def colour(self) -> bool:
        """Whether there is any colour."""
        return self.colours > 0

    def findings(self) -> list[tuple[str, str | Message]]:
        """Return what a bug report needs: names and values."""
        size = f"{self.columns}x{self.rows}" if self.columns else message("unknown")
        names = (("stdin", self.stdin_tty), ("stdout", self.stdout_tty), ("stderr", self.stderr_tty))
        colours = str(self.colours) if self.colours else message("none")
        return [
            ("TERM", self.term or message("not set")),
            (N_("Terminal on"), ", ".join(name for name, is_tty in names if is_tty) or message("none")),
            (N_("Size"), size),
            (N_("Colours"), joined(" ", colours, "(NO_COLOR)") if self.no_color else colours),
            (N_("Encoding"), self.encoding),
            (N_("Glyphs"), "ASCII" if self.ascii else "Unicode"),
            (N_("Mouse"), message("on") if self.mouse else message("off")),
            ("SSH", message("yes") if self.ssh else message("no")),
            (N_("Multiplexer"), self.multiplexer or message("none")),
            (N_("Usable"), message("yes") if self.usable else self.reason),
        ]


def detect(
    env: Mapping[str, str],
    *,
    ascii_wanted: bool | None = None,
    mouse_wanted: bool | None = None,
    isatty: Callable[[int], bool] = os.isatty,
    size: Callable[[int], tuple[int, int]] = os.get_terminal_size,
    own: Callable[[Command], Command] = lambda command: command,
) -> Capabilities:
    """Examine the environment and the three standard descriptors.

    Args:
        env: the environment.
        ascii_wanted: the operator's choice (`--ascii`, F4); None to decide.
        mouse_wanted: the operator's choice (`--mouse`); None to decide.
        isatty: tells whether a descriptor is a terminal; may raise OSError for a closed one.
        size: columns and rows of a descriptor's terminal; may raise OSError.
        own: adds the connection to a command of ours, for those that are named if the screen cannot be drawn.
    """
    ttys = tuple(_is_tty(isatty, fd) for fd in (0, 1, 2))
    term = env.get("TERM", "")
    ssh = any(env.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))
    encoding = locale_encoding(env)
    no_color = bool(env.get("NO_COLOR"))
    plain_glyphs = encoding != "utf-8" or _is_console(term)
    columns, rows = _size(size) if ttys[2] else (0, 0)
    return Capabilities(
        reason=_reason(term, ttys, own),
        stdin_tty=ttys[0],
        stdout_tty=ttys[1],
        stderr_tty=ttys[2],
        ssh=ssh,
        multiplexer=_multiplexer(env, term),
        term=term,
        colours=0 if no_color else _colours(env, term),
        no_color=no_color,
        encoding=encoding,
        ascii=plain_glyphs if ascii_wanted is None else ascii_wanted,
        # A re-attached session sends mouse events that Textual cannot decode (Textualize/textual#6668).
        mouse=not ssh if mouse_wanted is None else mouse_wanted,
        columns=columns,
        rows=rows,
    )


def locale_encoding(env: Mapping[str, str]) -> str:
    """Return the character encoding that the locale variables name, in lower case; `ascii` for the C locale.

    Source: POSIX.1-2017, chapter 8.2 (LC_ALL, then LC_CTYPE, then LANG).
    """
    locale = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "C")
    language, _, rest = locale.partition(".")
    charset = (rest or (language if language.upper().startswith("UTF") else "")).partition("@")[0].lower()
    if charset.replace("-", "") == "utf8":
        return "utf-8"
    if charset:
        return charset
    return "ascii" if language.partition("@")[0] in ("C", "POSIX") else "iso-8859-1"


def _reason(term: str, ttys: tuple[bool, ...], own: Callable[[Command], Command]) -> Message:
    if not ttys[0]:
        reason = message("Standard input is not a terminal.")
    elif not ttys[2]:
        reason = message("Standard error, on which the screen is drawn, is not a terminal.")
    elif term in _FIXED:
        reason = message("The terminal cannot move its cursor (TERM={term}).", term=term)
    else:
        return EMPTY
    from kbq_tui.model.command import Command

    instead = message(
        "Use `{command}`, or `{plain}` for questions line by line.",
        command=own(Command("kbq-tui apply --yes")),
        plain=own(Command("kbq-tui setup --plain")),
    )
    return joined(" ", reason, instead)


def _multiplexer(env: Mapping[str, str], term: str) -> str:
    if env.get("TMUX"):
        return "tmux"
    if env.get("STY"):
        return "screen"
    # Over SSH the variables are not passed on, but TERM is.
    kind = term.partition("-")[0].partition(".")[0]
    return kind if kind in ("tmux", "screen") else ""


def _colours(env: Mapping[str, str], term: str) -> int:
    if term in _FIXED or _is_vt(term) or term.endswith("-mono"):
        return 0
    named = any(name in term.lower() for name in _TRUE_COLOUR_TERMS)
    if named or env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return TRUE_COLOUR
    if "256color" in term:
        return 256
    return 8 if _is_console(term) else 16


def _is_console(term: str) -> bool:
    return term.lower().startswith(_CONSOLES) or _is_vt(term.lower())


def _is_vt(term: str) -> bool:
    """Return whether TERM is that of a DEC terminal, such as `vt220`."""
    return term.startswith("vt") and term[2:3].isdecimal()


def _is_tty(isatty: Callable[[int], bool], fd: int) -> bool:
    try:
        return isatty(fd)
    except OSError:
        return False


def _size(size: Callable[[int], tuple[int, int]]) -> tuple[int, int]:
    try:
        columns, rows = size(2)
    except OSError:
        return 0, 0
    return columns, rows
