"""A connection's file."""

import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbq_tui.local.connection_file import Connections, read_connection, there, write_connection
from kbq_tui.local.connection_values import Connection
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import ConnectionSpec, Direction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "connections" / "prod.toml"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refused(path: Path, text: str) -> dict[str, str]:
    with pytest.raises(ProblemError) as error:
        read_connection(write(path, text))
    assert error.value.problem.code == "KBQ-CONFIG-INVALID"
    return {name: str(value) for name, value in error.value.problem.details.items()}


def test_a_byte_order_mark_is_no_mistake(path: Path) -> None:
    """Some editors begin a file with one."""
    write(path, "").write_bytes(b"\xef\xbb\xbf" + b'project = "acme-prod"\n')
    assert read_connection(path).spec.project == "acme-prod"
    path.write_bytes(b"\xef\xbb\xbfproject = \n")
    with pytest.raises(ProblemError) as error:
        read_connection(path)
    assert str(error.value.problem.details["line"]) == "1"


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ('project = "acme-prod"\nx = ' + "[" * 20_000, "2", "syntax"),
        ("x = " + "{a=" * 5_000, "1", "syntax"),
        ('project = "acme-prod"\n\nlocation = ' + "9" * 5_000, "3", "syntax"),
        ('project = "acme-prod"\nconnected_at = 0001-01-01T00:00:00+23:00', "2", "connected_at"),
        ('project = "acme-prod"\nconnected_at = 9999-12-31T23:59:59-23:00', "2", "connected_at"),
    ],
    ids=["list", "table", "number", "before time", "after time"],
)
def test_what_no_parser_can_take_is_told_with_its_line(path: Path, text: str, line: str, key: str) -> None:
    said = refused(path, text)
    assert (said["line"], said["key"]) == (line, key)


def test_a_name_too_long_for_the_system_is_told(tmp_path: Path) -> None:
    only = Connections(tmp_path, tmp_path / ("x" * 5_000))
    for look in (only.names, lambda: only.read("default"), lambda: only.save(Connection(ConnectionSpec("acme-prod")))):
        with pytest.raises(ProblemError) as error:
            look()
        assert error.value.problem.code == "KBQ-CONFIG-UNREADABLE"


@pytest.mark.parametrize("missing", ["no/such", "file/below", "loop", "zero\0byte"])
def test_a_file_that_is_not_there_is_no_error(tmp_path: Path, missing: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert there(tmp_path / "file")
    assert not there(tmp_path / missing)


name = st.from_regex(r"[A-Za-z0-9_]{1,40}", fullmatch=True)
project = st.from_regex(r"(?:example\.com:)?[a-z][a-z0-9-]{4,20}[a-z0-9]", fullmatch=True)
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
specs = st.builds(
    ConnectionSpec,
    project=project,
    name=st.just("prod"),
    location=st.sampled_from([None, "US", "EU", "europe-west3"]),
    direction=st.sampled_from(Direction),
    import_dataset=name.map(lambda n: "I" + n),
    staging_dataset=name.map(lambda n: "S" + n),
    export_dataset=st.none() | name.map(lambda n: "E" + n),
    account_id=st.from_regex(r"[a-z][a-z0-9-]{4,20}[a-z0-9]", fullmatch=True),
    key_file=st.none() | text.map(lambda t: str(Path("/keys/" + t))),
)
connections = st.builds(
    Connection,
    specs,
    credentials=st.none() | text.map(lambda t: str(Path("/etc/" + t))),
    impersonate=st.none() | text,
    quota_project=st.none() | project,
    operator=st.none() | st.just("olga@shop.example"),
    production=st.booleans(),
    connected_at=st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),
)


