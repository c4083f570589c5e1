"""Projects, and what the project policy and the organization allow."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from kbq_tui.engine.ports import ProjectPage
from kbq_tui.gcp.exceptions import MalformedError
from kbq_tui.gcp.rest_client import JSON, RestClient, items, part, text, url
from kbq_tui.gcp.retry import Attempt
from kbq_tui.model.observed import ProjectInfo, RoleBinding

_MAX_PERMISSIONS: Final = 100
# Version 3 includes conditions. Source: https://cloud.google.com/iam/docs/policies#specifying-version-get
_VERSION: Final = 3


class Policies:
    """Projects, as one principal sees them.

    Args:
        wire: the principal's connection.
    """

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire
        self._writing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._seen: dict[str, JSON] = {}
        """The policies as they were last read, until one is changed: the first change then need not read it again."""

    async def project(self, project: str) -> ProjectInfo:
        """Return a project."""
        context = self._wire.context(project)
        return await self._wire.ask(
            "GET", self._url(project), _project, method="cloudresourcemanager.projects.get", context=context
        )

    async def search(self, words: str, page_token: str, limit: int) -> ProjectPage:
        """Search the projects that may be seen; returns one page."""
        query: dict[str, str | int] = {"pageSize": max(1, min(limit, 500))}
        # Characters that are operators in the query language do not occur in names and ids.
        wanted = "".join(char for char in words.strip() if char.isalnum() or char in "-_.:' ")[:100]
        if wanted:
            # Infix wildcards and an explicit OR: the documentation says that terms on several fields are alternatives,
            # but published queries of others assume the opposite. Source:
            # https://cloud.google.com/resource-manager/reference/rest/v3/projects/search
            term = f'"*{wanted}*"' if " " in wanted else f"*{wanted}*"
            query["query"] = f"id:{term} OR displayName:{term}"
        found, token = await self._wire.page(
            f"{self._wire.endpoints.resourcemanager}/v3/projects:search",
            query,
            page_token,
            lambda answer: tuple(_project(project) for project in items(answer, "projects")),
            method="cloudresourcemanager.projects.search",
            context=self._wire.context(),
        )
        return ProjectPage(found, token)

    async def test_permissions(self, project: str, permissions: Sequence[str]) -> frozenset[str]:
        """Return which of the permissions the principal holds on the project."""
        wanted = list(dict.fromkeys(permissions))
        held: set[str] = set()
        for start in range(0, len(wanted), _MAX_PERMISSIONS):
            held |= await self._wire.ask(
                "POST",
                self._url(project, ":testIamPermissions"),
                permissions_in,
                body={"permissions": wanted[start : start + _MAX_PERMISSIONS]},
                method="cloudresourcemanager.projects.testIamPermissions",
                context=self._wire.context(project),
            )
        return frozenset(held.intersection(wanted))

    async def bindings(self, project: str) -> tuple[RoleBinding, ...]:
        """Return the project policy's role bindings."""

        def read(attempt: Attempt) -> tuple[RoleBinding, ...]:
            policy = self._read(project, attempt)
            if not text(policy, "etag"):
                raise MalformedError("a policy without an etag")  # an empty answer is not an empty policy
            found = bindings_in(policy)
            self._seen[project] = policy
            return found

        return await self._wire.call(
            read,
            method="cloudresourcemanager.projects.getIamPolicy",
            context=self._wire.context(project),
        )

    async def add(self, project: str, role: str, member: str) -> bool:
        """Add a member to the unconditional binding of a role; False if it was in it."""

        def change(bindings: list[JSON]) -> bool:
            ours = [binding for binding in bindings if text(binding, "role") == role and _condition(binding) is None]
            if any(_same(held, member) for binding in ours for held in _members(binding)):
                return False
            if ours:
                ours[0]["members"] = [*_members(ours[0]), member]
            else:
                bindings.append({"role": role, "members": [member]})
            return True

        return await self._change(project, member, change)

    async def remove(self, project: str, role: str, member: str) -> bool:
        """Remove a member from the unconditional binding of a role; False if it was not in it."""

        return await self._change(project, member, lambda bindings: without(bindings, role, member))

    async def enforced(self, project: str, constraint: str) -> bool:
        """Return whether a boolean constraint is in force for the project, wherever in the hierarchy it was set."""
        name = constraint.removeprefix("constraints/")
        return await self._wire.ask(
            "GET",
            f"{self._wire.endpoints.orgpolicy}/v2/projects/{part(project)}/policies/{part(name)}:getEffectivePolicy",
            lambda found: any(rule.get("enforce") is True for rule in items(found.get("spec"), "rules")),
            method="orgpolicy.policies.getEffectivePolicy",
            context=self._wire.context(project),
        )

    async def _change(self, project: str, member: str, change: Callable[[list[JSON]], bool]) -> bool:
        """Read the policy, change it, write it back with its etag; start again if it was changed by others meanwhile.

        The first attempt uses the policy that was last read. Its etag is refused if it has changed since.
        """
        context = self._wire.context(project, account=member.partition(":")[2])
        unsure = False

        def attempt_change(attempt: Attempt) -> bool:
            nonlocal unsure
            # An earlier attempt may have written; then finding nothing to do means that it succeeded.
            unsure = unsure or attempt.unsure
            policy = self._seen.pop(project, None)
            if policy is None or not change(policy.setdefault("bindings", [])):
                policy = self._read(project, attempt)
                if not text(policy, "etag"):
                    raise MalformedError("a policy without an etag")
                if not change(policy.setdefault("bindings", [])):
                    return unsure
            policy["version"] = _VERSION
            self._wire.send("POST", self._url(project, ":setIamPolicy"), attempt.timeout, {"policy": policy})
            return True

        async with self._writing[project]:
            return await self._wire.caller.retry_on_conflict(
                lambda: self._wire.call(
                    attempt_change, method="cloudresourcemanager.projects.setIamPolicy", context=context
                )
            )

    def _read(self, project: str, attempt: Attempt) -> JSON:
        body = {"options": {"requestedPolicyVersion": _VERSION}}
        policy = self._wire.send("POST", self._url(project, ":getIamPolicy"), attempt.timeout, body)
        items(policy, "bindings")
        return policy

    def _url(self, project: str, verb: str = "") -> str:
        return url(self._wire.endpoints.resourcemanager, f"/v3/projects/{part(project)}{verb}")


