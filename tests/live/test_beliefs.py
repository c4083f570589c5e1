"""Each belief of `beliefs.toml`, tried by the call that proves it: on the sandbox, or on a real project."""

import asyncio
import datetime as dt
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from kbq_tui.shell import sql as statements
from tests.live import query_proofs, storage_proofs  # noqa: F401  (add their proofs to the list)
from tests.live.beliefs import PAGE, SANDBOX, SURE, beliefs, page
from tests.live.conftest import LiveProject
from tests.live.proofs import PROOFS, GoogleRest, eventually, proves, with_table

JSON = dict[str, Any]


@pytest.fixture(scope="session")
def there(other_ground: LiveProject) -> Iterator[GoogleRest]:
    """A dataset and an account of our own; `other_ground` deletes them.

    They exist as long as `other_ground`, because a worker that steals work may leave this module, and come back to it.
    """
    ground = other_ground
    there = GoogleRest(ground)
    reference = {"projectId": there.project, "datasetId": ground.spec.import_dataset}
    body = {"datasetReference": reference, "location": ground.spec.location}
    assert there.ask("POST", there.datasets, body).status_code == 200
    assert there.ask("POST", there.accounts, {"accountId": ground.spec.account_id}).status_code == 200

    async def seen() -> bool:
        return there.ask("GET", there.account).status_code == 200

    asyncio.run(ground.until(seen))
    yield there
    there.session.close()


@proves("unknown-account")
def _(there: GoogleRest) -> None:
    error = there.refusal("GET", f"{there.accounts}/{there.nobody}")
    assert (error["code"], error["status"], error["message"]) == (404, "NOT_FOUND", "Unknown service account")
    assert error["errors"]


@proves("account-patch-answer")
def _(there: GoogleRest) -> None:
    body = {"serviceAccount": {"displayName": "A live test"}, "updateMask": "displayName"}
    answer = there.ask("PATCH", there.account, body).json()
    assert set(answer) == {"name", "displayName"}
    assert there.get(there.account)["email"] == there.ground.spec.account_email


@proves("role-permissions")
def _(there: GoogleRest) -> None:
    recorded: dict[str, list[str]] = json.loads((SANDBOX / "roles.json").read_text())["roles"]
    served = {p.rpartition(".")[0] for held in recorded.values() for p in held}
    different = {}
    for role, held in recorded.items():
        answer = there.get(f"{there.at.iam}/v1/{role}")["includedPermissions"]
        now = {p for p in answer if p.rpartition(".")[0] in served}
        if now != set(held):
            different[role] = {"new": sorted(now - set(held)), "gone": sorted(set(held) - now)}
    assert different == {}


@proves("unknown-account-in-access")
def _(there: GoogleRest) -> None:
    entry = {"role": "READER", "userByEmail": there.nobody}
    error = there.refusal("PATCH", there.dataset, {"access": [*there.access(), entry]})
    assert error["code"] == 400
    assert f"Service account {there.nobody} does not exist" in error["message"]


@proves("last-owner")
def _(there: GoogleRest) -> None:
    left = [entry for entry in there.access() if entry.get("role") != "OWNER"]
    error = there.refusal("PATCH", there.dataset, {"access": left})
    assert (error["code"], error["message"]) == (400, "Cannot remove all owners from a dataset.")


@proves("duplicate-entries")
def _(there: GoogleRest) -> None:
    before = there.access()
    entry = {"role": "READER", "userByEmail": there.ground.spec.account_email}
    after = there.patched(access=[*before, entry, entry])["access"]
    assert sum(e.get("userByEmail") == entry["userByEmail"] for e in after) == 2
    there.patched(access=before)


@proves("legacy-role-names")
def _(there: GoogleRest) -> None:
    before = there.access()
    entry = {"role": "roles/bigquery.dataViewer", "userByEmail": there.ground.spec.account_email}
    after = there.patched(access=[*before, entry])["access"]
    assert [e["role"] for e in after if e.get("userByEmail") == entry["userByEmail"]] == ["READER"]
    there.patched(access=before)


@proves("time-travel")
def _(there: GoogleRest) -> None:
    assert there.get(there.dataset)["maxTimeTravelHours"] == "168"


