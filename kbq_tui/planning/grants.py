"""What the service account holds, against the least it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.checks import roles_beyond
from kbq_tui.model.observed import AccessEntry, DatasetInfo, Observed, Present, RoleBinding
from kbq_tui.model.problem import RemedyStep
from kbq_tui.model.spec import JOB_USER, ConnectionSpec

EVERYBODY = frozenset(
    {"specialGroup:allAuthenticatedUsers", "specialGroup:allUsers", "allAuthenticatedUsers", "allUsers"}
)
"""Members that every service account is one of."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role the account holds.

    Attributes:
        role: IAM role.
        dataset: the dataset it is held on, or None for the project.
        table: the table or view of that dataset, where it is held there alone.
        resource: the same in words.
        condition: the condition's expression, or None.
        member: one of `EVERYBODY`, where it is not granted to the account by name.
    """

    role: str
    dataset: str | None
    resource: Message
    condition: str | None = None
    table: str | None = None
    member: str = ""


def on_project(project: str) -> Message:
    """Return what a role of the project is held on, in words."""
    return message("project {project}", project=project)


def on_dataset(dataset: str) -> Message:
    """Return what a role of a dataset is held on, in words."""
    return message("dataset {dataset}", dataset=dataset)


def on_table(dataset: str, table: str) -> Message:
    """Return what a role of a table or view is held on, in words."""
    return message("table {table}", table=f"{dataset}.{table}")


def held(spec: ConnectionSpec, observed: Observed, member: str = "") -> tuple[Grant, ...]:
    """Return every grant of the account that was seen: on the project, on datasets, and on single tables.

    Args:
        spec: the connection.
        observed: what was seen.
        member: one of `EVERYBODY` instead of the account.
    """
    grants: list[Grant] = []
    who = member or spec.member
    if isinstance(observed.bindings, Present):
        grants += [
            Grant(b.role, None, on_project(spec.project), b.condition, member=member)
            for b in observed.bindings.value
            if who in b.members
        ]
    datasets = [part.value for part in observed.datasets.values() if isinstance(part, Present)]
    tables: Mapping[tuple[str, str], tuple[RoleBinding, ...]] = {}
    if observed.elsewhere is not None:
        datasets += observed.elsewhere.datasets.values()
        tables = observed.elsewhere.tables
    for info in datasets:
        where = on_dataset(info.name)
        entries = info.access or ()
        grants += [Grant(e.role, info.name, where, e.condition, member=member) for e in entries if e.member == who]
    for (dataset, table), bindings in tables.items():
        where = on_table(dataset, table)
        grants += [Grant(b.role, dataset, where, b.condition, table, member) for b in bindings if who in b.members]
    return tuple(grants)


def wanted(spec: ConnectionSpec) -> tuple[Grant, ...]:
    """Return the least that the account needs. Source: Klaviyo's article step 3; Job User exists on projects only."""
    return (
        Grant(JOB_USER, None, on_project(spec.project)),
        *(Grant(w.role, w.name, on_dataset(w.name)) for w in spec.datasets()),
    )


def over_grants(spec: ConnectionSpec, observed: Observed, *, everybody: bool = False) -> tuple[Grant, ...]:
    """Return the grants that go beyond what the account needs; a condition on a wanted role is not one.

    What another connection of this machine needs for the same account is none: to take it away would break that one.
    On a dataset and its tables that is what allows more than the role wanted on the dataset, as verification has it.

    Args:
        spec: the connection.
        observed: what was seen.
        everybody: what everybody holds, and so the account, instead of what it holds by name.
    """
    roles = {w.name: w.role for w in spec.datasets()}

    def too_much(grant: Grant) -> bool:
        if grant.dataset is not None:
            return bool(roles_beyond(roles.get(grant.dataset, ""), [grant.role]))
        return grant.role != JOB_USER

    members = sorted(EVERYBODY) if everybody else [""]
    needed = {(role, name) for other in sharing(spec, observed) for name, role in needs(other).items()}
    return tuple(
        g
        for member in members
        for g in held(spec, observed, member)
        if too_much(g) and (bool(member) or g.table is not None or (g.role, g.dataset) not in needed)
    )


def sharing(spec: ConnectionSpec, observed: Observed) -> tuple[ConnectionSpec, ...]:
    """Return the other connections of this machine that use the same account."""
    return tuple(other for other in observed.neighbours if other.account_email == spec.account_email)


def needs(spec: ConnectionSpec) -> dict[str, str]:
    """Return the role that a connection needs on each of its datasets."""
    return {w.name: w.role for w in spec.datasets()}


def taken_away(
    step: RemedyStep, spec: ConnectionSpec, role: str, resource: Message, *, member: str, bound: bool
) -> RemedyStep:
    """Return the step that takes a role away, for one that the account does not simply hold by name.

    Args:
        step: the step as it is where it does.
        spec: the connection.
        role: the role.
        resource: what it is held on: `project P`, `dataset D` or `table D.T`.
        member: one of `EVERYBODY`; empty for the account.
        bound: whether there is a condition to it.
    """
    if bound and not str(resource).startswith("project "):
        # Neither SQL nor bq names a condition.
        text = message(
            "By hand, for it holds under a condition: open {url}, choose {resource}, Share, Manage permissions, "
            "open {role}, and remove {member}.",
            url=f"https://console.cloud.google.com/bigquery?project={spec.project}",
            resource=resource,
            role=role,
            member=member or spec.account_email,
        )
        return RemedyStep(text)
    if member:
        if str(resource).startswith("dataset ") and ":" not in member:
            member = f"specialGroup:{member}"  # as SQL names it
        step = step.naming(spec.member, member)
    if bound:
        # "None" means the binding without a condition; this is every binding of the role and the member.
        step = step.naming("--condition=None", "--all")
    return step


def same_account_tombstones(spec: ConnectionSpec, info: DatasetInfo) -> tuple[AccessEntry, ...]:
    """Return access entries of deleted accounts that bore the same e-mail."""
    dead = f"deleted:serviceaccount:{spec.account_email}?uid=".lower()
    return tuple(e for e in info.access or () if e.member.lower().startswith(dead))
