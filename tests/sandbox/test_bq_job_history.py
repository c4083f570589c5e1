"""The history of jobs: the views, the list without `bigquery.jobs.listAll`, and jobs of a scenario."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core.exceptions import Forbidden
from google.cloud import bigquery
from google.cloud.bigquery.job import UnknownJob
from google.oauth2 import service_account

from kbq_tui.sandbox.scenario import Scenario, ScenarioError, load
from kbq_tui.sandbox.server import Sandbox

P = "acme-klaviyo-demo"
EMAIL = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
HISTORY = f"FROM `{P}`.`region-us`.INFORMATION_SCHEMA.JOBS_BY_PROJECT"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("sync-failing") as started:
        yield started


def client(sandbox, file):
    key = json.loads(file.read_text())
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = service_account.Credentials.from_service_account_info(key, scopes=scopes)
    return bigquery.Client(project=P, credentials=credentials, client_options={"api_endpoint": sandbox.url})


@pytest.fixture
def operator(sandbox):
    return client(sandbox, sandbox.key_file)


@pytest.fixture
def account(sandbox):
    return client(sandbox, sandbox.account_keys[EMAIL])


@pytest.fixture
def viewer(sandbox):
    """The operator with a role that lists jobs, but not all of them with details."""
    home = sandbox.world.projects[P]
    before = home.policy.bindings
    member = f"serviceAccount:{sandbox.operator}"
    sandbox.world.set_policy(home, [{"role": "roles/bigquery.user", "members": [member]}], 1)
    yield client(sandbox, sandbox.key_file)
    sandbox.world.set_policy(home, before, 1)


def rows(asked, sql):
    return [dict(row) for row in asked.query_and_wait(sql, retry=None, job_retry=None)]


def test_a_scenarios_jobs_are_in_the_view_with_what_they_read_and_cost(operator):
    found = rows(operator, f"SELECT * {HISTORY} WHERE user_email = '{EMAIL}' AND query LIKE 'SELECT email%' "
                           "ORDER BY creation_time")  # fmt: skip
    first, last = found[0], found[-1]
    assert len(found) == 720  # every hour of thirty days, up to 25 minutes ago
    assert first["job_type"] == "QUERY"
    assert first["statement_type"] == "SELECT"
    assert first["error_result"] is None
    assert first["total_bytes_billed"] == 10_485_760
    assert first["total_slot_ms"] > 0
    assert first["referenced_tables"] == [
        {"project_id": P, "dataset_id": "KLAVIYO_IMPORT_FROM_DWH", "table_id": "customers"}
    ]
    assert first["end_time"] - first["start_time"] == timedelta(seconds=3)
    assert last["state"] == "DONE"
    assert last["error_result"]["reason"] == "accessDenied"
    assert "customers" in last["error_result"]["message"]
    assert sum(job["error_result"] is not None for job in found) == 48


def test_a_job_names_the_table_that_its_result_is_in(operator):
    operator.query_and_wait("SELECT 815 AS n")
    (job,) = rows(operator, f"SELECT destination_table {HISTORY} WHERE query = 'SELECT 815 AS n'")
    assert job["destination_table"]["project_id"] == P
    assert job["destination_table"]["table_id"]


def test_each_identity_sees_its_jobs_and_needs_the_permission_to_list_them(operator, account, viewer):
    own = f"SELECT DISTINCT user_email FROM `{P}`.`region-us`.INFORMATION_SCHEMA.JOBS_BY_USER"
    viewer.query_and_wait("SELECT 1")
    assert [row["user_email"] for row in rows(viewer, own)] == [viewer._credentials.service_account_email]
    with pytest.raises(Forbidden, match=r"INFORMATION_SCHEMA\.JOBS_BY_PROJECT: User does not have permission"):
        rows(viewer, f"SELECT 1 {HISTORY}")


def test_without_the_permission_to_list_all_others_jobs_have_times_and_state_only(viewer):
    others = [job for job in viewer.list_jobs(all_users=True, max_results=50) if isinstance(job, UnknownJob)]
    assert others
    assert all(job.user_email is None and job.state == "DONE" for job in others)
    # `job.created` of an UnknownJob is a TypeError: it computes with the text that int64 is in JSON
    assert all({"creationTime", "endTime"} <= set(job._properties["statistics"]) for job in others)
    assert all("configuration" not in job._properties for job in others)
    assert not any(isinstance(job, UnknownJob) for job in viewer.list_jobs(max_results=50))


def test_the_audit_log_lists_the_same_jobs(sandbox, operator):
    session = operator._http
    day_ago = datetime.now(UTC) - timedelta(days=1)
    body = {
        "resourceNames": [f"projects/{P}"],
        "filter": f'protoPayload.authenticationInfo.principalEmail="{EMAIL}" AND '
        'protoPayload.methodName="google.cloud.bigquery.v2.JobService.InsertJob" AND '
        f'timestamp>="{day_ago.isoformat()}"',
        "orderBy": "timestamp desc",
        "pageSize": 1000,
    }
    entries = session.post(f"{sandbox.url}/logging/v2/entries:list", json=body).json()["entries"]
    assert len(entries) == 24
    assert entries[0]["protoPayload"]["status"]["code"] == 7
    assert "does not have permission to query table" in entries[0]["protoPayload"]["status"]["message"]


def test_jobs_that_read_a_table_that_is_not_there_are_refused_with_the_place():
    scenario: Scenario = load("sync-failing")
    scenario.data["projects"][0]["accounts"][0]["jobs"][0]["reads"] = ["KLAVIYO_TMP.nothing"]
    with pytest.raises(ScenarioError, match=r"accounts\[0\]\.jobs.*nothing"):
        Sandbox(scenario).start()
