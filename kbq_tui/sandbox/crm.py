"""Cloud Resource Manager v1 and v3: projects, their policies and permissions, and what gcloud needs of organizations.

https://cloud.google.com/resource-manager/reference/rest
"""

import fnmatch
import re
import shlex
from typing import Any

from starlette.routing import Route

from kbq_tui.sandbox import errors, policies, roles
from kbq_tui.sandbox.authz import permission_error
from kbq_tui.sandbox.context import PREFIX, Call, SandboxContext
from kbq_tui.sandbox.paging import page
from kbq_tui.sandbox.resources import Policy, Project
from kbq_tui.sandbox.rest import route
from kbq_tui.sandbox.service_accounts import stamp
from kbq_tui.sandbox.shapes import PERMISSIONS, POLICY, POLICY_OPTIONS, shaped

JSON = dict[str, Any]


def _v3_text(permission: str, name: str) -> str:
    return (
        f"Permission '{permission}' denied on resource '//cloudresourcemanager.googleapis.com/projects/{name}' "
        "(or it may not exist)."
    )


def _find(call: Call, permission: str) -> Project:
    """Find the project in the path. One that does not exist is refused with the same text as a forbidden one."""
    name = call.params["project"]
    project = call.world.project(name)
    if project is None or not call.ctx.authz.allowed(call.principal, permission, project):
        if call.resource.startswith(PREFIX["cloudresourcemanager"] + "/v1/"):
            raise _denied_v1()
        raise permission_error(permission, project, _v3_text(permission, name))
    return project


def _denied_v1() -> errors.ApiError:
    """Version 1 neither names the missing permission nor has details (as recorded by cloud-custodian)."""
    return errors.ApiError(403, "PERMISSION_DENIED", "The caller does not have permission", "forbidden")


def _v1(project: Project) -> JSON:
    body: JSON = {
        "projectNumber": project.number,
        "projectId": project.id,
        "lifecycleState": project.state,
        "name": project.name or project.id,
        "createTime": stamp(project.created),
    }
    if project.parent:
        kind, _, id_ = project.parent.partition("/")
        body["parent"] = {"type": kind.removesuffix("s"), "id": id_}
    return {**body, "labels": project.labels} if project.labels else body


def _v3(project: Project) -> JSON:
    body: JSON = {
        "name": f"projects/{project.number}",
        **({"parent": project.parent} if project.parent else {}),
        "projectId": project.id,
        "state": project.state,
        "displayName": project.name or project.id,
        "createTime": stamp(project.created),
        "updateTime": stamp(project.created),
        "etag": 'W/"0000000000000001"',
    }
    return {**body, "labels": project.labels} if project.labels else body


def get_v1(call: Call) -> JSON:
    """`projects.get` of v1."""
    return _v1(_find(call, "resourcemanager.projects.get"))


def get_v3(call: Call) -> JSON:
    """`projects.get` of v3."""
    return _v3(_find(call, "resourcemanager.projects.get"))


def _visible(call: Call) -> list[Project]:
    """The projects the caller may see, in a stable order."""
    allowed = call.ctx.authz.allowed
    return [p for p in call.world.projects.values() if allowed(call.principal, "resourcemanager.projects.get", p)]


def matches(project: Project, query: str, *, every: bool) -> bool:
    """Whether a project matches a filter (v1) or a query (v3) of ``field:value`` or ``field=value``.

    A word without a field is looked for in the display name, id and labels. ``*`` matches anything; case is ignored.

    Args:
        project: the project.
        query: terms, joined by AND, OR or a space.
        every: what a space means: AND, as in v1's filter, or OR, as in v3's query ("match any of the fields").

    Raises:
        ApiError: 400 for a field that cannot be searched.
    """
    try:
        words = shlex.split(query.replace("(", " ").replace(")", " "))
    except ValueError:
        raise errors.invalid("Request contains an invalid argument: the query cannot be parsed.") from None
    groups: list[list[str]] = []
    joined = False
    for word in words:
        if word in ("AND", "OR"):
            joined, split = word == "AND", word == "OR"
            if split:
                groups.append([])
        elif groups and (joined or every or not groups[-1]):
            groups[-1].append(word)
            joined = False
        else:
            groups.append([word])
    return not groups or any(all(_term(project, term) for term in group) for group in groups if group)


