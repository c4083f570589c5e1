"""Prints plans, events, verdicts and states as lines. Names and messages from outside are made inert here."""

from collections import Counter
from collections.abc import Sequence

from kbq_tui.cli.console import LONGEST, Console, column
from kbq_tui.cli.live import LiveLine
from kbq_tui.diagnosis.root_cause import is_consequence
from kbq_tui.engine.health import stopped
from kbq_tui.engine.last_known import LOOK_EVERY
from kbq_tui.engine.status import Line, Status
from kbq_tui.i18n.messages import EMPTY, Message, as_message, message, render, translate, translate_n
from kbq_tui.model.checks import CheckResult, Verdict, verified
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.figures import bars
from kbq_tui.model.operations import Change
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.summary import Summary
from kbq_tui.model.text import inert

MOST_ALIKE = 5
"""The most problems of one kind that are shown one by one: an account can have very many keys that are not stored
here."""

MOST_DRIFT = 20
"""The most differences from an earlier reading that are named."""

TITLE = 18
"""The least cells of a status line's title."""


def show_plan(plan: Plan, console: Console, *, result: bool, fold: bool = False) -> None:
    """Write a plan: the root cause if there is one, what changes, what is in place, what is blocked and why, and
    warnings.

    Args:
        plan: the plan.
        console: where it is printed.
        result: whether the plan is the command's result.
        fold: whether what is in place is one line, unless the console is verbose.
    """
    folded = [a for a in plan.actions if a.change is Change.NOOP] if fold and not console.verbose else []
    write = console.result if result else console.say
    width = column()
    for cause in plan.causes:
        console.problem(cause, result=result, heading=translate("problem"))
        write("")
    for action in plan.actions:
        if action not in folded:
            write(f"{console.mark(action.word, result=result, width=width)}{inert(render(action.summary))}")
    if folded:
        shown = translate_n("{n} part; -v names it", "{n} parts; -v names them", len(folded))
        write(f"{console.mark('noop', result=result, width=width)}{shown}")
    for blocked in plan.blocked if not stopped(plan.causes) else ():
        write(f"{console.mark('blocked', result=result, width=width)}{inert(render(blocked.action.summary))}")
    own = [b.problem for b in plan.blocked if not is_consequence(b.problem, plan.causes)]
    for problem in distinct(own):
        write("")
        console.problem(problem, result=result, heading=translate("blocked"))
    for problem in distinct(plan.warnings):
        write("")
        console.problem(problem, result=result, heading=translate("note"))
    write("")
    write(counted(plan))


def counted(plan: Plan) -> str:
    """Return the plan in one sentence."""
    if plan.complete:
        return translate("Everything is in place already.")
    changes, same = len(plan.changes), len(plan.actions) - len(plan.changes)
    if not plan.blocked:
        return translate("{changes} to change, {same} in place already.", changes=changes, same=same)
    return translate(
        "{changes} to change, {same} in place already, {blocked} blocked.",
        changes=changes,
        same=same,
        blocked=len(plan.blocked),
    )


def distinct(problems: Sequence[Problem]) -> list[Problem]:
    """Return each problem once; of many of one kind the first few, and the number of the others."""
    seen: dict[tuple[Code | None, Message], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.code, problem.cause), problem)
    counts: Counter[Code | None] = Counter()
    kept: list[Problem] = []
    for problem in seen.values():
        counts[problem.code] += 1
        if counts[problem.code] <= MOST_ALIKE:
            kept.append(problem)
    return kept + [
        Problem(
            code,
            message("{n} more like these", n=count - MOST_ALIKE),
            message("They are not shown one by one; --json has them all."),
        )
        for code, count in counts.items()
        if count > MOST_ALIKE
    ]


