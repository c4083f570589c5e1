"""Credentials are sent to Google, to this machine, and to the address of a visible override; nowhere else.

A listener on an address of this machine that is not loopback represents the host that must not get anything.
"""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kbq_tui.cli.bootstrap import notices
from kbq_tui.gcp.endpoints import Endpoints
from tests.support.outputs import output
from tests.support.pty import Terminal
from tests.support.sandbox import Served, served

OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"


def own_address() -> str:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


@dataclass
class Listener:
    """Records every connection."""

    address: str
    heard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.create_server((self.address, 0))
        self.host = f"{self.address}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    self.heard.append(connection.recv(65536))
                except OSError:
                    self.heard.append(b"")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    address = own_address()
    if not address or address.startswith("127."):
        pytest.skip("LEFT OUT: this machine has no address but loopback")
    made = Listener(address)
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Served]:
    with served("existing") as made:
        yield made


def altered(source: str, home: Path, **changes: str) -> str:
    """A private copy of a credentials file, with other fields."""
    path = home / "altered.json"
    path.touch(0o600)
    path.write_text(json.dumps({**json.loads(Path(source).read_text()), **changes}))
    return str(path)


def run(sandbox: Served, home: Path, env: dict[str, str], *args: str) -> tuple[int, str]:
    changed = Served({**sandbox.env, **env}, home, sandbox.env_file)
    changed.env = {k: v for k, v in changed.env.items() if v}
    done = changed.run(*args, home=home)
    return done.returncode, done.stdout + done.stderr


def test_the_listener_hears_what_is_sent(listener: Listener) -> None:
    with socket.create_connection((listener.address, int(listener.host.rpartition(":")[2]))) as connection:
        connection.sendall(b"x")
        connection.recv(1)
    assert listener.heard == [b"x"]


@pytest.mark.parametrize("where", ["http://{}/token", "https://{}/token", "http://{}\\@127.0.0.1/token"])
def test_a_key_that_names_another_token_address_is_not_used_there(
    sandbox: Served, listener: Listener, tmp_path: Path, where: str
) -> None:
    key = altered(sandbox.env["KBQ_TUI_SANDBOX_KEY"], tmp_path, token_uri=where.format(listener.host))
    env = {"CLOUDSDK_AUTH_TOKEN_HOST": ""}
    status, said = run(sandbox, tmp_path, env, "verify", "--json", "--key-file", key)
    verdicts = {c["id"]: c["verdict"] for c in output(said[said.index("{") : said.rindex("}") + 1])["checks"]}
    assert verdicts["key.auth"] != "pass"
    assert status == 6
    assert listener.heard == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_operators_login_that_names_another_token_address_is_not_used_there(
    sandbox: Served, listener: Listener, tmp_path: Path, scheme: str
) -> None:
    own = altered(sandbox.env[CREDENTIALS], tmp_path, token_uri=f"{scheme}://{listener.host}/token")
    status, said = run(sandbox, tmp_path, {"CLOUDSDK_AUTH_TOKEN_HOST": "", CREDENTIALS: own}, "status")
    assert status not in (0, 1), said
    assert listener.heard == []


def test_another_universe_is_not_followed_unless_an_override_names_it(
    sandbox: Served, listener: Listener, tmp_path: Path
) -> None:
    own = altered(sandbox.env[CREDENTIALS], tmp_path, universe_domain=listener.host)
    run(sandbox, tmp_path, {CREDENTIALS: own}, "status", "--timeout", "3")
    assert listener.heard == []


@pytest.mark.parametrize(
    "api", ["BIGQUERY", "IAM", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE", "ORGPOLICY", "CLOUDBILLING", "LOGGING"]
)
def test_plain_http_to_another_machine_is_refused_before_anything_is_sent(
    sandbox: Served, listener: Listener, tmp_path: Path, api: str
) -> None:
    status, said = run(sandbox, tmp_path, {OVERRIDE + api: f"http://{listener.host}/"}, "status")
    assert status == 2
    assert OVERRIDE + api in said
    assert "unencrypted" in said
    assert listener.heard == []


def test_a_redirect_is_not_followed(sandbox: Served, listener: Listener, tmp_path: Path) -> None:
    class RedirectHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(307)
            self.send_header("Location", f"http://{listener.host}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PATCH = do_GET

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), RedirectHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_address[1]}/"
        env = {OVERRIDE + api: here for api in ("BIGQUERY", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE")}
        status, _ = run(sandbox, tmp_path, env, "status", "--timeout", "3")
        server.shutdown()
    assert status != 0
    assert listener.heard == []


def test_an_override_is_said_by_commands_and_on_every_screen(sandbox: Served, tmp_path: Path) -> None:
    words = "Talking to 127.0.0.1, not to Google"
    for command in ("plan", "status", "verify"):
        _, said = run(sandbox, tmp_path, {}, command, "--key-file", sandbox.env["KBQ_TUI_SANDBOX_KEY"])
        assert words in said, command
    (fresh := tmp_path / "fresh").mkdir(mode=0o700)
    with Terminal([sys.executable, "-m", "kbq_tui", "setup"], sandbox.environ(fresh)) as terminal:
        terminal.until_text("F10", "Talking to 127.0.0.1")
        terminal.send("\r")
        terminal.until_text("Step 1 of 6", "Talking to 127.0.0.1")


def test_without_an_override_nothing_is_said_of_one() -> None:
    assert notices(Endpoints.from_env({"PATH": "/bin"})) == ()
    assert tuple(map(str, notices(Endpoints.from_env({OVERRIDE + "IAM": "https://iam.private.example/"})))) == (
        "Talking to iam.private.example, not to Google",
    )
