"""A sandbox with very many equal projects: each cell of a matrix has its own, with its own faults."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.iam_admin_v1 import IAMClient
from google.cloud.iam_admin_v1.services.iam.transports import IAMGrpcTransport
from starlette.routing import Match, Route

from kbq_tui.engine.ports import Ports
from kbq_tui.gcp.cloud import GoogleCloud
from kbq_tui.gcp.credentials import CredentialOptions, find, from_key
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.errors import judge
from kbq_tui.gcp.retry import Attempt, CallRunner
from kbq_tui.gcp.session import Token
from kbq_tui.local.journal import FileJournal
from kbq_tui.local.keys.key_files import KeyFiles
from kbq_tui.local.keys.keyring_copy import KeyringCopy
from kbq_tui.model.spec import IMPORT_DATASET, ConnectionSpec
from kbq_tui.sandbox import control
from kbq_tui.sandbox.bigquery import seed
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.faults import Faults, Rule, When
from kbq_tui.sandbox.grpc_iam import RPCS
from kbq_tui.sandbox.resources import CallRecord, Project
from kbq_tui.sandbox.scenario import USUAL, Scenario
from kbq_tui.sandbox.server import Sandbox, application
from tests.support.memory_machine import VirtualClock
from tests.support.polling import PATIENCE

T = TypeVar("T")

SHORT = 0.5
"""Seconds after which a call that hangs because of a fault is given up."""
TOKEN = "/token"
SHARED = {
    "oauth2.token": TOKEN,
    "oauth2.tokeninfo": "/tokeninfo",
    "cloudresourcemanager.projects.search": "/projects:search",
    "logging.entries.list": "/entries:list",
}
"""Methods that are about no project, and how their paths end: faults in them affect all projects."""
TABLE = "people"
"""The content of the import dataset while checks run."""
CLOSED = "127.0.0.1:9"
"""An address where nothing listens (the port of the discard service)."""
OFF = "cloudresourcemanager.googleapis.com"
UNTIL = 'request.time < timestamp("2099-01-01T00:00:00Z")'


def project_data(name: str) -> dict[str, Any]:
    """A project with much that is not ours: bindings, a condition, a staging dataset shared with others."""
    return {
        "id": name,
        "services": [s for s in USUAL if s != OFF],
        "bindings": [
            {"role": "roles/owner", "members": ["user:owner@acme.example"]},
            {"role": "roles/bigquery.jobUser", "members": ["user:foreign@acme.example", "group:all@acme.example"]},
            {
                "role": "roles/bigquery.dataViewer",
                "members": ["group:analysts@acme.example"],
                "condition": {"title": "until the audit", "expression": UNTIL},
            },
        ],
        "datasets": [
            {
                "id": "KLAVIYO_TMP",
                "location": "EU",
                "labels": {"team": "marketing"},
                "access": [
                    {"role": "READER", "userByEmail": "foreign@acme.example"},
                    {"role": "WRITER", "groupByEmail": "loaders@acme.example"},
                    {
                        "role": "roles/bigquery.dataViewer",
                        "userByEmail": "auditor@acme.example",
                        "condition": {"title": "until the audit", "expression": UNTIL},
                    },
                ],
            }
        ],
    }


class Scoped(Faults):
    """Fault plans by a part of the resource: a project's id or number, or the token endpoint's path."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: dict[str, Faults] = {}

    def next(self, method: str, when: When, resource: str = "") -> Rule | None:
        """The plan's rule for a resource."""
        plans = {id(plan): plan for name, plan in list(self.plans.items()) if name in resource}
        rules = (plan.next(method, when, resource) for plan in plans.values())
        return next((rule for rule in rules if rule is not None), None)


class ProjectPool:
    """The sandbox, and its projects.

    Args:
        size: the number of projects.
    """

    def __init__(self, size: int) -> None:
        names = [f"acme-{n:05d}" for n in range(size)]
        data = {
            "project": names[0],
            "projects": [project_data(name) for name in names],
            "operator": {"roles": {name: ["roles/owner"] for name in names}},
        }
        self.sandbox = Sandbox(Scenario("field", data))
        self.context: SandboxContext = self.sandbox.context
        self.faults = self.context.faults = Scoped()
        self._names = iter(names)
        self.routes = [r for r in application(self.context).routes if isinstance(r, Route)]

    def method_of(self, verb: str, url: str) -> str:
        """The sandbox's name for a REST method."""
        scope = {"type": "http", "method": verb, "path": urlsplit(url).path, "headers": []}
        return next((r.name for r in self.routes if r.matches(scope)[0] is Match.FULL), "")

    def spot(self, folder: Path, **more: Any) -> "Spot":
        """A fresh project, and a machine to set it up from."""
        name = next(self._names)
        home = folder / name
        home.mkdir()
        return Spot(self, name, home, **more)


