"""Everything that a face (the TUI or the plain face) is given: it builds no adapter itself."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import ACCOUNT_ID, IMPORT_DATASET, STAGING_DATASET, ConnectionSpec, Direction, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from kbq_tui.engine.look_history import LookHistory
    from kbq_tui.engine.ports import Clock, Cloud, Impersonator, Journal, KeyStore, Ports
    from kbq_tui.engine.source_looks import SourceLooks
    from kbq_tui.engine.waiting import Patience
    from kbq_tui.model.checks import CheckResult
    from kbq_tui.model.command import Command
    from kbq_tui.model.problem import Problem
    from kbq_tui.model.secret import Secret
    from kbq_tui.model.steps import Step


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    """What the operator has typed so far: any text, unchanged; empty if nothing was typed or given."""

    name: str = "default"
    project: str = ""
    location: str = ""
    direction: str = Direction.IMPORT.value
    import_dataset: str = IMPORT_DATASET
    staging_dataset: str = STAGING_DATASET
    export_dataset: str = ""
    account_id: str = ACCOUNT_ID
    key_file: str = ""

    @classmethod
    def of(cls, spec: ConnectionSpec) -> ConnectionDraft:
        """Return a connection as the texts that were typed for it."""
        return cls(
            spec.name,
            spec.project,
            spec.location or "",
            spec.direction.value,
            spec.import_dataset,
            spec.staging_dataset,
            spec.export_dataset or "",
            spec.account_id,
            spec.key_file or "",
        )

    def spec(self) -> ConnectionSpec:
        """Return the connection. Raises InvalidValueError with the wrong field."""
        if self.direction not in tuple(Direction):
            raise InvalidValueError("direction", message("The direction is import, export or both."))
        return ConnectionSpec(
            name=self.name,
            project=self.project.strip(),
            location=self.location.strip() or None,
            direction=Direction(self.direction),
            import_dataset=self.import_dataset.strip(),
            staging_dataset=self.staging_dataset.strip(),
            export_dataset=self.export_dataset.strip() or None,
            account_id=self.account_id.strip(),
            key_file=self.key_file.strip() or None,
        )

    def replace(self, **values: str) -> ConnectionDraft:
        """Return a copy with some fields changed."""
        return replace(self, **values)


@dataclass(frozen=True, slots=True)
class Login:
    """How a connection's operator signs in, from its file; None for what the file does not say.

    Attributes:
        credentials: the credentials file.
        impersonate: the service account to act as.
        quota_project: the project that calls are charged to.
    """

    credentials: str | None = None
    impersonate: str | None = None
    quota_project: str | None = None


@dataclass(frozen=True, slots=True)
class SavedConnection:
    """A connection as this machine remembers it.

    Attributes:
        draft: what was typed.
        screen: the step that the operator left; None for the first.
        finished: the set-up was completed.
        connected: the operator said that Klaviyo is connected.
        filed: the connection exists: it has a file. Before the first change is confirmed there is only what was typed.
        operator: the e-mail of the only login that may change things without a question; empty for any.
        production: whether the connection's name must be typed before something is destroyed.
        login: how its operator signs in.
    """

    draft: ConnectionDraft
    screen: Step | None = None
    finished: bool = False
    connected: bool = False
    filed: bool = True
    operator: str = ""
    production: bool = False
    login: Login = Login()


@dataclass(frozen=True, slots=True)
class UiPreferences:
    """What the operator chose on the screens, for all connections; None if nothing was chosen.

    Attributes:
        ascii: whether to draw with ASCII only.
        theme: the theme's name.
        welcomed: the welcome was seen.
    """

    ascii: bool | None = None
    theme: str | None = None
    welcomed: bool = False


class SignIn(Protocol):
    """The operator's credentials, found when asked for."""

    async def __call__(self, *, allow_gcloud: bool = False) -> Cloud:
        """Return Google as the operator sees it.

        Args:
            allow_gcloud: the operator agreed to use gcloud's own login, because there are no application default
                credentials.

        Raises:
            ProblemError: there are no credentials, or they cannot be used (kind CREDENTIALS).
        """

    def gcloud_available(self) -> bool:
        """Whether gcloud is installed and signed in, so that its login can be offered."""

    def can_log_in(self) -> bool:
        """Whether gcloud is installed, and its login for application default credentials would be used."""

    def log_in(self) -> Message | None:
        """Run gcloud's login on the terminal, and block until it ends.

        Returns:
            Why nobody is signed in; None if gcloud says that somebody is.
        """

    def check_file(self, path: str) -> Message | None:
        """Return why a file cannot be credentials, or None. Reads the file; a short call."""


