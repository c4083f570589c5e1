"""Finds the service account that a call names and checks what the caller may know of it; used by `iam` and
`iam_keys`."""

from datetime import UTC, datetime

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.authz import permission_error
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.resources import Account, Project
from kbq_tui.sandbox.world import Kind


def find_account(call: Call, permission: str) -> Account:
    """Find the account in the path. A caller without the permission does not learn whether it exists.

    Raises:
        ApiError: 403, or 404 for callers with the permission.
    """
    name = call.params["account"]
    account = call.world.account(name)
    owner = call.params.get("project", "-")
    if account is not None and owner not in ("-", account.project_id):
        project = call.world.project(owner)
        if project is None or project.id != account.project_id:
            account = None
    if account is None:
        guess = owner if owner != "-" else name.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
        call.ctx.authz.require(call.principal, permission, call.world.project(guess))
        raise unknown_account()
    call.ctx.authz.require(call.principal, permission, account)
    return account


def unknown_account() -> errors.ApiError:
    """The account does not exist; the text does not name it (as recorded by k8s-config-connector)."""
    return errors.not_found("Unknown service account", listed=True)


def check_visible(
    call: Call, kind: Kind, key: str, permission: str, account: Account, missing: errors.ApiError
) -> None:
    """Refuse a resource that is too new for this call to find.

    Google answers 404, or 403 to callers with the permission (hashicorp/terraform-provider-google#10227).

    Raises:
        ApiError: 403 or 404, as the scenario has it.
    """
    if call.world.ready(kind, key):
        return
    if call.world.refusal(kind) == 404:
        raise missing
    name = f"projects/{account.project_id}/serviceAccounts/{account.email}"
    text = f"Permission {permission} is required to perform this operation on service account {name}."
    raise permission_error(permission, account, text if permission == "iam.serviceAccounts.get" else "")


def visible_account(call: Call, permission: str) -> Account:
    """Find the account in the path, if it is visible already."""
    account = find_account(call, permission)
    check_visible(call, "account_get", account.unique_id, permission, account, unknown_account())
    return account


def stamp(seconds: float) -> str:
    """A time as RFC 3339 in UTC, as protobuf's JSON has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def blocked(project: Project, *constraints: str) -> str:
    """The first of these constraints that is in force, with its prefix; empty if none is."""
    return next((f"constraints/{c}" if ".managed." not in c else c for c in constraints if project.enforced(c)), "")
