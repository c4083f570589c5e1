"""IAM v1: predefined and custom roles, and which of them can be granted on a resource.

https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles
"""

import re
from typing import Any

from kbq_tui.sandbox import errors, roles
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.paging import page
from kbq_tui.sandbox.resources import Project
from kbq_tui.sandbox.shapes import FLAG, NUMBER, TEXT

JSON = dict[str, Any]
_ID = re.compile(r"[a-zA-Z0-9_.]{3,64}")
_PERMISSION = re.compile(r"[A-Za-z]+(\.[A-Za-z]+){2,3}")
_STAGES = ("ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP")
_TEXTS = ("title", "description", "stage")
_RESOURCE = re.compile(r"//(?:[a-z]+\.googleapis\.com|(?:127\.0\.0\.1|localhost):\d+/crm)/projects/([^/]+)(/.+)?")
"""A full resource name. gcloud builds it from the address that it calls, here the sandbox's, including its path
prefix."""


def get(call: Call) -> JSON:
    """``roles.get`` and ``projects.roles.get``."""
    if "project" not in call.params:
        name = f"roles/{call.params['role']}"
        if name not in roles.ROLES:
            raise _missing(name)
        return _predefined(name, full=True)
    project, role_id = _custom(call, "iam.roles.get")
    return _resource(project, role_id, full=True)


def list_roles(call: Call) -> JSON:
    """``roles.list`` and ``projects.roles.list``; over gRPC, a request without a parent is for the predefined roles."""
    full = _asked(call, "view") == "FULL"
    if "project" not in call.params:
        found = [_predefined(name, full) for name in sorted(roles.ROLES)]
    else:
        project = _project(call, "iam.roles.list")
        deleted = str(_asked(call, "showDeleted")).lower() == "true"
        ids = [*project.roles, *(i for i, t in project.role_texts.items() if deleted and t.get("deleted"))]
        found = [_resource(project, role_id, full) for role_id in ids]
    return _paged(call, found)


def create(call: Call) -> JSON:
    """``projects.roles.create``."""
    project = _project(call, "iam.roles.create")
    role_id = str(call.body.get("roleId") or "")
    if not _ID.fullmatch(role_id):
        raise errors.invalid(f"The role_id {role_id!r} must be 3 to 64 letters, digits, underscores and periods.")
    if role_id in project.roles:
        raise errors.already_exists(f"A role named {role_id} in projects/{project.id} already exists.")
    if role_id in project.role_texts:
        raise errors.precondition(
            f"You can't create a role with role_id ({role_id}) where there is an existing role with that role_id in a "
            "deleted state."
        )
    role: JSON = call.body.get("role") or {}
    held, texts = _read(role, (*_TEXTS, "includedPermissions"))
    project.roles[role_id], project.role_texts[role_id] = held or frozenset(), {**texts, "etag": call.world.new_etag()}
    return _resource(project, role_id, full=True)


def patch(call: Call) -> JSON:
    """``projects.roles.patch``; without ``updateMask``, every field that was sent is changed."""
    project, role_id = _custom(call, "iam.roles.update")
    role: JSON = call.body.get("role") or call.body
    texts = project.role_texts.setdefault(role_id, {})
    etag = role.get("etag")
    if etag and etag != texts.get("etag", etag):
        raise errors.ApiError(409, "ABORTED", "There were concurrent changes to the role. Please retry.", "aborted")
    mask = [part for part in str(_asked(call, "updateMask")).split(",") if part]
    names = [re.sub(r"_([a-z])", lambda m: m[1].upper(), part) for part in mask] or list(role)
    held, changed = _read(role, names)
    if held is not None:
        project.roles[role_id] = held
    texts.update(changed)
    texts["etag"] = call.world.new_etag()
    return _resource(project, role_id, full=True)


def delete(call: Call) -> JSON:
    """``projects.roles.delete``: whoever has the role loses its permissions; it can be undeleted for seven days."""
    project, role_id = _custom(call, "iam.roles.delete")
    texts = project.role_texts.setdefault(role_id, {})
    texts |= {"deleted": True, "held": project.roles.pop(role_id), "etag": call.world.new_etag()}
    return _resource(project, role_id, full=True)


def undelete(call: Call) -> JSON:
    """``projects.roles.undelete``."""
    project = _project(call, "iam.roles.undelete")
    role_id = call.params["role"]
    texts = project.role_texts.get(role_id, {})
    if not texts.get("deleted"):
        raise _missing(f"projects/{project.id}/roles/{role_id}")
    project.roles[role_id] = texts.pop("held")
    del texts["deleted"]
    texts["etag"] = call.world.new_etag()
    return _resource(project, role_id, full=True)


def query_grantable(call: Call) -> JSON:
    """``roles.queryGrantableRoles``, on a project or a dataset; for other resources, those of the project."""
    project, below = _named(call)
    known = sorted(roles.ON_DATASET) if "/datasets/" in below else sorted(set(roles.ROLES) - roles.NOT_ON_PROJECT)
    full = call.body.get("view") == "FULL"
    found = [_predefined(name, full) for name in known if name in roles.ROLES]
    found += [_resource(project, role_id, full) for role_id in project.roles]
    return _paged(call, found)


