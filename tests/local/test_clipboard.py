"""Ways to copy to the clipboard: OSC 52, tmux and native tools."""

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kbq_tui.local.clipboard import KEY_BUFFER, SystemClipboard, run_tool
from kbq_tui.model.secret import Secret
from tests.support.polling import PATIENCE
from tests.support.pty import Terminal

TMUX = {"TMUX": "/tmp/tmux-0/default,1,0"}
SSH = {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}
X11 = {"DISPLAY": ":0"}


class Tools:
    """Replaces the programs: which exist, which work."""

    def __init__(self, *works: str) -> None:
        self.works = works
        self.calls: list[tuple[tuple[str, ...], bytes]] = []

    def __call__(self, command: Sequence[str], data: bytes, deadline: float) -> bool:
        self.calls.append((tuple(command), data))
        return " ".join(command).startswith(self.works) if self.works else False

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if any(w.startswith(name) for w in self.works) else None


def clipboard(env: dict[str, str], tools: Tools, platform: str = "linux") -> SystemClipboard:
    return SystemClipboard(env, tools, tools.which, platform)


def test_in_tmux_the_buffer_and_osc_52() -> None:
    tools = Tools("tmux load-buffer -w")
    out: list[str] = []
    sent = clipboard(TMUX | SSH, tools).copy("acme-prod", out.append)
    assert sent.ways == ("tmux", "OSC 52")
    assert tools.calls == [(("tmux", "load-buffer", "-w", "-"), b"acme-prod")]
    assert out == [f"\x1b]52;c;{base64.b64encode(b'acme-prod').decode()}\x07"]


def test_an_old_tmux_takes_its_own_buffer_at_least() -> None:
    tools = Tools("tmux load-buffer -")
    tools.works = ("tmux load-buffer - ", "tmux load-buffer -")
    old = SystemClipboard(TMUX, lambda c, d, t: "-w" not in c, tools.which, "linux")
    assert old.copy("x").ways == ("tmux",)
    assert "tmux's buffer" in str(old.copy("x").text)


def test_over_ssh_no_native_tool_is_asked() -> None:
    tools = Tools("xclip")
    out: list[str] = []
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


@pytest.mark.parametrize("env", [{}, SSH, TMUX, X11, {"KBQ_TUI_CLIPBOARD": "off"}])
@pytest.mark.parametrize("works", [(), ("tmux", "xclip", "pbcopy")])
@pytest.mark.parametrize("text", ["x", "x" * 100_000])
@pytest.mark.parametrize("write", [None, [].append])
def test_never_is_success_claimed_nor_a_key_named_that_not_every_screen_has(
    env: dict[str, str], works: tuple[str, ...], text: str, write: Callable[[str], None] | None
) -> None:
    said = clipboard(env, Tools(*works)).copy(text, write).text
    assert "copied" not in str(said).lower()
    assert "ress" not in str(said)
    assert len(str(said)) <= 50


def test_what_terminals_would_cut_is_not_sent() -> None:
    out: list[str] = []
    assert "Too long" in str(clipboard({}, Tools()).copy("x" * 60_000, out.append).text)
    assert "Too long" in str(clipboard({}, Tools()).copy_key(Secret("x" * 60_000), out.append).text)
    assert out == []
    assert clipboard({}, Tools()).copy("x" * 55_000, out.append).ways == ("OSC 52",)


def test_a_tool_that_hangs_or_is_missing_is_left_in_time(tmp_path: Path) -> None:
    assert not run_tool(["sleep", "100000"], b"x", 0.2)  # waiting for it would block the suite
    assert not run_tool([str(tmp_path / "missing")], b"x", 1)
    assert not run_tool(["false"], b"x", PATIENCE)
    assert run_tool(["cat"], b"x" * 200_000, PATIENCE)


KEY = Secret('{"private_key": "CANARY"}')
SENT = f"\x1b]52;c;{base64.b64encode(KEY.reveal()).decode()}\x07"


@pytest.mark.parametrize(
    ("env", "works", "way", "said"),
    [
        (TMUX | SSH, ("tmux",), "tmux", "paste buffer"),
        (TMUX | X11, ("tmux", "xclip"), "tmux", "paste buffer"),
        (TMUX | {"KBQ_TUI_CLIPBOARD": "tmux"}, ("tmux",), "tmux", "paste buffer"),
        (TMUX | {"KBQ_TUI_CLIPBOARD": "osc52"}, ("tmux",), "OSC 52", "paste buffers"),
        (SSH | X11, ("xclip",), "OSC 52", "through this SSH session"),
        (X11, ("xclip",), "xclip", "xclip takes it"),
        (X11, (), "OSC 52", "your terminal's clipboard"),
        (SSH | X11 | {"KBQ_TUI_CLIPBOARD": "native"}, ("xclip",), "xclip", "xclip takes it"),
    ],
)
def test_a_key_goes_one_way_only_and_the_way_is_told_before(
    env: dict[str, str], works: tuple[str, ...], way: str, said: str
) -> None:
    tools = Tools(*works)
    out: list[str] = []
    found = clipboard(env, tools)
    assert said in str(found.key_way())
    assert tools.calls == []
    assert out == []
    sent = found.copy_key(KEY, out.append)
    assert sent.ways == (way,)
    assert out == ([SENT] if way == "OSC 52" else [])
    assert [data for _, data in tools.calls if data] == ([] if way == "OSC 52" else [KEY.reveal()])
    assert "opied" not in str(sent.text)
    assert "CANARY" not in str(sent.text)


