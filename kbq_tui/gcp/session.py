"""One principal's access token and HTTP connections, shared by every call made in its name."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from kbq_tui import __version__
from kbq_tui.gcp.credentials import Found
from kbq_tui.gcp.endpoints import Endpoints, is_loopback
from kbq_tui.gcp.exceptions import HttpError, TokenFetchError
from kbq_tui.gcp.retry import asking
from kbq_tui.i18n.messages import message
from kbq_tui.model.lazy_pattern import pattern

if TYPE_CHECKING:
    import requests

_POOL: Final = 32
_CONNECT_TIMEOUT: Final = 10.0
_MAX_BODY: Final = 64 * 1024 * 1024
_MAX_ERROR_BODY: Final = 64 * 1024
_CHUNK: Final = 64 * 1024
_PAGE: Final = pattern(rb"(?:\xef\xbb\xbf)?\s{0,200}<(?:!doctype\s+html|!--|html|head|body)\b", re.IGNORECASE)
_PAGE_SHOWN: Final = 1_000
# A company's proxy cannot reach this machine's loopback. None removes the environment's proxies.
_NO_PROXY: Final[Any] = {"http": None, "https": None, "all": None}


class UntrustedAddressError(Exception):
    """Credentials would have been sent to a host that is neither Google's nor that of an override."""


class AnswerTooLargeError(Exception):
    """A successful answer that is larger than anything we ask for."""


class PageError(Exception):
    """A successful answer that is an HTML page. No Google API returns one: it comes from a network or a proxy."""