@dataclass
class Spot:
    """One project, set up from one machine.

    Attributes:
        timeout: seconds for a call with all its retries.
        short: methods that hang because of a fault: calls about the same resource get `SHORT` seconds instead.
        slept: the requested pauses between retries; none is really slept.
    """

    field: ProjectPool
    project: str
    home: Path
    timeout: float = PATIENCE
    short: frozenset[str] = frozenset()
    slept: list[float] = dataclass_field(default_factory=list)
    refuse: "Refusal | None" = None
    plan: Faults = dataclass_field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.spec = ConnectionSpec(name="default", project=self.project, location="EU")

    @property
    def world(self) -> Project:
        found = self.field.sandbox.world.project(self.project)
        assert found is not None
        return found

    def fail(self, *rules: Rule) -> None:
        """Add these faults to this project, and to shared methods if they name them."""
        self.plan = Faults(list(rules))
        patterns = [rule.method for rule in rules if rule.method != "*"]
        shared = [path for method, path in SHARED.items() if any(fnmatchcase(method, p) for p in patterns)]
        for name in (*self.names, *shared):
            self.field.faults.plans[name] = self.plan

    @property
    def names(self) -> tuple[str, str]:
        """Names in resources of this project: its id, and its number (operations)."""
        return self.project, self.world.number

    def hits(self) -> int:
        """The number of calls that failed."""
        if self.refuse is not None:
            return self.refuse.hits
        return sum(count.hits for count in self.plan._counts.values())

    def mend(self) -> None:
        """Remove all faults."""
        for name, plan in list(self.field.faults.plans.items()):
            if plan is self.plan:
                del self.field.faults.plans[name]
        self.refuse = None

    def calls(self) -> list[CallRecord]:
        """The calls about this project, and those of the token endpoint."""
        with self.field.sandbox.world.lock:
            log = list(self.field.sandbox.world.calls)
        return [c for c in log if any(name in c.resource for name in (*self.names, TOKEN))]

    def state(self) -> dict[str, Any]:
        """The project in canonical form, without its own name."""
        with self.field.sandbox.world.lock:
            text = json.dumps(control._project(self.world))
        return json.loads(text.replace(self.project, "PROJECT"))

    def fill(self) -> None:
        """Add a table to the import dataset, if it exists, so that checks have something to read."""
        if IMPORT_DATASET in self.world.datasets:
            statement = f"CREATE TABLE IF NOT EXISTS `{self.project}.{IMPORT_DATASET}.{TABLE}` (email STRING)"
            with self.field.sandbox.world.lock:
                seed(self.field.context, self.project, [statement])

    @contextmanager
    def clouds(self) -> Iterator[Callable[..., GoogleCloud]]:
        """Makes clouds with this spot's connections: pauses take no time, and the first calls may be refused."""
        made: list[GoogleCloud] = []

        def cloud(token: Token, acting_as: str, endpoints: Endpoints | None = None) -> GoogleCloud:
            where = endpoints or self.endpoints
            made.append(GoogleCloud(token, where, self.timeout, acting_as=acting_as, caller=self.caller()))
            if self.refuse is not None:
                self.refuse.watch(made[-1])
            return made[-1]

        try:
            yield cloud
        finally:
            for each in made:
                each._accounts.close()
                each._session.close()

    @contextmanager
    def ports(self, impersonate: str = "") -> Iterator[Ports]:
        """A fresh machine's view: nothing is cached from an earlier run except what is on its disk."""
        clock = VirtualClock()
        keys = KeyFiles(self.home / "keys", KeyringCopy({"KBQ_TUI_KEYRING": "off"}))
        options = CredentialOptions(impersonate=impersonate, env=self.field.sandbox.env())
        with self.clouds() as cloud:
            yield Ports(
                cloud(Token(lambda: find(options)), "operator"),
                lambda key: cloud(Token(lambda: from_key(key)), "service-account"),
                keys,
                FileJournal(self.home / "journal.jsonl", clock),
                clock,
            )

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints.from_env(self.field.sandbox.env())

    def caller(self) -> CallRunner:
        async def at_once(seconds: float) -> None:
            self.slept.append(seconds)

        return _Hurried(self, at_once)


