"""What handlers share: one running sandbox, and one call to it."""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.audit_log import HERE, SignedCall, SignedCalls
from kbq_tui.sandbox.authz import Authz
from kbq_tui.sandbox.keys import KeyMaker
from kbq_tui.sandbox.resources import CallRecord, Principal, Project
from kbq_tui.sandbox.world import World

if TYPE_CHECKING:
    from kbq_tui.sandbox.auth import Auth
    from kbq_tui.sandbox.faults import Faults

JSON = dict[str, Any]
T = TypeVar("T")

NOBODY = Principal("allUsers", "", "")

# The path prefix of each API at the sandbox's address. The paths below it are Google's own.
PREFIX: Mapping[str, str] = {
    "bigquery": "",  # its paths begin with /bigquery/v2 themselves
    "iam": "/iam",
    "iamcredentials": "/iamcredentials",
    "cloudresourcemanager": "/crm",
    "serviceusage": "/serviceusage",
    "orgpolicy": "/orgpolicy",
    "cloudbilling": "/billing",
    "logging": "/logging",
    "monitoring": "/monitoring",
    "policyanalyzer": "/policyanalyzer",
}

# The API of a method, by the first part of its name, and whether it must be enabled in the addressed project as well.
# Every API must be enabled in the project that is billed for the call's quota.
APIS: Mapping[str, tuple[str, str, bool]] = {
    "bigquery": ("bigquery.googleapis.com", "BigQuery API", True),
    "bigquerystorage": ("bigquerystorage.googleapis.com", "BigQuery Storage API", True),
    "iam": ("iam.googleapis.com", "Identity and Access Management (IAM) API", True),
    "iamcredentials": ("iamcredentials.googleapis.com", "IAM Service Account Credentials API", False),
    "cloudresourcemanager": ("cloudresourcemanager.googleapis.com", "Cloud Resource Manager API", False),
    "serviceusage": ("serviceusage.googleapis.com", "Service Usage API", False),
    "orgpolicy": ("orgpolicy.googleapis.com", "Organization Policy API", False),
    "cloudbilling": ("cloudbilling.googleapis.com", "Cloud Billing API", False),
    "logging": ("logging.googleapis.com", "Cloud Logging API", False),
    "monitoring": ("monitoring.googleapis.com", "Cloud Monitoring API", False),
    "policyanalyzer": ("policyanalyzer.googleapis.com", "Policy Analyzer API", True),
}


@dataclass
class Call:
    """One call while it is handled.

    Args:
        ctx: the sandbox.
        method: its name, e.g. ``iam.serviceAccounts.create``.
        params: the path's parameters. ``project`` is used for the check that the API is enabled.
        query: the URL's parameters; over REST Starlette's multi-dict, which has ``getlist``.
        headers: HTTP headers or gRPC metadata, lower case.
        body: the JSON sent.
        media: the content of a file sent beside or instead of the JSON.
        principal: the caller; set before the handler runs.
        resource: the resource that the log names.
        is_write: whether success changes the world.
        public: whether it needs no credentials.
        began: monotonic time in seconds.
        left: set when the caller has closed the connection.
    """

    ctx: "SandboxContext"
    method: str
    params: dict[str, str] = field(default_factory=dict)
    query: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JSON = field(default_factory=dict)
    media: bytes = b""
    principal: Principal = NOBODY
    resource: str = ""
    is_write: bool = False
    public: bool = False
    began: float = field(default_factory=time.monotonic)
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def world(self) -> World:
        """The sandbox's data."""
        return self.ctx.world