@proves("dataset-view")
def _(there: GoogleRest) -> None:
    metadata, access = there.get(there.dataset, datasetView="METADATA"), there.get(there.dataset, datasetView="ACL")
    assert ("access" in metadata, "creationTime" in metadata) == (False, True)
    assert ("access" in access, "creationTime" in access) == (True, False)


@proves("stale-dataset-etag")
def _(there: GoogleRest) -> None:
    error = there.refusal("PATCH", there.dataset, {"description": "x"}, headers={"If-Match": "BwOldAAA"})
    assert (error["code"], error["errors"][0]["reason"]) == (412, "conditionNotMet")


@proves("fields-mask")
def _(there: GoogleRest) -> None:
    assert set(there.get(there.dataset, fields="location,datasetReference/datasetId")) == {
        "location",
        "datasetReference",
    }


@proves("unset-org-policy")
def _(there: GoogleRest) -> None:
    url = f"{there.at.orgpolicy}/v2/projects/{there.project}/policies/iam.disableServiceAccountKeyUpload"
    answer = there.ask("GET", url)
    if answer.status_code in (200, 403):
        pytest.skip("it is set here, or may not be read")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Requested entity was not found.")


@proves("disabled-service")
def _(there: GoogleRest) -> None:
    url = f"{there.at.serviceusage}/v1/projects/{there.project}/services"
    found = there.get(url, filter="state:DISABLED", pageSize="1").get("services", [])
    assert [set(service) for service in found] == [{"name", "state"}]


@proves("hidden-project-v1")
def _(there: GoogleRest) -> None:
    error = there.refusal("GET", f"{there.at.resourcemanager}/v1/projects/{there.ground.spec.account_id}-none")
    assert error == {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}


@proves("hidden-project-v3")
def _(there: GoogleRest) -> None:
    error = there.refusal("GET", f"{there.at.resourcemanager}/v3/projects/{there.ground.spec.account_id}-none")
    assert (error["code"], error["status"]) == (403, "PERMISSION_DENIED")
    assert "'resourcemanager.projects.get' denied on resource" in error["message"]
    assert [d["reason"] for d in error["details"] if d["@type"].endswith("ErrorInfo")] == ["IAM_PERMISSION_DENIED"]


@proves("ten-keys")
def _(there: GoogleRest) -> None:
    for _ in range(10):
        assert there.ask("POST", f"{there.account}/keys", {}).status_code == 200
    error = there.refusal("POST", f"{there.account}/keys", {})
    assert error == {"code": 400, "message": "Precondition check failed.", "status": "FAILED_PRECONDITION"}


@proves("lenient-json")
def _(there: GoogleRest) -> None:
    parameter = {"name": "p", "parameterType": {"type": "FLOAT64"}, "parameterValue": {"value": 1.25}}
    assert there.query("SELECT @p", queryParameters=[parameter])["rows"] == [{"f": [{"v": "1.25"}]}]


@proves("anonymous-results")
def _(there: GoogleRest) -> None:
    job = there.query("SELECT 1 AS x")["jobReference"]
    url = f"{there.datasets.removesuffix('/datasets')}/jobs/{job['jobId']}"
    table = there.get(url, location=job["location"])["configuration"]["query"]["destinationTable"]
    assert table["datasetId"].startswith("_")
    found = there.get(f"{there.datasets}/{table['datasetId']}/tables/{table['tableId']}")
    assert [field["name"] for field in found["schema"]["fields"]] == ["x"]
    listed = there.get(there.datasets, maxResults="1000").get("datasets", [])
    assert table["datasetId"] not in {entry["datasetReference"]["datasetId"] for entry in listed}


@proves("struct-names")
def _(there: GoogleRest) -> None:
    schema = there.query("SELECT (1, 'x')")["schema"]["fields"][0]
    assert [field["name"] for field in schema["fields"]] == ["_field_1", "_field_2"]


