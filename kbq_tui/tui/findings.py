"""What the first screen's status panel says, as data: one finding a row."""

from dataclasses import dataclass, replace

from kbq_tui.core import catalogue
from kbq_tui.core.demands import ACCOUNT_CONSTRAINTS, KEY_CONSTRAINTS
from kbq_tui.core.observed import Absent, Observed, Part, Present, Unknown
from kbq_tui.core.plan import Plan
from kbq_tui.core.problems import Context, Problem
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.wizard import Wizard


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of a status panel.

    Attributes:
        id: stable.
        tone: what it says.
        title: what it is about.
        text: what was found; may hold hostile text.
        problem: cause and remedy, where there is something to mend.
    """

    id: str
    tone: Tone
    title: str
    text: str
    problem: Problem | None = None


_ROWS = (
    ("project", "Project", ("project",)),
    ("services", "APIs", ()),
    ("billing", "Billing", ("billing",)),
    ("policy-key", "Policy on keys", tuple(f"policy:{c}" for c in KEY_CONSTRAINTS)),
    ("policy-account", "Policy on accounts", tuple(f"policy:{c}" for c in ACCOUNT_CONSTRAINTS)),
    ("permissions", "Your permissions", ("permissions",)),
    ("datasets", "Location", ("datasets",)),
)


def preflight(wizard: Wizard) -> tuple[Finding, ...]:
    """Return the findings about the project: what is known, what is being read, what nobody has looked at yet."""
    observed, plan = wizard.observed, wizard.plan
    if observed is None or plan is None or not wizard.current:
        reading = wizard.busy is not None
        return tuple(
            Finding(
                id_,
                Tone.OK
                if needs and all(n in wizard.parts for n in needs) and reading
                else Tone.READ
                if reading
                else Tone.TODO,
                title,
                "read" if needs and all(n in wizard.parts for n in needs) and reading else "",
            )
            for id_, title, needs in _ROWS
        )
    context = wizard.context
    rows = (
        _project(observed),
        *_services(observed, plan),
        _billing(observed, context),
        _policy("policy-key", "Policy on keys", KEY_CONSTRAINTS, "key", observed, plan, context),
        _policy("policy-account", "Policy on accounts", ACCOUNT_CONSTRAINTS, "account", observed, plan, context),
        *_permissions(observed, plan),
        _location(wizard, observed, plan),
    )
    return tuple(sorted(rows, key=lambda row: row.tone is not Tone.FAIL))  # what is in the way stands first


def _unknown(id_: str, title: str, problem: Problem) -> Finding:
    return Finding(id_, Tone.UNKNOWN, title, problem.title, problem)


def _project(observed: Observed) -> Finding:
    match observed.project:
        case Present(value=info):
            good = info.state in ("ACTIVE", "")
            text = f"{info.name or info.id} (number {info.number})" if info.number else info.name or info.id
            return Finding(
                "project", Tone.OK if good else Tone.FAIL, "Project", text if good else f"{text}: {info.state}"
            )
        case Unknown(problem=problem):
            return _unknown("project", "Project", problem)
        case _:
            return Finding("project", Tone.FAIL, "Project", "does not exist")


def _services(observed: Observed, plan: Plan) -> list[Finding]:
    off = [a.id.removeprefix("service:") for a in plan.changes if a.id.startswith("service:")]
    blocked = {b.id.removeprefix("service:"): b.problem for b in plan.blocked if b.id.startswith("service:")}
    unseen = [p.problem for p in observed.services.values() if isinstance(p, Unknown)]
    rows = [Finding(f"service:{n}", Tone.FAIL, "API off", f"{n}: can be turned on here") for n in off]
    rows += [Finding(f"service:{n}", Tone.FAIL, "API off", f"{n}: {p.title}", p) for n, p in blocked.items()]
    if unseen:
        rows.append(_unknown("services", "APIs", unseen[0]))
    if not rows:
        rows.append(Finding("services", Tone.OK, "APIs", f"all {len(observed.services)} are on"))
    return rows


def _billing(observed: Observed, context: Context) -> Finding:
    match observed.billing:
        case Present(value=True):
            return Finding("billing", Tone.OK, "Billing", "is on")
        case Present():
            problem = catalogue.problem("KBQ-BILLING-OFF", context) if "KBQ-BILLING-OFF" in catalogue.CODES else None
            return Finding(
                "billing", Tone.FAIL, "Billing", "is off: Klaviyo's writes to its staging dataset will fail", problem
            )
        case Unknown(problem=problem):
            return _unknown("billing", "Billing", problem)
        case _:
            return Finding("billing", Tone.UNKNOWN, "Billing", "not known")


def _policy(
    id_: str, title: str, constraints: tuple[str, ...], action: str, observed: Observed, plan: Plan, context: Context
) -> Finding:
    what = "keys may be created" if action == "key" else "service accounts may be created"
    parts: list[Part[bool]] = [observed.constraints.get(c, Absent()) for c in constraints]
    on = [c for c, p in zip(constraints, parts, strict=True) if isinstance(p, Present) and p.value]
    if on:
        needed = next((b.problem for b in plan.blocked if b.id == action), None)
        if needed is not None:
            return Finding(id_, Tone.FAIL, title, f"in force: {on[0]}", needed)
        return Finding(id_, Tone.OK, title, f"{on[0]} is in force, but nothing needs creating")
    hidden = [p.problem for p in parts if isinstance(p, Unknown)]
    if hidden:
        return replace(
            _unknown(id_, title, hidden[0]), text=f"cannot be read; the attempt will tell ({hidden[0].title})"
        )
    return Finding(id_, Tone.OK, title, what)


def _permissions(observed: Observed, plan: Plan) -> list[Finding]:
    missing = {b.problem.details["permission"]: b.problem for b in plan.blocked if b.problem.details.get("permission")}
    if missing:
        return [
            Finding(f"permission:{n}", Tone.FAIL, "You may not", f"{p.title.removeprefix('You may not ')} ({n})", p)
            for n, p in missing.items()
        ]
    match observed.permissions:
        case Present():
            return [Finding("permissions", Tone.OK, "Your permissions", "you hold everything that is left to do needs")]
        case Unknown(problem=problem):
            return [_unknown("permissions", "Your permissions", problem)]
        case _:
            return [Finding("permissions", Tone.UNKNOWN, "Your permissions", "not known")]


def _location(wizard: Wizard, observed: Observed, plan: Plan) -> Finding:
    stuck = next((b.problem for b in plan.blocked if b.id.startswith("dataset:")), None)
    found = [n for n, p in observed.datasets.items() if isinstance(p, Present)]
    if plan.location is None:
        return Finding("datasets", Tone.UNKNOWN, "Location", stuck.title if stuck else "not decided", stuck)
    if found:
        return Finding("datasets", Tone.OK, "Location", f"{plan.location}, as the datasets that exist have it")
    why = "as chosen" if wizard.draft.location.strip() else "the default; it can never be changed later"
    return Finding("datasets", Tone.OK, "Location", f"{plan.location}, {why}")
