"""Messages about a file that is not a key file, or was damaged."""

import json

import pytest

from kbq_tui.model import key_file
from kbq_tui.model.secret import Secret

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n"
KEY = {
    "type": "service_account",
    "project_id": "acme-prod-123",
    "private_key_id": "0123abcd",
    "private_key": PEM,
    "client_email": "loader@acme-prod-123.iam.gserviceaccount.com",
    "token_uri": "https://oauth2.googleapis.com/token",
}


def refused(content: bytes) -> key_file.NotAKeyError:
    with pytest.raises(key_file.NotAKeyError) as caught:
        key_file.parse(Secret(content))
    assert "MIIEvQ" not in str(caught.value)
    return caught.value


def test_a_key_says_what_is_no_secret() -> None:
    found = key_file.parse(Secret(json.dumps(KEY).encode()))
    assert found == {name: value for name, value in KEY.items() if name not in ("type", "private_key")}


@pytest.mark.parametrize(
    ("private_key", "says"),
    [
        (PEM.replace("\n", "\\n"), "doubled"),
        (PEM.partition("-----END")[0], "cut off"),
        (PEM.replace("\n", " "), "all of it stands on one line"),
        (f'"{PEM}"', "something stands before"),
        (f" {PEM}", "something stands before"),
    ],
)
def test_what_copying_did_to_the_private_key_is_named(private_key: str, says: str) -> None:
    assert says in str(refused(json.dumps({**KEY, "private_key": private_key}).encode()).reason)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_another_encoding_than_googles_is_named(encoding: str) -> None:
    error = refused(json.dumps(KEY).encode(encoding))
    assert error.code == "KBQ-KEY-FILE-ENCODING"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"type": "authorized_user", "refresh_token": "x"}, "a person's own login"),
        ({"type": "external_account"}, "workload identity federation"),
        ({"type": "impersonated_service_account"}, "impersonat"),
        ({"web": {"client_id": "x"}}, "OAuth client"),
        ({"installed": {"client_id": "x"}}, "OAuth client"),
    ],
)
def test_a_file_of_another_kind_is_named_for_what_it_is(content: object, says: str) -> None:
    assert says in str(refused(json.dumps(content).encode()).reason)


def test_every_other_field_is_missed_by_its_name() -> None:
    for name in key_file.FIELDS[1:]:
        rest = {k: v for k, v in KEY.items() if k != name}
        assert name in str(refused(json.dumps(rest).encode()).reason)


def test_an_address_with_white_space_around_it_is_named() -> None:
    spaced = {**KEY, "client_email": f" {KEY['client_email']}"}
    assert "client_email begins or ends with white space" in str(refused(json.dumps(spaced).encode()).reason)


def test_a_file_of_zeros_is_no_json_and_no_other_encoding() -> None:
    error = refused(bytes(2_000))
    assert error.code != "KBQ-KEY-FILE-ENCODING"
    assert str(error.reason) == "not JSON"
