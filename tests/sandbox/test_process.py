"""The sandbox as a separate program."""

import fcntl
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import requests

from tests.support.polling import PATIENCE, wait_until

P = "acme-klaviyo-demo"


def environment(path: Path) -> dict[str, str]:
    found = {}
    for line in path.read_text().splitlines():
        assert line.startswith("export ")
        key, _, value = line.removeprefix("export ").partition("=")
        (found[key],) = shlex.split(value)
    return found


@pytest.fixture
def launch(tmp_path):
    running = []

    def begin(*arguments, env=None, **more):
        command = [sys.executable, "-m", "kbq_tui.sandbox", "--env-file", str(tmp_path / "env"), *arguments]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
            **more,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_is_ready_in_two_seconds_and_says_so_once(launch, tmp_path):
    process = launch()
    wait_until((tmp_path / "env").exists)
    took = cpu_seconds(process.pid)
    env = environment(tmp_path / "env")
    headers = {"Authorization": f"Bearer {env['KBQ_TUI_SANDBOX_TOKEN']}"}
    assert requests.get(env["KBQ_TUI_SANDBOX"] + "/_sandbox/calls", headers=headers, timeout=PATIENCE).json() == []
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert err == ""
    assert re.fullmatch(r"sandbox fresh: http://127\.0\.0\.1:\d+, gRPC 127\.0\.0\.1:\d+, environment in .*\n", out)
    assert took < 2  # of CPU time: on a busy machine the clock time is longer


def test_the_environment_file_is_private_and_complete(launch, tmp_path):
    launch("--scenario", "existing", env={"PYTHONUTF8": "1"}, umask=0)
    path = tmp_path / "env"
    wait_until(path.exists)
    assert path.stat().st_mode & 0o777 == 0o600
    env = environment(path)
    for name in (
        "BIGQUERY",
        "IAM",
        "CLOUDRESOURCEMANAGER",
        "SERVICEUSAGE",
        "ORGPOLICY",
        "CLOUDBILLING",
        "IAMCREDENTIALS",
        "LOGGING",
        "MONITORING",
        "POLICYANALYZER",
    ):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/([a-z]+/)?", env[f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}"])
    assert env["GOOGLE_CLOUD_PROJECT"] == P
    assert env["CLOUDSDK_AUTH_TOKEN_HOST"] == env["KBQ_TUI_SANDBOX"] + "/token"
    key = Path(env["GOOGLE_APPLICATION_CREDENTIALS"])
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    assert Path(env["KBQ_TUI_SANDBOX_KEY"]).parent == key.parent
    assert "PRIVATE" not in path.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_stops_it_and_nothing_private_stays(launch, tmp_path, number):
    process = launch("--scenario", "existing")
    wait_until((tmp_path / "env").exists)
    env = environment(tmp_path / "env")
    process.send_signal(number)
    assert process.wait(PATIENCE) == 128 + number
    assert not Path(env["GOOGLE_APPLICATION_CREDENTIALS"]).parent.exists()
    assert not Path(env["KBQ_TUI_SANDBOX_KEY"]).exists()
    assert not (tmp_path / "env").exists()
    assert "Traceback" not in process.stderr.read()


def test_it_ends_with_its_parent(launch, tmp_path):
    process = launch("--exit-with-parent", stdin=subprocess.PIPE)
    wait_until((tmp_path / "env").exists)
    process.stdin.close()
    process.stdin = None
    assert process.wait(PATIENCE) == 0
    assert process.stderr.read() == ""


def test_a_signal_stops_it_though_the_parent_lives(launch, tmp_path):
    process = launch("--exit-with-parent", stdin=subprocess.PIPE)
    wait_until((tmp_path / "env").exists)
    process.terminate()
    assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert process.stderr.read() == ""


def test_it_listens_on_loopback_only(launch, tmp_path):
    process = launch()
    wait_until((tmp_path / "env").exists)
    env = environment(tmp_path / "env")
    ports = {int(env[name].rstrip("/").rpartition(":")[2]) for name in ("KBQ_TUI_SANDBOX", "KBQ_TUI_IAM_GRPC")}
    try:
        inodes = {
            match[1]
            for link in Path(f"/proc/{process.pid}/fd").iterdir()
            if (match := re.match(r"socket:\[(\d+)\]", str(link.readlink())))
        }
    except PermissionError:  # a process that cannot be dumped shows this to root only
        inodes = None
    bound = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].partition(":")
            if fields[3] == "0A" and (int(port, 16) in ports if inodes is None else fields[9] in inodes):
                bound.append((table, address))
    loopback = {("tcp", "0100007F"), ("tcp6", "0000000000000000FFFF00000100007F")}
    assert len(bound) == 2
    assert set(bound) <= loopback