@pytest.mark.parametrize("env", [{"KBQ_TUI_CLIPBOARD": "off"}, {"KBQ_TUI_CLIPBOARD": "native"}, SSH])
def test_where_there_is_no_way_no_key_is_sent(env: dict[str, str]) -> None:
    tools = Tools()
    out: list[str] = []
    found = clipboard(env | ({"KBQ_TUI_CLIPBOARD": "tmux"} if env is SSH else {}), tools)
    assert str(found.key_way()) == ""
    assert found.copy_key(KEY, out.append).ways == ()
    assert out == []
    assert tools.calls == []


@pytest.mark.parametrize(("load", "delete"), [(True, True), (True, False), (False, True)])
def test_a_key_never_stays_in_tmux_unsaid(load: bool, delete: bool) -> None:
    done: list[str] = []

    def run(command: Sequence[str], data: bytes, deadline: float) -> bool:
        done.append(command[1])
        return load if command[1] == "load-buffer" else delete

    sent = SystemClipboard(TMUX, run, lambda name: None, "linux").copy_key(KEY, lambda _: None)
    assert done == ["load-buffer", "delete-buffer"]
    assert bool(sent.ways) is load
    assert (f"tmux delete-buffer -b {KEY_BUFFER}" in str(sent.text)) is (load and not delete)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_through_a_real_tmux_a_key_reaches_the_terminal_that_it_stands_in(tmp_path: Path) -> None:
    program = tmp_path / "send.py"
    program.write_text(
        "import os\n"
        "from kbq_tui.model.secret import Secret\n"
        "from kbq_tui.local.clipboard import SystemClipboard\n"
        f"print(SystemClipboard(os.environ).copy_key(Secret({KEY.reveal()!r}), print).text)\n"
        "input()\n"
    )
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    env = {"TERM": "xterm-256color", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)}
    env["PYTHONPATH"] = str(Path(__file__).parents[2])
    with Terminal([*tmux, "new-session", f"{sys.executable} {program}"], env) as outer:
        try:
            outer.until_text("Sent to your terminal's clipboard.")
            encoded = base64.b64encode(KEY.reveal())
            outer.until(lambda: re.findall(rb"\x1b\]52;\w*;([A-Za-z0-9+/=]+)", bytes(outer.raw)) == [encoded])
            assert subprocess.run([*tmux, "list-buffers"], check=True, capture_output=True, text=True).stdout == ""
        finally:
            subprocess.run([*tmux, "kill-server"], check=False)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_real_tmux_takes_a_key_and_forgets_it(tmp_path: Path) -> None:
    server = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    env = {k: v for k, v in os.environ.items() if k != "TMUX"}
    subprocess.run([*server, "new-session", "-d", "-s", "t", "cat"], check=True, env=env)
    seen: list[str] = []

    def run(command: Sequence[str], data: bytes, deadline: float) -> bool:
        done = run_tool([*server, *command[1:]], data, 60)
        seen.append(subprocess.run([*server, "list-buffers"], check=True, capture_output=True, text=True).stdout)
        return done

    try:
        assert SystemClipboard(TMUX, run, shutil.which, "linux").copy_key(KEY, lambda _: None).ways == ("tmux",)
        assert KEY_BUFFER in seen[0]
        assert seen[1] == ""
    finally:
        subprocess.run([*server, "kill-server"], check=False, env=env)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_real_tmux_holds_the_text(tmp_path: Path) -> None:
    server = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    env = {k: v for k, v in os.environ.items() if k != "TMUX"}
    subprocess.run([*server, "new-session", "-d", "-s", "t", "cat"], check=True, env=env)
    try:
        found = SystemClipboard(
            {"TMUX": "x", "KBQ_TUI_CLIPBOARD": "tmux"}, lambda c, d, t: run_tool([*server, *c[1:]], d, t)
        )
        assert found.copy("acme-prod: ümläut").ways == ("tmux",)
        shown = subprocess.run([*server, "show-buffer"], check=True, capture_output=True, env=env)
        assert shown.stdout.decode() == "acme-prod: ümläut"
    finally:
        subprocess.run([*server, "kill-server"], check=False, env=env)
