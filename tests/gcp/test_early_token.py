"""The token is requested before anything else is imported, and a failure of that is reported by the sign-in."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kbq_tui.gcp.cloud import GoogleCloud
from kbq_tui.gcp.credentials import CredentialOptions
from kbq_tui.gcp.early_token import send_for_token
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.session import _Body
from kbq_tui.sandbox.faults import Rule
from kbq_tui.sandbox.server import Sandbox
from tests.gcp.conftest import problem
from tests.support.polling import PATIENCE
from tests.support.sandbox import served

LATER = (
    "grpc",
    "google.cloud",
    "textual",
    "kbq_tui.engine.apply",
    "kbq_tui.engine.observe",
    "kbq_tui.engine.verify",
    "kbq_tui.planning",
    "kbq_tui.diagnosis",
    "kbq_tui.export",
    *(f"kbq_tui.cli.commands.{name}.body" for name in ("plan", "apply", "verify")),
    "kbq_tui.cli.render",
    "kbq_tui.cli.runner",
    "kbq_tui.gcp.cloud",
)
"""Packages of the engine, the face and Google's libraries, which the token does not need."""


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["verify"]], ids=" ".join)
def test_no_engine_no_grpc_and_no_face_is_loaded_when_the_token_is_sent_for(command: list[str], tmp_path: Path) -> None:
    code = """
        import http.client, os, sys

        def first_request(self, *args, **more):
            loaded = [name for name in sys.modules if name.startswith(LATER)]
            with open(OUT, "w") as file:
                file.write(" ".join(sorted(loaded)) or "none")
            os._exit(0)

        http.client.HTTPConnection.endheaders = first_request
        sys.argv[0] = "kbq-tui"
        from kbq_tui.cli.main import run

        run()
    """
    out = tmp_path / "loaded"
    code = f"LATER = {LATER!r}\nOUT = {str(out)!r}\n" + textwrap.dedent(code)
    with served("fresh") as sandbox:
        program = [sys.executable, "-c", code, *command]
        subprocess.run(program, env=sandbox.environ(tmp_path), check=True, timeout=PATIENCE)
    assert out.read_text() == "none"


async def test_the_calls_that_follow_use_the_token_that_was_sent_for() -> None:
    with Sandbox("fresh") as sandbox:
        options, endpoints = CredentialOptions(env=sandbox.env()), Endpoints.from_env(sandbox.env())
        session = send_for_token(options, endpoints, 10)
        cloud = GoogleCloud.for_operator(options, endpoints, 10, session=session)
        await cloud.project(sandbox.project)
        assert [call.method for call in sandbox.world.calls] == ["oauth2.token", "cloudresourcemanager.projects.get"]
        await cloud.close()


async def test_a_token_that_was_refused_is_told_by_the_call_that_needs_it() -> None:
    with Sandbox("fresh") as sandbox:
        sandbox.context.faults.replace([Rule("oauth2.token", "status", status=400, every=1)])
        options, endpoints = CredentialOptions(env=sandbox.env()), Endpoints.from_env(sandbox.env())
        cloud = GoogleCloud.for_operator(options, endpoints, 10, session=send_for_token(options, endpoints, 10))
        with problem():
            await cloud.project(sandbox.project)
        await cloud.close()


async def test_credentials_that_are_not_there_hold_nothing_up(tmp_path: Path) -> None:
    with Sandbox("fresh") as sandbox:
        env = {**sandbox.env(), "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json")}
        options, endpoints = CredentialOptions(env=env), Endpoints.from_env(env)
        cloud = GoogleCloud.for_operator(options, endpoints, 10, session=send_for_token(options, endpoints, 10))
        with problem("KBQ-CREDENTIALS-FILE"):
            await cloud.project(sandbox.project)
        await cloud.close()


def test_a_body_tells_once_that_all_of_it_was_taken() -> None:
    told: list[bytes] = []
    taken = b""
    body = _Body(b"abcdef", lambda: told.append(taken))
    assert len(body) == 6
    while block := body.read(4):
        taken += block
    assert body.read() == b""
    assert told == [b"abcdef"]
