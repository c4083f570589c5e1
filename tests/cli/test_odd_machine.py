"""Unusual conditions of this machine or process end in a clear message, with the key and the journal in order."""

import json
import os
import threading
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest

from kbq_tui.cli.bootstrap import build
from kbq_tui.cli.command_options import CliOptions
from kbq_tui.i18n import language
from kbq_tui.local import clock as clock_module
from kbq_tui.local.paths import Paths
from kbq_tui.local.store import FileStore
from kbq_tui.sandbox.faults import Rule

PROJECT = "acme-klaviyo-demo"
NOT_UTF8 = os.fsdecode(b"k\xff.json")


@pytest.fixture
def gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delete the working directory."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()


@pytest.mark.parametrize("option", ["--key-file", "--credentials"])
def test_a_path_that_is_no_utf8_is_refused_by_the_option_s_name(google, call, option: str, tmp_path: Path):
    world = google("fresh")
    path = tmp_path / NOT_UTF8
    if option == "--credentials":
        path.write_bytes(world.sandbox.key_file.read_bytes())
    ended = call("apply", "--yes", option, str(path))
    assert ended.status == 2
    assert option in ended.err
    assert "not UTF-8" in ended.err
    assert world.writes() == []


def test_a_path_that_is_no_utf8_is_asked_for_again(google, call, tmp_path: Path):
    google("fresh")
    typed = "\n\n\n\ny\n\n" + f"{tmp_path / NOT_UTF8}\n"
    ended = call("setup", "--plain", "--project", PROJECT, typed=typed)
    assert "unexpected" not in ended.err
    assert "not UTF-8" in ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", "--yes", "--key-file", "k.json"),
        ("plan", "--config", "c.toml"),
        ("plan", "--log-file", "l"),
        ("verify", "--report", "r.md"),
        ("demo", "--keep", "d"),
        ("sandbox", "--env-file", "e"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("gone")
def test_a_relative_path_without_a_working_directory_is_refused(call, arguments: tuple[str, ...]):
    ended = call(*arguments)
    assert ended.status == 2
    assert arguments[-2] in ended.err
    assert "The working directory is gone" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", "--yes", "--key-file", "new/"),
        ("plan", "--config", "new/"),
        ("plan", "--log-file", "new/"),
        ("verify", "--report", "new.md/"),
        ("sandbox", "--env-file", "new/"),
    ],
    ids=" ".join,
)
def test_a_file_whose_name_ends_in_a_slash_is_refused(call, tmp_path: Path, monkeypatch, arguments: tuple[str, ...]):
    monkeypatch.chdir(tmp_path)
    ended = call(*arguments)
    assert ended.status == 2
    assert arguments[-2] in ended.err
    assert not (tmp_path / "new").exists()


def test_without_a_working_directory_everything_else_goes_on(google, call, tmp_path: Path, request):
    google("fresh")
    assert call("apply", "--yes").status == 0
    assert call("verify").status == 0  # the sandbox has opened its database, which DuckDB cannot do without one
    request.getfixturevalue("gone")
    assert call("plan").status == 0
    assert call("apply", "--yes").status == 0
    assert call("verify", "--report", str(tmp_path / "r.md")).status == 0
    assert call("status").status == 0
    assert call("doctor").status == 0


