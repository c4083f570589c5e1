"""A failure that explains others is reported in their place; failures that it does not explain stay."""

from dataclasses import replace

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.root_cause import explained, nearest, observed_causes, with_nearest
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Absent, Observed, Present, ProjectInfo, Unknown
from kbq_tui.model.problem import Problem
from kbq_tui.planning.diff import context_of, diff
from tests.planning.worlds import SPEC, fresh

CONTEXT = context_of(SPEC)


def of(code: str, **details: str) -> Problem:
    return catalogue.problem(Code(code), CONTEXT, **details)


def denied(permission: str = "iam.serviceAccounts.get") -> Unknown:
    return Unknown(catalogue.permission_missing(permission, CONTEXT))


def everything(part: Unknown) -> Observed:
    """A reading for which nothing could be read from Google."""
    seen = fresh()
    return replace(
        seen,
        project=part,
        services=dict.fromkeys(seen.services, part),
        billing=part,
        constraints=dict.fromkeys(seen.constraints, part),
        permissions=part,
        datasets=dict.fromkeys(seen.datasets, part),
        names=part,
        account=part,
        keys=part,
        bindings=part,
    )


def codes(seen: Observed) -> list[str | None]:
    return [cause.code for cause in observed_causes(seen, CONTEXT)]


def settled(seen: Observed) -> Observed:
    return explained(seen, observed_causes(seen, CONTEXT))


@pytest.mark.parametrize("code", ["KBQ-CONNECTION-REFUSED", "KBQ-LOGIN-EXPIRED", "KBQ-TLS", "KBQ-UNAUTHENTICATED"])
def test_where_nothing_is_answered_one_failure_blocks_everything_and_no_sign_in_is_claimed(code: str) -> None:
    seen = settled(replace(everything(Unknown(of(code))), account=denied()))
    plan = diff(SPEC, seen)
    assert [c.code for c in plan.causes] == [code]
    assert {b.problem.code for b in plan.blocked} == {code}
    assert plan.changes == ()
    assert isinstance(seen.identity, Unknown)


def test_one_call_that_fails_beside_others_that_are_answered_is_no_outage() -> None:
    seen = replace(fresh(), account=Unknown(of("KBQ-DEADLINE")), bindings=denied())
    assert codes(seen) == []
    assert settled(seen) is seen


def test_a_project_that_is_not_found_explains_the_permissions_that_are_missing_in_it() -> None:
    seen = everything(denied())
    gone = Unknown(of("KBQ-PROJECT-NOT-FOUND"))
    seen = settled(replace(seen, datasets=dict.fromkeys(seen.datasets, gone), keys=Absent()))
    plan = diff(SPEC, seen)
    assert {b.problem.code for b in plan.blocked} == {"KBQ-PROJECT-NOT-FOUND"}
    assert {b.id for b in plan.blocked} == {b.id for b in diff(SPEC, everything(denied())).blocked}


def test_where_every_call_is_refused_the_project_does_not_exist_or_is_not_to_be_seen() -> None:
    assert codes(everything(denied())) == ["KBQ-PROJECT-NOT-FOUND"]


def test_a_right_on_the_project_shows_that_it_exists() -> None:
    gone = Unknown(of("KBQ-PROJECT-NOT-FOUND"))
    seen = everything(denied())
    seen = replace(seen, permissions=fresh().permissions, datasets=dict.fromkeys(seen.datasets, gone))
    assert codes(seen) == []
    assert settled(seen).account == denied()


def test_a_project_on_which_nothing_is_held_and_that_is_not_shown_may_belong_to_others() -> None:
    seen = replace(everything(denied()), permissions=Present(frozenset()), datasets=fresh().datasets, names=Present(()))
    (cause,) = observed_causes(seen, CONTEXT)
    assert cause.code == "KBQ-PROJECT-NOT-FOUND"
    assert f"You hold no role on project {SPEC.project}" in str(cause.cause)
    plan = diff(SPEC, settled(seen))
    assert plan.changes == ()
    assert {b.problem.code for b in plan.blocked} == {"KBQ-PROJECT-NOT-FOUND"}


def test_a_project_that_is_being_deleted_is_told_first_and_nothing_is_done_in_it() -> None:
    going = ProjectInfo(SPEC.project, "1", "", "DELETE_REQUESTED")
    seen = replace(fresh(), project=Present(going))
    (cause,) = observed_causes(seen, CONTEXT)
    assert str(cause.title) == "The project is being deleted"
    assert f"gcloud projects undelete {SPEC.project}" in str(cause.remedy[0])
    plan = diff(SPEC, settled(seen))
    assert plan.changes == ()
    assert plan.blocked


def test_a_perimeter_is_told_once_and_explains_no_missing_permission() -> None:
    one, other = (Unknown(of("KBQ-VPC-SC", vpc_sc_id=id_)) for id_ in ("first", "second"))
    name, *names = fresh().datasets
    seen = replace(fresh(), datasets={name: one, **dict.fromkeys(names, other)}, bindings=denied())
    plan = diff(SPEC, settled(seen))
    assert [c.detail("vpc_sc_id") for c in plan.causes] == ["first"]
    assert {b.problem.detail("vpc_sc_id") for b in plan.blocked if b.problem.code == "KBQ-VPC-SC"} == {"first"}
    assert "KBQ-PERMISSION-MISSING" in {b.problem.code for b in plan.blocked}


def test_two_apis_that_are_off_are_two_causes() -> None:
    iam, bigquery = (Unknown(of("KBQ-API-DISABLED", service=f"{n}.googleapis.com")) for n in ("iam", "bigquery"))
    seen = replace(fresh(), account=iam, keys=iam, datasets=dict.fromkeys(fresh().datasets, bigquery))
    found = observed_causes(seen, CONTEXT)
    assert {c.detail("service") for c in found} == {"iam.googleapis.com", "bigquery.googleapis.com"}
    assert len(found) == 2


def test_the_most_similar_projects_are_named_in_the_cause() -> None:
    names = nearest("acme-klavyio-demo", ["other", "acme-klaviyo-demo", "acme-klaviyo-prod", "zzz"])
    assert names[0] == "acme-klaviyo-demo"
    assert "zzz" not in names
    problem = with_nearest(of("KBQ-PROJECT-NOT-FOUND"), names)
    assert "acme-klaviyo-demo" in str(problem.cause)
    assert str(problem.detail("nearest")).startswith("acme-klaviyo-demo")
    assert with_nearest(of("KBQ-PROJECT-NOT-FOUND"), ()) == of("KBQ-PROJECT-NOT-FOUND")