class EventLines:
    """Writes events as they come. A wait has one line, which on a terminal is redrawn each second.

    Args:
        console: where they are printed.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._titles: dict[str, Message] = {}
        self._waiting: dict[str, Message] = {}
        self._hinted = False

    def __call__(self, event: Event) -> None:
        match event.kind:
            case EventKind.STARTED | EventKind.PROGRESSED:
                if event.text:
                    self._titles.setdefault(event.action, event.text)
                if self.console.verbose:
                    self._line(event, render(event.text))
            case EventKind.WAITING:
                self._wait(event)
            case EventKind.FINISHED:
                self.ended(event.action)
                self._line(event, translate("{what} ({seconds:.1f} s)", what=event.text, seconds=event.elapsed))
            case EventKind.FAILED | EventKind.SKIPPED:
                self.ended(event.action)
                self._line(event, f"{self._title(event)}: {render(event.text)}")

    def ended(self, action: str) -> None:
        """Remove the line of a wait that has ended."""
        self._waiting.pop(action, None)
        if self.console.live is not None:
            self.console.live.drop(action)

    def waits_for(self, action: str) -> Message:
        """Return what an action or check waits for; empty if it does not wait."""
        return self._waiting.get(action, EMPTY)

    def _wait(self, event: Event) -> None:
        before, self._waiting[event.action] = self._waiting.get(event.action), event.text
        title, text = inert(self._title(event)), inert(render(event.text))
        if self.console.live is not None:
            if not self._hinted:
                self._hinted = True
                self.console.say(translate("Ctrl+C stops waiting, and undoes nothing."))
            self.console.live.put(event.action, LiveLine(self._mark(event), column(), title, text))
        elif before is None or before.template != event.text.template:
            self.console.say(f"{self._mark(event)}{title}: {text}")

    def _title(self, event: Event) -> str:
        title = self._titles.get(event.action)
        return render(title) if title else event.action

    def _mark(self, event: Event) -> str:
        return self.console.mark(event.kind.value, result=False, width=column())

    def _line(self, event: Event, text: str) -> None:
        self.console.say(f"{self._mark(event)}{inert(text)}")


def show_check(result: CheckResult, console: Console, *, as_result: bool) -> None:
    """Write one verdict, with the evidence if it is not a plain pass."""
    write = console.result if as_result else console.say
    width = column()
    title = translate("{what} ({seconds:.1f} s)", what=inert(render(result.title)), seconds=result.seconds)
    shown = "warning" if result.warns else result.verdict.value
    write(f"{console.mark(shown, result=as_result, width=width)}{result.check.article:<4} {title}")
    if result.verdict is not Verdict.PASS or result.warns or console.verbose:
        for line in console.prose(inert(render(result.evidence), LONGEST), " " * (width + 5)):
            write(line)
    if console.verbose and result.command:
        write(" " * (width + 5) + inert(render(as_message(result.command))))


def show_checks(results: Sequence[CheckResult], console: Console, *, as_result: bool) -> None:
    """Write every verdict, then each problem once, then the sum."""
    write = console.result if as_result else console.say
    for result in results:
        show_check(result, console, as_result=as_result)
    for warns, heading in ((False, translate("problem")), (True, translate("note"))):
        for problem in distinct([r.problem for r in results if r.problem is not None and r.warns is warns]):
            write("")
            console.problem(problem, result=as_result, heading=heading)
    write("")
    write(render(verified(results)))


def show_line(line: Line, console: Console, *, result: bool, width: int = TITLE) -> None:
    """Write one line of a status; `width` is that of the title."""
    write = console.result if result else console.say
    health = console.mark(line.health.value, result=result, width=column())
    drawn = f"  {bars(line.counts, ascii_=console.ascii)}" if line.counts else ""
    write(f"{health}{render(line.title):<{width}} {inert(render(line.text), 300)}{drawn}")


def width_of(lines: Sequence[Line]) -> int:
    """Return the width of the longest title."""
    return max(TITLE, *(len(render(line.title)) for line in lines))


def show_status(status: Status, console: Console) -> None:
    """Write the state of a connection, and the problems of its parts."""
    name, project = inert(status.spec.name), status.spec.project
    console.result(
        translate("{name}: ok, {project}", name=name, project=project)
        if status.healthy
        else translate("{name}: NOT OK, {project}", name=name, project=project)
    )
    if status.stale:
        console.result(render(_stale(status)))
    width = width_of(status.lines)
    for line in status.lines:
        show_line(line, console, result=True, width=width)
    _show_drift(status, console)
    if not status.healthy or console.verbose:
        for problem in distinct([ln.problem for ln in status.lines if ln.problem is not None]):
            console.say()
            console.problem(problem, heading=translate("problem"))


def _show_drift(status: Status, console: Console) -> None:
    """Write what differs from the dashboard's earlier reading, and who changed it."""
    if not status.drift:
        return
    console.result(translate("Changed since an earlier look of the dashboard:"))
    for each in status.drift[:MOST_DRIFT]:
        console.result(f"  {inert(render(each.text))}, {inert(render(each.author.text))}")
    if (more := len(status.drift) - MOST_DRIFT) > 0:
        console.result("  " + translate("… {n} more; --json has them all", n=more))


def _stale(status: Status) -> Message:
    """Return the age of the values, and since when there are no newer ones."""
    at = f"{status.as_of:%Y-%m-%d %H:%M:%S}" if status.as_of is not None else ""
    since = f"{status.since:%H:%M:%S}" if status.since is not None else ""
    if since and at:
        return message(
            "Shown is what was seen {at} UTC; no answer since {since} UTC, next try in {n} s.",
            at=at,
            since=since,
            n=LOOK_EVERY,
        )
    if at:
        return message("Nothing could be read now; the last verification is of {at} UTC.", at=at)
    return message("Nothing could be read, and nothing is known from before.")


def show_summary(summary: Summary, console: Console) -> None:
    """Write the hand-over values."""
    for line in summary.lines():
        console.result(inert(render(line)) if line else "")
