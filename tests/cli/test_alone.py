"""`kbq-tui` alone: the set-up, or the dashboard once a connection is finished, or among several."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kbq_tui.cli import context


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Which connection's screens are opened, with its project, and where they begin."""
    seen: list[tuple[str, str, str]] = []

    def run_screens(desk: Any, options: Any, found: Any, start: str) -> int:
        seen.append((desk.draft.name, desk.draft.project, start))
        return 0

    monkeypatch.setattr(context, "run_screens", run_screens)
    monkeypatch.setattr(context, "terminal", lambda options: SimpleNamespace(usable=True))
    return seen


def connection(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "config/kbq-tui/connections"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(f'project = "project-{name}"\n')


def test_it_is_the_set_up_before_anything_is_finished(opened, tmp_path: Path):
    assert context.guided() == 0
    connection(tmp_path, "one")
    assert context.guided() == 0
    assert opened == [("default", "", "setup"), ("one", "project-one", "setup")]


def test_it_is_the_dashboard_among_several_connections(opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    connection(tmp_path, "one")
    connection(tmp_path, "two")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "meant-for-neither")
    assert context.guided() == 0
    connection(tmp_path, "default")
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
    assert context.guided() == 0
    assert opened == [("one", "project-one", "dashboard"), ("default", "project-default", "setup")]