def query_testable(call: Call) -> JSON:
    """``permissions.queryTestablePermissions``: the permissions of the recorded roles."""
    _named(call)
    names = sorted(frozenset[str]().union(*roles.ROLES.values()))
    answer = _paged(call, [{"name": name, "stage": "GA"} for name in names])
    answer["permissions"] = answer.pop("roles")
    return answer


_ROLE = {"title": TEXT, "description": TEXT, "stage": TEXT, "etag": TEXT, "includedPermissions": [TEXT]}
_QUERY = {"fullResourceName": TEXT, "view": TEXT, "pageSize": NUMBER, "pageToken": TEXT}
_BASE = "/v1/projects/{project}/roles"
METHODS: dict[str, tuple[str, str, Any, bool]] = {
    "iam.roles.get": ("GET", "/v1/roles/{role}", get, False),
    "iam.roles.list": ("GET", "/v1/roles", list_roles, False),
    "iam.roles.queryGrantableRoles": ("POST", "/v1/roles:queryGrantableRoles", query_grantable, False),
    "iam.permissions.queryTestablePermissions": (
        "POST",
        "/v1/permissions:queryTestablePermissions",
        query_testable,
        False,
    ),
    "iam.projects.roles.undelete": ("POST", _BASE + "/{role}:undelete", undelete, True),
    "iam.projects.roles.get": ("GET", _BASE + "/{role}", get, False),
    "iam.projects.roles.list": ("GET", _BASE, list_roles, False),
    "iam.projects.roles.create": ("POST", _BASE, create, True),
    "iam.projects.roles.patch": ("PATCH", _BASE + "/{role}", patch, True),
    "iam.projects.roles.delete": ("DELETE", _BASE + "/{role}", delete, True),
}
SHAPES: dict[str, JSON] = {
    "iam.projects.roles.create": {"roleId": TEXT, "role": _ROLE},
    "iam.projects.roles.patch": _ROLE,
    "iam.projects.roles.undelete": {"etag": TEXT},
    "iam.roles.queryGrantableRoles": _QUERY,
    "iam.permissions.queryTestablePermissions": _QUERY | {"showDeleted": FLAG},
}


def _project(call: Call, permission: str) -> Project:
    project = call.world.project(call.params["project"])
    call.ctx.authz.require(call.principal, permission, project)
    assert project is not None
    return project


def _custom(call: Call, permission: str) -> tuple[Project, str]:
    project = _project(call, permission)
    role_id = call.params["role"]
    if role_id not in project.roles and not project.role_texts.get(role_id, {}).get("deleted"):
        raise _missing(f"projects/{project.id}/roles/{role_id}")
    return project, role_id


def _named(call: Call) -> tuple[Project, str]:
    """The project of ``fullResourceName``, and the rest of the name."""
    match = _RESOURCE.fullmatch(str(call.body.get("fullResourceName") or ""))
    project = call.world.project(match[1]) if match else None
    if match is None or project is None:
        raise errors.invalid("Invalid resource name: fullResourceName must name an existing project or part of one.")
    return project, match[2] or ""


def _missing(name: str) -> errors.ApiError:
    return errors.not_found(f"The role named {name} was not found.")


def _asked(call: Call, name: str) -> Any:
    """A parameter: from the URL over REST, from the message over gRPC."""
    return call.query.get(name) or ""


def _paged(call: Call, found: list[JSON]) -> JSON:
    shown, token = page(found, call, default=300, most=1000)
    return {**({"roles": shown} if shown else {"roles": []}), **token}


def _read(role: JSON, names: Any) -> tuple[frozenset[str] | None, JSON]:
    """The permissions of a role and its texts, as far as they are given."""
    texts = {name: str(role.get(name) or "") for name in _TEXTS if name in names and name in role}
    if texts.get("stage") and texts["stage"] not in _STAGES:
        raise errors.invalid(f"Invalid value for stage: {texts['stage']}")
    if "includedPermissions" not in names:
        return None, texts
    held = [str(p) for p in role.get("includedPermissions") or []]
    for permission in held:
        if not _PERMISSION.fullmatch(permission):
            raise errors.invalid(f"Permission {permission} is not valid.")
    return frozenset(held), texts


def _predefined(name: str, full: bool) -> JSON:
    found: JSON = {"name": name, "title": name, "stage": "GA", "etag": "AA=="}
    return found | ({"includedPermissions": sorted(roles.ROLES[name])} if full else {})


def _resource(project: Project, role_id: str, full: bool) -> JSON:
    texts = project.role_texts.get(role_id, {})
    found: JSON = {"name": f"projects/{project.id}/roles/{role_id}", "etag": texts.get("etag", "AA==")}
    found |= {name: texts[name] for name in _TEXTS if texts.get(name)}
    if texts.get("deleted"):
        found["deleted"] = True
    held = texts.get("held") or project.roles.get(role_id, frozenset())
    return found | ({"includedPermissions": sorted(held)} if full and held else {})
