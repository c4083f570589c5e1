"""`status` for programs: a command that gets each change once, a plugin's line, metrics."""

import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kbq_tui.local.lock import ConnectionLock
from kbq_tui.local.on_change import OnChange
from kbq_tui.local.paths import Paths
from tests.local.conftest import FakeClock
from tests.support.outputs import output_lines
from tests.support.polling import wait_until

PROJECT = "acme-klaviyo-demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "kbq-tui" / "connections"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def there(google, folder: Path):
    """A connection in order."""
    started = google("existing")
    (folder / "shop.toml").write_text(f'project = "{PROJECT}"\nkey_file = "{started.env["KBQ_TUI_SANDBOX_KEY"]}"\n')
    return started


@pytest.fixture
def heard(tmp_path: Path) -> Callable[[], list[dict]]:
    """Return what the command was given since the last call."""
    path = tmp_path / "heard"

    def read() -> list[dict]:
        lines = output_lines(path.read_text()) if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    return read


@pytest.fixture
def command(tmp_path: Path) -> str:
    return f"cat >> '{tmp_path / 'heard'}'"


def break_it(folder: Path) -> None:
    path = folder / "shop.toml"
    path.write_text(path.read_text() + 'staging_dataset = "NOT_THERE"\n')


def mend_it(folder: Path) -> None:
    path = folder / "shop.toml"
    path.write_text(path.read_text().replace('staging_dataset = "NOT_THERE"\n', ""))


def test_each_change_is_told_once(call, there, folder: Path, command: str, heard):
    look = ("status", "--all", "--on-change", command)
    assert (call(*look).status, heard()) == (0, [])
    break_it(folder)
    assert call(*look).status == 6
    told = [event for event in heard() if event["event"] != "drift"]
    assert [event["event"] for event in told] == ["unhealthy"]
    assert (told[0]["connection"], told[0]["state"], told[0]["next"]) == ("shop", "failing", "kbq-tui apply shop")
    assert "NOT_THERE" in told[0]["text"]
    assert (call(*look).status, heard()) == (6, [])
    mend_it(folder)
    assert call(*look).status == 0
    assert [event["event"] for event in heard() if event["event"] != "drift"] == ["recovered"]
    assert (call(*look).status, heard()) == (0, [])


def test_over_a_pipe_nothing_is_printed_for_cron_to_send(call, there, command: str):
    ended = call("status", "--all", "--on-change", command)
    assert (ended.status, ended.out) == (0, "")
    assert call("status", "--all", "--json", "--on-change", command).lines[0]["connection"] == "shop"


def test_a_command_that_fails_is_told_and_tried_again(call, there, folder: Path, tmp_path: Path, command: str, heard):
    break_it(folder)
    failing = f"test -e '{tmp_path}/ready' || {{ echo 'no network' >&2; exit 7; }}; {command}"
    ended = call("status", "--all", "--on-change", failing)
    assert ended.status == 6
    assert "shop: the command could not be told of unhealthy: exit status 7: no network" in ended.err
    assert heard() == []
    (tmp_path / "ready").touch()
    call("status", "--all", "--on-change", failing)
    assert [event["event"] for event in heard()] == ["unhealthy"]
    call("status", "--all", "--on-change", failing)
    assert heard() == []


def test_each_command_has_a_separate_memory(call, there, folder: Path, command: str, heard):
    break_it(folder)
    for each in (command, command + " ", command):
        call("status", "--all", "--on-change", each)
    assert [event["event"] for event in heard()] == ["unhealthy", "unhealthy"]


def test_in_an_outage_nothing_is_told_and_nothing_is_forgotten(call, there, folder: Path, command: str, heard):
    from kbq_tui.sandbox.faults import Rule

    look = ("status", "--all", "--on-change", command)
    break_it(folder)
    call(*look)
    assert heard()
    there.sandbox.context.faults.replace([Rule("*", "content-type", every=1)])
    assert call(*look).status != 0
    there.sandbox.context.faults.replace([])
    call(*look)
    assert heard() == []


