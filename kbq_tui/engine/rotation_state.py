"""The state of a rotation: what was found, the options, and the progress."""

import dataclasses
from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta

from kbq_tui.engine.observe import beside_of, handed_over, inspect_key
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.threads import offload
from kbq_tui.engine.waiting import Emit, Patience, Waits, own_changes
from kbq_tui.i18n.messages import EMPTY, Message
from kbq_tui.model.changes import ACCOUNT, KEY
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import LocalKey, Unknown, value_of
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.rotation import rotation_of
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.rotation import GRACE, RotationStep, RotationView

HandOver = Callable[[LocalKey], None]
"""Called with the new key's file."""


@dataclass(frozen=True, slots=True)
class RotationOptions:
    """The options of a rotation.

    Attributes:
        confirmed: the operator says that Klaviyo uses the new key.
        grace: how long the old key stays disabled.
        wait: the most seconds to wait for Klaviyo in one run.
    """

    confirmed: bool = False
    grace: timedelta = GRACE
    wait: float = 3_600.0


@dataclasses.dataclass(slots=True)
class RotationOutcome:
    """The progress of a rotation.

    Attributes:
        step: the next step; `FINISH` if the old key is deleted.
        old, new: the ids of both keys; empty if there is none (yet).
        key: the new key's file.
        done: ids of the actions of this run.
        problems: why it cannot continue.
        until: when it can continue, if it only has to wait.
        why: what is waited for, if it only has to wait.
        rolled_back: the new key was deleted, or the old one enabled again.
    """

    step: RotationStep = RotationStep.BEGIN
    old: str = ""
    new: str = ""
    key: LocalKey | None = None
    done: list[str] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    until: datetime | None = None
    why: Message = EMPTY
    rolled_back: bool = False

    @property
    def finished(self) -> bool:
        """Whether the old key is deleted."""
        return self.step is RotationStep.FINISH and not self.problems


async def look(spec: ConnectionSpec, ports: Ports, emit: Emit, patience: Patience) -> RotationView:
    """Return the present state of a rotation. Waits if we have just created the account or a key.

    Raises:
        ProblemError: the keys, at Google or here, cannot be read.
    """
    changes = await own_changes(spec, ports)
    waits = Waits(ports.clock, patience, emit, changes)
    email = spec.account_email
    keys = await waits.called("keys", lambda: ports.cloud.keys(spec.project, email), email, ACCOUNT, KEY)
    local, beside = await inspect_key(spec, ports), await inspect_key(beside_of(spec, ports), ports)
    handed = await handed_over(spec, ports)
    for part in (local, beside, handed):
        if isinstance(part, Unknown):
            raise ProblemError(part.problem)
    new = value_of(beside)
    return RotationView(
        keys,
        value_of(local),
        new if new is not None and new.path else None,
        value_of(handed) or (),
        rotation_of(await offload(ports.journal.changes), spec),
        ports.clock.now(),
    )
