"""The program as a person calls it, against a sandbox in this process."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kbq_tui.cli.click_app import main
from kbq_tui.local.log import stop_log
from kbq_tui.sandbox.server import Sandbox
from tests.support.files import Files, snapshot
from tests.support.program import ProgramResult

Call = Callable[..., ProgramResult]


@pytest.fixture(autouse=True)
def own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Separate folders, no keyring, and none of the real environment's Google settings."""
    import os

    for name in list(os.environ):
        if name.startswith(("GOOGLE_", "CLOUDSDK_", "KBQ_TUI_")) or name in ("NO_COLOR", "HTTPS_PROXY", "HTTP_PROXY"):
            monkeypatch.delenv(name)
    for kind in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KBQ_TUI_KEYRING", "off")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    yield
    stop_log()


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], Files]:
    """Return a function that gives mode and bytes of every file of ours on this machine, except the log, by path."""
    return lambda: snapshot(*(tmp_path / kind for kind in ("config", "state", "data")))


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the program in this process, without a terminal."""

    def run(*arguments: str, typed: str = "") -> ProgramResult:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        out, err = capsys.readouterr()
        code = left.value.code
        assert isinstance(code, int)
        return ProgramResult(code, out, err)

    return run


@dataclass
class RunningSandbox:
    """A running sandbox, and its environment in place."""

    sandbox: Sandbox
    env: dict[str, str] = field(default_factory=dict)

    def writes(self) -> list[str]:
        return [c.method for c in self.sandbox.world.writes()]

    @property
    def key_options(self) -> tuple[str, ...]:
        key = self.env.get("KBQ_TUI_SANDBOX_KEY")
        return ("--key-file", key) if key else ()


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., RunningSandbox]]:
    """Start sandboxes; the environment points to the newest one."""
    started: list[Sandbox] = []

    def start(scenario: str, **more: object) -> RunningSandbox:
        sandbox = Sandbox(scenario, key_dir=tmp_path, **more)  # type: ignore[arg-type]
        sandbox.start()
        started.append(sandbox)
        env = sandbox.env()
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return RunningSandbox(sandbox, env)

    yield start
    for sandbox in started:
        sandbox.stop()