@pytest.mark.parametrize(
    "command", [("plan",), ("apply", "--yes"), ("verify",), ("status",), ("doctor",)], ids=" ".join
)
@pytest.mark.parametrize("year", [9999, 10_000])
def test_a_clock_at_the_end_of_the_calendar_is_named_before_anything_is_done(
    google, call, command: tuple[str, ...], year: int, monkeypatch: pytest.MonkeyPatch
):
    world = google("fresh")

    class Late(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Late":
            return cls(year, 12, 31, 23, 59, tzinfo=UTC)

    monkeypatch.setattr(clock_module, "datetime", Late)
    calls = len(world.sandbox.world.calls)
    ended = call(*command, "--project", PROJECT)
    assert ended.status == 1
    assert "KBQ-CLOCK-UNUSABLE" in ended.err
    assert "date -u" in ended.err
    assert len(world.sandbox.world.calls) == calls


def no_threads(monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    """Prevent new threads in the tested code, but not in the sandbox."""
    real = threading.Thread.start

    def start(self: threading.Thread) -> None:
        if self.name.startswith(("kbq", "google", "keyring", "reach", "hang-up", *more)):
            raise RuntimeError("can't start new thread")
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.parametrize("command", [("apply", "--yes"), ("verify",), ("plan",)], ids=" ".join)
def test_without_threads_nothing_is_begun(google, call, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch):
    world = google("fresh")
    calls = len(world.sandbox.world.calls)
    no_threads(monkeypatch, "probe")
    ended = call(*command)
    assert ended.status == 1
    assert "KBQ-NO-THREADS" in ended.err
    assert "ulimit -a" in ended.err
    assert len(world.sandbox.world.calls) == calls


def test_where_threads_run_out_later_the_set_up_is_made_and_the_key_and_the_journal_are_right(
    google, call, monkeypatch: pytest.MonkeyPatch
):
    world = google("fresh")
    no_threads(monkeypatch)
    monkeypatch.setenv("KBQ_TUI_KEYRING", "on")
    applied = call("apply", "--yes", "--json")
    assert applied.status == 0, applied.err
    key = json.loads(Path(applied.lines[-1]["key_path"]).read_bytes())
    (event,) = (e for e in applied.lines if e["event"] == "finished" and e["action"] == "key")
    assert "The system has no thread left to ask the system keyring" in event["text"]
    here = build(CliOptions())
    assert isinstance(here.services.store, FileStore)
    assert here.services.store.unfinished("default") == ()
    journal = (Paths.from_env(os.environ).of_connection("default") / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in journal if json.loads(line)["action"] == "key"] == [
        "intended",
        "finished",
    ]
    assert call("key", "list").status == 0
    assert key["private_key_id"][:12] in call("key", "list").out
    assert call("verify").status == 0
    assert call("doctor").status == 0
    assert len([m for m in world.writes() if "keys.create" in m.lower() or "CreateServiceAccountKey" in m]) == 1


def test_doctor_lists_a_broken_connection_file_and_goes_on(google, call, tmp_path):
    google("fresh")
    folder = tmp_path / "config" / "kbq-tui" / "connections"
    folder.mkdir(parents=True)
    (folder / "default.toml").write_text("project = 3\n")
    (folder / "shop.toml").write_text("projct = 'x'\n")
    found = call("doctor", "--json").json["findings"]
    bad = {f["name"]: f["text"] for f in found if f["section"] == "Files" and f["ok"] is False}
    assert set(bad) == {"default", "shop"}
    assert "default.toml, line 1, project" in bad["default"]
    assert "shop.toml, line 1, projct" in bad["shop"]
    assert {f["name"] for f in found if f["section"] == "Reachability"} >= {"bigquery", "iam"}


def test_doctor_does_not_translate_the_names_of_packages_and_connections(google, call, tmp_path):
    google("fresh")
    folder = tmp_path / "config" / "kbq-tui" / "connections"
    folder.mkdir(parents=True)
    (folder / "State.toml").write_text("project = 3\n")
    language.speak("de")
    try:
        said = call("doctor").out
    finally:
        language.speak("en")
    names = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
    assert names.count("keyring") == 1
    assert names.count("State") == 1
    assert names.count("Zustand") == 1  # the folder


def test_an_empty_variable_is_named_by_plan_and_by_doctor(google, call, monkeypatch):
    google("fresh")
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "")
    plan = call("plan")
    assert plan.status == 2
    assert "GOOGLE_CLOUD_UNIVERSE_DOMAIN" in plan.err
    assert "login page" not in plan.err
    (line,) = [f for f in call("doctor", "--json").json["findings"] if f["name"] == "GOOGLE_CLOUD_UNIVERSE_DOMAIN"]
    assert line["ok"] is False


def test_a_redirect_ends_in_a_login_page_and_exit_5(google, call):
    there = google("fresh")
    there.sandbox.context.faults.replace([Rule("*", "status", status=302, every=1)])
    plan = call("plan")
    assert plan.status == 5
    assert plan.out.count("[KBQ-CAPTIVE-PORTAL]") == 1


def test_a_web_page_with_status_200_ends_in_a_login_page_and_exit_5(google, call):
    there = google("fresh")
    there.sandbox.context.faults.replace([Rule("*", "content-type", every=1)])
    plan = call("plan")
    assert plan.status == 5
    assert plan.out.count("[KBQ-CAPTIVE-PORTAL]") == 1
    assert "A web page came back" in plan.out
    ended = call("apply", "--yes")
    assert ended.status == 5
    assert "[KBQ-CAPTIVE-PORTAL]" in ended.err
    assert "KBQ-MALFORMED-ANSWER" not in plan.out + ended.err
