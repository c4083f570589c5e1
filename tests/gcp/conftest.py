"""The adapter against the sandbox: Google's libraries, real sockets, Google's texts."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from kbq_tui.gcp.cloud import GoogleCloud, KeyImpersonator
from kbq_tui.gcp.credentials import CredentialOptions
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.errors import judge
from kbq_tui.gcp.retry import CallRunner
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.secret import Secret
from kbq_tui.sandbox.faults import Rule
from kbq_tui.sandbox.server import Sandbox

ACCOUNT_ID = "klaviyo-data-transfer-user"
JOB_USER = "roles/bigquery.jobUser"
EDITOR = "roles/bigquery.dataEditor"
VIEWER = "roles/bigquery.dataViewer"
TMP = "KLAVIYO_TMP"


@dataclass
class CloudOnSandbox:
    """A running sandbox, and the adapter in it."""

    sandbox: Sandbox
    cloud: GoogleCloud

    @property
    def project(self) -> str:
        return self.sandbox.project

    @property
    def email(self) -> str:
        return f"{ACCOUNT_ID}@{self.project}.iam.gserviceaccount.com"

    @property
    def member(self) -> str:
        return f"serviceAccount:{self.email}"

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints.from_env(self.sandbox.env())

    @property
    def key_id(self) -> str:
        """The id of the account's first key; a made-up one if it has none."""
        account = self.sandbox.world.account(self.email)
        return next((key.id for key in account.keys.values()), "0" * 40) if account is not None else "0" * 40

    def fail(self, method: str, kind: str, **more: Any) -> None:
        """Make calls of a method fail from now on; by default the first one."""
        more = more if {"nth", "every"} & set(more) else {"nth": 1, **more}
        self.sandbox.context.faults.replace([Rule(method, kind, **more)])  # type: ignore[arg-type]

    def calls(self, method: str) -> int:
        """The number of calls of a method that reached the sandbox."""
        return sum(call.method == method for call in self.sandbox.world.calls)

    def access(self, dataset: str) -> list[dict[str, Any]]:
        found = self.sandbox.world.dataset(self.project, dataset)
        assert found is not None
        return found.access

    async def key(self) -> Secret:
        """Create the account and a key of it."""
        await self.cloud.create_account(self.project, ACCOUNT_ID, "Klaviyo")
        return await self.cloud.create_key(self.project, self.email)

    @contextlib.asynccontextmanager
    async def as_account(self, key: Secret) -> AsyncIterator[GoogleCloud]:
        cloud = KeyImpersonator(self.endpoints, 10)(key)
        yield cloud
        await cloud.close()


Play = Callable[..., AbstractAsyncContextManager[CloudOnSandbox]]


@pytest.fixture
def play() -> Play:
    """`async with play(scenario, …) as ground`; retries have no pauses."""

    @contextlib.asynccontextmanager
    async def play(scenario: str = "fresh", *, timeout: float = 10, patient: bool = False, **more: Any) -> Any:
        async def at_once(seconds: float) -> None:
            slept.append(seconds)

        slept: list[float] = []
        with Sandbox(scenario, **more) as sandbox:
            env = sandbox.env()
            caller = CallRunner(judge, timeout) if patient else CallRunner(judge, timeout, sleep=at_once)
            cloud = GoogleCloud.for_operator(CredentialOptions(env=env), Endpoints.from_env(env), caller=caller)
            ground = CloudOnSandbox(sandbox, cloud)
            ground.slept = slept  # type: ignore[attr-defined]
            yield ground
            await cloud.close()

    return play


@contextlib.contextmanager
def problem(code: str | None = None) -> Iterator[list[Problem]]:
    """Expect a Problem (with a code), and return it in a list once it came."""
    found: list[Problem] = []
    with pytest.raises(ProblemError) as caught:
        yield found
    found.append(caught.value.problem)
    if code is not None:
        assert caught.value.problem.code == code, caught.value.problem


Expect = Callable[[str], AbstractContextManager[list[Problem]]]
