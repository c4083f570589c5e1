"""What the engine needs from the outside world. `gcp` and `local` implement these protocols; tests have fakes.

Every call may raise `ProblemError` and nothing else. Reads return None only if the thing certainly does not exist; "not
found, or you may not see it" is a `ProblemError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:  # imported late: not needed for the first frame
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from kbq_tui.i18n.messages import Message
    from kbq_tui.model.admin_change import AdminChange
    from kbq_tui.model.changes import OwnChange
    from kbq_tui.model.command import Command
    from kbq_tui.model.events import Event
    from kbq_tui.model.jobs import JobInfo
    from kbq_tui.model.key_use import KeyCall
    from kbq_tui.model.observed import AccountInfo, DatasetInfo, Identity, KeyInfo, LocalKey, ProjectInfo, RoleBinding
    from kbq_tui.model.plan import Plan
    from kbq_tui.model.problem import Problem
    from kbq_tui.model.query_quota import QueryQuota
    from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef
    from kbq_tui.model.secret import Secret
    from kbq_tui.model.spec import ConnectionSpec
    from kbq_tui.planning.row_policies import RowPolicy


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """One page of projects, and the token for the next (empty at the end)."""

    projects: tuple[ProjectInfo, ...]
    next_token: str = ""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a query.

    Attributes:
        columns: names.
        rows: values as text, None for NULL; at most the number asked for. Hostile text.
        location: where the job ran.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    location: str = ""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a query would read.

    Attributes:
        size: bytes that it would read; None if BigQuery does not say.
        tables: the tables (project, dataset, table) that it would read, including those behind views.
    """

    size: int | None
    tables: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table or view. `kind` is BigQuery's (`TABLE`, `VIEW`, `EXTERNAL`, `MATERIALIZED_VIEW` …); `expires` is when it
    expires, aware UTC, and `partition_life` how long after its date a partition expires."""

    name: str
    kind: str
    created: datetime | None = None
    labels: Mapping[str, str] | None = None
    expires: datetime | None = None
    partition_life: timedelta | None = None


class Cloud(Protocol):
    """Google Cloud as one principal sees it. Every call has its own deadline, and repeats after transient faults."""

    async def identity(self) -> Identity:
        """Return who is signed in; the principal is empty if Google does not say."""

    async def authenticate(self) -> None:
        """Get a fresh access token, with nothing cached. Raises ProblemError if the credential is refused."""

    async def project(self, project: str) -> ProjectInfo:
        """Return a project. Raises ProblemError if it does not exist or may not be seen."""

    async def search_projects(self, text: str, page_token: str = "", limit: int = 50) -> ProjectPage:
        """Search on the server for projects whose id or name contains `text`; all visible ones if it is empty."""

    async def services(self, project: str, names: Sequence[str]) -> Mapping[str, bool]:
        """Return for each API whether it is enabled (one batched call)."""

    async def enable_services(self, project: str, names: Sequence[str]) -> None:
        """Enable APIs, and wait for the operation to end."""

    async def billing_enabled(self, project: str) -> bool:
        """Return whether the project has billing."""

    async def policy_enforced(self, project: str, constraint: str) -> bool:
        """Return whether a boolean constraint (`iam.disableServiceAccountKeyCreation`) is in force for the project."""

    async def test_permissions(self, project: str, permissions: Sequence[str]) -> frozenset[str]:
        """Return which of the permissions the principal holds on the project."""

    async def project_bindings(self, project: str) -> tuple[RoleBinding, ...]:
        """Return the project's role bindings, including conditional ones."""

    async def add_project_binding(self, project: str, role: str, member: str) -> bool:
        """Add an unconditional binding, keep all else, repeat after a concurrent change. Returns False if it
        existed."""

    async def remove_project_binding(self, project: str, role: str, member: str) -> bool:
        """Remove a member from the unconditional binding of a role. Returns False if it was not in it."""

    async def dataset_names(self, project: str) -> tuple[tuple[str, str], ...]:
        """Return every dataset's name and location (empty if the list does not have it)."""

    async def dataset(self, project: str, name: str) -> DatasetInfo | None:
        """Return a dataset with its access list; None if it does not exist."""

    async def create_dataset(
        self, project: str, name: str, location: str, description: str, labels: Mapping[str, str]
    ) -> bool:
        """Create a dataset. Returns False if one with this name and location existed."""

    async def delete_dataset(self, project: str, name: str, *, with_tables: bool = False) -> bool:
        """Delete a dataset; one that is not empty only with `with_tables`. Returns False if it did not exist."""

    async def grant_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        """Add an access entry, keeping all else; repeated after a concurrent change. Returns False if it existed."""

    async def revoke_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        """Remove an access entry; every entry of the member if `role` is empty. Returns False if there was none."""

    async def table_bindings(self, project: str, dataset: str, table: str) -> tuple[RoleBinding, ...]:
        """Return the role bindings of a table or view itself; none if it does not exist."""

    async def revoke_table(self, project: str, dataset: str, table: str, role: str, member: str) -> bool:
        """Remove a member from the unconditional binding of a role, keeping all else; repeated after a concurrent
        change. Returns False if it was not in it."""

    async def account(self, project: str, email: str) -> AccountInfo | None:
        """Return a service account; None if it does not exist."""

    async def create_account(self, project: str, account_id: str, display_name: str) -> bool:
        """Create a service account. Returns False if it existed."""

    async def delete_account(self, project: str, email: str) -> bool:
        """Delete a service account. Returns False if it did not exist."""

    async def keys(self, project: str, email: str) -> tuple[KeyInfo, ...]:
        """Return the user-managed keys, oldest first. Raises ProblemError (kind NOT_FOUND) if there is no account."""

    async def create_key(self, project: str, email: str) -> Secret:
        """Create a key and return its JSON. Never repeated automatically: an unclear outcome is a ProblemError."""

    async def delete_key(self, project: str, email: str, key_id: str) -> bool:
        """Delete a key. Returns False if it did not exist."""

    async def switch_key(self, project: str, email: str, key_id: str, *, on: bool) -> None:
        """Enable or disable a key, if it is not so already. A disabled key cannot sign in until it is enabled."""

    async def admin_changes(
        self, of: ProjectRef | DatasetRef | AccountRef, *, since: datetime
    ) -> tuple[AdminChange, ...]:
        """Return who changed a project's policy, a dataset, or an account and its keys since a time, newest first."""

    async def key_calls(
        self,
        project: str,
        email: str,
        key_id: str,
        *,
        since: datetime,
        addresses: Sequence[str] = (),
        limit: int = 1,
    ) -> tuple[KeyCall, ...]:
        """Return the newest calls to BigQuery that were signed with a key and were not ours, newest first.

        An empty answer means "not used" only if the operator holds `logging.privateLogEntries.list`.

        Args:
            project, email, key_id: the key.
            since: how far back, aware UTC.
            addresses: only calls from these addresses; empty for any.
            limit: the most calls.
        """

    async def keys_counted(
        self, project: str, unique_id: str, since: datetime, until: datetime
    ) -> Mapping[str, datetime]:
        """Return, by key id, when each key of an account last authenticated, according to the metric; our own uses
        count, too.

        Args:
            project: the account's project.
            unique_id: the account's numeric id.
            since, until: the period, aware UTC.
        """

    async def key_days(self, project: str) -> Mapping[str, datetime]:
        """Return, by key id, the last day on which each key of a project authenticated; our own uses count, too."""

    async def query(
        self,
        project: str,
        sql: str,
        location: str,
        *,
        dry_run: bool = False,
        max_rows: int = 1_000,
        max_bytes: int | None = None,
    ) -> QueryResult:
        """Run a query, or only estimate its cost.

        Args:
            project: the project that is billed.
            sql: GoogleSQL.
            location: where it runs, such as `EU`.
            dry_run: only report what would be processed.
            max_rows: the most rows of the result that are fetched.
            max_bytes: fail, at no cost, if more would be billed; None for no limit.
        """

    async def tables(self, project: str, dataset: str, limit: int = 1_000) -> tuple[TableInfo, ...]:
        """Return up to `limit` tables and views of a dataset."""

    async def test_table_permissions(
        self, project: str, dataset: str, table: str, permissions: Sequence[str]
    ) -> frozenset[str]:
        """Return which of the permissions the principal holds on a table or view, wherever they come from."""

    async def dry_run(self, project: str, sql: str, location: str) -> DryRun:
        """Return what a query would read, without running it."""

    async def row_policies(self, project: str, dataset: str, table: str) -> tuple[RowPolicy, ...]:
        """Return the row access policies of a table, each with its members."""

    async def recent_jobs(
        self, project: str, email: str, limit: int = 10, *, since: datetime | None = None
    ) -> tuple[JobInfo, ...]:
        """Return the newest jobs that the service account ran, newest first.

        Args:
            project, email: the account.
            limit: the most jobs.
            since: how far back, aware UTC; None for among the newest jobs of the project.

        Raises:
            ProblemError: also if jobs are listed without their users.
        """

    async def query_quota(self, project: str) -> QueryQuota:
        """Return how many bytes the project's queries may read in a day."""

    async def logged_jobs(self, project: str, email: str, *, since: datetime, limit: int) -> tuple[JobInfo, ...]:
        """Return the jobs in the audit log, newest first: when they ran, and whether they failed; without our own.

        An empty answer means "none" only if the operator holds `logging.privateLogEntries.list`.

        Args:
            project, email: the account.
            since: how far back, aware UTC.
            limit: the most jobs.
        """

    async def close(self) -> None:
        """Close connections; never blocks on a call that hangs."""


