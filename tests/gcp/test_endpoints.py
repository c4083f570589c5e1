"""Where Google is, and where credentials may go."""

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from kbq_tui.core.spec import InvalidValueError
from kbq_tui.gcp.endpoints import Endpoints, is_google

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
        "http://127.999.1.1/",
        "http://127.0.0.1.1/",
        "http://127./",
        "http://localhost@evil.example/",
        "https://user:secret@host/",
        "ftp://localhost/",
        "bigquery.example.com",
        "https://",
        "https://[::1",
        "https://host:port/",
        "https://host/?a=b",
        "http://evil.example\\@127.0.0.1/",
        "https://evil.example\\.googleapis.com/",
    ],
)
def test_an_address_that_is_wrong_or_would_leak_credentials_is_refused(value: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Endpoints.from_env({BIGQUERY: value})
    assert caught.value.field == BIGQUERY
    assert "secret" not in caught.value.reason


@pytest.mark.parametrize(
    "value",
    [
        "localhost",
        "localhost:http",
        ":80",
        "127.0.0.1:",
        "127.\u0660.0.1:80",
        "dns://dns.example/iam.googleapis.com:443",
        "unix:/tmp/socket:80",
        "127.0.0.1,evil.example:80",
    ],
)
def test_a_grpc_address_is_host_and_port(value: str) -> None:
    with pytest.raises(InvalidValueError):
        Endpoints.from_env({"KBQ_TUI_IAM_GRPC": value})


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://oauth2.googleapis.com/token", True),
        ("https://accounts.google.com/o/oauth2/token", True),
        ("http://127.0.0.1:8080/token", False),
        ("https://bigquery.private.example/x", True),
        ("http://oauth2.googleapis.com/token", False),
        ("https://googleapis.com.evil.example/token", False),
        ("https://evilgoogleapis.com/token", False),
        ("https://oauth2.googleapis.com@evil.example/token", False),
        ("http://bigquery.private.example/x", False),
        ("https://evil.example/", False),
        ("https://evil.example\\@oauth2.googleapis.com/token", False),
        ("https://evil.example\\.googleapis.com/token", False),
        ("http://evil.example\\@127.0.0.1/token", False),
        ("https://evil.example%2f.googleapis.com/token", False),
        ("https://evil.example\t.googleapis.com/token", False),
        ("https://evil.example\uff0f.googleapis.com/token", False),
    ],
)
def test_credentials_go_to_google_and_to_named_overrides_only(url: str, allowed: bool) -> None:
    endpoints = Endpoints.from_env({BIGQUERY: "https://bigquery.private.example/"})
    assert endpoints.allows(url) is allowed


@given(
    st.builds(
        lambda scheme, parts: scheme + "".join(parts),
        st.sampled_from(["https://", "http://", "https:", "HTTPS://", "//"]),
        st.lists(
            st.sampled_from(
                [
                    "evil.example",
                    "googleapis.com",
                    "127.0.0.1",
                    "[::1]",
                    "localhost",
                    *"\\@/?#:.%;, \t\n",
                    "%2f",
                    "\uff0f",
                    "443",
                ]
            ),
            min_size=1,
            max_size=6,
        ),
    )
)
@settings(max_examples=500)
def test_the_host_that_is_judged_is_the_one_that_is_spoken_to(url: str) -> None:
    if not Endpoints().allows(url):
        return
    prepared = requests.Request("GET", url).prepare().url
    assert prepared is not None
    spoken_to = parse_url(prepared).host or ""
    assert is_google(spoken_to), (url, prepared)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/token", "http://localhost/token", "http://[::1]:9/token"])
def test_this_machine_gets_credentials_only_where_an_override_names_it_on_screen(url: str) -> None:
    assert not Endpoints.from_env({}).allows(url)
    for override in ({BIGQUERY: "http://127.0.0.1:1234/"}, {"KBQ_TUI_IAM_GRPC": "localhost:5"}):
        assert Endpoints.from_env(override).overridden
        assert Endpoints.from_env(override).allows(url)
