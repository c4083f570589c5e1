"""Programs that are forked from a warm interpreter (tests/support/warm) run and end like those that are started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.polling import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(warm.PYTHON not in os.environ, reason="LEFT OUT: there is no warm interpreter here")

SCRIPT = """
import os, sys
print(sys.argv[1:], os.getcwd(), os.environ.get("KBQ_GREETING"), sys.stdin.read())
print("beside", file=sys.stderr)
raise SystemExit(int(sys.argv[1]))
"""
WAITS = """
import signal, sys
from pathlib import Path
if sys.argv[1] == "heeds":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
try:
    Path("pid").write_text(str(__import__("os").getpid()))
    while True:
        signal.pause()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.py"


def test_it_is_handed_all_that_a_started_one_has(script: Path, tmp_path: Path) -> None:
    script.write_text(SCRIPT)
    env = {**os.environ, "KBQ_GREETING": "grüß\udcff"}

    def run(interpreter: str) -> tuple[int, bytes, bytes]:
        command = [interpreter, "-u", str(script), "7", "", "a b"]
        done = subprocess.run(command, env=env, cwd=tmp_path, input=b"typed", capture_output=True, timeout=PATIENCE)
        return done.returncode, done.stdout, done.stderr

    started = run(sys.executable)
    assert started[0] == 7
    assert [run(warm.python()) for _ in range(3)] == [started] * 3


@pytest.mark.parametrize(("kind", "number", "status"), [("heeds", signal.SIGTERM, 9), ("dies", signal.SIGINT, 130)])
def test_a_signal_reaches_it_and_its_end_is_told(
    script: Path, tmp_path: Path, kind: str, number: int, status: int
) -> None:
    script.write_text(WAITS)
    running = subprocess.Popen([warm.python(), str(script), kind], cwd=tmp_path)
    wait_until((tmp_path / "pid").exists)
    running.send_signal(number)
    assert running.wait(PATIENCE) == status


def test_the_signal_that_killed_it_is_told(script: Path, tmp_path: Path) -> None:
    script.write_text(WAITS)
    running = subprocess.Popen([warm.python(), str(script), "dies"], cwd=tmp_path)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert running.wait(PATIENCE) == -signal.SIGKILL


def test_it_does_not_outlive_the_one_who_started_it(script: Path, tmp_path: Path) -> None:
    script.write_text(WAITS)
    running = subprocess.Popen([warm.python(), str(script), "dies"], cwd=tmp_path)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    running.kill()
    running.wait(PATIENCE)
    wait_until(lambda: not Path("/proc", (tmp_path / "pid").read_text()).exists())


def test_its_modules_are_there_the_next_time(script: Path, tmp_path: Path) -> None:
    script.write_text("import sys; print('colorsys' in sys.modules); import colorsys")
    said = [subprocess.check_output([warm.python(), str(script)], cwd=tmp_path, timeout=PATIENCE) for _ in range(2)]
    assert said == [b"False\n", b"True\n"]
