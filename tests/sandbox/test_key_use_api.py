"""When a key was last used: the audit log, the metric and Policy Analyzer, and simulated callers."""

import json
from datetime import UTC, datetime

import pytest

from kbq_tui.sandbox.scenario import Scenario, load

P = "acme-klaviyo-demo"
EMAIL = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
ENTRIES = "/logging/v2/entries:list"
SERIES = f"/monitoring/v3/projects/{P}/timeSeries"
ANALYZER = "/policyanalyzer/v1/projects/{}/locations/global/activityTypes/{}/activities:query"
ACTIVITIES = ANALYZER.format(P, "serviceAccountKeyLastAuthentication")
KLAVIYO = "52.206.71.52"
METRIC = "iam.googleapis.com/service_account/key/authn_events_count"


def changed(name: str, **values) -> Scenario:
    """A scenario with some additional top-level keys."""
    found = load(name)
    found.data.update(values)
    return found


def entries(client, *terms, **more):
    body = {"resourceNames": [f"projects/{P}"], "filter": "\n".join(terms), "orderBy": "timestamp desc", **more}
    answer = client.post(ENTRIES, body)
    assert answer.status_code == 200, answer.text
    return answer.json().get("entries", [])


def signed_with(key_id):
    name = f"//iam.googleapis.com/projects/{P}/serviceAccounts/{EMAIL}/keys/{key_id}"
    return f'protoPayload.authenticationInfo.serviceAccountKeyName="{name}"'


def key_of(path):
    return json.loads(path.read_text())["private_key_id"]


@pytest.fixture
def in_use(start, connect):
    """The scenario in which Klaviyo changes its key, its operator, and the first key."""
    sandbox = start("klaviyo-changes-over")
    return sandbox, connect(sandbox), key_of(sandbox.account_keys[EMAIL])


def test_a_call_with_a_key_is_in_the_audit_log(in_use, connect):
    sandbox, operator, old = in_use
    connect(sandbox, sandbox.account_keys[EMAIL]).get(f"/bigquery/v2/projects/{P}/datasets/KLAVIYO_TMP")
    newest = entries(operator, signed_with(old))[0]
    payload = newest["protoPayload"]
    assert newest["logName"] == f"projects/{P}/logs/cloudaudit.googleapis.com%2Fdata_access"
    assert payload["authenticationInfo"]["principalEmail"] == EMAIL
    assert payload["authenticationInfo"]["serviceAccountKeyName"].endswith(f"/keys/{old}")
    assert payload["requestMetadata"]["callerIp"] == "127.0.0.1"
    assert "python-requests" in payload["requestMetadata"]["callerSuppliedUserAgent"]
    assert payload["methodName"] == "google.cloud.bigquery.v2.DatasetService.GetDataset"


def test_other_services_write_no_data_access_entries(in_use):
    _, operator, _ = in_use
    operator.get(f"/crm/v1/projects/{P}")
    emails = {e["protoPayload"]["authenticationInfo"]["principalEmail"] for e in entries(operator, pageSize=1000)}
    assert emails == {EMAIL}


def test_a_refused_call_is_in_the_log_with_its_status(in_use, connect):
    sandbox, operator, old = in_use
    refused = connect(sandbox, sandbox.account_keys[EMAIL]).post(
        f"/bigquery/v2/projects/{P}/datasets", {"datasetReference": {"projectId": P, "datasetId": "mine"}}
    )
    assert refused.status_code == 403
    assert entries(operator, signed_with(old))[0]["protoPayload"]["status"] == {"code": 7}


def test_klaviyo_takes_the_new_key_after_a_while(in_use, new_key):
    sandbox, operator, old = in_use
    assert entries(operator, signed_with(old))[0]["protoPayload"]["requestMetadata"]["callerIp"] == KLAVIYO
    new = new_key(operator, "klaviyo-data-transfer-user")["private_key_id"]
    assert entries(operator, signed_with(new)) == []
    sandbox.world.clock.advance(120)
    assert entries(operator, signed_with(new))[0]["protoPayload"]["requestMetadata"]["callerIp"] == KLAVIYO


