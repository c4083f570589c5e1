"""The whole sandbox: one HTTP port and one gRPC port on loopback, over one world."""

import asyncio
import atexit
import json
import os
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from kbq_tui.sandbox import (
    bigquery,
    control,
    crm,
    errors,
    grpc_server,
    guard,
    iam,
    key_use_api,
    keys,
    oauth,
    orgpolicy,
    services,
)
from kbq_tui.sandbox.audit_log import Caller
from kbq_tui.sandbox.auth import Auth
from kbq_tui.sandbox.authz import Authz
from kbq_tui.sandbox.context import PREFIX, SandboxContext
from kbq_tui.sandbox.faults import Faults
from kbq_tui.sandbox.resources import Account, CallRecord
from kbq_tui.sandbox.scenario import Scenario, build, load, operator_email
from kbq_tui.sandbox.world import World

JSON = dict[str, Any]
# gcloud's names for the endpoints (`gcloud topic configurations`), by API. The last one is our own, in the same style.
OVERRIDES = {
    "BIGQUERY": "bigquery",
    "IAM": "iam",
    "CLOUDRESOURCEMANAGER": "cloudresourcemanager",
    "SERVICEUSAGE": "serviceusage",
    "ORGPOLICY": "orgpolicy",
    "CLOUDBILLING": "cloudbilling",
    "IAMCREDENTIALS": "iamcredentials",
    "LOGGING": "logging",
    "MONITORING": "monitoring",
    "POLICYANALYZER": "policyanalyzer",
}


class PromptServer(uvicorn.Server):
    """Stops at once when told to. Uvicorn checks only every 100 ms, and then waits for another 100 ms.

    Tests start thousands of sandboxes, and would spend minutes waiting for them to stop.
    """

    _loop: asyncio.AbstractEventLoop
    _told: asyncio.Event

    async def main_loop(self) -> None:
        """Uvicorn's loop, woken when it has to end; uvicorn itself checks ten times a second."""
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        seconds = 0
        # uvicorn counts tenths, and sets the Date header every second
        while not await self.on_tick(10 * seconds):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)
            seconds += 1

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all connections at once; calls that still run are given a tenth of a second."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:  # calls that hang see that the sandbox stops; asyncio cancels the rest
            await asyncio.wait(self.server_state.tasks, timeout=0.1)

    def leave(self) -> None:
        """Stop serving; may be called from any thread, and before the server is up."""
        self.should_exit = self.force_exit = True
        with suppress(AttributeError, RuntimeError):  # not started yet, or stopped: it checks `should_exit` then
            self._loop.call_soon_threadsafe(self._told.set)


