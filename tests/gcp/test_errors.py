"""Every exception of the libraries becomes a problem with a code, without anything secret in it."""

import errno
import json
import socket
import ssl
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
import requests
import urllib3
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from kbq_tui.gcp.errors import fault_of, from_status, judge
from kbq_tui.gcp.exceptions import HttpError, MalformedError, TokenFetchError
from kbq_tui.gcp.session import PageError, UntrustedAddressError
from kbq_tui.model.problem import Context, Kind, Retry
from tests.support.known import known

ErrorT = TypeVar("ErrorT", bound=BaseException)
NONE: Any = None
"""A pool or connection that an error does not use."""
CONTEXT = Context("my-project", "x@my-project.iam.gserviceaccount.com", "KLAVIYO_TMP", "EU")


def caused(error: ErrorT, cause: BaseException) -> ErrorT:
    error.__cause__ = cause
    return error


def http(status: int, body: Any = None, **headers: str) -> HttpError:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpError(status, {key.replace("_", "-"): value for key, value in headers.items()}, text)


def grpc_error(kind: type[Exception], message: str) -> Exception:
    return kind(message)


@pytest.mark.parametrize(
    ("error", "code", "acted"),
    [
        (requests.ReadTimeout("read timed out"), "KBQ-DEADLINE", True),
        (requests.ConnectTimeout("timed out"), "KBQ-DEADLINE", False),
        (TimeoutError(), "KBQ-DEADLINE", True),
        (
            requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(
                    NONE,
                    "/",
                    caused(urllib3.exceptions.NewConnectionError(NONE, "refused"), ConnectionRefusedError(111, "no")),
                )
            ),
            "KBQ-CONNECTION-REFUSED",
            False,
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(
                    NONE,
                    "/",
                    urllib3.exceptions.NameResolutionError("host", NONE, socket.gaierror(-2, "unknown")),
                )
            ),
            "KBQ-DNS",
            False,
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(
                    NONE,
                    "/",
                    caused(
                        urllib3.exceptions.NewConnectionError(NONE, "unreachable"),
                        OSError(errno.ENETUNREACH, "no way"),
                    ),
                )
            ),
            "KBQ-NETWORK-UNREACHABLE",
            False,
        ),
        (requests.exceptions.ProxyError("Tunnel connection failed: 407"), "KBQ-PROXY", False),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed certificate")), "KBQ-TLS", False),
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", ConnectionResetError(104, "reset"))),
            "KBQ-CONNECTION-LOST",
            True,
        ),
        (requests.exceptions.ChunkedEncodingError("incomplete"), "KBQ-CONNECTION-LOST", True),
        (MalformedError("not JSON"), "KBQ-MALFORMED-ANSWER", True),
        (requests.exceptions.JSONDecodeError("Expecting value", "<html>", 0), "KBQ-MALFORMED-ANSWER", True),
        (PageError("<!doctype html>"), "KBQ-CAPTIVE-PORTAL", True),
        (KeyError("name"), "KBQ-MALFORMED-ANSWER", True),
        (AttributeError("x"), "KBQ-MALFORMED-ANSWER", True),
        (UntrustedAddressError("evil.example"), "KBQ-ENDPOINT-REFUSED", False),
        (auth.DefaultCredentialsError("none"), "KBQ-NO-CREDENTIALS", False),
        (
            auth.RefreshError(
                "Reauthentication is needed. Please run `gcloud auth application-default login` to reauthenticate."
            ),
            "KBQ-LOGIN-EXPIRED",
            False,
        ),
        (
            caused(
                TokenFetchError(),
                auth.RefreshError("invalid_grant: Invalid JWT Signature.", {"error": "invalid_grant"}),
            ),
            "KBQ-KEY-REJECTED",
            False,
        ),
        (caused(TokenFetchError(), requests.ReadTimeout("slow")), "KBQ-DEADLINE", False),
        (api.DeadlineExceeded("Deadline Exceeded"), "KBQ-DEADLINE", True),
        (http(503, b"upstream connect error"), "KBQ-GOOGLE-UNAVAILABLE", True),
        (http(429, {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}), None, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_each_failure_has_its_problem(error: BaseException, code: str | None, acted: bool) -> None:
    verdict = judge(error, "bigquery.datasets.get", CONTEXT)
    if code is not None:
        assert verdict.problem.code == code
    assert verdict.acted is acted


@pytest.mark.parametrize(
    ("message", "code", "acted"),
    [
        (
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote "
            "host: Connection refused (111)",
            "KBQ-CONNECTION-REFUSED",
            False,
        ),
        ("DNS resolution failed for iam.googleapis.com:443: C-ares status is not ARES_SUCCESS", "KBQ-DNS", False),
        ("Socket closed", "KBQ-CONNECTION-LOST", True),
        ("recvmsg:Connection reset by peer", "KBQ-CONNECTION-LOST", True),
        ("Ssl handshake failed: SSL_ERROR_SSL: CERTIFICATE_VERIFY_FAILED", "KBQ-TLS", True),
        ("The service is currently unavailable.", "KBQ-GOOGLE-UNAVAILABLE", True),
        ("Exception deserializing response!", "KBQ-MALFORMED-ANSWER", True),
        ("invalid content-type: text/html", "KBQ-CAPTIVE-PORTAL", True),
        ("invalid content-type: text/plain", "KBQ-MALFORMED-ANSWER", True),
        ("Received http2 header with status: 302", "KBQ-CAPTIVE-PORTAL", True),
        ("Received http2 header with status: 503", "KBQ-GOOGLE-UNAVAILABLE", True),
    ],
)
def test_grpc_says_the_same_in_words_only(message: str, code: str, acted: bool) -> None:
    import grpc

    class Rpc(grpc.RpcError):  # type: ignore[misc]
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNAVAILABLE

        def details(self) -> str:
            return message

        def trailing_metadata(self) -> tuple[()]:
            return ()

    verdict = judge(api.from_grpc_error(Rpc()), "iam.serviceAccounts.get", CONTEXT)
    assert verdict.problem.code == code
    assert verdict.acted is acted


def test_structure_comes_before_words() -> None:
    body = {
        "error": {
            "code": 400,
            "message": "Key creation is not allowed on this service account.",
            "status": "FAILED_PRECONDITION",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
                    "violations": [{"type": "constraints/iam.managed.disableServiceAccountKeyCreation"}],
                },
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "SOME_REASON",
                    "metadata": {"permission": "a.b.c"},
                },
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"},
            ],
        }
    }
    fault = fault_of(http(400, body), "iam.serviceAccounts.keys.create")
    assert fault is not None
    assert fault.violations == ("constraints/iam.managed.disableServiceAccountKeyCreation",)
    assert (fault.reason, fault.metadata, fault.retry_after) == ("SOME_REASON", {"permission": "a.b.c"}, 1.5)


