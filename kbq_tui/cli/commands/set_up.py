"""plan, apply, verify, status and explain as commands: each returns an exit status."""

import json
from collections.abc import Callable, Mapping, Sequence

from kbq_tui.cli.console import Console, column
from kbq_tui.cli.render import EventLines, distinct, show_checks, show_plan, show_status, show_summary
from kbq_tui.cli.report import about_of, report_text
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner, carry_out, check, plan_of, remember_checks, summary_of
from kbq_tui.engine.apply import Outcome
from kbq_tui.engine.health import stopped
from kbq_tui.engine.last_known import LastKnown
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.services import ConnectionDraft
from kbq_tui.engine.status import Status, status
from kbq_tui.export.report import About, to_json
from kbq_tui.i18n.messages import as_message, message, render, translate
from kbq_tui.model.checks import Check, CheckResult, Verdict, expected, healthy
from kbq_tui.model.events import Event
from kbq_tui.model.operations import Change, Step
from kbq_tui.model.problem import Context, Problem
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.summary import Summary
from kbq_tui.model.text import inert


def plan_command(runner: PlainRunner, spec: ConnectionSpec, *, as_json: bool, remove_over_grants: bool = False) -> int:
    """Print what would be done. Exit status 0, or that of the first thing that blocks."""
    plan, _ = runner.with_ports(spec.name, lambda ports: plan_of(spec, ports, remove_over_grants=remove_over_grants))
    if as_json:
        runner.console.json(plan.to_json())
    else:
        show_plan(plan, runner.console, result=True)
    return status_of([b.problem for b in plan.blocked])


def apply_command(
    runner: PlainRunner, spec: ConnectionSpec, *, as_json: bool, agreed: bool, remove_over_grants: bool = False
) -> int:
    """Do what is missing: after a preview and a yes, or at once where that was agreed before.

    Args:
        runner: runs the use cases and holds the console.
        spec: the connection.
        as_json: one event a line, the last one a summary.
        agreed: `--yes`.
        remove_over_grants: also take away what the account holds beyond its need.
    """
    for begun in runner.services.store.unfinished(spec.name):
        runner.console.say(
            translate(
                "note: an earlier run ended in the middle of {action}; what is there now decides.", action=inert(begun)
            )
        )
    record = runner.record(spec.name)
    if not record.filed:
        runner.console.say(translate("new connection {name}", name=spec.name))
    ports = runner.sign_in(spec.name)
    expected: str | None = None
    if not agreed:
        plan, _ = runner.run(plan_of(spec, ports, remove_over_grants=remove_over_grants))
        show_plan(plan, runner.console, result=False)
        if plan.changes or not record.filed:
            if runner.confirm is None or not runner.confirm(translate("Do this?")):
                runner.console.say(translate("Nothing was changed."))
                return 1
            expected = plan.fingerprint
    record.keep(draft=ConnectionDraft.of(spec), confirmed=True)
    tell = _telling(runner, as_json)

    async def work() -> tuple[Outcome, Summary]:
        try:
            outcome = await carry_out(
                spec, ports, runner.services, tell, expected=expected, remove_over_grants=remove_over_grants
            )
            return outcome, await summary_of(spec, ports, outcome.plan.location)
        finally:
            await ports.cloud.close()

    outcome, summary = runner.run(work())
    if outcome.project_seen:
        runner.services.store.remember_project(spec.project)
    if outcome.complete:
        record.keep(screen=Step.VERIFY)
    if as_json:
        runner.console.json(_apply_summary(runner, outcome, summary))
    else:
        _tell_outcome(runner, spec, outcome, summary, shown=not agreed)
    return status_of(outcome.problems) or (0 if outcome.complete else 1)


def _telling(runner: PlainRunner, as_json: bool) -> Callable[[Event], None]:
    """Return what tells events as they come, as lines or as JSON."""
    if not as_json:
        return EventLines(runner.console)
    return lambda event: runner.console.json({"schema": "kbq-tui/apply/v1", **event.to_json()})


def _apply_summary(runner: PlainRunner, outcome: Outcome, summary: Summary) -> dict[str, object]:
    return {
        **summary.to_json(),
        "schema": "kbq-tui/apply/v1",
        "event": "summary",
        "action": None,
        "at": runner.services.clock.now().isoformat(),
        "ok": outcome.complete,
        "done": outcome.done,
        "unchanged": [a.id for a in outcome.plan.actions if a.change is Change.NOOP],
        "failed": [{"id": i, "problem": p.to_json()} for i, p in outcome.failed.items()],
        "skipped": [{"id": i, "because": b} for i, b in outcome.skipped.items()],
        "blocked": [{"id": b.id, "problem": b.problem.to_json()} for b in outcome.plan.blocked],
    }


