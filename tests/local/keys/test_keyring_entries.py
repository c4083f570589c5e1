"""The existing keyrings; real ones if the machine has them (Debian: gnome-keyring, pass, gnupg, dbus)."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from kbq_tui.local.keys.keyring_entries import NoKeyringError, PlainEntries, system_keyrings
from tests.local.conftest import EMAIL, PROJECT, key_json

KEY_ID = "0123456789abcdef0123456789abcdef01234567"
OURS = f"kbq-tui:{PROJECT}:{KEY_ID}"
BEGIN = f"""
    import json, sys
    from kbq_tui.model.secret import Secret
    from kbq_tui.local.keys.place import Facts
    from kbq_tui.local.keys.keyring_copy import KeyringCopy
    from kbq_tui.local.keys.keyring_entries import system_keyrings
    EMAIL = {EMAIL!r}
    FACTS = Facts({KEY_ID!r}, EMAIL, {PROJECT!r})
    NOBODY = Facts("", EMAIL, {PROJECT!r})
    KEY = Secret(sys.stdin.read())
    copies = KeyringCopy({{}}, deadline=60)
    def same(found):
        return found is not None and json.loads(found.reveal()) == json.loads(KEY.reveal())
    def tell(**what):
        print(json.dumps(what))
"""
SECRET_SERVICE = """
    import secretstorage
    from contextlib import closing
    collection = secretstorage.get_default_collection(secretstorage.dbus_init())
    def put(secret, **attributes):
        return collection.create_item("another program's", attributes, secret.encode())
    def kept():
        found = [(i.get_attributes(), i.get_secret().decode()) for i in collection.get_all_items()]
        return [[a.get("service"), a.get("application"), s if len(s) < 20 else "KEY"] for a, s in found]
"""


def left_out(*needed: str) -> None:
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        pytest.skip(f"LEFT OUT: a real keyring was not tried, for this machine has no {', '.join(missing)}")


class KeyringMachine:
    """A home with a keyring, and a program that uses it."""

    def __init__(self, home: Path, start: list[str], env: dict[str, str]) -> None:
        self._start = start
        path = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **path, **env}

    def run(self, *parts: str) -> dict[str, Any]:
        code = "\n".join(dedent(part) for part in (BEGIN, *parts))
        done = subprocess.run(
            [*self._start, sys.executable, "-c", code],
            input=key_json(key_id=KEY_ID).decode(),
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path, because that of a socket has some hundred characters at most."""
    with tempfile.TemporaryDirectory(prefix="kbq-ring-", ignore_cleanup_errors=True) as folder:
        Path(folder, "run").mkdir(0o700)
        yield Path(folder)


@pytest.fixture
def gnome(home: Path) -> KeyringMachine:
    left_out("dbus-run-session", "dbus-send", "gnome-keyring-daemon")
    if importlib.util.find_spec("secretstorage") is None:
        pytest.skip("LEFT OUT: a real keyring was not tried, for SecretStorage is not installed")
    # Until it has its name on the bus, a request for it starts another daemon, which is locked.
    start = (
        "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit; until dbus-send --session"
        " --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner"
        ' string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done; exec "$@"'
    )
    return KeyringMachine(
        home, ["dbus-run-session", "--", "sh", "-c", start, "sh"], {"XDG_RUNTIME_DIR": str(home / "run")}
    )


@pytest.fixture
def password_store(home: Path) -> Iterator[KeyringMachine]:
    left_out("pass", "gpg", "gpgconf")
    if importlib.util.find_spec("keyring_pass") is None:
        pytest.skip("LEFT OUT: pass was not tried, for the package keyring-pass is not installed")
    gnupg = home / "gnupg"
    gnupg.mkdir(0o700)
    env = {
        "GNUPGHOME": str(gnupg),
        "PASSWORD_STORE_DIR": str(home / "store"),
        "PYTHON_KEYRING_BACKEND": "keyring_pass.PasswordStoreBackend",
    }
    machine = KeyringMachine(home, [], env)
    for command in (
        ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "tester", "default", "default"],
        ["pass", "init", "tester"],
    ):
        subprocess.run(command, env=machine.env, capture_output=True, check=True, timeout=120)
    yield machine
    subprocess.run(["gpgconf", "--kill", "all"], env=machine.env, capture_output=True, check=False, timeout=60)


