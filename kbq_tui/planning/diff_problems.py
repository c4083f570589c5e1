"""The problems of a plan: what is blocked by a policy, left to others, or refused. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.entry import filled
from kbq_tui.i18n.messages import message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import placeholder
from kbq_tui.model.observed import Absent, LocalKey, Observed, Part, Present, is_new_key
from kbq_tui.model.problem import Context, Problem, Purpose, RemedyStep, Who
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.grants import Grant, taken_away
from kbq_tui.shell import commands as cmd

_ACCOUNT, _PROJECT = placeholder("account"), placeholder("project")


def named(problem: Problem, spec: ConnectionSpec) -> Problem:
    """Return a problem with the account and the project in place of placeholders: a call, such as a sign-in, does not
    know which connection it belongs to."""
    for placeholder_, value in ((_ACCOUNT, spec.account_email), (_PROJECT, spec.project)):
        problem = problem.naming(placeholder_, value)
    known = {"project": spec.project, "account": spec.account_email, "role_holder": spec.member}
    steps = tuple(replace(step, commands=filled(step.commands, known)) for step in problem.steps)
    return problem if steps == problem.steps else replace(problem, steps=steps)


def too_much(grant: Grant, spec: ConnectionSpec, context: Context) -> Problem:
    """Return the problem of a grant that is more than is needed, and that is not removed."""
    problem = catalogue.problem(Code.OVER_GRANT, context, role=grant.role, resource=grant.on)
    bound = grant.condition is not None
    if not bound and not grant.member:
        return problem
    known = {"account": spec.account_email, "role": grant.role, "resource": grant.on.words}
    cause = (
        message(
            "Everybody ({member}) holds {role} on {resource}, and so does the account {account}, which does not "
            "need it. It is not taken away here, for others may rely on it.",
            member=grant.member,
            **known,
        )
        if grant.member
        else message(
            "The account {account} holds {role} on {resource} under a condition, which the connection does not "
            "need. It is not taken away here, but left to whoever made the condition.",
            **known,
        )
    )
    return taken_away(replace(problem, cause=cause), spec, grant.role, grant.on, member=grant.member, bound=bound)


def in_force(
    seen: Mapping[str, Part[bool]], constraints: tuple[str, ...], code: Code, context: Context
) -> Problem | None:
    """Return the problem of constraints that are in force, with the commands that lift and restore each; None if none
    is.

    Args:
        seen: by constraint, whether it is in force.
        constraints: the legacy and the managed one of the same effect.
        code: the problem's code.
        context: what is known of the connection.
    """
    parts = {constraint: seen.get(constraint) for constraint in constraints}
    first, second, *_ = [*(c for c, part in parts.items() if isinstance(part, Present) and part.value), "", ""]
    if not first:
        return None
    problem = catalogue.problem(code, context, constraint=f"constraints/{first}")
    if not second:
        return problem
    # Lifting only one of them would lead to the next refusal.
    known = {"constraint": second, "project": context.project}
    also = message("The same for {constraint}, which is in force as well, and blocks alone:", constraint=second)
    lift = RemedyStep(also, filled([cmd.LIFT_POLICY], known))
    restore = RemedyStep(message("Have this one restored in the same way:"), lift.commands[0].undone_by, Purpose.UNDO)
    steps: list[RemedyStep] = []
    for step in problem.steps:
        steps.append(step)
        if step.who is not Who.HELPER and step.commands:
            steps += {Purpose.CHANGE: [lift], Purpose.UNDO: [restore]}.get(step.purpose, [])
    return replace(problem, steps=tuple(steps))


def key_unusable(seen: Observed, local: LocalKey, context: Context) -> Problem | None:
    """Return why the key that is stored here cannot be used: Google does not have it, or it is disabled there; else
    None.

    A new key may not be listed yet.
    """
    remote = {key.id: key for key in seen.keys.value} if isinstance(seen.keys, Present) else None
    unseen = isinstance(seen.account, Absent) or (remote is not None and local.key_id not in remote)
    dead = unseen and not is_new_key(seen)
    if dead or (remote is not None and local.key_id in remote and remote[local.key_id].disabled):
        code = Code.KEY_DEAD if dead else Code.KEY_DISABLED
        return catalogue.problem(code, context, path=local.path, key_id=local.key_id)
    return None