class Token:
    """A principal's access token: fetched once for all who need it at the same time.

    Args:
        load: finds the credentials; runs on a worker thread, at the first call.
        on_sent: called each time the token was requested.
    """

    def __init__(self, load: Callable[[], Found], on_sent: Callable[[], object] | None = None) -> None:
        self._load = load
        self._on_sent = on_sent
        self._found: Found | None = None
        self._lock = threading.Lock()
        self._round = 0
        self._failure: Exception | None = None
        self._sent = False

    def found(self, timeout: float) -> Found:
        """Return the credentials and their owner; searches for them at the first call.

        Raises:
            CredentialsFileError, google.auth.exceptions.DefaultCredentialsError: there are none.
            TimeoutError: another call's search took too long.
        """
        with self._locked(timeout):
            if self._found is None:
                self._found = self._load()
            return self._found

    def headers(self, http: "Session", timeout: float, *, fresh: bool = False, stale: str = "") -> dict[str, str]:
        """Return the headers that authenticate a call; fetches a token if there is no valid one.

        Calls that wait while another one fetches share its token or its error.

        Args:
            http: fetches the token.
            timeout: seconds for it.
            fresh: fetch a new one even if there is a valid one.
            stale: a token that Google has just refused; fetch another unless that has been done already.

        Raises:
            TokenFetchError: Google refuses or cannot be reached.
            CredentialsFileError, google.auth.exceptions.DefaultCredentialsError: no credentials were found.
            TimeoutError: another call's fetch took too long.
        """
        seen = self._round
        credentials = self.found(timeout).credentials
        with self._locked(timeout):
            if self._round == seen:
                if fresh or not credentials.valid or (stale and credentials.token == stale):
                    self._fetch(credentials, http, timeout)
            elif self._failure is not None:
                if self._sent:
                    asking()  # by the call that fetched for this one, too
                raise TokenFetchError from self._failure
            headers: dict[str, str] = {"authorization": f"Bearer {credentials.token}"}
            if credentials.quota_project_id:
                headers["x-goog-user-project"] = credentials.quota_project_id
            return headers

    @contextmanager
    def _locked(self, timeout: float) -> Iterator[None]:
        if not self._lock.acquire(timeout=timeout):
            raise TimeoutError("waiting for another call to get the access token")
        try:
            yield
        finally:
            self._lock.release()

    def _fetch(self, credentials: Any, http: "Session", timeout: float) -> None:
        ends = time.monotonic() + timeout
        self._sent = False

        def request(url: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> Any:
            self._sent = True
            left = max(0.001, ends - time.monotonic())
            data = _Body(body, self._on_sent) if isinstance(body, bytes) and self._on_sent is not None else body
            response = http.plain(method, url, data=data, headers=headers, timeout=left)
            if response.status_code == 429 or response.status_code >= 500 or 300 <= response.status_code < 400:
                # Retries are the caller's: google.auth would sleep here and ignore the deadline.
                raise HttpError(response.status_code, response.headers, response.content)
            return _AuthResponse(response)

        try:
            credentials.refresh(request)
            self._failure = None
        except Exception as error:
            self._failure = error
            raise TokenFetchError from error
        finally:
            self._round += 1


class _Body:
    """The body of a request, as a file that detects when all of it was sent: then it is asked for more.

    Args:
        data: the body.
        on_sent: called once.
    """

    def __init__(self, data: bytes, on_sent: Callable[[], object]) -> None:
        self._data = data
        self._left = data
        self._on_sent: Callable[[], object] | None = on_sent

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:  # by this method, requests distinguishes a file from text
        while block := self.read():
            yield block

    def read(self, size: int = -1) -> bytes:
        """Return what was not sent yet; nothing once everything was."""
        block, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        if not block and self._on_sent is not None:
            on_sent, self._on_sent = self._on_sent, None
            on_sent()
        return block


class _AuthResponse:
    """An answer in the shape google.auth wants (google.auth.transport.Response)."""

    def __init__(self, response: "requests.Response") -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.data = response.content


class Session:
    """HTTP as one principal: adds the token, limits time and size, never follows a redirect.

    It has the `request` method of `requests.Session`, so Google's libraries accept it as one.

    Args:
        token: the principal's token.
        endpoints: which hosts may receive credentials.
    """

    is_mtls = False
    """Read by google-cloud-core."""

    def __init__(self, token: Token, endpoints: Endpoints) -> None:
        self.token = token
        self.endpoints = endpoints
        self._lock = threading.Lock()
        self._http: requests.Session | None = None

    def request(
        self,
        method: str,
        url: str,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> "requests.Response":
        """Make an authenticated request; one more, with a new token, if Google answers 401.

        Args:
            method, url, data, headers: as in requests.
            timeout: seconds for everything; required.
        """
        if timeout is None:
            raise ValueError("every call needs a deadline")
        ends = time.monotonic() + timeout
        sent = self.token.headers(self, timeout)
        response = self.plain(method, url, data, {**(headers or {}), **sent}, max(0.001, ends - time.monotonic()))
        if response.status_code == 401:
            stale = sent["authorization"].removeprefix("Bearer ")
            sent = self.token.headers(self, max(0.001, ends - time.monotonic()), stale=stale)
            response = self.plain(method, url, data, {**(headers or {}), **sent}, max(0.001, ends - time.monotonic()))
        return response

    def plain(
        self, method: str, url: str, data: Any = None, headers: Mapping[str, str] | None = None, timeout: float = 30.0
    ) -> "requests.Response":
        """Make a request with exactly these headers, and read the whole answer, within limits.

        It goes to the API's endpoint, whichever of Google's hosts a library used.

        Raises:
            UntrustedAddressError: the host may not receive credentials.
            AnswerTooLargeError: a successful answer is larger than 64 MiB. Error bodies are cut at 64 KiB.
            PageError: a successful answer is an HTML page.
        """
        url = self.endpoints.settled(url)
        host = urlsplit(url).hostname
        if not self.endpoints.allows(url):
            raise UntrustedAddressError(host or message("an address without a host"))
        import requests

        ends = time.monotonic() + timeout
        http = self._session()
        asking()
        response = http.request(
            method,
            url,
            data=data,
            headers=dict(headers or {}),
            timeout=(min(_CONNECT_TIMEOUT, timeout), timeout),
            allow_redirects=False,
            stream=True,
            auth=_as_given,
            proxies=_NO_PROXY if is_loopback(host) else None,
        )
        with response:
            good = response.status_code < 300
            limit = _MAX_BODY if good else _MAX_ERROR_BODY
            parts: list[bytes] = []
            size = 0
            for chunk in response.iter_content(_CHUNK):
                if time.monotonic() > ends:
                    raise requests.ReadTimeout("the answer did not end in time")
                parts.append(chunk[: limit - size])
                size += len(parts[-1])
                if size >= limit:
                    if good:
                        raise AnswerTooLargeError(url)
                    break
        content = b"".join(parts)
        if good and _PAGE.match(content):
            raise PageError(content[:_PAGE_SHOWN].decode(errors="replace"))
        response._content = content  # where `content` and `json()` read it; requests has no other way to limit the size
        return response

    def close(self) -> None:
        """Close idle connections; those in use end with their calls."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def _session(self) -> "requests.Session":
        with self._lock:
            if self._http is None:
                import requests
                from requests.adapters import HTTPAdapter

                http = requests.Session()
                http.headers["User-Agent"] = f"kbq-tui/{__version__}"
                for scheme in ("https://", "http://"):
                    http.mount(scheme, HTTPAdapter(pool_connections=_POOL, pool_maxsize=_POOL, max_retries=0))
                self._http = http
            return self._http


def _as_given(request: Any) -> Any:
    """A placeholder for an auth object: without one, requests replaces our header by the one for the host in
    ~/.netrc."""
    return request
