import base64
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kbq_tui.local.clipboard import Clipboard, run_tool

TMUX = {"TMUX": "/tmp/tmux-0/default,1,0"}
SSH = {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}
X11 = {"DISPLAY": ":0"}


class Tools:
    """Stands in for the programs: which exist, which work."""

    def __init__(self, *works: str) -> None:
        self.works = works
        self.calls: list[tuple[tuple[str, ...], bytes]] = []

    def __call__(self, command: Sequence[str], data: bytes, deadline: float) -> bool:
        self.calls.append((tuple(command), data))
        return " ".join(command).startswith(self.works) if self.works else False

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if any(w.startswith(name) for w in self.works) else None


def clipboard(env: dict[str, str], tools: Tools, platform: str = "linux") -> Clipboard:
    return Clipboard(env, tools, tools.which, platform)


def test_in_tmux_the_buffer_and_osc_52() -> None:
    tools, out = Tools("tmux load-buffer -w"), []
    sent = clipboard(TMUX | SSH, tools).copy("acme-prod", out.append)
    assert sent.ways == ("tmux", "OSC 52")
    assert tools.calls == [(("tmux", "load-buffer", "-w", "-"), b"acme-prod")]
    assert out == [f"\x1b]52;c;{base64.b64encode(b'acme-prod').decode()}\x07"]


def test_an_old_tmux_takes_its_own_buffer_at_least() -> None:
    tools = Tools("tmux load-buffer -")
    tools.works = ("tmux load-buffer - ", "tmux load-buffer -")
    old = Clipboard(TMUX, lambda c, d, t: "-w" not in c, tools.which, "linux")
    assert old.copy("x").ways == ("tmux",)
    assert "tmux's buffer" in old.copy("x").text


def test_over_ssh_no_native_tool_is_asked() -> None:
    tools, out = Tools("xclip"), []
    sent = clipboard(SSH | X11, tools).copy("x", out.append)
    assert sent.ways == ("OSC 52",)
    assert tools.calls == []


@pytest.mark.parametrize(
    ("env", "platform", "works"),
    [
        (X11, "linux", "xclip"),
        (X11, "linux", "xsel"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", "wl-copy"),
        ({}, "darwin", "pbcopy"),
    ],
)
def test_at_the_operator_s_own_machine_the_native_tool_too(env: dict[str, str], platform: str, works: str) -> None:
    out: list[str] = []
    assert clipboard(env, Tools(works), platform).copy("x", out.append).ways == ("OSC 52", works)
    assert clipboard(env | {"KBQ_TUI_CLIPBOARD": "native"}, Tools(works), platform).copy("x").ways == (works,)


@pytest.mark.parametrize(
    ("mode", "ways"),
    [
        ("osc52", ("OSC 52",)),
        ("tmux", ("tmux",)),
        ("native", ("xclip",)),
        ("off", ()),
        ("AUTO", ("tmux", "OSC 52", "xclip")),
        ("nonsense", ("tmux", "OSC 52", "xclip")),
    ],
)
def test_the_operator_may_choose_the_way(mode: str, ways: tuple[str, ...]) -> None:
    out: list[str] = []
    found = clipboard(TMUX | X11 | {"KBQ_TUI_CLIPBOARD": mode}, Tools("tmux", "xclip"))
    assert found.copy("x", out.append).ways == ways
    assert bool(out) is ("OSC 52" in ways)
    assert found.keeps_history is ("tmux" in ways)


@pytest.mark.parametrize("env", [{}, SSH, TMUX, X11, {"KBQ_TUI_CLIPBOARD": "off"}])
@pytest.mark.parametrize("works", [(), ("tmux", "xclip", "pbcopy")])
@pytest.mark.parametrize("text", ["x", "x" * 100_000])
@pytest.mark.parametrize("write", [None, [].append])
def test_never_is_success_claimed_and_always_another_way_named(
    env: dict[str, str], works: tuple[str, ...], text: str, write: Callable[[str], None] | None
) -> None:
    said = clipboard(env, Tools(*works)).copy(text, write).text
    assert "copied" not in said.lower()
    assert "Press v" in said
    assert len(said) <= 78


def test_what_terminals_would_cut_is_not_sent() -> None:
    out: list[str] = []
    assert "Too long" in clipboard({}, Tools())("x" * 60_000, out.append)
    assert out == []
    assert clipboard({}, Tools()).copy("x" * 55_000, out.append).ways == ("OSC 52",)


def test_a_tool_that_hangs_or_is_missing_is_left_in_time(tmp_path: Path) -> None:
    start = time.monotonic()
    assert not run_tool(["sleep", "30"], b"x", 0.2)
    assert not run_tool([str(tmp_path / "missing")], b"x", 1)
    assert not run_tool(["false"], b"x", 5)
    assert run_tool(["cat"], b"x" * 200_000, 5)
    assert time.monotonic() - start < 10


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_real_tmux_holds_the_text(tmp_path: Path) -> None:
    server = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    env = {k: v for k, v in os.environ.items() if k != "TMUX"}
    subprocess.run([*server, "new-session", "-d", "-s", "t", "cat"], check=True, env=env)
    try:
        found = Clipboard({"TMUX": "x", "KBQ_TUI_CLIPBOARD": "tmux"}, lambda c, d, t: run_tool([*server, *c[1:]], d, t))
        assert found.copy("acme-prod: ümläut").ways == ("tmux",)
        shown = subprocess.run([*server, "show-buffer"], check=True, capture_output=True, env=env)
        assert shown.stdout.decode() == "acme-prod: ümläut"
    finally:
        subprocess.run([*server, "kill-server"], check=False, env=env)
