"""Service accounts and keys, over REST and gRPC alike."""

import base64
import json

import pytest
from google.api_core import exceptions
from google.auth.exceptions import RefreshError
from google.cloud import iam_admin_v1

from kbq_tui.sandbox import grpc_iam, iam

ACCOUNTS = "/iam/v1/projects/acme-klaviyo-demo/serviceAccounts"
EMAIL = "klaviyo-data-transfer-user@acme-klaviyo-demo.iam.gserviceaccount.com"
NAME = f"projects/acme-klaviyo-demo/serviceAccounts/{EMAIL}"


def create(operator, name="klaviyo-data-transfer-user", **more):
    return operator.post(ACCOUNTS, {"accountId": name, "serviceAccount": more})


def test_an_account_lives_over_rest(operator):
    made = create(operator, displayName="KLAVIYO_DATA_TRANSFER_USER").json()
    assert (made["email"], made["displayName"], made["name"]) == (EMAIL, "KLAVIYO_DATA_TRANSFER_USER", NAME)
    assert made["uniqueId"].isdigit()
    assert operator.get(f"{ACCOUNTS}/{EMAIL}").json() == made
    assert operator.get(f"/iam/v1/projects/-/serviceAccounts/{EMAIL}").json() == made
    assert operator.get(ACCOUNTS).json()["accounts"] == [made]
    body = {"serviceAccount": {"description": "for Klaviyo"}, "updateMask": "description"}
    patched = operator.call("PATCH", f"{ACCOUNTS}/{EMAIL}", body).json()
    assert patched == {"name": NAME, "description": "for Klaviyo"}
    after = operator.get(f"{ACCOUNTS}/{EMAIL}").json()
    assert (after["displayName"], after["etag"] != made["etag"]) == ("KLAVIYO_DATA_TRANSFER_USER", True)
    assert operator.post(f"{ACCOUNTS}/{EMAIL}:disable").json() == {}
    assert operator.get(f"{ACCOUNTS}/{EMAIL}").json()["disabled"] is True
    operator.post(f"{ACCOUNTS}/{EMAIL}:enable")
    assert "disabled" not in operator.get(f"{ACCOUNTS}/{EMAIL}").json()
    assert operator.call("DELETE", f"{ACCOUNTS}/{EMAIL}").json() == {}
    assert operator.get(f"{ACCOUNTS}/{EMAIL}").status_code == 404


def test_the_same_world_answers_over_grpc(operator):
    client = operator.iam()
    made = client.create_service_account(
        request={
            "name": "projects/acme-klaviyo-demo",
            "account_id": "klaviyo-data-transfer-user",
            "service_account": {"display_name": "KLAVIYO_DATA_TRANSFER_USER"},
        }
    )
    assert (made.email, made.display_name) == (EMAIL, "KLAVIYO_DATA_TRANSFER_USER")
    assert operator.get(f"{ACCOUNTS}/{EMAIL}").json()["uniqueId"] == made.unique_id
    assert client.get_service_account(name=NAME) == made
    assert [a.email for a in client.list_service_accounts(name="projects/acme-klaviyo-demo")] == [EMAIL]
    patch = iam_admin_v1.PatchServiceAccountRequest(
        service_account={"name": NAME, "description": "changed"}, update_mask={"paths": ["description"]}
    )
    assert client.patch_service_account(patch).description == "changed"
    client.disable_service_account(request={"name": NAME})
    assert client.get_service_account(name=NAME).disabled
    client.delete_service_account(name=NAME)
    with pytest.raises(exceptions.NotFound, match="Unknown service account"):
        client.get_service_account(name=NAME)


