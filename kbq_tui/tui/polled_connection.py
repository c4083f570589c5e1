"""One connection of the dashboard: what is known of it, possibly from before an outage."""

from dataclasses import dataclass, field, replace

from kbq_tui.engine.hand_over import summary_seen
from kbq_tui.engine.health import outage_of
from kbq_tui.engine.key_status import key_in_use
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.overview import WORST_FIRST, Overview
from kbq_tui.engine.services import SavedConnection
from kbq_tui.engine.status import Health, Line, Status
from kbq_tui.i18n.messages import EMPTY, Message, joined
from kbq_tui.model.observed import Unknown
from kbq_tui.model.problem import Problem
from kbq_tui.model.steps import Step
from kbq_tui.model.summary import Summary


@dataclass(slots=True)
class PolledConnection:
    """One connection.

    Attributes:
        saved: as this machine remembers it.
        read: whether it was read from its file.
        status: the last look that Google answered, else the first one; kept while later ones get no answer.
        problem: why the latest look got no answer, or None.
        history: the last looks.
        kept: the last looks as saved.
    """

    saved: SavedConnection
    read: bool = True
    status: Status | None = None
    problem: Problem | None = None
    history: LookHistory = field(default_factory=LookHistory)
    kept: LookHistory = field(default_factory=LookHistory)
    _overview: Overview | None = None

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.saved.draft.name

    @property
    def known_before(self) -> bool:
        """Whether any look was answered by Google."""
        return self.status is not None and outage_of(self.status.plan.causes) is None

    @property
    def health(self) -> Health:
        """The worst of what is known, possibly from before an outage; unknown if nothing is."""
        if not self.known_before:
            return Health.UNKNOWN
        found = {line.health for line in self.known}
        return next((h for h in WORST_FIRST if h in found), Health.OK)

    @property
    def known(self) -> tuple[Line, ...]:
        """What is known of the connection, without the reason why the latest look got no answer."""
        if self.status is None:
            return ()
        return tuple(x for x in self.status.lines if not (self.status.stale and x.problem in self.status.causes))

    @property
    def worst(self) -> Line | None:
        """The first of the worst lines that are not ok."""
        return next((line for h in WORST_FIRST[:-1] for line in self.known if line.health is h), None)

    def changed(self) -> None:
        """Note that something of the connection has changed."""
        self._overview = None

    @property
    def overview(self) -> Overview:
        """The connection's row in the list."""
        if self._overview is None:
            self._overview = self._row()
        return self._overview

    def _row(self) -> Overview:
        draft, seen = self.saved.draft, self.status
        row = Overview(draft.name, draft.project, history=self.history)
        if self.problem is not None:
            row = replace(row, stale=True, unread=self.problem.title)
        if seen is None:
            row = replace(row, looked=False)
            return row if self.problem is None else replace(row, health=Health.UNKNOWN)
        unread = next((line for line in self.known if line.health is Health.UNKNOWN), None)
        key = key_in_use(seen.observed)
        return replace(
            row,
            health=self.health,
            reason=_told(self.worst),
            unread=row.unread or _why(unread),
            key_created=key.created if key is not None else None,
            key_unread=isinstance(seen.observed.keys, Unknown),
            verified=seen.verified,
        )

    def values(self) -> Summary:
        """Return the values for Klaviyo, as far as they are known. Raises InvalidValueError."""
        spec, seen = self.saved.draft.spec(), self.status
        if seen is None:
            return summary_seen(spec, None, spec.location)
        return summary_seen(spec, seen.observed, seen.plan.location)

    def step(self) -> Step:
        """Return the step at which something is left to do."""
        plan = self.status.plan if self.status else None
        if plan is not None:
            for step in (Step.PROJECT, Step.DATASETS, Step.ACCOUNT, Step.PERMISSIONS):
                part = plan.step(step)
                if part.changes or part.blocked:
                    return step
        return Step.VERIFY if self.saved.finished else self.saved.screen or Step.PROJECT


def _told(line: Line | None) -> Message:
    """Return a line in one sentence; empty for none."""
    return EMPTY if line is None else joined(": ", line.title, line.problem.title if line.problem else line.text)


def _why(line: Line | None) -> Message:
    """Return why a line could not be read; empty for none."""
    return EMPTY if line is None else line.problem.title if line.problem is not None else _told(line)