def test_what_changed_at_google_is_drift_with_what_came_and_went(call, there, command: str, heard):
    look = ("status", "--all", "--on-change", command)
    call(*look)
    email = f"klaviyo-data-transfer-user@{PROJECT}.iam.gserviceaccount.com"
    world = there.sandbox.world
    with world.lock:
        project = world.projects[PROJECT]
        before = project.policy
        bindings = [
            {**b, "members": [m for m in b["members"] if b["role"] != "roles/bigquery.jobUser" or email not in m]}
            for b in before.bindings
        ]
        bindings.append({"role": "roles/bigquery.dataOwner", "members": [f"serviceAccount:{email}"]})
        world.set_policy(project, bindings, before.version)
        world.admin_activity.policy("infra-bot@acme.example", project, before)
    call(*look)
    told = {event["event"]: event for event in heard()}
    assert told["unhealthy"]["project_id"] == PROJECT
    drift = [(d["kind"], d["dataset"], d["name"], d["before"], d["now"]) for d in told["drift"]["drift"]]
    assert drift == [
        ("grant", None, "roles/bigquery.jobUser", "held", None),
        ("grant", None, "roles/bigquery.dataOwner", None, "held"),
    ]
    assert "bigquery.jobUser on the project was taken away by infra-bot@acme.example, " in told["drift"]["text"]
    assert [d["changed_by"] for d in told["drift"]["drift"]] == [["infra-bot@acme.example"]] * 2
    assert all(d["changed_at"] and d["changed_by_source"] == "audit_log" for d in told["drift"]["drift"])


def test_a_key_that_is_not_kept_here_is_told(call, there, command: str, heard):
    look = ("status", "--all", "--on-change", command)
    call(*look)
    assert call("key", "create", "shop", "--key-file", str(Path(command.split("'")[1]).with_name("k.json"))).status == 0
    call(*look)
    events = {event["event"]: event for event in heard()}
    assert events.keys() == {"leftovers"}, "what we did ourselves is no drift"
    assert events["leftovers"]["problem"]["code"] == "KBQ-KEY-UNHELD"


def test_two_at_a_time_do_not_tell_twice(call, there, tmp_path: Path, command: str, monkeypatch):
    import os

    telling = OnChange(command, Paths.from_env(os.environ), FakeClock())
    with ConnectionLock(telling.lock._path, FakeClock()):
        ended = call("status", "--all", "--on-change", command)
    assert ended.status == 1
    assert "KBQ-LOCK-HELD" in ended.err


@pytest.fixture
def hook(tmp_path: Path) -> Callable[..., OnChange]:
    paths = Paths(tmp_path / "c", tmp_path / "s", tmp_path / "d")
    return lambda command, deadline=180.0: OnChange(command, paths, FakeClock(), deadline)


def test_a_command_that_does_not_end_is_ended_with_all_that_it_began(hook, tmp_path: Path):
    why = hook(f"sleep 1000 & echo $! > '{tmp_path}/pid'; wait", 1.0).tell({"event": "drift"})
    assert str(why) == "it took longer than 1 s"
    pid = (tmp_path / "pid").read_text().strip()
    state = Path(f"/proc/{pid}/stat")

    def gone() -> bool:
        try:
            return state.read_text().rpartition(")")[2].split()[0] in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return True

    wait_until(gone)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("exit 3", "exit status 3"),
        ("printf '\\033[31mred\\n' >&2; exit 1", "exit status 1: \ufffd[31mred"),
        ("no-such-command-here", "exit status 127"),
        ("nul\0byte", "no command"),
    ],
)
def test_why_a_command_failed_is_said_inert(hook, command: str, says: str):
    assert says in str(hook(command).tell({"event": "drift"}))


@pytest.mark.parametrize("command", ["true", "exec <&-; exit 0", "head -c 1 >/dev/null", "sleep 1000 & exit 0"])
def test_a_command_need_not_read_what_it_is_told(hook, command: str):
    assert hook(command).tell({"event": "drift", "text": "x" * 1_000_000}) is None


def test_a_memory_that_cannot_be_understood_counts_as_none_and_a_newer_one_too(hook):
    teller = hook("true")
    teller.remember({"shop": {"unhealthy": "yes"}})
    assert teller.told() == {"shop": {"unhealthy": "yes"}}
    assert stat.S_IMODE(teller._path.stat().st_mode) == 0o600
    teller._path.write_text('{"schema": "kbq-tui/told/v9", "connections": {"shop": {}}}')
    assert teller.told() == {}


