"""Sends text to the operator's clipboard. Nothing confirms its arrival, so nothing here says "copied".

The ways, in order: in tmux `tmux load-buffer -w -` and OSC 52, else OSC 52; a native tool only on the operator's own
machine, because over SSH it would write to the server's clipboard.
"""

import base64
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from kbq_tui.engine.services import CopyResult
from kbq_tui.i18n.messages import EMPTY, Message, message
from kbq_tui.local.variables import CLIPBOARD
from kbq_tui.model.secret import Secret

OSC_LIMIT = 74_000
"""The most bytes of base64 that terminals accept in one OSC 52."""
DEADLINE = 2.0
"""Seconds for tmux or a native tool."""
KEY_BUFFER = "kbq-tui-key"
"""tmux's buffer for a private key; a separate one, so that it can be deleted again."""

_SENT = message("Sent to your terminal's clipboard.")
_OFF = message("Copying is switched off (KBQ_TUI_CLIPBOARD=off).")
_TOO_LONG = message("Too long for the terminal's clipboard.")
_NO_WAY = message("There is no way to a clipboard here.")


class Mode(StrEnum):
    """The values of `KBQ_TUI_CLIPBOARD`."""

    AUTO = "auto"
    OSC52 = "osc52"
    TMUX = "tmux"
    NATIVE = "native"
    OFF = "off"


Run = Callable[[Sequence[str], bytes, float], bool]


def run_tool(command: Sequence[str], data: bytes, deadline: float) -> bool:
    """Run a program with `data` on its standard input. Returns whether it succeeded within the deadline (seconds).

    Its output is discarded: xclip and wl-copy stay in the background and would keep a pipe open.
    """
    try:
        done = subprocess.run(  # noqa: S603  # fixed commands, no shell
            command, input=data, timeout=deadline, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


class SystemClipboard:
    """Sends text.

    Args:
        env: the environment, for `KBQ_TUI_CLIPBOARD`, tmux, SSH and the display.
        run: runs a program.
        which: finds a program.
        platform: `sys.platform`.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        run: Run = run_tool,
        which: Callable[[str], str | None] = shutil.which,
        platform: str = sys.platform,
    ) -> None:
        self._env = env
        self._run = run
        self._which = which
        self._platform = platform
        asked = env.get(CLIPBOARD, "").strip().lower()
        self.mode = Mode(asked) if asked in set(Mode) else Mode.AUTO

    def copy(self, text: str, write: Callable[[str], None] | None = None) -> CopyResult:
        """Send text. May block for the deadline: not for the event loop.

        Args:
            text: what to send.
            write: writes to the terminal; None if there is none.
        """
        if self.mode is Mode.OFF:
            return CopyResult((), _OFF)
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
        return CopyResult(tuple(ways), self._said(ways, len(data)))

    @property
    def _in_tmux(self) -> bool:
        return bool(self._env.get("TMUX"))

    @property
    def _ssh(self) -> bool:
        return any(self._env.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))

    def _tmux(self, data: bytes) -> bool:
        # -w passes the text to the outer terminal and exists since tmux 3.2; without it, at least the buffer has the
        # text
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

    def key_way(self) -> Message:
        """Say which way a private key would be sent, and who may see it there; empty if there is no way."""
        way = self._key_way()
        if way == "tmux":
            return message(
                "It goes through tmux into your terminal's clipboard. On the way it stands in a paste buffer, which"
                " everybody at this tmux can read; the buffer is deleted at once."
            )
        if way == "OSC 52" and self._in_tmux:
            return message(
                "It goes to tmux, which may keep it in its paste buffers, and on to your terminal's clipboard."
            )
        if way == "OSC 52" and self._ssh:
            return message("It goes through this SSH session into the clipboard of the machine that you sit at.")
        if way == "OSC 52":
            return message("It goes into your terminal's clipboard.")
        return message("{tool} takes it into this machine's clipboard.", tool=way) if way else EMPTY

    def copy_key(self, key: Secret, write: Callable[[str], None]) -> CopyResult:
        """Send a private key, by one way only. May block for the deadline: not for the event loop."""
        way = self._key_way()
        gone = True
        if way == "tmux":
            sent = self._run(("tmux", "load-buffer", "-w", "-b", KEY_BUFFER, "-"), key.reveal(), DEADLINE)
            # A tmux that is too slow for us may still accept it, so the buffer is deleted in any case.
            gone = self._run(("tmux", "delete-buffer", "-b", KEY_BUFFER), b"", DEADLINE)
        elif way == "OSC 52":
            sent = self._osc52(key.reveal(), write)
        else:
            tool = self._native() if way else None
            sent = tool is not None and self._run(tool, key.reveal(), DEADLINE)
        if not sent:
            return CopyResult((), _TOO_LONG if way == "OSC 52" else _NO_WAY)
        if not gone:
            return CopyResult((way,), message("Sent. Now delete it: tmux delete-buffer -b {buffer}", buffer=KEY_BUFFER))
        return CopyResult((way,), _SENT if way in ("tmux", "OSC 52") else message("Handed to {tool}.", tool=way))

    def _key_way(self) -> str:
        """Return the one way for a private key: the one that passes the fewest places."""
        if self.mode in (Mode.AUTO, Mode.TMUX) and self._in_tmux:
            return "tmux"
        if self.mode is Mode.NATIVE or (self.mode is Mode.AUTO and not self._ssh):
            tool = self._native()
            if tool is not None:
                return tool[0]
        return "OSC 52" if self.mode in (Mode.AUTO, Mode.OSC52) else ""

    def _said(self, ways: Sequence[str], size: int) -> Message:
        if not ways:
            return _TOO_LONG if size * 4 / 3 > OSC_LIMIT else _NO_WAY
        if list(ways) == ["tmux"]:
            return message("Sent to tmux's buffer.")
        native = [way for way in ways if way not in ("tmux", "OSC 52")]
        if native and "OSC 52" not in ways:
            return message("Handed to {tool}.", tool=native[0])
        return _SENT
