"""Terraform, parsed by a real parser: its resources are those of the plan, and what is in place is imported."""

from dataclasses import replace
from typing import Any

import hcl2
import pytest

from kbq_tui.export.terraform import to_terraform
from kbq_tui.model.operations import (
    Action,
    Change,
    CreateAccount,
    CreateDataset,
    EnableService,
    GrantDatasetRole,
    GrantProjectRole,
)
from kbq_tui.model.plan import Plan
from tests.export.conftest import EMAIL, MEMBER, ONE_OF_EACH, P

Resource = tuple[str, str, str]


def unquoted(value: Any) -> str:
    return str(value).removeprefix('"').removesuffix('"')


def read(text: str) -> dict[str, dict[str, Any]]:
    """Return each resource by its address, with its values as they are written."""
    return {
        f"{unquoted(kind)}.{unquoted(name)}": body
        for block in hcl2.loads(text).get("resource", [])
        for kind, named in block.items()
        for name, body in named.items()
    }


def imports(text: str) -> dict[str, str]:
    """Return what is imported: the provider's name for it, by the resource's address."""
    return {
        block["to"].removeprefix("${").removesuffix("}"): unquoted(block["id"])
        for block in hcl2.loads(text).get("import", [])
    }


def resolved(found: dict[str, dict[str, Any]], value: Any) -> str:
    """Return a value, also if it is another resource's."""
    text = str(value)
    if not text.startswith("${"):
        return unquoted(text)
    address, _, attribute = text[2:-1].rpartition(".")
    other = found[address]
    if attribute == "member":
        domain, _, project = unquoted(other["project"]).rpartition(":")
        place = f"{project}.{domain}" if domain else project
        return f"serviceAccount:{unquoted(other['account_id'])}@{place}.iam.gserviceaccount.com"
    return unquoted(other[attribute])


def declared(text: str) -> set[Resource]:
    """Return what the configuration declares: kind, place and content."""
    found = read(text)
    out: set[Resource] = set()
    for address, body in found.items():
        of = {key: resolved(found, body[key]) for key in body if key in ("dataset_id", "member", "role", "project")}
        project = of["project"]
        match address.partition(".")[0]:
            case "google_project_service":
                out.add(("service", project, unquoted(body["service"])))
            case "google_bigquery_dataset":
                out.add(("dataset", of["dataset_id"], unquoted(body["location"])))
            case "google_service_account":
                out.add(("account", project, unquoted(body["account_id"])))
            case "google_project_iam_member":
                out.add(("grant", f"{project} {of['member']}", of["role"]))
            case "google_bigquery_dataset_iam_member":
                out.add(("grant", f"{of['dataset_id']} {of['member']}", of["role"]))
            case kind:
                raise AssertionError(kind)
    return out


def planned(actions: tuple[Action, ...]) -> set[Resource]:
    """Return what a plan wants, in the same form."""
    out: set[Resource] = set()
    for action in actions:
        project = action.resource.project
        match action.op:
            case EnableService(service=service):
                out.add(("service", project, service))
            case CreateDataset(dataset=dataset, location=location):
                out.add(("dataset", dataset, location))
            case CreateAccount(account_id=account):
                out.add(("account", project, account))
            case GrantProjectRole(role=role, member=member):
                out.add(("grant", f"{project} {member}", role))
            case GrantDatasetRole(dataset=dataset, role=role, member=member):
                out.add(("grant", f"{dataset} {member}", role))
    return out


def in_place(plan: Plan) -> Plan:
    return Plan(plan.connection, tuple(replace(a, change=Change.NOOP) for a in plan.actions), location=plan.location)


def test_the_resources_are_those_of_the_plan(plan: Plan) -> None:
    for what in (plan, in_place(plan)):
        assert declared(to_terraform(what)) == planned(what.actions)
    on = {a.resource.name for a in plan.actions if a.change is Change.NOOP}
    assert len(imports(to_terraform(plan))) == len(on) == 1


def test_what_is_in_place_is_imported_by_the_names_that_the_provider_documents() -> None:
    text = to_terraform(in_place(Plan("prod", ONE_OF_EACH[:6], location="EU")))
    dataset = f"projects/{P}/datasets/KLAVIYO_TMP"
    assert imports(text) == {
        "google_project_service.bigquery_googleapis_com": f"{P}/bigquery.googleapis.com",
        "google_bigquery_dataset.klaviyo_tmp": dataset,
        "google_service_account.klaviyo": f"projects/{P}/serviceAccounts/{EMAIL}",
        "google_project_iam_member.bigquery_jobuser": f"{P} roles/bigquery.jobUser {MEMBER}",
        "google_bigquery_dataset_iam_member.klaviyo_tmp_bigquery_dataeditor": (
            f"{dataset} roles/bigquery.dataEditor {MEMBER}"
        ),
    }
    assert set(imports(text)) == set(read(text))


@pytest.mark.parametrize("kind", ["google_bigquery_dataset", "google_service_account"])
def test_what_others_have_set_on_what_is_imported_stays(kind: str) -> None:
    made = Plan("prod", ONE_OF_EACH[:6], location="EU")
    (body,) = (b for address, b in read(to_terraform(in_place(made))).items() if address.startswith(kind + "."))
    assert body["lifecycle"][0]["ignore_changes"]
    assert "labels" not in body
    (body,) = (b for address, b in read(to_terraform(made)).items() if address.startswith(kind + "."))
    assert "lifecycle" not in body


def test_what_is_not_for_terraform_is_in_comments_alone() -> None:
    assert read(to_terraform(Plan("prod", ONE_OF_EACH[6:], location="EU"))) == {}
    assert read(to_terraform(in_place(Plan("prod", ONE_OF_EACH[3:4], location="EU")))) == {}
