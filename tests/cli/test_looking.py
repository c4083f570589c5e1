"""Commands that only read change no file; only `setup` and `apply` create a connection."""

from pathlib import Path

import pytest

from tests.support.commands import commands
from tests.support.files import differences

PROJECT = "acme-klaviyo-demo"
LOOKING = [
    ("plan",),
    ("plan", "--json", "--remove-over-grants"),
    ("plan", "--location", "EU", "--import-dataset", "OTHER"),
    ("status",),
    ("status", "--json", "--all"),
    ("key", "list"),
    ("key", "list", "--json"),
    ("export", "gcloud"),
    ("export", "sql"),
    ("export", "terraform"),
    ("doctor",),
    ("doctor", "--json"),
    ("explain", "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p."),
    ("completion", "bash"),
]
NAMED = [
    ("plan", "{}"),
    ("verify", "{}"),
    ("status", "{}"),
    ("key", "list", "{}"),
    ("key", "create", "{}"),
    ("key", "delete", "0123", "{}", "--yes"),
    ("key", "mend", "{}", "--yes"),
    ("key", "shred", "{}", "--yes"),
    ("key", "rotate", "{}", "--yes"),
    ("teardown", "{}", "--yes"),
    ("export", "gcloud", "{}"),
    ("values", "{}"),
    ("activity", "{}"),
    ("source", "--connection={}"),
    ("connections", "show", "{}"),
]
"""Every command that takes a connection's name, except those that may create one."""
NAMED_HERE = [
    ("connections", "rename", "{}", "other", "--yes"),
    ("connections", "remove", "{}", "--yes"),
    ("connections", "export", "{}"),
    ("connections", "validate", "{}"),
]
"""Commands on the connection files of this machine, which have no `--config`."""


def ids(arguments: tuple[str, ...]) -> str:
    return " ".join(arguments)[:40]


def test_every_command_that_takes_a_name_is_tried_here():
    tried = {words[:2] if words[0] in ("key", "connections") else words[:1] for words in (*NAMED, *NAMED_HERE)}
    named = {path for path, command in commands() if any(p.name in ("name", "names") for p in command.params)}
    assert named - {("setup",), ("apply",)} == tried


def test_looking_at_a_finished_connection_changes_no_file(google, call, files):
    google("fresh")
    assert call("apply", "--yes").status == 0
    assert call("verify").status == 0
    before = files()
    assert len(before) > 3
    for arguments in LOOKING:
        ended = call(*arguments)
        assert ended.status in (0, 1, 6), (arguments, ended.err)
        assert differences(before, files()) == [], arguments


def test_verifying_what_options_make_of_a_connection_does_not_count_for_it(google, call, files):
    google("fresh")
    assert call("apply", "--yes").status == 0
    before = files()
    assert call("verify", "--location", "US").status == 0  # the file has no location
    assert differences(before, files()) == []
    assert call("verify").status == 0
    assert len(differences(before, files())) == 2, "the verdicts, and that the set-up is finished"


def test_everything_can_be_looked_at_without_any_connection_and_nothing_is_kept(google, call, files, tmp_path: Path):
    world = google("existing")
    for command in LOOKING:
        ended = call(*command)
        assert ended.status in (0, 1, 6), (command, ended.err)
    assert "never: run kbq-tui verify\n" in call("status", "--project", PROJECT).out, "there is no name to be given"
    verified = call("verify", "--json", "--project", PROJECT, *world.key_options)
    assert verified.status == 0, verified.err
    assert verified.json["ok"] is True
    assert files() == {}
    assert {p.name for p in tmp_path.rglob("*") if "kbq-tui" in str(p) and p.is_file()} == {"kbq-tui.log"}


@pytest.mark.parametrize("arguments", [*NAMED, *NAMED_HERE], ids=ids)
def test_a_name_that_is_not_there_is_refused_with_those_there_are(google, call, files, tmp_path: Path, arguments):
    world = google("existing")
    folder = tmp_path / "config/kbq-tui/connections"
    folder.mkdir(parents=True)
    for name in ("production", "test"):
        (folder / f"{name}.toml").write_text(f'project = "{PROJECT}"\n')
    before = files()
    ended = call(*(a.format("produktion") for a in arguments))
    assert ended.status == 2
    assert "no connection produktion. Did you mean production? There are: production, test." in ended.err
    ended = call(*(a.format("xyz") for a in arguments))
    assert ended.status == 2
    assert "There is no connection xyz. There are: production, test." in ended.err
    assert differences(before, files()) == []
    assert world.writes() == []


