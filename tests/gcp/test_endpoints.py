"""Google's addresses, and where credentials may be sent."""

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from kbq_tui.gcp.endpoints import Endpoints, is_google
from kbq_tui.model.spec import InvalidValueError

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
    assert "secret" not in str(caught.value.reason)


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


ELSEWHERE = Endpoints.from_env(
    {
        BIGQUERY: "https://bq.private.example/gcp",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": "http://127.0.0.1:9050/",
        "CLOUDSDK_AUTH_TOKEN_HOST": "http://127.0.0.1:9050/token",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM": "https://iam.private.example/",
    }
)
GENERATE = "/v1/projects/-/serviceAccounts/a@b:generateAccessToken"


@pytest.mark.parametrize(
    ("url", "settled"),
    [
        ("https://bigquery.googleapis.com/bigquery/v2/x?a=b", "https://bq.private.example/gcp/bigquery/v2/x?a=b"),
        ("https://bigquery.mtls.googleapis.com/bigquery/v2/x", "https://bq.private.example/gcp/bigquery/v2/x"),
        ("https://bigquery.us-east4.rep.googleapis.com/x", "https://bq.private.example/gcp/x"),
        ("https://bigquery.us-east4.rep.mtls.googleapis.com:443/x", "https://bq.private.example/gcp/x"),
        ("https://us-east4-bigquery.googleapis.com/x", "https://bq.private.example/gcp/x"),
        ("https://bigquery.googleapis.com", "https://bq.private.example/gcp"),
        ("https://bq.private.example/gcp/x", "https://bq.private.example/gcp/x"),
        (f"https://iamcredentials.googleapis.com{GENERATE}", f"http://127.0.0.1:9050{GENERATE}"),
        (f"https://iamcredentials.mtls.googleapis.com{GENERATE}", f"http://127.0.0.1:9050{GENERATE}"),
        ("https://oauth2.googleapis.com/token", "http://127.0.0.1:9050/token"),
        ("https://oauth2.mtls.googleapis.com/token", "http://127.0.0.1:9050/token"),
        ("https://accounts.google.com/o/oauth2/token", "http://127.0.0.1:9050/token"),
        ("https://www.googleapis.com/oauth2/v4/token", "http://127.0.0.1:9050/token"),
        ("https://serviceusage.mtls.googleapis.com/v1/x", "https://serviceusage.googleapis.com/v1/x"),
        ("https://serviceusage.googleapis.com/v1/x", "https://serviceusage.googleapis.com/v1/x"),
        ("https://notbigquery.googleapis.com.evil.example/x", "https://notbigquery.googleapis.com.evil.example/x"),
        ("http://bigquery.googleapis.com/x", "http://bigquery.googleapis.com/x"),
        ("https://evil.example\\@bigquery.googleapis.com/", "https://evil.example\\@bigquery.googleapis.com/"),
    ],
)
def test_a_request_for_an_api_goes_where_the_api_is(url: str, settled: str) -> None:
    assert ELSEWHERE.settled(url) == settled
    assert ELSEWHERE.settled(settled) == settled


@pytest.mark.parametrize(
    "url",
    [
        "https://bigquery.googleapis.com/x",
        "https://bigquery.mtls.googleapis.com/x",
        "https://bigquery.europe-west3.rep.googleapis.com/x",
        "https://iam.googleapis.com/v1/x",
        "https://oauth2.googleapis.com/tokeninfo",
        "https://oauth2.googleapis.com/token",
        "https://www.googleapis.com/oauth2/v4/token",
    ],
)
def test_the_host_that_an_override_replaces_gets_no_credentials(url: str) -> None:
    assert Endpoints().allows(url)
    assert not ELSEWHERE.allows(url)


def test_an_override_may_name_another_of_google_s_hosts() -> None:
    regional = "https://bigquery.us-east4.rep.googleapis.com"
    endpoints = Endpoints.from_env(
        {BIGQUERY: regional, "CLOUDSDK_AUTH_TOKEN_HOST": "https://oauth2.googleapis.com/token"}
    )
    assert endpoints.settled("https://bigquery.googleapis.com/x") == f"{regional}/x"
    assert endpoints.settled(f"{regional}/x") == f"{regional}/x"
    assert endpoints.allows(f"{regional}/x")
    assert endpoints.allows("https://oauth2.googleapis.com/token")


@pytest.mark.parametrize(
    ("override", "target"),
    [
        ("https://iam.private.example/", "iam.private.example:443"),
        ("https://iam.private.example:8443/x", "iam.private.example:8443"),
        ("http://[::1]:9050/", "[::1]:9050"),
        ("http://127.0.0.1/", "127.0.0.1:80"),
    ],
)
def test_grpc_follows_the_override_of_iam(override: str, target: str) -> None:
    endpoints = Endpoints.from_env({"CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM": override})
    assert endpoints.iam_grpc == target
    assert endpoints.allows_grpc(f"https://{target.removesuffix(':443')}/google.iam.admin.v1.IAM")
    assert not endpoints.allows_grpc("https://iam.googleapis.com/google.iam.admin.v1.IAM")


def test_a_grpc_address_alone_replaces_iam_as_a_whole() -> None:
    endpoints = Endpoints.from_env({"KBQ_TUI_IAM_GRPC": "127.0.0.1:9051"})
    assert not endpoints.allows("https://iam.googleapis.com/v1/x")
    assert endpoints.allows_grpc("://127.0.0.1:9051/google.iam.admin.v1.IAM")
    assert not endpoints.allows_grpc("https://iam.googleapis.com/google.iam.admin.v1.IAM")
