"""Where Google is, and where credentials may go."""

import pytest

from kbq_tui.core.spec import InvalidValueError
from kbq_tui.gcp.endpoints import Endpoints

BIGQUERY = "CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY"


def test_without_overrides_everything_is_at_google() -> None:
    endpoints = Endpoints.from_env({"PATH": "/bin"})
    assert endpoints.bigquery == "https://bigquery.googleapis.com"
    assert endpoints.iam_grpc == "iam.googleapis.com:443"
    assert not endpoints.iam_grpc_is_local
    assert endpoints.overridden == ()


def test_gclouds_own_variables_are_read_and_shown() -> None:
    env = {BIGQUERY: "http://127.0.0.1:9050/", "KBQ_TUI_IAM_GRPC": "[::1]:9051", "UNRELATED": "x"}
    endpoints = Endpoints.from_env(env)
    assert endpoints.bigquery == "http://127.0.0.1:9050"
    assert endpoints.iam_grpc_is_local
    assert endpoints.overridden == ("bigquery: http://127.0.0.1:9050", "iam (gRPC): [::1]:9051")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_plain_http_is_taken_on_this_machine(host: str) -> None:
    assert Endpoints.from_env({BIGQUERY: f"http://{host}:1/x/"}).bigquery == f"http://{host}:1/x"


@pytest.mark.parametrize(
    "value",
    [
        "http://bigquery.example.com/",
        "http://127.0.0.1.example.com/",
        "http://127.evil/",
        "http://localhost@evil.example/",
        "https://user:secret@host/",
        "ftp://localhost/",
        "bigquery.example.com",
        "https://",
        "https://[::1",
        "https://host:port/",
        "https://host/?a=b",
    ],
)
def test_an_address_that_is_wrong_or_would_leak_credentials_is_refused(value: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Endpoints.from_env({BIGQUERY: value})
    assert caught.value.field == BIGQUERY
    assert "secret" not in caught.value.reason


@pytest.mark.parametrize("value", ["localhost", "localhost:http", ":80", "127.0.0.1:"])
def test_a_grpc_address_is_host_and_port(value: str) -> None:
    with pytest.raises(InvalidValueError):
        Endpoints.from_env({"KBQ_TUI_IAM_GRPC": value})


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://oauth2.googleapis.com/token", True),
        ("https://accounts.google.com/o/oauth2/token", True),
        ("http://127.0.0.1:8080/token", True),
        ("https://bigquery.private.example/x", True),
        ("http://oauth2.googleapis.com/token", False),
        ("https://googleapis.com.evil.example/token", False),
        ("https://evilgoogleapis.com/token", False),
        ("https://oauth2.googleapis.com@evil.example/token", False),
        ("http://bigquery.private.example/x", False),
        ("https://evil.example/", False),
    ],
)
def test_credentials_go_to_google_to_this_machine_and_to_named_overrides_only(url: str, allowed: bool) -> None:
    endpoints = Endpoints.from_env({BIGQUERY: "https://bigquery.private.example/"})
    assert endpoints.allows(url) is allowed
