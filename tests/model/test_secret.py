"""Private keys stay hidden: what a Secret shows, and what scrub removes."""

import base64
import copy
import json
import pickle
import time
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.model.key_file import NotAKeyError, key_id_of, parse
from kbq_tui.model.secret import _PATTERNS, MASK, Secret, _without_tails, scrub, scrub_typed
from kbq_tui.model.text import inert
from tests.support.polling import PATIENCE

PEM = "-----BEGIN " + "PRIVATE KEY-----\nMIIcanarycanarycanary\n-----END " + "PRIVATE KEY-----\n"
KEY = {
    "type": "service_account",
    "project_id": "my-project",
    "private_key_id": "abc123",
    "private_key": PEM,
    "client_email": "x@my-project.iam.gserviceaccount.com",
    "token_uri": "https://oauth2.googleapis.com/token",
}


@dataclass
class Holder:
    """An object with a secret in it."""

    inner: Secret


def test_a_secret_shows_a_mask_wherever_it_is_shown() -> None:
    secret = Secret("canary")

    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        repr([secret]),
        repr(Holder(secret)),
        "{}".format(secret),  # noqa: UP032
    ]
    assert all("canary" not in text for text in shown)
    assert MASK in repr(Holder(secret))


def test_a_secret_cannot_leave_by_copying() -> None:
    for leave in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError) as caught:
            leave(Secret("canary"))  # type: ignore[operator]
        assert "canary" not in str(caught.value)

    with pytest.raises(TypeError):
        asdict(Holder(Secret("canary")))


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        json.dumps(KEY),
        json.dumps(json.dumps(KEY)),
        repr(KEY),
        "boom: " + json.dumps(KEY)[:200],
        "Authorization: Bearer ya29.canarycanarycanary",
        "assertion=eyJhbGciOi.eyJjYW5hcnki.canarycanary",
        '{"access_token": "canarycanarycanary", "expires_in": 3599}',
        repr({"refresh_token": "1//0canarycanary", "client_secret": "GOCSPX-canarycanary"}),
        json.dumps(json.dumps({"refresh_token": "1//0canarycanary", "client_secret": "GOCSPX-canarycanary"})),
        json.dumps({"privateKeyData": "canary" * 400}),
        'private_key_data: "canarycanary"',
        "MIIcanarycanary" + "canary" * 8 + "\ncanary/+==\n-----END " + "PRIVATE KEY-----",
        "ProxyError: http://jo:canarycanary@proxy.example:3128 refused",
        "Proxy-Authorization: Basic canarycanary==",
    ],
)
def test_scrub_takes_credentials_out(text: str) -> None:
    clean = scrub(text)
    assert "canary" not in clean
    assert MASK in clean


def test_scrub_takes_a_whole_key_file_out_that_was_encoded() -> None:
    encoded = base64.b64encode(json.dumps(KEY, indent=2).encode()).decode()
    for text in (encoded, f"got {encoded} as answer", json.dumps({"data": encoded})):
        assert encoded[100:140] not in scrub(text)


def test_scrub_leaves_plain_errors_alone() -> None:
    text = "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p."
    assert scrub(text) == text
    text = "The basic authentication of https://proxy.example:3128/a:b@c is off; private_key_id: abc, eyJ0 ewog"
    assert scrub(text) == text


def test_a_key_is_read_without_its_secret() -> None:
    fields = parse(Secret(json.dumps(KEY)))
    assert fields["private_key_id"] == "abc123"
    assert "private_key" not in fields


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"type":"authorized_user"}', json.dumps({**KEY, "client_email": ""}), "[" * 9999]
)
def test_what_is_no_key_is_refused_without_quoting_it(body: str) -> None:
    with pytest.raises(NotAKeyError) as caught:
        parse(Secret(body))
    assert "canary" not in str(caught.value)
    assert key_id_of(Secret(body)) == ""


@given(st.text(max_size=300))
def test_inert_text_cannot_move_a_cursor(text: str) -> None:
    out = inert(text)
    assert out.isprintable()
    assert "\x1b" not in out
    assert "\n" not in out


def test_inert_text_is_bounded_and_says_so() -> None:
    out = inert("x" * 10_000, limit=100)
    assert len(out) < 150
    assert "10,000" in out


def test_scrub_is_quick_on_text_that_is_almost_a_token() -> None:
    for almost in (
        "eyJ-" * 500_000,
        '"private_key":"' * 100_000,
        "-----BEGIN " * 200_000,
        "bearer " * 300_000,
        "A" * 2_000_000,
        "http://a:b" * 200_000,
        "ewog" * 500_000,
        "A-----END " * 200_000,
        "MII" + "A" * 2_000_000,
        ("MII" + "A" * 60 + "\n") * 30_000 + "!",
        "A\n" * 200_000 + "-----END PRIVATE KEY-----" * 40_000,
    ):
        began = time.process_time()
        scrub(almost)
        assert time.process_time() - began < PATIENCE  # of this process alone; quadratic work would take hours


def test_a_key_without_its_frame_is_taken_out_by_how_it_begins() -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC1mRUF26TNknB+"
    more = "canary2" * 9
    for text in (body, f"{body}\n{more}\n{more}", f"{body}\\n{more}", f"got {body}{more}== as answer"):
        assert "canary" not in scrub(text)
        assert "hkiG9w0" not in scrub(text)
    assert scrub("MIIT and MIIEvQIBADANBgkq are short") == "MIIT and MIIEvQIBADANBgkq are short"


def test_what_was_typed_loses_a_line_out_of_the_middle_of_a_key_and_a_path_stays() -> None:
    line = "3zmsfQx3U6w8lkI2/OEca9q4H1IgXKxqnjZLh9Nh32Arod6BJEjl1Cuc1ULL9lmG"
    assert scrub_typed(line) == MASK
    assert scrub_typed(f"No such option '{line}'.") == f"No such option '{MASK}'."
    for text in ("KLAVIYO_IMPORT_FROM_DWH_" * 4, "/home/anna/.config/kbq-tui/keys/acme/klaviyo.json", "a" * 64):
        assert scrub_typed(text) == text


_PIECES = (
    *("-----BEGIN ", "RSA PRIVATE KEY-----", "-----END PRIVATE KEY-----", "private_key", "privateKeyData", '": "', "'"),
    *(
        "MII",
        "ewog",
        "eyJ0",
        "eyAi",
        "eyJ",
        "ya29.",
        "Bearer ",
        "AUTHORIZATION: ",
        "basic ",
        "https://me",
        ":",
        "@",
        "/",
    ),
    *("access_token", "Refresh_Token", "client_secret", "ASSERTION", "a\u017f\u017fertion", "=", " ", "\n", "."),
    *("abcdefghij", "0123456789" * 6, "A" * 220),
)


@given(st.lists(st.sampled_from(_PIECES), max_size=9).map("".join))
def test_what_the_marks_leave_untried_would_not_have_matched(text: str) -> None:
    whole = text
    for _, credential in _PATTERNS:
        whole = credential.sub(lambda m: (m.group(1) if m.lastindex else "") + MASK, whole)
    assert scrub(text) == (_without_tails(whole) if "-----END " in whole else whole)
