"""Which folders are used, and their modes."""

import os
import stat
from datetime import UTC
from pathlib import Path

import platformdirs
import pytest

from kbq_tui.local.clock import SystemClock
from kbq_tui.local.paths import Paths
from kbq_tui.model.problem import ProblemError


def test_xdg_folders_are_honoured_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_DATA_HOME": "/d"}
    found = Paths.from_env(env)
    assert (found.config, found.state, found.data) == (Path("/c/kbq-tui"), Path("/s/kbq-tui"), Path("/d/kbq-tui"))
    assert found.connections == Path("/c/kbq-tui/connections")
    assert found.keys == Path("/d/kbq-tui/keys")
    assert found.of_connection("prod") == Path("/s/kbq-tui/connections/prod")


def test_a_relative_xdg_folder_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = Paths.from_env({"XDG_CONFIG_HOME": "here"})
    assert found.config == platformdirs.PlatformDirs("kbq-tui", appauthor=False).user_config_path
    assert found.config.is_relative_to(tmp_path)


def test_without_a_home_folder_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Homeless:
        def __init__(self, *_: object, **__: object) -> None:
            self.user_config_path = self.user_state_path = self.user_data_path = Path("~/.config/kbq-tui")

    monkeypatch.setattr(platformdirs, "PlatformDirs", Homeless)
    with pytest.raises(ProblemError) as error:
        Paths.from_env({})
    assert error.value.problem.code == "KBQ-NO-HOME"
    assert Paths.from_env({"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_DATA_HOME": "/d"}).config.is_absolute()


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_folders_are_made_private_and_existing_ones_left(mask: int, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine").chmod(0o755)
    found = Paths(tmp_path / "mine" / "c", tmp_path / "s", tmp_path / "d")
    before = os.umask(mask)
    try:
        found.ready(found.config, found.of_connection("prod"), found.keys)
    finally:
        os.umask(before)
    for path in (found.config, found.state, found.of_connection("prod"), found.data, found.keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o755


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    for home in ("/proc/1/kbq", str(tmp_path / "file" / "home")):
        (tmp_path / "file").write_text("")
        with pytest.raises(ProblemError) as error:
            Paths(Path(home), tmp_path, tmp_path).ready(Path(home))
        assert error.value.problem.code in ("KBQ-NO-HOME", "KBQ-READ-ONLY")
        assert home in str(error.value.problem.cause)


async def test_the_clock_tells_aware_utc_and_moves_on() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() > before
