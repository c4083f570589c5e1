"""Before anything is changed: what would stop the set-up, as lines."""

from kbq_tui.core import catalogue
from kbq_tui.core.demands import ACCOUNT_CONSTRAINTS, KEY_CONSTRAINTS, PREFLIGHT_PERMISSIONS
from kbq_tui.core.diff import context_of
from kbq_tui.core.observed import Observed, Part, Present, Unknown
from kbq_tui.core.plan import Plan
from kbq_tui.core.spec import ConnectionSpec
from kbq_tui.engine.status import Health, Line


def preflight(spec: ConnectionSpec, observed: Observed, plan: Plan) -> tuple[Line, ...]:
    """Return a line each for the project, its APIs, billing, org policies and the operator's permissions."""
    return (
        _project(observed),
        _services(observed),
        _billing(spec, observed),
        *(_policy(c, observed, plan) for c in (*KEY_CONSTRAINTS, *ACCOUNT_CONSTRAINTS)),
        _permissions(observed),
    )


def _project(observed: Observed) -> Line:
    match observed.project:
        case Present(value=info):
            good = info.state in ("ACTIVE", "")
            text = f"{info.id}, number {info.number}, {info.name}" + ("" if good else f": {info.state}")
            return Line("project", "Project", Health.OK if good else Health.BROKEN, text)
        case Unknown() as hidden:
            return _hidden("project", "Project", hidden)
        case _:
            return Line("project", "Project", Health.BROKEN, "does not exist")


def _services(observed: Observed) -> Line:
    parts = observed.services
    hidden = next((p for p in parts.values() if isinstance(p, Unknown)), None)
    off = [name for name, p in parts.items() if not isinstance(p, Unknown) and not (isinstance(p, Present) and p.value)]
    if off:
        return Line("services", "APIs", Health.BROKEN, "off: " + ", ".join(off))
    if hidden is not None:
        return _hidden("services", "APIs", hidden)
    return Line("services", "APIs", Health.OK, f"all {len(parts)} are on")


def _billing(spec: ConnectionSpec, observed: Observed) -> Line:
    match observed.billing:
        case Present(value=True):
            return Line("billing", "Billing", Health.OK, "on")
        case Unknown() as hidden:
            return _hidden("billing", "Billing", hidden)
        case _:
            problem = catalogue.problem("KBQ-BILLING-OFF", context_of(spec))
            return Line("billing", "Billing", Health.BROKEN, "off: Klaviyo cannot write", problem)


def _policy(constraint: str, observed: Observed, plan: Plan) -> Line:
    part: Part[bool] | None = observed.constraints.get(constraint)
    title = f"policy:{constraint}"
    match part:
        case Present(value=True):
            action = "key" if constraint in KEY_CONSTRAINTS else "account"
            problem = next((b.problem for b in plan.blocked if b.id == action), None)
            health = Health.BROKEN if problem is not None else Health.WARNING
            return Line(title, "Policy", health, f"{constraint} is in force", problem)
        case Unknown() as hidden:
            return _hidden(title, "Policy", hidden, f"{constraint}: ")
        case _:
            return Line(title, "Policy", Health.OK, f"{constraint} is not in force")


def _permissions(observed: Observed) -> Line:
    match observed.permissions:
        case Present(value=held):
            missing = [p for p in PREFLIGHT_PERMISSIONS if p not in held]
            if missing:
                return Line("permissions", "Your permissions", Health.WARNING, "you lack " + ", ".join(missing))
            return Line("permissions", "Your permissions", Health.OK, f"all {len(PREFLIGHT_PERMISSIONS)} are held")
        case Unknown() as hidden:
            return _hidden("permissions", "Your permissions", hidden)
        case _:
            return Line("permissions", "Your permissions", Health.UNKNOWN, "not known")


def _hidden(id_: str, title: str, part: Unknown, before: str = "") -> Line:
    return Line(id_, title, Health.UNKNOWN, f"{before}cannot be seen: {part.problem.title}")
