"""Permissions on a dataset: project roles, access entries in both spellings, special groups, conditions."""

import pytest

from kbq_tui.sandbox import roles
from kbq_tui.sandbox.authz import Authz
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Dataset, Policy, Principal, Project
from kbq_tui.sandbox.world import World

P = "some-project"
EMAIL = f"reader@{P}.iam.gserviceaccount.com"
READER = Principal(f"serviceAccount:{EMAIL}", EMAIL, P)
NOW = 1_800_000_000.0  # January 2027
READ, WRITE, SHARE, QUERY = (
    "bigquery.tables.getData",
    "bigquery.tables.updateData",
    "bigquery.datasets.update",
    "bigquery.jobs.create",
)


def world(project_roles=(), access=()):
    made = World(clock=lambda: NOW)
    bindings = [{"role": role, "members": [READER.member]} for role in project_roles]
    made.projects[P] = Project(P, "1", policy=Policy(bindings))
    made.projects[P].datasets["D"] = Dataset(P, "D", access=list(access))
    return made


def held(made):
    found = Authz(made).dataset_permissions(READER, made.projects[P].datasets["D"])
    return {p for p in (READ, WRITE, SHARE, QUERY) if p in found}


def entry(role, **who):
    return {"role": role, **(who or {"userByEmail": EMAIL})}


def until(text):
    return {"title": "t", "expression": f'request.time < timestamp("{text}")'}


@pytest.mark.parametrize(
    ("project_roles", "access", "expected"),
    [
        ((), (), set()),
        ((), [entry("READER")], {READ}),
        ((), [entry("roles/bigquery.dataViewer")], {READ}),
        ((), [entry("WRITER")], {READ, WRITE}),
        ((), [entry("OWNER")], {READ, WRITE, SHARE}),
        ((), [entry("READER", iamMember=READER.member)], {READ}),
        ((), [entry("READER", iamMember="allUsers")], {READ}),
        ((), [entry("READER", specialGroup="allAuthenticatedUsers")], {READ}),
        ((), [entry("READER", userByEmail="someone@else.example")], set()),
        ((), [entry("READER", groupByEmail=EMAIL)], set()),
        ((), [entry("READER", iamMember=f"deleted:{READER.member}?uid=1")], set()),
        ((), [entry("roles/bigquery.metadataViewer")], set()),
        ((), [{"view": {"projectId": P, "datasetId": "D", "tableId": "V"}}], set()),
        (["roles/bigquery.jobUser"], (), {QUERY}),
        (["roles/bigquery.dataEditor"], (), {READ, WRITE}),
        (["roles/bigquery.user"], (), {QUERY}),
        (["roles/bigquery.admin"], (), {READ, WRITE, SHARE, QUERY}),
        (["roles/owner"], (), {SHARE, QUERY}),
        (["roles/owner"], [entry("OWNER", specialGroup="projectOwners")], {READ, WRITE, SHARE, QUERY}),
        (["roles/viewer"], (), {QUERY}),
        (["roles/viewer"], [entry("READER", specialGroup="projectReaders")], {READ, QUERY}),
        (["roles/editor"], [entry("WRITER", specialGroup="projectWriters")], {READ, WRITE, QUERY}),
        (["roles/editor"], [entry("OWNER", specialGroup="projectOwners")], {QUERY}),
        ((), [entry("READER", userByEmail=EMAIL, condition=until("2099-01-01T00:00:00Z"))], {READ}),
        ((), [entry("READER", userByEmail=EMAIL, condition=until("2020-01-01T00:00:00Z"))], set()),
        ((), [entry("READER", userByEmail=EMAIL, condition={"expression": "resource.type == 'x'"})], set()),
        ((), [entry("READER", userByEmail=EMAIL, condition=until("not a time"))], set()),
    ],
)
def test_permissions_on_a_dataset(project_roles, access, expected):
    assert held(world(project_roles, access)) == expected


def test_the_roles_klaviyo_is_given_are_no_more_than_it_needs():
    viewer, editor, job_user = (roles.ROLES[f"roles/bigquery.{r}"] for r in ("dataViewer", "dataEditor", "jobUser"))
    assert READ in viewer
    assert not viewer & {WRITE, SHARE, QUERY, "bigquery.tables.create", "bigquery.tables.delete"}
    assert {"bigquery.tables.create", "bigquery.tables.delete", READ, WRITE} <= editor
    assert not editor & {SHARE, QUERY}
    assert QUERY in job_user
    assert not any(p.startswith(("bigquery.tables", "bigquery.datasets")) for p in job_user)


def test_an_owner_sees_no_tables_if_the_access_list_lacks_the_owners():
    made = world(["roles/owner"], [entry("READER", userByEmail="someone@else.example")])
    found = Authz(made).dataset_permissions(READER, made.projects[P].datasets["D"])
    assert "bigquery.tables.list" not in found
    assert {"bigquery.datasets.get", "bigquery.datasets.update", "bigquery.datasets.setIamPolicy"} <= found
    metadata = world(["roles/owner", "roles/bigquery.metadataViewer"], [])
    assert "bigquery.tables.list" in Authz(metadata).dataset_permissions(READER, metadata.projects[P].datasets["D"])


def test_a_custom_role_holds_what_its_project_says():
    made = world([f"projects/{P}/roles/kbqOperator", "organizations/1/roles/unknown", "projects/x/roles/other"])
    made.projects[P].roles["kbqOperator"] = frozenset({SHARE})
    assert held(made) == {SHARE}


def test_only_the_policy_administrator_may_set_organization_policies():
    assert [r for r, p in roles.ROLES.items() if "orgpolicy.policy.set" in p] == ["roles/orgpolicy.policyAdmin"]


@pytest.mark.parametrize(
    ("permission", "on", "text"),
    [
        (QUERY, "project", f"Access Denied: Project {P}: User does not have {QUERY} permission in project {P}."),
        (
            SHARE,
            "dataset",
            f"Access Denied: Dataset {P}:D: Permission {SHARE} denied on dataset {P}:D (or it may not exist).",
        ),
        (
            "iam.serviceAccountKeys.create",
            "project",
            "Permission 'iam.serviceAccountKeys.create' denied on resource (or it may not exist).",
        ),
    ],
)
def test_refusals_in_googles_words(permission, on, text):
    made = world()
    resource = made.projects[P] if on == "project" else made.projects[P].datasets["D"]
    with pytest.raises(ApiError) as caught:
        Authz(made).require(READER, permission, resource)
    assert (caught.value.http, caught.value.status, caught.value.message) == (403, "PERMISSION_DENIED", text)
    assert caught.value.legacy()["error"]["errors"][0]["reason"] in ("accessDenied", "forbidden")


def test_every_error_survives_the_way_through_grpc():
    from kbq_tui.sandbox import errors

    details = [
        errors.error_info("R", "d.googleapis.com", key="value"),
        errors.precondition_failure("constraints/x", "projects/p", "text"),
        errors.help_link("more", "https://example.com"),
        errors.localized("text"),
    ]
    status = errors.ApiError(400, "FAILED_PRECONDITION", "No.", details=details).proto_status()
    assert (status.code, status.message) == (9, "No.")
    assert [d.type_url.rpartition(".")[2] for d in status.details] == [
        "ErrorInfo",
        "PreconditionFailure",
        "Help",
        "LocalizedMessage",
    ]
