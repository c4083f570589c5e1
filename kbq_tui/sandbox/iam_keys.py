"""IAM v1: the keys of service accounts (https://cloud.google.com/iam/docs/keys-create-delete)."""

import base64
import hashlib
from typing import Any

from kbq_tui.sandbox import errors, keys, service_accounts
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.resources import Account, Key, Project

JSON = dict[str, Any]
LIMIT = 10  # the most user-managed keys of an account
_TWO_WEEKS = 14 * 86400.0


def as_json(account: Account, key: Key) -> JSON:
    """google.iam.admin.v1.ServiceAccountKey, without the private half."""
    body: JSON = {
        "name": f"projects/{account.project_id}/serviceAccounts/{account.email}/keys/{key.id}",
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "validAfterTime": service_accounts.stamp(key.created),
        "validBeforeTime": service_accounts.stamp(key.expires),
        "keyOrigin": key.origin,
        "keyType": key.type,
    }
    if key.disabled:
        body["disabled"] = True
        body["disableReason"] = "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"
    return body


def create(call: Call) -> JSON:
    """`serviceAccounts.keys.create`, unless an organization policy forbids it or there are ten; visible with a
    delay."""
    permission = "iam.serviceAccountKeys.create"
    account = service_accounts.find_account(call, permission)
    service_accounts.check_visible(
        call, "key_create", account.unique_id, permission, account, service_accounts.unknown_account()
    )
    project = call.world.projects[account.project_id]
    constraint = service_accounts.blocked(
        project, "iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation"
    )
    if constraint:
        text = "Key creation is not allowed on this service account."
        subject = f"projects/{project.id}/serviceAccounts/{account.email}?configvalue={account.email}"
        detail = errors.precondition_failure(constraint, subject, text)
        raise errors.precondition(text, details=[detail])
    if call.body.get("keyAlgorithm", "KEY_ALG_UNSPECIFIED") not in ("KEY_ALG_UNSPECIFIED", "KEY_ALG_RSA_2048"):
        raise errors.invalid("The sandbox makes KEY_ALG_RSA_2048 keys only.")
    if call.body.get("privateKeyType") == "TYPE_PKCS12_FILE":
        raise errors.invalid("The sandbox makes TYPE_GOOGLE_CREDENTIALS_FILE keys only.")
    if len(account.keys) >= LIMIT:
        # the text does not mention keys, and there are no details (googleapis/google-api-dotnet-client#2027,
        # firebase-tools#6192)
        raise errors.precondition("Precondition check failed.")
    key, file = keys.add_key(call.world, account, call.ctx.keys.pair(), call.ctx.url, _expiry(call, project))
    call.resource += f"/{key.id}"
    call.world.admin_activity.account(call.principal.email, call.method, account, key.id)
    return {
        **as_json(account, key),
        "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
        "privateKeyData": keys.encoded(file),
    }


def _expiry(call: Call, project: Project) -> float:
    """When a new key expires: ``constraints/iam.serviceAccountKeyExpiryHours`` may set it."""
    for rule in project.org_policies.get("iam.serviceAccountKeyExpiryHours", []):
        for value in rule.get("values", {}).get("allowedValues", []):
            return call.world.clock() + float(str(value).removesuffix("h")) * 3600
    return keys.NEVER


def _googles_own(call: Call, account: Account) -> Key:
    """The key of every account that Google manages and rotates; it is listed among the others."""
    period = int(call.world.clock() // _TWO_WEEKS)
    id_ = hashlib.sha1(f"{account.unique_id}/{period}".encode(), usedforsecurity=False).hexdigest()
    start = period * _TWO_WEEKS
    return Key(id_, b"", start, start + 52 * _TWO_WEEKS, type="SYSTEM_MANAGED")


def _all(call: Call, account: Account) -> dict[str, Key]:
    own = _googles_own(call, account)
    return {**account.keys, own.id: own}


def _listed(call: Call, account: Account) -> list[Key]:
    return [key for key in _all(call, account).values() if call.world.ready("key_list", key.id)]


def list_keys(call: Call) -> JSON:
    """`serviceAccounts.keys.list`, of the requested types."""
    account = service_accounts.visible_account(call, "iam.serviceAccountKeys.list")
    asked = call.query.getlist("keyTypes") if hasattr(call.query, "getlist") else call.body.get("keyTypes", [])
    wanted = set(asked) - {"KEY_TYPE_UNSPECIFIED"} or {"USER_MANAGED", "SYSTEM_MANAGED"}
    found = [as_json(account, key) for key in _listed(call, account) if key.type in wanted]
    return {"keys": found} if found else {}


def _find(call: Call, permission: str) -> tuple[Account, Key]:
    account = service_accounts.find_account(call, permission)
    key = _all(call, account).get(call.params["key"])
    if key is None:
        raise errors.not_found(f"Service account key {call.params['key']} does not exist.")
    return account, key


def get(call: Call) -> JSON:
    """`serviceAccounts.keys.get`, with the public key if it is requested."""
    permission = "iam.serviceAccountKeys.get"
    account, key = _find(call, permission)
    missing = errors.not_found(f"Service account key {key.id} does not exist.")
    service_accounts.check_visible(call, "key_get", key.id, permission, account, missing)
    body = as_json(account, key)
    kind = call.query.get("publicKeyType") or call.body.get("publicKeyType") or "TYPE_NONE"
    if kind == "TYPE_RAW_PUBLIC_KEY" and key.public_pem:
        body["publicKeyData"] = base64.b64encode(key.public_pem).decode()
    return body


def _user_managed(call: Call, permission: str) -> tuple[Account, Key]:
    account, key = _find(call, permission)
    if key.type != "USER_MANAGED":
        raise errors.precondition("System managed keys cannot be changed or deleted.")
    return account, key


def delete(call: Call) -> JSON:
    """`serviceAccounts.keys.delete`; only user-managed keys."""
    account, key = _user_managed(call, "iam.serviceAccountKeys.delete")
    del account.keys[key.id]
    call.world.admin_activity.account(call.principal.email, call.method, account, key.id)
    return {}


def _switch(call: Call, *, disabled: bool) -> JSON:
    account, key = _user_managed(call, call.method)
    key.disabled = disabled
    call.world.admin_activity.account(call.principal.email, call.method, account, key.id)
    return {}


def enable(call: Call) -> JSON:
    """`serviceAccounts.keys.enable`."""
    return _switch(call, disabled=False)


def disable(call: Call) -> JSON:
    """`serviceAccounts.keys.disable`."""
    return _switch(call, disabled=True)
