"""The sandbox over real sockets, called by Google's own client libraries."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google.auth.jwt
import grpc
import pytest
import requests
from google.auth.transport.grpc import AuthMetadataPlugin
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import iam_admin_v1
from google.cloud.iam_admin_v1.services.iam.transports import IAMGrpcTransport
from google.oauth2 import service_account

from kbq_tui.sandbox.server import Sandbox
from tests.support.polling import PATIENCE

CLOUD = "https://www.googleapis.com/auth/cloud-platform"


class Client:
    """One caller: REST through google-auth's session, IAM over gRPC through google-cloud-iam."""

    def __init__(self, sandbox: Sandbox, key: dict[str, Any], scopes: list[str]) -> None:
        self.sandbox, self.key = sandbox, key
        self.credentials = service_account.Credentials.from_service_account_info(key, scopes=scopes)
        self.session = AuthorizedSession(self.credentials)
        self._channel: grpc.Channel | None = None

    def call(self, verb: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.session.request(verb, self.sandbox.url + path, json=body, timeout=PATIENCE, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.call("POST", path, body or {}, **more)

    def fresh_session(self) -> AuthorizedSession:
        """A session with a separate connection and token."""
        return AuthorizedSession(service_account.Credentials.from_service_account_info(self.key, scopes=[CLOUD]))

    def iam(self, credentials: Any = None) -> iam_admin_v1.IAMClient:
        plugin = AuthMetadataPlugin(credentials or self.credentials, Request())
        channel_credentials = grpc.composite_channel_credentials(
            grpc.local_channel_credentials(), grpc.metadata_call_credentials(plugin)
        )
        self._channel = grpc.secure_channel(self.sandbox.grpc_address, channel_credentials)
        return iam_admin_v1.IAMClient(transport=IAMGrpcTransport(channel=self._channel))

    def self_signed(self, audience: str) -> google.auth.jwt.Credentials:
        return google.auth.jwt.Credentials.from_service_account_info(self.key, audience=audience)

    def close(self) -> None:
        self.session.close()
        if self._channel:
            self._channel.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Sandbox]]:
    """Start sandboxes; they are stopped at the end of the test."""
    running: list[Sandbox] = []

    def begin(scenario: Any = "fresh", **more: Any) -> Sandbox:
        running.append(Sandbox(scenario, **more).start())
        return running[-1]

    yield begin
    for sandbox in running:
        sandbox.stop()


@pytest.fixture
def sandbox(start: Callable[..., Sandbox]) -> Sandbox:
    return start("fresh")


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """A caller of a sandbox: its operator, or the owner of the given key (JSON or file)."""
    made: list[Client] = []

    def build(sandbox: Sandbox, key: Any = None, scopes: list[str] | None = None) -> Client:
        if key is None:
            key = sandbox.key_file
        if isinstance(key, Path):
            key = json.loads(key.read_text())
        made.append(Client(sandbox, key, scopes or [CLOUD]))
        return made[-1]

    yield build
    for client in made:
        client.close()


@pytest.fixture
def operator(sandbox: Sandbox, connect: Callable[..., Client]) -> Client:
    return connect(sandbox)


@pytest.fixture
def new_key() -> Callable[..., dict[str, Any]]:
    """Create an account (unless it exists) and a key for it; returns the key file's JSON."""

    def make(client: Client, name: str = "reader-account", project: str = "") -> dict[str, Any]:
        import base64

        project = project or client.sandbox.project
        client.sandbox.world.delays.pop("key_create", None)  # a new account gets its key at once
        client.post(f"/iam/v1/projects/{project}/serviceAccounts", {"accountId": name})
        email = f"{name}@{project}.iam.gserviceaccount.com"
        answer = client.post(f"/iam/v1/projects/-/serviceAccounts/{email}/keys")
        assert answer.status_code == 200, answer.text
        return dict(json.loads(base64.b64decode(answer.json()["privateKeyData"])))

    return make