@pytest.mark.parametrize("arguments", NAMED, ids=ids)
def test_a_name_without_any_connection_and_a_file_that_is_not_there_are_refused(
    google, call, files, tmp_path: Path, arguments
):
    world = google("existing")
    ended = call(*(a.format("default") for a in arguments))
    assert ended.status == 2
    assert "There is no connection default, and no other. This makes it: kbq-tui setup default" in ended.err
    missing = tmp_path / "no such.toml"
    unnamed = [a for a in arguments if "{}" not in a]
    ended = call(*unnamed, "--config", str(missing))
    assert ended.status == 2
    assert f"There is no connection file {missing}. This makes it: kbq-tui setup --config '{missing}'" in ended.err
    assert files() == {}
    assert not missing.exists()
    assert world.writes() == []


def test_apply_says_that_the_connection_is_new_and_keeps_nothing_of_it_before_a_yes(
    google, call, files, monkeypatch: pytest.MonkeyPatch
):
    world = google("fresh")
    answers = iter([False, True])
    monkeypatch.setattr("kbq_tui.cli.context._confirm", lambda console: lambda question: next(answers))
    ended = call("apply", "acme")
    assert ended.status == 1
    assert "new connection acme" in ended.err
    assert files() == {}
    assert world.writes() == []

    ended = call("apply", "acme")
    assert ended.status == 0, ended.err
    assert "new connection acme" in ended.err
    assert ended.err.endswith("Next: kbq-tui verify acme\n")
    assert "never: run kbq-tui verify acme" in call("status", "acme").out
    assert "new connection" not in call("apply", "acme", "--yes").err


def test_apply_asks_before_it_makes_a_connection_of_what_is_all_in_place(
    google, call, files, monkeypatch: pytest.MonkeyPatch
):
    world = google("existing")
    monkeypatch.setattr("kbq_tui.cli.context._confirm", lambda console: lambda question: False)
    assert call("apply", "acme", *world.key_options).status == 1
    assert files() == {}


def test_a_file_named_with_config_is_made_used_and_named_in_what_comes_next(google, call, tmp_path: Path):
    google("fresh")
    file = tmp_path / "my prod.toml"
    ended = call("apply", "--yes", "--config", str(file))
    assert ended.status == 0, ended.err
    assert ended.err.endswith(f"Next: kbq-tui verify default --config '{file}'\n")  # "my prod" is not a valid name
    assert call("verify", "--config", str(file)).status == 0
    assert call("status", "default", "--config", str(file)).status == 0
    ended = call("plan", "other", "--config", str(file))
    assert ended.status == 2
    assert f"The connection of {file} is called default, not other." in ended.err


def test_a_setup_that_is_left_before_anything_is_confirmed_makes_no_connection(google, call, files):
    google("fresh")
    ended = call("setup", "ghost", "--plain", typed=f"{PROJECT}\nimport\nEU\n")  # and then the input ends
    assert ended.status == 2
    assert "Dataset that Klaviyo reads" in ended.err
    assert files() == {}
    assert call("plan", "ghost").status == 2


def test_a_setup_that_takes_a_key_that_is_there_makes_the_connection(google, call):
    world = google("existing")
    path = world.env["KBQ_TUI_SANDBOX_KEY"]
    answers = [PROJECT, "import", "", "", "", "", path]
    ended = call("setup", "acme", "--plain", typed="\n".join(answers[:-1]) + "\n")
    assert ended.status == 2
    assert call("plan", "acme").status == 2, "no key was taken yet"
    ended = call("setup", "acme", "--plain", typed="\n".join(answers) + "\n")
    assert "Step 4 of 6" in ended.out
    assert call("plan", "acme").status == 0


def test_a_project_is_offered_as_used_before_once_google_has_shown_it(google, call, tmp_path: Path):
    google("fresh")
    assert call("apply", "--yes", "--project", "acme-klaviyo-dmeo").status != 0
    assert not list((tmp_path / "state").rglob("ui.json"))
    assert call("apply", "other", "--yes").status == 0
    assert PROJECT in next((tmp_path / "state").rglob("ui.json")).read_text()
    assert "dmeo" not in next((tmp_path / "state").rglob("ui.json")).read_text()


def test_the_shell_completes_the_names_of_connections(call, files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "config/kbq-tui/connections"
    folder.mkdir(parents=True)
    for name in ("production", "preview", "test"):
        (folder / f"{name}.toml").write_text("anything")
    before = files()
    for words, name in (
        ("kbq-tui verify pr", "production"),
        ("kbq-tui status test pr", "production"),
        ("kbq-tui key list pr", "preview"),
        ("kbq-tui export gcloud pr", "preview"),
    ):
        monkeypatch.setenv("_KBQ_TUI_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
        ended = call()
        assert f"plain,{name}" in ended.out.splitlines(), ended.out
        assert "test" not in ended.out
    assert differences(before, files()) == []
