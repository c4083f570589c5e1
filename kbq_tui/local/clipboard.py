"""Text on its way to the operator's clipboard. Nothing acknowledges it, so nothing here says "copied".

The ladder: in tmux `tmux load-buffer -w -` and OSC 52, else OSC 52; a native tool only on the operator's own machine,
for over SSH it would write to the server's clipboard.
"""

import base64
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

OSC_LIMIT = 74_000
"""Bytes of base64 that terminals take in one OSC 52."""
DEADLINE = 2.0
"""Seconds for tmux or a native tool."""


class Mode(StrEnum):
    """What `KBQ_TUI_CLIPBOARD` may ask for."""

    AUTO = "auto"
    OSC52 = "osc52"
    TMUX = "tmux"
    NATIVE = "native"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was done.

    Attributes:
        ways: the ways that took the text, such as `OSC 52`; empty where none did.
        text: one sentence for the operator; never a claim that it arrived.
    """

    ways: tuple[str, ...]
    text: str


Run = Callable[[Sequence[str], bytes, float], bool]


def run_tool(command: Sequence[str], data: bytes, deadline: float) -> bool:
    """Run a program with `data` on its standard input. Returns whether it ended well within the deadline (seconds).

    Its output goes nowhere: xclip and wl-copy stay in the background and would hold a pipe open.
    """
    try:
        done = subprocess.run(  # noqa: S603  # fixed commands, no shell
            command, input=data, timeout=deadline, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


class Clipboard:
    """Sends text.

    Args:
        env: the environment, for `KBQ_TUI_CLIPBOARD`, tmux, SSH and the display.
        run: runs a program.
        which: finds a program.
        platform: `sys.platform`.
        hint: how to get at the text otherwise.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        run: Run = run_tool,
        which: Callable[[str], str | None] = shutil.which,
        platform: str = sys.platform,
        hint: str = "Not there? Press v.",
    ) -> None:
        self._env = env
        self._run = run
        self._which = which
        self._platform = platform
        self._hint = hint
        asked = env.get("KBQ_TUI_CLIPBOARD", "").strip().lower()
        self.mode = Mode(asked) if asked in set(Mode) else Mode.AUTO

    @property
    def keeps_history(self) -> bool:
        """Whether a way in use keeps a history that others at this machine may read: tmux's buffers."""
        return self.mode is not Mode.OFF and self.mode in (Mode.AUTO, Mode.TMUX) and self._in_tmux

    def __call__(self, text: str, write: Callable[[str], None]) -> str:
        """Send text and return what to tell the operator: `engine.desk.Copier`."""
        return self.copy(text, write).text

    def copy(self, text: str, write: Callable[[str], None] | None = None) -> Sent:
        """Send text. May block for the deadline: not for the event loop.

        Args:
            text: what to send.
            write: writes to the terminal; None where there is none.
        """
        if self.mode is Mode.OFF:
            return Sent((), "Copying is switched off (KBQ_TUI_CLIPBOARD=off). Press v to see the text.")
        data = text.encode(errors="replace")
        ways: list[str] = []
        if self.mode in (Mode.AUTO, Mode.TMUX) and self._in_tmux and self._tmux(data):
            ways.append("tmux")
        if self.mode in (Mode.AUTO, Mode.OSC52) and write is not None and self._osc52(data, write):
            ways.append("OSC 52")
        if self.mode is Mode.NATIVE or (self.mode is Mode.AUTO and not self._ssh):
            tool = self._native()
            if tool is not None and self._run(tool, data, DEADLINE):
                ways.append(tool[0])
        return Sent(tuple(ways), self._said(ways, len(data)))

    @property
    def _in_tmux(self) -> bool:
        return bool(self._env.get("TMUX"))

    @property
    def _ssh(self) -> bool:
        return any(self._env.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))

    def _tmux(self, data: bytes) -> bool:
        # -w hands the text on to the outer terminal and exists since tmux 3.2; without it there is the buffer at least.
        return any(
            self._run(command, data, DEADLINE)
            for command in (("tmux", "load-buffer", "-w", "-"), ("tmux", "load-buffer", "-"))
        )

    def _osc52(self, data: bytes, write: Callable[[str], None]) -> bool:
        encoded = base64.b64encode(data).decode("ascii")
        if len(encoded) > OSC_LIMIT:
            return False
        write(f"\x1b]52;c;{encoded}\x07")
        return True

    def _native(self) -> tuple[str, ...] | None:
        tools: list[tuple[str, ...]] = []
        if self._platform == "darwin":
            tools.append(("pbcopy",))
        if self._env.get("WAYLAND_DISPLAY"):
            tools.append(("wl-copy",))
        if self._env.get("DISPLAY"):
            tools += [("xclip", "-selection", "clipboard"), ("xsel", "--clipboard", "--input")]
        return next((tool for tool in tools if self._which(tool[0])), None)

    def _said(self, ways: Sequence[str], size: int) -> str:
        if not ways:
            if size * 4 / 3 > OSC_LIMIT:
                return "Too long for the terminal's clipboard. Press v to see it, w to save it."
            return "There is no way to a clipboard here. Press v to see the text, w to save it."
        if list(ways) == ["tmux"]:
            return f"Sent to tmux's buffer. {self._hint}"
        native = [way for way in ways if way not in ("tmux", "OSC 52")]
        if native and "OSC 52" not in ways:
            return f"Handed to {native[0]}. {self._hint}"
        return f"Sent to your terminal's clipboard. {self._hint}"