def test_keys_over_grpc(operator, sandbox, connect):
    create(operator)
    client = operator.iam()
    key = client.create_service_account_key(name=NAME)
    file = json.loads(key.private_key_data)
    assert (file["client_email"], file["token_uri"]) == (EMAIL, sandbox.url + "/token")
    assert file["private_key_id"] == key.name.rpartition("/")[2]
    listed = client.list_service_account_keys(name=NAME)
    kinds = sorted(k.key_type.name for k in listed.keys)
    assert kinds == ["SYSTEM_MANAGED", "USER_MANAGED"]
    assert all(not k.private_key_data for k in listed.keys)
    mine = client.list_service_account_keys(request={"name": NAME, "key_types": ["USER_MANAGED"]})
    assert [k.name for k in mine.keys] == [key.name]
    assert connect(sandbox, file).get("/crm/v1/projects/acme-klaviyo-demo").status_code == 403  # it authenticates
    client.delete_service_account_key(name=key.name)
    assert not client.list_service_account_keys(request={"name": NAME, "key_types": ["USER_MANAGED"]}).keys


def test_keys_over_rest(operator, sandbox, connect):
    create(operator)
    made = operator.post(f"{ACCOUNTS}/{EMAIL}/keys").json()
    key, holder = "/iam/v1/" + made["name"], connect(sandbox, json.loads(base64.b64decode(made["privateKeyData"])))
    assert operator.get(key).json() == {k: v for k, v in made.items() if not k.startswith("privateKey")}
    assert operator.get(f"{ACCOUNTS}/{EMAIL}/keys?keyTypes=USER_MANAGED").json()["keys"] == [operator.get(key).json()]
    assert operator.post(key + ":disable").json() == {}
    assert operator.get(key).json()["disabled"] is True
    with pytest.raises(RefreshError, match="invalid_grant"):
        holder.get("/crm/v1/projects/acme-klaviyo-demo")
    assert operator.post(key + ":enable").json() == {}
    assert holder.get("/crm/v1/projects/acme-klaviyo-demo").status_code == 403  # it authenticates again
    assert operator.call("DELETE", key).json() == {}
    assert operator.get(key).status_code == 404


def test_every_method_is_served_over_rest_and_grpc():
    # gRPC has one GetRole and one ListRoles for predefined and custom roles, by the name or parent
    by_name = {"iam.projects.roles.get", "iam.projects.roles.list"}
    assert {method for method, _, _ in grpc_iam.RPCS.values()} == set(iam.METHODS) - by_name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("short", 'The account ID "short" does not have a length between 6 and 30.'),
        ("x" * 31, "does not have a length between 6 and 30."),
        ("KLAVIYO_DATA_TRANSFER_USER", "KLAVIYO_DATA_TRANSFER_USER does not match"),
        ("ends-with-dash-", "does not match"),
        ("1starts-with-digit", "does not match"),
    ],
)
def test_the_rule_for_account_ids(operator, name, text):
    error = create(operator, name).json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert text in error["message"]


def test_an_account_cannot_be_made_twice(operator):
    create(operator)
    error = create(operator).json()["error"]
    assert (error["code"], error["status"]) == (409, "ALREADY_EXISTS")
    with pytest.raises(exceptions.AlreadyExists, match="already exists within project projects/acme-klaviyo-demo"):
        operator.iam().create_service_account(
            name="projects/acme-klaviyo-demo", account_id="klaviyo-data-transfer-user"
        )


def test_an_account_has_at_most_ten_keys(operator):
    create(operator)
    path = f"{ACCOUNTS}/{EMAIL}/keys"
    assert [operator.post(path).status_code for _ in range(10)] == [200] * 10
    error = operator.post(path).json()["error"]
    assert error == {"code": 400, "status": "FAILED_PRECONDITION", "message": "Precondition check failed."}
    user_managed = operator.get(path, params={"keyTypes": "USER_MANAGED"}).json()["keys"]
    assert len(user_managed) == 10
    operator.call("DELETE", f"/iam/v1/{user_managed[0]['name']}")
    assert operator.post(path).status_code == 200


def test_googles_own_key_cannot_be_deleted(operator):
    create(operator)
    (key,) = operator.get(f"{ACCOUNTS}/{EMAIL}/keys").json()["keys"]
    assert key["keyType"] == "SYSTEM_MANAGED"
    assert operator.call("DELETE", f"/iam/v1/{key['name']}").json()["error"]["status"] == "FAILED_PRECONDITION"


