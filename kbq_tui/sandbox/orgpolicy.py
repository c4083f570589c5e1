"""Organization Policy v2: the constraints on a project, and exceptions for it.

https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest
"""

from typing import Any

from starlette.routing import Route

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.authz import permission_error
from kbq_tui.sandbox.context import PREFIX, Call, SandboxContext
from kbq_tui.sandbox.resources import Project
from kbq_tui.sandbox.rest import route
from kbq_tui.sandbox.shapes import CONDITION, FLAG, TEXT, shaped

JSON = dict[str, Any]
_RULE: JSON = {
    "enforce": FLAG,
    "allowAll": FLAG,
    "denyAll": FLAG,
    "values": {"allowedValues": [TEXT], "deniedValues": [TEXT]},
    "condition": CONDITION,
}
POLICY: JSON = {"name": TEXT, "spec": {"reset": FLAG, "rules": [_RULE], "etag": TEXT}}

# The constraints, and their default where nobody set anything
# (https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints).
_OFF: list[JSON] = [{"enforce": False}]
_ANY: list[JSON] = [{"allowAll": True}]
CONSTRAINTS: dict[str, list[JSON]] = {
    "iam.disableServiceAccountKeyCreation": _OFF,
    "iam.managed.disableServiceAccountKeyCreation": _OFF,
    "iam.disableServiceAccountKeyUpload": _OFF,
    "iam.disableServiceAccountCreation": _OFF,
    "iam.managed.disableServiceAccountCreation": _OFF,
    "iam.automaticIamGrantsForDefaultServiceAccounts": _OFF,
    "iam.serviceAccountKeyExpiryHours": _ANY,
    "iam.serviceAccountKeyExposureResponse": _ANY,
    "iam.allowedPolicyMemberDomains": _ANY,
    "iam.managed.allowedPolicyMembers": _OFF,
    "gcp.resourceLocations": _ANY,
    "gcp.restrictNonCmekServices": _ANY,
    "gcp.restrictServiceUsage": _ANY,
}


def _policy_project(call: Call, permission: str) -> Project:
    name = call.params["project"]
    project = call.world.project(name)
    if project is None or not call.ctx.authz.allowed(call.principal, permission, project):
        where = f"//cloudresourcemanager.googleapis.com/projects/{name}"
        text = f"Permission '{permission}' denied on resource '{where}' (or it may not exist)."
        raise permission_error(permission, project, text)
    return project


def _constraint(call: Call) -> str:
    name = call.params["constraint"]
    if name not in CONSTRAINTS:
        raise errors.not_found(f"Constraint {name} is not found.")
    return name


def effective_policy(call: Call) -> JSON:
    """`policies.getEffectivePolicy`: what is in force for the project, wherever it was set."""
    project = _policy_project(call, "orgpolicy.policy.get")
    name = _constraint(call)
    rules = project.org_policies.get(name, CONSTRAINTS[name])
    return {"name": f"projects/{project.number}/policies/{name}", "spec": {"rules": rules}}


def get_org_policy(call: Call) -> JSON:
    """`policies.get`: what was set on the project itself."""
    project = _policy_project(call, "orgpolicy.policy.get")
    return _own(project, _set_here(project, _constraint(call)))


def list_org_policies(call: Call) -> JSON:
    """`policies.list`: what was set on the project itself."""
    project = _policy_project(call, "orgpolicy.policies.list")
    return {"policies": [_own(project, name) for name in project.own_policies]} if project.own_policies else {}


def _set_here(project: Project, name: str) -> str:
    if name not in project.own_policies:
        raise errors.not_found("Requested entity was not found.")
    return name


def _own(project: Project, name: str) -> JSON:
    return {"name": f"projects/{project.number}/policies/{name}", "spec": {"rules": project.own_policies[name]}}


def create_org_policy(call: Call) -> JSON:
    """`policies.create`, if none was set on the project."""
    call.params["constraint"] = str(call.body.get("name", "")).rpartition("/")[2]
    project = _policy_project(call, "orgpolicy.policy.set")
    name = _constraint(call)
    if name in project.own_policies:
        raise errors.already_exists(f"Policy projects/{project.number}/policies/{name} already exists.")
    return _set(call, project, name)


def patch_org_policy(call: Call) -> JSON:
    """`policies.patch` of one that was set on the project."""
    project = _policy_project(call, "orgpolicy.policy.set")
    return _set(call, project, _set_here(project, _constraint(call)))


def delete_org_policy(call: Call) -> JSON:
    """`policies.delete`: the inherited policy is in force again."""
    project = _policy_project(call, "orgpolicy.policy.set")
    name = _set_here(project, _constraint(call))
    del project.own_policies[name]
    _put(call, project, name, project.inherited_policies.get(name))
    return {}


def _set(call: Call, project: Project, name: str) -> JSON:
    spec = call.body.get("spec") or {}
    rules = CONSTRAINTS[name] if spec.get("reset") else spec.get("rules")
    if not isinstance(rules, list) or not rules:
        raise errors.invalid("Request contains an invalid argument: spec.rules is required.")
    if name not in project.own_policies and name in project.org_policies:
        project.inherited_policies[name] = project.org_policies[name]
    project.own_policies[name] = rules
    _put(call, project, name, rules)
    return _own(project, name)


def _put(call: Call, project: Project, name: str, rules: list[JSON] | None) -> None:
    """Put rules into force after their delay; None restores the default."""

    def change() -> None:
        if rules is None:
            project.org_policies.pop(name, None)
        else:
            # Protobuf's JSON may leave out a boolean that is false.
            project.org_policies[name] = [rule or {"enforce": False} for rule in rules]

    call.world.later("org_policy", change)


def list_constraints(call: Call) -> JSON:
    """`constraints.list`."""
    project = _policy_project(call, "orgpolicy.constraints.list")
    return {"constraints": [_describe(project, name) for name in CONSTRAINTS]}


def _describe(project: Project, name: str) -> JSON:
    boolean = CONSTRAINTS[name] == _OFF
    return {
        "name": f"projects/{project.number}/constraints/{name}",
        "displayName": name,
        "constraintDefault": "ALLOW",
        "booleanConstraint" if boolean else "listConstraint": {},
    }


def routes(ctx: SandboxContext) -> list[Route]:
    """The REST methods."""
    base, name = PREFIX["orgpolicy"] + "/v2/projects/{project}", "orgpolicy.policies."
    one, every = base + "/policies/{constraint}", base + "/policies"
    return [
        route(ctx, "GET", one + ":getEffectivePolicy", name + "getEffectivePolicy", effective_policy),
        route(ctx, "GET", one, name + "get", get_org_policy),
        route(ctx, "PATCH", one, name + "patch", shaped(patch_org_policy, POLICY), write=True),
        route(ctx, "DELETE", one, name + "delete", delete_org_policy, write=True),
        route(ctx, "GET", every, name + "list", list_org_policies),
        route(ctx, "POST", every, name + "create", shaped(create_org_policy, POLICY), write=True),
        route(ctx, "GET", base + "/constraints", "orgpolicy.constraints.list", list_constraints),
    ]