def permissions_in(answer: JSON) -> set[str]:
    """Return the permissions in an answer to testIamPermissions; if there are none, Google's answer is an empty
    object."""
    found = answer.get("permissions", [])
    if not isinstance(found, list):
        raise MalformedError("permissions is not a list")
    return {str(permission) for permission in found}


def bindings_in(policy: JSON) -> tuple[RoleBinding, ...]:
    """Return the role bindings of a policy."""
    return tuple(
        RoleBinding(text(binding, "role"), tuple(_members(binding)), _condition(binding))
        for binding in items(policy, "bindings")
    )


def without(bindings: list[JSON], role: str, member: str) -> bool:
    """Remove a member from the unconditional bindings of a role, in place. Returns whether it was in one."""
    found = False
    for binding in list(bindings):
        if text(binding, "role") != role or _condition(binding) is not None:
            continue
        kept = [held for held in _members(binding) if not _same(held, member)]
        if len(kept) < len(_members(binding)):
            found = True
            binding["members"] = kept
            if not kept:
                bindings.remove(binding)
    return found


def _project(found: JSON) -> ProjectInfo:
    id_ = text(found, "projectId")
    if not id_:
        raise MalformedError("a project without an id")
    return ProjectInfo(
        id=id_,
        number=text(found, "name").rpartition("/")[2],
        name=text(found, "displayName"),
        state=text(found, "state"),
    )


def _members(binding: JSON) -> list[str]:
    members = binding.get("members", [])
    if not isinstance(members, list):
        raise MalformedError("members is not a list")
    return [str(member) for member in members]


def _condition(binding: JSON) -> str | None:
    condition = binding.get("condition")
    return text(condition, "expression") if condition else None


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
