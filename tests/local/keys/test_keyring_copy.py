"""The copy of a key in the system's keyring."""

import json
import threading

import pytest

from kbq_tui.local.keys import keyring_copy
from kbq_tui.local.keys.keyring_copy import KeyringCopy, entry_name
from kbq_tui.local.keys.keyring_entries import PlainEntries
from kbq_tui.local.keys.place import Facts
from kbq_tui.model.secret import Secret
from tests.local.conftest import CANARY, EMAIL, PROJECT, FakeKeyring, key_json

KEY_ID = "0123456789abcdef0123456789abcdef01234567"
FACTS = Facts(KEY_ID, EMAIL, PROJECT)
SERVICE = f"kbq-tui:{PROJECT}:{KEY_ID}"


@pytest.fixture
def key() -> Secret:
    return Secret(key_json(key_id=KEY_ID))


class UndeletableKeyring(FakeKeyring):
    """A keyring that deletes nothing."""

    def delete_password(self, service: str, username: str) -> None:
        raise RuntimeError("read-only")


def over(backend: FakeKeyring, **options: float) -> KeyringCopy:
    return KeyringCopy({}, find=lambda: [PlainEntries(backend)], **options)


def same(one: Secret | None, other: Secret) -> bool:
    return one is not None and json.loads(one.reveal()) == json.loads(other.reveal())


def test_a_copy_is_kept_read_and_forgotten(key: Secret, backend: FakeKeyring) -> None:
    copies = over(backend)
    assert copies.store(FACTS, key).done
    assert list(backend.values) == [(SERVICE, EMAIL)]
    found, outcome = copies.load(FACTS)
    assert same(found, key)
    assert str(outcome.note) == ""
    assert copies.forget(FACTS).done
    found, outcome = copies.load(FACTS)
    assert found is None
    assert outcome.done
    assert "no copy" in str(outcome.note)
    assert copies.forget(FACTS).done


def test_the_value_is_one_line_of_json(key: Secret, backend: FakeKeyring) -> None:
    over(backend).store(FACTS, key)
    (value,) = backend.values.values()
    assert value.splitlines() == [value]
    assert json.loads(value) == json.loads(key.reveal())


def test_the_name_of_an_entry_has_nothing_that_a_file_name_could_not_have() -> None:
    assert entry_name(Facts("../a/b", EMAIL, "example.com:old")).service == "kbq-tui:example.com_old:.._a_b"


def test_a_keyring_that_cuts_the_value_is_said_and_left_clean(key: Secret) -> None:
    backend = FakeKeyring(limit=100)
    outcome = over(backend).store(FACTS, key)
    assert not outcome.done
    assert "whole key" in str(outcome.note)
    assert "left" not in str(outcome.note)
    assert backend.values == {}


def test_another_program_s_entry_of_that_name_is_neither_replaced_nor_deleted(
    key: Secret, backend: FakeKeyring
) -> None:
    backend.values[SERVICE, EMAIL] = "hunter2"
    outcome = over(backend).store(FACTS, key)
    assert not outcome.done
    assert SERVICE in str(outcome.note)
    assert over(backend).forget(FACTS).done
    assert over(backend).load(FACTS)[0] is None
    assert backend.values == {(SERVICE, EMAIL): "hunter2"}


def test_what_reads_back_differently_and_is_not_ours_stays_and_what_may_be_left_is_said(key: Secret) -> None:
    class Shared(FakeKeyring):
        """Another program's value comes back as soon as one was written."""

        def set_password(self, service: str, username: str, password: str) -> None:
            self.values[service, username] = "hunter2"

    backend = Shared()
    outcome = over(backend).store(FACTS, key)
    assert not outcome.done
    assert "may be left" in str(outcome.note)
    assert f"keyring del {SERVICE} {EMAIL}" in str(outcome.note)
    assert backend.values == {(SERVICE, EMAIL): "hunter2"}


def test_a_cut_value_that_cannot_be_taken_back_is_said(key: Secret) -> None:
    outcome = over(UndeletableKeyring(limit=100)).store(FACTS, key)
    assert "may be left" in str(outcome.note)


def test_a_write_that_failed_half_way_is_taken_back(key: Secret) -> None:
    class Failing(FakeKeyring):
        def set_password(self, service: str, username: str, password: str) -> None:
            super().set_password(service, username, password)
            raise OSError("connection lost")

    backend = Failing()
    outcome = over(backend).store(FACTS, key)
    assert "connection lost" in str(outcome.note)
    assert "left" not in str(outcome.note)
    assert backend.values == {}


def test_a_copy_of_an_earlier_version_is_read_and_forgotten_where_it_is_that_key(
    key: Secret, backend: FakeKeyring
) -> None:
    copies = over(backend)
    old = ("kbq-tui", EMAIL)
    backend.values[old] = key.reveal().decode()
    assert copies.load(FACTS)[0] == key
    assert copies.load(Facts("", EMAIL, PROJECT))[0] == key
    for other in ("hunter2", key_json().decode(), key_json("else@acme.iam.gserviceaccount.com", KEY_ID).decode()):
        backend.values[old] = other
        assert copies.load(FACTS)[0] is None
        assert copies.forget(FACTS).done
        assert backend.values == {old: other}
    backend.values[old] = key.reveal().decode()
    assert copies.forget(FACTS).done
    assert backend.values == {}


