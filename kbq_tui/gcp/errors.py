"""Turns a library's exception into a `Fault`, and that into a `Problem`.

Exceptions are recognised by their class's name, because this runs on the event loop, where importing the libraries that
define them would cause a noticeable delay.
"""

import json
import logging
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.gcp.exceptions import HttpError
from kbq_tui.gcp.retry import NOT_ASKED, CallFailure
from kbq_tui.i18n.messages import Message, joined, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.problem import Context, Fault, Problem
from kbq_tui.model.secret import scrub

_log = logging.getLogger(__name__)
_MAX_MESSAGE: Final = 4_000
_MAX_WAIT: Final = 600.0
_MAX_CHAIN: Final = 16

DEADLINE: Final = Code.DEADLINE
MALFORMED: Final = Code.MALFORMED_ANSWER
UNREACHABLE: Final = Code.NETWORK_UNREACHABLE
REFUSED: Final = Code.CONNECTION_REFUSED
LOST: Final = Code.CONNECTION_LOST
DNS: Final = Code.DNS
PROXY: Final = Code.PROXY
TLS: Final = Code.TLS
NO_CREDENTIALS: Final = Code.NO_CREDENTIALS
FILE: Final = Code.CREDENTIALS_FILE
KEY: Final = Code.KEY_FILE_INVALID
UNTRUSTED: Final = Code.ENDPOINT_REFUSED
UNEXPECTED: Final = Code.UNEXPECTED
PORTAL: Final = Code.CAPTIVE_PORTAL

# The first line with a class that occurs in the chain of causes decides; so special classes come first.
_BY_CLASS: Final[tuple[tuple[Code, frozenset[str]], ...]] = (
    (UNTRUSTED, frozenset({"UntrustedAddressError"})),
    (KEY, frozenset({"KeyUnusableError"})),
    (FILE, frozenset({"CredentialsFileError"})),
    (NO_CREDENTIALS, frozenset({"DefaultCredentialsError"})),
    (PROXY, frozenset({"ProxyError", "ProxySchemeUnknown", "InvalidProxyURL", "ProxySchemeUnsupported"})),
    (PORTAL, frozenset({"PageError"})),
    (TLS, frozenset({"SSLError", "SSLCertVerificationError", "CertificateError"})),
    (DNS, frozenset({"NameResolutionError", "gaierror", "herror"})),
    (REFUSED, frozenset({"ConnectionRefusedError"})),
    (DEADLINE, frozenset({"TimeoutError", "Timeout", "ReadTimeoutError", "ConnectTimeoutError", "TimeoutExpired"})),
    (
        LOST,
        frozenset(
            {
                "ConnectionResetError",
                "ConnectionAbortedError",
                "BrokenPipeError",
                "RemoteDisconnected",
                "IncompleteRead",
                "InvalidChunkLength",
                "ProtocolError",
                "ChunkedEncodingError",
            }
        ),
    ),
    (
        MALFORMED,
        # in requests, the last two are kinds of OSError, as if the network were the reason
        frozenset(
            {
                "MalformedError",
                "AnswerTooLargeError",
                "ContentDecodingError",
                "DecodeError",
                "JSONDecodeError",
                "InvalidJSONError",
            }
        ),
    ),
    (UNREACHABLE, frozenset({"ConnectionError", "NewConnectionError", "OSError"})),
)

# The same for gRPC, which only has texts: (the text, the code).
_GRPC_WORDS: Final = (
    (pattern(r"http2 header with status: 3\d\d|content-type: text/html", re.I), PORTAL),
    (pattern(r"deserializing response|content-type|http2 header with status: 2\d\d", re.I), MALFORMED),
    (pattern(r"dns resolution failed|name resolution|domain name not found", re.I), DNS),
    (pattern(r"handshake|certificate|ssl_error|\btls\b", re.I), TLS),
    (pattern(r"connection refused", re.I), REFUSED),
    (pattern(r"connection reset|socket closed|broken pipe|goaway|end of tcp stream|rst_stream", re.I), LOST),
    (pattern(r"failed to connect|unreachable|no route", re.I), UNREACHABLE),
)