class Sandbox:
    """A running sandbox; a context manager.

    Args:
        scenario: name, path of a TOML file, or a loaded scenario.
        port: HTTP port; 0 takes a free one.
        grpc_port: gRPC port; likewise.
        latency_ms: milliseconds added to every call; None leaves it to the scenario.
        key_dir: folder for the key files of the scenario's accounts; None takes a private one.
        clock: the world's clock in epoch seconds; None takes the real time (plus the scenario's skew).
    """

    def __init__(
        self,
        scenario: str | Path | Scenario = "fresh",
        *,
        port: int = 0,
        grpc_port: int = 0,
        latency_ms: float | None = None,
        key_dir: Path | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
        self._port, self._grpc_port, self._key_dir = port, grpc_port, key_dir
        self.world: World = build(self.scenario, World(clock) if clock else None)
        data = self.scenario.data
        maker = keys.KeyMaker()
        self.context = SandboxContext(
            self.world,
            Authz(self.world),
            Auth(self.world, float(data.get("token_lifetime", 3600)), maker),
            Faults(self.scenario.rules, self.scenario.edits),
            latency=float(data.get("latency_ms", 0) if latency_ms is None else latency_ms) / 1000,
            keys=maker,
            operation_seconds=float(data.get("operation_seconds", 0)),
        )
        self.url = ""
        self.grpc_address = ""
        self.operator = operator_email(self.scenario)
        self.project = self.scenario.project
        self._server: PromptServer | None = None
        self._thread: threading.Thread | None = None
        self._grpc: grpc.Server | None = None
        self._folder: Path | None = None
        self.account_keys: dict[str, Path] = {}  # address -> key file that the scenario provides

    # -- starting and stopping

    def start(self) -> Self:
        """Start; returns once both ports answer.

        Raises:
            OSError: the port is in use.
        """
        # asyncio disables Nagle's algorithm only if the protocol is named; with it, every call takes 44 ms.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", self._port))
        except OSError:
            sock.close()
            raise
        self.url = self.context.url = self.context.auth.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        self._folder = Path(tempfile.mkdtemp(prefix="kbq-sandbox-"))  # 0700
        atexit.register(self.stop)  # DuckDB complains about open databases when the interpreter ends
        try:
            self.context.keys.start()
            self._make_keys()
            self._run_sql()
            self._make_jobs()
            self._grpc, self.grpc_address = grpc_server.serve(self.context, self._grpc_port)
            self._serve(sock)
        except BaseException:
            sock.close()
            self.stop()
            raise
        return self

    def _serve(self, sock: socket.socket) -> None:
        config = uvicorn.Config(
            application(self.context),
            http=_protocol(self.context),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=120,
            timeout_graceful_shutdown=1,
        )
        self._server = PromptServer(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [sock]}, name="sandbox-http")
        self._thread.daemon = True
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the HTTP server did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop: calls that hang are ended, private files removed. May be called twice."""
        atexit.unregister(self.stop)
        self.context.stopping.set()
        if self._server:
            self._server.leave()
        # With a grace period: after a hard stop, gRPC clients in this process write to the terminal.
        ended = self._grpc.stop(0.3) if self._grpc else None
        if self._thread:
            self._thread.join(2)
            self._thread = None
        if ended:
            ended.wait(1)
            self._grpc = None
        self.context.keys.stop()
        self.context.threads.shutdown(wait=False, cancel_futures=True)
        self.world.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- parts of the scenario that need a running server

    def _make_keys(self) -> None:
        assert self._folder is not None
        delays, self.world.delays = self.world.delays, {}
        operator = self.world.account(self.operator)
        assert operator is not None
        self._issue(operator, self.key_file)
        for data in self.scenario.data["projects"]:
            for entry in data.get("accounts", []):
                account = self.world.account(f"{entry['id']}@{data['id']}.iam.gserviceaccount.com")
                for i in range(int(entry.get("keys", 0))) if account else ():
                    assert account is not None
                    folder = self._key_dir or self._folder
                    path = folder / f"{entry['id']}.json" if i == 0 and entry.get("key_file") else None
                    if path and os.path.lexists(path):
                        raise FileExistsError(f"{path} exists already, and a key file is not overwritten")
                    self._issue(account, path, float(entry.get("key_age_days", 0)))
                    if path:
                        self.account_keys[account.email] = path
                if account is not None:
                    self.context.key_uses.callers += [_caller(self.world, account, c) for c in entry.get("callers", [])]
        self.world.delays = delays

    def _issue(self, account: Account, path: Path | None, age_days: float = 0.0) -> None:
        key, file = keys.add_key(self.world, account, self.context.keys.pair(), self.url)
        key.created -= age_days * 86400
        if path:
            write_private(path, json.dumps(file, indent=2) + "\n")

    def _run_sql(self) -> None:
        """Run the scenario's statements, then set its traits on existing tables.

        Raises:
            ScenarioError: names the statement that is refused, or the trait.
        """
        for number, data in enumerate(self.scenario.data["projects"]):
            for index, statement in enumerate(data.get("sql", [])):
                try:
                    bigquery.seed(self.context, data["id"], [statement])
                except errors.ApiError as error:
                    path = ("projects", number, "sql", index)
                    raise self.scenario.error(path, f"{error.message}, in: {statement[:200]}") from None
            for name, traits in data.get("traits", {}).items():
                path = ("projects", number, "traits", name)
                dataset_id, _, table_id = name.partition(".")
                dataset = self.world.dataset(data["id"], dataset_id)
                if dataset is not None and not table_id:
                    dataset.traits = dict(traits)
                    continue
                if dataset is None or table_id not in dataset.tables:
                    raise self.scenario.error(path, f"there is no {name!r}")
                table = dataset.tables[table_id]
                table.traits = dict(traits)
                table.created_ms -= int(float(traits.get("age_days", 0)) * 86_400_000)
                for i, policy in enumerate(traits.get("row_policies", [])):
                    if reason := bigquery.filter_problem(self.context, table, str(policy.get("filter", "TRUE"))):
                        raise self.scenario.error((*path, "row_policies", i, "filter"), reason)

    def _make_jobs(self) -> None:
        """Create the jobs that the scenario's accounts ran before.

        Raises:
            ScenarioError: names the account whose jobs read a table that does not exist.
        """
        for number, data in enumerate(self.scenario.data["projects"]):
            for index, entry in enumerate(data.get("accounts", [])):
                account = self.world.account(f"{entry['id']}@{data['id']}.iam.gserviceaccount.com")
                if account is None or not entry.get("jobs"):
                    continue
                try:
                    bigquery.seed_jobs(self.context, account, entry["jobs"])
                except KeyError as error:
                    path = ("projects", number, "accounts", index, "jobs")
                    raise self.scenario.error(path, f"there is no table {error}") from None

    # -- addresses and files

    @property
    def key_file(self) -> Path:
        """The operator's key file; it exists as long as the sandbox runs."""
        assert self._folder is not None, "the sandbox is not running"
        return self._folder / "operator.json"

    def env(self) -> dict[str, str]:
        """The environment variables with which our program, gcloud, bq and Google's libraries find the sandbox."""
        assert self._folder is not None, "the sandbox is not running"
        config = self._folder / "gcloud"
        config.mkdir(mode=0o700, exist_ok=True)
        found = {
            "GOOGLE_CLOUD_PROJECT": self.project,
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.key_file),
            "KBQ_TUI_IAM_GRPC": self.grpc_address,
            "KBQ_TUI_SANDBOX": self.url,
            "KBQ_TUI_SANDBOX_TOKEN": self.context.token,
            "CLOUDSDK_CONFIG": str(config),
            "CLOUDSDK_CORE_PROJECT": self.project,
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
            "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": str(self.key_file),
            "CLOUDSDK_AUTH_TOKEN_HOST": f"{self.url}/token",
        }
        for name, api in OVERRIDES.items():
            found[f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}"] = f"{self.url}{PREFIX[api]}/"
        for path in self.account_keys.values():
            found.setdefault("KBQ_TUI_SANDBOX_KEY", str(path))
        return found


