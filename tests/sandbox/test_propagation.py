"""A change does not take effect at once, but after the scenario's delay."""

import pytest
from google.api_core.exceptions import NotFound, PermissionDenied
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request

P = "acme-klaviyo-demo"
EMAIL = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{EMAIL}"


@pytest.fixture
def slow(start):
    return start("slow-propagation")


def grant(operator):
    policy = operator.post(f"/crm/v3/projects/{P}:getIamPolicy").json()
    policy["bindings"].append({"role": "roles/browser", "members": [MEMBER]})
    return operator.post(f"/crm/v3/projects/{P}:setIamPolicy", {"policy": policy})


def test_a_new_account_cannot_be_granted_anything_yet(slow, connect, new_key):
    operator = connect(slow)
    new_key(operator, "klaviyo-data-transfer-user")
    refused = grant(operator).json()["error"]
    assert refused["message"] == f"Service account {EMAIL} does not exist."
    slow.world.clock.advance(slow.world.delays["account"])
    assert grant(operator).status_code == 200


def test_a_new_key_does_not_sign_yet(slow, connect, new_key):
    key = new_key(connect(slow), "klaviyo-data-transfer-user")
    with pytest.raises(RefreshError, match="invalid_grant: Invalid JWT Signature"):
        connect(slow, key).credentials.refresh(Request())
    slow.world.clock.advance(slow.world.delays["key"])
    connect(slow, key).credentials.refresh(Request())


def test_a_new_grant_does_not_count_yet(slow, connect, new_key):
    operator = connect(slow)
    key = new_key(operator, "klaviyo-data-transfer-user")
    slow.world.clock.advance(10)
    assert grant(operator).status_code == 200
    reader = connect(slow, key)
    assert reader.get(f"/crm/v1/projects/{P}").status_code == 403
    assert operator.get(f"/crm/v1/projects/{P}").status_code == 200  # older grants are not affected
    slow.world.clock.advance(slow.world.delays["project_grant"])
    assert reader.get(f"/crm/v1/projects/{P}").status_code == 200


def test_a_new_entry_on_a_dataset_does_not_count_yet(slow):
    from kbq_tui.sandbox.resources import Dataset, Principal
    from kbq_tui.sandbox.scenario import default_access

    world = slow.world
    dataset = world.projects[P].datasets["D"] = Dataset(P, "D", access=default_access())
    reader = Principal(MEMBER, EMAIL, P)
    world.set_access(dataset, [*default_access(), {"role": "READER", "userByEmail": EMAIL}])
    assert not slow.context.authz.allowed(reader, "bigquery.tables.getData", dataset)
    world.clock.advance(world.delays["dataset_grant"])
    assert slow.context.authz.allowed(reader, "bigquery.tables.getData", dataset)
    assert not slow.context.authz.allowed(reader, "bigquery.tables.updateData", dataset)


def test_a_new_api_does_not_answer_yet(slow, connect):
    operator = connect(slow)
    slow.world.projects[P].services.discard("iam.googleapis.com")
    operator.post(f"/serviceusage/v1/projects/{P}/services/iam.googleapis.com:enable")
    path = f"/iam/v1/projects/{P}/serviceAccounts"
    assert operator.get(path).json()["error"]["details"][0]["reason"] == "SERVICE_DISABLED"
    slow.world.clock.advance(slow.world.delays["api"])
    assert operator.get(path).status_code == 200


ACCOUNTS = f"/iam/v1/projects/{P}/serviceAccounts"


def make_account(operator):
    operator.post(ACCOUNTS, {"accountId": EMAIL.partition("@")[0]})


def refusal(answer) -> tuple[int, str]:
    error = answer.json()["error"]
    return error["code"], error["message"]


def test_a_new_account_is_refused_with_403_and_404_though_the_caller_may_see_it(slow, connect):
    operator = connect(slow)
    make_account(operator)
    name = f"projects/{P}/serviceAccounts/{EMAIL}"
    needed = f"Permission iam.serviceAccounts.get is required to perform this operation on service account {name}."
    denied = "Permission 'iam.serviceAccountKeys.list' denied on resource (or it may not exist)."
    unknown = "Unknown service account"
    assert [refusal(operator.get(f"{ACCOUNTS}/{EMAIL}")) for _ in range(3)] == [
        (403, needed),
        (404, unknown),
        (403, needed),
    ]
    assert {refusal(operator.get(f"{ACCOUNTS}/{EMAIL}/keys")) for _ in range(2)} == {(404, unknown), (403, denied)}
    assert "accounts" not in operator.get(ACCOUNTS).json()
    slow.world.clock.advance(slow.world.delays["account_get"])
    assert operator.get(f"{ACCOUNTS}/{EMAIL}").json()["email"] == EMAIL
    assert [a["email"] for a in operator.get(ACCOUNTS).json()["accounts"]] == [EMAIL]


def test_a_new_account_cannot_be_given_a_key_yet(slow, connect):
    operator = connect(slow)
    make_account(operator)
    keys = f"{ACCOUNTS}/{EMAIL}/keys"
    denied = "Permission 'iam.serviceAccountKeys.create' denied on resource (or it may not exist)."
    assert refusal(operator.post(keys)) == (403, denied)
    assert refusal(operator.post(keys)) == (404, "Unknown service account")
    slow.world.clock.advance(slow.world.delays["key_create"])
    assert operator.post(keys).status_code == 200


def test_a_new_key_can_neither_be_read_nor_is_it_listed_yet(slow, connect, new_key):
    operator = connect(slow)
    key = new_key(operator, EMAIL.partition("@")[0])["private_key_id"]
    slow.world.clock.advance(slow.world.delays["account_get"])
    one, all_ = f"{ACCOUNTS}/{EMAIL}/keys/{key}", f"{ACCOUNTS}/{EMAIL}/keys?keyTypes=USER_MANAGED"
    assert refusal(operator.get(one)) == (404, f"Service account key {key} does not exist.")
    assert refusal(operator.get(one))[0] == 403
    assert operator.get(all_).json() == {}
    slow.world.clock.advance(slow.world.delays["key_list"])
    assert operator.get(one).json()["name"].endswith(key)
    assert [k["name"].rpartition("/")[2] for k in operator.get(all_).json()["keys"]] == [key]


def test_the_same_over_grpc(slow, connect):
    operator = connect(slow)
    make_account(operator)
    name = f"projects/{P}/serviceAccounts/{EMAIL}"
    with pytest.raises(PermissionDenied):
        operator.iam().get_service_account(request={"name": name}, retry=None)
    with pytest.raises(NotFound):
        operator.iam().get_service_account(request={"name": name}, retry=None)
