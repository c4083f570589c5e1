"""IAM v1 and IAM Credentials v1: service accounts, their policies, access tokens. Keys are in `iam_keys`."""

import re
from typing import Any

from starlette.routing import Route

from kbq_tui.sandbox import errors, iam_keys, iam_roles, policies, roles
from kbq_tui.sandbox.context import PREFIX, Call, SandboxContext
from kbq_tui.sandbox.paging import page, whole
from kbq_tui.sandbox.resources import Account, Policy, Project
from kbq_tui.sandbox.rest import route
from kbq_tui.sandbox.service_accounts import blocked, find_account, stamp, unknown_account, visible_account
from kbq_tui.sandbox.shapes import PERMISSIONS, POLICY, POLICY_OPTIONS, TEXT, shaped
from kbq_tui.sandbox.world import Kind

JSON = dict[str, Any]
# What the server really requires; the documented pattern is stricter (lower case only).
_ID = re.compile(r"[a-zA-Z][a-zA-Z\d\-]*[a-zA-Z\d]")


NEW_ACCOUNT: tuple[Kind, ...] = ("account", "account_get", "account_list", "key_create")
"""The uses of a new account that become possible with a delay, each with its own."""


def find_project(call: Call, permission: str) -> Project:
    """Find the project in the path, for a caller who has the permission on it; anything else is the same 403."""
    project = call.world.project(call.params["project"])
    call.ctx.authz.require(call.principal, permission, project)
    assert project is not None
    return project


def as_json(account: Account) -> JSON:
    """google.iam.admin.v1.ServiceAccount."""
    body: JSON = {
        "name": f"projects/{account.project_id}/serviceAccounts/{account.email}",
        "projectId": account.project_id,
        "uniqueId": account.unique_id,
        "email": account.email,
        "etag": account.etag,
        "oauth2ClientId": account.unique_id,
    }
    if account.display_name:
        body["displayName"] = account.display_name
    if account.description:
        body["description"] = account.description
    if account.disabled:
        body["disabled"] = True
    return body


def create(call: Call) -> JSON:
    """`serviceAccounts.create`, unless an organization policy forbids it; the account becomes visible with a delay."""
    project = find_project(call, "iam.serviceAccounts.create")
    name = str(call.body.get("accountId", ""))
    if not 6 <= len(name) <= 30:
        raise errors.invalid(f'The account ID "{name}" does not have a length between 6 and 30.')
    if not _ID.fullmatch(name):
        raise errors.invalid(f"{name} does not match {_ID.pattern}.")
    constraint = blocked(project, "iam.disableServiceAccountCreation", "iam.managed.disableServiceAccountCreation")
    if constraint:
        text = "Service account creation is not allowed on this project."
        detail = errors.precondition_failure(constraint, f"projects/{project.id}", text)
        raise errors.precondition(text, details=[detail])
    email = f"{name.lower()}@{project.id}.iam.gserviceaccount.com"
    if email in project.service_accounts:
        resource = f"projects/{project.id}/serviceAccounts/{email}"
        detail = {"@type": errors.TYPE + "ResourceInfo", "resourceName": resource}
        text = f"Service account {name} already exists within project projects/{project.id}."
        raise errors.already_exists(text, details=[detail])
    given = call.body.get("serviceAccount") or {}
    account = Account(email, call.world.new_unique_id(), project.id, created=call.world.clock())
    _describe(account, given)
    account.etag = call.world.new_etag()
    project.service_accounts[email] = account
    for kind in NEW_ACCOUNT:
        call.world.changed(kind, account.unique_id)
    call.resource = f"projects/{project.id}/serviceAccounts/{email}"
    call.world.admin_activity.account(call.principal.email, call.method, account)
    return as_json(account)


def _describe(account: Account, given: JSON) -> None:
    display, description = str(given.get("displayName") or ""), str(given.get("description") or "")
    if len(display.encode()) > 100:
        raise errors.invalid("The display name must not be longer than 100 UTF-8 bytes.")
    if len(description.encode()) > 256:
        raise errors.invalid("The description must not be longer than 256 UTF-8 bytes.")
    account.display_name, account.description = display, description


def get(call: Call) -> JSON:
    """`serviceAccounts.get`."""
    return as_json(visible_account(call, "iam.serviceAccounts.get"))


