"""The text for a person with more permissions: role, reason, exact command, undo; complete and safe to send."""

import contextlib
import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.admin_request import Commands, commands_of, handoff, lines_of
from kbq_tui.diagnosis.all_entries import CODES, ENTRIES
from kbq_tui.i18n.messages import render, verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.operations import (
    Action,
    ActionKey,
    ActionKind,
    Change,
    CreateAccount,
    CreateDataset,
    DeleteKey,
    EnableService,
    GrantDatasetRole,
    Operation,
    RevokeDatasetRole,
    RevokeProjectRole,
    Step,
)
from kbq_tui.model.problem import Context, Purpose, Who
from kbq_tui.model.refs import AccountRef, DatasetRef, Grantable, ProjectRef, Ref, ServiceRef, TableRef
from kbq_tui.shell.operation_rows import command_of
from tests.support.polling import PATIENCE
from tests.support.shouting import shouting

P = "acme-prod-123"
A = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
HERE = Context(P, A, "KLAVIYO_TMP", "EU", "jo@example.com")
KNOWN = {
    "constraint": "iam.disableServiceAccountKeyCreation",
    "role": "roles/bigquery.dataEditor",
    "key_id": "0123456789abcdef",
    "source_dataset": "OTHER",
    "table": "people",
    "project_number": "123456",
}


def text_for(code_or_permission: str, **details: str) -> str:
    if code_or_permission.startswith("KBQ-"):
        problem = catalogue.problem(Code(code_or_permission), HERE, **details)
    else:
        problem = catalogue.permission_missing(code_or_permission, HERE)
    return str(handoff(problem, HERE, *commands_of(problem, HERE)))


def for_permission(permission: str, context: Context = HERE) -> Commands:
    return commands_of(catalogue.permission_missing(permission, context), context)


@pytest.mark.parametrize("permission", catalogue.PERMISSIONS)
@pytest.mark.parametrize("context", [HERE, Context()], ids=["known", "unknown"])
def test_every_permission_has_commands_that_a_shell_can_read(permission: str, context: Context) -> None:
    commands = for_permission(permission, context)
    assert commands.do
    for command in lines_of((*commands.do, *commands.undo)):
        assert shlex.split(command)[0] in ("gcloud", "bq")
        assert "{" not in command
        if "organizations" not in command:
            assert ("PROJECT_ID" in command) == (context is not HERE)


def test_the_commands_are_exact() -> None:
    assert lines_of(for_permission("serviceusage.services.enable").do) == (
        f"gcloud services enable bigquery.googleapis.com --project={P}",
    )
    assert lines_of(for_permission("iam.serviceAccounts.create").do) == (
        "gcloud iam service-accounts create klaviyo-data-transfer-user --display-name=KLAVIYO_DATA_TRANSFER_USER "
        f"--project={P}",
    )
    grant = for_permission("resourcemanager.projects.setIamPolicy")
    assert lines_of(grant.do) == (
        f"gcloud projects add-iam-policy-binding {P} --member=serviceAccount:{A} "
        "--role=roles/bigquery.jobUser --condition=None",
    )
    (made,) = lines_of(grant.do)
    assert lines_of(grant.undo) == (made.replace("add-iam", "remove-iam"),)
    grant = for_permission("bigquery.datasets.update")
    assert f'GRANT `roles/bigquery.dataEditor` ON SCHEMA `{P}.KLAVIYO_TMP` TO "serviceAccount:{A}"' in "\n".join(
        lines_of(grant.do)
    )
    assert f'REVOKE `roles/bigquery.dataEditor` ON SCHEMA `{P}.KLAVIYO_TMP` FROM "serviceAccount:{A}"' in "\n".join(
        lines_of(grant.undo)
    )


def test_an_undo_takes_no_data_along() -> None:
    (undo,) = lines_of(for_permission("bigquery.datasets.create").undo)
    assert shlex.split(undo) == ["bq", f"--project_id={P}", "rm", "--dataset", f"{P}:KLAVIYO_TMP"]


def test_a_problem_without_commands_has_no_hand_off_commands() -> None:
    assert commands_of(catalogue.problem(Code.DNS, HERE), HERE) == ((), ())


