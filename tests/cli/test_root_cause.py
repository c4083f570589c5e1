"""If many failures have one cause, the cause is printed once and first, and none of its consequences."""

from collections.abc import Callable

import pytest

from kbq_tui.sandbox.faults import Rule
from tests.cli.conftest import Call, RunningSandbox

MISTYPED = ("--project", "acme-klaviyo-dem")
COMMANDS = (("plan",), ("status",), ("verify",), ("apply", "--yes"))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_a_mistyped_project_is_told_with_the_nearest_one_and_nothing_else(
    command: tuple[str, ...], google: Callable[..., RunningSandbox], call: Call
) -> None:
    google("existing")
    ended = call(*command, *MISTYPED)
    said = " ".join((ended.out + ended.err).split())
    assert ended.status in (1, 6)
    assert said.count("[KBQ-PROJECT-NOT-FOUND]") == 1
    assert "KBQ-PERMISSION-MISSING" not in said
    assert "KBQ-KEY-FILE-MISSING" not in said
    assert "can see: acme-klaviyo-demo." in said


@pytest.mark.parametrize(("scenario", "code"), [("vpc-sc", "KBQ-VPC-SC"), ("captive-portal", "KBQ-CAPTIVE-PORTAL")])
def test_the_plan_names_its_cause_first_in_json_too(
    scenario: str, code: str, google: Callable[..., RunningSandbox], call: Call
) -> None:
    google(scenario)
    plan = call("plan", "--json").json
    assert [c["code"] for c in plan["causes"]] == [code]
    assert {b["problem"]["code"] for b in plan["blocked"]} == {code}
    shown = call("plan").out
    assert shown.index(code) < shown.index("blocked")
    assert shown.count(f"[{code}]") == 1


def test_a_status_without_an_answer_has_no_tick_and_says_why_once(
    google: Callable[..., RunningSandbox], call: Call
) -> None:
    google("captive-portal")
    lines = call("status", "--json").json["lines"]
    assert [line["id"] for line in lines if line["problem"]] == ["google"]
    assert not [line["id"] for line in lines if line["health"] == "ok"]


def test_an_unattended_setup_stops_at_a_project_that_is_not_there(
    google: Callable[..., RunningSandbox], call: Call, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = google("fresh")
    answers = tmp_path_factory.mktemp("answers") / "a.toml"
    answers.write_text('project = "acme-klaviyo-dem"\ngo_on = true\n')
    ended = call("setup", "--answers", str(answers))
    assert ended.status == 1
    assert "Step 2" not in ended.out + ended.err
    assert there.writes() == []


def test_watching_keeps_what_was_seen_before_the_outage(
    google: Callable[..., RunningSandbox], call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = google("existing")
    looks = 0

    def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        there.sandbox.context.faults.replace([Rule("*", "content-type", every=1)])
        if looks == 2:
            raise SystemExit(0)

    monkeypatch.setattr("time.sleep", sleep)
    first, second = call("status", "--watch", "--json").lines
    assert (first["stale"], second["stale"]) == (False, True)
    assert second["as_of"] == first["as_of"] == first["at"] < second["at"]
    texts = {line["id"]: line["text"] for line in second["lines"]}
    assert texts["dataset"] == {line["id"]: line["text"] for line in first["lines"]}["dataset"]
    assert not second["healthy"]
