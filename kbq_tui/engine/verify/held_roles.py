"""What the account holds beyond what it needs, as far as the account and the operator can see, and how to remove it."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.conditions import holds, holds_until, only_under
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.i18n.messages import Message, as_message, joined, message
from kbq_tui.model import judgements
from kbq_tui.model.checks import Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged
from kbq_tui.model.observed import AccessEntry, DatasetInfo
from kbq_tui.model.problem import Problem, ProblemError, RemedyStep
from kbq_tui.model.refs import DatasetRef, Grantable, ProjectRef
from kbq_tui.model.spec import JOB_USER, ConnectionSpec, RequiredDataset
from kbq_tui.planning.grants import EVERYBODY, taken_away
from kbq_tui.planning.sharing import needed_by, shared_account


class Held(NamedTuple):
    """A role that is too much, as far as it is known.

    Attributes:
        role: the role, or in words what it allows.
        on: what it is held on.
        location: the location of that; empty if it is the connection's.
        member: one of `EVERYBODY`, if it is not granted to the account by name.
        bound: whether the grant has a condition.
    """

    role: str | Message
    on: Grantable
    location: str = ""
    member: str = ""
    bound: bool = False

    @property
    def text(self) -> Message:
        """The role, and who holds it if that is not the account itself."""
        who = self.member.removeprefix("specialGroup:")
        return joined("", self.role, f" ({who})") if who else as_message(self.role)


def _bounded(context: CheckContext, condition: str, role: str, on: Grantable, *, works: bool) -> Judged:
    """Return the verdict on a role that is granted only under a condition: it passes with a warning while it holds.

    Args:
        context: what is checked.
        condition: the condition's expression.
        role: the role.
        on: what it is granted on.
        works: whether the account can do now what the role lets it do.
    """
    problem = only_under(condition, role, on, context.facts, context.ports.clock.now())
    text = message("{role}, but only under a condition: {condition}", role=role, condition=condition)
    if until := holds_until(condition):
        text = message("{text}; until {date}", text=text, date=f"{until:%Y-%m-%d %H:%M} UTC")
    holding = works and holds(condition, context.ports.clock.now()) is not False
    return Judged(Verdict.PASS if holding else Verdict.FAIL, text, problem)


async def dataset_bounded(context: CheckContext, judged: Judged, dataset: RequiredDataset) -> Judged:
    """Return the verdict on a dataset's role if it is granted only under a condition, else `judged`."""
    condition = await _dataset_condition(context, dataset)
    if condition is None:
        return judged
    works = False
    with contextlib.suppress(ProblemError):  # Job User alone does not let the account see the dataset
        works = await context.cloud.dataset(context.spec.project, dataset.name) is not None
    return _bounded(context, condition, dataset.role, context.ref(dataset), works=works)


async def job_user_bounded(context: CheckContext, judged: Judged) -> Judged:
    """Return the verdict on Job User if it is granted only under a condition, else `judged`."""
    condition = await _job_user_condition(context)
    if condition is None:
        return judged
    project = ProjectRef(context.spec.project)
    return _bounded(context, condition, JOB_USER, project, works=judged.verdict is Verdict.PASS)


def over_grant(context: CheckContext, grants: Sequence[Held]) -> Problem:
    """Return one problem for everything that is too much, with the command that removes each role, or, if no role is
    known that gives the access, with the one that shows who has it.

    What another connection of this machine needs is not removed, because that would break it.
    """
    others = {grant: other for grant in grants if (other := _needed_by(context, grant)) is not None}
    if others and len(others) == len(grants):
        return shared_account(context.spec, next(iter(others.values())), context.facts)
    grants = [grant for grant in grants if grant not in others]
    named = [grant for grant in grants if "roles/" in str(grant.role)]
    steps = [step for grant in named for step in _taken_away(context, Code.OVER_GRANT, grant)]
    if any(not g.member and not g.bound for g in named):
        # The program removes only what it sees granted to the account itself, and without a condition.
        command = context.ports.ours("apply --remove-over-grants")
        steps.append(RemedyStep(message("Or have it taken away here:"), (command,)))
    code = Code.OVER_GRANT if named else Code.INHERITED_ACCESS
    for grant in grants:
        if grant not in named:
            steps += _taken_away(context, Code.INHERITED_ACCESS, grant)
    roles = joined(", ", *dict.fromkeys(grant.text for grant in named or grants))
    told = named or grants
    # If only `allUsers` and the like hold it, another check may have reported that already.
    member = told[0].member.removeprefix("specialGroup:") if all(g.member for g in told) else ""
    whole = catalogue.problem(code, context.facts, role=roles, resource=told[0].on, member=member)
    general = [step for step in whole.steps if step.level is None]
    return replace(whole, steps=tuple(dict.fromkeys((*general, *steps))))


