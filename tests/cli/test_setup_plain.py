"""The guided set-up on lines, by a person and by an answers file."""

from pathlib import Path

import pytest

PROJECT = "acme-klaviyo-demo"


def test_a_person_is_led_from_nothing_to_the_summary(google, call):
    google("fresh")
    typed = [
        "",  # project: from the environment
        "1",  # direction
        "moon",  # location: refused
        "eu",
        "not a dataset!",  # refused
        "",
        "",
        "y",  # datasets
        "",
        "",
        "y",  # account and key
        "y",  # permissions
        "y",  # report
        "y",  # connected
    ]
    ended = call("setup", "--plain", typed="\n".join(typed) + "\n")
    assert ended.status == 0, ended.out + ended.err
    said = ended.out
    for number in range(1, 7):
        assert f"Step {number} of 6" in said
    assert "A location is US, EU or a region" in said
    assert "A dataset name has only letters" in said
    assert f"Project ID                  {PROJECT}" in said
    assert "Location                    EU" in said
    assert "\x1b" not in said  # nothing moves the cursor
    assert (said + ended.err).count("not to Google") == 1
    assert "Verified: " in said
    assert call("status", "--json").json["healthy"] is True


def test_a_no_changes_nothing_and_of_a_new_connection_nothing_is_kept(google, call, tmp_path: Path):
    world = google("fresh")
    ended = call("setup", "--plain", "--staging-dataset", "STAGE", typed="\n\n\n\nn\nn\n")
    assert ended.status == 1
    assert "What was done stays" in ended.out
    assert "Dataset for Klaviyo's own work: STAGE" in ended.out  # given as an option: not asked
    assert world.writes() == []
    assert [p.name for p in tmp_path.rglob("*") if p.is_file() and "kbq-tui" in str(p)] == ["kbq-tui.log"]


def test_the_first_yes_makes_the_connection_and_the_next_run_knows_what_was_typed(google, call):
    google("fresh")
    ended = call("setup", "new", "--plain", "--staging-dataset", "STAGE", typed="\n\n\n\ny\n\n\nn\nn\n")
    assert ended.status == 1, ended.out
    assert any(a["id"] == "dataset:STAGE" for a in call("plan", "new", "--json").json["actions"])


def test_input_that_ends_is_a_usage_error(google, call):
    google("fresh")
    ended = call("setup", "--plain", typed="")
    assert ended.status == 2
    assert "Project ID" in ended.err


def test_an_answers_file_answers_everything(google, call, tmp_path: Path):
    google("fresh")
    answers = tmp_path / "answers.toml"
    answers.write_text('location = "EU"\napply = true\nreport = true\nconnected = true\n')
    ended = call("setup", "--answers", str(answers), "--json")
    assert ended.status == 0, ended.err
    assert ended.json["schema"] == "kbq-tui/summary/v1"
    assert ended.json["location"] == "EU"
    assert list((tmp_path / "state").rglob("verify-*.md"))
    assert "connected_at" in (tmp_path / "config/kbq-tui/connections/default.toml").read_text()


def test_what_exists_decides_the_location_and_that_is_said(google, call, tmp_path: Path):
    world = google("existing")
    answers = tmp_path / "answers.toml"
    answers.write_text('location = "EU"\napply = true\nreport = false\nconnected = false\n')
    ended = call("setup", "--answers", str(answers), *world.key_options)
    assert ended.status == 0, ended.out + ended.err
    assert ended.out.count("The datasets exist in US, and a location cannot be changed: US it is.") == 1
    assert 'location = "US"' in (tmp_path / "config/kbq-tui/connections/default.toml").read_text()


def test_an_answers_file_that_does_not_agree_changes_nothing(google, call, tmp_path: Path):
    world = google("fresh")
    answers = tmp_path / "answers.toml"
    answers.write_text('location = "EU"\n')
    assert call("setup", "--answers", str(answers)).status == 1
    assert world.writes() == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('project = "acme-klaviyo-demo"\n\ncolour = "red"\n', "line 3", "colour"),
        ("apply = 1\n", "line 1", "true or false"),
        ("# a comment\nproject = true\n", "line 2", "text in quotes"),
        ('project = "12345678"\n', "line 1", "project number"),
        ("project = \n", "line 1", ""),
    ],
)
def test_wrong_answers_are_refused_with_their_line(google, call, tmp_path: Path, text: str, line: str, words: str):
    world = google("fresh")
    answers = tmp_path / "answers.toml"
    answers.write_text(text)
    ended = call("setup", "--answers", str(answers))
    assert ended.status == 2
    assert line in ended.err
    assert words in ended.err
    assert world.writes() == []


def test_without_permission_it_stops_with_who_can_help(google, call):
    google("no-permission")
    ended = call("setup", "--plain", typed="\n\n\n\n\nn\nn\n")
    assert ended.status == 4
    assert "bigquery.datasets.create" in ended.out
    assert "gcloud projects add-iam-policy-binding" in ended.out


@pytest.mark.parametrize("text", ["x = " + "[" * 20_000, "apply = " + "9" * 5_000], ids=["deep", "long"])
def test_answers_that_no_parser_can_take_are_refused(call, tmp_path: Path, text: str):
    answers = tmp_path / "answers.toml"
    answers.write_text(text)
    ended = call("setup", "--answers", str(answers))
    assert ended.status == 2
    assert str(answers) in ended.err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_answers_without_an_end_are_refused(call):
    assert call("setup", "--answers", "/dev/zero").status == 2


def test_before_a_call_was_answered_the_plain_setup_claims_no_sign_in(google, call):
    google("captive-portal")
    ended = call("setup", "--plain", typed="")
    assert "Credentials found: " in ended.out
    assert "not tried yet" in ended.out
    assert "Signed in" not in ended.out + ended.err


def test_without_a_yes_the_plan_to_look_at_is_named_with_connection_and_file(google, call, tmp_path: Path):
    google("existing")
    file = tmp_path / "our own.toml"
    file.write_text('project = "acme-klaviyo-demo"\n')
    ended = call("apply", "--json", "--config", str(file))
    assert ended.status == 2
    assert f"--config '{file}'" in " ".join(ended.err.split())
