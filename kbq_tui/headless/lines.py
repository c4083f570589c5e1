"""Plans, events, verdicts and states as lines. Names and messages from outside are made inert here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from kbq_tui.core.checks import CheckResult, Verdict, healthy
from kbq_tui.core.events import Event, EventKind
from kbq_tui.core.plan import Plan
from kbq_tui.core.problems import Problem
from kbq_tui.core.summary import Summary
from kbq_tui.core.text import inert
from kbq_tui.engine.status import Line, Status
from kbq_tui.headless.paper import LONGEST, Paper

_MARK = 12
"""Cells of a glyph with its word."""

MOST_ALIKE = 5
"""Problems of one kind that are shown one by one: an account can have very many keys that are not held here."""

WAIT_EVERY = 10.0
"""Seconds between two lines about one wait."""


def show_plan(plan: Plan, paper: Paper, *, result: bool) -> None:
    """Write a plan: what changes, what is in place, what is blocked and why, what else is worth knowing.

    Args:
        plan: the plan.
        paper: where to.
        result: whether the plan is what was asked for, or is said on the way.
    """
    write = paper.result if result else paper.say
    for action in plan.actions:
        write(f"{paper.mark(action.change.value, result=result, width=_MARK)}{inert(action.summary)}")
    for blocked in plan.blocked:
        write(f"{paper.mark('blocked', result=result, width=_MARK)}{inert(blocked.action.summary)}")
    for problem in distinct([b.problem for b in plan.blocked]):
        write("")
        paper.problem(problem, result=result, heading="blocked")
    for problem in distinct(plan.warnings):
        write("")
        paper.problem(problem, result=result, heading="note")
    write("")
    write(counted(plan))


def counted(plan: Plan) -> str:
    """Return the plan in one sentence."""
    if plan.complete:
        return "Everything is in place already."
    same = len(plan.actions) - len(plan.changes)
    parts = [f"{len(plan.changes)} to change", f"{same} in place already"]
    if plan.blocked:
        parts.append(f"{len(plan.blocked)} blocked")
    return ", ".join(parts) + "."


def distinct(problems: Sequence[Problem]) -> list[Problem]:
    """Return each problem once; of many of one kind the first few, and how many more there are."""
    seen: dict[tuple[str | None, str], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.code, problem.cause), problem)
    counts: Counter[str | None] = Counter()
    kept: list[Problem] = []
    for problem in seen.values():
        counts[problem.code] += 1
        if counts[problem.code] <= MOST_ALIKE:
            kept.append(problem)
    return kept + [
        Problem(code, f"{count - MOST_ALIKE} more like these", "They are not shown one by one; --json has them all.")
        for code, count in counts.items()
        if count > MOST_ALIKE
    ]


@dataclass(slots=True)
class EventLines:
    """Writes events as they come; of a wait, the first and then one every ten seconds.

    Attributes:
        paper: where to.
    """

    paper: Paper
    _titles: dict[str, str] = field(default_factory=dict)
    _told: dict[str, float] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        match event.kind:
            case EventKind.STARTED | EventKind.PROGRESSED:
                if event.text:
                    self._titles.setdefault(event.action, event.text)
                if self.paper.verbose:
                    self._line(event, event.text)
            case EventKind.WAITING:
                last = self._told.get(event.action)
                if last is None or event.elapsed - last >= WAIT_EVERY:
                    self._told[event.action] = event.elapsed
                    until = f", {event.elapsed:.0f} of at most {event.limit:.0f} s" if event.limit else ""
                    name = self._titles.get(event.action, event.action)
                    self._line(
                        event, f"{name}: not yet ({event.text}{until}; Ctrl+C stops waiting, and undoes nothing)"
                    )
            case EventKind.FINISHED:
                self._line(event, f"{event.text} ({event.elapsed:.1f} s)")
            case EventKind.FAILED:
                self._line(event, f"{self._titles.get(event.action, event.action)}: {event.text}")
            case EventKind.SKIPPED:
                self._line(event, f"{self._titles.get(event.action, event.action)}: {event.text}")

    def _line(self, event: Event, text: str) -> None:
        self.paper.say(f"{self.paper.mark(event.kind.value, result=False, width=_MARK)}{inert(text)}")


def show_check(result: CheckResult, paper: Paper, *, as_result: bool) -> None:
    """Write one verdict, with the evidence where it is not a pass."""
    write = paper.result if as_result else paper.say
    mark = paper.mark(result.verdict.value, result=as_result, width=_MARK)
    write(f"{mark}{result.check.article:<4} {inert(result.check.title)} ({result.seconds:.1f} s)")
    if result.verdict is not Verdict.PASS or paper.verbose:
        for line in paper.prose(inert(result.evidence, LONGEST), " " * (_MARK + 5)):
            write(line)
    if paper.verbose and result.command:
        write(" " * (_MARK + 5) + inert(result.command))


def show_checks(results: Sequence[CheckResult], paper: Paper, *, as_result: bool) -> None:
    """Write every verdict, then each problem once, then the sum."""
    write = paper.result if as_result else paper.say
    for result in results:
        show_check(result, paper, as_result=as_result)
    for problem in distinct([r.problem for r in results if r.problem is not None and r.verdict is not Verdict.PASS]):
        write("")
        paper.problem(problem, result=as_result, heading="problem")
    write("")
    write(verdict_of(results))


def verdict_of(results: Sequence[CheckResult]) -> str:
    """Return the verification in one sentence."""
    counts = [
        f"{sum(r.verdict is v for r in results)} {v.value}" for v in Verdict if any(r.verdict is v for r in results)
    ]
    return ("Verified: " if healthy(results) else "Not verified: ") + ", ".join(counts) + "."


def show_line(line: Line, paper: Paper, *, result: bool) -> None:
    """Write one line of a status."""
    write = paper.result if result else paper.say
    write(f"{paper.mark(line.health.value, result=result, width=_MARK)}{line.title:<18} {inert(line.text, 300)}")


def show_status(status: Status, paper: Paper) -> None:
    """Write a connection at a glance, and what stands in the way."""
    paper.result(f"{inert(status.spec.name)}: {'healthy' if status.healthy else 'NOT HEALTHY'}, {status.spec.project}")
    for line in status.lines:
        show_line(line, paper, result=True)
    if not status.healthy or paper.verbose:
        for problem in distinct([ln.problem for ln in status.lines if ln.problem is not None]):
            paper.say()
            paper.problem(problem, heading="problem")


def show_summary(summary: Summary, paper: Paper) -> None:
    """Write the hand-over values."""
    for line in summary.lines():
        paper.result(inert(line) if line else "")