class Store(Protocol):
    """What this machine remembers. Short reads and writes of small files; may raise ProblemError."""

    def names(self) -> tuple[str, ...]:
        """The names of the connections that exist, sorted."""

    def load(self, name: str) -> SavedConnection | None:
        """Return what is known of a connection, or of one whose set-up was begun; None if nothing is."""

    def save(self, saved: SavedConnection, before: SavedConnection, *, confirmed: bool = False) -> None:
        """Write what differs between two states; everything else stays as it is by now. Only for `ConnectionRecord`.

        Args:
            saved: the new state.
            before: the state when it was read.
            confirmed: a change was agreed to: the connection gets its file, with the credentials options that were
                typed in this run.
        """

    def recent_projects(self) -> tuple[str, ...]:
        """Return the ids of the projects that were used last, newest first."""

    def remember_project(self, project: str) -> None:
        """Put a project first in the list of recent ones. For projects that Google has shown."""

    def preferences(self) -> UiPreferences:
        """Return what was chosen on the screens."""

    def save_preferences(self, preferences: UiPreferences) -> None:
        """Remember what was chosen on the screens."""

    def last_verify(self, name: str) -> Mapping[str, object] | None:
        """Return the last verification as saved (`verify` schema, with `at`)."""

    def save_verify(self, spec: ConnectionSpec, results: tuple[CheckResult, ...]) -> None:
        """Remember a verification as the connection's last one, with the values that it is about."""

    def looks(self, name: str) -> LookHistory:
        """Return the dashboard's last readings of a connection."""

    def save_looks(self, name: str, history: LookHistory) -> None:
        """Save the dashboard's last readings of a connection."""

    def source_looks(self, name: str) -> SourceLooks:
        """Return the source check's last result for each table of a connection."""

    def save_source_looks(self, name: str, looks: SourceLooks) -> None:
        """Save the source check's last result for each table of a connection."""

    def save_text(self, name: str, kind: str, suffix: str, text: str) -> str:
        """Write a report or a hand-off (mode 0600), and return its path. `suffix` such as `.md`."""

    def write_values(self, path: str, text: str) -> str:
        """Write the values for Klaviyo to a path of the operator's choice, and return the full path. Overwrites no
        other kind of file."""

    def journal(self, name: str) -> Journal:
        """Return a connection's journal; it need not exist yet."""

    def unfinished(self, name: str) -> tuple[str, ...]:
        """Return the actions that the journal has begun and not settled: a run was interrupted there."""


@dataclass(frozen=True, slots=True)
class CopyResult:
    """The result of copying something.

    Attributes:
        ways: the ways that accepted it, such as `OSC 52`; empty if none did.
        text: one sentence for the operator; never a claim that it arrived.
    """

    ways: tuple[str, ...]
    text: Message


class Clipboard(Protocol):
    """The ways to the operator's clipboard, tried in turn. May block for some seconds: not for the event loop."""

    def copy(self, text: str, write: Callable[[str], None]) -> CopyResult:
        """Send text by all available ways. `write` sends bytes to the terminal."""

    def key_way(self) -> Message:
        """Say which way a private key would be sent, and who may see it there; empty if there is no way."""

    def copy_key(self, key: Secret, write: Callable[[str], None]) -> CopyResult:
        """Send a private key, by that one way only. To be called after the operator has read `key_way` and agreed."""