def test_another_keyring_is_asked_where_the_first_one_fails(key: Secret, backend: FakeKeyring) -> None:
    class Broken(FakeKeyring):
        def get_password(self, service: str, username: str) -> str | None:
            raise RuntimeError("locked")

    over(backend).store(FACTS, key)
    copies = KeyringCopy({}, find=lambda: [PlainEntries(Broken()), PlainEntries(backend)])
    assert same(copies.load(FACTS)[0], key)
    backend.values.clear()
    found, outcome = copies.load(FACTS)
    assert found is None
    assert not outcome.done
    assert "locked" in str(outcome.note)


def test_a_locked_keyring_is_not_one_without_a_copy(key: Secret) -> None:
    from keyring.errors import KeyringLocked

    class Locked(FakeKeyring):
        def get_password(self, service: str, username: str) -> str | None:
            raise KeyringLocked("Failed to unlock the collection!")

    copies = over(Locked())
    for outcome in (copies.load(FACTS)[1], copies.store(FACTS, key), copies.forget(FACTS)):
        assert not outcome.done
        assert outcome.asked
        assert "is locked" in str(outcome.note)


def test_a_copy_that_cannot_be_deleted_is_said_with_its_name(key: Secret) -> None:
    copies = over(UndeletableKeyring())
    copies.store(FACTS, key)
    note = copies.forget(FACTS).note
    assert "read-only" in str(note)
    assert f"keyring del {SERVICE} {EMAIL}" in str(note)


def test_a_keyring_that_never_answers_is_left_behind_once() -> None:
    release = threading.Event()
    calls: list[int] = []

    def hang() -> list[PlainEntries]:
        calls.append(1)
        release.wait()
        return [PlainEntries(FakeKeyring())]

    copies = KeyringCopy({}, deadline=0.1, find=hang)
    try:
        for _ in range(5):
            outcome = copies.store(FACTS, Secret(b"x"))  # does not return where the answer is waited for
            assert not outcome.done
            assert "answer" in str(outcome.note)
        assert len(calls) == 1
    finally:
        release.set()


def test_a_keyring_that_answers_too_late_is_not_written_to(key: Secret) -> None:
    release, done = threading.Event(), threading.Event()

    class SlowReadKeyring(FakeKeyring):
        def get_password(self, service: str, username: str) -> str | None:
            release.wait()
            return super().get_password(service, username)

        def set_password(self, service: str, username: str, password: str) -> None:
            super().set_password(service, username, password)
            done.set()

    backend = SlowReadKeyring()
    outcome = over(backend, deadline=0.05).store(FACTS, key)
    assert "left" not in str(outcome.note)
    release.set()
    for thread in threading.enumerate():
        if thread.name == "keyring":
            thread.join(30)
    assert not done.is_set()
    assert backend.values == {}


def test_a_keyring_that_hangs_while_it_writes_may_have_a_copy(key: Secret) -> None:
    release = threading.Event()

    class SlowWriteKeyring(FakeKeyring):
        def set_password(self, service: str, username: str, password: str) -> None:
            release.wait()

    outcome = over(SlowWriteKeyring(), deadline=0.5).store(FACTS, key)
    release.set()
    assert "did not answer" in str(outcome.note)
    assert f"keyring del {SERVICE} {EMAIL}" in str(outcome.note)


def test_a_thread_that_cannot_be_started_is_told(key: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert "no thread" in str(over(FakeKeyring()).store(FACTS, key).note)


def test_the_switch_keeps_it_away() -> None:
    def never() -> list[PlainEntries]:
        raise AssertionError("asked")

    copies = KeyringCopy({"KBQ_TUI_KEYRING": "off"}, find=never)
    for outcome in (copies.store(FACTS, Secret(b"x")), copies.load(FACTS)[1], copies.forget(FACTS)):
        assert "KBQ_TUI_KEYRING" in str(outcome.note)
        assert not outcome.asked


@pytest.mark.parametrize("one_line", [False, True])
def test_an_error_that_quotes_the_value_is_scrubbed(key: Secret, one_line: bool) -> None:
    class Chatty(FakeKeyring):
        def set_password(self, service: str, username: str, password: str) -> None:
            raise RuntimeError(f"cannot store {password if one_line else key.reveal().decode()}\x1b[2J")

    note = over(Chatty()).store(FACTS, key).note
    assert CANARY not in str(note)
    assert "\x1b" not in str(note)
    assert "RuntimeError" in str(note)


def test_keyring_is_not_imported_before_it_is_needed() -> None:
    import subprocess
    import sys

    code = "import sys, kbq_tui.local.keys.key_files; sys.exit('keyring' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert keyring_copy.DEADLINE <= 3