def _tell_outcome(
    runner: PlainRunner, spec: ConnectionSpec, outcome: Outcome, summary: Summary, *, shown: bool
) -> None:
    console = runner.console
    if not shown:
        for action in outcome.plan.actions:
            if action.change is Change.NOOP and action.id not in outcome.done:
                console.say(f"{console.mark('noop', result=False, width=column())}{inert(render(action.summary))}")
    for blocked in outcome.plan.blocked if not stopped(outcome.plan.causes) else ():
        console.say(f"{console.mark('blocked', result=False, width=column())}{inert(render(blocked.action.summary))}")
    for problem in outcome.problems:
        console.say()
        console.problem(problem)
    if not shown:
        for problem in distinct(outcome.plan.warnings):
            console.say()
            console.problem(problem, heading=translate("note"))
    console.say()
    if not outcome.complete:
        done = len(outcome.done)
        console.say(translate("Not finished: {n} done. What was done stays; run the same command to go on.", n=done))
        return
    console.say(
        translate("Done.") if outcome.done else translate("Everything is in place already; nothing was changed.")
    )
    show_summary(summary, console)
    console.say(translate("Next: {command}", command=inert(runner.services.command("verify", spec.name))))


def verify_command(runner: PlainRunner, spec: ConnectionSpec, *, as_json: bool, report: str | None = None) -> int:
    """Run every check with the key. Exit status 6 where one fails or stays unknown.

    Args:
        runner: runs the use cases and holds the console.
        spec: the connection.
        as_json: one object.
        report: a file to write a report into besides; its kind follows from the name's end.
    """

    known: dict[str, CheckResult] = {}
    lines = EventLines(runner.console)

    def seen(result: CheckResult) -> None:
        known[result.id] = result
        lines.ended(result.id)

    async def work(ports: Ports) -> tuple[tuple[CheckResult, ...], About]:
        results = await check(spec, ports, runner.services, emit=lines, told=seen)
        return results, await about_of(spec, ports)

    try:
        results, about = runner.with_ports(spec.name, work)
    except SystemExit as stopped_by:
        if stopped_by.code == _CTRL_C and known:
            _tell_what_is_known(runner, spec, known, lines, as_json=as_json)
        raise
    if as_json:
        runner.console.json(json.loads(to_json(results, about)))
    else:
        show_checks(results, runner.console, as_result=True)
        if any(r.verdict is Verdict.FAIL and r.problem is not None and r.problem.code in _APPLY_MAKES for r in results):
            runner.console.say(translate("Next: {command}", command=inert(runner.services.command("apply", spec.name))))
    if report is not None:
        runner.write(report, report_text(results, about, report))
        runner.console.say(translate("Report written to {path}", path=inert(report)))
    remember_checks(runner, spec, results)  # last: what it cannot write must not keep the verdicts from being seen
    return 0 if healthy(results) else NOT_HEALTHY


_CTRL_C = 130
_APPLY_MAKES = frozenset(
    {
        "KBQ-ACCOUNT-NOT-VISIBLE",
        "KBQ-DATASET-NOT-FOUND",
        "KBQ-DATASET-NOT-VISIBLE",
        "KBQ-GRANT-MISSING",
        "KBQ-JOB-USER-MISSING",
        "KBQ-KEY-FILE-MISSING",
    }
)
"""What `apply` sets right where a check fails for it."""


def _tell_what_is_known(
    runner: PlainRunner, spec: ConnectionSpec, known: Mapping[str, CheckResult], lines: EventLines, *, as_json: bool
) -> None:
    """Print the checks of a verification that was stopped; nothing of it is remembered."""

    def of(check: Check) -> CheckResult:
        waits = lines.waits_for(check.id)
        text = (
            message("stopped while it waited: {why}", why=waits)
            if waits
            else message("stopped before there was an answer")
        )
        return known.get(check.id) or CheckResult(check, Verdict.UNKNOWN, text)

    results = tuple(of(check) for check in expected(spec))
    if runner.console.live is not None:
        runner.console.live.clear()
    if as_json:
        runner.console.json(json.loads(to_json(results, About(spec, runner.services.clock.now(), spec.location or ""))))
    else:
        show_checks(results, runner.console, as_result=True)
    runner.console.say(translate("Stopped. The last verification is kept as it was."))


def status_command(runner: PlainRunner, spec: ConnectionSpec, *, as_json: bool, known: LastKnown | None = None) -> int:
    """Look at a connection. Exit status 0 where it is healthy, else 6.

    Args:
        runner: runs the use cases and holds the console.
        spec: the connection.
        as_json: one object.
        known: what earlier looks of this run saw.
    """
    last = runner.services.store.last_verify(spec.name)

    async def work(ports: Ports) -> Status:
        return await status(spec, ports, last)

    seen = runner.with_ports(spec.name, work)
    if known is not None:
        seen = known.take(seen)
    if as_json:
        runner.console.json(seen.to_json())
    else:
        show_status(seen, runner.console)
    return 0 if seen.healthy else NOT_HEALTHY


def explain_command(console: Console, text: str, context: Context, *, as_json: bool) -> int:
    """Explain a pasted error."""
    from kbq_tui.diagnosis.recognise import recognise_text

    problem = recognise_text(text, context)
    if as_json:
        console.json({"schema": "kbq-tui/explain/v1", **problem.to_json(), "wait": problem.wait, "link": problem.link})
    else:
        console.problem(problem, result=True, heading=translate("this is") if problem.code else translate("not known"))
        for name, value in problem.details.items():
            console.result(f"  {inert(name)}: {inert(render(as_message(value)))}")
    return 0


def status_of(problems: Sequence[Problem]) -> int:
    """Return the exit status of the first problem, or 0."""
    return problems[0].exit_code if problems else 0
