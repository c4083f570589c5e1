"""Which of our own changes may not have taken effect, and how long that counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.journal_changes import from_journal
from kbq_tui.model.changes import (
    ACCOUNT,
    OwnChange,
    concerns_account,
    grant_on,
    last_recent,
    of_connection,
    waiting_text,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.problem import Context, Problem
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef, ServiceRef, TableRef
from kbq_tui.model.spec import ConnectionSpec

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SPEC = ConnectionSpec(project="my-project")
EMAIL = SPEC.account_email


def line(event: str, action: str, seconds: float = 0, **more: object) -> dict[str, object]:
    return {"event": event, "action": action, "at": (NOW + timedelta(seconds=seconds)).isoformat(), **more}


def change(action: str, resource: str, at: datetime, *, made: bool = True) -> OwnChange:
    key = ActionKey.read(action, resource)
    assert key is not None
    return OwnChange(key, at, made)


def failed(action: str, code: str | None, seconds: float = 0) -> dict[str, object]:
    return line("failed", action, seconds, problem={"code": code})


def test_a_journal_tells_what_was_made_and_when() -> None:
    lines = [line("intended", "account", resource=EMAIL), line("finished", "account", 2)]
    assert from_journal(lines) == (change("account", EMAIL, NOW + timedelta(seconds=2)),)


def test_a_change_whose_outcome_is_not_known_may_have_been_made() -> None:
    begun = line("intended", "account", resource=EMAIL)
    unclear = (change("account", EMAIL, NOW, made=False),)
    assert from_journal([begun]) == unclear
    for code in ("KBQ-DEADLINE", "KBQ-CONNECTION-LOST", "KBQ-KEY-OUTCOME-UNKNOWN", None):
        assert from_journal([begun, failed("account", code, 3)]) == unclear


@pytest.mark.parametrize("code", ["KBQ-PERMISSION-MISSING", "KBQ-TOO-MANY-KEYS", "KBQ-ACCOUNT-NOT-VISIBLE"])
def test_a_change_that_was_refused_is_none(code: str) -> None:
    assert from_journal([line("intended", "key", resource=EMAIL), failed("key", code, 1)]) == ()


def test_a_refusal_does_not_take_back_what_was_made_before() -> None:
    lines = [line("finished", "key"), line("intended", "key", 5), failed("key", "KBQ-TOO-MANY-KEYS", 6)]
    assert from_journal(lines) == (change("key", "", NOW),)


def test_what_was_there_already_was_not_made_by_us() -> None:
    tried = [line("intended", "account", resource=EMAIL), line("finished", "account", 1, changed=False)]
    assert from_journal(tried) == ()


def test_what_was_there_already_after_a_try_whose_outcome_was_not_known_was_made_by_that_try() -> None:
    lost = line("intended", "account", resource=EMAIL)
    again = [line("intended", "account", 60, resource=EMAIL), line("finished", "account", 61, changed=False)]
    assert from_journal([lost, *again]) == (change("account", EMAIL, NOW),)


def test_lines_without_a_time_say_nothing() -> None:
    assert (
        from_journal([{"event": "finished", "action": "key"}, {"event": "finished", "action": "key", "at": "?"}]) == ()
    )
    assert from_journal([{"event": "finished", "action": "key", "at": "2026-01-02T03:04:05"}]) == ()


def test_ten_minutes_count_and_a_clock_that_was_wrong_does_not() -> None:
    for seconds, recent in ((599, True), (601, False), (-599, True), (-601, False)):
        made = change("account", EMAIL, NOW - timedelta(seconds=seconds))
        assert (last_recent([made], NOW, ACCOUNT) is made) is recent
    assert last_recent([change("account", EMAIL, datetime.max.replace(tzinfo=UTC))], NOW, ACCOUNT) is None


def test_each_resource_has_a_separate_time() -> None:
    old = change("grant:dataset:A:roles/r", "my-project:A", NOW - timedelta(minutes=20))
    young = change("grant:dataset:B:roles/r", "my-project:B", NOW)
    assert last_recent([old, young], NOW, grant_on("A")) is None
    assert last_recent([old, young], NOW, grant_on("B")) is young
    assert last_recent([old, young], NOW, grant_on("B"), ACCOUNT) is young
    assert last_recent([change("grant:dataset:AB:r", "", NOW)], NOW, grant_on("A")) is None


def test_changes_of_another_account_or_project_are_left_out() -> None:
    kept = (
        change("account", EMAIL, NOW),
        change("grant:project:roles/r", "projects/my-project", NOW),
        change("dataset:A", "my-project:A", NOW),
        change("service:iam", "projects/my-project/services/iam", NOW),
    )
    others = (
        change("key", f"x{EMAIL}", NOW),
        change("grant:project:roles/r", "projects/my-project-2", NOW),
        change("dataset:A", "my-project-2:A", NOW),
    )
    assert of_connection((*kept, *others), SPEC) == kept


def refusal(code: str, method: str, original: str = "") -> Problem:
    return catalogue.problem(Code(code), Context("my-project"), original=original, method=method)


def test_only_refusals_that_name_the_account_or_its_keys_concern_it() -> None:
    for method in ("iam.serviceAccounts.get", "iam.serviceAccountKeys.create", "iam.serviceAccountKeys.list"):
        assert concerns_account(refusal("KBQ-PERMISSION-MISSING", method), EMAIL)
    assert not concerns_account(refusal("KBQ-PERMISSION-MISSING", "cloudresourcemanager.projects.setIamPolicy"), EMAIL)
    named = refusal("KBQ-NOT-PERMITTED", "bigquery.datasets.update", f"Service account {EMAIL} does not exist")
    assert concerns_account(named, EMAIL)
    assert not concerns_account(refusal("KBQ-DEADLINE", "iam.serviceAccounts.get"), EMAIL)


@pytest.mark.parametrize(
    ("action", "seconds", "text"),
    [
        ("grant:project:r", 4, "granted 4 s ago; Google takes two minutes as a rule; nothing to do"),
        ("grant:dataset:A:r", 130, "granted 2 min ago; Google takes two minutes as a rule; nothing to do"),
        ("key", 5, "the key was created 5 s ago; Google takes a minute or two as a rule; nothing to do"),
        ("service:x", -3, "the API was turned on 0 s ago; Google takes some minutes as a rule; nothing to do"),
    ],
)
def test_a_wait_says_what_was_changed_when_and_that_there_is_nothing_to_do(
    action: str, seconds: int, text: str
) -> None:
    assert str(waiting_text(change(action, "", NOW - timedelta(seconds=seconds)), NOW)) == text


def test_what_may_not_have_been_made_is_not_said_to_be() -> None:
    text = waiting_text(change("key", "", NOW, made=False), NOW)
    assert "begun 0 s ago" in str(text)
    assert "created" not in str(text)


def test_an_action_of_a_later_version_is_passed_over() -> None:
    assert from_journal([line("finished", "teleport:somewhere")]) == ()


ROLE = "roles/bigquery.dataViewer"
DEAD = f"deleted:serviceAccount:{EMAIL}?uid=123"
KEYS = [
    ActionKey(ActionKind.SERVICE, ServiceRef("example.com:proj", "bigquery.googleapis.com")),
    ActionKey(ActionKind.DATASET, DatasetRef("example.com:proj", "A")),
    ActionKey(ActionKind.ACCOUNT, AccountRef("", EMAIL)),
    ActionKey(ActionKind.KEY, AccountRef("", EMAIL)),
    ActionKey(ActionKind.DELETE_KEY, AccountRef("", EMAIL), detail="0123abcd"),
    ActionKey(ActionKind.GRANT, ProjectRef("my-project"), ROLE),
    ActionKey(ActionKind.GRANT, DatasetRef("my-project", "A"), ROLE),
    ActionKey(ActionKind.REVOKE, DatasetRef("my-project", "A"), ROLE, DEAD),
    ActionKey(ActionKind.OVER_GRANT, TableRef("my-project", "A", "orders"), ROLE),
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_the_journal_gives_back_what_was_changed(key: ActionKey) -> None:
    assert ActionKey.read(key.id, key.ref.name) == key


@pytest.mark.parametrize(
    ("made", "resource", "undone"),
    [
        ("account", EMAIL, "delete-account"),
        ("key", EMAIL, "delete-account"),
        ("dataset:D", "my-project:D", "delete-dataset:dataset:D"),
        ("grant:dataset:D:roles/r", "my-project:D", "revoke:dataset:D:roles/r:serviceAccount:x"),
        ("grant:project:roles/r", "projects/my-project", "over-grant:project:roles/r"),
    ],
)
def test_what_was_made_and_taken_back_is_no_change_of_ours_any_more(made: str, resource: str, undone: str) -> None:
    def told(*actions: str) -> set[str]:
        lines = []
        for seconds, action in enumerate(actions):
            begun = line("intended", action, seconds, resource=resource)
            lines += [begun, line("finished", action, seconds)]
        return {change.key.id for change in from_journal(lines)}

    assert made in told(made)
    assert made not in told(made, undone)
    assert made in told(made, undone, made)


def test_what_may_have_been_taken_back_is_not_waited_for() -> None:
    made, begun = change("account", EMAIL, NOW), change("delete-account", EMAIL, NOW + timedelta(seconds=1), made=False)
    assert last_recent([made, begun], NOW, ACCOUNT) is None
    assert last_recent([begun, replace(made, at=NOW + timedelta(seconds=2))], NOW, ACCOUNT) is not None


def test_an_access_entry_of_an_earlier_account_takes_nothing_of_ours_back() -> None:
    grant, dead = "grant:dataset:D:roles/r", "revoke:dataset:D:roles/r:deleted:serviceAccount:x?uid=1"
    lines = [line("intended", grant, resource="my-project:D"), line("finished", grant)]
    lines += [line("intended", dead, 1, resource="my-project:D"), line("finished", dead, 1)]
    assert grant in {change.key.id for change in from_journal(lines)}
