"""The oracle itself: what it accepts, and each kind of fault that it finds."""

from typing import Any

import pytest

from kbq_tui.sandbox.exchanges import Exchange
from tests.oracle.judge import PRODUCT, judge

D = "/bigquery/v2/projects/p/datasets"
GOOD = {
    "kind": "bigquery#dataset",
    "datasetReference": {"projectId": "p", "datasetId": "d"},
    "creationTime": "1764000000000",
    "labels": {"a": "b"},
    "access": [{"role": "READER", "userByEmail": "a@acme.example"}],
}


def faults(
    verb: str = "GET",
    path: str = f"{D}/d",
    query: Any = (),
    body: Any = None,
    status: int = 200,
    answer: Any = GOOD,
    agent: str = PRODUCT + "1.0",
    method: str = "bigquery.any",
) -> list[str]:
    return judge(Exchange(method, verb, path, list(query), body, status, answer, agent)).faults


@pytest.mark.parametrize(
    "exchange",
    [
        {},
        {"query": [("accessPolicyVersion", "3"), ("datasetView", "ACL"), ("prettyPrint", "false")]},
        {"query": [("fields", "kind,access(role,userByEmail),datasetReference/datasetId,labels")]},
        {"verb": "PATCH", "body": {"labels": {"a": None}, "description": None, "defaultTableExpirationMs": 3600000}},
        {"verb": "PATCH", "path": f"{D}/d", "body": {"creationTime": "1"}, "agent": "python-requests/2"},
        {"path": "/nowhere", "answer": {"x": 1}},
        {"path": "/bigquery/v2/no/such/thing", "status": 404, "answer": {}},
        {"status": 400, "query": [("nonsense", "1")], "answer": {"error": {"code": 400, "message": "No."}}},
        {"path": "/crm/v1/projects/example.com:p", "answer": {"projectId": "example.com:p", "projectNumber": "1"}},
        {"verb": "DELETE", "body": {}, "answer": {}},
    ],
)
def test_what_google_could_say_has_no_fault(exchange: dict[str, Any]) -> None:
    assert faults(**exchange) == []


@pytest.mark.parametrize(
    ("exchange", "fault"),
    [
        ({"path": "/bigquery/v2/projects/p/nonsense"}, "GET bigquery/v2/projects/p/nonsense: no such method"),
        ({"verb": "PUT", "path": D}, "PUT bigquery/v2/projects/p/datasets: no such method"),
        ({"query": [("nonsense", "1")]}, "?nonsense: no such parameter"),
        ({"query": [("datasetId", "d")]}, "?datasetId: no such parameter"),
        ({"query": [("accessPolicyVersion", "three")]}, "?accessPolicyVersion: 'three' is no integer"),
        ({"query": [("datasetView", "ALL")]}, "?datasetView: 'ALL' is no string"),
        ({"query": [("datasetView", "ACL"), ("datasetView", "ACL")]}, "?datasetView: given twice"),
        ({"query": [("fields", "acess,labels/x")]}, "?fields: no field acess"),
        ({"verb": "PATCH", "body": {"lables": {}}}, "request.lables: no such field in Dataset"),
        ({"verb": "PATCH", "body": {"etag": "x"}}, "request.etag: is read-only"),
        ({"verb": "PATCH", "body": {"labels": {"a": 1}}}, "request.labels.*: 1 is no string"),
        ({"verb": "POST", "path": D, "body": {}}, "request.datasetReference: is required"),
        ({"verb": "DELETE", "answer": {"kind": "x"}}, "answer: is empty at Google's"),
        ({"verb": "DELETE", "body": {"a": 1}, "answer": {}}, "request: takes no body"),
        ({"answer": {"creationTime": 1764000000000}}, "answer.creationTime: 1764000000000 is no string int64"),
        ({"answer": {"access": {}}}, "answer.access: an object instead of a list"),
        ({"answer": {"access": [{"rolle": "READER"}]}}, "answer.access[].rolle: no such field in answer.access[]"),
        ({"answer": {"description": None}}, "answer.description: null"),
        ({"answer": []}, "answer: a list instead of an object"),
        ({"status": 403, "answer": {}}, "error: has no form of Google's"),
        ({"status": 403, "answer": {"error": {"code": 404, "message": "x"}}}, "error.code: 404 with status 403"),
        ({"status": 403, "answer": {"error": {"code": 403, "message": "x", "status": "NO"}}}, "error.status: 'NO' is"),
        (
            {
                "status": 403,
                "answer": {
                    "error": {
                        "code": 403,
                        "message": "x",
                        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reasons": "X"}],
                    }
                },
            },
            "error.details[]: ",
        ),
    ],
)
def test_what_google_could_not_say_is_a_fault(exchange: dict[str, Any], fault: str) -> None:
    found = faults(**exchange)
    assert len(found) == 1, found
    assert found[0].startswith(fault) or found[0].endswith(fault.removeprefix("answer"))


KEY = {"name": "projects/p/serviceAccounts/a@p/keys/1", "keyType": "USER_MANAGED", "disableReason": "X"}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"keys": [KEY | {"disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"}]}, ""),
        ({"keys": [KEY | {"disableReason": "BECAUSE"}]}, "'BECAUSE' is none of"),
        ({"keys": [{"name": 1}]}, "1 is no string"),
        ({"kees": []}, "no such field"),
    ],
)
def test_what_goes_over_grpc_is_a_message_of_googles(answer: Any, fault: str) -> None:
    exchange = Exchange("iam.serviceAccountKeys.list", "gRPC", "projects/p", [], {}, 200, answer)
    found = judge(exchange).faults
    assert any(fault in f for f in found) if fault else found == []