def test_the_text_names_permission_role_reason_command_and_undo() -> None:
    text = text_for("iam.serviceAccountKeys.create")
    for part in (
        P,
        "iam.serviceAccountKeys.create",
        "Service Account Key Admin (roles/iam.serviceAccountKeyAdmin)",
        "jo@example.com",
        "the least it needs",
        f"gcloud iam service-accounts keys create klaviyo-data-transfer-user.json --iam-account={A} --project={P}",
        "To take it back:",
        "is a secret",
        "https://",
    ):
        assert part in text


def test_an_org_policy_block_names_both_constraints_the_exception_and_the_restore() -> None:
    text = text_for("KBQ-KEY-CREATION-BLOCKED", constraint="constraints/iam.disableServiceAccountKeyCreation")
    for constraint in ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation"):
        assert f"constraints/{constraint}" in text
        assert f"name: projects/{P}/policies/{constraint}" in text
        assert f"gcloud org-policies delete {constraint} --project={P}" in text
    assert "at this one project" in text
    assert "Please restore the policy" in text
    assert "roles/orgpolicy.policyAdmin" in text
    assert "--organization" not in text


@pytest.mark.parametrize(
    ("code", "constraints"),
    [
        ("KBQ-GRANT-BLOCKED", ("iam.allowedPolicyMemberDomains", "iam.managed.allowedPolicyMembers")),
        ("KBQ-DOMAIN-RESTRICTED", ("iam.allowedPolicyMemberDomains", "iam.managed.allowedPolicyMembers")),
        ("KBQ-LOCATION-FORBIDDEN", ("gcp.resourceLocations",)),
    ],
)
def test_other_org_policies_too_come_with_exception_and_restore(code: Code, constraints: tuple[str, ...]) -> None:
    problem = catalogue.problem(code, HERE)
    for text in (text_for(code), "\n".join(map(str, problem.remedy))):
        for constraint in constraints:
            look, lift, restore = (
                text.index(part)
                for part in (
                    f"gcloud org-policies describe {constraint} --effective --project={P}",
                    f"name: projects/{P}/policies/{constraint}",
                    f"gcloud org-policies delete {constraint} --project={P}",
                )
            )
            assert look < lift < restore
        assert "at this one project" in text


def test_the_look_comes_before_the_change_and_the_restore_last() -> None:
    text = text_for("KBQ-ACCOUNT-CREATION-BLOCKED")
    look, lift, restore = (
        text.index(w) for w in ("org-policies describe", "org-policies set-policy", "policies delete")
    )
    assert look < lift < restore


@pytest.mark.parametrize("code", CODES)
def test_any_problem_can_be_handed_off(code: Code) -> None:
    text = text_for(code, path="\x1b[31m", reason="\u202e", table="`x`")
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "{" not in text


def test_it_is_the_api_that_is_off_and_where_it_is_off() -> None:
    off = catalogue.problem(Code.API_DISABLED, HERE, service="iam.googleapis.com", consumer="123456")
    found = commands_of(off, HERE)
    assert lines_of(found.do) == ("gcloud services enable iam.googleapis.com --project=123456",)
    assert lines_of(found.undo) == ("gcloud services disable iam.googleapis.com --project=123456",)


def test_what_an_error_names_goes_before_the_connection() -> None:
    denied = catalogue.problem(Code.TABLE_READ_DENIED, HERE, project="other-proj-1", dataset="theirs", location="US")
    (do,), (undo,) = commands_of(denied, HERE)
    for line in (do, undo):
        assert "`other-proj-1.theirs`" in str(line)


@pytest.mark.parametrize("permission", catalogue.PERMISSIONS)
def test_each_permission_comes_with_a_command_and_with_what_takes_it_back(permission: str) -> None:
    found = commands_of(catalogue.permission_missing(permission, HERE), HERE)
    assert found.do
    assert found.undo or permission == "iam.serviceAccountKeys.delete", "a key that was deleted is gone"
    if permission not in ("resourcemanager.projects.setIamPolicy", "resourcemanager.projects.getIamPolicy"):
        assert "projectIamAdmin" not in " ".join((*map(str, found.do), *map(str, found.undo)))