def list_accounts(call: Call) -> JSON:
    """`serviceAccounts.list`, without accounts that are too new to be listed."""
    project = find_project(call, "iam.serviceAccounts.list")
    listed = [a for a in project.service_accounts.values() if call.world.ready("account_list", a.unique_id)]
    found, token = page(listed, call, default=20, most=100)
    body: JSON = {"accounts": [as_json(a) for a in found]} if found else {}
    return {**body, **token}


def patch(call: Call) -> JSON:
    """`serviceAccounts.patch` with an update mask."""
    account = find_account(call, "iam.serviceAccounts.update")
    given = call.body.get("serviceAccount") or {}
    mask = str(call.body.get("updateMask", ""))
    named = {re.sub(r"_(\w)", lambda m: m[1].upper(), part.strip()) for part in mask.split(",") if part.strip()}
    if not named or named - {"displayName", "description"}:
        raise errors.invalid("The field mask may name display_name and description only.")
    current = {"displayName": account.display_name, "description": account.description}
    _describe(account, {**current, **{key: given.get(key, "") for key in named}})
    account.etag = call.world.new_etag()
    # the answer has only the patched fields, as recorded by k8s-config-connector
    full = as_json(account)
    return {key: full[key] for key in ("name", *sorted(named)) if key in full}


def update(call: Call) -> JSON:
    """`serviceAccounts.update` (PUT): replaces all given fields; checks the etag."""
    account = find_account(call, "iam.serviceAccounts.update")
    if call.body.get("etag") and call.body["etag"] != account.etag:
        raise errors.ApiError(409, "ABORTED", "The etag of the service account does not match.", "aborted")
    _describe(account, {"description": account.description, **call.body})
    account.etag = call.world.new_etag()
    return as_json(account)


def delete(call: Call) -> JSON:
    """`serviceAccounts.delete`; `undelete` can restore it."""
    account = find_account(call, "iam.serviceAccounts.delete")
    call.world.remove_account(account)
    call.world.admin_activity.account(call.principal.email, call.method, account)
    return {}


def undelete(call: Call) -> JSON:
    """`serviceAccounts.undelete` by the account's unique id."""
    account = call.world.deleted_accounts.get(call.params["account"])
    project = call.world.projects.get(account.project_id) if account else None
    call.ctx.authz.require(call.principal, "iam.serviceAccounts.undelete", project)
    assert account is not None
    if call.world.account(account.email):
        raise errors.already_exists(f"Service account {account.email} already exists.")
    call.world.restore_account(account)
    return {"restoredAccount": as_json(account)}


def _switch(permission: str, disabled: bool) -> Any:
    def switch(call: Call) -> JSON:
        account = find_account(call, permission)
        account.disabled = disabled
        call.world.admin_activity.account(call.principal.email, call.method, account)
        return {}

    return switch


enable = _switch("iam.serviceAccounts.enable", disabled=False)
disable = _switch("iam.serviceAccounts.disable", disabled=True)


def get_policy(call: Call) -> JSON:
    """`serviceAccounts.getIamPolicy`."""
    account = find_account(call, "iam.serviceAccounts.getIamPolicy")
    options = call.body.get("options") or {}
    requested = call.query.get("options.requestedPolicyVersion") or options.get("requestedPolicyVersion") or 1
    return policies.read(account.policy, whole(requested, "options.requestedPolicyVersion"))


def set_policy(call: Call) -> JSON:
    """`serviceAccounts.setIamPolicy`: checks members, roles and the etag."""
    account = find_account(call, "iam.serviceAccounts.setIamPolicy")
    new = call.body.get("policy") or {}
    bindings, version = policies.checked(call.world, account.policy, new, roles.ON_ACCOUNT.__contains__)
    account.policy = Policy(bindings, call.world.new_etag(), version, account.policy.extra)
    return policies.read(account.policy, 3)


def test_permissions(call: Call) -> JSON:
    """`serviceAccounts.testIamPermissions`."""
    asked = policies.check_permissions(call.body.get("permissions"))
    account = call.world.account(call.params["account"])
    if account is None:
        raise unknown_account()
    held = call.ctx.authz.account_permissions(call.principal, account)
    found = [p for p in asked if p in held]
    return {"permissions": found} if found else {}


