"""What the service account holds, against the least it needs."""

from dataclasses import dataclass

from kbq_tui.core.observed import AccessEntry, DatasetInfo, Observed, Present
from kbq_tui.core.spec import JOB_USER, ConnectionSpec
from kbq_tui.core.words import Said, said


@dataclass(frozen=True, slots=True)
class Grant:
    """One role the account holds.

    Attributes:
        role: IAM role.
        dataset: the dataset it is held on, or None for the project.
        resource: the same in words.
        condition: the condition's expression, or None.
    """

    role: str
    dataset: str | None
    resource: str
    condition: str | None = None


def on_project(project: str) -> Said:
    """Return what a role of the project is held on, in words."""
    return said("project {project}", project=project)


def on_dataset(dataset: str) -> Said:
    """Return what a role of a dataset is held on, in words."""
    return said("dataset {dataset}", dataset=dataset)


def on_table(dataset: str, table: str) -> Said:
    """Return what a role of a table or view is held on, in words."""
    return said("table {table}", table=f"{dataset}.{table}")


def held(spec: ConnectionSpec, observed: Observed) -> tuple[Grant, ...]:
    """Return every grant of the account that can be seen on the project and on the connection's datasets."""
    grants: list[Grant] = []
    if isinstance(observed.bindings, Present):
        grants += [
            Grant(b.role, None, on_project(spec.project), b.condition)
            for b in observed.bindings.value
            if spec.member in b.members
        ]
    for name, part in observed.datasets.items():
        if isinstance(part, Present):
            grants += [
                Grant(e.role, name, on_dataset(name), e.condition) for e in part.value.access if e.member == spec.member
            ]
    return tuple(grants)


def wanted(spec: ConnectionSpec) -> tuple[Grant, ...]:
    """Return the least that the account needs. Source: Klaviyo's article step 3; Job User exists on projects only."""
    return (
        Grant(JOB_USER, None, on_project(spec.project)),
        *(Grant(w.role, w.name, on_dataset(w.name)) for w in spec.datasets()),
    )


def over_grants(spec: ConnectionSpec, observed: Observed) -> tuple[Grant, ...]:
    """Return the grants that go beyond what the account needs; a condition on a wanted role is not one."""
    need = {(g.role, g.dataset) for g in wanted(spec)}
    return tuple(g for g in held(spec, observed) if (g.role, g.dataset) not in need)


def same_account_tombstones(spec: ConnectionSpec, info: DatasetInfo) -> tuple[AccessEntry, ...]:
    """Return access entries of deleted accounts that bore the same e-mail."""
    dead = f"deleted:serviceaccount:{spec.account_email}?uid=".lower()
    return tuple(e for e in info.access if e.member.lower().startswith(dead))