MEMBER = f"serviceAccount:{A}"


@pytest.mark.parametrize(
    ("permission", "op", "on", "undo"),
    [
        (
            "bigquery.datasets.create",
            CreateDataset("THEIRS", "EU", "staging"),
            DatasetRef(P, "THEIRS"),
            f"bq --project_id={P} rm --dataset {P}:THEIRS",
        ),
        (
            "bigquery.datasets.update",
            GrantDatasetRole("THEIRS", "roles/bigquery.dataEditor", MEMBER),
            DatasetRef(P, "THEIRS"),
            f"REVOKE `roles/bigquery.dataEditor` ON SCHEMA `{P}.THEIRS` FROM",
        ),
        (
            "bigquery.datasets.update",
            RevokeDatasetRole("THEIRS", "roles/bigquery.dataEditor", MEMBER),
            DatasetRef(P, "THEIRS"),
            f"GRANT `roles/bigquery.dataEditor` ON SCHEMA `{P}.THEIRS` TO",
        ),
        (
            "serviceusage.services.enable",
            EnableService("iam.googleapis.com"),
            ServiceRef(P, "iam.googleapis.com"),
            f"gcloud services disable iam.googleapis.com --project={P}",
        ),
        (
            "resourcemanager.projects.setIamPolicy",
            RevokeProjectRole("roles/editor", MEMBER),
            ProjectRef(P),
            f"gcloud projects add-iam-policy-binding {P} --member={MEMBER} --role=roles/editor",
        ),
        (
            "iam.serviceAccounts.create",
            CreateAccount("klaviyo-data-transfer-user", "NAME"),
            AccountRef(P, A),
            f"gcloud iam service-accounts delete {A} --project={P}",
        ),
        ("iam.serviceAccountKeys.delete", DeleteKey(A, "0123abcd"), AccountRef(P, A), ""),
    ],
)
def test_the_undo_is_that_of_the_very_step(permission: str, op: Operation, on: Ref, undo: str) -> None:
    step = command_of(Action(ActionKey(ActionKind.GRANT, on), Change.CREATE, verbatim("x"), Step.ACCOUNT, op), "EU")
    found = commands_of(catalogue.permission_missing(permission, HERE), HERE, (step,))
    assert lines_of(found.do) == (str(step),)
    assert len(found.undo) == bool(undo)
    assert undo in "".join(map(str, found.undo))


SOMEBODY = [code for code in CODES if not ENTRIES[code].who.startswith("You")]
"""Problems whose remedy is not the operator's own, on this machine."""
LOOKED = [
    entry.code
    for entry in ENTRIES.values()
    if any(each.purpose is Purpose.LOOK and each.who is not Who.OPERATOR for each in entry.steps)
]
"""Problems for which the other person is asked to look before changing something."""


def test_most_remedies_at_google_are_for_another_person() -> None:
    assert len(SOMEBODY) > 45
    assert len(LOOKED) >= 62
    assert {*LOOKED} - {"KBQ-STATE-UNKNOWN"} <= {*SOMEBODY}


@pytest.mark.parametrize("code", SOMEBODY)
@pytest.mark.parametrize("language", ["en", "shouted"])
def test_what_another_person_mends_is_handed_off_with_role_reason_command_and_undo(code: Code, language: str) -> None:
    problem = catalogue.problem(code, HERE, **KNOWN)
    found = commands_of(problem, HERE)
    with shouting() if language == "shouted" else contextlib.nullcontext():
        text = render(handoff(problem, HERE, *found))
        reason, who = render(problem.cause), render(problem.who)
    assert reason in text
    assert who in text
    assert re.search(r"roles/|role |administrator of this machine", str(problem.who))
    do, undo = lines_of(found.do), lines_of(found.undo)
    assert do
    assert undo or code in ("KBQ-TOMBSTONE", "KBQ-QUOTA-EXCEEDED", "KBQ-INHERITED-ACCESS"), (
        "nothing to take back, or to be clicked"
    )
    assert found.undo
    assert all(f"    {line}\n" in text for line in (*do, *undo))
    assert [text.index(line) for line in do] == sorted(text.index(line) for line in do)
    assert not undo or text.rindex(undo[-1]) > text.index(do[-1])
    if language == "en":
        assert re.search("[Tt]o take .*back|[Tt]aking it back", text)
    known = "\n".join((*do, *undo))
    assert not re.search(
        r"\b(?:PROJECT_ID|SERVICE_ACCOUNT_EMAIL|YOUR_EMAIL|DATASET|(?<!CREATE )(?<!ALTER )TABLE|LOCATION|CONSTRAINT)\b",
        known,
    )