def test_a_plugin_s_line_says_the_worst_with_its_status(call, there, folder: Path):
    good = call("status", "--nagios")
    assert good.status == 1, "it was never verified"
    text, _, data = good.out.strip().partition(" | ")
    assert text.startswith("KBQ-TUI WARNING - 0 of 1 connections ok - shop: Last verification: never")
    assert data.split()[:4] == ["ok=0;;;0;1", "warning=1;1;;0;1", "unread=0;;;0;1", "failing=0;;1;0;1"]
    assert call("verify", "shop").status == 0
    assert call("status", "shop", "--nagios").out.startswith("KBQ-TUI OK - 1 of 1 connections ok |")
    break_it(folder)
    bad = call("status", "--nagios")
    assert bad.status == 2
    assert bad.out.startswith("KBQ-TUI CRITICAL - 0 of 1")
    (folder / "shop.toml").write_text("project = 7\n")
    unread = call("status", "--all", "--nagios")
    assert (unread.status, unread.out.startswith("KBQ-TUI UNKNOWN - ")) == (3, True)
    assert all(ended.out.count("\n") == 1 and ended.out.count("|") == 1 for ended in (good, bad, unread))


@pytest.mark.parametrize("arguments", [("--all",), (), ("nothere",)])
def test_what_cannot_be_looked_at_is_unknown_to_a_monitoring_system(call, arguments: tuple[str, ...]):
    ended = call("status", "--nagios", *arguments)
    assert ended.status == 3
    assert ended.out.startswith("KBQ-TUI UNKNOWN - There is no connection")


def test_metrics_are_what_prometheus_reads(call, there, folder: Path, tmp_path: Path):
    path = tmp_path / "collector" / "kbq.prom"
    assert call("verify", "shop").status == 0
    (folder / "broken.toml").write_text("project = 7\n")
    ended = call("status", "--all", "--prometheus", str(path))
    assert (ended.status, ended.out) == (6, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    text = path.read_text()
    values = {
        (sample.name, sample.labels.get("connection", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert values["kbq_tui_connection_read", "shop"] == 1
    assert values["kbq_tui_connection_healthy", "shop"] == 1
    assert values["kbq_tui_connection_read", "broken"] == 0
    assert ("kbq_tui_connection_healthy", "broken") not in values
    assert values["kbq_tui_last_verification_timestamp_seconds", "shop"] > 1e9
    assert "_created" not in text.replace("created.", "")
    path.chmod(0o640)
    call("status", "--all", "--prometheus", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_metrics_replace_no_other_file(call, there, tmp_path: Path):
    path = tmp_path / "node.prom"
    path.write_text("# HELP node_cpu x\n")
    asked = len(there.sandbox.world.calls)
    ended = call("status", "--all", "--prometheus", str(path))
    assert (ended.status, path.read_text()) == (2, "# HELP node_cpu x\n")
    assert len(there.sandbox.world.calls) == asked


@pytest.mark.parametrize("more", [("--watch",), ("--json",)])
def test_a_plugin_s_line_goes_with_nothing_else(call, more: tuple[str, ...]):
    assert call("status", "--nagios", *more).status == 2


def test_a_watch_tells_and_writes_with_each_look(call, there, folder, tmp_path, command, heard, monkeypatch):
    looks, rest = 0, time.sleep

    def sleep(seconds: float) -> None:
        nonlocal looks
        if seconds < 5:  # the standard library waits for a command in this way
            return rest(seconds)
        looks += 1
        break_it(folder) if looks == 1 else None
        if looks == 3:
            raise SystemExit(0)

    monkeypatch.setattr("time.sleep", sleep)
    path = tmp_path / "kbq.prom"
    ended = call("status", "--watch", "--on-change", command, "--prometheus", str(path))
    assert [event["event"] for event in heard() if event["event"] != "drift"] == ["unhealthy"]
    assert 'kbq_tui_connection_healthy{connection="shop",project="acme-klaviyo-demo"} 0.0' in path.read_text()
    assert " shop warning -> fail: " in ended.out