def test_a_port_that_is_taken_is_said_plainly(launch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = launch("--port", str(taken.getsockname()[1]))
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert err.startswith("kbq-tui sandbox: ")
    assert "in use" in err


def test_a_file_that_is_not_ours_is_neither_written_over_nor_removed(launch, tmp_path):
    mine = tmp_path / "env"
    mine.write_text("SECRET=mine\n")
    process = launch()
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "exists already, and was not written by a sandbox" in err
    assert mine.read_text() == "SECRET=mine\n"


def test_what_a_sandbox_left_that_was_killed_is_written_over(launch, tmp_path):
    (tmp_path / "env").write_text("export KBQ_TUI_SANDBOX=http://127.0.0.1:1\n")
    launch()
    wait_until(lambda: "127.0.0.1:1\n" not in (tmp_path / "env").read_text())


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "reserved", "mixed"])
def test_an_env_file_that_is_no_sandbox_s_is_refused_at_once(launch, tmp_path, kind):
    path = tmp_path / "mine"
    ours = "export KBQ_TUI_SANDBOX=http://127.0.0.1:1\n"
    with (tmp_path / "real").open("w") as real:
        real.write(ours)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(tmp_path / "real")
    else:
        path.write_text(ours + "export PATH=/mine\n" if kind == "mixed" else "")
    before = path.lstat()
    with path.open("rb") if kind == "reserved" else nullcontext() as held:
        if held:
            fcntl.flock(held, fcntl.LOCK_EX)
        process = launch("--env-file", str(path))
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"--env-file {path}: exists already" in err
    assert (path.lstat().st_mode, path.lstat().st_ino, path.lstat().st_size) == (
        before.st_mode,
        before.st_ino,
        before.st_size,
    )
    assert (tmp_path / "real").read_text() == ours


def test_an_empty_env_file_keeps_its_mode(launch, tmp_path):
    (tmp_path / "env").touch()
    (tmp_path / "env").chmod(0o644)
    launch()
    wait_until(lambda: (tmp_path / "env").stat().st_size)
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o644


def test_an_env_file_that_cannot_be_is_named(launch, tmp_path):
    process = launch("--env-file", str(tmp_path / "nowhere/env"))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "--env-file" in err
    assert "there is no such folder" in err


def test_a_key_that_lies_there_is_not_written_over(launch, tmp_path):
    mine = tmp_path / "klaviyo-data-transfer-user.json"
    mine.write_text("the only copy")
    process = launch("--scenario", "existing", "--key-dir", str(tmp_path))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "exists already" in err
    assert mine.read_text() == "the only copy"


def test_keys_of_the_scenario_are_not_beside_the_environment_file(launch, tmp_path):
    launch("--scenario", "existing")
    wait_until((tmp_path / "env").exists)
    assert [p.name for p in tmp_path.iterdir()] == ["env"]
    assert Path(environment(tmp_path / "env")["KBQ_TUI_SANDBOX_KEY"]).exists()


def test_an_unknown_scenario_is_a_usage_error(launch):
    process = launch("--scenario", "nonsense")
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "no scenario is called 'nonsense'" in err


def test_state_is_canonical_and_without_secrets(sandbox, operator):
    from kbq_tui.sandbox.control import state

    def ask(what):
        headers = {"Authorization": f"Bearer {sandbox.context.token}"}
        return requests.get(f"{sandbox.url}/_sandbox/{what}", headers=headers, timeout=PATIENCE)

    before = state(sandbox.world)
    assert before == ask("state").json()
    operator.post(f"/iam/v1/projects/{P}/serviceAccounts", {"accountId": "some-account"})
    operator.post(f"/iam/v1/projects/-/serviceAccounts/some-account@{P}.iam.gserviceaccount.com/keys")
    after = ask("state")
    assert "PRIVATE" not in after.text
    (account,) = after.json()["projects"][P]["service_accounts"].values()
    assert account["keys"] == 1
    operator.call("DELETE", f"/iam/v1/projects/-/serviceAccounts/some-account@{P}.iam.gserviceaccount.com")
    assert state(sandbox.world) == before
    written = ask("writes").json()
    assert [w["method"] for w in written] == [
        "iam.serviceAccounts.create",
        "iam.serviceAccountKeys.create",
        "iam.serviceAccounts.delete",
    ]