def test_gnome_keyring_leaves_other_programs_items_alone(gnome: KeyringMachine) -> None:
    """They may have the same service and user name; keyring's own API finds any of them."""
    seen = gnome.run(
        SECRET_SERVICE,
        f"""
        put("hunter2", service={OURS!r}, username=EMAIL)
        put("hunter3", service={OURS!r}, username=EMAIL, application="other")
        put("hunter4", service="kbq-tui", username=EMAIL, application="other")
        stored, read, gone = [], [], []
        for _ in range(16):
            stored.append(str(copies.store(FACTS, KEY).note))
            read.append(same(copies.load(FACTS)[0]))
            most = kept()
            gone.append(str(copies.forget(FACTS).note))
        tell(stored=stored, read=read, gone=gone, most=most, kept=kept())
        """,
    )
    others = [[OURS, None, "hunter2"], [OURS, "other", "hunter3"], ["kbq-tui", "other", "hunter4"]]
    assert seen["stored"] == [""] * 16
    assert seen["read"] == [True] * 16
    assert seen["gone"] == [""] * 16
    assert sorted(seen["most"], key=str) == sorted([*others, [OURS, "kbq-tui", "KEY"]], key=str)
    assert sorted(seen["kept"], key=str) == sorted(others, key=str)


def test_gnome_keyring_finds_what_an_earlier_version_kept(gnome: KeyringMachine) -> None:
    seen = gnome.run(
        SECRET_SERVICE,
        """
        import keyring
        put("hunter2", service="kbq-tui", username=EMAIL, application="other")
        keyring.set_password("kbq-tui", EMAIL, KEY.reveal().decode())
        read = [copies.load(facts)[0] == KEY for facts in (FACTS, NOBODY) for _ in range(8)]
        tell(read=read, gone=str(copies.forget(FACTS).note), kept=kept())
        """,
    )
    assert seen["read"] == [True] * 16
    assert seen["gone"] == ""
    assert seen["kept"] == [["kbq-tui", "other", "hunter2"]]


def test_a_locked_gnome_keyring_is_not_one_without_a_copy(gnome: KeyringMachine) -> None:
    seen = gnome.run(
        SECRET_SERVICE,
        """
        copies.store(FACTS, KEY)
        collection.lock()
        outcomes = copies.load(FACTS)[1], copies.store(FACTS, KEY), copies.forget(FACTS)
        tell(done=[o.done for o in outcomes], notes=[str(o.note) for o in outcomes])
        """,
    )
    assert seen["done"] == [False] * 3
    assert all("is locked" in note for note in seen["notes"])


def test_pass_keeps_the_whole_key(password_store: KeyringMachine) -> None:
    seen = password_store.run(
        """
        stored = str(copies.store(FACTS, KEY).note)
        read = same(copies.load(FACTS)[0])
        tell(stored=stored, read=read, gone=str(copies.forget(FACTS).note), again=str(copies.load(FACTS)[1].note))
        """
    )
    assert seen == {"stored": "", "read": True, "gone": "", "again": "The system keyring has no copy."}


def test_pass_that_cannot_delete_is_told(password_store: KeyringMachine, home: Path) -> None:
    """Its backend raises subprocess's exceptions, not keyring's."""
    wrapper = home / "bin" / "pass"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n[ "$1" = rm ] && exit 3\nexec {shutil.which("pass")} "$@"\n')
    wrapper.chmod(0o755)
    password_store.env["PATH"] = f"{wrapper.parent}{os.pathsep}{password_store.env['PATH']}"
    seen = password_store.run("copies.store(FACTS, KEY)", "tell(gone=str(copies.forget(FACTS).note))")
    assert "CalledProcessError" in seen["gone"]
    assert f"keyring del {OURS} {EMAIL}" in seen["gone"]


def test_hollow_and_open_backends_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
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
        backends = ()  # keyring's own chain if nothing real is installed

    class Mixed:
        backends = (Open(), Real(), fail.Keyring(), Real())

    for backend in (fail.Keyring(), null.Keyring(), Open(), Probing(), Chain(), Empty()):
        monkeypatch.setattr(keyring, "get_keyring", lambda b=backend: b)
        with pytest.raises(NoKeyringError, match="no system keyring"):
            system_keyrings()
    for real, n in ((Real(), 1), (Mixed(), 2)):
        monkeypatch.setattr(keyring, "get_keyring", lambda b=real: b)
        found = system_keyrings()
        assert [type(each) for each in found] == [PlainEntries] * n
