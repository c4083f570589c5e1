"""A teardown removes what we created, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import (
    Absent,
    AccessEntry,
    AccountInfo,
    DatasetInfo,
    ForeignGrants,
    Identity,
    KeyInfo,
    LocalKey,
    Observed,
    Part,
    Present,
    ProjectInfo,
    RoleBinding,
    Unknown,
)
from kbq_tui.model.operations import ActionKey, DropDataset
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.rotation import Rotation
from kbq_tui.model.spec import DATA_EDITOR, DATA_VIEWER, JOB_USER, LABELS, ConnectionSpec
from kbq_tui.planning.teardown import teardown

SPEC = ConnectionSpec("acme-prod", location="EU")
EMAIL = SPEC.account_email
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MADE = NOW - timedelta(days=3)
IMPORT, TMP = SPEC.import_dataset, SPEC.staging_dataset
OURS, THEIRS = "a" * 40, "b" * 40
PROBLEM = Problem(None, verbatim("no"), verbatim("It cannot be read."))
ALL = (
    ("account", EMAIL),
    ("key", EMAIL),
    (f"dataset:{IMPORT}", f"acme-prod:{IMPORT}"),
    (f"dataset:{TMP}", f"acme-prod:{TMP}"),
    (f"grant:project:{JOB_USER}", "projects/acme-prod"),
    (f"grant:dataset:{IMPORT}:{DATA_VIEWER}", f"acme-prod:{IMPORT}"),
    (f"grant:dataset:{TMP}:{DATA_EDITOR}", f"acme-prod:{TMP}"),
)
"""What a set-up without faults writes into the journal."""


def change(action: str, resource: str) -> OwnChange:
    key = ActionKey.read(action, resource)
    assert key is not None
    return OwnChange(key, MADE)


def journal(*left_out: str) -> tuple[OwnChange, ...]:
    return tuple(change(*line) for line in ALL if line[0] not in left_out)


def dataset(name: str, role: str, **more: object) -> Present[DatasetInfo]:
    access = (AccessEntry("roles/bigquery.dataOwner", "user:me@x.com"), AccessEntry(role, SPEC.member))
    values: dict[str, object] = {"labels": LABELS, "access": access}
    return Present(DatasetInfo(name, "EU", **{**values, **more}))  # type: ignore[arg-type]


def seen(**more: object) -> Observed:
    """The state after a set-up of ours, and nothing else."""
    whole = Observed(
        at=NOW,
        identity=Present(Identity("me@x.com", verbatim("test"))),
        project=Present(ProjectInfo("acme-prod", "1", "Acme", "ACTIVE")),
        services={},
        billing=Present(True),
        constraints={},
        permissions=Present(frozenset()),
        datasets={IMPORT: dataset(IMPORT, DATA_VIEWER), TMP: dataset(TMP, DATA_EDITOR)},
        names=Present(()),
        account=Present(AccountInfo(EMAIL, "1")),
        keys=Present((KeyInfo(OURS, MADE),)),
        bindings=Present((RoleBinding("roles/owner", ("user:me@x.com",)), RoleBinding(JOB_USER, (SPEC.member,)))),
        key=Present(LocalKey("/k.json", OURS, EMAIL, "acme-prod")),
        elsewhere=ForeignGrants({}, {}),
        changes=journal(),
    )
    return replace(whole, **more)  # type: ignore[arg-type]


EMPTY: Mapping[str, Part[int]] = {IMPORT: Present(0), TMP: Present(0)}
EVERYTHING = {
    f"delete-key:{OURS}",
    f"revoke:project:{JOB_USER}:{SPEC.member}",
    f"revoke:dataset:{IMPORT}:{DATA_VIEWER}:{SPEC.member}",
    f"revoke:dataset:{TMP}:{DATA_EDITOR}:{SPEC.member}",
    "delete-account",
    f"delete-dataset:dataset:{IMPORT}",
    f"delete-dataset:dataset:{TMP}",
}


def ids(plan: Plan) -> set[str]:
    return {action.id for action in plan.actions}


def stays(plan: Plan) -> str:
    return "\n".join(str(problem.cause) for problem in plan.warnings)


def test_all_that_we_made_goes_in_the_right_order() -> None:
    plan = teardown(SPEC, seen(), EMPTY)
    assert ids(plan) == EVERYTHING
    assert (plan.warnings, plan.blocked) == ((), ())
    order = [action.id for action in plan.actions]
    for action in plan.actions:
        assert all(order.index(need) < order.index(action.id) for need in action.needs)
    (account,) = [a for a in plan.actions if a.id == "delete-account"]
    assert set(account.needs) == {i for i in EVERYTHING if i.startswith(("delete-key", "revoke"))}


def test_nothing_goes_where_nothing_is() -> None:
    nothing = seen(
        datasets={IMPORT: Absent(), TMP: Absent()}, account=Absent(), keys=Absent(), bindings=Present(()), key=Absent()
    )
    plan = teardown(SPEC, nothing, {})
    assert (plan.actions, plan.warnings, plan.blocked) == ((), (), ())


@pytest.mark.parametrize("line", [line[0] for line in ALL if not line[0].startswith("dataset")])
def test_what_the_journal_does_not_have_stays(line: str) -> None:
    plan = teardown(SPEC, seen(changes=journal(line)), EMPTY)
    gone = {"account": {"delete-account"}, "key": {f"delete-key:{OURS}", "delete-account"}}.get(line)
    if gone is None:
        gone = {i for i in EVERYTHING if i.startswith(line.replace("grant", "revoke"))} | {"delete-account"}
    assert ids(plan) == EVERYTHING - gone
    assert plan.warnings


@pytest.mark.parametrize("labels", [{}, {"created-by": "somebody"}, {"team": "marketing"}])
def test_a_dataset_without_our_label_stays_and_our_role_on_it_goes(labels: dict[str, str]) -> None:
    there = {IMPORT: dataset(IMPORT, DATA_VIEWER, labels=labels), TMP: dataset(TMP, DATA_EDITOR)}
    plan = teardown(SPEC, seen(datasets=there), EMPTY)
    assert ids(plan) == EVERYTHING - {f"delete-dataset:dataset:{IMPORT}"}
    assert f"Dataset {IMPORT} stays: it has not the label" in stays(plan)


def test_a_dataset_with_tables_goes_only_with_its_data() -> None:
    full: Mapping[str, Part[int]] = {IMPORT: Present(2), TMP: Present(0)}
    plan = teardown(SPEC, seen(), full)
    assert ids(plan) == EVERYTHING - {f"delete-dataset:dataset:{IMPORT}"}
    assert "--with-data" in stays(plan)
    with_data = teardown(SPEC, seen(), full, with_data=True)
    assert ids(with_data) == EVERYTHING
    ops = {a.id: type(a.op) for a in with_data.actions}
    assert ops[f"delete-dataset:dataset:{IMPORT}"] is DropDataset
    assert ops[f"delete-dataset:dataset:{TMP}"] is not DropDataset
    assert plan.fingerprint != with_data.fingerprint


def test_the_account_stays_where_it_has_roles_elsewhere_and_they_are_named() -> None:
    other = DatasetInfo("finance", "EU", (AccessEntry(DATA_VIEWER, SPEC.member),))
    bound = RoleBinding("roles/editor", (SPEC.member,), "request.time < x")
    bindings = Present((RoleBinding(JOB_USER, (SPEC.member,)), bound))
    plan = teardown(SPEC, seen(elsewhere=ForeignGrants({"finance": other}, {}), bindings=bindings), EMPTY)
    assert ids(plan) == EVERYTHING - {"delete-account"}
    assert f"{DATA_VIEWER} on dataset finance" in stays(plan)
    assert "roles/editor on project acme-prod" in stays(plan)


def test_the_account_stays_with_a_key_that_was_not_made_here() -> None:
    keys = Present((KeyInfo(OURS, MADE), KeyInfo(THEIRS, MADE)))
    plan = teardown(SPEC, seen(keys=keys), EMPTY)
    assert ids(plan) == EVERYTHING - {"delete-account"}
    assert THEIRS[:12] in stays(plan)


def test_a_key_that_was_there_before_us_stays() -> None:
    plan = teardown(SPEC, seen(keys=Present((KeyInfo(OURS, MADE - timedelta(days=1)),))), EMPTY)
    assert ids(plan) == EVERYTHING - {"delete-account", f"delete-key:{OURS}"}


def test_what_another_connection_needs_stays() -> None:
    other = ConnectionSpec("acme-prod", "other", location="EU", import_dataset="OTHER")
    plan = teardown(SPEC, seen(neighbours=(other,)), EMPTY)
    kept = {"delete-account", f"delete-key:{OURS}", f"revoke:project:{JOB_USER}:{SPEC.member}"}
    kept |= {i for i in EVERYTHING if TMP in i}
    assert ids(plan) == EVERYTHING - kept
    assert "connection other uses it, too" in stays(plan)
    assert "connection other needs it" in stays(plan)


@pytest.mark.parametrize("part", ["keys", "bindings", "account"])
def test_what_cannot_be_read_blocks_the_account(part: str) -> None:
    plan = teardown(SPEC, seen(**{part: Unknown(PROBLEM)}), EMPTY)
    assert "delete-account" in {blocked.id for blocked in plan.blocked}
    assert "delete-account" not in ids(plan)


def test_what_could_not_be_looked_at_elsewhere_blocks_the_account() -> None:
    plan = teardown(SPEC, seen(elsewhere=ForeignGrants({}, {}, (PROBLEM,))), EMPTY)
    assert {blocked.id for blocked in plan.blocked} == {"delete-account"}


def test_a_dataset_that_cannot_be_read_or_counted_is_blocked() -> None:
    there: Mapping[str, Part[DatasetInfo]] = {IMPORT: Unknown(PROBLEM), TMP: dataset(TMP, DATA_EDITOR)}
    plan = teardown(SPEC, seen(datasets=there), {TMP: Unknown(PROBLEM)})
    assert {b.id for b in plan.blocked} >= {f"delete-dataset:dataset:{IMPORT}", f"delete-dataset:dataset:{TMP}"}
    assert not [i for i in ids(plan) if i.startswith("delete-dataset")]


def test_an_api_that_we_turned_on_stays_on_and_that_is_said() -> None:
    service = "bigquery.googleapis.com"
    on = change(f"service:{service}", f"projects/acme-prod/services/{service}")
    plan = teardown(SPEC, seen(services={service: Present(True)}, changes=(*journal(), on)), EMPTY)
    assert ids(plan) == EVERYTHING
    assert f"API {service} stays" in stays(plan)


def test_both_keys_of_a_rotation_go_if_both_were_made_here() -> None:
    made = MADE - timedelta(days=99)
    first = OwnChange(change("key", EMAIL).key, made)
    keys = Present((KeyInfo(THEIRS, made), KeyInfo(OURS, MADE)))
    rotation = Rotation(THEIRS, MADE, OURS)
    plan = teardown(SPEC, seen(keys=keys, rotation=rotation, changes=(first, *journal())), EMPTY)
    assert ids(plan) == EVERYTHING | {f"delete-key:{THEIRS}"}


def test_a_rotation_makes_nobodys_key_ours() -> None:
    """The old key may come from elsewhere, and Klaviyo still signs in with it."""
    keys = Present((KeyInfo(THEIRS, MADE - timedelta(days=99)), KeyInfo(OURS, MADE)))
    plan = teardown(SPEC, seen(keys=keys, rotation=Rotation(THEIRS, MADE, OURS)), EMPTY)
    assert ids(plan) == EVERYTHING - {"delete-account"}
    assert f"Key {THEIRS[:12]} of {EMAIL} stays: it was not made here" in stays(plan)


def test_taking_a_role_away_from_what_terraform_made_is_warned_of() -> None:
    labels = {**LABELS, "goog-terraform-provisioned": "true"}
    made = {IMPORT: dataset(IMPORT, DATA_VIEWER, labels=labels), TMP: dataset(TMP, DATA_EDITOR)}
    plan = teardown(SPEC, seen(datasets=made), EMPTY)
    (warned,) = (w for w in plan.warnings if w.code == Code.TERRAFORM_OWNED)
    assert warned.detail("dataset") == IMPORT
    assert "may come back" in str(warned.cause)


VIEW = (f"view:table:{IMPORT}.ready", f"acme-prod:{IMPORT}.ready")
DROPPED = f"delete-view:table:{IMPORT}.ready"


def with_view(views: Part[Mapping[str, Mapping[str, str]]], count: int = 1, **more: object) -> Plan:
    found = seen(changes=(*journal(), change(*VIEW)), **more)
    return teardown(SPEC, found, {**EMPTY, IMPORT: Present(count)}, {IMPORT: views})


def test_a_view_that_we_made_goes_before_its_dataset_which_is_empty_then() -> None:
    plan = with_view(Present({"ready": LABELS}))
    assert ids(plan) == EVERYTHING | {DROPPED}
    (emptied,) = [a for a in plan.actions if a.id == f"delete-dataset:dataset:{IMPORT}"]
    assert DROPPED in emptied.needs
    assert not isinstance(emptied.op, DropDataset)
    assert f"delete-dataset:dataset:{IMPORT}" not in ids(with_view(Present({"ready": LABELS}), count=2))


def test_a_view_that_came_in_the_place_of_ours_stays_and_one_that_is_gone_is_nothing_to_do() -> None:
    plan = with_view(Present({"ready": {}}))
    assert DROPPED not in ids(plan)
    assert f"View {IMPORT}.ready stays: it has not the label" in stays(plan)
    assert DROPPED not in ids(with_view(Present({"other": LABELS})))
    assert DROPPED not in ids(teardown(SPEC, seen(), EMPTY, {IMPORT: Present({"ready": LABELS})}))


def test_views_that_cannot_be_listed_are_blocked_and_those_another_connection_may_need_stay() -> None:
    blocked = with_view(Unknown(PROBLEM))
    assert DROPPED in {b.action.id for b in blocked.blocked}
    shared = with_view(Present({"ready": LABELS}), neighbours=(replace(SPEC, name="other"),))
    assert DROPPED not in ids(shared)
    assert "connection other uses its dataset, too" in stays(shared)
