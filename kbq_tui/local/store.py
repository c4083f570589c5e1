"""What this machine remembers of connections: implements `engine.services.Store` with the files of this package."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from kbq_tui.engine.services import ConnectionDraft, Login, SavedConnection, UiPreferences
from kbq_tui.local.connection_file import Connections
from kbq_tui.local.connection_values import Connection
from kbq_tui.local.paths import Paths
from kbq_tui.local.ui_state import ConnectionState, SetupPosition, read_preferences, write_preferences
from kbq_tui.model.steps import Step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kbq_tui.engine.look_history import LookHistory
    from kbq_tui.engine.ports import Clock
    from kbq_tui.engine.source_looks import SourceLooks
    from kbq_tui.local.journal import FileJournal
    from kbq_tui.model.checks import CheckResult
    from kbq_tui.model.rotation import Rotation
    from kbq_tui.model.spec import ConnectionSpec

_FINISHED = "finished"


class FileStore:
    """Connections in files.

    Args:
        paths: the folders.
        connections: the connection files.
        clock: the time.
        operator: the operator's options for credentials (`credentials`, `impersonate`, `quota_project`), to be saved
            with a connection; None or missing if not given.
    """

    def __init__(
        self, paths: Paths, connections: Connections, clock: Clock, operator: Mapping[str, str | None] | None = None
    ) -> None:
        self._paths = paths
        self._connections = connections
        self._clock = clock
        self.keep_login(operator or {})
        self._journals: dict[str, FileJournal] = {}

    def keep_login(self, operator: Mapping[str, str | None]) -> None:
        """Change the credentials options that are saved with a connection."""
        self._operator = {key: value for key, value in operator.items() if value}

    def names(self) -> tuple[str, ...]:
        """Return the names of all connection files, sorted. Raises ProblemError."""
        return self._connections.names()

    def load(self, name: str) -> SavedConnection | None:
        """Return what is known of a connection, or None. Raises ProblemError if its file cannot be used."""
        connection = self._connections.read(name)
        wizard = self._state(name).wizard()
        if connection is None and wizard is None:
            return None
        return _saved(name, connection, wizard)

    def save(self, saved: SavedConnection, before: SavedConnection, *, confirmed: bool = False) -> None:
        """Write what differs between two states: into the connection's file, and into the state folder what does not
        belong there.

        A connection without a file gets one once a change is confirmed and the file would be valid; until then nothing
        is written.

        Raises:
            ProblemError: it cannot be written.
        """
        name = saved.draft.name
        connection = self._connections.read(name)
        wizard = self._state(name).wizard()
        wanted = _merged(_saved(name, connection, wizard), saved, before)
        inputs: dict[str, str] = {_FINISHED: "yes"} if wanted.finished else {}
        try:
            spec = wanted.draft.spec() if connection is not None or confirmed else None
        except ValueError:
            spec = None
        if spec is None and connection is None:
            return
        if spec is None:
            inputs |= {key: value for key, value in asdict(wanted.draft).items() if key != "name"}
        else:
            connected_at = connection.connected_at if connection is not None else None
            if wanted.connected != (connected_at is not None):
                connected_at = self._clock.now() if wanted.connected else None
            operator: dict[str, Any] = dict(self._operator) if confirmed else {}
            changed = replace(connection or Connection(spec), spec=spec, connected_at=connected_at, **operator)
            if changed != connection:
                self._connections.save(changed)
        screen = wanted.screen.value if wanted.screen else ""
        if SetupPosition(screen, inputs) != (wizard or SetupPosition("")):
            self._state(name).save_wizard(SetupPosition(screen, inputs))

    def recent_projects(self) -> tuple[str, ...]:
        """Return project ids, newest first."""
        return read_preferences(self._paths.ui).recent

    def remember_project(self, project: str) -> None:
        """Put a project that Google has shown first in the list of recent ones. Raises ProblemError."""
        look = read_preferences(self._paths.ui)
        if look.recent[:1] != (project,):
            write_preferences(self._paths.ui, look.visited(project))

    def preferences(self) -> UiPreferences:
        """Return what was chosen on the screens."""
        look = read_preferences(self._paths.ui)
        return UiPreferences(look.ascii, look.theme, look.welcomed)

    def save_preferences(self, preferences: UiPreferences) -> None:
        """Save what was chosen on the screens. Raises ProblemError."""
        look = read_preferences(self._paths.ui)
        if (chosen := replace(look, **asdict(preferences))) != look:
            write_preferences(self._paths.ui, chosen)

    def last_verify(self, name: str) -> Mapping[str, object] | None:
        """Return the last verification as saved, or None."""
        return self._state(name).verification()

    def save_verify(self, spec: ConnectionSpec, results: tuple[CheckResult, ...]) -> None:
        """Save a verification, except one that could not try the key any more: the last one that did is kept.

        Raises ProblemError.
        """
        from kbq_tui.model.checks import handed_over, healthy
        from kbq_tui.model.verified_values import verified_values

        if handed_over(results):
            return
        body: dict[str, object] = {
            "schema": "kbq-tui/verify/v1",
            "connection": spec.name,
            **verified_values(spec),
            "at": self._clock.now().isoformat(timespec="seconds"),
            "ok": healthy(results),
            "checks": [r.to_json() for r in results],
        }
        self._state(spec.name).save_verification(body)

    def looks(self, name: str) -> LookHistory:
        """Return the dashboard's last readings of a connection."""
        return self._state(name).looks()

    def save_looks(self, name: str, history: LookHistory) -> None:
        """Save the dashboard's last readings of a connection. Raises ProblemError."""
        self._state(name).save_looks(history)

    def source_looks(self, name: str) -> SourceLooks:
        """Return the source check's last result for each table of a connection."""
        return self._state(name).source_looks()

    def save_source_looks(self, name: str, looks: SourceLooks) -> None:
        """Save the source check's last result for each table of a connection. Raises ProblemError."""
        self._state(name).save_source_looks(looks)

    def save_text(self, name: str, kind: str, suffix: str, text: str) -> str:
        """Write a text of ours (0600) and return its path: `reports/KIND-TIME.SUFFIX`, or the next free name. Raises
        ProblemError."""
        stamp = self._clock.now().strftime("%Y%m%dT%H%M%SZ")
        path = self._paths.of_connection(name) / "reports" / f"{kind}-{stamp}{suffix}"
        return str(self._state(name).save_report(path, text))

    def write_values(self, path: str, text: str) -> str:
        """Write the values for Klaviyo to a path of the operator's choice; see `local.values_file`. Raises
        ProblemError."""
        from kbq_tui.local.values_file import write_values

        return write_values(path, text)

    def _journal_path(self, name: str) -> Path:
        return self._paths.of_connection(name) / "journal.jsonl"

    def journal(self, name: str) -> FileJournal:
        """Return the connection's journal; always the same object, because it has its own lock."""
        if name not in self._journals:
            from kbq_tui.local.journal import FileJournal

            self._journals[name] = FileJournal(self._journal_path(name), self._clock)
        return self._journals[name]

    def unfinished(self, name: str) -> tuple[str, ...]:
        """Return what the journal has begun and not settled. Raises ProblemError."""
        if not os.path.lexists(self._journal_path(name)):  # then the journal's reader need not be imported
            return ()
        from kbq_tui.model.rotation import is_rotation

        pending = self.journal(name).pending()
        return tuple(f"{p.action} ({p.resource})" for p in pending if not is_rotation(p.action))

    def rotation(self, spec: ConnectionSpec) -> Rotation | None:
        """Return the rotation of the key that is under way, according to the journal. Raises ProblemError."""
        if not os.path.lexists(self._journal_path(spec.name)):
            return None
        from kbq_tui.model.rotation import rotation_of

        return rotation_of(self.journal(spec.name).changes(), spec)

    def _state(self, name: str) -> ConnectionState:
        return ConnectionState(self._paths.of_connection(name))