class _Hurried(CallRunner):
    """Gives up calls that hang because of a fault soon after they hang, as if their deadline had come.

    The time until then does not count: on a busy machine it may be seconds.
    """

    def __init__(self, spot: Spot, sleep: Callable[[float], Awaitable[None]]) -> None:
        super().__init__(judge, spot.timeout, sleep=sleep, monotonic=lambda: time.monotonic() + _skipped.get())
        self._spot = spot

    async def run(self, fn: Callable[[Attempt], T], **more: Any) -> T:
        begun = _skipped.set(0.0)
        try:
            return await super().run(fn, **more)
        finally:
            _skipped.reset(begun)

    async def _on_thread(self, fn: Callable[[Attempt], T], attempt: Attempt, method: str) -> T:
        resources = {each.rpartition(".")[0] for each in self._spot.short}  # a change reads what it changes in one run
        # A token is fetched within any call. A call that only asks for the identity is given up by the product itself.
        within_any = any(each == "oauth2.token" or each.startswith("iamcredentials.") for each in self._spot.short)
        if not within_any and method.rpartition(".")[0] not in resources:
            return await super()._on_thread(fn, attempt, method)
        before = self._spot.hits()
        call = asyncio.ensure_future(super()._on_thread(fn, attempt, method))
        while not call.done():
            hangs = self._spot.hits() > before
            await asyncio.wait([call], timeout=SHORT if hangs else 0.02)
            if hangs and not call.done():
                call.cancel()
                _skipped.set(attempt.timeout)
                raise TimeoutError
        return await call


_skipped = ContextVar("_skipped", default=0.0)
"""Seconds of the deadline that a call did not have to wait."""


class Refusal:
    """Sends some calls of a method to an address where nothing listens, as if Google were unreachable.

    Args:
        field: knows the methods' names.
        method: the method.
        times: the number of its first calls.
    """

    def __init__(self, field: ProjectPool, method: str, times: int) -> None:
        self._field = field
        self._method = method
        self._left = times
        self.hits = 0

    def hit(self, method: str) -> bool:
        if method != self._method or self._left <= 0:
            return False
        self._left -= 1
        self.hits += 1
        return True

    def watch(self, cloud: GoogleCloud) -> None:
        """Insert itself between a cloud and its connections."""
        http, iam = cloud._session._session, cloud._accounts._client
        cloud._session._session = lambda: _Http(self, http())  # type: ignore[method-assign,assignment,return-value]
        cloud._accounts._client = lambda: _Iam(self, iam())  # type: ignore[method-assign,assignment,return-value]

    def method_of(self, verb: str, url: str) -> str:
        return self._field.method_of(verb, url)


@dataclass
class _Http:
    refusal: Refusal
    real: Any

    def request(self, verb: str, url: str, **more: Any) -> Any:
        if self.refusal.hit(self.refusal.method_of(verb, url)):
            url = urlsplit(url)._replace(netloc=CLOSED).geturl()
        return self.real.request(verb, url, **more)


IAM_METHODS = {"".join("_" + c.lower() if c.isupper() else c for c in rpc)[1:]: RPCS[rpc][0] for rpc in RPCS}
"""The sandbox's name for each method of Google's IAM client."""


class _Iam:
    def __init__(self, refusal: Refusal, real: IAMClient) -> None:
        self._refusal, self._real = refusal, real

    def __getattr__(self, rpc: str) -> Callable[..., Any]:
        if self._refusal.hit(IAM_METHODS.get(rpc, "")):
            nowhere = IAMGrpcTransport(
                channel=grpc.insecure_channel(CLOSED), credentials=AnonymousCredentials(), host=CLOSED
            )
            return getattr(IAMClient(transport=nowhere), rpc)
        return getattr(self._real, rpc)
