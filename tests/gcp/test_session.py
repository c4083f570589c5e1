"""HTTP against a misbehaving server: limited in time and size, and the token is sent nowhere else."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from kbq_tui.gcp.credentials import Found
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.errors import judge
from kbq_tui.gcp.exceptions import HttpError, MalformedError
from kbq_tui.gcp.rest_client import RestClient, items, part
from kbq_tui.gcp.session import PageError, Session, Token, UntrustedAddressError
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.observed import Identity
from kbq_tui.model.problem import Context

TOKEN = "ya29.the-token-of-the-operator"


class Credentials:
    """Credentials that fetch nothing."""

    def __init__(self) -> None:
        self.token = ""
        self.expiry: datetime | None = None
        self.quota_project_id = "quota-project"
        self.refreshed = 0

    @property
    def valid(self) -> bool:
        return bool(self.token)

    def refresh(self, request: object) -> None:
        self.refreshed += 1
        self.token = f"{TOKEN}{self.refreshed}"
        self.expiry = datetime.now() + timedelta(hours=1)


@contextlib.contextmanager
def server(talk: Callable[[socket.socket, bytes], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Serve raw answers on loopback; yields the address and the requests."""
    seen: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65536)
            seen.append(request)
            talk(connection, request)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
    finally:
        listening.close()


def reply(status: str, body: bytes = b"{}", headers: str = "") -> Callable[[socket.socket, bytes], None]:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n".encode()
    return lambda connection, _: connection.sendall(head + body)


def wire(credentials: Credentials | None = None) -> RestClient:
    found = Found(credentials or Credentials(), Identity("", verbatim("test")))
    here = Endpoints(trusted=frozenset({"127.0.0.1"}))
    return RestClient(Session(Token(lambda: found), here), None, here, "operator")  # type: ignore[arg-type]


def test_a_call_carries_the_token_and_the_quota_project() -> None:
    with server(reply("200 OK", b'{"a": 1}')) as (url, seen):
        assert wire().send("GET", url + "/x", 5) == {"a": 1}
    assert f"authorization: Bearer {TOKEN}1\r\n".encode() in seen[0]
    assert b"x-goog-user-project: quota-project\r\n" in seen[0]
    assert b"User-Agent: kbq-tui/" in seen[0]


def test_a_netrc_file_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password sesame\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with server(reply("200 OK")) as (url, seen):
        wire().send("GET", url, 5)
    assert b"Basic" not in seen[0]
    assert TOKEN.encode() in seen[0]


def test_a_redirect_is_not_followed() -> None:
    with (
        server(reply("200 OK")) as (other, others),
        server(reply("302 Found", b"", f"Location: {other}\r\n")) as (url, _),
    ):
        with pytest.raises(HttpError) as caught:
            wire().send("GET", url, 5)
        assert caught.value.status == 302
        assert others == []


def test_no_request_goes_to_a_host_that_does_not_exist() -> None:
    with pytest.raises(UntrustedAddressError):
        wire().send("GET", "https://example.com/", 5)


def test_a_refused_token_is_replaced_once() -> None:
    credentials = Credentials()

    def talk(connection: socket.socket, request: bytes) -> None:
        status = "200 OK" if f"{TOKEN}2".encode() in request else "401 Unauthorized"
        reply(status)(connection, request)

    with server(talk) as (url, seen):
        wire(credentials).send("GET", url, 5)
        assert len(seen) == 2
    with server(reply("401 Unauthorized")) as (url, seen):
        with pytest.raises(HttpError):
            wire(credentials).send("GET", url, 5)
        assert len(seen) == 2


def test_a_huge_error_is_cut() -> None:
    with server(reply("500 Oops", b"x" * 5_000_000)) as (url, _), pytest.raises(HttpError) as caught:
        wire().send("GET", url, 5)
    assert len(caught.value.body) == 64 * 1024
    assert len(str(judge(caught.value, "x.y", Context()).problem.original)) < 5_000


def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    def talk(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:  # until the client closes the connection, which ends this in an OSError
            connection.sendall(b"1\r\n{\r\n")
            time.sleep(0.05)

    with server(talk) as (url, _), pytest.raises(requests.RequestException):
        wire().send("GET", url, 0.5)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a": 1}x', b"[" * 200_000], ids=repr)
def test_a_success_that_is_no_json_object_is_malformed(body: bytes) -> None:
    with server(reply("200 OK", body)) as (url, _), pytest.raises(MalformedError):
        wire().send("GET", url, 5)


@pytest.mark.parametrize("body", [b"<html>", b"\n<!DOCTYPE html><html><body>Sign in</body></html>"], ids=repr)
def test_a_success_that_is_a_page_is_told_from_a_malformed_answer(body: bytes) -> None:
    with server(reply("200 OK", body)) as (url, _), pytest.raises(PageError):
        wire().send("GET", url, 5)


def test_a_session_waits_for_no_answer_without_a_deadline() -> None:
    with pytest.raises(ValueError, match="deadline"):
        wire().session.request("GET", "http://127.0.0.1:1/")


@pytest.mark.parametrize("name", ["../x", "a/b", "a?b", "a#b", "a b", "..", ".", "%2e", "é", "a;b"])
def test_a_name_is_one_segment_of_a_path(name: str) -> None:
    written = part(name)
    address = requests.Request("GET", f"http://h/a/{written}/z").prepare().url
    assert address is not None
    path = address.removeprefix("http://h")
    assert path.split("/")[1] == "a"
    assert path.split("/")[3] == "z"
    assert path.count("/") == 3


def test_a_domain_scoped_project_stays_readable() -> None:
    assert part("example.com:project") == "example.com:project"


def test_a_list_that_is_no_list_is_not_taken_for_an_empty_one() -> None:
    assert items({}, "x") == []
    for wrong in ({"x": "abc"}, {"x": {"a": 1}}, {"x": [1]}, {"x": False}):
        with pytest.raises(MalformedError):
            items(wrong, "x")