class Impersonator(Protocol):
    """Makes a Cloud that acts with a service account's own key, sharing nothing with the operator's credentials."""

    def __call__(self, key: Secret) -> Cloud: ...


class KeySlot(Protocol):
    """A reserved place for a key that does not exist yet. Used as: reserve, create the key, then commit or abandon."""

    @property
    def path(self) -> str:
        """Where the key will be."""

    def commit(self, key: Secret) -> LocalKey:
        """Write, sync, and move into place; a copy goes to the keyring. Raises ProblemError; the slot is then kept."""

    def abandon(self) -> None:
        """Release the place."""


class KeyStore(Protocol):
    """Keys on this machine. The calls access the disk (and maybe a keyring): run them off the event loop."""

    def inspect(self, path: str | None, project: str, email: str) -> LocalKey | None:
        """Describe the key at `path` (or the default place), or None for nothing. Raises ProblemError if unusable."""

    def handed_over(self, project: str, email: str) -> tuple[str, ...]:
        """Return the ids of keys that were handed over and shredded here, newest last. Raises ProblemError if not
        known."""

    def reserve(self, path: str | None, project: str, email: str) -> KeySlot:
        """Reserve the place for a new key. Raises ProblemError if it is in use or cannot be written."""

    def load(self, path: str | None, project: str, email: str) -> Secret:
        """Read the key, from the file or else the keyring. Raises ProblemError."""

    def path_beside(self, path: str | None, project: str, email: str) -> str:
        """Return where a new key is stored while the one at `path` (or the default place) is being replaced."""

    def promote(self, path: str | None, project: str, email: str, new: str) -> None:
        """Put the new key into the place of the old one, whose file is shredded; a new key without a file here counts
        as handed over. Continues where a process that died left off. Raises ProblemError."""

    def discard_beside(self, path: str | None, project: str, email: str) -> None:
        """Destroy the file of a new key that no longer exists at Google. Raises ProblemError."""

    def shred(self, path: str | None, project: str, email: str) -> Message:
        """Overwrite and delete the key file after the hand-over. Returns what is left. Raises ProblemError."""

    def forget_copy(self, project: str, email: str) -> Message:
        """Delete the keyring's copy. Returns why that failed and how to do it by hand; empty if deleted. Never
        raises."""


