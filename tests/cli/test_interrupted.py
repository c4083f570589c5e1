"""What a run leaves when a signal ends it in the middle."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kbq_tui.local.loop import Loop
from tests.support.outputs import output
from tests.support.polling import PATIENCE, wait_until

PROJECT = "acme-klaviyo-demo"


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kbq_tui", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_interrupted_apply_finishes_what_has_begun_and_the_next_run_goes_on(google, call, tmp_path: Path):
    world = google("fresh", latency_ms=250)
    journal = tmp_path / "state/kbq-tui/connections/default/journal.jsonl"
    child = start("apply", "--yes")
    wait_until(lambda: journal.exists() and '"key"' in journal.read_text())  # the key is being created
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err

    account = next(iter(world.sandbox.world.projects[PROJECT].service_accounts.values()))
    kept = [json.loads(p.read_text())["private_key_id"] for p in (tmp_path / "data").rglob("*.json")]
    assert kept == list(account.keys)  # the key at Google is the local key
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    begun = {line["action"] for line in lines if line["event"] == "intended"}
    assert begun == {line["action"] for line in lines if line["event"] != "intended"}

    assert call("apply", "--yes").status == 0
    assert list(account.keys) == kept


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_an_ended_demo_leaves_no_process_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    child = start("demo", "--scenario", "slow-propagation")
    assert child.stderr is not None
    for line in child.stderr:
        if "Applying" in line:
            break
    child.send_signal(number)
    child.communicate(timeout=PATIENCE)
    assert child.returncode == 128 + number
    assert list(folder.iterdir()) == []
    assert not [p for p in running() if str(folder) in p]


def running() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found


def test_ctrl_c_that_asyncio_hears_before_we_do_is_still_ctrl_c(monkeypatch: pytest.MonkeyPatch):
    """asyncio.Runner handles SIGINT, then resets its count: one that came in between was raised as CancelledError."""
    really = signal.signal

    def then_at_once(number: int, handler: object) -> object:
        before = really(number, handler)  # type: ignore[arg-type]
        if number == signal.SIGINT and callable(handler):
            monkeypatch.setattr(signal, "signal", really)
            signal.raise_signal(signal.SIGINT)
        return before

    async def work() -> None:
        pytest.fail("it had begun")

    loop, coroutine = Loop(), work()
    monkeypatch.setattr(signal, "signal", then_at_once)
    with pytest.raises(SystemExit) as left:
        loop.run(coroutine)
    coroutine.close()
    loop.close()
    assert left.value.code == 130


def test_a_signal_decides_the_status_even_where_the_work_came_to_its_end_all_the_same():
    async def work() -> int:
        signal.raise_signal(signal.SIGTERM)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return 6
        return 0

    loop = Loop()
    with pytest.raises(SystemExit) as left:
        loop.run(work())
    loop.close()
    assert left.value.code == 143


def test_nohup_keeps_it_alive_when_the_terminal_goes(google):
    google("fresh", latency_ms=100)
    child = subprocess.Popen(
        # As nohup does it; no Python runs between fork and exec, because gRPC may abort a child of a process that uses
        # it.
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-m", "kbq_tui", "apply", "--yes"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    for line in child.stderr:
        if "finished" in line:
            break
    child.send_signal(signal.SIGHUP)
    out, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0
    assert "Project ID" in out


@pytest.mark.parametrize("as_json", [False, True])
def test_a_verification_that_is_stopped_prints_what_it_knows_and_keeps_the_last_one(
    google, call, tmp_path: Path, as_json: bool
):
    world = google("fresh")
    assert call("apply", "--yes").status == 0
    assert call("verify").status == 0
    (last,) = (tmp_path / "state").rglob("verify*.json")
    before = last.read_bytes()
    dataset = world.sandbox.world.projects[PROJECT].datasets["KLAVIYO_TMP"]
    kept = [e for e in dataset.access if not e.get("userByEmail", "").startswith("klaviyo")]
    world.sandbox.world.set_access(dataset, kept)

    child = start("verify", *(["--json"] if as_json else []))
    assert child.stderr is not None
    for line in child.stderr:
        if "granted" in line and "KLAVIYO_TMP" in line:
            break
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, err
    assert "Traceback" not in err
    assert last.read_bytes() == before
    if as_json:
        said = {c["id"]: c for c in output(out)["checks"]}
        assert output(out)["ok"] is False
        assert said["key.auth"]["verdict"] == "pass"
        waited = [c for c in said.values() if "stopped while it waited: granted" in c["evidence"]]
        assert {c["verdict"] for c in waited} == {"unknown"}
    else:
        assert "✓ ok" in out
        assert "stopped while it waited: granted" in out
