"""Enabling and disabling APIs, organization policies, billing."""

import pytest
from google.api_core import exceptions

P = "acme-klaviyo-demo"
SERVICES = f"/serviceusage/v1/projects/{P}/services"


def test_enabling_takes_an_operation(start, connect):
    sandbox = start("apis-off")
    operator = connect(sandbox)
    assert operator.get(SERVICES + "/iam.googleapis.com").json()["state"] == "DISABLED"
    operation = operator.post(SERVICES + ":batchEnable", {"serviceIds": ["iam.googleapis.com"]}).json()
    assert not operation.get("done")
    assert not operator.get("/serviceusage/v1/" + operation["name"]).json().get("done")
    sandbox.world.clock.advance(1)
    done = operator.get("/serviceusage/v1/" + operation["name"]).json()
    assert done["done"]
    assert done["response"]["services"][0]["state"] == "ENABLED"


def test_enabling_what_is_enabled_changes_nothing(operator, sandbox):
    answer = operator.post(SERVICES + "/bigquery.googleapis.com:enable").json()
    assert answer["done"]
    assert answer["name"] == "operations/noop.DONE_OPERATION"
    assert sandbox.world.writes() == []


def test_list_and_batch_get(operator):
    enabled = operator.get(SERVICES, params={"filter": "state:ENABLED", "pageSize": 200}).json()["services"]
    assert "bigquery.googleapis.com" in {s["config"]["name"] for s in enabled}
    assert {s["state"] for s in enabled} == {"ENABLED"}
    names = [f"projects/{P}/services/{n}.googleapis.com" for n in ("bigquery", "compute")]
    found = operator.get(SERVICES + ":batchGet", params={"names": names}).json()["services"]
    assert [s["state"] for s in found] == ["ENABLED", "DISABLED"]


def test_an_unknown_service_is_refused(operator):
    error = operator.post(SERVICES + "/nonsense.googleapis.com:enable").json()["error"]
    assert error["message"] == "Not found or permission denied for service(s): nonsense.googleapis.com."


def test_who_may_not_enable(start, connect):
    error = connect(start("no-permission")).post(SERVICES + "/iam.googleapis.com:enable").json()["error"]
    assert error["message"] == "Permission denied to enable service [iam.googleapis.com]"
    assert error["details"][0]["reason"] == "AUTH_PERMISSION_DENIED"


def test_an_api_that_is_off_says_where_to_switch_it_on(start, connect):
    operator = connect(start("apis-off"))
    error = operator.post(f"/iam/v1/projects/{P}/serviceAccounts", {"accountId": "some-account"}).json()["error"]
    number = operator.sandbox.world.projects[P].number
    assert error["status"] == "PERMISSION_DENIED"
    assert f"API has not been used in project {number} before or it is disabled" in error["message"]
    info = error["details"][0]
    assert info["reason"] == "SERVICE_DISABLED"
    assert info["metadata"]["service"] == "iam.googleapis.com"
    assert info["metadata"]["consumer"] == f"projects/{number}"
    assert number in info["metadata"]["activationUrl"]
    with pytest.raises(exceptions.PermissionDenied) as caught:
        list(operator.iam().list_service_accounts(name=f"projects/{P}"))
    assert caught.value.reason == "SERVICE_DISABLED"


def test_bigquery_off_is_said_in_its_own_shape(operator, sandbox):
    sandbox.world.projects[P].services.discard("bigquery.googleapis.com")
    error = operator.get(f"/bigquery/v2/projects/{P}/datasets").json()["error"]
    assert error["errors"][0]["reason"] == "accessNotConfigured"
    assert error["message"].startswith("BigQuery API has not been used in project")


def test_the_quota_project_counts_where_a_header_names_it(operator, sandbox):
    sandbox.world.projects[P].services.discard("cloudresourcemanager.googleapis.com")
    path = f"/crm/v3/projects/{P}"
    assert operator.get(path).status_code == 200  # the credentials' own project is billed
    error = operator.get(path, headers={"X-Goog-User-Project": P}).json()["error"]
    assert error["details"][0]["reason"] == "SERVICE_DISABLED"


