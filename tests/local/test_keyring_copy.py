import threading
import time

from kbq_tui.core.secret import Secret
from kbq_tui.local import keyring_copy
from kbq_tui.local.keyring_copy import KeyringCopy, NoKeyringError, system_backend

from .conftest import CANARY, EMAIL, FakeKeyring


def test_a_copy_is_kept_read_and_forgotten(key: Secret, backend: FakeKeyring) -> None:
    copies = KeyringCopy({}, find=lambda: backend)
    assert copies.store(EMAIL, key).done
    assert copies.load(EMAIL) == (key, "")
    assert copies.forget(EMAIL).done
    assert copies.load(EMAIL)[0] is None
    assert copies.forget(EMAIL).done


def test_a_keyring_that_cuts_the_value_is_said_and_left_clean(key: Secret) -> None:
    backend = FakeKeyring(limit=100)
    outcome = KeyringCopy({}, find=lambda: backend).store(EMAIL, key)
    assert not outcome.done
    assert "whole key" in outcome.note
    assert backend.values == {}


def test_a_keyring_that_never_answers_is_left_behind_once() -> None:
    release = threading.Event()
    calls: list[int] = []

    def hang() -> FakeKeyring:
        calls.append(1)
        release.wait(30)
        return FakeKeyring()

    copies = KeyringCopy({}, deadline=0.1, find=hang)
    start = time.monotonic()
    for _ in range(5):
        outcome = copies.store(EMAIL, Secret(b"x"))
        assert not outcome.done
        assert "answer" in outcome.note
    assert time.monotonic() - start < 20
    assert len(calls) == 1
    release.set()


def test_the_switch_keeps_it_away() -> None:
    def never() -> FakeKeyring:
        raise AssertionError("asked")

    copies = KeyringCopy({"KBQ_TUI_KEYRING": "off"}, find=never)
    assert "KBQ_TUI_KEYRING" in copies.store(EMAIL, Secret(b"x")).note
    assert "KBQ_TUI_KEYRING" in copies.load(EMAIL)[1]


def test_an_error_that_quotes_the_value_is_scrubbed(key: Secret) -> None:
    class Chatty(FakeKeyring):
        def set_password(self, service: str, username: str, password: str) -> None:
            raise RuntimeError(f"cannot store {password}\x1b[2J")

    note = KeyringCopy({}, find=Chatty).store(EMAIL, key).note
    assert CANARY not in note
    assert "\x1b" not in note
    assert "RuntimeError" in note


def test_hollow_and_open_backends_do_not_count(monkeypatch) -> None:
    import keyring
    from keyring.backends import fail, null

    class Open:
        priority = 0.5

    class Real:
        priority = 5

    class Probing:
        @property
        def priority(self) -> float:
            raise RuntimeError("no bus")

    class Chain:
        backends = (fail.Keyring(), Open())

    class Empty:
        backends = ()  # what keyring's own chain has where nothing real is installed

    for backend in (fail.Keyring(), null.Keyring(), Open(), Probing(), Chain(), Empty()):
        monkeypatch.setattr(keyring, "get_keyring", lambda b=backend: b)
        try:
            found = system_backend()
        except NoKeyringError as error:
            assert "no system keyring" in str(error)  # noqa: PT017
        else:
            raise AssertionError(found)
    real = Real()
    monkeypatch.setattr(keyring, "get_keyring", lambda: real)
    assert system_backend() is real


def test_keyring_is_not_imported_before_it_is_needed() -> None:
    import subprocess
    import sys

    code = "import sys, kbq_tui.local.keys; sys.exit('keyring' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert keyring_copy.DEADLINE <= 3
