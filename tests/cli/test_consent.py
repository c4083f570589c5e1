"""In production, destroying something requires the connection's name; a change with another login requires a yes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kbq_tui.cli import context

PROJECT = "acme-klaviyo-demo"


@pytest.fixture
def filed(tmp_path: Path) -> Callable[[str], Path]:
    """Write the connection `shop`, with further lines in its file."""

    def write(lines: str) -> Path:
        path = tmp_path / "config" / "kbq-tui" / "connections" / "shop.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'project = "{PROJECT}"\n{lines}\n')
        return path

    return write


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Simulate a person at a terminal who gives one answer after the other. Returns the questions."""

    def give(*lines: str) -> list[str]:
        asked: list[str] = []
        left = iter(lines)

        def ask(question: str) -> str:
            asked.append(question)
            return next(left)

        monkeypatch.setattr(context, "_ask_text", lambda _: ask)
        return asked

    return give


def signed_in_as(google) -> str:
    """Return who the sandbox's operator is."""
    import json

    return str(json.loads(Path(google.env["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())["client_email"])


def test_a_key_in_production_is_not_deleted_or_destroyed_by_yes_alone(google, call, filed):
    filed("production = true")
    there = google("existing")
    (key, *_) = call("key", "list", "shop", "--json", *there.key_options).json["keys"]
    before = there.writes()
    for command in (("delete", key["id"]), ("shred",)):
        ended = call("key", *command, "shop", "--yes", *there.key_options)
        assert ended.status == 2
        assert "--confirm shop" in ended.err
    assert there.writes() == before
    done = call("key", "delete", key["id"], "shop", "--confirm", "shop", *there.key_options)
    assert done.status == 0, done.err
    assert len(there.writes()) == len(before) + 1


def test_another_connection_s_name_confirms_nothing(google, call, filed):
    filed("")
    google("existing")
    ended = call("key", "shred", "shop", "--confirm", "other", "--yes")
    assert ended.status == 2
    assert "--confirm says other, but the connection is shop" in ended.err


@pytest.mark.parametrize("command", [("key", "rotate"), ("teardown",)], ids=" ".join)
def test_in_production_a_key_is_replaced_and_all_taken_away_by_name_alone(google, call, filed, command):
    filed("")
    there = google("fresh")
    assert call("apply", "shop", "--yes").status == 0
    filed("production = true")
    before = there.writes()
    refused = call(*command, "shop", "--yes")
    assert refused.status == 2
    assert "--confirm shop" in refused.err
    assert there.writes() == before
    wait = ("--wait", "0") if command == ("key", "rotate") else ()
    agreed = call(*command, "shop", "--confirm", "shop", *wait)
    assert agreed.status in (0, 6), agreed.err
    assert len(there.writes()) > len(before)


def test_in_production_over_grants_are_taken_away_by_name_alone(google, call, filed):
    filed("production = true")
    there = google("over-granted")
    options = ("shop", "--remove-over-grants", *there.key_options)
    refused = call("apply", *options, "--yes")
    assert (refused.status, there.writes()) == (2, [])
    assert "--confirm shop" in refused.err
    assert call("apply", *options, "--confirm", "shop").status == 0
    assert there.writes()


@pytest.mark.parametrize(("typed", "status"), [("shop", 0), ("y", 1), ("", 1)])
def test_on_a_terminal_the_name_is_typed(google, call, filed, answers, typed: str, status: int):
    filed("production = true")
    there = google("existing")
    (key, *_) = call("key", "list", "shop", "--json", *there.key_options).json["keys"]
    before = len(there.writes())
    asked = answers(typed)
    ended = call("key", "delete", key["id"], "shop", "--yes", *there.key_options)
    assert ended.status == status, ended.err
    assert asked == ["shop is in production. Type its name to go ahead:"]
    assert len(there.writes()) - before == (status == 0)


def test_the_operator_of_a_connection_is_asked_nothing(google, call, filed):
    there = google("fresh")
    filed(f'operator = "{signed_in_as(there).upper()}"')
    done = call("apply", "shop", "--yes")
    assert done.status == 0, done.err
    assert "as its operator" not in done.err


def test_another_login_changes_nothing_without_a_terminal(google, call, filed):
    filed('operator = "olga@shop.example"')
    there = google("fresh")
    for command in (("apply", "shop", "--yes"), ("key", "create", "shop")):
        refused = call(*command)
        assert refused.status == 3, refused.err
        assert "KBQ-OTHER-OPERATOR" in refused.err
        assert "olga@shop.example" in refused.err
        assert "gcloud auth application-default login" in refused.err
    assert there.writes() == []


def test_another_login_may_look_and_is_told(google, call, filed):
    filed('operator = "olga@shop.example"')
    there = google("fresh")
    looked = call("plan", "shop", "--json")
    assert looked.status == 0
    told = " ".join(looked.err.split())
    assert f"note: Signed in is {signed_in_as(there)}; the file of connection shop names olga@shop.example" in told


@pytest.mark.parametrize(("typed", "status"), [("y", 0), ("n", 3)])
def test_on_a_terminal_another_login_asks_first(google, call, filed, answers, typed: str, status: int):
    filed('operator = "olga@shop.example"')
    there = google("fresh")
    asked = answers(typed)
    ended = call("apply", "shop", "--yes")
    assert ended.status == status, ended.err
    assert "names olga@shop.example as its operator" in " ".join(asked)
    assert bool(there.writes()) is (status == 0)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('production = "true"', "true or false, without quotes"),
        ("production = 1", "true or false, without quotes"),
        ('operator = "olga"', "the e-mail of the login"),
        ("operator = true", "text in quotes"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_line(call, filed, line: str, says: str):
    path = filed(line)
    ended = call("plan", "shop")
    told = " ".join(ended.err.split())
    assert ended.status == 2
    assert f"{path}" in told
    assert says in told
    assert "line 2" in told


def test_what_protects_a_connection_stays_in_its_file_when_it_is_set_up_again(google, call, filed):
    there = google("fresh")
    who = signed_in_as(there)
    path = filed(f'production = true\noperator = "{who}"')
    assert call("apply", "shop", "--yes", "--location", "EU").status == 0
    assert "production = true" in path.read_text()
    assert f'operator = "{who}"' in path.read_text()
    assert 'location = "EU"' in path.read_text()


def owned_by_terraform(there) -> None:
    """Make every dataset of the project look as if Terraform had created it."""
    for dataset in there.sandbox.world.projects["acme-klaviyo-demo"].datasets.values():
        dataset.labels["goog-terraform-provisioned"] = "true"


@pytest.mark.parametrize(("typed", "status"), [("y", 0), ("n", 1)])
def test_what_terraform_made_is_changed_only_after_the_export_was_offered(google, call, answers, typed, status):
    there = google("partial")
    owned_by_terraform(there)
    asked = answers(typed)
    ended = call("apply", "--location", "EU")
    assert ended.status == status, ended.err
    assert asked == ["Do this all the same? [y/N]"]
    assert "Rather give Terraform the plan: kbq-tui export terraform" in ended.err
    assert "KBQ-TERRAFORM-OWNED" in ended.err
    assert bool(there.writes()) is (status == 0)


def test_who_removes_roles_is_told_that_terraform_restores_them(google, call, answers):
    there = google("over-granted")
    owned_by_terraform(there)
    asked = answers("n")
    ended = call("apply", "--remove-over-grants", *there.key_options)
    assert ended.status == 1, ended.err
    assert "one that is taken away may come back" in " ".join(ended.err.split())
    assert asked == ["Do this all the same? [y/N]"]
    assert there.writes() == []


def test_what_terraform_did_not_make_is_asked_about_as_ever(google, call, answers):
    google("partial")
    asked = answers("n")
    ended = call("apply", "--location", "EU")
    assert asked == ["Do this? [y/N]"]
    assert "export terraform" not in ended.err
