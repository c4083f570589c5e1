"""A key rotation, as the journal has it.

`rotate:OLD` is begun there and not ended while the key OLD is being replaced; entries for the points that were reached
follow it, each with its key.
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
    """A key rotation in progress, as the journal has it.

    Attributes:
        old: the id of the key that is replaced.
        begun: when it was begun.
        new: the id of the new key; empty before it is created.
        verified: when the new key was verified; None before.
        taken: when Klaviyo was seen (or reported) to use the new key; None before.
        disabled: when the old key was disabled; None before, or if it was enabled again.
    """

    old: str
    begun: datetime
    new: str = ""
    verified: datetime | None = None
    taken: datetime | None = None
    disabled: datetime | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The ids of both keys, the old one first; of the old one alone before there is a new one."""
        return tuple(filter(None, (self.old, self.new)))


def mark(kind: ActionKind, spec: ConnectionSpec, key_id: str) -> str:
    """Return the journal's id for a point that was reached, such as `rotate:KEY_ID`."""
    return ActionKey(kind, AccountRef(spec.project, spec.account_email), detail=key_id).id


def rotation_of(changes: Iterable[OwnChange], spec: ConnectionSpec) -> Rotation | None:
    """Return the rotation in progress, from our own changes; None if there is none.

    Args:
        changes: from the journal, oldest first.
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
    """Return the key that a change of this kind is about; empty for other changes."""
    return change.key.detail if change.key.kind is kind else ""


def is_rotation(action: str) -> bool:
    """Whether an action begun in the journal is a rotation, which stays begun for days."""
    key = ActionKey.read(action, "")
    return key is not None and key.kind is ActionKind.ROTATE
