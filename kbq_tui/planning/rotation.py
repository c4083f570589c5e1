"""Rotating a key: the next step. Pure: same input, same step."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.changes import is_recent
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.key_use import IDLE, KeyState, KeyUses, state_of
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import MAX_KEYS, KeyInfo, LocalKey
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.rotation import Rotation
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of

QUIET: Final = timedelta(hours=1)
"""How long the old key must be unused before it is disabled."""
GRACE: Final = timedelta(hours=24)
"""How long the old key stays disabled before it is deleted."""


class RotationStep(StrEnum):
    """The next step of a rotation."""

    BEGIN = "begin"
    CREATE = "create"
    VERIFY = "verify"
    HAND_OVER = "hand-over"
    PROMOTE = "promote"
    DISABLE = "disable"
    GRACE = "grace"
    DELETE = "delete"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class RotationView:
    """The state of a rotation at Google and on this machine.

    Attributes:
        keys: the account's keys at Google.
        local: the key in the usual place; None if there is none.
        beside: the new key's file, while it is beside that place.
        handed: ids of keys that were handed over and shredded here, newest last.
        rotation: what the journal has; None if nothing is being replaced.
        now: aware UTC.
    """

    keys: tuple[KeyInfo, ...]
    local: LocalKey | None
    beside: LocalKey | None
    handed: tuple[str, ...]
    rotation: Rotation | None
    now: datetime

    def works(self, key_id: str) -> bool:
        """Whether Google accepts a key, according to its list."""
        return any(key.id == key_id and state_of(key, self.now) is KeyState.ACTIVE for key in self.keys)

    def key(self, key_id: str) -> KeyInfo | None:
        """Return a key as Google lists it; None if it does not."""
        return next((key for key in self.keys if key.id == key_id), None)

    @property
    def new(self) -> str:
        """The id of the new key; empty while there is none."""
        if self.rotation is None:
            return ""
        if self.beside is not None:
            return self.beside.key_id
        if self.local is not None and self.local.key_id != self.rotation.old and self.rotation.new:
            return self.local.key_id
        return self.rotation.new

    @property
    def missing(self) -> bool:
        """Whether the new key is neither on this machine nor was handed over from it."""
        here = self.local is not None and self.local.key_id == self.new
        return self.beside is None and not here and self.new not in self.handed

    @property
    def lost(self) -> bool:
        """Whether the new key's file is useless: Google had enough time to list the key, and does not."""
        if self.beside is None or self.key(self.beside.key_id) is not None:
            return False
        return self.beside.written is None or not is_recent(self.beside.written, self.now)


def next_step(view: RotationView, spec: ConnectionSpec, grace: timedelta = GRACE) -> RotationStep:
    """Return the next step. The old key is disabled, or deleted, only while the new one works.

    Args:
        view: the present state.
        spec: the connection.
        grace: how long the old key stays disabled.

    Raises:
        ProblemError: nothing can be done; says why.
    """
    rotation, context = view.rotation, context_of(spec)
    if rotation is None:
        old_key(view, spec)
        if len(view.keys) >= MAX_KEYS:
            raise ProblemError(catalogue.problem(Code.TOO_MANY_KEYS, context))
        return RotationStep.BEGIN
    if view.lost or not view.new:
        if rotation.taken is not None:
            raise ProblemError(catalogue.problem(Code.ROTATION_NEW_GONE, context, key_id=rotation.new or view.new))
        return RotationStep.CREATE
    if rotation.new != view.new or rotation.verified is None:
        return RotationStep.VERIFY
    if rotation.taken is None:
        return RotationStep.HAND_OVER
    if not view.works(view.new):
        raise ProblemError(catalogue.problem(Code.ROTATION_NEW_GONE, context, key_id=view.new))
    if view.beside is not None or view.missing:
        return RotationStep.PROMOTE
    old = view.key(rotation.old)
    if old is None:
        return RotationStep.FINISH
    if not old.disabled:
        return RotationStep.DISABLE
    return RotationStep.DELETE if view.now >= ends(rotation, grace) else RotationStep.GRACE


def ends(rotation: Rotation, grace: timedelta) -> datetime:
    """Return when the disabled old key may be deleted."""
    return (rotation.disabled or rotation.taken or rotation.begun) + grace


def progress(rotation: Rotation) -> Message:
    """Return what the journal says of a rotation's progress: the first thing that is still to be done."""
    if not rotation.new:
        return message("the new key is not created yet")
    if rotation.verified is None:
        return message("the new key is not verified yet")
    if rotation.taken is None:
        return message("Klaviyo has not been seen to use the new key yet")
    if rotation.disabled is None:
        return message("Klaviyo uses the new key, and the old one is not disabled yet")
    at = f"{ends(rotation, GRACE):%Y-%m-%d %H:%M} UTC"
    return message("the old key is disabled, to be deleted from {at} on", at=at)


def spare_keys(view: RotationView, uses: KeyUses) -> tuple[KeyInfo, ...]:
    """Return the keys that nobody can use or has used, as far back as can be seen, oldest first; without the one stored
    here."""
    held = view.local.key_id if view.local is not None else ""

    def spare(key: KeyInfo) -> bool:
        if state_of(key, view.now) is not KeyState.ACTIVE:
            return True
        return uses.since is not None and uses.of(key.id) is None and view.now - key.created >= IDLE

    return tuple(key for key in view.keys if key.id != held and spare(key))


def old_key(view: RotationView, spec: ConnectionSpec) -> str:
    """Return the id of the key to replace: the one stored here, else the last one handed over, else the only one.

    Raises:
        ProblemError: there is no such key.
    """
    there = [key.id for key in view.keys]
    wanted = [view.local.key_id] if view.local is not None else []
    found = next((id_ for id_ in [*wanted, *reversed(view.handed)] if id_ in there), None)
    if found is None and len(there) == 1:
        found = there[0]
    if found is None:
        raise ProblemError(catalogue.problem(Code.ROTATION_OLD_UNKNOWN, context_of(spec)))
    return found