def test_bigquerys_own_shape() -> None:
    body = {"error": {"code": 403, "message": "Denied", "errors": [{"reason": "accessDenied", "message": "Denied"}]}}
    fault = fault_of(http(403, body), "x")
    assert fault is not None
    assert (fault.reason, fault.http, fault.status) == ("accessDenied", 403, None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-4", 0.0), ("1e9", 600.0), ("nan", None), ("soon", None), ("", None)],
)
def test_how_long_to_wait_is_bounded(value: str, seconds: float | None) -> None:
    assert known(fault_of(http(429, {}, Retry_After=value), "x")).retry_after == seconds


def test_a_date_to_wait_for() -> None:
    assert known(fault_of(http(503, {}, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), "x")).retry_after == 0.0
    assert known(fault_of(http(503, {}, Retry_After="Fri, 21 Oct 2095 07:28:00 GMT"), "x")).retry_after == 600.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'{"error": null}',
        b'{"error": []}',
        b'{"error": {"details": "x", "errors": {"a": 1}, "message": {"b": 2}, "code": "x"}}',
        b'{"error": {"details": [1, {"@type": 5, "violations": 3}]}}',
        b'{"error": {"details": [{"@type": "x.PreconditionFailure", "violations": [7]}]}}',
        b"\xff" * 100,
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_no_error_is_too_odd_to_be_told(body: bytes) -> None:
    problem = judge(http(418, body), "x.y", CONTEXT).problem
    assert problem.title
    assert problem.retry is Retry.NEVER


def test_secrets_in_errors_are_masked() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"
    for error in (
        http(400, {"error": {"message": f"bad {key} and ya29.abcdefgh", "status": "INVALID_ARGUMENT"}}),
        http(500, f"trace {key} Bearer abcdefghijklmnop".encode()),
        ValueError(f"could not parse {key}"),
        auth.RefreshError(f"no: {key}", {"error": "invalid_request"}),
        api.InternalServerError(f"{key}"),
    ):
        shown = repr(judge(error, "x.y", CONTEXT))
        assert "MIIEvQ" not in shown
        assert "ya29.abc" not in shown
        assert "abcdefghijklmnop" not in shown


def test_the_body_of_a_refused_impersonation_is_understood() -> None:
    body = {
        "error": {
            "code": 403,
            "message": "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
            "status": "PERMISSION_DENIED",
        }
    }
    error = auth.RefreshError("Unable to acquire impersonated credentials", json.dumps(body))
    problem = judge(error, "oauth2.token", CONTEXT).problem
    assert problem.code == "KBQ-IMPERSONATION-DENIED"
    assert problem.kind is Kind.CREDENTIALS


def test_a_failed_operation_is_a_fault() -> None:
    fault = from_status({"code": 7, "message": "Permission denied"}, "serviceusage.services.batchEnable")
    assert (fault.status, fault.message, fault.http) == ("PERMISSION_DENIED", "Permission denied", None)
    assert from_status({"code": 99, "message": "x"}, "y").status == "UNKNOWN"


def test_a_ring_of_causes_ends() -> None:
    one, other = ValueError("a"), ValueError("b")
    one.__cause__, other.__cause__ = other, one
    assert judge(one, "x", CONTEXT).problem.code == "KBQ-MALFORMED-ANSWER"


def test_an_answer_that_is_not_requests_own_is_left_alone() -> None:
    assert fault_of(ValueError("x"), "y") is None
    assert fault_of(SimpleNamespace, "y") is None  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 511])
def test_a_redirect_is_a_login_page_of_the_networks(status: int) -> None:
    problem = judge(http(status, b"<html>moved</html>"), "x.y", CONTEXT).problem
    assert problem.code == "KBQ-CAPTIVE-PORTAL"
    assert problem.exit_code == 5