def _term(project: Project, term: str) -> bool:
    match = re.match(r"^([A-Za-z_.-]+)([:=])(.*)$", term, re.S)
    name = (project.name or project.id).lower()
    if not match:
        pool = [name, project.id, *project.labels, *project.labels.values()]
        return any(_fits(value, term, contains=True) for value in pool)
    key, operator, wanted = match.groups()
    key = key.lower()
    contains = operator == ":"
    if key in ("id", "projectid", "project_id"):
        return _fits(project.id, wanted, contains=contains)
    if key in ("name", "displayname", "display_name"):
        return _fits(name, wanted, contains=contains)
    if key in ("state", "lifecyclestate", "lifecycle_state"):
        return _fits(project.state, wanted, contains=False)
    if key in ("projectnumber", "project_number"):
        return project.number == wanted
    if key == "parent":
        return project.parent == wanted
    if key == "parent.type":
        return _fits(project.parent.partition("/")[0].removesuffix("s"), wanted, contains=False)
    if key == "parent.id":
        return project.parent.partition("/")[2] == wanted
    if key.startswith("labels."):
        value = project.labels.get(key.removeprefix("labels."))
        return value is not None and _fits(value, wanted, contains=False)
    raise errors.invalid(f"Request contains an invalid argument: field {key!r} cannot be searched.")


def _fits(value: str, wanted: str, *, contains: bool) -> bool:
    value, wanted = value.lower(), wanted.lower()
    if "*" in wanted:
        return fnmatch.fnmatchcase(value, re.sub(r"([\[\]?])", r"[\1]", wanted))
    return wanted in value if contains else wanted == value


def list_v1(call: Call) -> JSON:
    """`projects.list` of v1: all projects that the caller may see, filtered."""
    text = call.query.get("filter", "")
    found, token = page([p for p in _visible(call) if matches(p, text, every=True)], call, default=500, most=500)
    return {**({"projects": [_v1(p) for p in found]} if found else {}), **token}


def search_v3(call: Call) -> JSON:
    """`projects.search` of v3: all projects that the caller may see, filtered."""
    text = call.query.get("query", "")
    found, token = page([p for p in _visible(call) if matches(p, text, every=False)], call, default=50, most=500)
    return {**({"projects": [_v3(p) for p in found]} if found else {}), **token}


def list_v3(call: Call) -> JSON:
    """`projects.list` of v3: the direct children of a parent."""
    parent = call.query.get("parent", "")
    if not parent:
        raise errors.invalid("Request contains an invalid argument: parent is required.")
    found, token = page([p for p in _visible(call) if p.parent == parent], call, default=50, most=500)
    return {**({"projects": [_v3(p) for p in found]} if found else {}), **token}


def get_policy(call: Call) -> JSON:
    """`projects.getIamPolicy`; conditions are included only if version 3 is requested."""
    project = _find(call, "resourcemanager.projects.getIamPolicy")
    options = call.body.get("options") or {}
    policy = call.world.seen("policy_read", project.id, project.policy)
    return policies.read(policy, int(options.get("requestedPolicyVersion") or 0))


