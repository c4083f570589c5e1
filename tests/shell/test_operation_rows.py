"""The table of commands and texts for each kind of operation."""

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbq_tui.model.operations import (
    CreateDataset,
    CreateKey,
    GrantDatasetRole,
    GrantProjectRole,
    Operation,
    RevokeDatasetRole,
    RevokeProjectRole,
    RevokeTableRole,
)
from kbq_tui.model.plan import Plan
from kbq_tui.model.refs import DatasetRef, ProjectRef
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.shell.operation_rows import ROWS, command_for, command_of, outcome_of
from tests.export.conftest import ACCOUNT, DEAD, EMAIL, MEMBER, ONE_OF_EACH, P, action

EXPECTED = {
    "EnableService": "gcloud services enable bigquery.googleapis.com --project=acme-prod",
    "CreateDataset": (
        "bq --project_id=acme-prod --location=EU query --use_legacy_sql=false "
        "'CREATE SCHEMA IF NOT EXISTS `acme-prod.KLAVIYO_TMP` OPTIONS(location=\"EU\")'"
    ),
    "CreateAccount": (
        "gcloud iam service-accounts create klaviyo-data-transfer-user "
        "--display-name=KLAVIYO_DATA_TRANSFER_USER --project=acme-prod"
    ),
    "CreateKey": (
        "gcloud iam service-accounts keys create klaviyo-data-transfer-user.json "
        f"--iam-account={EMAIL} --project=acme-prod"
    ),
    "GrantProjectRole": (
        f"gcloud projects add-iam-policy-binding acme-prod --member={MEMBER} "
        "--role=roles/bigquery.jobUser --condition=None"
    ),
    "GrantDatasetRole": (
        "bq --project_id=acme-prod --location=EU query --use_legacy_sql=false "
        f"'GRANT `roles/bigquery.dataEditor` ON SCHEMA `acme-prod.KLAVIYO_TMP` TO \"{MEMBER}\"'"
    ),
    "RevokeProjectRole": (
        f"gcloud projects remove-iam-policy-binding acme-prod --member={MEMBER} "
        "--role=roles/bigquery.dataEditor --condition=None"
    ),
    "RevokeDatasetRole": (
        "bq --project_id=acme-prod --location=EU query --use_legacy_sql=false "
        f"'REVOKE `roles/bigquery.dataViewer` ON SCHEMA `acme-prod.KLAVIYO_TMP` FROM \"{DEAD}\"'"
    ),
    "RevokeTableRole": (
        f"bq --project_id=acme-prod remove-iam-policy-binding --member={MEMBER} --role=roles/bigquery.dataEditor "
        "--table=true acme-prod:KLAVIYO_IMPORT_FROM_DWH.orders"
    ),
    "DeleteKey": f"gcloud iam service-accounts keys delete 0123abcd --iam-account={EMAIL} --project=acme-prod",
    "DisableKey": f"gcloud iam service-accounts keys disable 0123abcd --iam-account={EMAIL} --project=acme-prod",
    "EnableKey": f"gcloud iam service-accounts keys enable 0123abcd --iam-account={EMAIL} --project=acme-prod",
    "DeleteAccount": f"gcloud iam service-accounts delete {EMAIL} --project=acme-prod",
    "DeleteDataset": "bq --project_id=acme-prod rm --dataset acme-prod:KLAVIYO_TMP",
    "DropView": "bq --project_id=acme-prod --location=EU query --use_legacy_sql=false "
    "'DROP VIEW IF EXISTS `acme-prod.KLAVIYO_TMP.ready`'",
    "DropDataset": "bq --project_id=acme-prod rm --recursive --dataset acme-prod:KLAVIYO_TMP",
}


def test_every_operation_has_its_command() -> None:
    assert {type(a.op).__name__: command_for(a, "EU") for a in ONE_OF_EACH} == EXPECTED
    assert set(EXPECTED) == {op.__name__ for op in Operation.__args__}
    assert set(ROWS) == set(Operation.__args__)


