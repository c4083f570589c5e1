"""Google Cloud as the engine's `Cloud`: one object for each principal, composed of parts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from kbq_tui.engine.daemon_threads import start_daemon
from kbq_tui.engine.ports import DryRun, ProjectPage, QueryResult, TableInfo
from kbq_tui.gcp.accounts import Accounts
from kbq_tui.gcp.admin_activity import AdminActivity
from kbq_tui.gcp.credentials import CredentialOptions, find, from_key
from kbq_tui.gcp.datasets import Datasets
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.errors import judge
from kbq_tui.gcp.key_use import KeyUsage
from kbq_tui.gcp.policies import Policies
from kbq_tui.gcp.queries import Queries
from kbq_tui.gcp.rest_client import RestClient, text
from kbq_tui.gcp.retry import DEFAULT_TIMEOUT, Attempt, CallRunner
from kbq_tui.gcp.services import Services
from kbq_tui.gcp.session import AnswerTooLargeError, PageError, Session, Token
from kbq_tui.gcp.table_policies import TablePolicies
from kbq_tui.model.admin_change import AdminChange
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import KeyCall
from kbq_tui.model.observed import AccountInfo, DatasetInfo, Identity, KeyInfo, ProjectInfo, RoleBinding
from kbq_tui.model.query_quota import QueryQuota
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef
from kbq_tui.model.secret import Secret
from kbq_tui.planning.row_policies import RowPolicy

if TYPE_CHECKING:
    from kbq_tui.engine.ports import Cloud, Impersonator

    def _fulfil(cloud: "GoogleCloud", make: "KeyImpersonator") -> tuple[Cloud, Impersonator]:
        """Let the type checker compare signatures with the ports."""
        return cloud, make


_TOKENINFO: Final = "https://oauth2.googleapis.com/tokeninfo"
_TOKENINFO_SECONDS: Final = 3.0


class GoogleCloud:
    """Google Cloud as one principal sees it; implements `engine.ports.Cloud`. Create it inside the event loop that uses
    it.

    Args:
        token: the principal's access token.
        endpoints: where the APIs are.
        timeout: seconds for a call with all its retries.
        acting_as: `operator` or `service-account`, for messages.
        caller: how calls are made; for tests.
        session: a session with that token, if there is one already.
    """

    def __init__(
        self,
        token: Token,
        endpoints: Endpoints,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        acting_as: str = "operator",
        caller: CallRunner | None = None,
        session: Session | None = None,
    ) -> None:
        self._token = token
        self._session = session or Session(token, endpoints)
        self._wire = RestClient(self._session, caller or CallRunner(judge, timeout), endpoints, acting_as)
        self._datasets = Datasets(self._wire)
        self._table_policies = TablePolicies(self._wire)
        self._accounts = Accounts(self._wire)
        self._policies = Policies(self._wire)
        self._services = Services(self._wire)
        self._queries = Queries(self._wire)
        self._admin_activity = AdminActivity(self._wire)
        self._key_use = KeyUsage(self._wire)
        self._identity: Identity | None = None

    @classmethod
    def for_operator(
        cls,
        options: CredentialOptions,
        endpoints: Endpoints,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        caller: CallRunner | None = None,
        session: Session | None = None,
    ) -> "GoogleCloud":
        """Return Google Cloud as the operator sees it. Credentials are searched for at the first call.

        Args:
            options: where they are.
            endpoints: where the APIs are.
            timeout: seconds for a call with all its retries.
            caller: how calls are made; for tests.
            session: that of `early_token.send_for_token`, which searches for them already.
        """
        token = session.token if session is not None else Token(lambda: find(options))
        return cls(token, endpoints, timeout, caller=caller, session=session)

    async def identity(self) -> Identity:
        """Return who is signed in. If the credentials do not say, Google is asked, which need not answer."""
        if self._identity is None:
            context = self._wire.context()
            found = await self._wire.call(self._who, method="identity", context=context)
            self._identity, self._wire.operator = found, found.principal
        return self._identity

    def _who(self, attempt: Attempt) -> Identity:
        found = self._token.found(attempt.timeout)
        if found.identity.principal or self._wire.endpoints.overridden:
            return found.identity
        headers = self._token.headers(self._session, attempt.timeout)
        if email := getattr(found.credentials, "service_account_email", ""):
            return Identity(email, found.identity.source, found.identity.quota_project)
        return Identity(self._email(headers, attempt.timeout / 2), found.identity.source, found.identity.quota_project)

    def _email(self, headers: Mapping[str, str], most: float) -> str:
        import requests

        token = headers["authorization"].removeprefix("Bearer ")
        seconds = min(_TOKENINFO_SECONDS, most)
        try:
            answer = self._session.plain("POST", _TOKENINFO, {"access_token": token}, timeout=seconds)
            return text(answer.json(), "email") if answer.status_code == 200 else ""
        except (requests.RequestException, ValueError, PageError, AnswerTooLargeError):
            return ""  # a name for the screen is not worth a failure

    async def authenticate(self) -> None:
        """Get a fresh access token."""

        def fetch(attempt: Attempt) -> None:
            self._token.headers(self._session, attempt.timeout, fresh=True)

        await self._wire.call(fetch, method="oauth2.token", context=self._wire.context())

    async def project(self, project: str) -> ProjectInfo:
        """Return a project (Resource Manager, `projects.get`)."""
        return await self._policies.project(project)

    async def search_projects(self, text: str, page_token: str = "", limit: int = 50) -> ProjectPage:
        """Search projects whose id or name contains a text (Resource Manager, `projects.search`)."""
        return await self._policies.search(text, page_token, limit)

    async def services(self, project: str, names: Sequence[str]) -> Mapping[str, bool]:
        """Return which APIs are enabled (Service Usage, `services.batchGet`)."""
        return await self._services.enabled(project, names)

    async def enable_services(self, project: str, names: Sequence[str]) -> None:
        """Enable APIs and wait for the operation (Service Usage, `services.batchEnable`)."""
        await self._services.enable(project, names)

    async def billing_enabled(self, project: str) -> bool:
        """Return whether billing is enabled (Cloud Billing, `projects.getBillingInfo`)."""
        return await self._services.billing(project)

    async def query_quota(self, project: str) -> QueryQuota:
        """Return how many bytes queries may read in a day (Service Usage, `services.consumerQuotaMetrics.list`)."""
        return await self._services.query_quota(project)

    async def policy_enforced(self, project: str, constraint: str) -> bool:
        """Return whether a constraint is in force (Organization Policy, `policies.getEffectivePolicy`)."""
        return await self._policies.enforced(project, constraint)

    async def test_permissions(self, project: str, permissions: Sequence[str]) -> frozenset[str]:
        """Return which permissions the principal holds (Resource Manager, `projects.testIamPermissions`)."""
        return await self._policies.test_permissions(project, permissions)

    async def project_bindings(self, project: str) -> tuple[RoleBinding, ...]:
        """Return the project's role bindings (Resource Manager, `projects.getIamPolicy`)."""
        return await self._policies.bindings(project)

    async def add_project_binding(self, project: str, role: str, member: str) -> bool:
        """Add a member to a role on the project (Resource Manager, `projects.setIamPolicy` with the etag)."""
        return await self._policies.add(project, role, member)

    async def remove_project_binding(self, project: str, role: str, member: str) -> bool:
        """Remove a member from a role on the project (Resource Manager, `projects.setIamPolicy` with the etag)."""
        return await self._policies.remove(project, role, member)

    async def dataset_names(self, project: str) -> tuple[tuple[str, str], ...]:
        """Return names and locations of all datasets (BigQuery, `datasets.list`)."""
        return await self._datasets.names(project)

    async def dataset(self, project: str, name: str) -> DatasetInfo | None:
        """Return a dataset with its access list (BigQuery, `datasets.get`); None if there is none."""
        return await self._datasets.get(project, name)

    async def create_dataset(
        self, project: str, name: str, location: str, description: str, labels: Mapping[str, str]
    ) -> bool:
        """Create a dataset (BigQuery, `datasets.insert`). Returns False if it existed."""
        return await self._datasets.create(project, name, location, description, labels)

    async def delete_dataset(self, project: str, name: str, *, with_tables: bool = False) -> bool:
        """Delete a dataset, one that is not empty only with `with_tables` (BigQuery, `datasets.delete`). Returns False
        if it did not exist."""
        return await self._datasets.delete(project, name, with_tables=with_tables)

    async def grant_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        """Add an access entry (BigQuery, `datasets.patch` with the etag). Returns False if it existed."""
        return await self._datasets.grant(project, name, role, member)

    async def revoke_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        """Remove access entries (BigQuery, `datasets.patch` with the etag). Returns False if there was none."""
        return await self._datasets.revoke(project, name, role, member)

    async def table_bindings(self, project: str, dataset: str, table: str) -> tuple[RoleBinding, ...]:
        """Return the role bindings of a table (BigQuery, `tables.getIamPolicy`)."""
        return await self._table_policies.bindings(project, dataset, table)

    async def revoke_table(self, project: str, dataset: str, table: str, role: str, member: str) -> bool:
        """Remove a member from a role on a table (BigQuery, `tables.setIamPolicy` with the etag)."""
        return await self._table_policies.remove(project, dataset, table, role, member)

    async def account(self, project: str, email: str) -> AccountInfo | None:
        """Return a service account (IAM, `serviceAccounts.get`); None if there is none."""
        return await self._accounts.get(project, email)

    async def create_account(self, project: str, account_id: str, display_name: str) -> bool:
        """Create a service account (IAM, `serviceAccounts.create`). Returns False if it existed."""
        return await self._accounts.create(project, account_id, display_name)

    async def delete_account(self, project: str, email: str) -> bool:
        """Delete a service account (IAM, `serviceAccounts.delete`). Returns False if it did not exist."""
        return await self._accounts.delete(project, email)

    async def keys(self, project: str, email: str) -> tuple[KeyInfo, ...]:
        """Return the account's user-managed keys, oldest first (IAM, `serviceAccounts.keys.list`)."""
        return await self._accounts.keys(project, email)

    async def create_key(self, project: str, email: str) -> Secret:
        """Create a key and return its JSON (IAM, `serviceAccounts.keys.create`); never repeated."""
        return await self._accounts.create_key(project, email)

    async def delete_key(self, project: str, email: str, key_id: str) -> bool:
        """Delete a key (IAM, `serviceAccounts.keys.delete`). Returns False if it did not exist."""
        return await self._accounts.delete_key(project, email, key_id)

    async def switch_key(self, project: str, email: str, key_id: str, *, on: bool) -> None:
        """Enable or disable a key (IAM, `serviceAccounts.keys.enable`, `.disable`)."""
        await self._accounts.switch_key(project, email, key_id, on=on)

    async def admin_changes(
        self, of: ProjectRef | DatasetRef | AccountRef, *, since: datetime
    ) -> tuple[AdminChange, ...]:
        """Return who changed a resource since a time (Logging, `entries.list` of the Admin Activity log)."""
        return await self._admin_activity.changes(of, since=since)

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
        """Return the newest calls with a key that were not ours (Logging, `entries.list`)."""
        return await self._key_use.calls(project, email, key_id, since=since, addresses=addresses, limit=limit)

    async def keys_counted(
        self, project: str, unique_id: str, since: datetime, until: datetime
    ) -> Mapping[str, datetime]:
        """Return when each key of an account last authenticated (Monitoring, `timeSeries.list`)."""
        return await self._key_use.counted(project, unique_id, since, until)

    async def key_days(self, project: str) -> Mapping[str, datetime]:
        """Return the day on which each key of a project last authenticated (Policy Analyzer)."""
        return await self._key_use.days(project)

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
        """Run a query (BigQuery jobs) and return up to `max_rows` rows."""
        return await self._queries.run(project, sql, location, dry_run=dry_run, max_rows=max_rows, max_bytes=max_bytes)

    async def tables(self, project: str, dataset: str, limit: int = 1_000) -> tuple[TableInfo, ...]:
        """Return up to `limit` tables and views of a dataset (BigQuery, `tables.list`)."""
        return await self._datasets.tables(project, dataset, limit)

    async def test_table_permissions(
        self, project: str, dataset: str, table: str, permissions: Sequence[str]
    ) -> frozenset[str]:
        """Return which permissions the principal holds on a table (BigQuery, `tables.testIamPermissions`)."""
        return await self._datasets.test_table(project, dataset, table, permissions)

    async def dry_run(self, project: str, sql: str, location: str) -> DryRun:
        """Return what a query would read, from the statistics of a dry run."""
        return await self._queries.dry_run(project, sql, location)

    async def row_policies(self, project: str, dataset: str, table: str) -> tuple[RowPolicy, ...]:
        """Return the row access policies of a table (BigQuery, `rowAccessPolicies.list`)."""
        return await self._table_policies.rows(project, dataset, table)

    async def recent_jobs(
        self, project: str, email: str, limit: int = 10, *, since: datetime | None = None
    ) -> tuple[JobInfo, ...]:
        """Return the account's newest jobs, newest first (BigQuery, `jobs.list`)."""
        own = (await self.identity()).principal.lower() == email.lower()
        return await self._queries.recent_jobs(project, email, limit, own=own, since=since)

    async def logged_jobs(self, project: str, email: str, *, since: datetime, limit: int) -> tuple[JobInfo, ...]:
        """Return the account's jobs from the audit log, newest first (Logging, `entries.list`)."""
        return await self._key_use.jobs(project, email, since=since, limit=limit)

    async def close(self) -> None:
        """Close the connections, on a separate thread, so that a call that hangs does not block."""

        def let_go() -> None:
            self._accounts.close()
            self._session.close()

        start_daemon(let_go, "google close")


class KeyImpersonator:
    """Creates a Cloud that acts with a service account's own key; implements `engine.ports.Impersonator`.

    Each has its own session and token, so that the operator's permissions cannot make a check pass.

    Args:
        endpoints: where the APIs are.
        timeout: seconds for a call with all its retries.
    """

    def __init__(self, endpoints: Endpoints, timeout: float = DEFAULT_TIMEOUT) -> None:
        self._endpoints = endpoints
        self._timeout = timeout

    def __call__(self, key: Secret) -> GoogleCloud:
        return GoogleCloud(Token(lambda: from_key(key)), self._endpoints, self._timeout, acting_as="service-account")
