"""A copy of the key in the system keyring, if there is a real one that answers in time."""

import json
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from kbq_tui.i18n.messages import EMPTY, Message, joined, message
from kbq_tui.local.foreign_output import into_the_log
from kbq_tui.local.keys.keyring_entries import Entries, EntryName, NoKeyringError, system_keyrings
from kbq_tui.local.keys.place import Facts, safe_name
from kbq_tui.local.variables import KEYRING, KEYRING_OFF
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.secret import Secret, scrub
from kbq_tui.model.text import inert

DEADLINE = 3.0
"""Seconds. A D-Bus that never answers, or an unlock dialogue that nobody sees, must not block anything."""
_OLD_SERVICE: Final = "kbq-tui"
"""The service name under which earlier versions stored one key for each account. It is not written any more."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeyringResult:
    """The result of an attempt.

    Attributes:
        done: whether the keyring did it.
        note: why not, in one sentence or two, with what may be left in the keyring.
        asked: whether a keyring was called; if it failed, it may have a copy nevertheless.
    """

    done: bool
    note: Message = EMPTY
    asked: bool = True


class _Failed(Exception):
    """The keyring failed; the text says why."""


class _Attempt:
    """State shared by the thread that calls the keyring and the one that waits for it."""

    def __init__(self) -> None:
        self.given_up = threading.Event()
        self.writing = threading.Event()


def entry_name(facts: Facts) -> EntryName:
    """Return the name of a key's entry, which no other program and no other key uses."""
    return EntryName(f"kbq-tui:{safe_name(facts.project)}:{safe_name(facts.key_id)}", facts.email)


