"""Requests with a wrong shape are refused with 400, as by Google; the sandbox keeps running."""

import pytest

from tests.support.polling import PATIENCE

P = "acme-klaviyo-demo"
SA = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
ACCOUNTS = f"/iam/v1/projects/{P}/serviceAccounts"
ACCOUNT = f"{ACCOUNTS}/{SA}"
PROJECTS = [f"/crm/{version}/projects/{P}" for version in ("v1", "v3")]
SERVICES = f"/serviceusage/v1/projects/{P}/services"
POLICIES = f"/orgpolicy/v2/projects/{P}/policies"
BINDING = {"role": "roles/viewer", "members": ["user:a@acme.example"]}

WRONG_POLICIES = [
    {"policy": "x"},
    {"policy": {"bindings": "x"}},
    {"policy": {"bindings": ["x"]}},
    {"policy": {"bindings": [{**BINDING, "role": 5}]}},
    {"policy": {"bindings": [{**BINDING, "members": "user:a@acme.example"}]}},
    {"policy": {"bindings": [{**BINDING, "condition": "x"}], "version": 3}},
    {"policy": {"version": "x"}},
]
WRONG = [
    ("GET", ACCOUNTS + "?pageSize=abc", None),
    ("GET", ACCOUNTS + "?pageSize=-1", None),
    ("POST", ACCOUNTS, {"accountId": 5}),
    ("POST", ACCOUNTS, {"accountId": "good-name", "serviceAccount": "x"}),
    ("POST", ACCOUNTS, {"accountId": "good-name", "serviceAccount": {"displayName": "\ud800"}}),
    ("PATCH", ACCOUNT, {"serviceAccount": [1], "updateMask": "displayName"}),
    ("PUT", ACCOUNT, {"displayName": 5}),
    ("POST", ACCOUNT + "/keys", {"keyAlgorithm": [1]}),
    ("POST", ACCOUNT + ":getIamPolicy?options.requestedPolicyVersion=x", None),
    ("POST", f"/iamcredentials/v1/projects/-/serviceAccounts/{SA}:generateAccessToken", {"scope": "x"}),
    ("GET", "/crm/v3/projects:search?pageSize=x", None),
    ("POST", SERVICES + ":batchEnable", {"serviceIds": 5}),
    ("POST", SERVICES + ":batchEnable", {"serviceIds": None}),
    ("GET", SERVICES + "?pageSize=x", None),
    ("POST", POLICIES, {"name": 5}),
    *[
        ("POST", f"{where}:{verb}", body)
        for where in (ACCOUNT, *PROJECTS)
        for verb, body in (
            ("getIamPolicy", {"options": "x"}),
            ("getIamPolicy", {"options": {"requestedPolicyVersion": "x"}}),
            ("getIamPolicy", {"options": {"requestedPolicyVersion": 2}}),
            ("testIamPermissions", {"permissions": [1]}),
            *[("setIamPolicy", body) for body in WRONG_POLICIES],
        )
    ],
]


def test_a_body_of_the_wrong_shape_is_refused(start, connect):
    sandbox = start("existing")
    operator = connect(sandbox)
    for verb, path, body in WRONG:
        answer = operator.call(verb, path, body)
        assert answer.status_code == 400, (verb, path, body, answer.text)
        assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert not sandbox.world.writes()


@pytest.mark.parametrize("raw", [b"[1]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(operator, raw):
    answer = operator.session.post(
        operator.sandbox.url + ACCOUNTS, data=raw, headers={"Content-Type": "application/json"}, timeout=PATIENCE
    )
    assert answer.status_code == 400
    assert "Invalid JSON payload received" in answer.json()["error"]["message"]


def test_null_means_not_given(operator):
    made = operator.post(ACCOUNTS, {"accountId": "null-account", "serviceAccount": {"displayName": None}})
    assert "displayName" not in made.json()
