"""The text for the person who may: role, reason, exact command, undo; complete and safe to send."""

import shlex

import pytest

from kbq_tui.core import catalogue
from kbq_tui.core.handoff import Deed, commands_for, commands_of, handoff
from kbq_tui.core.problems import Context

P = "acme-prod-123"
A = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
HERE = Context(P, A, "KLAVIYO_TMP", "EU", "jo@example.com")


def text_for(code_or_permission: str, **details: str) -> str:
    if code_or_permission.startswith("KBQ-"):
        problem = catalogue.problem(code_or_permission, HERE, **details)
    else:
        problem = catalogue.permission_missing(code_or_permission, HERE)
    return handoff(problem, HERE, *commands_for(code_or_permission, HERE, **details))


@pytest.mark.parametrize("deed", Deed)
@pytest.mark.parametrize("context", [HERE, Context()], ids=["known", "unknown"])
def test_every_deed_has_commands_that_a_shell_can_read(deed: Deed, context: Context) -> None:
    commands = commands_for(deed, context)
    assert commands.do
    for command in (*commands.do, *commands.undo):
        assert shlex.split(command)[0] in ("gcloud", "bq", "printf")
        assert "{" not in command
        assert ("PROJECT_ID" in command) == (context is not HERE)


def test_the_commands_are_exact() -> None:
    assert commands_for("serviceusage.services.enable", HERE, service="iam.googleapis.com").do == (
        f"gcloud services enable iam.googleapis.com --project={P}",
    )
    assert commands_for(Deed.CREATE_ACCOUNT, HERE).do == (
        f"gcloud iam service-accounts create klaviyo-data-transfer-user --project={P} "
        "--display-name=KLAVIYO_DATA_TRANSFER_USER",
    )
    grant = commands_for(Deed.GRANT_PROJECT, HERE)
    assert grant.do == (
        f"gcloud projects add-iam-policy-binding {P} --member=serviceAccount:{A} "
        "--role=roles/bigquery.jobUser --condition=None",
    )
    assert grant.undo == (grant.do[0].replace("add-iam", "remove-iam"),)
    grant = commands_for(Deed.GRANT_DATASET, HERE, role="roles/bigquery.dataEditor")
    assert f'GRANT `roles/bigquery.dataEditor` ON SCHEMA `{P}.KLAVIYO_TMP` TO "serviceAccount:{A}"' in grant.do[0]
    assert f'REVOKE `roles/bigquery.dataEditor` ON SCHEMA `{P}.KLAVIYO_TMP` FROM "serviceAccount:{A}"' in grant.undo[0]


def test_an_undo_takes_no_data_along() -> None:
    (undo,) = commands_for(Deed.CREATE_DATASET, HERE).undo
    assert shlex.split(undo) == ["bq", "rm", "-d", f"{P}:KLAVIYO_TMP"]


def test_what_nobody_has_a_command_for_has_none() -> None:
    assert commands_for("KBQ-DNS", HERE) == ((), ())


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
def test_other_org_policies_too_come_with_exception_and_restore(code: str, constraints: tuple[str, ...]) -> None:
    problem = catalogue.problem(code, HERE)
    for text in (text_for(code), "\n".join(problem.remedy)):
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


@pytest.mark.parametrize("code", catalogue.CODES)
def test_any_problem_can_be_handed_off(code: str) -> None:
    text = text_for(code, path="\x1b[31m", reason="\u202e", table="`x`")
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "{" not in text


def test_it_is_the_api_that_is_off_and_where_it_is_off() -> None:
    off = catalogue.problem("KBQ-API-DISABLED", HERE, service="iam.googleapis.com", consumer="123456")
    assert commands_of(off, HERE) == (
        ("gcloud services enable iam.googleapis.com --project=123456",),
        ("gcloud services disable iam.googleapis.com --project=123456",),
    )


def test_what_an_error_names_goes_before_the_connection() -> None:
    denied = catalogue.problem("KBQ-TABLE-READ-DENIED", HERE, project="other-proj-1", dataset="theirs", location="US")
    (do,), (undo,) = commands_of(denied, HERE)
    for line in (do, undo):
        assert "`other-proj-1.theirs`" in line


@pytest.mark.parametrize("permission", catalogue.PERMISSIONS)
def test_each_permission_comes_with_a_command_and_with_what_takes_it_back(permission: str) -> None:
    found = commands_of(catalogue.permission_missing(permission, HERE), HERE)
    assert found.do
    assert found.undo or permission == "iam.serviceAccountKeys.delete", "a key that was deleted is gone"
    if permission not in ("resourcemanager.projects.setIamPolicy", "resourcemanager.projects.getIamPolicy"):
        assert "projectIamAdmin" not in " ".join((*found.do, *found.undo))


GRANT = f"bq query 'GRANT `roles/bigquery.dataEditor` ON SCHEMA `{P}.THEIRS` TO \"serviceAccount:{A}\"'"


@pytest.mark.parametrize(
    ("permission", "command", "undo"),
    [
        ("bigquery.datasets.create", f"bq query 'CREATE SCHEMA IF NOT EXISTS `{P}.THEIRS`'", f"bq rm -d {P}:THEIRS"),
        ("bigquery.datasets.update", GRANT, "REVOKE `roles/bigquery.dataEditor` ON SCHEMA `" + P + ".THEIRS` FROM"),
        ("bigquery.datasets.update", GRANT.replace("GRANT", "REVOKE"), "GRANT `roles/bigquery.dataEditor`"),
        ("serviceusage.services.enable", f"gcloud services enable iam.googleapis.com --project={P}", "disable iam."),
        (
            "resourcemanager.projects.setIamPolicy",
            f"gcloud projects remove-iam-policy-binding {P} --member=serviceAccount:{A} --role=roles/editor",
            f"gcloud projects add-iam-policy-binding {P} --member=serviceAccount:{A} --role=roles/editor",
        ),
        ("iam.serviceAccounts.create", f"gcloud iam service-accounts create x --project={P}", f"delete {A}"),
    ],
)
def test_the_undo_is_that_of_the_very_step(permission: str, command: str, undo: str) -> None:
    found = commands_of(catalogue.permission_missing(permission, HERE), HERE, (command,))
    assert found.do == (command,)
    assert len(found.undo) == 1
    assert undo in found.undo[0]


@pytest.mark.parametrize(
    ("permission", "command"),
    [
        ("bigquery.datasets.create", "something else"),
        ("iam.serviceAccountKeys.delete", f"gcloud iam service-accounts keys delete 0123 --iam-account={A}"),
        ("bigquery.datasets.get", "bq query 'CREATE SCHEMA x'"),
    ],
)
def test_an_undo_that_is_not_certain_is_none(permission: str, command: str) -> None:
    assert commands_of(catalogue.permission_missing(permission, HERE), HERE, (command,)).undo == ()