@pytest.mark.parametrize("managed", [False, True], ids=["legacy constraint", "managed constraint"])
def test_key_creation_can_be_forbidden(start, connect, managed):
    sandbox = start("key-creation-blocked")
    project = sandbox.world.projects["acme-klaviyo-demo"]
    expected = "constraints/iam.disableServiceAccountKeyCreation"
    if managed:
        project.org_policies = {"iam.managed.disableServiceAccountKeyCreation": [{"enforce": True}]}
        expected = "iam.managed.disableServiceAccountKeyCreation"
    operator = connect(sandbox)
    create(operator)
    error = operator.post(f"{ACCOUNTS}/{EMAIL}/keys").json()["error"]
    assert (error["code"], error["status"]) == (400, "FAILED_PRECONDITION")
    assert error["message"] == "Key creation is not allowed on this service account."
    assert error["details"][0]["violations"][0]["type"] == expected
    with pytest.raises(exceptions.FailedPrecondition) as caught:
        operator.iam().create_service_account_key(name=NAME)
    (detail,) = caught.value.details
    assert detail.violations[0].type == expected


def test_account_creation_can_be_forbidden(operator, sandbox):
    sandbox.world.projects["acme-klaviyo-demo"].org_policies = {
        "iam.disableServiceAccountCreation": [{"enforce": True}]
    }
    error = create(operator).json()["error"]
    assert error["message"] == "Service account creation is not allowed on this project."
    assert error["details"][0]["violations"][0]["type"] == "constraints/iam.disableServiceAccountCreation"


def test_who_may_not_is_told_the_permission(start, connect):
    operator = connect(start("no-permission"))
    error = create(operator).json()["error"]
    assert (error["code"], error["status"]) == (403, "PERMISSION_DENIED")
    assert error["message"] == "Permission 'iam.serviceAccounts.create' denied on resource (or it may not exist)."
    info = error["details"][0]
    assert (info["reason"], info["metadata"]["permission"]) == ("IAM_PERMISSION_DENIED", "iam.serviceAccounts.create")
    with pytest.raises(exceptions.PermissionDenied) as caught:
        operator.iam().create_service_account_key(name=NAME)
    assert caught.value.reason == "IAM_PERMISSION_DENIED"
    assert caught.value.metadata["permission"] == "iam.serviceAccountKeys.create"


def test_an_account_created_again_is_another_identity(operator):
    def policy():
        return operator.post(
            "/crm/v3/projects/acme-klaviyo-demo:getIamPolicy", {"options": {"requestedPolicyVersion": 3}}
        ).json()

    first = create(operator).json()["uniqueId"]
    before = policy()
    before["bindings"].append({"role": "roles/bigquery.jobUser", "members": [f"serviceAccount:{EMAIL}"]})
    assert operator.post("/crm/v3/projects/acme-klaviyo-demo:setIamPolicy", {"policy": before}).status_code == 200
    operator.call("DELETE", f"{ACCOUNTS}/{EMAIL}")
    tombstone = f"deleted:serviceAccount:{EMAIL}?uid={first}"
    assert {"role": "roles/bigquery.jobUser", "members": [tombstone]} in policy()["bindings"]
    assert create(operator).json()["uniqueId"] != first
    assert {"role": "roles/bigquery.jobUser", "members": [tombstone]} in policy()["bindings"]


def test_undelete_brings_back_the_identity_and_its_grants(operator):
    first = create(operator).json()
    operator.call("DELETE", f"{ACCOUNTS}/{EMAIL}")
    restored = operator.post(f"{ACCOUNTS}/{first['uniqueId']}:undelete").json()["restoredAccount"]
    assert restored["uniqueId"] == first["uniqueId"]
    assert operator.get(f"{ACCOUNTS}/{EMAIL}").status_code == 200