# Answers that refuse: the request was refused before anything was done. After any other answer the effect is unknown.
_REFUSALS: Final = frozenset({400, 401, 403, 404, 405, 409, 412, 413, 429})
_REFUSAL_STATUS: Final = frozenset(
    {
        "INVALID_ARGUMENT",
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "FAILED_PRECONDITION",
        "ABORTED",
        "RESOURCE_EXHAUSTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
    }
)
_CANONICAL: Final = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
"""google.rpc.Code by number."""
_NEVER_SENT: Final = frozenset(
    {
        "TokenFetchError",
        "UntrustedAddressError",
        "CredentialsFileError",
        "DefaultCredentialsError",
        "RefreshError",
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeout",
        "ConnectTimeoutError",
        "ConnectionRefusedError",
        "ProxyError",
        "SSLCertVerificationError",
    }
)
_NOT_CONNECTED: Final = pattern(r"failed to connect|dns resolution failed|name resolution", re.I)

_DATASET_WRITES: Final = frozenset({"bigquery.datasets.patch", "bigquery.datasets.update"})
_DATASET_PAUSE: Final = 3.0
"""Seconds before a dataset that accepts no more updates is written again: five are accepted in ten seconds, and the
pauses of one call must be longer than that. Source: https://cloud.google.com/bigquery/quotas#dataset_limits"""


def judge(error: BaseException, method: str, context: Context) -> CallFailure:
    """Judge an exception.

    Args:
        error: any exception of a call.
        method: the method that was called, such as `bigquery.datasets.get`.
        context: what the call was about.
    """
    chain = list(_chain(error))
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    if "NewConnectionError" in names:  # urllib3 makes it a kind of time-out, for backward compatibility
        names -= {"ConnectTimeoutError", "TimeoutError"}
    if "TokenFetchError" in names:
        method = "oauth2.token"
    sent = not (names & _NEVER_SENT)
    for link in chain:
        fault = fault_of(link, method)
        if fault is None:
            continue
        code = _grpc_code(fault) if fault.http is None else None
        if code is not None:
            sent = sent and not _NOT_CONNECTED.search(fault.message)
            return CallFailure(_problem(code, context, method, fault.message), sent)
        refused = fault.http in _REFUSALS or fault.status in _REFUSAL_STATUS
        problem, wait = recognised(fault, context), fault.retry_after or 0.0
        if problem.code == Code.RATE_LIMITED and fault.http == 403 and method in _DATASET_WRITES:
            wait = max(wait, _DATASET_PAUSE)
        return CallFailure(problem, sent and not refused, wait)
    known = next((code for code, kinds in _BY_CLASS if names & kinds), None)
    code = known or MALFORMED
    words: str | Message = joined("; ", *dict.fromkeys(_words(link) for link in chain if str(link)))
    details: dict[str, str | Message] = {}
    if known is None and any(NOT_ASKED in getattr(link, "__notes__", ()) for link in chain):
        # Nothing was sent, so it is not an answer of Google's that failed.
        last = chain[-1]
        code, words, details = UNEXPECTED, "", {"reason": _short(f"{type(last).__name__}: {last}")}
        _log.warning("%s: not asked (%s)", method, type(last).__name__)
    elif known is None:
        # A library failed on an answer, or we did: KeyError, AttributeError, TypeError and the like. Python's text is
        # not Google's, but would be shown as if it were.
        words = ""
        _log.warning("%s: answer not understood (%s)", method, type(error).__name__)
    for link in chain:
        if type(link).__name__ == "UntrustedAddressError":
            details["endpoint"] = _words(link)
        elif code == KEY:
            details |= {"path": message("What was read"), "reason": _words(link)}
    return CallFailure(_problem(code, context, method, words, **details), sent)


def recognised(fault: Fault, context: Context) -> Problem:
    """Return the Problem for a fault. What recognises it is imported with the first one: most runs have none."""
    from kbq_tui.diagnosis.recognise import recognise

    return recognise(fault, context)


def _words(error: BaseException) -> str | Message:
    """Return an exception's text; our own messages unchanged."""
    return error.args[0] if error.args and isinstance(error.args[0], Message) else str(error)


def _problem(code: Code, context: Context, method: str, words: str | Message, **details: str | Message) -> Problem:
    text = str(words)
    original = words if len(text) <= 2 * _MAX_MESSAGE else text[: 2 * _MAX_MESSAGE]
    return catalogue.problem(code, context, original=original, method=method, **details)