@proves("geography-text")
def _(there: GoogleRest) -> None:
    geojson = '{"type": "LineString", "coordinates": [[1, 2.50], [3, 4]]}'
    sql = f"SELECT ST_GEOGFROMTEXT('linestring( 1.0 2.50 , 3 4)') AS a, ST_GEOGFROMGEOJSON('{geojson}') AS b"
    assert there.query(sql)["rows"] == [{"f": [{"v": "LINESTRING(1 2.5, 3 4)"}] * 2}]


@proves("large-bignumeric")
def _(there: GoogleRest) -> None:
    digits = f"-{'9' * 38}.{'9' * 38}"
    parameter = {"name": "p", "parameterType": {"type": "BIGNUMERIC"}, "parameterValue": {"value": digits}}
    assert there.query("SELECT @p", queryParameters=[parameter])["rows"] == [{"f": [{"v": digits}]}]


@proves("script-variables")
def _(there: GoogleRest) -> None:
    sql = "DECLARE x INT64 DEFAULT 1; SET x = (SELECT 2); SELECT x, y.x AS z FROM (SELECT 3 AS x) AS y"
    answer = there.query(sql)
    assert answer["rows"] == [{"f": [{"v": "3"}, {"v": "3"}]}]
    jobs = f"{there.datasets.removesuffix('/datasets')}/jobs"
    found = there.get(jobs, parentJobId=answer["jobReference"]["jobId"])["jobs"]
    assert [job["statistics"]["query"]["statementType"] for job in found] == ["SELECT", "SELECT"]


@proves("query-plan")
def _(there: GoogleRest) -> None:
    name = f"plan_{secrets.token_hex(4)}"
    there.query(f"CREATE TABLE `{there.dataset.rpartition('/')[2]}.{name}` AS SELECT 1 AS x")
    try:
        job = there.query(f"SELECT COUNT(*) FROM `{there.dataset.rpartition('/')[2]}.{name}`")["jobReference"]
        url = f"{there.datasets.removesuffix('/datasets')}/jobs/{job['jobId']}"
        stages = there.get(url, location=job["location"])["statistics"]["query"]["queryPlan"]
        assert [bool(stage.get("inputStages")) for stage in stages][:1] == [False]
        assert any(stage.get("inputStages") for stage in stages)
    finally:
        there.ask("DELETE", f"{there.dataset}/tables/{name}")


@proves("streaming-one-bad-row")
def _(there: GoogleRest) -> None:
    name = f"rows_{secrets.token_hex(4)}"
    body = {"tableReference": {"tableId": name}, "schema": {"fields": [{"name": "id", "type": "INTEGER"}]}}
    assert there.ask("POST", there.dataset + "/tables", body).status_code == 200
    try:
        rows = [{"json": {"id": 1}}, {"json": {"id": "x"}}]
        url = f"{there.dataset}/tables/{name}/insertAll"
        answer = eventually(lambda: there.ask("POST", url, {"rows": rows}), there.ground.patience)
        errors = {e["index"]: e["errors"][0]["reason"] for e in answer.json()["insertErrors"]}
        assert errors == {0: "stopped", 1: "invalid"}
    finally:
        there.ask("DELETE", f"{there.dataset}/tables/{name}")


@proves("bytes-billed")
def _(there: GoogleRest) -> None:
    def work(table: str) -> None:
        job = there.query(f"SELECT x FROM `{table}`", useQueryCache=False)["jobReference"]
        url = f"{there.datasets.removesuffix('/datasets')}/jobs/{job['jobId']}"
        statistics = there.get(url, location=job["location"])["statistics"]["query"]
        assert (statistics["totalBytesProcessed"], statistics["totalBytesBilled"]) == ("24", str(10 * 1024 * 1024))

    with_table(there, work)


@proves("bytes-billed-limit")
def _(there: GoogleRest) -> None:
    def work(table: str) -> None:
        body = {"query": f"SELECT x FROM `{table}`", "useLegacySql": False, "maximumBytesBilled": "1024"}
        error = there.refusal("POST", there.datasets.removesuffix("/datasets") + "/queries", body)
        assert (error["code"], error["errors"][0]["reason"]) == (400, "bytesBilledLimitExceeded")
        assert "Query exceeded limit for bytes billed: 1024. 10485760 or higher required." in error["message"]

    with_table(there, work)


