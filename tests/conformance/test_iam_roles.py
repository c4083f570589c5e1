"""Custom roles through Google's own client library for IAM, and what Google's IAM samples do."""

import base64
import json

import pytest
from google.api_core import exceptions
from google.cloud import iam_admin_v1
from google.cloud.iam_admin_v1 import types

from tests.sandbox.conftest import CLOUD, Client


@pytest.fixture(scope="module")
def caller(sandbox):
    made = Client(sandbox, json.loads(sandbox.key_file.read_text()), [CLOUD])
    yield made
    made.close()


@pytest.fixture(scope="module")
def iam(caller) -> iam_admin_v1.IAMClient:
    return caller.iam()


@pytest.fixture(scope="module")
def parent(sandbox):
    return f"projects/{sandbox.project}"


def made(iam, parent, role_id, *permissions):
    role = types.Role(title="Title", description="Description", included_permissions=permissions, stage="GA")
    return iam.create_role(types.CreateRoleRequest(parent=parent, role_id=role_id, role=role))


def test_a_custom_role_is_made_read_changed_and_listed(iam, parent):
    role = made(iam, parent, "reader.one", "bigquery.datasets.get")
    assert (role.name, role.title, role.stage.name) == (f"{parent}/roles/reader.one", "Title", "GA")
    found = iam.get_role(types.GetRoleRequest(name=role.name))
    assert list(found.included_permissions) == ["bigquery.datasets.get"]
    wider = types.Role(included_permissions=["bigquery.datasets.get", "bigquery.tables.get"], title="not asked for")
    request = types.UpdateRoleRequest(name=role.name, role=wider, update_mask={"paths": ["included_permissions"]})
    changed = iam.update_role(request)
    assert (changed.title, list(changed.included_permissions)) == ("Title", list(wider.included_permissions))
    assert role.name in {r.name for r in iam.list_roles(types.ListRolesRequest(parent=parent))}
    assert "roles/owner" in {r.name for r in iam.list_roles(types.ListRolesRequest())}
    with pytest.raises(exceptions.AlreadyExists):
        made(iam, parent, "reader.one")


def test_a_deleted_role_can_be_brought_back_and_its_name_is_not_free(iam, parent):
    role = made(iam, parent, "gone", "bigquery.datasets.get")
    assert iam.delete_role(types.DeleteRoleRequest(name=role.name)).deleted
    assert role.name not in {r.name for r in iam.list_roles(types.ListRolesRequest(parent=parent))}
    assert role.name in {r.name for r in iam.list_roles(types.ListRolesRequest(parent=parent, show_deleted=True))}
    with pytest.raises(exceptions.FailedPrecondition):
        made(iam, parent, "gone")
    back = iam.undelete_role(types.UndeleteRoleRequest(name=role.name))
    assert (back.deleted, list(back.included_permissions)) == (False, ["bigquery.datasets.get"])
    with pytest.raises(exceptions.NotFound):
        iam.get_role(types.GetRoleRequest(name=f"{parent}/roles/never"))


def test_a_custom_role_gives_what_it_holds_until_it_is_deleted(sandbox, caller, iam, parent):
    path = f"/iam/v1/{parent}/serviceAccounts"
    assert caller.post(path, {"accountId": "narrow"}).status_code == 200
    email = f"narrow@{sandbox.project}.iam.gserviceaccount.com"
    key = json.loads(base64.b64decode(caller.post(f"{path}/{email}/keys").json()["privateKeyData"]))
    narrow = Client(sandbox, key, [CLOUD])
    role = made(iam, parent, "lists", "bigquery.datasets.create")
    policy = caller.post(f"/crm/v1/{parent}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}}).json()
    policy["bindings"].append({"role": role.name, "members": [f"serviceAccount:{email}"]})
    assert caller.post(f"/crm/v1/{parent}:setIamPolicy", {"policy": policy}).status_code == 200
    url, body = f"/bigquery/v2/{parent}/datasets", {"datasetReference": {"datasetId": "by_custom_role"}}
    assert narrow.post(url, body).status_code == 200
    iam.delete_role(types.DeleteRoleRequest(name=role.name))
    body["datasetReference"]["datasetId"] = "no_more"
    assert narrow.post(url, body).status_code == 403
    narrow.close()


def test_roles_that_can_be_granted_are_told(iam, parent, sandbox):
    name = f"//cloudresourcemanager.googleapis.com/{parent}"
    found = list(iam.query_grantable_roles(types.QueryGrantableRolesRequest(full_resource_name=name, view="FULL")))
    by_name = {role.name: list(role.included_permissions) for role in found}
    assert "bigquery.jobs.create" in by_name["roles/bigquery.jobUser"]
    asked = types.QueryTestablePermissionsRequest(full_resource_name=name)
    assert "bigquery.jobs.create" in {p.name for p in iam.query_testable_permissions(asked)}
    with pytest.raises(exceptions.InvalidArgument):
        list(iam.query_grantable_roles(types.QueryGrantableRolesRequest(full_resource_name="//x/y")))


@pytest.mark.parametrize("role", ["roles/logging.logWriter", "roles/storage.objectViewer", "roles/compute.viewer"])
def test_any_role_of_googles_can_be_granted_on_a_project(caller, parent, role):
    policy = caller.post(f"/crm/v3/{parent}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}}).json()
    policy["bindings"].append({"role": role, "members": ["user:somebody@acme.example"]})
    answer = caller.post(f"/crm/v3/{parent}:setIamPolicy", {"policy": policy})
    assert role in {binding["role"] for binding in answer.json()["bindings"]}


@pytest.mark.parametrize(
    ("role_id", "role"),
    [
        ("x", {}),
        ("good.id", {"includedPermissions": ["nonsense"]}),
        ("good.id", {"stage": "SOON"}),
        ("good.id", {"includedPermissions": "bigquery.jobs.create"}),
    ],
)
def test_a_role_that_is_none_is_refused(caller, parent, role_id, role):
    assert caller.post(f"/iam/v1/{parent}/roles", {"roleId": role_id, "role": role}).status_code == 400
