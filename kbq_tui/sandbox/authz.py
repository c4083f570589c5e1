"""Authorization: project policies, account policies, dataset access lists, and the roles in them."""

import re
from datetime import datetime
from typing import Any

from kbq_tui.sandbox import errors, roles
from kbq_tui.sandbox.resources import Account, Dataset, Policy, Principal, Project
from kbq_tui.sandbox.world import World, access_key

JSON = dict[str, Any]
_TIME = re.compile(r"""^\s*request\.time\s*(<=|<|>=|>)\s*timestamp\(\s*["']([^"']+)["']\s*\)\s*$""")


class Authz:
    """Decides by the state of the world, as far as changes have taken effect."""

    def __init__(self, world: World) -> None:
        self.world = world

    def holds(self, condition: JSON | None) -> bool:
        """Whether a binding's condition is met: none, ``true`` and comparisons of request.time are understood.

        Any other condition counts as not met, so that the sandbox never grants what it cannot evaluate.
        """
        if not condition:
            return True
        expression = str(condition.get("expression", ""))
        if expression.strip() == "true":
            return True
        match = _TIME.match(expression)
        if not match:
            return False
        operator, text = match.groups()
        try:
            limit = datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
        except ValueError:
            return False
        now = self.world.clock()
        return {"<": now < limit, "<=": now <= limit, ">": now > limit, ">=": now >= limit}[operator]

    def project_roles(self, principal: Principal, project: Project) -> set[str]:
        """The roles that the project's policy gives: conditions are met, and changes have taken effect."""
        found: set[str] = set()
        for binding in project.policy.bindings:
            if self._names(binding, principal) and self.holds(binding.get("condition")):
                role = str(binding["role"])
                if any(
                    self.world.ready("project_grant", project.id, role, member)
                    for member in self._names(binding, principal)
                ):
                    found.add(role)
        return found

    def permissions(self, principal: Principal, project: Project) -> set[str]:
        """Permissions on a project."""
        return self._expand(self.project_roles(principal, project))

    def account_permissions(self, principal: Principal, account: Account) -> set[str]:
        """Permissions on a service account: the project's and those of the account's own policy."""
        own = self._policy_roles(principal, account.policy)
        return self.permissions(principal, self.world.projects[account.project_id]) | self._expand(own)

    def dataset_permissions(self, principal: Principal, dataset: Dataset) -> set[str]:
        """Permissions on a dataset: the project's and those of its access list, direct or by special group."""
        project = self.world.projects[dataset.project_id]
        held = self.project_roles(principal, project)
        granted = set(held)
        for entry in dataset.access:
            role = str(entry.get("role", ""))
            if role and self._entry_names(entry, principal, held) and self.holds(entry.get("condition")):
                key = (dataset.project_id, dataset.dataset_id, *access_key(entry))
                if self.world.ready("dataset_grant", *key):
                    granted.add(roles.LEGACY.get(role, role))
        return self._expand(granted)

    def allowed(self, principal: Principal, permission: str, resource: Project | Dataset | Account) -> bool:
        """Whether the principal has the permission on the resource."""
        if isinstance(resource, Dataset):
            return permission in self.dataset_permissions(principal, resource)
        if isinstance(resource, Account):
            return permission in self.account_permissions(principal, resource)
        return permission in self.permissions(principal, resource)

    def require(
        self, principal: Principal, permission: str, resource: Project | Dataset | Account | None, message: str = ""
    ) -> None:
        """Refuse with Google's text unless the principal has the permission.

        Args:
            principal: who asks.
            permission: e.g. ``bigquery.datasets.get``.
            resource: what it is needed on; None for something that does not exist (refused with the same text).
            message: another text than the usual one for this kind of resource.

        Raises:
            ApiError: 403 PERMISSION_DENIED.
        """
        if resource is not None and self.allowed(principal, permission, resource):
            return
        raise permission_error(permission, resource, message)

    # -- details

    def _names(self, binding: JSON, principal: Principal) -> list[str]:
        return [m for m in binding.get("members", []) if is_member(m, principal)]

    def _policy_roles(self, principal: Principal, policy: Policy) -> set[str]:
        return {b["role"] for b in policy.bindings if self._names(b, principal) and self.holds(b.get("condition"))}

    def _entry_names(self, entry: JSON, principal: Principal, project_roles: set[str]) -> bool:
        if entry.get("userByEmail", "").lower() == principal.email.lower() and "userByEmail" in entry:
            return True
        if is_member(str(entry.get("iamMember", "")), principal):
            return True
        if "domain" in entry:
            return principal.email.endswith("@" + str(entry["domain"]))
        group = entry.get("specialGroup")
        return group == "allAuthenticatedUsers" or roles.SPECIAL_GROUPS.get(str(group)) in project_roles

    def _expand(self, names: set[str]) -> set[str]:
        return set[str]().union(*(self._held_by(name) for name in names))

    def _held_by(self, role: str) -> frozenset[str]:
        """The permissions of a role; none if it is neither a recorded role nor a custom role."""
        custom = roles.CUSTOM.fullmatch(role)
        owner = self.world.projects.get(custom[2] or "") if custom else None
        if owner is not None:
            return owner.roles.get(role.rpartition("/")[2], frozenset())
        return roles.ROLES.get(role, frozenset())


def is_member(member: str, principal: Principal) -> bool:
    """Whether a member of a policy is the principal, or everybody. E-mail addresses are compared without case."""
    kind, _, name = member.partition(":")
    mine, _, email = principal.member.partition(":")
    return member in ("allUsers", "allAuthenticatedUsers") or (kind == mine and name.lower() == email.lower())


def permission_error(
    permission: str, resource: Project | Dataset | Account | None, message: str = ""
) -> errors.ApiError:
    """Build a 403 with the text of the service that the permission belongs to."""
    service = permission.partition(".")[0]
    if service == "bigquery":
        return errors.denied(message or _bigquery_text(permission, resource))
    domain = {"iam": "iam", "serviceusage": "serviceusage", "orgpolicy": "orgpolicy"}.get(
        service, "cloudresourcemanager"
    )
    metadata = {"permission": permission}
    if isinstance(resource, Project):
        metadata["resource"] = f"projects/{resource.id}"
    elif isinstance(resource, Account):
        metadata["resource"] = f"projects/{resource.project_id}/serviceAccounts/{resource.email}"
    if not message:
        message = f"Permission '{permission}' denied on resource (or it may not exist)."
    info = errors.error_info("IAM_PERMISSION_DENIED", f"{domain}.googleapis.com", **metadata)
    return errors.ApiError(403, "PERMISSION_DENIED", message, "forbidden", details=[info])


def _bigquery_text(permission: str, resource: Project | Dataset | Account | None) -> str:
    if isinstance(resource, Dataset):
        return (
            f"Access Denied: Dataset {resource.ref}: Permission {permission} denied on dataset {resource.ref} "
            "(or it may not exist)."
        )
    name = resource.id if isinstance(resource, Project) else "unknown"
    return f"Access Denied: Project {name}: User does not have {permission} permission in project {name}."