def test_the_outcome_of_every_operation_names_what_was_changed() -> None:
    for changed in (True, False):
        texts = {type(a.op).__name__: str(outcome_of(a, changed=changed, path="k.json")) for a in ONE_OF_EACH}
        assert not any("{" in text for text in texts.values())
    assert texts["RevokeTableRole"] == (
        "roles/bigquery.dataEditor was not there on table KLAVIYO_IMPORT_FROM_DWH.orders"
    )
    assert texts["CreateAccount"] == f"Service account {EMAIL} was there already"
    assert texts["EnableService"] == "API bigquery.googleapis.com is on"


def test_every_action_names_its_project(plan: Plan, spec: ConnectionSpec) -> None:
    assert {a.resource.project for a in plan.actions} == {spec.project}


def test_every_action_of_a_plan_can_be_shown(plan: Plan) -> None:
    for shown in plan.actions:
        assert shlex.split(command_for(shown, plan.location))[0] in ("gcloud", "bq")


def test_without_a_location_none_is_made_up() -> None:
    grant = action(GrantDatasetRole("D", "roles/bigquery.dataViewer", MEMBER), DatasetRef(P, "D"))
    assert "--location" not in command_for(grant)


def test_what_is_taken_away_on_another_dataset_is_taken_away_where_that_is() -> None:
    revoke = action(RevokeDatasetRole("payroll", "roles/bigquery.dataViewer", MEMBER, "EU"), DatasetRef(P, "payroll"))
    assert "--location=EU" in command_for(revoke, "US")


def test_a_key_goes_where_the_action_says() -> None:
    key = action(CreateKey(EMAIL, "/home/me/my keys/k.json"), ACCOUNT)
    assert "'/home/me/my keys/k.json'" in command_for(key)


hostile = st.text(max_size=30) | st.sampled_from(
    ["`", 'x` TO "allUsers" --', "$(touch /tmp/pwned)", "';touch x;'", "a\nb", "\x1b[2J", "\u202e", "--flag", "a\\"]
)
SHOW = 'for a; do printf "%s\\0" "$a"; done;'


@given(
    st.one_of(
        st.builds(GrantProjectRole, hostile, hostile),
        st.builds(RevokeProjectRole, hostile, hostile),
        st.builds(GrantDatasetRole, hostile, hostile, hostile),
        st.builds(RevokeDatasetRole, hostile, hostile, hostile),
        st.builds(RevokeTableRole, hostile, hostile, hostile, hostile),
        st.builds(CreateDataset, hostile, hostile, st.just("import")),
        st.builds(CreateKey, st.just(EMAIL), hostile),
    )
)
@settings(max_examples=120)
def test_no_name_gets_out_of_its_quotes(op: Operation) -> None:
    """A shell passes exactly the intended words, and SQL stays one statement of its kind."""
    shown = command_for(action(op, ProjectRef(P) if "Project" in type(op).__name__ else DatasetRef(P, EMAIL)))
    assert shown.isprintable()
    if shown.startswith("#"):
        return
    run = subprocess.run(
        ["sh", "-c", f"gcloud() {{ {SHOW} }}; bq() {{ {SHOW} }}; {shown}"], capture_output=True, check=True
    )
    words = run.stdout.decode().split("\0")[:-1]
    assert words == shlex.split(shown)[1:]
    if isinstance(op, GrantProjectRole | RevokeProjectRole):
        assert words[3:] == [f"--member={op.member}", f"--role={op.role}", "--condition=None"]


@pytest.mark.parametrize("evil", ["D` TO x", 'D"', "D\n", "D\\"])
def test_sql_refuses_what_would_end_its_quotes(evil: str) -> None:
    grant = command_of(action(GrantDatasetRole(evil, "roles/x", MEMBER + evil), DatasetRef(P, "D")))
    assert set(grant.missing) == {"dataset", "role_holder"}
    assert evil not in grant.sql
