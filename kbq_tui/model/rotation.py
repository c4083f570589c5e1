"""A key that is being replaced, as the journal remembers it.

`rotate:OLD` is begun there and not ended while the key OLD is being replaced; what has been reached stands behind it,
each with the key that it is about.
"""

from collections.abc import Iterable
from datetime import datetime

from kbq_tui.model.changes import OwnChange
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.refs import AccountRef
from kbq_tui.model.spec import ConnectionSpec


@dataclass(frozen=True, slots=True)
class Rotation:
    """A key that is being replaced, as the journal remembers it.

    Attributes:
        old: the id of the key that is replaced.
        begun: when.
        new: the id of the new key; empty before it is made.
        verified: when it was verified; None before.
        taken: when Klaviyo was seen, or said, to use it; None before.
        disabled: when the old key was disabled; None before, or where it was enabled again.
    """

    old: str
    begun: datetime
    new: str = ""
    verified: datetime | None = None
    taken: datetime | None = None
    disabled: datetime | None = None


def mark(kind: ActionKind, spec: ConnectionSpec, key_id: str) -> str:
    """Return what the journal has for a point that was reached, such as `rotate:KEY_ID`."""
    return ActionKey(kind, AccountRef(spec.project, spec.account_email), detail=key_id).id


def rotation_of(changes: Iterable[OwnChange], spec: ConnectionSpec) -> Rotation | None:
    """Return the key that is being replaced, from our own changes; None where none is.

    Args:
        changes: as the journal has them, oldest first.
        spec: the connection.
    """
    own = [change for change in changes if change.key.ref.name == spec.account_email]
    begun = [(change, key_id) for change in own if (key_id := _key_of(change, ActionKind.ROTATE)) and not change.made]
    if not begun:
        return None
    change, old = begun[-1]
    since = [c for c in own if c.made and c.at >= change.at]

    def last(kind: ActionKind, key_id: str) -> datetime | None:
        return max((c.at for c in since if key_id and _key_of(c, kind) == key_id), default=None)

    made = [key_id for c in since if (key_id := _key_of(c, ActionKind.ROTATE_CREATED))]
    new = made[-1] if made else ""
    disabled, enabled = last(ActionKind.DISABLE_KEY, old), last(ActionKind.ENABLE_KEY, old)
    if disabled is not None and enabled is not None and enabled > disabled:
        disabled = None
    verified, taken = last(ActionKind.ROTATE_VERIFIED, new), last(ActionKind.ROTATE_TAKEN, new)
    return Rotation(old, change.at, new, verified, taken, disabled)


def _key_of(change: OwnChange, kind: ActionKind) -> str:
    """Return the key that a change of a kind is about; empty for other changes."""
    return change.key.detail if change.key.kind is kind else ""


def rotating_keys(changes: Iterable[OwnChange], spec: ConnectionSpec) -> tuple[str, ...]:
    """Return the ids of both keys of a rotation that is under way; empty where none is."""
    found = rotation_of(changes, spec)
    return tuple(filter(None, (found.old, found.new))) if found is not None else ()


def is_rotation(action: str) -> bool:
    """Whether what the journal has begun is a rotation, which stays begun for days."""
    key = ActionKey.read(action, "")
    return key is not None and key.kind is ActionKind.ROTATE
