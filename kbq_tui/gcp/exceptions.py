"""What the adapter raises itself. `errors.judge` says what it means, and is not needed to send a request."""

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
    """A success whose content is not what Google documents."""


class TokenFetchError(Exception):
    """No access token could be had; the call itself was not sent. The cause says why."""
