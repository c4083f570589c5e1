"""What a set-up is doing, and the one line that it has to say."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from kbq_tui.i18n.messages import Message


class Phase(StrEnum):
    """What a set-up is doing. In every phase but `READY` nothing else can be begun."""

    READY = "ready"
    SIGNING_IN = "signing-in"
    LOOKING = "looking"
    LOOKING_EVERYWHERE = "looking-everywhere"
    APPLYING = "applying"
    AWAITING = "awaiting"
    """Klaviyo's call is waited for: that changes nothing, and may be left at any time."""
    VERIFYING = "verifying"


LIMITS: Final = {Phase.SIGNING_IN: 60.0, Phase.LOOKING: 90.0, Phase.LOOKING_EVERYWHERE: 90.0}
"""Seconds after which a phase is given up. Each call has its own deadline; this is the sum."""


@dataclass(frozen=True, slots=True)
class Note:
    """The latest that a set-up has to say.

    Attributes:
        text: one line; may hold hostile text.
        bad: whether something went wrong.
        done: whether it says what was done, or seen.
        passing: whether it is a hint, which goes after a few seconds.
        timed_out: the phase that Google's answer did not come in, so that trying again makes sense; else None.
    """

    text: Message
    bad: bool = False
    done: bool = False
    passing: bool = False
    timed_out: Phase | None = None
