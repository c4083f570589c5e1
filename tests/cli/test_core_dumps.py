"""No core dump of the program is written, whatever ends it."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.polling import PATIENCE

STATE = """
import ctypes, json, resource, sys
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) if sys.platform == "linux" else 0
print(json.dumps([list(resource.getrlimit(resource.RLIMIT_CORE)), dumpable]))
"""
FORBIDDEN = "[[0, 0], 0]"


def python(code: str, **more: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        **more,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout.strip())


def test_a_process_can_be_dumped_before() -> None:
    if sys.platform == "linux":
        assert not python(STATE).endswith(", 0]")


def test_it_cannot_afterwards() -> None:
    assert python("from kbq_tui.cli import core_dumps; core_dumps.forbid()" + STATE) == FORBIDDEN


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_where_python_has_no_such_internals_ctypes_does_it() -> None:
    code = "import _ctypes; del _ctypes.call_function\nfrom kbq_tui.cli import core_dumps; core_dumps.forbid()" + STATE
    assert python(code) == FORBIDDEN


def test_a_limit_that_cannot_be_set_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from kbq_tui.cli import core_dumps

    def refuse(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    monkeypatch.setattr(core_dumps, "_prctl", lambda *_: None)
    core_dumps.forbid()


@pytest.mark.parametrize("arguments", [["--version"], []], ids=["a command", "the screens"])
def test_every_start_forbids_them_before_anything_is_read_in(arguments: list[str]) -> None:
    code = f"""
import sys
sys.argv = ["kbq-tui", *{arguments!r}]
from kbq_tui.cli import process as ending, main as entry; from kbq_tui.i18n import language
def stop(*_, **__): raise SystemExit(0)
language.speak = stop
def leave(status):
    {"; ".join(STATE.strip().splitlines())}
ending.leave = leave
entry.run()
"""
    assert python(code) == FORBIDDEN


def test_the_sandbox_forbids_them_too(tmp_path: Path) -> None:
    code = (
        """
from kbq_tui.sandbox import __main__ as sandbox
sandbox.run = lambda **_: 0
sandbox.main([])
"""
        + STATE
    )
    assert python(code) == FORBIDDEN


@pytest.mark.skipif(sys.platform != "linux", reason="where cores go is read from /proc")
def test_a_crash_leaves_no_core_file(tmp_path: Path) -> None:
    code = "import os; from kbq_tui.cli import core_dumps; core_dumps.forbid(); os.abort()"
    allow = f"ulimit -c unlimited; exec {sys.executable} -c '{code}'"
    done = subprocess.run(["sh", "-c", allow], cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == -signal.SIGABRT
    assert list(tmp_path.iterdir()) == []
