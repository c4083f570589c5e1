"""Chooses one of several keys that are not stored here."""

from collections.abc import Sequence
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.i18n.messages import N_, translate, translate_n
from kbq_tui.model.observed import KeyInfo
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.text import columns, plain
from kbq_tui.tui.widgets.rows import Row, Rows


def age(key: KeyInfo, now: datetime) -> str:
    """Return when a key was created, and what else is known of it."""
    message = translate_n(
        "created {day:%Y-%m-%d}, {n} day old",
        "created {day:%Y-%m-%d}, {n} days old",
        max((now - key.created).days, 0),
        day=key.created,
    )
    if key.expires is not None:
        message = translate("{age}, expires {day:%Y-%m-%d}", age=message, day=key.expires)
    return translate("{age}, disabled", age=message) if key.disabled else message


class PickKey(Modal[str]):
    """Picks one of the keys that are not stored here; picking deletes nothing.

    Args:
        keys: the keys.
        now: the time from which their age is computed.
    """

    heading = N_("Keys at Google that are not kept here: which one?")

    def __init__(self, keys: Sequence[KeyInfo], now: datetime) -> None:
        super().__init__()
        self._keys = keys
        self._now = now

    def fill(self) -> ComposeResult:
        """Lay out the list of keys."""
        yield Rows(id="keys")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Enter takes the one under the cursor, Escape closes."""
        return [("Enter", translate("Look at it")), ("Esc", translate("Close"))]

    def on_mount(self) -> None:
        """Fill the list and put the focus on it."""
        rows = self.query_one("#keys", Rows)
        rows.show([Row(k.id, self._line(k)) for k in self._keys])
        rows.focus()

    def _line(self, key: KeyInfo) -> Content:
        return columns((plain(key.id[:20]), 22), (plain(age(key, self._now), "$text-quiet"), 0))

    @on(Rows.Chosen)
    def _take(self, event: Rows.Chosen) -> None:
        self.dismiss(event.row.id)
