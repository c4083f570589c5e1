"""Web pages cannot reach the sandbox: neither cross-site nor by a name that points to this machine."""

import http.client
from urllib.parse import urlsplit

import pytest

from kbq_tui.sandbox.server import Sandbox
from tests.support.polling import PATIENCE

PROJECTS = "/bigquery/v2/projects"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("fresh") as running:
        yield running


def ask(sandbox, path, headers=(), verb="GET", body=None):
    """Send a request with exactly these headers; returns status and text."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=PATIENCE)
    try:
        connection.putrequest(verb, path, skip_host=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def host(sandbox, name="127.0.0.1"):
    return ("Host", f"{name}:{urlsplit(sandbox.url).port}")


@pytest.mark.parametrize("path", [PROJECTS, "/token", "/_sandbox/state", "/$discovery/rest", "/nothing"])
@pytest.mark.parametrize("name", ["attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example", ""])
def test_a_name_that_is_not_loopback_s_is_refused_everywhere(sandbox, operator, path, name):
    operator.get("/crm/v1/projects")  # makes sure that there is a token
    token = ("Authorization", f"Bearer {operator.credentials.token}")
    status, text = ask(sandbox, path, [host(sandbox, name), token])
    assert (status, text) == (400, "Invalid host header")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_loopback_s_own_names_are_answered(sandbox, operator, name):
    operator.get("/crm/v1/projects")
    token = ("Authorization", f"Bearer {operator.credentials.token}")
    assert ask(sandbox, PROJECTS, [host(sandbox, name), token])[0] == 200


@pytest.mark.parametrize("origin", ["https://attacker.example", "null", "http://127.0.0.1:8000"])
@pytest.mark.parametrize(("verb", "path"), [("GET", PROJECTS), ("POST", "/token"), ("POST", "/_sandbox/faults")])
def test_a_request_of_a_web_page_is_refused_whatever_it_asks(sandbox, operator, verb, path, origin):
    operator.get("/crm/v1/projects")
    bearer = sandbox.context.token if path.startswith("/_sandbox/") else operator.credentials.token
    headers = [host(sandbox), ("Authorization", f"Bearer {bearer}"), ("Origin", origin)]
    status, text = ask(sandbox, path, headers, verb, b"{}")
    assert status == 403
    assert "Origin" in text


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/_sandbox/calls"),
        ("GET", "/_sandbox/writes"),
        ("GET", "/_sandbox/state"),
        ("POST", "/_sandbox/faults"),
        ("POST", "/_sandbox/clock"),
    ],
)
@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Bearer \xe9", "Basic {token}", "{token}"])
def test_what_tests_ask_needs_the_sandbox_s_own_token(sandbox, verb, path, given):
    before = sandbox.world.clock.skew
    headers = (
        [host(sandbox), ("Authorization", given.format(token=sandbox.context.token))] if given else [host(sandbox)]
    )
    status, text = ask(sandbox, path, headers, verb, b'{"advance": 60}')
    assert status == 401
    assert "KBQ_TUI_SANDBOX_TOKEN" in text
    assert sandbox.world.clock.skew == before


def test_an_access_token_of_the_cloud_s_is_not_the_sandbox_s(sandbox, operator):
    assert operator.get("/_sandbox/state").status_code == 401


def test_the_token_is_in_the_environment_and_differs_each_time(start):
    tokens = {start().env()["KBQ_TUI_SANDBOX_TOKEN"] for _ in range(2)}
    assert len(tokens) == 2
    assert all(len(token) >= 32 for token in tokens)