@proves("dry-run-bytes")
def _(there: GoogleRest) -> None:
    def work(table: str) -> None:
        assert there.query(f"SELECT x FROM `{table}`", dryRun=True)["totalBytesProcessed"] == "24"
        assert there.query(f"SELECT * FROM `{table}`", dryRun=True)["totalBytesProcessed"] == "48"

    with_table(there, work)


@proves("before-the-table")
def _(there: GoogleRest) -> None:
    def work(table: str) -> None:
        moment = "TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)"
        body = {"query": f"SELECT x FROM `{table}` FOR SYSTEM_TIME AS OF {moment}", "useLegacySql": False}
        error = there.refusal("POST", there.datasets.removesuffix("/datasets") + "/queries", body)
        assert (error["code"], error["errors"][0]["reason"]) == (400, "invalidQuery")

    with_table(there, work)


@proves("jobs-view")
def _(there: GoogleRest) -> None:
    location = there.query("SELECT 1")["jobReference"]["location"]
    since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    answer = there.query(statements.account_jobs(there.project, location, there.nobody, since, 1), location=location)
    assert [field["name"] for field in answer["schema"]["fields"]][:4] == [
        "creation_time",
        "end_time",
        "state",
        "error",
    ]


@proves("routine-body")
def _(there: GoogleRest) -> None:
    name, dataset = f"f{secrets.token_hex(4)}", there.ground.spec.import_dataset
    reference = {"projectId": there.project, "datasetId": dataset, "routineId": name}
    number = {"typeKind": "INT64"}
    sent: JSON = {"routineType": "SCALAR_FUNCTION", "definitionBody": "x * 2", "returnType": number}
    sent["arguments"] = [{"name": "x", "dataType": number}]
    answer = there.ask("POST", there.dataset + "/routines", sent | {"routineReference": reference})
    assert answer.status_code == 200, answer.text
    try:
        found = there.get(f"{there.dataset}/routines/{name}")
        assert found["language"] == "SQL"
        assert {key: found[key] for key in sent} == sent
        assert there.query(f"SELECT `{dataset}`.{name}(21)")["rows"] == [{"f": [{"v": "42"}]}]
    finally:
        there.ask("DELETE", f"{there.dataset}/routines/{name}")


@proves("query-quota")
def _(there: GoogleRest) -> None:
    service = f"{there.at.serviceusage}/v1beta1/projects/{there.project}/services/bigquery.googleapis.com"
    wanted = "bigquery.googleapis.com/quota/query/usage"
    metrics = there.get(f"{service}/consumerQuotaMetrics", pageSize="200")["metrics"]
    (metric,) = [each for each in metrics if each["metric"] == wanted]
    limits = {each["unit"]: each["quotaBuckets"] for each in metric["consumerQuotaLimits"]}
    assert metric["unit"] == "MiBy"
    assert set(limits) == {"1/d/{project}", "1/d/{project}/{user}"}
    assert all(len(buckets) == 1 and not buckets[0].get("dimensions") for buckets in limits.values())
    assert [limits[unit][0]["defaultLimit"] for unit in sorted(limits)] == [str(200 << 20), str(2**63 - 1)]


# Last: it uses up the quota of updates, and the others would wait.
@proves("dataset-update-rate")
def _(there: GoogleRest) -> None:
    answers = [there.once("PATCH", there.dataset, {"description": f"{i}"}) for i in range(12)]
    refused = [a.json()["error"] for a in answers if a.status_code != 200]
    assert refused, "all twelve were taken"
    assert {(e["code"], e["errors"][0]["reason"]) for e in refused} == {(403, "rateLimitExceeded")}


@pytest.mark.parametrize("belief", PROOFS)
def test_google_does_as_the_sandbox_believes(belief: str, there: GoogleRest, record_property: Any) -> None:
    record_property("belief", belief)
    PROOFS[belief](there)


def test_every_belief_is_tried_or_says_why_not() -> None:
    assert {b.id for b in beliefs() if not b.untried} == set(PROOFS)
    assert all(b.sure in SURE and b.source and b.call for b in beliefs())


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.live.beliefs"