def access_token(call: Call) -> JSON:
    """`serviceAccounts.generateAccessToken`: impersonation
    (https://cloud.google.com/iam/docs/reference/credentials/rest)."""
    account = find_account(call, "iam.serviceAccounts.getAccessToken")
    given = str(call.body.get("lifetime") or "3600s")
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?s", given):
        raise errors.invalid(f"Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), \"{given}\"")
    lifetime = float(given.removesuffix("s"))
    scopes = call.body.get("scope") or []
    if not scopes:
        raise errors.invalid("Request contains an invalid argument.")
    if not 0 < lifetime <= 43200:
        raise errors.invalid("The lifetime must be between 1 and 43200 seconds.")
    if account.disabled:
        raise errors.precondition("Service account is disabled.")
    lifetime = min(lifetime, call.ctx.auth.lifetime)
    token = call.ctx.auth.issue(account, [str(s) for s in scopes], lifetime)
    return {"accessToken": token, "expireTime": stamp(call.world.clock() + lifetime)}


# method name -> (verb, path, handler, write). gRPC uses the same handlers by name.
ACCOUNT = "/v1/projects/{project}/serviceAccounts/{account}"
KEY = ACCOUNT + "/keys/{key}"
METHODS: dict[str, tuple[str, str, Any, bool]] = {
    "iam.serviceAccounts.enable": ("POST", ACCOUNT + ":enable", enable, True),
    "iam.serviceAccounts.disable": ("POST", ACCOUNT + ":disable", disable, True),
    "iam.serviceAccounts.undelete": ("POST", ACCOUNT + ":undelete", undelete, True),
    "iam.serviceAccounts.getIamPolicy": ("POST", ACCOUNT + ":getIamPolicy", get_policy, False),
    "iam.serviceAccounts.setIamPolicy": ("POST", ACCOUNT + ":setIamPolicy", set_policy, True),
    "iam.serviceAccounts.testIamPermissions": ("POST", ACCOUNT + ":testIamPermissions", test_permissions, False),
    "iam.serviceAccounts.create": ("POST", "/v1/projects/{project}/serviceAccounts", create, True),
    "iam.serviceAccounts.list": ("GET", "/v1/projects/{project}/serviceAccounts", list_accounts, False),
    "iam.serviceAccounts.get": ("GET", ACCOUNT, get, False),
    "iam.serviceAccounts.patch": ("PATCH", ACCOUNT, patch, True),
    "iam.serviceAccounts.update": ("PUT", ACCOUNT, update, True),
    "iam.serviceAccounts.delete": ("DELETE", ACCOUNT, delete, True),
    "iam.serviceAccountKeys.enable": ("POST", KEY + ":enable", iam_keys.enable, True),
    "iam.serviceAccountKeys.disable": ("POST", KEY + ":disable", iam_keys.disable, True),
    "iam.serviceAccountKeys.create": ("POST", ACCOUNT + "/keys", iam_keys.create, True),
    "iam.serviceAccountKeys.list": ("GET", ACCOUNT + "/keys", iam_keys.list_keys, False),
    "iam.serviceAccountKeys.get": ("GET", KEY, iam_keys.get, False),
    "iam.serviceAccountKeys.delete": ("DELETE", KEY, iam_keys.delete, True),
    **iam_roles.METHODS,
}


# What REST must send; gRPC's messages have these fields by definition.
_DESCRIBED: JSON = {"displayName": TEXT, "description": TEXT, "etag": TEXT}
SHAPES: dict[str, JSON] = {
    "iam.serviceAccounts.create": {"accountId": TEXT, "serviceAccount": _DESCRIBED},
    "iam.serviceAccounts.patch": {"serviceAccount": _DESCRIBED, "updateMask": TEXT},
    "iam.serviceAccounts.update": _DESCRIBED,
    "iam.serviceAccounts.getIamPolicy": POLICY_OPTIONS,
    "iam.serviceAccounts.setIamPolicy": POLICY,
    "iam.serviceAccounts.testIamPermissions": PERMISSIONS,
    "iam.serviceAccountKeys.create": {"keyAlgorithm": TEXT, "privateKeyType": TEXT},
    **iam_roles.SHAPES,
}


def routes(ctx: SandboxContext) -> list[Route]:
    """The REST methods of IAM and IAM Credentials."""
    found = [
        route(ctx, verb, PREFIX["iam"] + path, name, shaped(handler, SHAPES.get(name, {})), write=write)
        for name, (verb, path, handler, write) in METHODS.items()
    ]
    tokens = PREFIX["iamcredentials"] + ACCOUNT + ":generateAccessToken"
    made = shaped(access_token, {"scope": [TEXT], "lifetime": TEXT, "delegates": [TEXT]})
    found.append(route(ctx, "POST", tokens, "iamcredentials.serviceAccounts.generateAccessToken", made))
    return found