def set_policy(call: Call) -> JSON:
    """`projects.setIamPolicy`: checks members, roles and the etag."""
    project = _find(call, "resourcemanager.projects.setIamPolicy")
    new = call.body.get("policy")
    if not isinstance(new, dict):
        raise errors.invalid("Request contains an invalid argument: policy is required.")
    mask = str(call.body.get("updateMask") or "")
    if mask and "bindings" not in mask:
        new = {**new, "bindings": project.policy.bindings, "version": project.policy.version}
    bindings, version = policies.checked(call.world, project.policy, new, lambda role: _takes(project, role))
    for _, member in Policy(bindings).pairs() - project.policy.pairs():
        if "iam.allowedPolicyMemberDomains" in project.org_policies and _outsider(call, project, member):
            raise errors.precondition("One or more users named in the policy do not belong to a permitted customer.")
    before = project.policy
    call.world.set_policy(project, bindings, version, policies.beside_bindings(project.policy, new, mask))
    call.world.admin_activity.policy(call.principal.email, project, before)
    return policies.read(project.policy, 3)


def _takes(project: Project, role: str) -> bool:
    if role.startswith("roles/"):
        return roles.is_predefined(role) and role not in roles.NOT_ON_PROJECT
    return roles.is_custom(role, project.roles, project.id)


def _outsider(call: Call, project: Project, member: str) -> bool:
    """Whether domain-restricted sharing excludes a member: all but service accounts of the same organization."""
    account = call.world.account(member.removeprefix("serviceAccount:"))
    return account is None or call.world.projects[account.project_id].parent != project.parent


def test_permissions(call: Call) -> JSON:
    """`projects.testIamPermissions`; a project that does not exist is refused as a forbidden one."""
    asked = policies.check_permissions(call.body.get("permissions"))
    project = call.world.project(call.params["project"])
    if project is None:
        raise _denied_v1()
    held = call.ctx.authz.permissions(call.principal, project)
    found = [p for p in asked if p in held]
    return {"permissions": found} if found else {}


def ancestry(call: Call) -> JSON:
    """`projects.getAncestry` of v1: the project and its organization."""
    project = _find(call, "resourcemanager.projects.get")
    chain = [{"type": "project", "id": project.id}]
    if project.parent:
        kind, _, id_ = project.parent.partition("/")
        chain.append({"type": kind.removesuffix("s"), "id": id_})
    return {"ancestor": [{"resourceId": link} for link in chain]}


def search_organizations(call: Call) -> JSON:
    """`organizations.search`: no organization is visible to the sandbox's operators, as for most project owners."""
    return {}


def routes(ctx: SandboxContext) -> list[Route]:
    """The REST methods of both versions."""
    base, name = PREFIX["cloudresourcemanager"], "cloudresourcemanager.projects."
    tested = shaped(test_permissions, PERMISSIONS)
    found = []
    for version in ("v1", "v3"):
        one = f"{base}/{version}/projects/{{project}}"
        found += [
            route(ctx, "POST", one + ":getIamPolicy", name + "getIamPolicy", shaped(get_policy, POLICY_OPTIONS)),
            route(ctx, "POST", one + ":setIamPolicy", name + "setIamPolicy", shaped(set_policy, POLICY), write=True),
            route(ctx, "POST", one + ":testIamPermissions", name + "testIamPermissions", tested),
        ]
    return [
        *found,
        route(ctx, "POST", base + "/v1/projects/{project}:getAncestry", name + "getAncestry", ancestry),
        route(ctx, "GET", base + "/v3/projects:search", name + "search", search_v3),
        route(ctx, "GET", base + "/v1/projects", name + "list", list_v1),
        route(ctx, "GET", base + "/v3/projects", name + "list", list_v3),
        route(ctx, "GET", base + "/v1/projects/{project}", name + "get", get_v1),
        route(ctx, "GET", base + "/v3/projects/{project}", name + "get", get_v3),
        route(
            ctx,
            "POST",
            base + "/v1/organizations:search",
            "cloudresourcemanager.organizations.search",
            search_organizations,
        ),
        route(
            ctx,
            "GET",
            base + "/v3/organizations:search",
            "cloudresourcemanager.organizations.search",
            search_organizations,
        ),
    ]