class Journal(Protocol):
    """A record on disk, written before and after each change, of what was intended and how it ended."""

    def intend(self, action: str, resource: str) -> None:
        """Record that an action begins; on disk when this returns. Raises ProblemError."""

    def settle(self, event: Event) -> None:
        """Record how an action ended. Raises ProblemError."""

    def changes(self) -> Sequence[OwnChange]:
        """Return the changes that were made, or may have been, oldest first. Raises ProblemError if unreadable."""


class Clock(Protocol):
    """The time, which tests replace."""

    def now(self) -> datetime:
        """The present time, aware UTC."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""

    async def sleep(self, seconds: float) -> bool:
        """Wait for some seconds. Returns whether the operator cut that short."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a use case needs from the outside world.

    Attributes:
        cloud: Google as the operator sees it.
        impersonate: returns Google as the service account sees it, from the key.
        keys: keys on this machine.
        journal: what was intended and how it ended.
        clock: the time.
        neighbours: reads the other connections of this machine, from disk: run it off the event loop.
        command: returns a command of ours with the connection's name, for remedies: `kbq-tui key delete ID` becomes
            `kbq-tui key delete ID NAME`. Any other command stays as it is.
    """

    cloud: Cloud
    impersonate: Impersonator
    keys: KeyStore
    journal: Journal
    clock: Clock
    neighbours: Callable[[], tuple[ConnectionSpec, ...]] = tuple
    command: Callable[[Command], Command] = lambda command: command

    def ours(self, line: str) -> Command:
        """Return a command of this program about the connection, such as `key list`."""
        from kbq_tui.shell.commands import ours  # imported late: not needed for the first frame

        return self.command(ours(line))

    def named(self, problem: Problem) -> Problem:
        """Return a problem whose commands of ours name this connection and, if needed, `--config`."""
        return problem.with_commands(self.command)

    def named_plan(self, plan: Plan) -> Plan:
        """Return a plan whose problems' commands of ours name this connection."""
        return plan.with_problems(self.named)
