"""Obstacles are judged once, for every face: unknown is never ok, and permissions for what is in place are not
needed."""

from dataclasses import replace

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.root_cause import explained
from kbq_tui.engine.preflight import TITLES, preflight
from kbq_tui.engine.status import Health, Line
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import DatasetInfo, Observed, Present, ProjectInfo, Unknown
from kbq_tui.planning.diff import context_of, diff
from kbq_tui.planning.requirements import PREFLIGHT_PERMISSIONS
from tests.diagnosis.test_root_cause import everything
from tests.planning.worlds import SPEC, UNKNOWN, after, fresh


def judged(seen: Observed) -> dict[str, Line]:
    return {line.id: line for line in preflight(SPEC, seen, diff(SPEC, seen))}


def in_place() -> Observed:
    return after(SPEC, fresh(), diff(SPEC, fresh()))


@pytest.mark.parametrize("seen", [fresh(), in_place()], ids=["fresh", "in place"])
def test_where_nothing_is_in_the_way_every_line_is_ok(seen: Observed) -> None:
    lines = judged(seen)
    assert list(lines) == list(TITLES)
    assert {line.health for line in lines.values()} == {Health.OK}


def test_what_cannot_be_read_is_unknown_with_the_reason() -> None:
    seen = replace(
        fresh(),
        project=UNKNOWN,
        services=dict.fromkeys(fresh().services, UNKNOWN),
        billing=UNKNOWN,
        constraints=dict.fromkeys(fresh().constraints, UNKNOWN),
        permissions=UNKNOWN,
        datasets=dict.fromkeys(fresh().datasets, UNKNOWN),
    )
    lines = judged(seen)
    assert {line.health for line in lines.values()} == {Health.UNKNOWN}
    assert all(line.problem is UNKNOWN.problem for line in lines.values())


def test_no_billing_and_a_project_about_to_go_are_in_the_way() -> None:
    project = ProjectInfo("my-project", "1", "My project", "DELETE_REQUESTED")
    lines = judged(replace(fresh(), billing=Present(False), project=Present(project)))
    assert lines["billing"].health is lines["project"].health is Health.BROKEN
    assert lines["billing"].problem is not None
    assert lines["billing"].problem.code == "KBQ-BILLING-OFF"
    assert "DELETE_REQUESTED" in str(lines["project"].text)


def test_an_api_that_is_off_can_be_turned_on_or_says_who_may() -> None:
    services = {**fresh().services, "iam.googleapis.com": Present(False)}
    line = judged(replace(fresh(), services=services))["service:iam.googleapis.com"]
    assert (line.health, line.problem) == (Health.BROKEN, None)
    held = Present(frozenset(PREFLIGHT_PERMISSIONS) - {"serviceusage.services.enable"})
    line = judged(replace(fresh(), services=services, permissions=held))["service:iam.googleapis.com"]
    assert line.problem is not None
    assert line.problem.detail("permission") == "serviceusage.services.enable"


@pytest.mark.parametrize("constraint", ["iam.disableServiceAccountKeyCreation", "iam.disableServiceAccountCreation"])
def test_a_policy_is_in_the_way_only_of_what_is_still_to_be_created(constraint: str) -> None:
    on = {constraint: Present(True)}
    id_ = "policy-key" if "Key" in constraint else "policy-account"
    blocked = judged(replace(fresh(), constraints={**fresh().constraints, **on}))[id_]
    assert blocked.health is Health.BROKEN
    assert blocked.problem is not None
    assert constraint in str(blocked.problem.detail("constraint"))
    idle = judged(replace(in_place(), constraints={**fresh().constraints, **on}))[id_]
    assert (idle.health, idle.problem) == (Health.OK, None)
    assert constraint in str(idle.text)


def test_a_permission_is_missed_only_where_something_left_to_do_needs_it() -> None:
    held = Present(frozenset(PREFLIGHT_PERMISSIONS) - {"bigquery.datasets.create"})
    missing = judged(replace(fresh(), permissions=held))["permission:bigquery.datasets.create"]
    assert missing.health is Health.BROKEN
    assert missing.problem is not None
    assert "bigquery.datasets.create" in str(missing.text)
    enough = judged(replace(in_place(), permissions=held))["permissions"]
    assert enough.health is Health.OK
    assert "bigquery.datasets.create" in str(enough.text)


def test_the_location_says_why_it_is_the_one() -> None:
    assert "default" in str(judged(fresh())["datasets"].text)
    there = replace(fresh(), datasets={**fresh().datasets, "KLAVIYO_TMP": Present(DatasetInfo("KLAVIYO_TMP", "EU"))})
    assert str(judged(there)["datasets"].text).startswith("EU, as the datasets that exist")
    chosen = SPEC.with_location("EU")
    lines = preflight(chosen, fresh(), diff(chosen, fresh()))
    assert str({line.id: line.text for line in lines}["datasets"]) == "EU, as chosen"


@pytest.mark.parametrize("code", ["KBQ-PROJECT-NOT-FOUND", "KBQ-CONNECTION-REFUSED", "KBQ-LOGIN-EXPIRED"])
def test_a_root_cause_stands_alone_and_is_in_the_way(code: str) -> None:
    part = Unknown(catalogue.problem(Code(code), context_of(SPEC)))
    seen = explained(everything(part), (part.problem,))
    (line,) = preflight(SPEC.with_location("EU"), seen, diff(SPEC, seen))
    assert line.health is Health.BROKEN
    assert line.problem == part.problem


def test_what_is_behind_an_api_that_is_off_is_not_listed_beside_it() -> None:
    off = Unknown(catalogue.problem(Code.API_DISABLED, context_of(SPEC), service="iam.googleapis.com"))
    services = {**fresh().services, "iam.googleapis.com": Present(False)}
    seen = replace(fresh(), services=services, account=off, constraints=dict.fromkeys(fresh().constraints, off))
    lines = preflight(SPEC, explained(seen, (off.problem,)), diff(SPEC, explained(seen, (off.problem,))))
    assert [line.id for line in lines if line.health is not Health.OK] == ["service:iam.googleapis.com"]
