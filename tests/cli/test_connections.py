"""`kbq-tui connections`, `values`: what this machine knows; nothing is sent, and an invalid input changes nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kbq_tui.cli import context
from kbq_tui.local.lock import ConnectionLock
from tests.local.conftest import FakeClock

PROJECT = "acme-klaviyo-demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "kbq-tui" / "connections"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "kbq-tui" / "connections"


@pytest.fixture
def two(folder: Path) -> Path:
    """Two connections, and a third whose file cannot be used."""
    (folder / "shop-eu.toml").write_text('# ours\nproject = "shop-eu-77"\nlocation = "EU"\nproduction = true\n')
    (folder / "shop-us.toml").write_text('project = "shop-us-12"\ndirection = "both"\n')
    (folder / "broken.toml").write_text('project = "shop-eu-77"\nlocatoin = "EU"\n')
    return folder


def test_the_list_has_a_line_for_each_and_names_what_could_not_be_read(call, two: Path):
    listed = call("connections", "list")
    lines = listed.out.splitlines()
    assert listed.status == 2
    assert lines[0].split() == ["NAME", "STATE", "PROJECT", "DIRECTION", "KEY", "AGE", "VERIFIED", "NEXT"]
    assert [line.split()[0] for line in lines[1:]] == ["broken", "shop-eu", "shop-us"]
    assert lines[1].split()[1:4] == ["?", "unknown", "?"]
    assert "kbq-tui setup shop-us" in lines[3]
    assert str(two / "broken.toml") in listed.err
    assert "line 2, locatoin" in " ".join(listed.err.split())


def test_the_list_in_json_says_that_it_is_not_complete(call, two: Path):
    body = call("connections", "list", "--json").json
    assert (body["schema"], body["complete"]) == ("kbq-tui/connections/v1", False)
    assert [row["connection"] for row in body["connections"]] == ["shop-eu", "shop-us"]
    assert [left["connection"] for left in body["left_out"]] == ["broken"]
    assert body["left_out"][0]["problem"]["code"] == "KBQ-CONFIG-INVALID"
    (two / "broken.toml").unlink()
    whole = call("connections", "list", "--json")
    assert (whole.status, whole.json["complete"], whole.json["left_out"]) == (0, True, [])


def test_what_was_verified_and_the_key_s_age_are_in_the_list(google, call):
    google("fresh")
    assert call("apply", "shop", "--yes").status == 0
    (row,) = call("connections", "list", "--json").json["connections"]
    assert (row["state"], row["verified_at"], row["key_age_days"]) == ("unverified", None, 0)
    assert call("verify", "shop").status == 0
    (row,) = call("connections", "list", "--json").json["connections"]
    assert (row["state"], row["next"]) == ("ok", "kbq-tui values shop")
    assert row["verified_at"]
    assert "just now" in call("connections", "list").out
    assert call("key", "rotate", "shop", "--yes", "--wait", "0").status == 6
    (row,) = call("connections", "list", "--json").json["connections"]
    assert (row["state"], row["next"]) == ("ok", "kbq-tui key rotate shop")


def test_a_verification_of_other_values_is_not_in_the_list(google, call, folder: Path):
    google("fresh")
    assert call("apply", "shop", "--yes").status == 0
    assert call("verify", "shop").status == 0
    path = folder / "shop.toml"
    path.write_text(path.read_text() + 'import_dataset = "OTHER"\n')
    (row,) = call("connections", "list", "--json").json["connections"]
    assert (row["state"], row["verified_at"], row["next"]) == ("unverified", None, "kbq-tui verify shop")


def test_nothing_set_up_is_an_empty_list(call):
    listed = call("connections", "list")
    assert (listed.status, listed.out) == (0, "")
    assert "kbq-tui setup" in listed.err
    assert call("connections", "list", "--json").json["connections"] == []


def test_each_value_is_shown_with_its_origin(call, two: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "acme-billing")
    shown = call("connections", "show", "shop-eu", "--direction", "export", "--json").json
    values = {row["name"]: row for row in shown["values"]}
    path = two / "shop-eu.toml"
    assert values["location"] == {"name": "location", "value": "EU", "from": "file", "origin": f"{path}:3"}
    assert values["production"] == {"name": "production", "value": True, "from": "file", "origin": f"{path}:4"}
    assert (values["direction"]["value"], values["direction"]["origin"]) == ("export", "--direction")
    assert (values["quota_project"]["from"], values["quota_project"]["origin"]) == (
        "environment",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
    )
    assert (values["staging_dataset"]["value"], values["staging_dataset"]["from"]) == ("KLAVIYO_TMP", "default")
    assert (values["operator"]["value"], values["operator"]["from"]) == (None, None)
    lines = call("connections", "show", "shop-eu").out
    assert f"{path}:2" in lines


def test_the_three_values_come_again_without_google(call, google):
    there = google("fresh")
    assert call("apply", "shop", "--yes", "--location", "EU").status == 0
    applied = call("apply", "shop", "--yes", "--json").lines[-1]
    there.sandbox.stop()
    again = call("values", "shop", "--json")
    assert again.status == 0
    assert again.json == {
        "schema": "kbq-tui/summary/v1",
        **{k: applied[k] for k in ("project_id", "dataset", "key_path", "service_account", "location")},
    }
    assert applied["key_path"] in call("values", "shop").out


def test_values_without_a_key_are_not_all_of_them(call, two: Path):
    ended = call("values", "shop-eu")
    assert ended.status == 6
    assert "shop-eu-77" in ended.out
    assert "kbq-tui key create shop-eu" in ended.err


def test_a_key_that_was_handed_over_is_not_missing(call, google):
    google("fresh")
    assert call("apply", "shop", "--yes").status == 0
    assert call("key", "shred", "shop", "--yes").status == 0
    ended = call("values", "shop")
    assert ended.status == 0
    assert "handed over (shredded here)" in ended.out
    for command in (("key", "shred", "shop", "--yes"), ("source", "--connection", "shop")):
        refused = call(*command)
        assert "KBQ-KEY-HANDED-OVER" in refused.err
        assert "kbq-tui status shop" in refused.err


def test_a_rename_takes_file_journal_and_state_along(google, call, state: Path, folder: Path):
    google("fresh")
    assert call("apply", "old", "--yes").status == 0
    assert call("verify", "old").status == 0
    path = folder / "old.toml"
    path.write_text("# a comment\n" + path.read_text())
    before = {p.name: p.read_bytes() for p in (state / "old").iterdir() if p.name != "verify.json"}
    renamed = call("connections", "rename", "old", "new", "--yes", "--json")
    assert (renamed.json["from"], renamed.json["to"]) == ("old", "new")
    assert str(folder / "new.toml") in renamed.json["moved"]
    assert (folder / "new.toml").read_text().startswith("# a comment\n")
    assert not path.exists()
    assert not (state / "old").exists()
    assert {p.name: p.read_bytes() for p in (state / "new").iterdir() if p.name != "verify.json"} == before
    seen = call("status", "new", "--json")
    assert (seen.status, seen.json["connection"]) == (0, "new")
    assert call("apply", "new", "--yes", "--json").lines[-1]["done"] == []


def test_a_relative_key_path_is_still_right_after_a_rename(call, folder: Path):
    (folder / "old.toml").write_text('project = "shop-eu-77"\nkey_file = "keys/a.json"\n')
    assert call("connections", "rename", "old", "new", "--yes").status == 0
    values = {row["name"]: row["value"] for row in call("connections", "show", "new", "--json").json["values"]}
    assert values["key_file"] == str(folder / "keys" / "a.json")


def test_a_name_that_is_taken_is_refused_and_nothing_changes(call, two: Path, state: Path, files):
    (state / "gone").mkdir(parents=True)
    (state / "shop-us").mkdir()
    for place in ("gone", "shop-us"):
        (state / place / "journal.jsonl").write_text('{"event": "intended", "action": "key", "resource": "x"}\n')
    before = files()
    for new, says in (
        ("shop-eu", "There is a connection shop-eu already"),
        ("Shop-EU", "There is a connection shop-eu already"),
        ("gone", "is left of an earlier connection gone"),
        ("shop-us", "is called so already"),
        ("a/b", "letters, digits"),
    ):
        for agreed in (("--yes",), ()):  # said before the question, too
            ended = call("connections", "rename", "shop-us", new, *agreed)
            assert ended.status == 2, new
            assert says in ended.err
    assert files() == before


def test_a_rename_that_was_cut_off_is_finished_by_the_next(call, two: Path, state: Path):
    (state / "shop-us").mkdir(parents=True)
    (state / "shop-us" / "wizard.json").write_text('{"screen": "verify", "inputs": {}}')
    (state / "new").mkdir()
    (state / "new" / "journal.jsonl").write_text('{"event": "intended", "action": "key", "resource": "x"}\n')
    assert call("connections", "rename", "shop-us", "new", "--yes").status == 0
    assert sorted(p.name for p in (state / "new").iterdir()) == ["journal.jsonl", "wizard.json"]
    assert (two / "new.toml").exists()


@pytest.mark.parametrize("held", ["shop-us", "new"])
def test_while_another_process_works_on_it_nothing_is_renamed_or_removed(call, two: Path, state: Path, held: str):
    lock = ConnectionLock(state / held / "lock", FakeClock())
    with lock:
        ended = call("connections", "rename", "shop-us", "new", "--yes")
        assert (ended.status, "KBQ-LOCK-HELD" in ended.err) == (1, True), ended.err
        if held == "shop-us":
            assert call("connections", "remove", "shop-us", "--yes").status == 1
    assert (two / "shop-us.toml").exists()
    assert not (two / "new.toml").exists()


def test_removing_says_what_stays_and_leaves_key_and_reports(google, call, state: Path, folder: Path):
    there = google("fresh")
    assert call("apply", "shop", "--yes").status == 0
    assert call("verify", "shop", "--report", str(state / "shop" / "report.md")).status == 0
    key = Path(call("values", "shop", "--json").json["key_path"])
    before = there.writes()
    removed = call("connections", "remove", "shop", "--yes")
    assert removed.status == 0, removed.err
    told = " ".join(removed.err.split())
    assert f"service account klaviyo-data-transfer-user@{PROJECT}.iam.gserviceaccount.com" in told
    assert "datasets KLAVIYO_IMPORT_FROM_DWH, KLAVIYO_TMP" in told
    assert f"{key}; 'kbq-tui key shred shop' destroys it" in told
    assert "first 'kbq-tui teardown shop'" in told
    assert f"It stays: {state / 'shop' / 'report.md'}" in told
    assert key.exists()
    assert [p.name for p in (state / "shop").iterdir()] == ["report.md"]
    assert not (folder / "shop.toml").exists()
    assert there.writes() == before


def test_without_a_yes_nothing_is_removed(call, two: Path, files, monkeypatch: pytest.MonkeyPatch):
    before = files()
    assert call("connections", "remove", "shop-us").status == 2
    by_name = call("connections", "remove", "shop-eu", "--yes")
    assert (by_name.status, "--confirm shop-eu" in by_name.err) == (2, True)
    monkeypatch.setattr(context, "_ask_text", lambda _: lambda _question: "n")
    assert call("connections", "remove", "shop-us").status == 1
    assert files() == before
    gone = call("connections", "remove", "shop-eu", "--confirm", "shop-eu", "--json").json
    assert gone["removed"] == [str(two / "shop-eu.toml")]
    assert gone["at_google"]["project_id"] == "shop-eu-77"


@pytest.fixture
def listed(tmp_path: Path) -> Callable[[bytes | str], str]:
    def write(content: bytes | str) -> str:
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.mark.parametrize(
    "content",
    [
        b"name,project\nclient-1,acme-001\nclient-2,acme-002\n",
        b"\xef\xbb\xbfname,project\r\nclient-1,acme-001\r\nclient-2,acme-002\r\n",
        b'NAME;Project;--Location\r\n"client-1";acme-001;\r\n;;\r\nclient-2;acme-002;\r\n',
        b"project\tname\nacme-001\tclient-1\nacme-002\tclient-2",
    ],
    ids=["plain", "mark and CRLF", "semicolons", "tabs"],
)
def test_name_and_project_suffice_for_an_import(call, folder: Path, listed, content: bytes):
    made = call("connections", "import", listed(content), "--json")
    assert made.status == 0, made.err
    assert (made.json["created"], made.json["unchanged"]) == (["client-1", "client-2"], [])
    assert call("connections", "show", "client-2", "--json").json["connection"] == "client-2"
    assert 'project = "acme-002"' in (folder / "client-2.toml").read_text()
    again = call("connections", "import", listed(content), "--json")
    assert (again.json["created"], again.json["unchanged"]) == ([], ["client-1", "client-2"])


@pytest.mark.parametrize(
    ("content", "line", "column", "says"),
    [
        ("name,project\na,acme-001\na,acme-002\n", 3, "name", "a stands on line 2 already"),
        ("name,project\na,acme-001\nA,acme-002\n", 3, "name", "stands on line 2 already"),
        ("name,projekt\na,acme-001\n", 1, "projekt", "no such column"),
        ("name,project,name\na,acme-001,b\n", 1, "name", "more than once"),
        ("name,location\na,EU\n", 1, "project", "The column is missing"),
        ("name,project\na,acme-001\nb,My Project\n", 3, "project", "lower-case"),
        ("name,project\na,acme-001\n\n\n../b,acme-001\n", 5, "name", "letters, digits"),
        ("name,project\na,acme-001\nb\n", 3, "-", "has 1 values"),
        ("name,project\na,acme-001,EU\n", 2, "-", "has 3 values"),
        ('name,project\na,acme-001\n"b,acme-002\n', 3, "-", "no CSV"),
        ('name,project\n"a\n",acme-001\nb,x\n', 4, "project", "starts with a letter"),
        ("name,project\n", 1, "-", "no connection in it"),
        ("", 1, "name", "column is missing"),
        ("name,project,production\na,acme-001,maybe\n", 2, "production", "true or false"),
        ("name,project,direction\na,acme-001,up\n", 2, "direction", "import, export or both"),
        ("name,project,service-account\na,acme-001,klaviyo@other.com\n", 2, "service-account", "would be"),
        ("name,project,staging-dataset\na,acme-001,a-b\n", 2, "staging-dataset", "letters"),
        (b"name,project\na,acme-001\nb\xe4,acme-002\n", 3, "-", "not UTF-8"),
        ("name,project,key-file\na,acme-001,-----BEGIN PRIVATE KEY-----MIIEvQ\n", 2, "key-file", "secret"),
    ],
)
def test_a_mistake_in_a_list_is_named_with_its_line_and_nothing_is_imported(
    call, folder: Path, listed, files, content, line: int, column: str, says: str
):
    before = files()
    path = listed(content)
    ended = call("connections", "import", path)
    told = " ".join(ended.err.split())
    assert (ended.status, ended.out) == (2, "")
    for words in (f"{path}, line {line}, column {column}:", says, "nothing of it was taken"):
        assert "".join(words.split()) in "".join(told.split())
    assert "BEGIN PRIVATE" not in told
    assert files() == before


def test_a_list_against_what_is_there_is_taken_whole_or_not_at_all(call, two: Path, listed, files):
    before = files()
    ended = call("connections", "import", listed("name,project\nfirst,acme-001\nshop-us,acme-002\n"))
    assert ended.status == 2
    assert "There is a connection shop-us already, with other values" in ended.err
    assert files() == before


def test_what_was_imported_goes_again_where_the_disk_takes_no_more(call, folder: Path, listed, files, monkeypatch):
    from kbq_tui.local.files import write_atomic

    def full(path: Path, data: bytes, kind: object) -> None:
        if path.stem == "second":
            raise OSError(28, os.strerror(28))
        write_atomic(path, data, kind)  # type: ignore[arg-type]

    monkeypatch.setattr("kbq_tui.local.connection_file.write_atomic", full)
    before = files()
    ended = call("connections", "import", listed("name,project\nfirst,acme-001\nsecond,acme-002\n"))
    assert ended.status == 1
    assert "KBQ-DISK-FULL" in ended.err
    assert files() == before


def test_what_is_exported_is_imported_again_just_so(call, two: Path, tmp_path: Path, listed):
    (two / "broken.toml").unlink()
    contents = {p.name: call("connections", "show", p.stem, "--json").json for p in two.iterdir()}
    exported = call("connections", "export")
    assert exported.status == 0
    assert call("connections", "import", listed(exported.out), "--json").json["created"] == []
    for path in list(two.iterdir()):
        path.unlink()
    assert call("connections", "import", listed(exported.out)).status == 0
    again = {p.name: call("connections", "show", p.stem, "--json").json for p in two.iterdir()}
    plain = [{n: [r["value"] for r in b["values"]] for n, b in side.items()} for side in (contents, again)]
    assert plain[0] == plain[1]
    assert [c["connection"] for c in call("connections", "export", "shop-us", "--json").json["connections"]] == [
        "shop-us"
    ]


def test_validate_tells_which_file_is_wrong(call, two: Path):
    ended = call("connections", "validate", "--json")
    assert ended.status == 2
    assert {row["connection"]: row["ok"] for row in ended.json["connections"]} == {
        "broken": False,
        "shop-eu": True,
        "shop-us": True,
    }
    assert call("connections", "validate", "shop-eu", "shop-us").status == 0
    assert call("connections", "validate", "nothere").status == 2


def test_what_differs_between_two_comes_first(call, two: Path):
    body = call("connections", "diff", "shop-eu", "shop-us", "--json").json
    differing = [row["name"] for row in body["values"] if row["differs"]]
    assert differing == ["project", "location", "direction", "production"]
    assert [row["name"] for row in body["values"]][: len(differing)] == differing
    assert body["same"] is False
    assert call("connections", "diff", "shop-eu", "shop-eu", "--json").json["same"] is True
    lines = call("connections", "diff", "shop-eu", "shop-us").out.splitlines()
    assert lines[1].split() == ["~", "project", "shop-eu-77", "shop-us-12"]


def test_a_shell_completes_the_names(call, two: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    from kbq_tui.cli.click_app import PROGRAM, cli
    from kbq_tui.cli.process import COMPLETE_VARIABLE

    for words in ("kbq-tui connections rename shop", "kbq-tui connections diff shop-eu shop", "kbq-tui values shop"):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
        monkeypatch.setenv(COMPLETE_VARIABLE, "bash_complete")
        with pytest.raises(SystemExit):
            cli.main(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE)
        assert capsys.readouterr().out.split() == ["plain,shop-eu", "plain,shop-us"]
