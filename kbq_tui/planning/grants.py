"""The service account's grants, compared with the least it needs."""

from collections.abc import Mapping
from dataclasses import replace

from kbq_tui.i18n.messages import message
from kbq_tui.model.judgements import roles_beyond
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import AccessEntry, DatasetInfo, Observed, Present, RoleBinding
from kbq_tui.model.operations import Operation, RevokeDatasetRole, RevokeProjectRole, RevokeTableRole
from kbq_tui.model.problem import Problem, Purpose, RemedyStep
from kbq_tui.model.refs import DatasetRef, Grantable, ProjectRef, TableRef
from kbq_tui.model.spec import JOB_USER, ConnectionSpec

EVERYBODY = frozenset(
    {"specialGroup:allAuthenticatedUsers", "specialGroup:allUsers", "allAuthenticatedUsers", "allUsers"}
)
"""Members that include every service account."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role that the account holds.

    Attributes:
        role: IAM role.
        on: what it is held on.
        condition: the condition's expression, or None.
        member: one of `EVERYBODY`, if it is not granted to the account by name.
    """

    role: str
    on: Grantable
    condition: str | None = None
    member: str = ""

    @property
    def dataset(self) -> str | None:
        """The dataset on which it is held, or in which the table is; None for the project."""
        return None if isinstance(self.on, ProjectRef) else self.on.dataset


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
            Grant(b.role, ProjectRef(spec.project), b.condition, member)
            for b in observed.bindings.value
            if who in b.members
        ]
    datasets = [part.value for part in observed.datasets.values() if isinstance(part, Present)]
    tables: Mapping[tuple[str, str], tuple[RoleBinding, ...]] = {}
    if observed.elsewhere is not None:
        datasets += observed.elsewhere.datasets.values()
        tables = observed.elsewhere.tables
    for info in datasets:
        on = DatasetRef(spec.project, info.name)
        grants += [Grant(e.role, on, e.condition, member) for e in info.access or () if e.member == who]
    for (dataset, table), bindings in tables.items():
        at = TableRef(spec.project, dataset, table)
        grants += [Grant(b.role, at, b.condition, member) for b in bindings if who in b.members]
    return tuple(grants)


def wanted(spec: ConnectionSpec) -> tuple[Grant, ...]:
    """Return the least grants that the account needs. Source: Klaviyo's article step 3; Job User exists only on
    projects."""
    return (
        Grant(JOB_USER, ProjectRef(spec.project)),
        *(Grant(w.role, DatasetRef(spec.project, w.name)) for w in spec.datasets()),
    )


def over_grants(spec: ConnectionSpec, observed: Observed, *, everybody: bool = False) -> tuple[Grant, ...]:
    """Return the grants beyond what the account needs; a condition on a wanted role is not one.

    What another connection of this machine needs for the same account is not one either, because removing it would
    break that connection. On a dataset and its tables, these are the roles that allow more than the role wanted on the
    dataset, as in verification.

    Args:
        spec: the connection.
        observed: what was seen.
        everybody: what everybody holds (and so the account) instead of what it holds by name.
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
        if too_much(g) and (bool(member) or isinstance(g.on, TableRef) or (g.role, g.dataset) not in needed)
    )


def sharing(spec: ConnectionSpec, observed: Observed) -> tuple[ConnectionSpec, ...]:
    """Return the other connections of this machine that use the same account."""
    return tuple(other for other in observed.neighbours if other.account_email == spec.account_email)


def needs(spec: ConnectionSpec) -> dict[str, str]:
    """Return the role that a connection needs on each of its datasets."""
    return {w.name: w.role for w in spec.datasets()}


def taken_away(
    problem: Problem, spec: ConnectionSpec, role: str, on: Grantable, *, member: str, bound: bool
) -> Problem:
    """Return a problem whose steps remove a role that is not simply granted to the account by name.

    Args:
        problem: the problem with the steps for the simple case.
        spec: the connection.
        role: the role.
        on: what it is held on.
        member: one of `EVERYBODY`; empty for the account.
        bound: whether the grant has a condition.
    """

    def of(step: RemedyStep) -> RemedyStep:
        if step.purpose is not Purpose.CHANGE or not step.commands:
            return step
        if bound and not isinstance(on, ProjectRef):
            # Neither SQL nor bq can name a condition.
            text = message(
                "By hand, for it holds under a condition: open {url}, choose {resource}, Share, Manage permissions, "
                "open {role}, and remove {member}.",
                url=f"https://console.cloud.google.com/bigquery?project={spec.project}",
                resource=on.words,
                role=role,
                member=member or spec.account_email,
            )
            return replace(step, text=text, commands=())
        values = {"role_holder": member} if member else {}
        if member and isinstance(on, DatasetRef) and ":" not in member:
            values["role_holder"] = f"specialGroup:{member}"  # the member in SQL's form
        if bound:
            # "None" means the binding without a condition, while this removes every binding of the role and the member.
            values["bindings"] = "--all"
        return replace(step, commands=tuple(command.changed(**values) for command in step.commands))

    return replace(problem, steps=tuple(map(of, problem.steps)))


def same_account_tombstones(spec: ConnectionSpec, info: DatasetInfo) -> tuple[AccessEntry, ...]:
    """Return access entries of deleted accounts with the same e-mail."""
    dead = f"deleted:serviceaccount:{spec.account_email}?uid=".lower()
    return tuple(e for e in info.access or () if e.member.lower().startswith(dead))


def removal_of(grant: Grant, spec: ConnectionSpec, seen: Observed) -> Operation:
    """Return the operation that removes a grant from the service account."""
    match grant.on:
        case ProjectRef():
            return RevokeProjectRole(grant.role, spec.member)
        case TableRef(dataset=dataset, table=table):
            return RevokeTableRole(dataset, table, grant.role, spec.member)
        case DatasetRef(dataset=dataset):
            others = seen.elsewhere.datasets if seen.elsewhere is not None else {}
            where = others[dataset].location if dataset in others else None
            return RevokeDatasetRole(dataset, grant.role, spec.member, where)