@pytest.mark.parametrize("code", LOOKED)
def test_what_is_asked_for_begins_with_a_look_that_changes_nothing(code: Code) -> None:
    first, *rest = commands_of(catalogue.problem(code, HERE, **KNOWN), HERE).do
    assert rest
    for line in lines_of([first]):
        assert re.match(
            r"date -u$|bq (?:ls|show) |gcloud logging read |gcloud [a-z -]+ (?:describe|list|get-\w[\w-]*)( |$)", line
        ), line
        assert ">" not in line


@pytest.mark.parametrize("code", ["KBQ-DRIVE", "KBQ-VIEW-SOURCE", "KBQ-QUOTA-EXCEEDED"])
def test_where_there_is_no_command_it_is_said_what_to_click_and_what_undoes_it(code: Code) -> None:
    found = commands_of(catalogue.problem(code, HERE, **KNOWN), HERE)
    for steps, words in ((found.do, "y hand"), (found.undo, "To take")):
        (click,) = (each for each in steps if not lines_of([each]))
        assert words in str(click)
        assert re.search("Share|Sharing|Edit|same place", str(click))


def test_no_policy_is_lifted_for_a_whole_organization() -> None:
    for code in CODES:
        problem = catalogue.problem(code, HERE, **KNOWN)
        remedy = tuple(line for each in problem.remedy for line in each.lines)
        for line in (*remedy, *lines_of(commands_of(problem, HERE).do), *lines_of(commands_of(problem, HERE).undo)):
            if "org-policies" in line or "iam policies" in line:
                assert f"projects/{P}" in line or f"--project={P}" in line or line.endswith("set-policy /dev/stdin")
                assert "--organization" not in line
                assert "--folder" not in line


def test_the_rule_for_a_perimeter_is_added_to_those_there_are(tmp_path: Path) -> None:
    """gcloud prints two lines above the list. They are removed, and the new rule is appended to the list."""
    found = commands_of(catalogue.problem(Code.VPC_SC, HERE, project_number="123456", vpc_sc_id="Xq9f-2"), HERE)
    (save,) = (line for line in lines_of(found.do) if " > klaviyo-before.yaml" in line)
    (add,) = (line for line in lines_of(found.do) if line.startswith("printf"))
    shown = "status:\n  ingressPolicies:\n  - ingressFrom:\n      identities:\n      - user:a@b.c\n    ingressTo: {}\n"
    for printed, count in ((shown, 2), ("\nnull\n", 1)):
        run = ["sh", "-c", f"cat{save[save.index(' | ') :]} && {add}"]
        subprocess.run(run, input=printed, cwd=tmp_path, text=True, check=True, timeout=PATIENCE)
        text = tmp_path.joinpath("klaviyo-ingress.yaml").read_text("utf-8")
        assert text.count("  - ingressFrom:\n") == count
        assert {line[:2] for line in text.splitlines()} == {"  "}
        assert f"      - serviceAccount:{A}\n" in text
        assert text.endswith("      resources:\n      - projects/123456\n")
        assert "bigquery.googleapis.com" in text


def test_who_is_excepted_from_a_deny_policy_is_named_as_google_names_him() -> None:
    for operator, principal in (
        ("jo@example.com", "principal://goog/subject/jo@example.com"),
        (f"ops@{P}.iam.gserviceaccount.com", f"serviceAccounts/ops@{P}.iam.gserviceaccount.com"),
    ):
        context = replace(HERE, operator=operator)
        problem = catalogue.problem(Code.DENY_POLICY, context, permission="bigquery.datasets.create")
        # The denied step is no use to a Deny Admin: the exception is.
        text = handoff(problem, context, *commands_of(problem, context, (Command("bq mk --dataset x"),)))
        assert principal in str(text)
        assert "bq mk" not in str(text)
        assert "roles/iam.denyAdmin" in str(text)
        assert "roles/bigquery.user" not in str(text)


