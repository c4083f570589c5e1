"""What another program writes to standard error is logged or discarded, and our own lines are in their place."""

import os
import subprocess
import sys
import threading

import pytest

from kbq_tui.local.foreign_output import into_the_log
from kbq_tui.local.keys.keyring_copy import KeyringCopy
from kbq_tui.local.keys.keyring_entries import PlainEntries
from kbq_tui.local.keys.place import Facts
from kbq_tui.model.secret import Secret
from tests.local.conftest import EMAIL, PROJECT, FakeKeyring, key_json
from tests.support.pty import Terminal

COMPLAINT = ["sh", "-c", "echo Error: password store is empty. Try 'pass init'. >&2"]
PLAIN = f"""
import subprocess, sys
from kbq_tui.cli.process import stand_in
from kbq_tui.local.foreign_output import into_the_log
stand_in()
with into_the_log():
    subprocess.run({COMPLAINT!r}, check=True)
    subprocess.run({COMPLAINT!r}, check=True, stderr=sys.stderr)  # as keyring-pass starts `pass`
    print("ours", file=sys.stderr)
subprocess.run(["sh", "-c", "echo afterwards >&2"], check=True)
"""
HANGING = """
import subprocess, sys, threading
from kbq_tui.cli.process import stand_in
from kbq_tui.local.foreign_output import into_the_log
stand_in()
asked = threading.Event()
def keyring():
    with into_the_log():
        asked.set()
        threading.Event().wait()
threading.Thread(target=keyring, daemon=True).start()
asked.wait()
print("ours", file=sys.stderr)
subprocess.run(["sh", "-c", "echo the login >&2"], stderr=sys.__stderr__, check=True)
"""
SCREENS = """
import os, subprocess, sys
from kbq_tui.cli.process import stand_in
from kbq_tui.local.foreign_output import dropped
stand_in()
with dropped():
    os.write(2, b"a library")
    subprocess.run(["sh", "-c", "echo a program >&2"], check=True)
    print("the app", file=sys.__stderr__, flush=True)
    print("its last words", file=sys.stderr)
    subprocess.run(["sh", "-c", "echo the login >&2"], stderr=sys.__stderr__, check=True)
os.write(2, b"afterwards")
"""


class Pass(FakeKeyring):
    """A keyring with a program behind it that writes an error."""

    def get_password(self, service: str, username: str) -> str | None:
        subprocess.run(COMPLAINT, check=True)
        return super().get_password(service, username)


def test_what_a_keyring_s_program_complains_of_is_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    copies = KeyringCopy({}, find=lambda: [PlainEntries(Pass())])
    with caplog.at_level("INFO"):
        assert copies.store(Facts("a" * 40, EMAIL, PROJECT), Secret(key_json(key_id="a" * 40))).done
    assert "password store is empty" in caplog.text
    assert "password store" not in capfd.readouterr().err


def test_in_a_plain_command_our_lines_are_seen_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", PLAIN], check=True, capture_output=True, text=True)
    assert done.stderr == "ours\nafterwards\n"


def test_after_a_keyring_that_hangs_a_login_is_seen() -> None:
    done = subprocess.run([sys.executable, "-c", HANGING], check=True, capture_output=True, text=True)
    assert done.stderr == "ours\nthe login\n"


def test_while_screens_are_drawn_only_what_is_ours_is_seen() -> None:
    with Terminal([sys.executable, "-c", SCREENS], os.environ) as terminal:
        assert terminal.wait() == 0
        shown = terminal.text()
    assert [line for line in shown.split("\n") if line.strip()] == [
        "the app",
        "its last words",
        "the login",
        "afterwards",
    ]


def test_of_several_threads_the_last_one_puts_it_back(capfd: pytest.CaptureFixture[str]) -> None:
    first_done = threading.Event()

    def other() -> None:
        with into_the_log():
            first_done.wait()
            os.write(2, b"still elsewhere")

    thread = threading.Thread(target=other)
    with into_the_log():
        thread.start()
    first_done.set()
    thread.join()
    os.write(2, b"back")
    assert capfd.readouterr().err == "back"
