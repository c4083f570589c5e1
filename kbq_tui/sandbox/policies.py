"""The rules of IAM policies that all services share: etags, versions, conditions, members.

Sources: https://cloud.google.com/iam/docs/policies and https://cloud.google.com/iam/docs/reference/rest/v1/Policy.
"""

import copy
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.resources import Policy
from kbq_tui.sandbox.world import World

JSON = dict[str, Any]
_PREFIXES = ("user", "serviceAccount", "group", "domain", "principal", "principalSet")
_BASIC = re.compile(r"^(projectOwner|projectEditor|projectViewer):[a-z0-9:.-]+$")
CONCURRENT = (
    "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. "
    "The request's ETag '{sent}' did not match the current policy's ETag '{found}'."
)
MORE = "For more information, please refer to https://cloud.google.com/iam/docs/policies#versions."


def read(policy: Policy, requested: int) -> JSON:
    """A policy as JSON.

    Args:
        policy: what is stored.
        requested: requestedPolicyVersion. Below 3, conditional bindings are returned under made-up role names and
            without their conditions (https://cloud.google.com/iam/docs/troubleshooting-withcond).

    Raises:
        ApiError: 400 for a version that does not exist.
    """
    if requested not in (0, 1, 3):
        raise errors.invalid(f"Invalid requested policy version {requested}: must be 0, 1 or 3.")
    bindings = copy.deepcopy(policy.bindings)
    conditional = any("condition" in b for b in bindings)
    if requested < 3:
        for binding in bindings:
            condition = binding.pop("condition", None)
            if condition is not None:
                digest = hashlib.sha256(json.dumps(condition, sort_keys=True).encode()).hexdigest()[:20]
                binding["role"] += f"_withcond_{digest}"
    version = 3 if conditional and requested == 3 else 1
    answer: JSON = {**copy.deepcopy(policy.extra), "version": version, "etag": policy.etag}
    if bindings:
        answer["bindings"] = bindings
    return answer


def checked(world: World, stored: Policy, new: JSON, takes: Callable[[str], bool]) -> tuple[list[JSON], int]:
    """Check a policy that is to be written. What is in the present one already is accepted as it is.

    Args:
        world: members that are service accounts must exist there.
        stored: the present policy.
        new: the policy that was sent.
        takes: whether this kind of resource accepts a role.

    Returns:
        The bindings to store, merged and without duplicates, and the version. Unknown fields of bindings are kept.

    Raises:
        ApiError: 409 ABORTED if the etag is stale, 400 for everything else that is wrong with it.
    """
    bindings = new.get("bindings") or []
    version = int(new.get("version") or 0)
    etag = new.get("etag") or ""
    if etag and etag != stored.etag:
        raise errors.ApiError(409, "ABORTED", CONCURRENT.format(sent=etag, found=stored.etag), "aborted")
    if version not in (0, 1, 3):
        raise errors.invalid(f"Invalid policy version {version}: must be 0, 1 or 3.")
    if etag and stored.version == 3 and version < 3:  # without an etag it is a blind write, which is not checked
        raise errors.invalid(
            f"Specified policy version ({version or 1}) cannot be less than the existing policy version (3). {MORE}"
        )
    if version < 3 and any(b.get("condition") for b in bindings):
        raise errors.invalid(f"Conditional role bindings require the policy version 3, got ({version or 1}). {MORE}")
    known = stored.pairs()
    known_roles = {role for role, _ in known}
    merged: dict[str, JSON] = {}
    for binding in bindings:
        role = str(binding.get("role", ""))
        if role not in known_roles and not takes(role):
            raise errors.invalid(f"Role {role} is not supported for this resource.")
        condition = binding.get("condition")
        if condition and not str(condition.get("expression", "")).strip():
            raise errors.invalid("The condition expression must not be empty.")
        members = [str(m) for m in binding.get("members") or []]
        for member in members:
            if (role, member) not in known:
                check_member(world, member)
        rest = {name: value for name, value in binding.items() if name != "members" and value not in (None, {})}
        target = merged.setdefault(json.dumps(rest, sort_keys=True), {**rest, "members": []})
        target["members"] += [m for m in dict.fromkeys(members) if m not in target["members"]]
    kept = [b for b in merged.values() if b["members"]]
    return kept, 3 if any("condition" in b for b in kept) else 1


def check_member(world: World, member: str) -> None:
    """Refuse a member of an unknown type, or a service account that does not exist (yet).

    Raises:
        ApiError: 400 INVALID_ARGUMENT.
    """
    if member in ("allUsers", "allAuthenticatedUsers") or _BASIC.match(member):
        return
    if member.startswith("deleted:"):
        return
    kind, _, name = member.partition(":")
    if kind not in _PREFIXES or not name:
        raise errors.invalid(
            f"The member {member} is of an unknown type. Please set a valid type prefix for the member."
        )
    if kind == "serviceAccount" and world.account_state(name) != "ready":
        raise errors.invalid(f"Service account {name} does not exist.")


def beside_bindings(stored: Policy, new: JSON, mask: str) -> JSON:
    """The fields of a policy after a write, without bindings, version and etag.

    Args:
        stored: the present policy.
        new: the policy that was sent.
        mask: ``updateMask``. Without one only bindings and etag are written
            (https://cloud.google.com/resource-manager/reference/rest/v1/projects/setIamPolicy).
    """
    named = {part.strip() for part in mask.split(",")} - {"", "bindings", "etag", "version"}
    return {key: value for key, value in {**stored.extra, **{n: new.get(n) for n in named}}.items() if value}


def check_permissions(names: Any) -> list[str]:
    """The permissions in a testIamPermissions request, at most 100 and without wildcards.

    Raises:
        ApiError: 400 INVALID_ARGUMENT.
    """
    if not isinstance(names, list):
        names = [names] if names else []
    if len(names) > 100:
        raise errors.invalid("The number of permissions in the request exceeds the limit of 100.")
    for name in names:
        if not re.fullmatch(r"[A-Za-z]+(\.[A-Za-z]+){2,3}", str(name)):
            raise errors.invalid(f"Permission {name} is not valid for this resource.")
    return [str(n) for n in names]