@dataclass
class SandboxContext:
    """What handlers need: the world, authentication and authorization, and (set by the server) its address.

    Args:
        latency: seconds added to every call.
        url: ``http://127.0.0.1:PORT``, once the server listens.
        keys: makes key pairs.
        operation_seconds: seconds until enabling an API is done.
        threads: the pool in which handlers run; large, so that concurrent calls do not wait for each other.
        stopping: set when the sandbox stops; handlers that wait check it.
        engine: the SQL engine, used only by the BigQuery package.
        connections: the open sockets by peer address, for faults that reset them.
        query_seconds: the most seconds that a query may run.
        token: the bearer token for ``/_sandbox/*``.
        key_uses: which key made which call.
    """

    world: World
    authz: Authz
    auth: "Auth"
    faults: "Faults"
    latency: float = 0.0
    url: str = ""
    keys: KeyMaker = field(default_factory=KeyMaker)
    operation_seconds: float = 0.0
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(64, "sandbox"))
    stopping: threading.Event = field(default_factory=threading.Event)
    engine: Any = None
    connections: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    query_seconds: float = 60.0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    key_uses: SignedCalls = field(init=False)

    def __post_init__(self) -> None:
        self.key_uses = SignedCalls(self.world)

    async def pause(self) -> None:
        """Wait for the latency without holding the lock."""
        if self.latency:
            await asyncio.sleep(self.latency)

    def run(self, call: Call, handler: Callable[[Call], T]) -> T:
        """Authenticate, check that the API is enabled, and do the work, all with the lock held (in a worker thread)."""
        with self.world.lock:
            self.world.settle()
            if not call.public:
                call.principal = self.auth.authenticate(call.headers, call.method.partition(".")[0])
                self.check_api(call)
            result = handler(call)
            self.faults.foreign_editor(self.world, call.method)
            return result

    def record(self, call: Call, status: int) -> None:
        """Append the call to the log."""
        took = time.monotonic() - call.began
        who, at = call.principal.email or "-", self.world.clock() - took
        self.world.record(CallRecord(call.method, who, call.resource, status, at, call.is_write, took))
        if call.principal.key_id:
            self._note_key_use(call, status)

    def _note_key_use(self, call: Call, status: int) -> None:
        with self.world.lock:
            account = self.world.account(call.principal.email)
            if account is None:  # deleted in the meantime
                return
            where = self.world.project(call.params.get("project", ""))
            use = SignedCall(
                call.method,
                account.email,
                call.principal.key_id,
                account.unique_id,
                account.project_id,
                where.id if where else account.project_id,
                HERE,
                call.headers.get("user-agent", ""),
                status,
                self.world.clock(),
            )
            self.key_uses.note(use)

    def check_api(self, call: Call) -> None:
        """Refuse as Google does if the API is disabled (or not enabled yet) in a project that needs it.

        The quota project is that of the credentials, unless ``X-Goog-User-Project`` names another
        (https://cloud.google.com/docs/quotas/quota-project).
        """
        api = APIS.get(call.method.partition(".")[0])
        if api is None:
            return
        service, title, addressed = api
        consumer = call.headers.get("x-goog-user-project", "")
        if consumer:
            project = self.world.project(consumer)
            if project is None or not self.authz.allowed(call.principal, "serviceusage.services.use", project):
                raise _may_not_bill(consumer)
        names = [consumer or call.principal.project]
        if addressed:
            owner = call.params.get("project", "-")
            names.append(_owner(call.params.get("account", "")) if owner == "-" else owner)
        for name in names:
            project = self.world.project(name)
            if project is not None and not self.api_on(project, service):
                raise _api_off(project, service, title)

    def api_on(self, project: Project, service: str) -> bool:
        """Whether an API can be used in a project: it is enabled, and that has taken effect."""
        return service in project.services and self.world.ready("api", project.id, service)


def _owner(email: str) -> str:
    return email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")


def _api_off(project: Project, service: str, title: str) -> errors.ApiError:
    url = f"https://console.developers.google.com/apis/api/{service}/overview?project={project.number}"
    text = (
        f"{title} has not been used in project {project.number} before or it is disabled. Enable it by visiting {url} "
        "then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems "
        "and retry."
    )
    info = errors.error_info(
        "SERVICE_DISABLED",
        "googleapis.com",
        consumer=f"projects/{project.number}",
        service=service,
        serviceTitle=title,
        activationUrl=url,
        containerInfo=project.number,
    )
    details = [info, errors.localized(text), errors.help_link("Google developers console API activation", url)]
    return errors.ApiError(403, "PERMISSION_DENIED", text, "accessNotConfigured", details=details)


def _may_not_bill(consumer: str) -> errors.ApiError:
    url = f"https://console.developers.google.com/iam-admin/iam/project?project={consumer}"
    text = (
        f"Caller does not have required permission to use project {consumer}. Grant the caller the "
        "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, "
        f"by visiting {url} and then retry. Propagation of the new permission may take a few minutes."
    )
    info = errors.error_info(
        "USER_PROJECT_DENIED", "googleapis.com", consumer=f"projects/{consumer}", containerInfo=consumer
    )
    details = [info, errors.help_link("Google developer console IAM admin", url)]
    return errors.ApiError(403, "PERMISSION_DENIED", text, "forbidden", details=details)