def test_keys_expire_where_the_organization_says_so(operator, sandbox, connect, new_key):
    sandbox.world.projects["acme-klaviyo-demo"].org_policies = {
        "iam.serviceAccountKeyExpiryHours": [{"values": {"allowedValues": ["8h"]}}]
    }
    key = new_key(operator, "klaviyo-data-transfer-user")
    listed = operator.get(f"{ACCOUNTS}/{EMAIL}/keys", params={"keyTypes": "USER_MANAGED"}).json()["keys"][0]
    assert listed["validBeforeTime"] < "9999"
    stored = sandbox.world.account(EMAIL).keys[key["private_key_id"]]
    assert stored.expires == pytest.approx(sandbox.world.clock() + 8 * 3600, abs=30)


def test_the_private_half_is_handed_out_once_and_not_kept(operator, sandbox):
    create(operator)
    answer = operator.post(f"{ACCOUNTS}/{EMAIL}/keys").json()
    private = json.loads(base64.b64decode(answer["privateKeyData"]))["private_key"]
    stored = sandbox.world.account(EMAIL).keys[answer["name"].rpartition("/")[2]]
    assert private.startswith("-----BEGIN")
    assert b"PRIVATE" not in stored.public_pem
    assert "privateKeyData" not in operator.get(f"/iam/v1/{answer['name']}").json()


def test_a_project_that_does_not_exist_is_forbidden(operator):
    answer = operator.post("/iam/v1/projects/no-such-project/serviceAccounts", {"accountId": "some-account"})
    assert answer.status_code == 403
    assert "(or it may not exist)" in answer.json()["error"]["message"]


def test_accounts_are_listed_in_pages(operator):
    for i in range(7):
        create(operator, f"account-{i}")
    seen, token = [], ""
    while True:
        page = operator.get(ACCOUNTS, params={"pageSize": 3, "pageToken": token}).json()
        seen += [a["email"].partition("@")[0] for a in page["accounts"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert seen == [f"account-{i}" for i in range(7)]
    assert operator.get(ACCOUNTS, params={"pageToken": "nonsense"}).status_code == 400
    assert (
        len(list(operator.iam().list_service_accounts(request={"name": "projects/acme-klaviyo-demo", "page_size": 2})))
        == 7
    )


def test_an_accounts_own_policy_over_grpc(operator, sandbox):
    create(operator)
    client = operator.iam()
    policy = client.get_iam_policy(request={"resource": NAME})
    assert not policy.bindings
    policy.bindings.add(role="roles/iam.serviceAccountTokenCreator", members=["user:a@acme.example"])
    written = client.set_iam_policy(request={"resource": NAME, "policy": policy})
    assert client.get_iam_policy(request={"resource": NAME}) == written
    with pytest.raises(exceptions.Aborted, match="concurrent policy changes"):
        client.set_iam_policy(request={"resource": NAME, "policy": policy})
    policy.etag = written.etag
    policy.bindings.add(role="roles/bigquery.jobUser", members=["user:a@acme.example"])
    with pytest.raises(
        exceptions.InvalidArgument, match=r"Role roles/bigquery\.jobUser is not supported for this resource"
    ):
        client.set_iam_policy(request={"resource": NAME, "policy": policy})
    asked = ["iam.serviceAccounts.getAccessToken", "iam.serviceAccountKeys.create"]
    answer = client.test_iam_permissions(request={"resource": NAME, "permissions": asked})
    assert list(answer.permissions) == ["iam.serviceAccountKeys.create"]


def test_a_role_and_its_permissions_over_grpc(operator):
    role = operator.iam().get_role(request={"name": "roles/bigquery.jobUser"})
    assert "bigquery.jobs.create" in role.included_permissions


def test_disabled_keys_are_listed_as_such(operator):
    create(operator)
    client = operator.iam()
    key = client.create_service_account_key(name=NAME)
    client.disable_service_account_key(request={"name": key.name})
    (listed,) = client.list_service_account_keys(request={"name": NAME, "key_types": ["USER_MANAGED"]}).keys
    assert listed.disabled
    client.enable_service_account_key(request={"name": key.name})
    assert not client.get_service_account_key(name=key.name).disabled
