"""Values that go into SQL, a URL's path or a file's name are checked: none can end a quotation or leave its folder."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kbq_tui.diagnosis.all_entries import CODES
from kbq_tui.diagnosis.catalogue import problem
from kbq_tui.gcp.rest_client import part
from kbq_tui.local.paths import Paths
from kbq_tui.model import spec as rules
from kbq_tui.model.problem import Context
from kbq_tui.model.spec import ConnectionSpec, InvalidValueError
from kbq_tui.shell import commands as cmd
from kbq_tui.shell import sql

NASTY = (
    *("`", "'", '"', "\\", "../", "..", "/", ";", "--", "\n", "\x00", "\x1b[31m", "$(id)", "{project}", " ", "*/", "#"),
    *("\u202e", "\u0430", "\u2024", "\uff0f"),
)
TEXT = st.one_of(
    st.text(max_size=40),
    st.builds(
        lambda a, b, c: a + b + c,
        st.from_regex(r"[a-zA-Z0-9_-]{0,12}", fullmatch=True),
        st.sampled_from(NASTY),
        st.from_regex(r"[a-zA-Z0-9_-]{0,12}", fullmatch=True),
    ),
)
PLAIN = re.compile(r"[A-Za-z0-9_.:-]+")
FIELDS = ("project", "name", "location", "import_dataset", "staging_dataset", "export_dataset", "account_id")
CHECKS = {
    "project": rules.check_project,
    "name": rules.check_name,
    "location": rules.check_location,
    "import_dataset": rules.check_dataset,
    "account_id": rules.check_account,
}


def pieces(statement: str) -> list[str]:
    """Split a statement as BigQuery reads it: quoted parts, and the parts between. Raises if a quotation is open."""
    found = re.fullmatch(r"(?:`[^`\\\n]*`|\"[^\"\\\n]*\"|[^`\"\\])*", statement)
    assert found, statement
    return [p for p in re.split(r"(`[^`]*`|\"[^\"]*\")", statement) if p]


@given(TEXT, st.sampled_from(FIELDS))
@example("klaviyo\u005ftmp`; DROP SCHEMA x; --", "import_dataset")
@example("\uff2b\uff2c\uff21\uff36\uff29\uff39\uff2f", "import_dataset")
@example("my-project\n", "project")
@example("../../etc/passwd", "name")
@settings(max_examples=400)
def test_what_a_connection_takes_is_plain_ascii(value: str, field: str) -> None:
    values: dict[str, Any] = {"project": "my-project", field: value}
    try:
        made = ConnectionSpec(**values)
    except InvalidValueError:
        return
    kept = getattr(made, field)
    assert PLAIN.fullmatch(kept)
    assert ".." not in kept or field == "name"
    assert field == "name" or "/" not in kept
    for wish in made.datasets():
        path = (made.project, wish.name)
        known = {"project": made.project, "dataset": wish.name, "location": made.location or "EU"}
        known |= {"role": wish.role, "role_holder": made.member}
        for statement in (
            cmd.CREATE_DATASET.changed(**known).sql,
            sql.privileges(made.project, made.location or "EU", wish.name, made.member),
            cmd.GRANT_DATASET.changed(**known).sql,
            cmd.REVOKE_DATASET.changed(**known).sql,
            sql.create_probe(*path, "t"),
            sql.insert_probe(*path, "t"),
            sql.drop_table(*path, "t"),
        ):
            outside = "".join(p for p in pieces(statement) if p[0] not in '`"')
            assert ";" not in outside
            assert "--" not in outside


@given(TEXT, st.sampled_from(sorted(CHECKS)))
@settings(max_examples=300)
def test_nothing_beyond_ascii_or_with_a_quote_is_ever_taken(value: str, field: str) -> None:
    if any(c in value for c in "`'\"\\/\n\x00;$ {}") or not value.isascii():
        assert CHECKS[field](value.strip() if field == "location" else value) is not None or value != value.strip()


@given(TEXT)
@example("a`.`b")
@example("x\\")
@example("t\u2028u")
@example("`")
@settings(max_examples=400)
def test_a_tables_name_from_google_stays_inside_its_quotes_or_is_refused(name: str) -> None:
    for make in (sql.read_one, sql.drop_table, sql.count_rows):
        try:
            statement = make("my-project", "KLAVIYO_TMP", name)
        except ValueError:
            continue
        quoted = [p for p in pieces(statement) if p.startswith("`")]
        assert quoted == [f"`my-project.KLAVIYO_TMP.{name}`"]
    try:
        statement = sql.table_privileges("my-project", "EU", "KLAVIYO_TMP", name, "serviceAccount:a@b.example")
    except ValueError:
        return
    quoted = [p for p in pieces(statement) if p.startswith('"')]
    assert quoted == ['"KLAVIYO_TMP"', f'"{name}"', '"serviceAccount:a@b.example"']


@given(TEXT)
@settings(max_examples=300)
def test_a_part_of_a_url_stays_one_part(value: str) -> None:
    if not value or value.strip(".") == "":
        return
    try:
        made = part(value)
    except (ValueError, UnicodeEncodeError):
        return
    parts = urlsplit(f"https://bigquery.googleapis.com/bigquery/v2/projects/{made}/datasets")
    assert parts.path.count("/") == 5
    assert (parts.query, parts.fragment, parts.hostname) == ("", "", "bigquery.googleapis.com")
    assert unquote(parts.path.split("/")[4]) == value


@given(st.from_regex(r"[A-Za-z0-9_.-]{1,70}", fullmatch=True) | TEXT)
@example("..")
@example(".")
@settings(max_examples=300)
def test_a_connections_files_stay_in_their_folders(name: str) -> None:
    if rules.check_name(name) is not None:
        return
    paths = Paths.from_env({f"XDG_{kind}_HOME": "/home/u/x" for kind in ("CONFIG", "STATE", "DATA", "CACHE")})
    folder = paths.of_connection(name)
    assert ".." not in folder.parts
    assert Path(*folder.parts) != paths.of_connection("other")
    assert folder.is_relative_to("/home/u/x")
    assert (paths.connections / f"{name}.toml").resolve().parent == paths.connections.resolve()


@given(TEXT, st.sampled_from(["table", "dataset", "project", "role", "permission", "key_id", "constraint", "account"]))
@example("x; reboot", "key_id")
@example("t$HOME", "table")
@settings(max_examples=300)
def test_a_command_to_paste_has_nothing_in_it_that_an_error_made_up(value: str, field: str) -> None:
    for code in CODES:
        for step in problem(code, Context(), **{field: value}).remedy:
            for command in str(step).split("\n")[1:]:
                assert "\x1b" not in command
                for char in ("$(id)", "; reboot", "\u202e", "$HOME"):
                    assert char not in command


@pytest.mark.parametrize("value", ["`x`", "x'y", 'x"y', "a b", "é", "ＫＬＡＶＩＹＯ", "a-b", "a.b", "a/b", "x" * 1025])
def test_a_dataset_with_this_in_its_name_is_refused_with_a_reason(value: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        ConnectionSpec("my-project", import_dataset=value)
    assert str(caught.value.reason).endswith((".", ")"))
