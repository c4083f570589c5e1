"""Tokens, self-signed JWTs, impersonation: which are accepted, and with which text the others are refused."""

import google.auth.impersonated_credentials
import pytest
import requests
from google.api_core import exceptions
from google.auth.exceptions import RefreshError

from tests.support.polling import PATIENCE

PROJECT = "/crm/v1/projects/acme-klaviyo-demo"
SERVICE_ACCOUNTS = "/iam/v1/projects/acme-klaviyo-demo/serviceAccounts"


def test_a_key_gets_a_token_that_the_apis_accept(operator, sandbox):
    assert operator.get(PROJECT).json()["projectId"] == "acme-klaviyo-demo"
    token = sandbox.world.calls[0]
    assert (token.method, token.status, token.principal) == ("oauth2.token", 200, sandbox.operator)


def test_without_credentials_nothing_answers(sandbox):
    answer = requests.get(sandbox.url + PROJECT, timeout=PATIENCE)
    error = answer.json()["error"]
    assert answer.status_code == 401
    assert error["status"] == "UNAUTHENTICATED"
    assert error["details"][0]["reason"] == "CREDENTIALS_MISSING"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_made_up_token_is_refused(sandbox):
    headers = {"Authorization": "Bearer ya29.made-up"}
    answer = requests.get(sandbox.url + PROJECT, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 401
    assert "invalid authentication credentials" in answer.json()["error"]["message"]


def test_a_token_ends_with_its_lifetime(operator, sandbox):
    assert operator.get(PROJECT).status_code == 200
    token = operator.credentials.token
    sandbox.world.clock.advance(3601)
    answer = requests.get(sandbox.url + PROJECT, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
    assert answer.status_code == 401
    assert answer.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"


def test_a_clock_that_is_wrong_is_named(start, connect, sandbox):
    sandbox.world.clock.advance(7200)
    with pytest.raises(RefreshError, match="Check your iat and exp values"):
        connect(sandbox).get(PROJECT)


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        (lambda c, key: c.call("DELETE", key), "invalid_grant: Invalid JWT Signature"),
        (lambda c, key: c.post(key + ":disable"), "invalid_grant: Invalid JWT Signature"),
        (lambda c, key: c.post(key.partition("/keys/")[0] + ":disable"), "invalid_grant: Robot is disabled"),
        (
            lambda c, key: c.call("DELETE", key.partition("/keys/")[0]),
            "invalid_grant: Invalid grant: account not found",
        ),
    ],
    ids=["key deleted", "key disabled", "account disabled", "account deleted"],
)
def test_a_key_is_refused_once_it_or_its_account_is_gone(operator, sandbox, connect, new_key, harm, text):
    key = new_key(operator)
    connect(sandbox, key).credentials.refresh(google.auth.transport.requests.Request())  # it works at first
    path = f"{SERVICE_ACCOUNTS}/{key['client_email']}/keys/{key['private_key_id']}"
    assert harm(operator, path).status_code == 200
    with pytest.raises(RefreshError, match=text):
        connect(sandbox, key).credentials.refresh(google.auth.transport.requests.Request())


def test_an_earlier_token_is_refused_once_the_account_is_gone(operator, sandbox, connect, new_key):
    caller = connect(sandbox, new_key(operator))
    assert caller.get(PROJECT).status_code == 403
    operator.call("DELETE", f"{SERVICE_ACCOUNTS}/{caller.key['client_email']}")
    answer = requests.get(
        sandbox.url + PROJECT, headers={"Authorization": f"Bearer {caller.credentials.token}"}, timeout=5
    )
    assert answer.status_code == 401


def test_scopes_that_do_not_suffice_are_refused(sandbox, connect):
    caller = connect(sandbox, scopes=["https://www.googleapis.com/auth/bigquery"])
    answer = caller.get(PROJECT)
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Request had insufficient authentication scopes."
    assert answer.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


@pytest.mark.parametrize("audience", ["https://cloudresourcemanager.googleapis.com/", "own address"])
def test_a_self_signed_jwt_is_accepted_over_rest(operator, sandbox, audience):
    audience = sandbox.url if audience == "own address" else audience
    credentials = operator.self_signed(audience)
    headers: dict[str, str] = {}
    credentials.before_request(None, "GET", audience, headers)
    assert requests.get(sandbox.url + PROJECT, headers=headers, timeout=PATIENCE).status_code == 200


def test_a_self_signed_jwt_for_another_service_is_refused(operator, sandbox):
    headers: dict[str, str] = {}
    operator.self_signed("https://pubsub.googleapis.com/").before_request(None, "GET", "", headers)
    assert requests.get(sandbox.url + PROJECT, headers=headers, timeout=PATIENCE).status_code == 401


def test_a_self_signed_jwt_is_accepted_over_grpc(operator):
    client = operator.iam(operator.self_signed("https://iam.googleapis.com/"))
    assert list(client.list_service_accounts(name="projects/acme-klaviyo-demo")) == []


def test_grpc_refuses_a_stranger(operator, sandbox, connect):
    stranger = dict(operator.key, client_email="nobody@acme-klaviyo-demo.iam.gserviceaccount.com")
    client = connect(sandbox, stranger)
    with pytest.raises(exceptions.Unauthenticated):
        client.iam(client.self_signed("https://iam.googleapis.com/")).get_service_account(
            name="projects/-/serviceAccounts/x"
        )


def _impersonated(sandbox, operator, email):
    return google.auth.impersonated_credentials.Credentials(
        source_credentials=operator.credentials,
        target_principal=email,
        target_scopes=["https://www.googleapis.com/auth/cloud-platform"],
        iam_endpoint_override=f"{sandbox.url}/iamcredentials/v1/projects/-/serviceAccounts/{email}:generateAccessToken",
    )


def test_impersonation_needs_the_token_creator_role(operator, sandbox, new_key):
    email = new_key(operator)["client_email"]
    with pytest.raises(RefreshError, match=r"iam\.serviceAccounts\.getAccessToken"):
        _impersonated(sandbox, operator, email).refresh(google.auth.transport.requests.Request())
    binding = {"role": "roles/iam.serviceAccountTokenCreator", "members": [f"serviceAccount:{sandbox.operator}"]}
    path = f"{SERVICE_ACCOUNTS}/{email}:setIamPolicy"
    assert operator.post(path, {"policy": {"bindings": [binding]}}).status_code == 200
    credentials = _impersonated(sandbox, operator, email)
    credentials.refresh(google.auth.transport.requests.Request())
    info = requests.get(sandbox.url + "/tokeninfo", params={"access_token": credentials.token}, timeout=PATIENCE).json()
    assert info["email"] == email
