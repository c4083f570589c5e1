"""The check of a whole run (tests/support/lookups.py) finds what it is for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import lookups

ASK = "import sys; sys.audit('socket.getaddrinfo', {host!r}, 443, 0, 0, 0)"  # only the event: nothing is looked up


def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> list[str]:
    monkeypatch.setenv(lookups.FOLDER, str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], env={"PATH": os.environ["PATH"]}, check=False)
    assert done.returncode == 0
    return [line.split()[0].strip("'") for line in lookups.notes(tmp_path)]


@pytest.mark.parametrize("host", ["bigquery.googleapis.com", "metadata.google.internal", "127.999.1.1"])
def test_a_foreign_name_is_noted_in_a_child_with_a_separate_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    assert seen(tmp_path, monkeypatch, ASK.format(host=host)) == [host]


@pytest.mark.parametrize("host", [None, "", "localhost", "127.0.0.1", "::1", "fe80::1%lo", "192.0.2.1", "no.invalid"])
def test_this_machine_addresses_and_reserved_names_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str | None
) -> None:
    assert seen(tmp_path, monkeypatch, ASK.format(host=host)) == []


def test_the_targets_of_grpc_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import grpc
grpc.insecure_channel("127.0.0.1:1").close()
grpc.insecure_channel("unix:/nowhere").close()
grpc.secure_channel("iam.googleapis.com:443", grpc.ssl_channel_credentials()).close()
"""
    assert seen(tmp_path, monkeypatch, code) == ["iam.googleapis.com"]


def test_the_run_itself_is_watched() -> None:
    assert lookups.FOLDER in os.environ
    assert Path(os.environ[lookups.FOLDER]).is_dir()
