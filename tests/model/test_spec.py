"""Names and ids: which are accepted, and what the operator reads beside the field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.model import spec as s
from kbq_tui.model.spec import ConnectionSpec, Direction, InvalidValueError


@pytest.mark.parametrize("value", ["my-company-prod", "abcdef", "a" * 30, "example.com:my-project", "a1-b2-c3"])
def test_project_ids_that_google_takes(value: str) -> None:
    assert s.check_project(value) is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "Type the project ID"),
        ("123456789012", "project number"),
        ("My Company", "project's name"),
        ("My-Company", "lower-case"),
        ("short", "6 to 30"),
        ("a" * 31, "31"),
        ("ends-in-hyphen-", "does not end in a hyphen"),
        ("1starts-with-digit", "starts with a letter"),
        ("under_score", "hyphens"),
        ("пример-проект", "lower-case letters"),
        ("proj`ect-x", "lower-case letters"),
        ("../../etc/passwd", "lower-case letters"),
        ("example.com:", "lower-case letters"),
        ("project-x\n", "lower-case letters"),
    ],
)
def test_project_ids_that_it_refuses(value: str, says: str) -> None:
    reason = s.check_project(value)
    assert reason is not None
    assert says in str(reason)


@pytest.mark.parametrize("value", ["KLAVIYO_TMP", "a", "A" * 1024, "x_1"])
def test_dataset_names(value: str) -> None:
    assert s.check_dataset(value) is None


@pytest.mark.parametrize("value", ["", "a-b", "a.b", "a b", "A" * 1025, "naïve", "x`y", "x'y", "K\n", "ＫＬＡＶＩＹＯ"])
def test_dataset_names_refused(value: str) -> None:
    assert s.check_dataset(value)


def test_a_line_of_a_key_is_no_name_though_its_characters_would_do() -> None:
    line = "aZ9" * 21 + "b"  # as long as the lines of a key file; one in eight has no plus sign and no slash
    for check in (s.check_project, s.check_dataset, s.check_account, s.check_location, s.check_name):
        assert check(line), check.__name__
    assert s.check_key_file(line)
    for path in ("/home/olga/Keys2026/" + "a" * 45, "/home/olga/keys/" + "Ab1" * 20 + ".json", "~/" + "Ab1" * 22):
        assert s.check_key_file(path) is None
    assert s.check_key_file("/" + line[1:])
    assert s.check_dataset("customers_2026_export_of_all_stores_in_europe_and_north_america_V2") is None


@pytest.mark.parametrize("value", ["klaviyo-data-transfer-user", "abcdef", "a" * 30])
def test_account_ids(value: str) -> None:
    assert s.check_account(value) is None


def test_the_articles_own_account_name_is_refused_with_the_one_that_works() -> None:
    reason = s.check_account("KLAVIYO_DATA_TRANSFER_USER")
    assert reason is not None
    assert "klaviyo-data-transfer-user" in str(reason)


@pytest.mark.parametrize(
    "value", ["", "abcde", "a" * 31, "abc@def", "Abcdef", "abc_def", "abcdef-", "1abcdef", "abcdé-f"]
)
def test_account_ids_refused(value: str) -> None:
    assert s.check_account(value)


@pytest.mark.parametrize(
    ("value", "normal"),
    [("us", "US"), ("EU", "EU"), ("europe-west3", "europe-west3"), ("EUROPE-WEST3", "europe-west3"), (" eu ", "EU")],
)
def test_locations_in_bigquerys_spelling(value: str, normal: str) -> None:
    assert s.check_location(value) is None
    assert s.normal_location(value) == normal


@pytest.mark.parametrize("value", ["", "germany", "eu-west", "europe_west3", "u s", "region-eu;"])
def test_locations_refused(value: str) -> None:
    assert s.check_location(value)


def test_a_domain_scoped_project_has_its_accounts_under_the_reversed_host() -> None:
    assert ConnectionSpec("example.com:my-project").account_email.endswith(
        "@my-project.example.com.iam.gserviceaccount.com"
    )


@pytest.mark.parametrize(
    ("direction", "export", "roles"),
    [
        (Direction.IMPORT, None, {"IMP": s.DATA_VIEWER, "TMP": s.DATA_EDITOR}),
        (Direction.BOTH, None, {"IMP": s.DATA_EDITOR, "TMP": s.DATA_EDITOR}),
        (Direction.BOTH, "EXP", {"IMP": s.DATA_VIEWER, "EXP": s.DATA_EDITOR, "TMP": s.DATA_EDITOR}),
        (Direction.EXPORT, "EXP", {"EXP": s.DATA_EDITOR, "TMP": s.DATA_EDITOR}),
        (Direction.EXPORT, None, {"IMP": s.DATA_EDITOR, "TMP": s.DATA_EDITOR}),
    ],
)
def test_the_roles_follow_the_direction(direction: Direction, export: str | None, roles: dict[str, str]) -> None:
    spec = ConnectionSpec(
        "my-project", direction=direction, import_dataset="IMP", staging_dataset="TMP", export_dataset=export
    )
    assert {w.name: w.role for w in spec.datasets()} == roles


def test_staging_is_never_shared() -> None:
    with pytest.raises(InvalidValueError) as caught:
        ConnectionSpec("my-project", import_dataset="X", staging_dataset="X")
    assert caught.value.field == "staging_dataset"


@given(st.text(max_size=40))
def test_nothing_that_could_end_a_quoting_gets_through(text: str) -> None:
    for check in (s.check_project, s.check_dataset, s.check_account, s.check_location, s.check_name):
        if check(text) is None:
            assert not set(text.strip()) & set("`'\"\\/\n\r\x00 ;")
            assert text.isascii()
            assert ".." not in text or check is s.check_name
