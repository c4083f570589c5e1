"""The sandbox in a separate process, and the program run against it as an operator would."""

import contextlib
import json
import os
import shlex
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import canary, warm
from tests.support.polling import PATIENCE, wait_until


def wait_for(path: Path, process: subprocess.Popen[bytes], seconds: float = PATIENCE) -> None:
    """Return once `path` exists; fail with the process's output if it ends or the time is over."""
    try:
        wait_until(lambda: path.exists() or process.poll() is not None, seconds=seconds)
        assert path.exists(), f"{path.name} never came: exit {process.poll()}"
    except AssertionError:
        process.kill()
        raise


def parse_env(text: str) -> dict[str, str]:
    """Read shell `export K=V` lines."""
    pairs = (shlex.split(line)[1].partition("=") for line in text.splitlines() if line.startswith("export "))
    return {k: v for k, _, v in pairs}


@dataclass
class Served:
    """A running sandbox.

    Attributes:
        env: the variables in its env file.
        home: an empty home folder for programs that call it.
    """

    env: dict[str, str]
    home: Path
    env_file: Path

    @property
    def url(self) -> str:
        return self.env["CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY"].rstrip("/")

    @property
    def project(self) -> str:
        return self.env["GOOGLE_CLOUD_PROJECT"]

    def ask(self, what: str) -> Any:
        headers = {"Authorization": f"Bearer {self.env['KBQ_TUI_SANDBOX_TOKEN']}"}
        request = urllib.request.Request(f"{self.url}/_sandbox/{what}", headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def environ(self, home: Path | None = None) -> dict[str, str]:
        """An environment with nothing of the developer's own: paths, locale, and the sandbox's variables."""
        home = home or self.home
        base = {k: os.environ[k] for k in ("PATH", "LANG", "LC_ALL", "TMPDIR", canary.PAIR) if k in os.environ}
        return {
            **base,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_DATA_HOME": str(home / "data"),
            "KBQ_TUI_KEYRING": "off",
            "TERM": "xterm-256color",
            **self.env,
        }

    def run(self, *args: str, home: Path | None = None, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run `kbq-tui ARGS` without a terminal."""
        done = subprocess.run(
            [warm.python(), "-m", "kbq_tui", *args],
            env=self.environ(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        canary.none_in(done.stdout + done.stderr, f"what kbq-tui {' '.join(args)} printed")
        return done


@contextlib.contextmanager
def served(scenario: str = "fresh", latency_ms: int = 0, more: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Start `python -m kbq_tui.sandbox`, yield it, and end it."""
    with tempfile.TemporaryDirectory(prefix="kbq-test-") as folder:
        root = Path(folder)
        home = root / "home"
        home.mkdir(mode=0o700)
        env_file = root / "env"
        command = [warm.python(), "-m", "kbq_tui.sandbox", "--env-file", str(env_file), "--scenario", scenario]
        command += ["--latency-ms", str(latency_ms), "--exit-with-parent"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            wait_for(env_file, process)
            yield Served({**parse_env(env_file.read_text()), **(more or {})}, home, env_file)
        finally:
            process.terminate()
            process.wait(timeout=10)
            if process.stdin is not None:
                process.stdin.close()
