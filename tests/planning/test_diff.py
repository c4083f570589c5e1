"""The plan: what is missing is created, what exists stays, what is unknown is never written to."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbq_tui.diagnosis import catalogue
from kbq_tui.model import spec as s
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import (
    Absent,
    AccessEntry,
    AccountInfo,
    DatasetInfo,
    KeyInfo,
    LocalKey,
    Observed,
    Part,
    Present,
    RoleBinding,
    Unknown,
)
from kbq_tui.model.operations import (
    ActionKey,
    ActionKind,
    Change,
    CreateAccount,
    CreateDataset,
    CreateKey,
    GrantDatasetRole,
    GrantProjectRole,
    RevokeDatasetRole,
    Step,
)
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Context
from kbq_tui.model.refs import AccountRef
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import diff
from kbq_tui.planning.grants import over_grants
from kbq_tui.planning.locations import resolve_location
from tests.planning.worlds import AT, SPEC, UNKNOWN, after, fresh, observations, specs
from tests.support.known import known


def blocked(plan: Plan) -> dict[str, str | None]:
    return {b.id: b.problem.code for b in plan.blocked}


def test_a_fresh_project_gets_everything_in_an_order_that_works() -> None:
    plan = diff(SPEC, fresh())
    assert not plan.blocked
    assert [a.id for a in plan.changes] == [
        "dataset:KLAVIYO_IMPORT_FROM_DWH",
        "dataset:KLAVIYO_TMP",
        "account",
        "key",
        "grant:project:roles/bigquery.jobUser",
        "grant:dataset:KLAVIYO_IMPORT_FROM_DWH:roles/bigquery.dataViewer",
        "grant:dataset:KLAVIYO_TMP:roles/bigquery.dataEditor",
    ]
    needs = {a.id: a.needs for a in plan.changes}
    assert needs["key"] == ("account",)
    assert set(needs["grant:dataset:KLAVIYO_TMP:roles/bigquery.dataEditor"]) == {"account", "dataset:KLAVIYO_TMP"}
    assert plan.location == "US"


@st.composite
def cases(draw: st.DrawFn) -> tuple[ConnectionSpec, Observed]:
    spec = draw(specs())
    return spec, draw(observations(spec))


@given(cases())
@settings(max_examples=400)
def test_after_a_plans_effect_nothing_is_left_to_do(case: tuple[ConnectionSpec, Observed]) -> None:
    spec, observed = case
    plan = diff(spec, observed)
    again = diff(spec, after(spec, observed, plan))
    assert not again.changes
    assert {b.id for b in again.blocked} <= {b.id for b in plan.blocked}


@given(cases())
@settings(max_examples=400)
def test_what_is_unknown_is_never_written_to(case: tuple[ConnectionSpec, Observed]) -> None:
    spec, observed = case
    for action in diff(spec, observed).changes:
        match action.op:
            case CreateDataset(dataset=name) | GrantDatasetRole(dataset=name) | RevokeDatasetRole(dataset=name):
                assert not isinstance(observed.datasets[name], Unknown)
            case CreateAccount():
                assert isinstance(observed.account, Absent)
            case CreateKey():
                assert isinstance(observed.key, Absent)
                assert not isinstance(observed.account, Unknown)
            case GrantProjectRole():
                assert isinstance(observed.bindings, Present)
            case _:
                pass


@given(cases())
@settings(max_examples=200)
def test_a_plan_is_in_order_and_says_everything_once(case: tuple[ConnectionSpec, Observed]) -> None:
    spec, observed = case
    plan = diff(spec, observed)
    ids = [a.id for a in plan.actions] + [b.id for b in plan.blocked]
    assert len(ids) == len(set(ids))
    seen: set[str] = set()
    for action in plan.actions:
        assert set(action.needs) <= seen
        seen.add(action.id)
    assert plan.fingerprint == diff(spec, observed).fingerprint
    assert sum(len(plan.step(step).actions) for step in Step) == len(plan.actions)


def in_place(spec: ConnectionSpec = SPEC) -> Observed:
    return after(spec, fresh(spec), diff(spec, fresh(spec)))


def test_a_finished_set_up_has_only_no_ops() -> None:
    plan = diff(SPEC, in_place())
    assert plan.complete
    assert {a.change for a in plan.actions} == {Change.NOOP}


def test_an_existing_location_is_adopted() -> None:
    seen = replace(
        fresh(), datasets={**fresh().datasets, s.STAGING_DATASET: Present(DatasetInfo(s.STAGING_DATASET, "EU"))}
    )
    assert resolve_location(SPEC, seen) == "EU"
    ops = [a.op for a in diff(SPEC, seen).changes if isinstance(a.op, CreateDataset)]
    assert ops == [CreateDataset(s.IMPORT_DATASET, "EU", "import")]


def test_a_location_that_cannot_be_had_blocks_and_says_which_there_is() -> None:
    spec = ConnectionSpec("my-project", location="US")
    seen = replace(
        fresh(), datasets={**fresh().datasets, s.STAGING_DATASET: Present(DatasetInfo(s.STAGING_DATASET, "EU"))}
    )
    plan = diff(spec, seen)
    assert blocked(plan)["dataset:KLAVIYO_TMP"] == "KBQ-LOCATION-FIXED"
    assert "EU" in str(plan.blocked[0].problem.cause)
    assert not any(isinstance(a.op, CreateDataset) for a in plan.changes)


def test_two_locations_are_refused() -> None:
    datasets = {n: Present(DatasetInfo(n, where)) for n, where in ((s.IMPORT_DATASET, "US"), (s.STAGING_DATASET, "EU"))}
    plan = diff(SPEC, replace(fresh(), datasets=datasets))
    assert set(blocked(plan).values()) == {"KBQ-TWO-LOCATIONS"}
    assert plan.location is None


def test_a_twin_in_other_case_is_pointed_out() -> None:
    plan = diff(SPEC, replace(fresh(), names=Present((("klaviyo_tmp", "US"),))))
    assert [w.code for w in plan.warnings] == ["KBQ-DATASET-TWIN"]


@pytest.mark.parametrize(
    ("missing", "ids"),
    [
        ("bigquery.datasets.create", {"dataset:KLAVIYO_TMP", "dataset:KLAVIYO_IMPORT_FROM_DWH"}),
        ("iam.serviceAccounts.create", {"account", "key", "grant:project:roles/bigquery.jobUser"}),
        ("iam.serviceAccountKeys.create", {"key"}),
        ("resourcemanager.projects.setIamPolicy", {"grant:project:roles/bigquery.jobUser"}),
    ],
)
def test_a_missing_permission_blocks_what_needs_it_and_names_it(missing: str, ids: set[str]) -> None:
    seen = fresh()
    assert isinstance(seen.permissions, Present)
    plan = diff(SPEC, replace(seen, permissions=Present(seen.permissions.value - {missing})))
    assert ids <= set(blocked(plan))
    problem = next(b.problem for b in plan.blocked if b.id in ids)
    assert missing in f"{problem.cause}{problem.who}" + " ".join(map(str, problem.remedy))
    assert problem.exit_code == 4


@pytest.mark.parametrize(
    "constraint", ["iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation"]
)
def test_a_key_policy_blocks_only_the_key_and_is_named(constraint: str) -> None:
    seen = fresh()
    plan = diff(SPEC, replace(seen, constraints={**seen.constraints, constraint: Present(True)}))
    assert blocked(plan) == {"key": "KBQ-KEY-CREATION-BLOCKED"}
    text = str(plan.blocked[0].problem.cause) + " ".join(map(str, plan.blocked[0].problem.remedy))
    assert constraint in text


def test_ten_keys_are_enough() -> None:
    account = Present(AccountInfo(SPEC.account_email, "1"))
    keys = Present(tuple(KeyInfo(f"k{i}", AT) for i in range(10)))
    plan = diff(SPEC, replace(fresh(), account=account, keys=keys))
    assert blocked(plan)["key"] == "KBQ-TOO-MANY-KEYS"
    assert sum(w.code == "KBQ-KEY-UNHELD" for w in plan.warnings) == 10


def test_no_key_counts_as_unheld_while_it_cannot_be_told_which_one_is_kept_here() -> None:
    plan = diff(SPEC, replace(in_place(), key=UNKNOWN))
    assert "KBQ-KEY-UNHELD" not in {w.code for w in plan.warnings}


def test_a_key_that_google_no_longer_knows_is_not_silently_replaced() -> None:
    seen = replace(
        in_place(), keys=Present(()), key=Present(LocalKey("/k.json", "old", SPEC.account_email, "my-project"))
    )
    assert blocked(diff(SPEC, seen))["key"] == "KBQ-KEY-DEAD"


@pytest.mark.parametrize(
    "account", [Present(AccountInfo(SPEC.account_email, "1")), Absent()], ids=["listed", "no account"]
)
@pytest.mark.parametrize(("minutes", "dead"), [(0, False), (9, False), (11, True)])
def test_a_key_whose_file_is_younger_than_ten_minutes_is_not_called_dead(
    account: Part[AccountInfo], minutes: int, dead: bool
) -> None:
    written = AT - timedelta(minutes=minutes)
    local = LocalKey("/k.json", "young", SPEC.account_email, "my-project", written=written)
    seen = replace(in_place(), account=account, keys=Present(()), key=Present(local))
    assert (blocked(diff(SPEC, seen)).get("key") == "KBQ-KEY-DEAD") is dead


def test_a_key_that_was_created_here_a_moment_ago_is_not_called_dead() -> None:
    local = LocalKey("", "in the keyring", SPEC.account_email, "my-project", in_keyring=True)
    seen = replace(in_place(), keys=Present(()), key=Present(local))
    own = OwnChange(ActionKey(ActionKind.KEY, AccountRef(SPEC.project, SPEC.account_email)), AT - timedelta(minutes=2))
    assert blocked(diff(SPEC, seen))["key"] == "KBQ-KEY-DEAD"
    assert blocked(diff(SPEC, replace(seen, changes=(own,)))) == {}


def test_a_conditional_binding_does_not_count_as_the_grant() -> None:
    seen = replace(in_place(), bindings=Present((RoleBinding(s.JOB_USER, (SPEC.member,), "false"),)))
    assert [a.id for a in diff(SPEC, seen).changes] == ["grant:project:roles/bigquery.jobUser"]


def test_nothing_is_granted_on_an_access_list_that_was_not_read() -> None:
    seen = in_place()
    own = seen.datasets[s.STAGING_DATASET]
    assert isinstance(own, Present)
    datasets = {**seen.datasets, s.STAGING_DATASET: Present(replace(own.value, access=None))}
    plan = diff(SPEC, replace(seen, datasets=datasets), remove_over_grants=True)
    assert not plan.changes
    assert blocked(plan) == {f"grant:dataset:{s.STAGING_DATASET}:{s.DATA_EDITOR}": "KBQ-ACCESS-UNREAD"}


def test_the_accounts_e_mail_is_the_same_in_any_case() -> None:
    seen = in_place()
    member = SPEC.member.replace("klaviyo", "Klaviyo").replace("serviceAccount", "serviceaccount")
    own = seen.datasets[s.STAGING_DATASET]
    assert isinstance(own, Present)
    access = (AccessEntry(s.DATA_EDITOR, member), AccessEntry(s.DATA_OWNER, member))
    seen = replace(
        seen,
        bindings=Present((RoleBinding(s.JOB_USER, (member,)), RoleBinding("roles/bigquery.admin", (member,)))),
        datasets={**seen.datasets, s.STAGING_DATASET: Present(replace(own.value, access=access))},
    )
    plan = diff(SPEC, seen, remove_over_grants=True)
    assert [a.id for a in plan.changes] == [
        "over-grant:project:roles/bigquery.admin",
        f"over-grant:dataset:{s.STAGING_DATASET}:{s.DATA_OWNER}",
    ]


def test_a_tombstone_is_removed_before_the_grant() -> None:
    dead = AccessEntry(s.DATA_EDITOR, f"deleted:serviceAccount:{SPEC.account_email}?uid=7")
    info = DatasetInfo(s.STAGING_DATASET, "US", (dead,))
    seen = replace(fresh(), datasets={**fresh().datasets, s.STAGING_DATASET: Present(info)})
    changes = {a.id: a for a in diff(SPEC, seen).changes}
    removal = f"revoke:dataset:{s.STAGING_DATASET}:{s.DATA_EDITOR}:{dead.member}"
    assert changes[removal].change is Change.DELETE
    assert removal in changes[f"grant:dataset:{s.STAGING_DATASET}:{s.DATA_EDITOR}"].needs


def test_grants_of_a_former_account_of_the_same_name_are_not_trusted() -> None:
    plan = diff(SPEC, replace(in_place(), account=Absent(), keys=Absent(), key=Absent()))
    assert "grant:project:roles/bigquery.jobUser" in {a.id for a in plan.changes}


def test_over_grants_are_named_wherever_they_are() -> None:
    wide = RoleBinding("roles/bigquery.dataEditor", (SPEC.member,))
    seen = in_place()
    assert isinstance(seen.bindings, Present)
    seen = replace(seen, bindings=Present((*seen.bindings.value, wide)))
    assert [(g.role, g.dataset) for g in over_grants(SPEC, seen)] == [("roles/bigquery.dataEditor", None)]
    assert [w.code for w in diff(SPEC, seen).warnings] == ["KBQ-OVER-GRANT"]


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_change_of_what_terraform_made_is_warned_of(value: str) -> None:
    labels = {"goog-terraform-provisioned": value}
    there = {w.name: Present(DatasetInfo(w.name, "EU", labels=labels, access=())) for w in SPEC.datasets()}
    plan = diff(SPEC, replace(fresh(SPEC), datasets=there))
    warned = {str(w.cause).split()[1] for w in plan.warnings if w.code == Code.TERRAFORM_OWNED}
    assert warned == ({w.name for w in SPEC.datasets()} if value == "true" else set())


def test_what_terraform_made_and_is_in_place_is_not_warned_of() -> None:
    done = in_place()
    made = {
        name: Present(replace(part.value, labels={"goog-terraform-provisioned": "true"}))
        for name, part in done.datasets.items()
        if isinstance(part, Present)
    }
    assert diff(SPEC, replace(done, datasets=made)).warnings == ()


def test_an_unknown_policy_does_not_stop_the_attempt() -> None:
    seen = fresh()
    plan = diff(SPEC, replace(seen, constraints=dict.fromkeys(seen.constraints, UNKNOWN), permissions=UNKNOWN))
    assert not plan.blocked


def test_the_commands_to_hand_over_name_the_operator_and_the_dataset() -> None:
    seen = fresh()
    assert isinstance(seen.permissions, Present)
    plan = diff(SPEC, replace(seen, permissions=Present(seen.permissions.value - {"bigquery.datasets.create"})))
    texts = {b.id: " ".join(map(str, b.problem.remedy)) for b in plan.blocked}
    assert "user:me@example.com" in texts["dataset:KLAVIYO_TMP"]
    assert "`my-project.KLAVIYO_TMP`" in texts["dataset:KLAVIYO_TMP"]
    assert "`my-project.KLAVIYO_IMPORT_FROM_DWH`" in texts["dataset:KLAVIYO_IMPORT_FROM_DWH"]


def test_what_holds_under_a_condition_is_left_with_a_command_that_takes_it_away() -> None:
    seen = in_place()
    assert isinstance(seen.bindings, Present)
    bound = RoleBinding("roles/bigquery.admin", (SPEC.member,), "request.time < x")
    seen = replace(seen, bindings=Present((*seen.bindings.value, bound)))
    for remove in (False, True):
        plan = diff(SPEC, seen, remove_over_grants=remove)
        assert not plan.changes
        (warning,) = plan.warnings
        assert "under a condition" in str(warning.cause)
        assert str(warning.remedy[-1]).endswith(f"--member={SPEC.member} --role=roles/bigquery.admin --all")


def test_what_everybody_holds_is_left_and_said() -> None:
    seen = in_place()
    assert isinstance(seen.bindings, Present)
    wide = RoleBinding("roles/bigquery.dataViewer", ("allAuthenticatedUsers", "user:you@example.com"))
    info = DatasetInfo(s.IMPORT_DATASET, "US", (AccessEntry(s.DATA_EDITOR, "specialGroup:allAuthenticatedUsers"),))
    own = seen.datasets[s.IMPORT_DATASET]
    assert isinstance(own, Present)
    info = replace(info, access=(*known(own.value.access), *known(info.access)))
    seen = replace(
        seen,
        bindings=Present((*seen.bindings.value, wide)),
        datasets={**seen.datasets, s.IMPORT_DATASET: Present(info)},
    )
    for remove in (False, True):
        plan = diff(SPEC, seen, remove_over_grants=remove)
        assert not plan.changes
        on_project, on_dataset = plan.warnings
        assert (on_project.code, on_project.detail("resource")) == ("KBQ-OVER-GRANT", f"project {SPEC.project}")
        assert "Everybody" in str(on_project.cause)
        assert "not taken away" in str(on_project.cause)
        assert "--member=allAuthenticatedUsers" in str(on_project.remedy[-1])
        assert (on_dataset.code, on_dataset.detail("dataset")) == ("KBQ-PUBLIC-DATASET", s.IMPORT_DATASET)
        assert 'FROM "specialGroup:allAuthenticatedUsers"' in str(on_dataset.remedy[-1])


@pytest.mark.parametrize(
    ("what", "code", "gone"),
    [
        ("Key", "KBQ-KEY-CREATION-BLOCKED", {"key": Absent(), "keys": Absent()}),
        ("", "KBQ-ACCOUNT-CREATION-BLOCKED", {"account": Absent(), "keys": Absent(), "key": Absent()}),
    ],
)
def test_of_two_policies_that_block_both_are_lifted_and_both_restored(
    what: str, code: str, gone: dict[str, Any]
) -> None:
    both = {f"iam.{kind}disableServiceAccount{what}Creation": Present(True) for kind in ("", "managed.")}
    seen = replace(in_place(), **gone)
    problem = next(b.problem for b in diff(SPEC, replace(seen, constraints={**seen.constraints, **both})).blocked)
    assert problem.code == code
    steps = [
        n for c in both for n, s in enumerate(problem.remedy) if f"policies/{c}\\n" in str(s) and "set-policy" in str(s)
    ]
    back = [n for c in both for n, s in enumerate(problem.remedy) if f"policies delete {c} " in str(s)]
    assert len(steps) == len(back) == 2
    assert max(steps) < min(back)
    one = replace(seen, constraints={**seen.constraints, **dict.fromkeys(list(both)[:1], Present(True))})
    alone = next(b.problem for b in diff(SPEC, one).blocked)
    assert len(alone.remedy) == len(problem.remedy) - 2


def test_what_a_look_could_not_see_names_the_account_in_its_commands() -> None:
    refused = catalogue.problem(Code.VPC_SC, Context(project=SPEC.project), vpc_sc_id="x")
    assert "serviceAccount:SERVICE_ACCOUNT_EMAIL" in " ".join(map(str, refused.remedy))
    seen = replace(fresh(), datasets=dict.fromkeys(fresh().datasets, Unknown(refused)))
    problem = diff(SPEC, seen).blocked[0].problem
    assert SPEC.member in " ".join(map(str, problem.remedy))
    assert "SERVICE_ACCOUNT_EMAIL" not in " ".join(map(str, problem.remedy))
    assert "inside the perimeter, or ask for the same rule for your own account" in " ".join(map(str, problem.remedy))
