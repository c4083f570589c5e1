"""The phases of a set-up, and its one-line note."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from kbq_tui.i18n.messages import Message


class Phase(StrEnum):
    """The phases of a set-up. In every phase except `READY` nothing else can be begun."""

    READY = "ready"
    SIGNING_IN = "signing-in"
    LOOKING = "looking"
    LOOKING_EVERYWHERE = "looking-everywhere"
    APPLYING = "applying"
    AWAITING = "awaiting"
    """Waiting for Klaviyo's call: this changes nothing, and can be stopped at any time."""
    VERIFYING = "verifying"


LIMITS: Final = {Phase.SIGNING_IN: 60.0, Phase.LOOKING: 90.0, Phase.LOOKING_EVERYWHERE: 90.0}
"""Seconds after which a phase is given up. Each call has its own deadline; this is the total."""


@dataclass(frozen=True, slots=True)
class Note:
    """The latest note of a set-up.

    Attributes:
        text: one line; may contain hostile text.
        bad: whether something went wrong.
        done: whether it says what was done, or seen.
        passing: whether it is a hint, which disappears after a few seconds.
        timed_out: the phase in which Google did not answer in time, so that trying again makes sense; else None.
    """

    text: Message
    bad: bool = False
    done: bool = False
    passing: bool = False
    timed_out: Phase | None = None