def test_klaviyo_that_never_changes_stays_with_the_old_one(start, connect, new_key):
    sandbox = start("klaviyo-never-changes")
    operator = connect(sandbox)
    new = new_key(operator, "klaviyo-data-transfer-user")["private_key_id"]
    sandbox.world.clock.advance(600)
    assert entries(operator, signed_with(new)) == []


def test_a_disabled_key_is_of_no_use_to_a_caller(start, connect):
    sandbox = start("klaviyo-never-changes")
    operator, old = connect(sandbox), key_of(sandbox.account_keys[EMAIL])
    before = entries(operator, signed_with(old), pageSize=1000)
    operator.post(f"/iam/v1/projects/{P}/serviceAccounts/{EMAIL}/keys/{old}:disable")
    sandbox.world.clock.advance(600)
    assert entries(operator, signed_with(old), pageSize=1000) == before


def test_the_old_key_may_be_used_by_another_client(start, connect, new_key):
    sandbox = start("old-key-still-used")
    operator, old = connect(sandbox), key_of(sandbox.account_keys[EMAIL])
    new_key(operator, "klaviyo-data-transfer-user")
    sandbox.world.clock.advance(600)
    newest = entries(operator, signed_with(old), 'NOT protoPayload.requestMetadata.callerSuppliedUserAgent:"kbq-tui"')
    assert newest[0]["protoPayload"]["requestMetadata"]["callerIp"] == "203.0.113.7"


def test_entries_of_some_addresses_since_a_time(in_use):
    _, operator, old = in_use
    since = entries(operator, signed_with(old), pageSize=2)[1]["timestamp"]
    addresses = f'protoPayload.requestMetadata.callerIp=("{KLAVIYO}" OR "3.227.146.32")'
    assert len(entries(operator, f'timestamp>="{since}" AND {addresses}')) == 2
    assert entries(operator, 'protoPayload.requestMetadata.callerIp=("3.227.146.32" OR "44.198.39.11")') == []


@pytest.mark.parametrize(
    "term",
    ['severity>="ERROR"', "nonsense", 'timestamp="2026-01-01"', 'timestamp>="soon"', "logName=(a OR b)"],
)
def test_a_filter_that_is_not_served_is_refused_with_words(in_use, term):
    _, operator, _ = in_use
    answer = operator.post(ENTRIES, {"resourceNames": [f"projects/{P}"], "filter": term})
    assert answer.status_code == 400
    assert "sandbox" in answer.text or "timestamp" in answer.text


def test_who_may_not_read_private_entries_gets_none(start, connect):
    operator = connect(start("log-not-readable"))
    assert entries(operator) == []


def test_who_may_not_read_the_log_is_refused(start, connect):
    sandbox = start("klaviyo-changes-over")
    account = connect(sandbox, sandbox.account_keys[EMAIL])
    answer = account.post(ENTRIES, {"resourceNames": [f"projects/{P}"]})
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Permission denied for all log views"


def test_the_audit_log_shows_a_call_after_its_delay(start, connect):
    sandbox = start(changed("klaviyo-changes-over", delays={"audit_log": 120}))
    operator, old = connect(sandbox), key_of(sandbox.account_keys[EMAIL])
    connect(sandbox, sandbox.account_keys[EMAIL]).get(f"/bigquery/v2/projects/{P}/datasets/KLAVIYO_TMP")
    here = 'protoPayload.requestMetadata.callerIp="127.0.0.1"'
    assert entries(operator, signed_with(old), here) == []
    sandbox.world.clock.advance(120)
    assert len(entries(operator, signed_with(old), here)) == 1


def series(client, sandbox, filter_):
    now = sandbox.world.clock()
    start, end = (datetime.fromtimestamp(at, UTC).isoformat() for at in (now - 86_400, now))
    return client.get(SERIES, params={"filter": filter_, "interval.startTime": start, "interval.endTime": end})


