"""`kbq-tui` alone: the set-up, or the dashboard if a connection is finished, or if there are several."""

import gc
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from kbq_tui.cli import context, main, start
from kbq_tui.cli.click_app import cli


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """The connection whose screens are opened, with its project, and the first screen."""
    seen: list[tuple[str, str, str]] = []

    def run_screens(services: Any, options: Any, found: Any, start: str) -> int:
        seen.append((services.draft.name, services.draft.project, start))
        return 0

    monkeypatch.setattr(context, "run_screens", run_screens)
    monkeypatch.setattr(context, "terminal", lambda *options: SimpleNamespace(usable=True))
    return seen


def connection(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "config/kbq-tui/connections"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(f'project = "project-{name}"\n')


def test_it_is_the_set_up_before_anything_is_finished(opened, tmp_path: Path):
    assert start.start_command() == 0
    connection(tmp_path, "one")
    assert start.start_command() == 0
    assert opened == [("default", "", "setup"), ("one", "project-one", "setup")]


def test_it_is_the_dashboard_among_several_connections(opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    connection(tmp_path, "one")
    connection(tmp_path, "two")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "meant-for-neither")
    assert start.start_command() == 0
    connection(tmp_path, "default")
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
    assert start.start_command() == 0
    assert opened == [("one", "project-one", "dashboard"), ("default", "project-default", "setup")]


def test_setup_without_options_begins_with_the_set_up_and_may_make_a_connection(opened, tmp_path: Path):
    assert start.setup_at_once() == 0
    connection(tmp_path, "one")
    assert start.setup_at_once() == 0
    assert opened == [("default", "", "setup"), ("one", "project-one", "setup")]


def test_setup_among_several_asks_which_one_as_it_does_with_options(opened, tmp_path: Path):
    connection(tmp_path, "one")
    connection(tmp_path, "two")
    with pytest.raises(click.UsageError) as alone:
        start.setup_at_once()
    with pytest.raises(click.UsageError) as with_options:
        cli.main(["setup", "--ascii"], standalone_mode=False)
    assert alone.value.message == with_options.value.message
    assert opened == []


@pytest.mark.parametrize(("arguments", "called"), [([], "start_command"), (["setup"], "setup_at_once")])
def test_the_screens_start_without_click_and_without_garbage_collection(
    arguments: list[str], called: str, monkeypatch: pytest.MonkeyPatch
):
    seen: list[tuple[str, bool]] = []

    def started(name: str) -> int:
        seen.append((name, gc.isenabled()))
        return 3

    def leave(status: object) -> None:
        seen.append((str(status), gc.isenabled()))

    for name in ("start_command", "setup_at_once"):
        monkeypatch.setattr(start, name, partial(started, name))
    monkeypatch.setattr(sys, "argv", ["kbq-tui", *arguments])
    monkeypatch.setattr("kbq_tui.cli.main.process.leave", leave)
    for prepared in ("core_dumps.forbid", "debug_switches.take_out", "process.stand_in", "language.speak"):
        monkeypatch.setattr(f"kbq_tui.cli.main.{prepared}", lambda *_, **__: None)
    threshold = gc.get_threshold()
    try:
        main.run()
    finally:
        gc.enable()
        gc.set_threshold(*threshold)
    assert seen == [(called, False), ("3", False)]  # type: ignore[unreachable]  # `leave` returns here
