"""Reads and writes what this machine remembers of a connection: read first, written only if something changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kbq_tui.engine.services import ConnectionDraft, SavedConnection

if TYPE_CHECKING:
    from kbq_tui.engine.services import Store
    from kbq_tui.model.spec import ConnectionSpec
    from kbq_tui.model.steps import Step


class ConnectionRecord:
    """What this machine remembers of one connection. Both faces save a connection only through this.

    It is read when the record is created, so nothing can be saved that was never read. Only differences are written:
    what another process has changed since then is kept.

    Args:
        store: where it is stored.
        name: the connection.

    Raises:
        ProblemError: what is saved cannot be read.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._base = SavedConnection(ConnectionDraft(name=name), filed=False)
        self.saved: SavedConnection | None = store.load(name)
        self._written = self.saved or self._base

    @property
    def state(self) -> SavedConnection:
        """The connection as remembered; the defaults if nothing is."""
        return self.saved or self._base

    @property
    def filed(self) -> bool:
        """Whether the connection exists: it has a file."""
        return self.state.filed

    @property
    def filed_spec(self) -> ConnectionSpec | None:
        """The connection in its file; None if it has none."""
        return self.state.draft.spec() if self.filed else None

    def holds(self, spec: ConnectionSpec) -> bool:
        """Whether the connection exists and is equal to this one; options or the environment may have changed it."""
        try:
            return self.filed and self.state.draft.spec() == spec
        except ValueError:  # the saved values are not a valid connection yet
            return False

    def keep(
        self,
        *,
        draft: ConnectionDraft | None = None,
        screen: Step | None = None,
        finished: bool | None = None,
        connected: bool | None = None,
        confirmed: bool = False,
    ) -> None:
        """Remember the given values; the others stay as they were. Nothing is written if nothing changes.

        Nothing is remembered of a connection that does not exist yet, until something is confirmed.

        Args:
            draft: what was typed.
            screen: the step that the operator is on.
            finished: the set-up was completed.
            connected: the operator said that Klaviyo is connected.
            confirmed: the operator agreed to a change: from now on the connection exists.

        Raises:
            ProblemError: it cannot be written; the next call tries again.
        """
        old = self.state
        if not old.filed and not (confirmed and _valid(old.draft if draft is None else draft)):
            return
        new = replace(
            old,
            draft=old.draft if draft is None else draft,
            screen=old.screen if screen is None else screen,
            finished=old.finished if finished is None else finished,
            connected=old.connected if connected is None else connected,
            filed=old.filed or confirmed,
        )
        if new == self._written and not confirmed:
            return
        self.saved = new
        self._store.save(new, self._written, confirmed=confirmed)
        self._written = new


def _valid(draft: ConnectionDraft) -> bool:
    """Return whether a draft is a valid connection."""
    try:
        draft.spec()
    except ValueError:
        return False
    return True
