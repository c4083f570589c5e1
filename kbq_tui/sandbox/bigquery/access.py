"""Dataset access lists: which entries are valid, how they are returned, and whether their members exist.

https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset.access
"""

import copy
import hashlib
from collections.abc import Iterable
from typing import Any

from kbq_tui.sandbox import roles
from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.resources import Dataset, Principal
from kbq_tui.sandbox.world import World, access_key

JSON = dict[str, Any]
_WHO = ("userByEmail", "groupByEmail", "domain", "specialGroup", "iamMember")
_WHAT = ("view", "routine", "dataset")
_GROUPS = ("projectOwners", "projectWriters", "projectReaders", "allAuthenticatedUsers")
_SUFFIX = ".iam.gserviceaccount.com"


def default_entries(creator: Principal) -> list[JSON]:
    """The access list of a dataset created without one."""
    return [
        {"role": "WRITER", "specialGroup": "projectWriters"},
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"role": "OWNER", "userByEmail": creator.email},
        {"role": "READER", "specialGroup": "projectReaders"},
    ]


def member_entry(member: str, role: str) -> JSON:
    """An access entry for an IAM member (``serviceAccount:a@b``) and a role."""
    return _normalise({"iamMember": member, "role": role})


def entry_member(entry: JSON) -> str:
    """The IAM member that an entry is for: the ``grantee`` of OBJECT_PRIVILEGES; empty for views and the like."""
    if "userByEmail" in entry:
        email = str(entry["userByEmail"])
        kind = "serviceAccount" if email.endswith("gserviceaccount.com") else "user"
        return f"{kind}:{email}"
    if "groupByEmail" in entry:
        return f"group:{entry['groupByEmail']}"
    if "domain" in entry:
        return f"domain:{entry['domain']}"
    if "specialGroup" in entry:
        return f"specialGroup:{entry['specialGroup']}"
    return str(entry.get("iamMember", ""))


def shown(dataset: Dataset, policy_version: int) -> list[JSON]:
    """The list as the API answers it.

    Args:
        dataset: the dataset.
        policy_version: ``accessPolicyVersion`` of the request. Below 3, an entry with a condition comes without it and
            under a role name ending in ``_withcond_`` and a hash, as the reference of datasets.get says.
    """
    entries = copy.deepcopy(dataset.access)
    for entry in entries:
        condition = entry.get("condition")
        if condition and policy_version < 3:
            role = str(entry["role"])
            digest = hashlib.sha256(repr(sorted(condition.items())).encode()).hexdigest()[:20]
            entry["role"] = f"{roles.LEGACY.get(role, role)}_withcond_{digest}"
            del entry["condition"]
    return entries


def checked(world: World, dataset: Dataset, wanted: Iterable[JSON], policy_version: int) -> list[JSON]:
    """Check a new access list and give it in the form in which it is kept.

    Raises:
        ApiError: an entry is malformed, names a role that datasets do not take, an account that does not exist (or not
            yet), a deleted account, or somebody outside of the domains that the organization allows.
    """
    known = {access_key(entry) for entry in dataset.access}
    result: list[JSON] = []
    for given in wanted:
        entry = _normalise(given)
        if entry.get("condition") and policy_version < 3:
            raise refusals.invalid(
                "Conditional role bindings in the dataset access policy require accessPolicyVersion to be 3."
            )
        key = access_key(entry)
        is_new = key not in known
        if is_new:
            _check_role(world, dataset, entry)
        _check_known(world, dataset, entry, is_new)
        result.append(entry)  # an entry that is in the list twice stays in it twice
    if any(map(_owns, dataset.access)) and not any(map(_owns, result)):
        raise refusals.invalid("Cannot remove all owners from a dataset.")
    return result


def _owns(entry: JSON) -> bool:
    """Whether an entry allows changing the access list: the last such entry cannot be removed
    (k8s-config-connector#127)."""
    return entry.get("role") in ("OWNER", "roles/bigquery.admin")


def _normalise(given: JSON) -> JSON:
    entry = {key: value for key, value in given.items() if value not in (None, "")}
    named = [key for key in (*_WHO, *_WHAT) if key in entry]
    if len(named) != 1:
        raise refusals.invalid("Each access entry must name exactly one user, group, domain, view, routine or dataset")
    if named[0] in _WHAT:
        return entry
    if not entry.get("role"):
        raise refusals.invalid("Required parameter is missing: role")
    if entry.get("iamMember") == "specialGroup:allUsers":
        entry["iamMember"] = "allUsers"  # SQL's name for all users; an access list has no special group of this name
    member = str(entry.get("iamMember", ""))
    kind, _, name = member.partition(":")
    spelled = {"user": "userByEmail", "serviceAccount": "userByEmail", "group": "groupByEmail", "domain": "domain"}
    if kind in spelled and name:
        del entry["iamMember"]
        entry[spelled[kind]] = name
    elif kind == "specialGroup" or member == "allAuthenticatedUsers":
        del entry["iamMember"]
        entry["specialGroup"] = name or member
    if "specialGroup" in entry and entry["specialGroup"] not in _GROUPS:
        raise refusals.invalid(f"Invalid value for: {entry['specialGroup']} is not a valid value")
    entry["role"] = roles.LEGACY_NAME.get(str(entry["role"]), str(entry["role"]))
    return entry


def _check_role(world: World, dataset: Dataset, entry: JSON) -> None:
    role = str(entry.get("role", ""))
    if role and role not in roles.LEGACY and role not in roles.ON_DATASET and not _is_custom(world, dataset, role):
        raise refusals.set_policy(dataset, f"Role {role} is not supported for this resource.")


def _is_custom(world: World, dataset: Dataset, role: str) -> bool:
    project = world.projects[dataset.project_id]
    return roles.is_custom(role, project.roles, project.id)


def _check_known(world: World, dataset: Dataset, entry: JSON, is_new: bool) -> None:
    member = str(entry.get("iamMember", ""))
    if member.startswith("deleted:"):
        _, kind, rest = member.split(":", 2)
        raise refusals.set_policy(
            dataset,
            f"The member deleted:{kind.lower()}:{rest} is of an unknown type. "
            "Please set a valid type prefix for the member.",
        )
    if not is_new:
        return
    email = str(entry.get("userByEmail", ""))
    owner = email.partition("@")[2].removesuffix(_SUFFIX)
    # Google's service agents (service-NUMBER@gcp-sa-...) always exist
    is_account = email.endswith(_SUFFIX) and not owner.startswith("gcp-sa-")
    if is_account and world.account_state(email) != "ready":
        raise refusals.set_policy(dataset, f"Service account {email} does not exist.")
    if _kept_out(world, dataset, entry, owner if is_account else ""):
        # this text names the dataset without its project
        raise refusals.invalid(
            f"IAM setPolicy failed for Dataset {dataset.dataset_id}: Operation denied by org policy on resource."
        )


def _kept_out(world: World, dataset: Dataset, entry: JSON, owner: str) -> bool:
    """Domain-restricted sharing (``iam.allowedPolicyMemberDomains``): accounts of the own organization are allowed."""
    home = world.projects[dataset.project_id]
    if not home.org_policies.get("iam.allowedPolicyMemberDomains"):
        return False
    if any(key in entry for key in _WHAT) or str(entry.get("specialGroup", "")).startswith("project"):
        return False
    other = world.project(owner) if owner else None
    return other is None or other.parent != home.parent
