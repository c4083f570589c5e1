"""Repeats a sandbox's answers, so that what the sandbox needs to work them out is not measured."""

import gc
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Answer = tuple[int, list[tuple[str, str]], bytes]


class Replay(ThreadingHTTPServer):
    """A server on a free port of this machine that fetches each answer once, and then repeats it.

    Args:
        upstream: the URL of the sandbox.

    Attributes:
        latency: seconds before each answer.
        calls: the number of requests so far.
        fetched: how many of them had to be fetched.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.latency = 0.0
        self.calls = self.fetched = 0
        self.answers: dict[tuple[str, str, str], Answer] = {}
        self.counting = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Replay

    def _answer(self) -> None:
        server, began = self.server, time.monotonic()
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = (self.command, self.path, _without_id(body))
        answer = server.answers.get(asked)
        with server.counting:
            server.calls += 1
            server.fetched += answer is None
        if answer is None:
            answer = server.answers[asked] = self._fetch(body)
        time.sleep(max(0.0, began + server.latency - time.monotonic()))
        status, headers, content = answer
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer

    def _fetch(self, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.server.upstream)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() in ("content-type", "etag")]
        content = answer.read()
        connection.close()
        return answer.status, kept, content

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in http.server
        """Log nothing."""


def _without_id(body: bytes) -> str:
    """Return a request's body without the id that is another one each time."""
    if not body:
        return ""
    sent = json.loads(body)
    sent.pop("requestId", None)
    return json.dumps(sent, sort_keys=True)


@contextmanager
def replaying(upstream: str) -> Iterator[Replay]:
    """Run a replay in threads of this process, in which no garbage is collected meanwhile: that would delay answers."""
    server = Replay(upstream)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    gc.disable()
    try:
        yield server
    finally:
        gc.enable()
        server.shutdown()
        server.server_close()
