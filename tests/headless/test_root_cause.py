"""Of many failures with one cause the cause is told, once and first; none of its consequences is."""

from collections.abc import Callable

import pytest

from tests.headless.conftest import Call, Google

MISTYPED = ("--project", "acme-klaviyo-dem")
COMMANDS = (("plan",), ("status",), ("verify",), ("apply", "--yes"))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_a_mistyped_project_is_told_with_the_nearest_one_and_nothing_else(
    command: tuple[str, ...], google: Callable[..., Google], call: Call
) -> None:
    google("existing")
    ended = call(*command, *MISTYPED)
    said = " ".join((ended.out + ended.err).split())
    assert ended.status in (1, 6)
    assert said.count("[KBQ-PROJECT-NOT-FOUND]") == 1
    assert "KBQ-PERMISSION-MISSING" not in said
    assert "KBQ-KEY-FILE-MISSING" not in said
    assert "can see: acme-klaviyo-demo." in said


@pytest.mark.parametrize(("scenario", "code"), [("vpc-sc", "KBQ-VPC-SC"), ("captive-portal", "KBQ-MALFORMED-ANSWER")])
def test_the_plan_names_its_cause_first_in_json_too(
    scenario: str, code: str, google: Callable[..., Google], call: Call
) -> None:
    google(scenario)
    plan = call("plan", "--json").json
    assert [c["code"] for c in plan["causes"]] == [code]
    assert {b["problem"]["code"] for b in plan["blocked"]} == {code}
    shown = call("plan").out
    assert shown.index(code) < shown.index("blocked")
    assert shown.count(f"[{code}]") == 1


def test_a_status_without_an_answer_has_no_tick_and_says_why_once(google: Callable[..., Google], call: Call) -> None:
    google("captive-portal")
    lines = call("status", "--json").json["lines"]
    assert [line["id"] for line in lines if line["problem"]] == ["google"]
    assert not [line["id"] for line in lines if line["health"] == "ok"]


def test_an_unattended_setup_stops_at_a_project_that_is_not_there(
    google: Callable[..., Google], call: Call, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = google("fresh")
    answers = tmp_path_factory.mktemp("answers") / "a.toml"
    answers.write_text('project = "acme-klaviyo-dem"\ngo_on = true\n')
    ended = call("setup", "--answers", str(answers))
    assert ended.status == 1
    assert "Step 2" not in ended.out + ended.err
    assert there.writes() == []
