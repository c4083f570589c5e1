"""`permissions`: it prints exactly the permissions that the sandbox requires, and each of them is needed."""

import json
from functools import cache

import pytest

from kbq_tui.cli.commands.permissions.body import known_needs, permissions_of
from kbq_tui.diagnosis.permissions import PERMISSIONS
from tests.support.commands import commands
from tests.support.program import ProgramResult
from tests.tools.permissions import DATA, EVERYTHING, LOCAL, RUNS, Calls, CommandRun, attempt, succeeds, summed_up

STALE = "python -m tests.tools.permissions brings kbq_tui/cli/commands/permissions/permissions.json up to date"
EACH = [(name, permission) for name in json.loads(DATA.read_text("utf-8")) for permission in permissions_of([name])]


@cache
def whole(run: CommandRun) -> tuple[ProgramResult, Calls]:
    """The run of an operator with all permissions."""
    return attempt(run, EVERYTHING)


def asked_for() -> set[str]:
    """Return every command; those on connections, which do not call Google, as one."""
    return {"connections" if path[0] == "connections" else " ".join(path) for path, _ in commands()}


def test_each_command_is_tried_or_asks_google_nothing():
    assert asked_for() == set(RUNS) | set(LOCAL), f"tests/tools/permissions.py lists them; then {STALE}"
    assert set(RUNS) == set(known_needs()), STALE


def test_each_permission_has_a_role():
    assert set(permissions_of(RUNS)) <= set(PERMISSIONS)


@pytest.mark.parametrize("name", RUNS)
def test_with_just_the_role_a_command_succeeds(name):
    role = frozenset(permissions_of([name]))
    for run in RUNS[name]:
        ended, _ = whole(run)
        assert ended.status == run.status
        assert succeeds(attempt(run, role)[0], ended), run
    found = summed_up([whole(run)[1] for run in RUNS[name]], role)
    assert found == {call: list(asked) for call, asked in known_needs()[name].items()}, STALE


@pytest.mark.parametrize(("name", "permission"), EACH)
def test_with_one_permission_less_it_does_not(name, permission):
    role = frozenset(permissions_of([name])) - {permission}
    asking = [run for run in RUNS[name] if permission in set().union(*whole(run)[1].values())]
    assert any(not succeeds(attempt(run, role)[0], whole(run)[0]) for run in asking)


def test_a_table_has_each_permission_with_its_role_and_calls(call):
    ended = call("permissions", "key", "delete")
    assert ended.status == 0, ended.err
    lines = [line.split() for line in ended.out.splitlines()]
    at = lines.index(["iam.serviceAccountKeys.delete", "roles/iam.serviceAccountKeyAdmin"])
    assert lines[at + 1] == ["iam.serviceAccountKeys.delete"]
    assert "kbq-tui permissions key delete --format yaml" in ended.err
    everything = call("permissions")
    assert all(f"kbq-tui {name} " in everything.out for name in RUNS)


def test_json_says_the_same(call):
    body = call("permissions", "apply", "--json").json
    (apply,) = body["commands"]
    found = {c["call"]: tuple(p["permission"] for p in c["permissions"]) for c in apply["calls"]}
    assert found == known_needs()["apply"]
    assert [c["command"] for c in call("permissions", "--json").json["commands"]] == list(RUNS)


def test_a_role_file_holds_just_the_permissions(call):
    ended = call("permissions", "apply", "--format", "yaml")
    head, _, listed = ended.out.partition("includedPermissions:\n")
    assert listed.splitlines() == [f"- {name}" for name in permissions_of(["apply"])]
    assert 'title: "kbq-tui apply"' in head
    assert "gcloud iam roles create KbqTuiApply --project=PROJECT_ID --file=kbq-tui-apply.yaml" in ended.err


def test_a_command_that_needs_nothing_is_a_usage_error_that_names_those_that_do(call):
    ended = call("permissions", "moon")
    assert ended.status == 2
    assert "moon" in ended.err
    assert "key rotate" in ended.err
