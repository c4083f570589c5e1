"""gcloud's login, run on our terminal."""

import json
import os
import signal
from pathlib import Path

import pytest

from kbq_tui.gcp.credentials import check_credentials_file
from kbq_tui.gcp.gcloud_login import log_in
from kbq_tui.i18n.messages import render
from tests.support import stand_in_gcloud


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A machine with gcloud, on which nobody is signed in."""
    (tmp_path / "adc.json").write_text('{"type": "authorized_user"}')
    path = stand_in_gcloud.put(tmp_path / "bin", str(tmp_path / "adc.json"))
    return {"HOME": str(tmp_path), "PATH": f"{path}:/usr/bin:/bin", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}


def logged_in(machine: dict[str, str], typed: str) -> str | None:
    """Log in with what is typed on standard input."""
    reading, writing = os.pipe()
    os.write(writing, typed.encode())
    os.close(writing)
    before = os.dup(0)
    try:
        os.dup2(reading, 0)
        failed = log_in(machine)
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)
    return None if failed is None else render(failed)


def test_the_code_from_the_browser_signs_in(machine: dict[str, str]) -> None:
    assert logged_in(machine, stand_in_gcloud.CODE + "\n") is None
    written = Path(machine["HOME"]) / ".config/gcloud/application_default_credentials.json"
    assert json.loads(written.read_text()) == {"type": "authorized_user"}


def test_a_wrong_code_is_told_with_gcloud_s_exit_status(machine: dict[str, str]) -> None:
    assert logged_in(machine, "wrong\n") == "gcloud ended without a login (exit status 1)."


def test_without_gcloud_that_is_said(tmp_path: Path) -> None:
    assert logged_in({"HOME": str(tmp_path), "PATH": str(tmp_path)}, "") == "gcloud is not installed here."


def test_ctrl_c_ends_gcloud_and_not_this_program(machine: dict[str, str]) -> None:
    gcloud = Path(machine["PATH"].partition(":")[0]) / "gcloud"
    gcloud.write_text(f"#!/bin/sh\nkill -INT {os.getpid()}\nkill -INT $$\n")
    before = signal.getsignal(signal.SIGINT)
    assert logged_in(machine, "") == "gcloud ended without a login (exit status -2)."
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), ("no json", "not a JSON object"), ('{"type": "authorized_user"}', "")],
)
def test_a_file_is_looked_at_before_it_is_taken(tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)
    reason = check_credentials_file(str(file))
    assert words in ("" if reason is None else render(reason))
    assert (reason is None) == (not words)