@pytest.mark.parametrize("constraint", ["constraints/compute.vmExternalIpAccess", "custom.noKeys"])
def test_any_constraint_is_excepted_at_the_project_and_restored(constraint: str) -> None:
    problem = catalogue.problem(Code.ORG_POLICY, HERE, constraint=constraint)
    bare = constraint.removeprefix("constraints/")
    for text in (handoff(problem, HERE, *commands_of(problem, HERE)), "\n".join(map(str, problem.remedy))):
        look, off, values, restore = (
            str(text).index(part)
            for part in (
                f"gcloud org-policies describe {bare} --effective --project={P}",
                f"projects/{P}/policies/{bare}\\nspec:\\n  rules:\\n  - enforce: false",
                f"projects/{P}/policies/{bare}\\nspec:\\n  rules:\\n  - allowAll: true",
                f"gcloud org-policies delete {bare} --project={P}",
            )
        )
        assert look < off < values < restore


@pytest.mark.parametrize(
    ("resource", "do", "undo"),
    [
        (ProjectRef(P), "projects remove-iam-policy-binding", "projects add-iam-policy-binding"),
        (
            DatasetRef(P, "OTHER"),
            f"REVOKE `roles/editor` ON SCHEMA `{P}.OTHER`",
            f"GRANT `roles/editor` ON SCHEMA `{P}.OTHER`",
        ),
        (TableRef(P, "OTHER", "people"), "remove-iam-policy-binding", " add-iam-policy-binding"),
    ],
)
def test_an_over_grant_is_given_back_where_it_was_held(resource: Grantable, do: str, undo: str) -> None:
    over = catalogue.problem(Code.OVER_GRANT, HERE, role="roles/editor", resource=resource)
    found = commands_of(over, HERE)
    assert do in lines_of(found.do)[-1]
    assert [undo in line for line in lines_of(found.undo)] == [True]


def test_a_permission_without_a_row_still_comes_with_a_grant_or_the_step() -> None:
    problem = catalogue.permission_missing("bigquery.models.export", HERE)
    found = commands_of(problem, HERE)
    assert f"{P} --member=user:jo@example.com --role=ROLE" in lines_of(found.do)[-1]
    refused = catalogue.problem(Code.NOT_PERMITTED, HERE)
    assert lines_of(commands_of(refused, HERE, (Command("bq mk x"),)).do)[-1] == "bq mk x"


def test_that_a_deleted_key_is_gone_is_said() -> None:
    problem = catalogue.permission_missing("iam.serviceAccountKeys.delete", HERE)
    assert "cannot be taken back" in str(handoff(problem, HERE, *commands_of(problem, HERE)))


@pytest.mark.parametrize(
    ("permission", "both", "taken_back"),
    [
        (
            "bigquery.datasets.get",
            "bigquery.datasets.get,bigquery.datasets.getIamPolicy",
            "bigquery.datasets.getIamPolicy",
        ),
        (
            "bigquery.datasets.update",
            "bigquery.datasets.update,bigquery.datasets.setIamPolicy",
            "bigquery.datasets.setIamPolicy",
        ),
    ],
)
def test_a_custom_role_is_given_both_permissions_of_an_access_list_and_the_new_one_is_taken_back(
    permission: str, both: str, taken_back: str
) -> None:
    problem = catalogue.permission_missing(permission, HERE)
    asked = commands_of(problem, HERE)
    update = f"gcloud iam roles update ROLE_ID --project={P} --"
    assert lines_of(asked.do)[-2:] == (
        f"gcloud iam roles describe ROLE_ID --project={P}",
        f"{update}add-permissions={both}",
    )
    assert lines_of(asked.undo)[-1] == f"{update}remove-permissions={taken_back}"
    assert all(name in render(problem.who) for name in both.split(","))