def _needed_by(context: CheckContext, grant: Held) -> ConnectionSpec | None:
    if grant.member or grant.bound or not isinstance(grant.on, DatasetRef):
        return None
    return needed_by(context.spec, context.neighbours, str(grant.role), grant.on.dataset)


def _taken_away(context: CheckContext, code: Code, grant: Held) -> list[RemedyStep]:
    """Return the steps that remove a role from its holder, or that show the holder."""
    facts = replace(context.facts, location=grant.location or context.location)
    problem = catalogue.problem(code, facts, role=grant.role, resource=grant.on)
    problem = taken_away(problem, context.spec, str(grant.role), grant.on, member=grant.member, bound=grant.bound)
    return [step for step in problem.steps if step.level is not None]


async def too_many(context: CheckContext, dataset: RequiredDataset) -> list[Held]:
    """Return the roles beyond what a dataset needs, as far as account and operator can see."""
    on, where, account = context.ref(dataset), context.where(dataset.name), context.spec.member
    entries = await _entries(context, dataset.name)
    found: list[Held] = []
    for who in (account, *sorted(EVERYBODY)):
        mine = [entry for entry in entries if entry.member == who]
        for role in judgements.roles_beyond(dataset.role, (entry.role for entry in mine)):
            bound = all(entry.condition for entry in mine if entry.role == role)
            found.append(Held(role, on, where, "" if who == account else who, bound))
    return [*found, *(await project_roles(context))[0]]


async def _entries(context: CheckContext, dataset: str) -> tuple[AccessEntry, ...]:
    """Return a dataset's access list, as the account sees it, or else the operator; empty if neither does."""
    for cloud in (context.cloud, context.ports.cloud):
        with contextlib.suppress(ProblemError):
            info = await cloud.dataset(context.spec.project, dataset)
            if info is None or info.access is not None:
                return () if info is None else info.access or ()
    return ()


async def _dataset_condition(context: CheckContext, dataset: RequiredDataset) -> str | None:
    """Return the condition under which a dataset's role is granted, which OBJECT_PRIVILEGES does not show; None if
    there is also a grant without one, and if it cannot be seen."""
    entries = await _entries(context, dataset.name)
    held = [e for e in entries if (e.role, e.member) == (dataset.role, context.spec.member)]
    return next((e.condition for e in held), None) if all(e.condition for e in held) else None


async def project_roles(context: CheckContext) -> tuple[tuple[Held, ...], Problem | None]:
    """Return the account's roles on the project, and everybody's, without Job User; or why the operator cannot see
    them."""
    try:
        bindings = await context.ports.cloud.project_bindings(context.spec.project)
    except ProblemError as error:
        return (), error.problem
    project, account = ProjectRef(context.spec.project), context.spec.member
    found = {
        Held(b.role, project, member="" if member == account else member, bound=b.condition is not None)
        for b in bindings
        for member in b.members
        if b.role != JOB_USER and (member == account or member in EVERYBODY)
    }
    return tuple(sorted(found)), None


async def _job_user_condition(context: CheckContext) -> str | None:
    """Return the condition under which Job User is granted to the account; None if there is also a grant without one,
    if there is no grant (it may come from a group, a folder or the organization), and if it cannot be seen."""
    with contextlib.suppress(ProblemError):
        bindings = await context.ports.cloud.project_bindings(context.spec.project)
        held = [b.condition for b in bindings if b.role == JOB_USER and context.spec.member in b.members]
        return next(iter(held), None) if all(held) else None
    return None


def roles_on_dataset(context: CheckContext, info: DatasetInfo) -> tuple[Held, ...]:
    """Return the roles that a dataset's access list gives to the account, or to everybody."""
    member, on = context.spec.member, DatasetRef(context.spec.project, info.name)
    found = {
        Held(e.role, on, info.location, "" if e.member == member else e.member, e.condition is not None)
        for e in info.access or ()
        if e.role and (e.member == member or e.member in EVERYBODY)
    }
    return tuple(sorted(found))