def _saved(name: str, connection: Connection | None, wizard: SetupPosition | None) -> SavedConnection:
    """Combine a connection's file and its state."""
    draft = ConnectionDraft.of(connection.spec) if connection is not None else ConnectionDraft(name=name)
    inputs = dict(wizard.inputs) if wizard is not None else {}
    finished = inputs.pop(_FINISHED, "") == "yes"
    draft = draft.replace(**{key: value for key, value in inputs.items() if key in asdict(draft) and key != "name"})
    screen = Step(wizard.screen) if wizard is not None and wizard.screen in set(Step) else None
    if connection is None:
        return SavedConnection(draft, screen, finished, filed=False)
    return SavedConnection(
        draft,
        screen,
        finished,
        connection.connected,
        operator=connection.operator or "",
        production=connection.production,
        login=Login(connection.credentials, connection.impersonate, connection.quota_project),
    )


def _merged(now: SavedConnection, saved: SavedConnection, before: SavedConnection) -> SavedConnection:
    """Return the present content of the files, with what differs between `before` and `saved`."""
    old, new = asdict(before.draft), asdict(saved.draft)
    typed = {key: value for key, value in new.items() if value != old[key]}
    fields = ("screen", "finished", "connected")
    changed = {f: getattr(saved, f) for f in fields if getattr(saved, f) != getattr(before, f)}
    return replace(now, draft=now.draft.replace(**typed), **changed)