@given(first=connections, second=connections)
@settings(max_examples=150)
def test_what_is_written_is_read_again_also_over_another(
    first: Connection, second: Connection, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("c") / "prod.toml"
    write_connection(first, path)
    assert read_connection(path) == first
    write_connection(second, path)
    assert read_connection(path) == second


def test_comments_order_and_spelling_stay_on_an_update(path: Path) -> None:
    write(
        path,
        "# ours, since 2024\n\n"
        "direction = 'import'   # never export\n"
        'project  =  "acme-prod" # the one in the EU\n'
        '"location" = "eu"\n'
        'key_file = "~/klaviyo.json"\n',
    )
    old = read_connection(path)
    at = datetime(2026, 1, 31, 9, tzinfo=UTC)
    write_connection(replace(old, spec=replace(old.spec, project="acme-next"), connected_at=at), path)
    assert path.read_text() == (
        "# ours, since 2024\n\n"
        "direction = 'import'   # never export\n"
        'project  =  "acme-next" # the one in the EU\n'
        '"location" = "eu"\n'
        'key_file = "~/klaviyo.json"\n'
        "connected_at = 2026-01-31T09:00:00Z\n"
    )
    new = read_connection(path)
    assert (new.spec.project, new.spec.location, new.connected_at) == ("acme-next", "EU", at)
    assert new.spec.key_file == str(Path("~/klaviyo.json").expanduser())
    write_connection(replace(new, connected_at=None), path)
    assert "connected_at" not in path.read_text()


def test_a_new_file_is_private_and_says_what_it_is(path: Path) -> None:
    before = os.umask(0)
    try:
        write_connection(Connection(ConnectionSpec("acme-prod", name="prod")), path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text().startswith("# A connection between Klaviyo and BigQuery")
    assert 'project = "acme-prod"' in path.read_text()


def test_a_file_kept_elsewhere_by_a_link_stays_there(path: Path, tmp_path: Path) -> None:
    real = write(tmp_path / "dotfiles" / "prod.toml", 'project = "acme-prod"\n')
    path.parent.mkdir(parents=True)
    path.symlink_to(real)
    write_connection(Connection(ConnectionSpec("acme-next", name="prod")), path)
    assert path.is_symlink()
    assert "acme-next" in real.read_text()


@pytest.mark.parametrize(
    ("content", "line", "key"),
    [
        ('project = "acme-prod"\n\n# datset = 1\ndatset = "X"\n', "4", "datset"),
        ('project = "acme-prod"\n[datset]\nx = 1\n', "2", "datset"),
        ('project = "acme-prod"\n"dat.set" = """\na\n"""\n', "2", "dat.set"),
        ('# project = "x"\nproject = "ACME"\n', "2", "project"),
        ('project = "acme-prod"\nlocation = """\nproject = 4\n"""\n', "2", "location"),
        ('direction = "sideways"\nproject = "acme-prod"', "1", "direction"),
        ('project = "acme-prod"\nconnected_at = 2026-01-31\n', "2", "connected_at"),
        ('project = "acme-prod"\nconnected_at = 2026-01-31T09:00:00\n', "2", "connected_at"),
        ('project = "acme-prod"\nstaging_dataset = 7\n', "2", "staging_dataset"),
        ('project = "acme-prod"\n\nproject = "acme-next"\n', "3", "syntax"),
        ('project = "acme-prod"\nlocation = EU\n', "2", "syntax"),
        ("", "1", "project"),
        ('project = "acme-prod"\nkey_file = "~nobody-of-that-name/x"\n', "2", "key_file"),
        ("project = \"acme-prod\"\nlocation = '''\nEU\n", "3", "syntax"),
        ('project = "acme-prod"\nimport_dataset = "X"\nstaging_dataset = "X"\n', "3", "staging_dataset"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(content: str, line: str, key: str, path: Path) -> None:
    details = refused(path, content)
    assert (details["line"], details["key"]) == (line, key)


def test_a_secret_in_the_file_is_refused_and_not_quoted(path: Path) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\\nCANARY\\n-----END PRIVATE KEY-----"
    details = refused(path, f'project = "acme-prod"\ncredentials = "{pem}"\n')
    assert details["line"] == "2"
    assert "CANARY" not in str(details)


def test_hostile_text_in_a_mistake_is_made_inert(path: Path) -> None:
    details = refused(path, 'project = "acme-prod"\n"\\u001b[2J\\u202e" = "X"\n')
    assert details["line"] == "2"
    assert not any(ord(c) < 32 or c == "\u202e" for c in "".join(details.values()))


def test_a_file_that_cannot_be_understood_is_not_written_over(path: Path) -> None:
    write(path, 'project = "acme-prod"\nmine = 1\n')
    with pytest.raises(ProblemError):
        write_connection(Connection(ConnectionSpec("acme-next", name="prod")), path)
    assert "mine = 1" in path.read_text()


@pytest.mark.parametrize(
    ("content", "code"), [(b"# x\n\xff\xfe", "KBQ-CONFIG-INVALID"), (b"# x\n" * 40_000, "KBQ-CONFIG-UNREADABLE")]
)
def test_what_is_no_text_or_far_too_long_is_refused(content: bytes, code: str, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ProblemError) as error:
        read_connection(path)
    assert error.value.problem.code == code
    assert ("line 2" in str(error.value.problem.cause)) is (code == "KBQ-CONFIG-INVALID")


def test_paths_are_meant_from_the_file_s_folder(path: Path) -> None:
    write(path, 'project = "acme-prod"\nkey_file = "key.json"\ncredentials = "/abs.json"\n')
    connection = read_connection(path)
    assert connection.spec.key_file == str(path.parent / "key.json")
    assert connection.credentials == "/abs.json"


def test_connections_are_listed_read_saved_marked_and_deleted(tmp_path: Path) -> None:
    found = Connections(tmp_path / "connections")
    assert found.names() == ()
    assert found.read("prod") is None
    for name in ("prod", "dev"):
        found.save(Connection(ConnectionSpec("acme-prod", name=name)))
    (tmp_path / "connections" / "notes.txt").write_text("")
    (tmp_path / "connections" / ".hidden.toml").write_text("")
    assert found.names() == ("dev", "prod")
    at = datetime(2026, 1, 31, tzinfo=UTC)
    found.save(Connection(ConnectionSpec("acme-prod", name="prod"), connected_at=at))
    prod = found.read("prod")
    assert prod is not None
    assert prod.connected_at == at
    assert found.delete("dev")
    assert not found.delete("dev")
    assert found.names() == ("prod",)
    with pytest.raises(ValueError, match="letters"):
        found.path("../../etc/passwd")


def test_one_file_can_be_named_instead(tmp_path: Path) -> None:
    file = write(tmp_path / "elsewhere.toml", 'project = "acme-prod"\n')
    found = Connections(tmp_path / "connections", only=file)
    assert found.names() == ("elsewhere",)
    connection = found.read("elsewhere")
    assert connection is not None
    assert connection.name == "elsewhere"


def test_reading_does_not_load_the_library_that_writes() -> None:
    code = "import sys, kbq_tui.local.connection_file; sys.exit('tomlkit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