def test_the_metric_counts_what_a_key_authenticates(start, connect):
    sandbox = start("log-not-readable")
    operator, old = connect(sandbox), key_of(sandbox.account_keys[EMAIL])
    found = series(operator, sandbox, f'metric.type="{METRIC}" AND metric.labels.key_id="{old}"').json()["timeSeries"]
    assert [s["metric"]["labels"]["key_id"] for s in found] == [old]
    assert sum(int(p["value"]["int64Value"]) for p in found[0]["points"]) == 61
    newest, *others = [p["interval"]["endTime"] for p in found[0]["points"]]
    assert all(newest > other for other in others)


def test_a_metric_that_is_not_served_is_refused(start, connect):
    sandbox = start("log-not-readable")
    operator = connect(sandbox)
    assert series(operator, sandbox, 'metric.type="compute.googleapis.com/x"').status_code == 400
    assert operator.get(SERIES, params={"filter": f'metric.type="{METRIC}"'}).status_code == 400


def test_the_metric_needs_its_permission(in_use):
    sandbox, operator, _ = in_use  # a recorded Owner does not have this one
    answer = series(operator, sandbox, f'metric.type="{METRIC}"')
    assert answer.status_code == 403
    assert "monitoring.timeSeries.list" in answer.text


def test_policy_analyzer_is_an_api_that_is_off(in_use):
    _, operator, _ = in_use
    answer = operator.get(ACTIVITIES)
    assert answer.status_code == 403
    assert "Policy Analyzer API has not been used" in answer.text


def test_policy_analyzer_tells_the_day(start, connect):
    scenario = load("klaviyo-changes-over")
    scenario.data["operator"]["roles"][P].append("roles/policyanalyzer.activityAnalysisViewer")
    sandbox = start(scenario)
    sandbox.world.projects[P].services.add("policyanalyzer.googleapis.com")
    operator, old = connect(sandbox), key_of(sandbox.account_keys[EMAIL])
    (found,) = operator.get(ACTIVITIES).json()["activities"]
    assert found["fullResourceName"].endswith(f"/keys/{old}")
    assert found["activity"]["lastAuthenticatedTime"].endswith("T07:00:00Z")
    asked = {"filter": f'activities.fullResourceName="{found["fullResourceName"]}x"'}
    assert operator.get(ACTIVITIES, params=asked).json() == {}
    assert operator.get(ANALYZER.format(P, "other")).status_code == 400


def test_a_change_is_in_the_admin_activity_log_for_those_who_may_read_the_log(start, connect):
    sandbox = start("existing")
    operator = connect(sandbox)
    path = f"/bigquery/v2/projects/{P}/datasets/KLAVIYO_TMP"
    assert operator.call("PATCH", path, {"labels": {"a": "b"}}).status_code == 200
    activity = f'logName="projects/{P}/logs/cloudaudit.googleapis.com%2Factivity"'
    (entry,) = entries(operator, activity, f'protoPayload.resourceName="projects/{P}/datasets/KLAVIYO_TMP"')
    assert entry["resource"]["type"] == "bigquery_dataset"
    assert entry["protoPayload"]["authenticationInfo"] == {"principalEmail": sandbox.operator}
    assert entries(operator, activity, 'resource.type="service_account"', f'resource.labels.email_id="{EMAIL}"') == []
    policy = sandbox.world.projects[P].policy
    policy.bindings = [{"role": "roles/logging.viewer", "members": [f"serviceAccount:{sandbox.operator}"]}]
    assert entries(operator, activity) == [entry], "private entries are others"


def test_an_editor_of_a_scenario_is_named_in_the_log(start, connect):
    sandbox = start("concurrent-editor")
    operator = connect(sandbox)
    edit = sandbox.context.faults.edits[0]
    with sandbox.world.lock:
        sandbox.context.faults.foreign_editor(sandbox.world, edit.after)
    found = entries(operator, f'logName="projects/{P}/logs/cloudaudit.googleapis.com%2Factivity"')
    assert {e["protoPayload"]["authenticationInfo"]["principalEmail"] for e in found} == {
        f"infra-bot@{P}.iam.gserviceaccount.com"
    }
