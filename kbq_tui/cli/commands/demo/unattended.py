"""The whole set-up in one run, without questions: read, plan, apply, verify, summary."""

from kbq_tui.cli.render import EventLines, show_checks, show_plan, show_summary
from kbq_tui.cli.runner import (
    NOT_HEALTHY,
    PlainRunner,
    carry_out,
    check,
    plan_of,
    remember_checks,
    status_of,
    summary_of,
)
from kbq_tui.engine.apply import Outcome
from kbq_tui.engine.services import ConnectionDraft
from kbq_tui.i18n.messages import translate
from kbq_tui.model.checks import CheckResult, healthy
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.steps import Step
from kbq_tui.model.summary import Summary


def whole_command(runner: PlainRunner, spec: ConnectionSpec, *, as_json: bool) -> int:
    """Set up a connection and verify it.

    Returns:
        0, or the exit status of the first thing that blocks it, or 6 if a check does not pass.
    """
    console, services = runner.console, runner.services
    ports = runner.sign_in(spec.name, changes=True)
    plan, _ = runner.run(plan_of(spec, ports))
    console.say(translate("Plan for project {project}:", project=spec.project))
    show_plan(plan, console, result=False)
    record = runner.record(spec.name)
    record.keep(draft=ConnectionDraft.of(spec), confirmed=True)

    async def rest() -> tuple[Outcome, tuple[CheckResult, ...], Summary]:
        try:
            outcome = await carry_out(spec, ports, services, EventLines(console), expected=plan.fingerprint)
            results: tuple[CheckResult, ...] = ()
            if outcome.complete:
                results = await check(spec, ports, services, emit=EventLines(console))
            return outcome, results, await summary_of(spec, ports, outcome.plan.location)
        finally:
            await ports.cloud.close()

    if plan.changes:
        console.say()
        console.say(translate("Applying:"))
    outcome, results, summary = runner.run(rest())
    if not outcome.complete:
        for problem in outcome.failed.values():
            console.say()
            console.problem(problem)
        return status_of(outcome.problems) or 1
    record.keep(screen=Step.VERIFY)
    console.say()
    console.say(translate("Verifying with the key:"))
    show_checks(results, console, as_result=False)
    remember_checks(runner, spec, results)
    console.say()
    if as_json:
        console.json(summary.to_json())
    else:
        show_summary(summary, console)
    return 0 if healthy(results) else NOT_HEALTHY
