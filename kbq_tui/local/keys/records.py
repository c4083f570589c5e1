"""Records about keys, without secrets: which one the keyring has, which were handed over."""

import json
from pathlib import Path

from kbq_tui.i18n.messages import message
from kbq_tui.local.files import FileKind, check_output, read_regular, remove_ours, write_atomic
from kbq_tui.local.keys.place import MAX_KEY, Facts

_MOST = 100
"""How many handed-over keys are remembered; an account has at most ten at a time."""


def _holds(data: bytes, kinds: dict[str, type]) -> bool:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and all(isinstance(body.get(k), v) for k, v in kinds.items()) and len(body) <= 3


COPY_NOTE = FileKind(
    message("a note of a copy in the keyring"), lambda data: _holds(data, {"key_id": str, "email": str, "project": str})
)
HANDED_NOTE = FileKind(message("a note of keys handed over"), lambda data: _holds(data, {"email": str, "keys": list}))


def read_copy(path: Path, email: str) -> Facts | None:
    """Return which key of the account has a copy in the keyring; None if none has, or if that is not known."""
    try:
        body = json.loads(read_regular(path, MAX_KEY))
        facts = Facts(str(body["key_id"]), str(body["email"]), str(body["project"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return facts if facts.email == email else None


def note_copy(path: Path, facts: Facts) -> None:
    """Record which key has a copy in the keyring. Raises OSError."""
    body = {"key_id": facts.key_id, "email": facts.email, "project": facts.project}
    write_atomic(path, json.dumps(body).encode(), COPY_NOTE)


def drop_copy(path: Path) -> None:
    """Delete the record of a copy in the keyring. Raises OSError."""
    remove_ours(path, COPY_NOTE)


def read_handed_over(path: Path, email: str) -> tuple[str, ...]:
    """Return the ids of the account's keys whose file was shredded here, newest last; empty if none was.

    Raises:
        OSError, ValueError: there is a record, and it cannot be read. Taking that for "none" would offer Klaviyo's own
            key for deletion.
    """
    try:
        body = json.loads(read_regular(path, MAX_KEY))
    except FileNotFoundError:
        return ()
    except RecursionError:
        raise ValueError("not a note of ours") from None
    if not isinstance(body, dict) or not isinstance(body.get("keys"), list):
        raise ValueError("not a note of ours")
    return tuple(str(id_) for id_ in body["keys"]) if body.get("email") == email else ()


def note_handed_over(path: Path, facts: Facts) -> None:
    """Record a key whose file is about to be shredded. Raises OSError."""
    check_output(path, HANDED_NOTE)
    try:
        before = read_handed_over(path, facts.email)
    except ValueError:
        before = ()  # it is empty
    keys = [*before, facts.key_id] if facts.key_id not in before else [*before]
    write_atomic(path, json.dumps({"email": facts.email, "keys": keys[-_MOST:]}).encode(), HANDED_NOTE)
