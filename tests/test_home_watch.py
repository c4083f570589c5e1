"""The run has a separate home folder, and what a test leaves in it is found."""

import os
import shutil
from pathlib import Path

import pytest

from kbq_tui.local.paths import Paths
from tests.support import home


def test_the_default_folders_are_in_the_home_of_the_run() -> None:
    paths = Paths.from_env(os.environ)
    assert all(home.NAME in folder.parts for folder in (paths.config, paths.state, paths.data))


def test_a_file_in_the_home_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "npm_config_cache", "npm_config_userconfig", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(name, os.environ[name])  # put back afterwards
    base = tmp_path / "popen-gw0"
    base.mkdir()
    home.take(base)
    assert home.written(tmp_path) == []
    stray = Paths.from_env({}).connections / "default.toml"
    stray.parent.mkdir(parents=True)
    stray.touch()
    assert stray in home.written(tmp_path)
    shutil.rmtree(stray.parent.parent)  # or the whole run would fail
