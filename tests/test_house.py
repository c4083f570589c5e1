"""Who may know whom, seen from the outside: what a fresh interpreter has loaded after importing a room."""

import subprocess
import sys

import pytest

HEAVY = ("textual", "google", "grpc", "keyring", "duckdb", "starlette", "requests")

# Of core, nothing but what the help is told with: `--version` pays for every import.
CORE = tuple(f"kbq_tui.core.{name}" for name in ("catalogue", "checks", "plan", "problems", "spec", "text"))

ROOMS = {
    "kbq_tui.core.diff": (*HEAVY, "click", "tomlkit", "platformdirs", "kbq_tui.engine", "kbq_tui.gcp", "kbq_tui.local"),
    "kbq_tui.core.recognise": (*HEAVY, "click", "tomlkit", "platformdirs", "kbq_tui.engine"),
    "kbq_tui.engine.apply": (*HEAVY, "click", "tomlkit", "platformdirs", "kbq_tui.gcp", "kbq_tui.local"),
    "kbq_tui.engine.status": (*HEAVY, "click", "tomlkit", "platformdirs", "kbq_tui.gcp", "kbq_tui.local"),
    "kbq_tui.gcp.cloud": ("textual", "google", "grpc", "keyring", "click", "kbq_tui.local", "kbq_tui.sandbox"),
    "kbq_tui.local.keys": ("textual", "google", "grpc", "keyring", "click", "kbq_tui.gcp", "kbq_tui.sandbox"),
    "kbq_tui.tui.app": ("google", "grpc", "keyring", "kbq_tui.gcp", "kbq_tui.local", "kbq_tui.sandbox", "duckdb"),
    "kbq_tui.cli": (*HEAVY, *CORE, "kbq_tui.engine", "kbq_tui.gcp", "kbq_tui.tui"),
    "kbq_tui.sandbox.server": (
        "textual",
        "keyring",
        "kbq_tui.core",
        "kbq_tui.engine",
        "kbq_tui.gcp",
        "kbq_tui.local",
        "kbq_tui.tui",
        "kbq_tui.headless",
    ),
}


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_loads_nothing_it_may_not_know(room: str) -> None:
    code = f"import sys, {room}; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert room in loaded
    for name in ROOMS[room]:
        strangers = [m for m in loaded if m == name or m.startswith(name + ".")]
        assert not strangers, f"{room} loads {strangers[:3]}"
