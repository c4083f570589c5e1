"""The first screen's status panel as data: one finding in each row."""

from dataclasses import replace

from kbq_tui.engine import preflight as judged
from kbq_tui.engine.setup import SetupSession
from kbq_tui.engine.status import Health
from kbq_tui.i18n.messages import EMPTY, Message, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem
from kbq_tui.planning.requirements import ACCOUNT_CONSTRAINTS, KEY_CONSTRAINTS
from kbq_tui.tui.glyphs import Tone


@dataclass(frozen=True, slots=True)
class PreflightRow:
    """One row of a status panel.

    Attributes:
        id: stable.
        tone: its state.
        title: its subject.
        text: the finding; may contain hostile text.
        problem: cause and remedy, if there is something to repair.
    """

    id: str
    tone: Tone
    title: Message
    text: Message
    problem: Problem | None = None


HEALTH = {Health.OK: Tone.OK, Health.WARNING: Tone.WARN, Health.BROKEN: Tone.FAIL, Health.UNKNOWN: Tone.UNKNOWN}
"""The tone for each judgement."""

_NEEDS = {
    "project": ("project",),
    "billing": ("billing",),
    "policy-key": tuple(f"policy:{c}" for c in KEY_CONSTRAINTS),
    "policy-account": tuple(f"policy:{c}" for c in ACCOUNT_CONSTRAINTS),
    "permissions": ("permissions",),
    "datasets": ("datasets",),
}
"""What has to be read before a row can be judged, as `observe` names it."""


def preflight(wizard: SetupSession) -> tuple[PreflightRow, ...]:
    """Return the findings about the project: what is known, what is being read, and what has not been read yet."""
    observed, plan, spec = wizard.observed, wizard.plan, wizard.looked
    if observed is None or plan is None or spec is None or not wizard.current:
        return tuple(_not_yet(wizard, id_, title) for id_, title in judged.TITLES.items())
    rows = [
        _tried(wizard, PreflightRow(line.id, HEALTH[line.health], line.title, line.text, line.problem))
        for line in judged.preflight(spec, observed, plan)
    ]
    return tuple(sorted(rows, key=lambda row: row.tone is not Tone.FAIL))  # obstacles come first


def _tried(wizard: SetupSession, row: PreflightRow) -> PreflightRow:
    """Return a row with what went wrong when a repair was tried here."""
    problem = wizard.failed.get(row.id)
    return row if problem is None else replace(row, text=problem.title, problem=problem)


def _not_yet(wizard: SetupSession, id_: str, title: Message) -> PreflightRow:
    if not wizard.busy:
        return PreflightRow(id_, Tone.TODO, title, EMPTY)
    if id_ in _NEEDS and wizard.parts.issuperset(_NEEDS[id_]):
        return PreflightRow(id_, Tone.OK, title, message("read"))
    return PreflightRow(id_, Tone.READ, title, EMPTY)