def _caller(world: World, account: Account, data: JSON) -> Caller:
    every, changes = float(data.get("every", 1.0)), data.get("changes_after")
    began = world.clock() - float(data.get("since", 0.0))
    after = None if changes is None else float(changes)
    return Caller(account, data["address"], data.get("agent", "klaviyo"), every, after, began)


def application(ctx: SandboxContext) -> Starlette:
    """All routes of all services."""
    routes = [
        *oauth.routes(ctx),
        *iam.routes(ctx),
        *crm.routes(ctx),
        *services.routes(ctx),
        *orgpolicy.routes(ctx),
        *key_use_api.routes(ctx),
        *bigquery.routes(ctx),
        *control.routes(ctx),
    ]

    async def missing(request: Request, error: Exception) -> JSONResponse:
        what = f"{request.method} {request.url.path}"
        ctx.world.record(CallRecord("unknown", "-", what, 404, ctx.world.clock(), is_write=False))
        return JSONResponse(errors.not_found("Requested entity was not found.").modern(), 404)

    async def broken(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse(errors.from_http(500, f"The sandbox itself failed: {error!r}").modern(), 500)

    handlers: Any = {404: missing, 405: missing, Exception: broken}
    return Starlette(routes=routes, exception_handlers=handlers, middleware=guard.middleware())


def _protocol(ctx: SandboxContext) -> type[H11Protocol]:
    """Uvicorn's HTTP protocol, with its transports stored so that a fault can reset them."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            ctx.connections[transport.get_extra_info("peername")] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            for address, transport in list(ctx.connections.items()):
                if transport is self.transport:
                    del ctx.connections[address]
            super().connection_lost(exc)

    return Protocol


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, completely or not at all. A replaced file keeps its mode."""
    mode = stat.S_IMODE(path.stat().st_mode) & 0o777 if path.exists() else 0o600
    draft = path.with_name(f".{path.name[:50]}.{os.urandom(6).hex()}.tmp")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(handle, mode)
            file.write(text)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
