"""Each belief of `beliefs.toml`, tried by the call that proves it: on the sandbox, or on a real project."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import google.auth
import pytest
import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from kbq_tui.gcp.endpoints import Endpoints
from tests.live.beliefs import PAGE, SANDBOX, SURE, beliefs, page
from tests.live.conftest import Ground
from tests.support.polling import PATIENCE

JSON = dict[str, Any]
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Google:
    """Plain REST as the operator, in a dataset and an account made for this."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.at = ground, Endpoints.from_env(ground.env)
        key = "" if ground.live else ground.env["GOOGLE_APPLICATION_CREDENTIALS"]
        found = (
            service_account.Credentials.from_service_account_file(key, scopes=[SCOPE])
            if key
            else google.auth.default(scopes=[SCOPE])[0]
        )
        self.session = AuthorizedSession(found)
        self.project = ground.spec.project
        self.datasets = f"{self.at.bigquery}/bigquery/v2/projects/{self.project}/datasets"
        self.dataset = f"{self.datasets}/{ground.spec.import_dataset}"
        self.accounts = f"{self.at.iam}/v1/projects/{self.project}/serviceAccounts"
        self.account = f"{self.accounts}/{ground.spec.account_email}"
        self.nobody = ground.spec.account_email.replace("kbq-live", "kbq-none")

    def ask(self, verb: str, url: str, body: Any = None, **more: Any) -> requests.Response:
        return self.session.request(verb, url, json=body, timeout=PATIENCE, **more)

    def get(self, url: str, **query: str) -> JSON:
        answer = self.ask("GET", url, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def query(self, sql: str, **more: Any) -> JSON:
        url = self.datasets.removesuffix("/datasets") + "/queries"
        answer = self.ask("POST", url, {"query": sql, "useLegacySql": False, **more})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refusal(self, verb: str, url: str, body: Any = None, **more: Any) -> JSON:
        answer = self.ask(verb, url, body, **more)
        assert answer.status_code >= 400, answer.text
        return dict(answer.json()["error"])

    def access(self) -> list[JSON]:
        return list(self.get(self.dataset)["access"])

    def patched(self, **body: Any) -> JSON:
        answer = self.ask("PATCH", self.dataset, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture(scope="session")
def there(other_ground: Ground) -> Iterator[Google]:
    """A dataset and an account of our own; `other_ground` takes them away.

    As long as `other_ground` lives: a worker that steals work may leave this module, and come back to it.
    """
    ground = other_ground
    there = Google(ground)
    reference = {"projectId": there.project, "datasetId": ground.spec.import_dataset}
    body = {"datasetReference": reference, "location": ground.spec.location}
    assert there.ask("POST", there.datasets, body).status_code == 200
    assert there.ask("POST", there.accounts, {"accountId": ground.spec.account_id}).status_code == 200

    async def seen() -> bool:
        return there.ask("GET", there.account).status_code == 200

    asyncio.run(ground.until(seen))
    yield there
    there.session.close()


PROOFS: dict[str, Callable[[Google], None]] = {}


def eventually(ask: Callable[[], requests.Response], seconds: float) -> requests.Response:
    """The answer once it is no 404: a new table takes no rows at first."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer.status_code != 404 or time.monotonic() > deadline:
            return answer
        time.sleep(1)


def proves(belief: str) -> Callable[[Callable[[Google], None]], Callable[[Google], None]]:
    def note(proof: Callable[[Google], None]) -> Callable[[Google], None]:
        PROOFS[belief] = proof
        return proof

    return note


@proves("unknown-account")
def _(there: Google) -> None:
    error = there.refusal("GET", f"{there.accounts}/{there.nobody}")
    assert (error["code"], error["status"], error["message"]) == (404, "NOT_FOUND", "Unknown service account")
    assert error["errors"]


@proves("account-patch-answer")
def _(there: Google) -> None:
    body = {"serviceAccount": {"displayName": "A live test"}, "updateMask": "displayName"}
    answer = there.ask("PATCH", there.account, body).json()
    assert set(answer) == {"name", "displayName"}
    assert there.get(there.account)["email"] == there.ground.spec.account_email


@proves("role-permissions")
def _(there: Google) -> None:
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
def _(there: Google) -> None:
    entry = {"role": "READER", "userByEmail": there.nobody}
    error = there.refusal("PATCH", there.dataset, {"access": [*there.access(), entry]})
    assert error["code"] == 400
    assert f"Service account {there.nobody} does not exist" in error["message"]


@proves("last-owner")
def _(there: Google) -> None:
    left = [entry for entry in there.access() if entry.get("role") != "OWNER"]
    error = there.refusal("PATCH", there.dataset, {"access": left})
    assert (error["code"], error["message"]) == (400, "Cannot remove all owners from a dataset.")


@proves("duplicate-entries")
def _(there: Google) -> None:
    before = there.access()
    entry = {"role": "READER", "userByEmail": there.ground.spec.account_email}
    after = there.patched(access=[*before, entry, entry])["access"]
    assert sum(e.get("userByEmail") == entry["userByEmail"] for e in after) == 2
    there.patched(access=before)


@proves("legacy-role-names")
def _(there: Google) -> None:
    before = there.access()
    entry = {"role": "roles/bigquery.dataViewer", "userByEmail": there.ground.spec.account_email}
    after = there.patched(access=[*before, entry])["access"]
    assert [e["role"] for e in after if e.get("userByEmail") == entry["userByEmail"]] == ["READER"]
    there.patched(access=before)


@proves("time-travel")
def _(there: Google) -> None:
    assert there.get(there.dataset)["maxTimeTravelHours"] == "168"


@proves("dataset-view")
def _(there: Google) -> None:
    metadata, access = there.get(there.dataset, datasetView="METADATA"), there.get(there.dataset, datasetView="ACL")
    assert ("access" in metadata, "creationTime" in metadata) == (False, True)
    assert ("access" in access, "creationTime" in access) == (True, False)


@proves("stale-dataset-etag")
def _(there: Google) -> None:
    error = there.refusal("PATCH", there.dataset, {"description": "x"}, headers={"If-Match": "BwOldAAA"})
    assert (error["code"], error["errors"][0]["reason"]) == (412, "conditionNotMet")


@proves("fields-mask")
def _(there: Google) -> None:
    assert set(there.get(there.dataset, fields="location,datasetReference/datasetId")) == {
        "location",
        "datasetReference",
    }


@proves("unset-org-policy")
def _(there: Google) -> None:
    url = f"{there.at.orgpolicy}/v2/projects/{there.project}/policies/iam.disableServiceAccountKeyUpload"
    answer = there.ask("GET", url)
    if answer.status_code in (200, 403):
        pytest.skip("it is set here, or may not be read")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Requested entity was not found.")


@proves("disabled-service")
def _(there: Google) -> None:
    url = f"{there.at.serviceusage}/v1/projects/{there.project}/services"
    found = there.get(url, filter="state:DISABLED", pageSize="1").get("services", [])
    assert [set(service) for service in found] == [{"name", "state"}]


@proves("hidden-project-v1")
def _(there: Google) -> None:
    error = there.refusal("GET", f"{there.at.resourcemanager}/v1/projects/{there.ground.spec.account_id}-none")
    assert error == {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}


@proves("hidden-project-v3")
def _(there: Google) -> None:
    error = there.refusal("GET", f"{there.at.resourcemanager}/v3/projects/{there.ground.spec.account_id}-none")
    assert (error["code"], error["status"]) == (403, "PERMISSION_DENIED")
    assert "'resourcemanager.projects.get' denied on resource" in error["message"]
    assert [d["reason"] for d in error["details"] if d["@type"].endswith("ErrorInfo")] == ["IAM_PERMISSION_DENIED"]


@proves("ten-keys")
def _(there: Google) -> None:
    for _ in range(10):
        assert there.ask("POST", f"{there.account}/keys", {}).status_code == 200
    error = there.refusal("POST", f"{there.account}/keys", {})
    assert error == {"code": 400, "message": "Precondition check failed.", "status": "FAILED_PRECONDITION"}


@proves("dataset-update-rate")
def _(there: Google) -> None:
    answers = [there.ask("PATCH", there.dataset, {"description": f"{i}"}) for i in range(12)]
    refused = [a.json()["error"] for a in answers if a.status_code != 200]
    assert refused, "all twelve were taken"
    assert {(e["code"], e["errors"][0]["reason"]) for e in refused} == {(403, "rateLimitExceeded")}


# What uses up the quota of updates comes last.
@proves("lenient-json")
def _(there: Google) -> None:
    parameter = {"name": "p", "parameterType": {"type": "FLOAT64"}, "parameterValue": {"value": 1.25}}
    assert there.query("SELECT @p", queryParameters=[parameter])["rows"] == [{"f": [{"v": "1.25"}]}]


@proves("anonymous-results")
def _(there: Google) -> None:
    job = there.query("SELECT 1 AS x")["jobReference"]
    url = f"{there.datasets.removesuffix('/datasets')}/jobs/{job['jobId']}"
    table = there.get(url, location=job["location"])["configuration"]["query"]["destinationTable"]
    assert table["datasetId"].startswith("_")
    found = there.get(f"{there.datasets}/{table['datasetId']}/tables/{table['tableId']}")
    assert [field["name"] for field in found["schema"]["fields"]] == ["x"]
    listed = there.get(there.datasets, maxResults="1000").get("datasets", [])
    assert table["datasetId"] not in {entry["datasetReference"]["datasetId"] for entry in listed}


@proves("struct-names")
def _(there: Google) -> None:
    schema = there.query("SELECT (1, 'x')")["schema"]["fields"][0]
    assert [field["name"] for field in schema["fields"]] == ["_field_1", "_field_2"]


@proves("geography-text")
def _(there: Google) -> None:
    geojson = '{"type": "LineString", "coordinates": [[1, 2.50], [3, 4]]}'
    sql = f"SELECT ST_GEOGFROMTEXT('linestring( 1.0 2.50 , 3 4)') AS a, ST_GEOGFROMGEOJSON('{geojson}') AS b"
    assert there.query(sql)["rows"] == [{"f": [{"v": "LINESTRING(1 2.5, 3 4)"}] * 2}]


@proves("large-bignumeric")
def _(there: Google) -> None:
    digits = f"-{'9' * 38}.{'9' * 38}"
    parameter = {"name": "p", "parameterType": {"type": "BIGNUMERIC"}, "parameterValue": {"value": digits}}
    assert there.query("SELECT @p", queryParameters=[parameter])["rows"] == [{"f": [{"v": digits}]}]


@proves("script-variables")
def _(there: Google) -> None:
    sql = "DECLARE x INT64 DEFAULT 1; SET x = (SELECT 2); SELECT x, y.x AS z FROM (SELECT 3 AS x) AS y"
    answer = there.query(sql)
    assert answer["rows"] == [{"f": [{"v": "3"}, {"v": "3"}]}]
    jobs = f"{there.datasets.removesuffix('/datasets')}/jobs"
    found = there.get(jobs, parentJobId=answer["jobReference"]["jobId"])["jobs"]
    assert [job["statistics"]["query"]["statementType"] for job in found] == ["SELECT", "SELECT"]


@proves("query-plan")
def _(there: Google) -> None:
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
def _(there: Google) -> None:
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


@pytest.mark.parametrize("belief", PROOFS)
def test_google_does_as_the_sandbox_believes(belief: str, there: Google, record_property: Any) -> None:
    record_property("belief", belief)
    PROOFS[belief](there)


def test_every_belief_is_tried_or_says_why_not() -> None:
    assert {b.id for b in beliefs() if not b.untried} == set(PROOFS)
    assert all(b.sure in SURE and b.source and b.call for b in beliefs())


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.live.beliefs"