class KeyringCopy:
    """Copies of keys in the system keyring.

    Args:
        env: `KBQ_TUI_KEYRING=off` switches it off.
        deadline: seconds for one call; after a call that did not answer no other is tried.
        find: returns the keyrings, the preferred one first; it may block, and is called on a separate thread.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        deadline: float = DEADLINE,
        find: Callable[[], Sequence[Entries]] = system_keyrings,
    ) -> None:
        self._off = env.get(KEYRING, "").strip().lower() in KEYRING_OFF
        self._deadline = deadline
        self._find = find
        self._hangs = False

    def store(self, facts: Facts, key: Secret) -> KeyringResult:
        """Store a copy, and read it back, because some keyrings cut long values. Never raises.

        Args:
            facts: the key's fields.
            key: a service account's key, JSON. It is stored as one line, because some keyrings store no other text.
        """
        name = entry_name(facts)

        def act(keyrings: Sequence[Entries], attempt: _Attempt) -> None:
            value = json.dumps(json.loads(key.reveal()))
            keyring = keyrings[0]
            if not all(_holds(found, facts) for found in keyring.read(name)):
                text = message(
                    "The system keyring has an entry of another program's under {service}.", service=name.service
                )
                raise _Failed(text)
            attempt.writing.set()  # set first: of two threads that check each other's flag, one sees it set
            if attempt.given_up.is_set():
                return
            try:
                keyring.write(name, value)
                if value in keyring.read(name):
                    return
                why = message("The system keyring did not keep the whole key.")
            except Exception as error:  # noqa: BLE001  # backends raise any exception
                why = _words_of(error, key)
            if not _taken_back(keyring, name, value):
                why = joined(" ", why, _may_be_left(name))
            raise _Failed(why)

        return self._call(act, key, name)[0]

    def load(self, facts: Facts) -> tuple[Secret | None, KeyringResult]:
        """Return the copy, or None and why there is none. Never raises.

        Args:
            facts: which key; with an empty `key_id`, any key of the account that an earlier version stored.
        """

        def act(keyrings: Sequence[Entries], _: _Attempt) -> Secret | None:
            found = _look(keyrings, facts)
            for _keyring, _name, value in found.ours:
                return Secret(value)
            if found.errors:
                raise found.errors[0]
            return None

        outcome, value = self._call(act)
        if outcome.done and value is None:
            outcome = KeyringResult(True, message("The system keyring has no copy."))
        return value, outcome

    def forget(self, facts: Facts) -> KeyringResult:
        """Delete the copy of exactly this key, wherever it is; an entry with any other content stays. Never raises."""
        name = entry_name(facts)

        def act(keyrings: Sequence[Entries], _: _Attempt) -> None:
            found = _look(keyrings, facts)
            errors = found.errors
            for keyring, where, value in found.ours:
                try:
                    keyring.remove(where, value)
                except Exception as error:  # noqa: BLE001  # backends raise any exception
                    errors.append(error)
            left = _look(keyrings, facts)
            if errors or left.errors or left.ours:
                at = left.ours[0][1] if left.ours else name
                why = _words_of([*errors, *left.errors][0]) if errors or left.errors else message("It is still there.")
                raise _Failed(joined(" ", why, _how_to_delete(at)))

        return self._call(act)[0]

    def _call(
        self,
        act: Callable[[Sequence[Entries], _Attempt], T],
        key: Secret | None = None,
        name: EntryName | None = None,
    ) -> tuple[KeyringResult, T | None]:
        """Run on a daemon thread: a thread that hangs cannot be stopped, only abandoned."""
        if self._off:
            note = message("The system keyring is switched off (KBQ_TUI_KEYRING=off).")
            return KeyringResult(False, note, asked=False), None
        if self._hangs:
            return KeyringResult(False, message("The system keyring does not answer.")), None
        answer: queue.SimpleQueue[tuple[KeyringResult, T | None]] = queue.SimpleQueue()
        attempt = _Attempt()

        def run() -> None:
            try:
                with into_the_log():
                    done = act(self._find(), attempt)
                answer.put((KeyringResult(True), done))
            except NoKeyringError as error:
                answer.put((KeyringResult(False, error.args[0], asked=False), None))
            except _Failed as error:
                answer.put((KeyringResult(False, error.args[0]), None))
            except Exception as error:  # noqa: BLE001  # backends raise any exception; the file is what counts
                answer.put((KeyringResult(False, _words_of(error, key)), None))

        try:
            threading.Thread(target=run, name="keyring", daemon=True).start()
        except RuntimeError:  # the system's limit
            return KeyringResult(False, message("The system has no thread left to ask the system keyring.")), None
        try:
            return answer.get(timeout=self._deadline)
        except queue.Empty:
            self._hangs = True
            attempt.given_up.set()
            note = message("The system keyring did not answer within {n} seconds.", n=f"{self._deadline:g}")
            if name is not None and attempt.writing.is_set():
                note = joined(" ", note, _may_be_left(name))
            return KeyringResult(False, note), None


@dataclass(frozen=True, slots=True)
class _Found:
    """The entries that have a key, and the errors while searching."""

    ours: list[tuple[Entries, EntryName, str]]
    errors: list[Exception]


def _look(keyrings: Sequence[Entries], facts: Facts) -> _Found:
    """Search all keyrings for the key, under its own name and under the one that earlier versions used."""
    names = [entry_name(facts)] if facts.key_id else []
    found = _Found([], [])
    for name in (*names, EntryName(_OLD_SERVICE, facts.email, marked=False)):
        for keyring in keyrings:
            try:
                found.ours.extend((keyring, name, value) for value in keyring.read(name) if _holds(value, facts))
            except Exception as error:  # noqa: BLE001  # backends raise any exception; another may have it
                found.errors.append(error)
    return found


def _holds(value: str, facts: Facts) -> bool:
    """Return whether an entry's value is exactly this key; without a key id, any key of the account."""
    body: Any = None
    with suppress(ValueError, RecursionError):
        body = json.loads(value)
    return (
        isinstance(body, dict)
        and body.get("type") == "service_account"
        and body.get("client_email") == facts.email
        and (not facts.key_id or body.get("private_key_id") == facts.key_id)
    )


def _taken_back(keyring: Entries, name: EntryName, value: str) -> bool:
    """Remove what was just written, complete or cut, and return whether it is certain that nothing is left of it."""
    try:
        for left in keyring.read(name):
            if left and value.startswith(left):
                keyring.remove(name, left)
        return not keyring.read(name)
    except Exception:  # noqa: BLE001  # backends raise any exception
        return False


def _may_be_left(name: EntryName) -> Message:
    return joined(" ", message("A copy of the key, or a part of it, may be left there."), _how_to_delete(name))


def _how_to_delete(name: EntryName) -> Message:
    return message(
        "Look for the entry {service} of {user} in the keyring's own program, or delete it with: "
        "keyring del {service} {user}",
        service=name.service,
        user=name.user,
    )


def _words_of(error: Exception, key: Secret | None = None) -> Message:
    """Return a backend's exception as one sentence, without the key if it quotes that."""
    from keyring.errors import KeyringLocked

    if isinstance(error, KeyringLocked):
        return message("The system keyring is locked.")
    known = [key.reveal().decode(errors="replace")] if key else []
    text = inert(scrub(str(error), known), 200)
    return message("The system keyring refused: {kind}: {text}", kind=type(error).__name__, text=text)
