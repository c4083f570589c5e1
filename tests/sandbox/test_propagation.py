"""What was just changed is not yet true, and becomes true after the scenario's delay."""

import pytest
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
    assert operator.get(f"/crm/v1/projects/{P}").status_code == 200  # older grants are not disturbed
    slow.world.clock.advance(slow.world.delays["project_grant"])
    assert reader.get(f"/crm/v1/projects/{P}").status_code == 200


def test_a_new_entry_on_a_dataset_does_not_count_yet(slow):
    from kbq_tui.sandbox.scenario import default_access
    from kbq_tui.sandbox.world import Dataset, Principal

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