@dataclass(frozen=True, slots=True)
class AppServices:
    """Everything a face needs.

    Attributes:
        sign_in: the operator's credentials.
        impersonate: returns Google as the service account sees it.
        keys: keys on this machine.
        store: what this machine remembers.
        clipboard: the ways to the operator's clipboard.
        clock: the time.
        draft: what options, environment, connection file and gcloud's settings gave.
        notices: what must be on every screen, such as an endpoint that is not Google's.
        log_path: where the log is, for messages.
        patience: the most seconds to wait for a change to take effect; None for the engine's default.
        config: the connection file that was named with `--config`; empty for those in the config folder.
        remove: deletes a connection's files on this machine by its name, and returns the paths that stay; keys stay.
            May raise ProblemError.
        sign_in_as: returns the credentials for a connection's file; the same object for the same credentials. None if
            all connections have those of `sign_in`.
        choose_login: changes how the operator signs in from now on, and returns the new credentials; they are saved
            with the connection like those given as options. None if they cannot be changed.
        guard: takes a connection's lock by its name while it is set up, so that one process does so at a time. Entering
            may raise ProblemError, which says who holds it.
    """

    sign_in: SignIn
    impersonate: Impersonator
    keys: KeyStore
    store: Store
    clipboard: Clipboard
    clock: Clock
    draft: ConnectionDraft
    notices: tuple[Message, ...] = ()
    log_path: str = ""
    patience: float | None = None
    config: str = ""
    remove: Callable[[str], tuple[str, ...]] = lambda _name: ()
    guard: Callable[[str], AbstractContextManager[object]] = lambda _name: nullcontext()
    sign_in_as: Callable[[Login], SignIn] | None = None
    choose_login: Callable[[Login], SignIn] | None = None

    def operator_of(self, saved: SavedConnection | None) -> SignIn:
        """Return the credentials of a connection's operator; those of `sign_in` for one without a file."""
        if saved is None or not saved.filed or self.sign_in_as is None:
            return self.sign_in
        return self.sign_in_as(saved.login)

    def command(self, what: str, name: str) -> Command:
        """Return a command for the same connection: `kbq-tui WHAT NAME [--config FILE]`.

        Args:
            what: the command, with its own arguments.
            name: see `meaning`.
        """
        from kbq_tui.model.command import Command

        return self.meaning(Command(f"kbq-tui {what}"), name)

    def meaning(self, command: Command, name: str) -> Command:
        """Return a command of ours with a connection's name; any other unchanged.

        Args:
            command: the command.
            name: the connection; left out if it does not exist, because commands that only read refuse it then.
        """
        from kbq_tui.shell.own_commands import for_connection, makes_connection

        return for_connection(command, name if makes_connection(command) or self._exists(name) else "", self.config)

    def _exists(self, name: str) -> bool:
        try:
            return name in self.store.names()
        except ProblemError:
            return True

    def named(self, problem: Problem, name: str) -> Problem:
        """Return a problem whose commands of ours name a connection."""
        return problem.with_commands(lambda each: self.meaning(each, name))

    def ports(self, cloud: Cloud, name: str) -> Ports:
        """Return what the use cases need, for one connection."""
        from kbq_tui.engine.ports import Ports

        journal = self.store.journal(name)
        return Ports(
            cloud,
            self.impersonate,
            self.keys,
            journal,
            self.clock,
            neighbours=lambda: neighbours(self.store, name),
            command=lambda each: self.meaning(each, name),
        )


def neighbours(store: Store, name: str) -> tuple[ConnectionSpec, ...]:
    """Return the other connections of this machine; those that cannot be read are left out."""

    def read(other: str) -> ConnectionSpec | None:
        try:
            saved = store.load(other)
            return saved.draft.spec() if saved is not None else None
        except (ProblemError, ValueError):
            return None

    try:
        names = store.names()
    except ProblemError:
        return ()
    return tuple(spec for other in names if other != name and (spec := read(other)) is not None)


def patience_of(services: AppServices) -> Patience:
    """Return how long to wait for changes to take effect."""
    from kbq_tui.engine.waiting import Patience

    return Patience() if services.patience is None else Patience(limit=services.patience)
