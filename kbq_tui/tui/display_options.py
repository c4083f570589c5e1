"""How the screens should look on this terminal; decided once, before they start."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from kbq_tui.model.lean_dataclass import dataclass

THEMES = ("dark", "light", "contrast", "mono")
"""The names of the themes, by which the operator chooses them."""
REFRESH = 60.0
"""Seconds between two readings of the dashboard by default."""


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """What the terminal can do and the operator asked for.

    Attributes:
        ascii: glyphs in ASCII only (no UTF-8 locale, TERM linux or vt*, `--ascii`).
        ascii_default: the value of `ascii` if nothing was chosen on the screens.
        mono: no colour at all (NO_COLOR, `--mono`).
        mouse: report the mouse.
        ssh: the session comes over SSH.
        theme: one of `THEMES`.
        host: `user@host`, shown at the top if the session is remote; empty for none.
        keymap: ids of `keys.KEYS` to other keys (`{"quit": ("f12",)}`), without `keys.fault`.
        refresh: seconds between two readings of the dashboard.
    """

    ascii: bool = False
    mono: bool = False
    mouse: bool = False
    ssh: bool = False
    theme: str = "dark"
    ascii_default: bool = False
    host: str = ""
    keymap: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refresh: float = REFRESH
