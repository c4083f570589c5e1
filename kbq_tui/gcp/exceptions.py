"""Exceptions that the adapter raises itself. `errors.judge` interprets them; that module is not needed to send a
request."""

from collections.abc import Mapping


class HttpError(Exception):
    """Google's answer was not a success.

    Attributes:
        status: HTTP status.
        headers: of the answer.
        body: of the answer, cut.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body


class MalformedError(Exception):
    """A successful answer whose content is not what Google documents."""


class TokenFetchError(Exception):
    """There is no access token; the call itself was not sent. The cause says why."""
