"""Conflicts between connections of this machine that share something, found before either is set up. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import Message, joined, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Observed
from kbq_tui.model.problem import Context, Problem
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.grants import needs, sharing


def shared(spec: ConnectionSpec, observed: Observed, context: Context) -> tuple[Problem, ...]:
    """Return a problem for each other connection that shares the account or a dataset, and needs something else there.

    With a shared account, each connection has more than it needs: verification fails for it, and removing what is too
    much for one would break the other.

    Args:
        spec: the connection.
        observed: what was seen, with the other connections of this machine.
        context: what is known of the connection.
    """
    found: list[Problem] = []
    same_account = sharing(spec, observed)
    for other in observed.neighbours:
        cause = _account(spec, other) if other in same_account else _dataset(spec, other)
        if cause is not None:
            found.append(replace(catalogue.problem(Code.SHARED_NEEDS, context, connection=other.name), cause=cause))
    return tuple(found)


def needed_by(spec: ConnectionSpec, others: Iterable[ConnectionSpec], role: str, dataset: str) -> ConnectionSpec | None:
    """Return another connection of this machine that needs a role of the same account on a dataset, or None."""
    same = (other for other in others if other.account_email == spec.account_email)
    return next((other for other in same if needs(other).get(dataset) == role), None)


def shared_account(spec: ConnectionSpec, other: ConnectionSpec, context: Context) -> Problem:
    """Return the problem of an account that another connection uses as well."""
    problem = catalogue.problem(Code.SHARED_NEEDS, context, connection=other.name)
    cause = _account(spec, other)
    return problem if cause is None else replace(problem, cause=cause)


def _account(spec: ConnectionSpec, other: ConnectionSpec) -> Message | None:
    ours, theirs = needs(spec), needs(other)
    if ours == theirs:
        return None
    return message(
        "Connection {connection} uses the account {account}, too, and needs something else with it: {theirs} there, "
        "{ours} here. What only one of them needs is too much for the other, so checks of least privilege fail; "
        "nothing that the other one needs is taken away here.",
        connection=other.name,
        account=spec.account_email,
        theirs=_roles(theirs, ours),
        ours=_roles(ours, theirs),
    )


def _dataset(spec: ConnectionSpec, other: ConnectionSpec) -> Message | None:
    if other.project != spec.project:
        return None
    ours, theirs = ({w.name: w.purpose for w in s.datasets()} for s in (spec, other))
    name = next((n for n in ours if n in theirs and ours[n] != theirs[n]), None)
    if name is None:
        return None
    return message(
        "Connection {connection} uses dataset {dataset}, too, but for something else: {theirs} there, {ours} here.",
        connection=other.name,
        dataset=name,
        theirs=theirs[name],
        ours=ours[name],
    )


def _roles(mine: Mapping[str, str], others: Mapping[str, str]) -> Message:
    """Return the roles that only one of two connections needs."""
    differing = [
        message("{role} on {dataset}", role=role.removeprefix("roles/bigquery."), dataset=name)
        for name, role in mine.items()
        if others.get(name) != role
    ]
    return joined(", ", *differing) if differing else message("nothing more")
