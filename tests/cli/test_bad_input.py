"""Invalid files: each is refused with its name, the line and what to do, before Google is called; nothing changes."""

from pathlib import Path

import pytest

KEY = "-----BEGIN PRIVATE KEY-----MIIEvQIBADANBgkqhkiG"
PLAN = ("apply", "FILE", "--yes")
ANSWERS = ("setup", "--plain", "--project", "acme-001", "--answers", "FILE")
IMPORT = ("connections", "import", "FILE")
SHOP = ("status", "shop")
CASES: dict[str, tuple[tuple[str, ...], str, str | bytes, tuple[str, ...]]] = {
    "a connection: broken TOML": (SHOP, "shop.toml", 'project = "acme-001\n', ("shop.toml", "line 1")),
    "a connection: a key twice": (SHOP, "shop.toml", 'project = "a"\nproject = "b"\n', ("shop.toml", "line 2")),
    "a connection: an unknown key": (SHOP, "shop.toml", 'project = "acme-001"\nprojekt = "x"\n', ("line 2", "projekt")),
    "a connection: another type": (SHOP, "shop.toml", "# mine\nproject = 7\n", ("line 2", "project")),
    "a connection: a key in it": (
        SHOP,
        "shop.toml",
        f'project = "acme-001"\nkey_file = "{KEY}"\n',
        ("line 2", "key_file", "secret"),
    ),
    "a connection: no UTF-8": (SHOP, "shop.toml", b'project = "acme-001"\n# \xe4\n', ("shop.toml", "UTF-8")),
    "settings: broken TOML": (("keys",), "config.toml", "interval = \n", ("config.toml", "line 1")),
    "settings: an unknown key": (("keys",), "config.toml", '\nintervall = "30s"\n', ("config.toml", "line 2")),
    "a list: BOM, and an unknown column": (
        IMPORT,
        "clients.csv",
        "\ufeffname,projekt\na,acme-001\n",
        ("clients.csv", "line 1", "projekt"),
    ),
    "a list: CRLF, and a name twice": (
        IMPORT,
        "clients.csv",
        b"name,project\r\na,acme-001\r\nb,acme-002\r\na,acme-003\r\n",
        ("clients.csv", "line 4", "a stands on line 2 already"),
    ),
    "a list: UTF-16": (IMPORT, "clients.csv", "name,project\na,acme-001\n".encode("utf-16"), ("clients.csv", "UTF-8")),
    "a list: a key in it": (
        IMPORT,
        "clients.csv",
        f"name,project,key-file\na,acme-001,{KEY}\n",
        ("line 2", "key-file", "secret"),
    ),
    "a plan: cut short": (PLAN, "plan.json", '{"schema": "kbq-tui/saved-plan/v1", "conn', ("plan.json", "cut short")),
    "a plan: of a newer version": (
        PLAN,
        "plan.json",
        '{"schema": "kbq-tui/saved-plan/v9"}',
        ("plan.json", "newer version made it"),
    ),
    "a plan: no plan": (PLAN, "plan.json", '{"schema": "kbq-tui/plan/v1"}', ("plan.json", "no plan")),
    "answers: broken TOML": (ANSWERS, "answers.toml", "apply = yes\n", ("answers.toml", "line 1")),
    "answers: an unknown question": (ANSWERS, "answers.toml", "apply = true\naply = true\n", ("line 2", "aply")),
    "answers: another type": (ANSWERS, "answers.toml", 'apply = "true"\n', ("line 1", "apply", "true or false")),
    "answers: a key in them": (ANSWERS, "answers.toml", f'key_file = "{KEY}"\n', ("line 1", "key_file")),
}
"""By the fault: the command, the file, its content, and what the message must contain."""


@pytest.mark.parametrize("wrong", CASES)
def test_a_file_that_cannot_be_right_is_refused_with_its_place_and_nothing_changes(
    call, tmp_path: Path, files, wrong: str
) -> None:
    typed, name, content, told = CASES[wrong]
    home = tmp_path / "config" / "kbq-tui"
    folder = {"shop.toml": home / "connections", "config.toml": home}.get(name, tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = files()
    ended = call(*(str(path) if word == "FILE" else word for word in typed))
    said = " ".join(ended.err.split())
    assert (ended.status, ended.out) == (2, ""), ended.err
    for words in told:
        assert "".join(words.split()) in "".join(said.split()), ended.err
    assert "Traceback" not in ended.err
    assert KEY[:20] not in ended.err
    assert files() == before


DAMAGED = {
    "another file": "[default]\nproject = acme",
    "half a line": 'ed", "action": "account", "at": "2026-01-01T00:00:00+00:00"}',
    "a JSON list": "[1, 2]",
}
NEWER = {
    "an action": '{"event": "intended", "action": "mirror:X", "resource": "acme:X", "at": "2026-01-01T00:00:00+00:00"}',
    "an outcome": '{"event": "reverted", "action": "account", "at": "2026-01-01T00:00:00+00:00"}',
    "another form": '{"schema": "kbq-tui/journal/v2"}',
}
READ_IT = (
    ("apply", "--yes"),
    ("plan",),
    ("teardown", "--yes"),
    ("teardown", "--dry-run"),
    ("status",),
    ("verify",),
    ("key", "rotate", "--yes"),
)


@pytest.mark.parametrize(("code", "lines"), [("KBQ-JOURNAL-NEWER", NEWER), ("KBQ-JOURNAL-DAMAGED", DAMAGED)])
def test_a_journal_that_is_not_all_ours_is_refused_with_its_line_and_nothing_changes(
    google, call, tmp_path: Path, files, code: str, lines: dict[str, str]
) -> None:
    there = google("fresh")
    assert call("apply", "--yes").status == 0
    journal = tmp_path / "state/kbq-tui/connections/default/journal.jsonl"
    ours, writes = journal.read_bytes(), len(there.writes())
    number = ours.count(b"\n") + 1
    for place, line in enumerate(lines.values()):
        journal.write_bytes(ours + line.encode() + b"\n")
        before = files()
        for arguments in READ_IT if place == 0 else READ_IT[:1]:
            ended = call(*arguments)
            said = " ".join(ended.err.split())
            assert ended.status == 2, (arguments, ended.err)
            assert code in said, (arguments, ended.err)
            assert f"line {number}" in said, (arguments, ended.err)
            assert "Traceback" not in said
        assert len(there.writes()) == writes
        assert files() == before
    judged = [found for found in call("doctor", "--json").json["findings"] if f"line {number}" in found["text"]]
    assert [(found["name"], found["ok"]) for found in judged] == [("default", False)]


def test_a_journal_that_a_power_cut_cut_short_stops_nothing(google, call, tmp_path: Path) -> None:
    google("fresh")
    assert call("apply", "--yes").status == 0
    journal = tmp_path / "state/kbq-tui/connections/default/journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    assert call("status").status == 0
    assert call("apply", "--yes").status == 0  # its lines follow the one that was cut short
    journal.write_bytes(journal.read_bytes() + b"\0" * 512)
    assert call("status").status == 0
    assert call("apply", "--yes").status == 0
    gone = call("teardown", "--yes")
    assert gone.status == 0, gone.err