def fault_of(error: BaseException, method: str) -> Fault | None:
    """Return the fault in an error that Google answered, or None for any other exception."""
    if isinstance(error, HttpError):
        return _from_http(error.status, error.headers, error.body, method)
    names = {kind.__name__ for kind in type(error).__mro__}
    if "GoogleAPICallError" in names:
        answer: Any = getattr(error, "response", None)
        if hasattr(answer, "status_code") and hasattr(answer, "content"):
            return _from_http(answer.status_code, answer.headers, answer.content, method)
        return _from_grpc(error, method)
    if "RefreshError" in names:
        return _from_refresh(error, method)
    return None


def _from_http(status: int, headers: Mapping[str, str], body: bytes, method: str) -> Fault:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    error = answer.get("error") if isinstance(answer, dict) else None
    wait = _retry_after(headers.get("Retry-After") or headers.get("retry-after"))
    if isinstance(error, str) and isinstance(answer, dict):  # RFC 6749 section 5.2
        words = f"{error}: {answer.get('error_description', '')}".removesuffix(": ")
        return Fault(_short(words), status, "UNAUTHENTICATED", error, method=method, retry_after=wait)
    if not isinstance(error, dict):
        words = body[:_MAX_MESSAGE].decode(errors="replace").strip()
        return Fault(_short(words) or f"HTTP {status} without a message", status, method=method, retry_after=wait)
    from kbq_tui.diagnosis.google_error import from_error  # likewise

    fault = from_error(error)
    asked = wait if wait is not None or fault.retry_after is None else min(fault.retry_after, _MAX_WAIT)
    return replace(fault, message=_short(fault.message), http=status, method=method, retry_after=asked)


def from_status(error: Mapping[str, Any], method: str) -> Fault:
    """Return the fault in a google.rpc.Status, as in a failed operation."""
    code = error.get("code")
    name = _CANONICAL[code] if isinstance(code, int) and 0 <= code < len(_CANONICAL) else "UNKNOWN"
    body = json.dumps({"error": {**error, "status": name}}).encode()
    return replace(_from_http(500, {}, body, method), http=None)


def _from_grpc(error: Any, method: str) -> Fault:
    code = getattr(error, "grpc_status_code", None)
    reason, metadata, violations, wait = None, {}, [], None
    for detail in getattr(error, "details", None) or ():
        kind = getattr(getattr(detail, "DESCRIPTOR", None), "name", "")
        if kind == "ErrorInfo":
            reason, metadata = detail.reason, {k: _short(v) for k, v in detail.metadata.items()}
        elif kind == "PreconditionFailure":
            violations += [violation.type for violation in detail.violations]
        elif kind == "RetryInfo":
            wait = _retry_after(str(detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9))
    message = _short(str(getattr(error, "message", "")))
    status = code.name if code is not None else None
    return Fault(message, None, status, reason, tuple(violations), metadata, method, wait)


def _from_refresh(error: BaseException, method: str) -> Fault:
    words = _short(str(error.args[0]) if error.args else str(error))
    answer = error.args[1] if len(error.args) > 1 else None
    if isinstance(answer, str):  # impersonation passes the body
        try:
            answer = json.loads(answer)
        except (ValueError, RecursionError):
            answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        status = answer["error"].get("code")
        body = json.dumps(answer).encode()
        return _from_http(status if isinstance(status, int) else 401, {}, body, "iamcredentials.generateAccessToken")
    if getattr(error, "retryable", False):
        return Fault(words, 503, "UNAVAILABLE", method=method)
    reason = str(answer["error"]) if isinstance(answer, dict) and "error" in answer else None
    return Fault(words, None, "UNAUTHENTICATED", reason, method=method)


def _grpc_code(fault: Fault) -> Code | None:
    """Return the code of a failure to reach Google at all; None if Google answered."""
    if fault.status in ("DEADLINE_EXCEEDED", "CANCELLED"):
        return DEADLINE
    if fault.status in ("UNAVAILABLE", "UNKNOWN", "INTERNAL"):
        for words, code in _GRPC_WORDS:
            if words.search(fault.message):
                return code
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all exceptions that are known to have caused it, outermost first."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MAX_CHAIN:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
        waiting += [cause for cause in inner if isinstance(cause, BaseException)]


def _short(words: str) -> str:
    return scrub(words[: 2 * _MAX_MESSAGE])[:_MAX_MESSAGE]


def _retry_after(value: str | None) -> float | None:
    """Return seconds from a Retry-After header: seconds or a date (RFC 9110 section 10.2.3); bounded."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), _MAX_WAIT) if math.isfinite(seconds) else None