def test_a_quota_project_needs_permission(operator):
    error = operator.get(f"/crm/v3/projects/{P}", headers={"X-Goog-User-Project": "acme-analytics"}).json()["error"]
    assert error["details"][0]["reason"] == "USER_PROJECT_DENIED"


def test_effective_policies(start, connect):
    operator = connect(start("key-creation-blocked"))
    base = f"/orgpolicy/v2/projects/{P}/policies/"
    legacy = operator.get(base + "iam.disableServiceAccountKeyCreation:getEffectivePolicy").json()
    managed = operator.get(base + "iam.managed.disableServiceAccountKeyCreation:getEffectivePolicy").json()
    assert legacy["spec"]["rules"] == [{"enforce": True}]
    assert managed["spec"]["rules"] == [{"enforce": False}]
    assert operator.get(base + "no.suchConstraint:getEffectivePolicy").status_code == 404


def test_who_may_not_read_policies(start, connect):
    sandbox = start("fresh")
    binding = {"role": "roles/browser", "members": [f"serviceAccount:{sandbox.operator}"]}
    sandbox.world.projects[P].policy.bindings = [binding]
    path = f"/orgpolicy/v2/projects/{P}/policies/gcp.resourceLocations:getEffectivePolicy"
    answer = connect(sandbox).get(path)
    assert answer.status_code == 403
    assert "orgpolicy.policy.get" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("scenario", "enabled"), [("fresh", True), ("no-billing", None)])
def test_billing(start, connect, scenario, enabled):
    info = connect(start(scenario)).get(f"/billing/v1/projects/{P}/billingInfo").json()
    assert info.get("billingEnabled") is enabled


def policy_admin(start, connect, **delays):
    """An operator who is also an organization policy administrator, which no role on the project includes."""
    sandbox = start("key-creation-blocked")
    member = f"serviceAccount:{sandbox.operator}"
    sandbox.world.projects[P].policy.bindings.append({"role": "roles/orgpolicy.policyAdmin", "members": [member]})
    sandbox.world.delays |= delays
    return connect(sandbox)


KEYS = "iam.disableServiceAccountKeyCreation"
POLICIES = f"/orgpolicy/v2/projects/{P}/policies"


def enforced(operator):
    rules = operator.get(f"{POLICIES}/{KEYS}:getEffectivePolicy").json()["spec"]["rules"]
    return rules == [{"enforce": True}]


def test_an_exception_lifts_a_policy_and_its_deletion_restores_it(start, connect, new_key):
    operator = policy_admin(start, connect)
    body = {"name": f"projects/{P}/policies/{KEYS}", "spec": {"rules": [{"enforce": False}]}}
    assert operator.get(f"{POLICIES}/{KEYS}").status_code == 404
    assert operator.post(POLICIES, body).status_code == 200
    assert operator.post(POLICIES, body).status_code == 409
    assert operator.get(POLICIES).json()["policies"][0]["spec"] == body["spec"]
    assert not enforced(operator)
    assert new_key(operator)["type"] == "service_account"
    assert operator.call("DELETE", f"{POLICIES}/{KEYS}").status_code == 200
    assert enforced(operator)
    assert operator.call("PATCH", f"{POLICIES}/{KEYS}", body).status_code == 404


def test_an_exception_takes_time_to_spread(start, connect):
    operator = policy_admin(start, connect, org_policy=60.0)
    body = {"name": f"projects/{P}/policies/{KEYS}", "spec": {"rules": [{"enforce": False}]}}
    operator.post(POLICIES, body)
    assert enforced(operator)
    operator.sandbox.world.clock.advance(61)
    assert not enforced(operator)


def test_an_owner_cannot_lift_a_policy(start, connect):
    operator = connect(start("key-creation-blocked"))
    body = {"name": f"projects/{P}/policies/{KEYS}", "spec": {"rules": [{"enforce": False}]}}
    answer = operator.post(POLICIES, body)
    assert answer.status_code == 403
    assert "orgpolicy.policy.set" in answer.json()["error"]["message"]
