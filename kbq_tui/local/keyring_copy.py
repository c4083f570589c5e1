"""A copy of the key in the system keyring, where there is a real one that answers in time."""

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from kbq_tui.core.secret import Secret, scrub
from kbq_tui.core.text import inert
from kbq_tui.core.words import said

SERVICE = "kbq-tui"
VARIABLE = "KBQ_TUI_KEYRING"
_OFF = ("off", "0", "no", "false")
WORDS = ("on", *_OFF, "1", "yes", "true")
"""What `KBQ_TUI_KEYRING` may say."""
DEADLINE = 3.0
"""Seconds. A D-Bus that never answers, or an unlock dialogue nobody sees, must not hold anything up."""

T = TypeVar("T")


class Backend(Protocol):
    """What is used of a keyring backend."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: `done`, and if not, `note` says why in one sentence."""

    done: bool
    note: str = ""


class NoKeyringError(Exception):
    """There is no keyring to use; the text says why."""


def system_backend() -> Backend:
    """Find the keyring of this machine.

    Raises:
        NoKeyringError: where there is none, or only one that keeps secrets in the open (priority below 1).
            Source: https://keyring.readthedocs.io/en/latest/ (a priority below 1 is not recommended).
    """
    import keyring

    backend = keyring.get_keyring()
    kind = type(backend)
    real = [b for b in getattr(backend, "backends", [backend]) if not _hollow(b)]
    if not real:
        name = kind.__module__.rpartition(".")[2]
        raise NoKeyringError(said("This machine has no system keyring ({kind}).", kind=name))
    return backend


def _hollow(backend: object) -> bool:
    if type(backend).__module__ in ("keyring.backends.fail", "keyring.backends.null"):
        return True
    try:
        return float(getattr(backend, "priority", 0)) < 1
    except Exception:  # noqa: BLE001  # a backend's priority runs its own probes, and raises what it likes
        return True


class KeyringCopy:
    """Copies of keys in the system keyring, one a service account.

    Args:
        env: `KBQ_TUI_KEYRING=off` switches it off.
        deadline: seconds for one call; after a call that did not answer no other is tried.
        find: finds the backend; it may block, and is called on a thread of its own.
    """

    def __init__(
        self, env: Mapping[str, str], deadline: float = DEADLINE, find: Callable[[], Backend] = system_backend
    ) -> None:
        self._off = env.get(VARIABLE, "").strip().lower() in _OFF
        self._deadline = deadline
        self._find = find
        self._hangs = False

    def store(self, email: str, key: Secret) -> Outcome:
        """Keep a copy, and read it back: some keyrings cut long values. Never raises."""

        def act(backend: Backend) -> None:
            value = key.reveal().decode()
            backend.set_password(SERVICE, email, value)
            if backend.get_password(SERVICE, email) != value:
                backend.delete_password(SERVICE, email)
                raise NoKeyringError(said("The system keyring did not keep the whole key."))

        return self._call(act, key)[0]

    def load(self, email: str) -> tuple[Secret | None, str]:
        """Return the copy, or None and why there is none. Never raises."""

        def act(backend: Backend) -> Secret | None:
            value = backend.get_password(SERVICE, email)
            return Secret(value) if value else None

        outcome, value = self._call(act)
        return value, outcome.note or ("" if value else said("The system keyring has no copy."))

    def forget(self, email: str) -> Outcome:
        """Delete the copy. Never raises."""

        def act(backend: Backend) -> None:
            if backend.get_password(SERVICE, email) is not None:
                backend.delete_password(SERVICE, email)

        return self._call(act)[0]

    def _call(self, act: Callable[[Backend], T], key: Secret | None = None) -> tuple[Outcome, T | None]:
        """Run on a daemon thread, for a thread that hangs cannot be stopped, only left behind."""
        if self._off:
            return Outcome(False, said("The system keyring is switched off (KBQ_TUI_KEYRING=off).")), None
        if self._hangs:
            return Outcome(False, said("The system keyring does not answer.")), None
        answer: queue.SimpleQueue[tuple[Outcome, T | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                answer.put((Outcome(True), act(self._find())))
            except NoKeyringError as error:
                answer.put((Outcome(False, error.args[0]), None))
            except Exception as error:  # noqa: BLE001  # backends raise what they like; the file is what counts
                known = [key.reveal().decode(errors="replace")] if key else []
                text = inert(scrub(str(error), known), 200)
                note = said("The system keyring refused: {kind}: {text}", kind=type(error).__name__, text=text)
                answer.put((Outcome(False, note), None))

        threading.Thread(target=run, name="keyring", daemon=True).start()
        try:
            return answer.get(timeout=self._deadline)
        except queue.Empty:
            self._hangs = True
            note = said("The system keyring did not answer within {n} seconds.", n=f"{self._deadline:g}")
            return Outcome(False, note), None
