"""Preflight: what would block the set-up, before anything is changed. Pure; faces only draw it."""

from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.health import Health, Line, without_consequences
from kbq_tui.i18n.messages import Message, joined, message, verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Absent, Observed, Part, Present, Unknown
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.refs import ServiceRef
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.requirements import ACCOUNT_CONSTRAINTS, KEY_CONSTRAINTS, PREFLIGHT_PERMISSIONS

TITLES: Final = {
    "project": message("Project"),
    "services": message("APIs"),
    "billing": message("Billing"),
    "policy-key": message("Policy on keys"),
    "policy-account": message("Policy on accounts"),
    "permissions": message("Your permissions"),
    "datasets": message("Location"),
}
"""The checks in order: ids and titles."""


def preflight(spec: ConnectionSpec, observed: Observed, plan: Plan) -> tuple[Line, ...]:
    """Judge the set-up's requirements; a line for each of `TITLES`, or one for each obstacle.

    Lines that a root cause explains are left out.

    Args:
        spec: the connection.
        observed: the present state.
        plan: from `diff`.
    """
    lines = (
        _project(observed),
        *_services(observed, plan),
        _billing(spec, observed, plan),
        _policy("policy-key", KEY_CONSTRAINTS, "key", message("keys may be created"), observed, plan),
        _policy("policy-account", ACCOUNT_CONSTRAINTS, "account", message("accounts may be created"), observed, plan),
        *_permissions(observed, plan),
        _location(spec, observed, plan),
    )
    return without_consequences(lines, plan.causes)


def _line(id_: str, health: Health, text: Message, problem: Problem | None = None) -> Line:
    return Line(id_, TITLES[id_], health, text, problem)


def _unread(id_: str, problem: Problem) -> Line:
    return _line(id_, Health.UNKNOWN, message("cannot be seen: {why}", why=problem.title), problem)


def _project(observed: Observed) -> Line:
    match observed.project:
        case Present(value=info):
            name = verbatim(info.name or info.id)
            text = message("{name} (number {number})", name=name, number=info.number) if info.number else name
            if info.state in ("ACTIVE", ""):
                return _line("project", Health.OK, text)
            return _line("project", Health.BROKEN, joined(": ", text, info.state))
        case Unknown(problem=problem):
            return _unread("project", problem)
        case _:
            return _line("project", Health.BROKEN, message("does not exist"))


def _services(observed: Observed, plan: Plan) -> list[Line]:
    """Judge the APIs by the plan: disabled ones are either enabled by it, or the operator may not enable them."""
    off = message("API off")
    lines = [
        Line(a.id, off, Health.BROKEN, message("{name}: can be turned on here", name=a.resource.service))
        for a in plan.changes
        if isinstance(a.resource, ServiceRef)
    ]
    for blocked in plan.blocked:
        if isinstance(blocked.action.resource, ServiceRef):
            text = joined(": ", blocked.action.resource.service, blocked.problem.title)
            lines.append(Line(blocked.id, off, Health.BROKEN, text, blocked.problem))
    hidden = next((p.problem for p in observed.services.values() if isinstance(p, Unknown)), None)
    if hidden is not None:
        lines.append(_unread("services", hidden))
    return lines or [_line("services", Health.OK, message("all {n} are on", n=len(observed.services)))]


def _billing(spec: ConnectionSpec, observed: Observed, plan: Plan) -> Line:
    match observed.billing:
        case Present(value=True):
            return _line("billing", Health.OK, message("is on"))
        case Present():
            problem = catalogue.problem(Code.BILLING_OFF, context_of(spec, plan.location))
            text = message("is off: Klaviyo's writes to its staging dataset will fail")
            return _line("billing", Health.BROKEN, text, problem)
        case Unknown(problem=problem):
            return _unread("billing", problem)
        case _:
            return _line("billing", Health.UNKNOWN, message("not known"))


def _policy(id_: str, constraints: tuple[str, ...], action: str, fine: Message, observed: Observed, plan: Plan) -> Line:
    """Judge organization policies: one that is in force matters only if something still has to be created."""
    parts: list[Part[bool]] = [observed.constraints.get(c, Absent()) for c in constraints]
    on = next((c for c, p in zip(constraints, parts, strict=True) if isinstance(p, Present) and p.value), None)
    if on is not None:
        needed = next((b.problem for b in plan.blocked if b.id == action), None)
        if needed is not None:
            return _line(id_, Health.BROKEN, message("in force: {constraint}", constraint=on), needed)
        return _line(id_, Health.OK, message("{constraint} is in force, but nothing needs creating", constraint=on))
    hidden = next((p.problem for p in parts if isinstance(p, Unknown)), None)
    if hidden is not None:
        text = message("cannot be read; the attempt will tell ({why})", why=hidden.title)
        return _line(id_, Health.UNKNOWN, text, hidden)
    return _line(id_, Health.OK, fine)


def _permissions(observed: Observed, plan: Plan) -> list[Line]:
    """Judge the operator's permissions by what is left to do; those for what is in place are not needed."""
    missing = {b.problem.detail("permission"): b.problem for b in plan.blocked if b.problem.detail("permission")}
    if missing:
        return [
            Line(
                f"permission:{name}",
                message("Not permitted"),
                Health.BROKEN,
                joined(": ", name, problem.title),
                problem,
            )
            for name, problem in missing.items()
        ]
    match observed.permissions:
        case Present(value=held):
            spare = [p for p in PREFLIGHT_PERMISSIONS if p not in held]
            text = message("you hold everything that is left to do needs")
            if spare:
                text = message("enough for what is left to do; you do not hold {names}", names=", ".join(spare))
            return [_line("permissions", Health.OK, text)]
        case Unknown(problem=problem):
            return [_unread("permissions", problem)]
        case _:
            return [_line("permissions", Health.UNKNOWN, message("not known"))]


def _location(spec: ConnectionSpec, observed: Observed, plan: Plan) -> Line:
    if plan.location is None:
        stuck = next((b.problem for b in plan.blocked if b.action.key.kind is ActionKind.DATASET), None)
        return _line("datasets", Health.UNKNOWN, stuck.title if stuck else message("not decided"), stuck)
    if any(isinstance(part, Present) for part in observed.datasets.values()):
        text = message("{location}, as the datasets that exist have it", location=plan.location)
    elif spec.location is not None:
        text = message("{location}, as chosen", location=plan.location)
    else:
        text = message("{location}, the default; it can never be changed later", location=plan.location)
    return _line("datasets", Health.OK, text)
