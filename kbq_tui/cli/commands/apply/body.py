"""`kbq-tui apply`: do what is missing."""

from collections.abc import Callable

from kbq_tui.cli.change_json import event_json, summary_json
from kbq_tui.cli.commands.apply import ApplyOptions
from kbq_tui.cli.consent import Consent
from kbq_tui.cli.console import column
from kbq_tui.cli.render import EventLines, distinct, show_plan, show_summary
from kbq_tui.cli.runner import PlainRunner, carry_out, plan_of, status_of, summary_of
from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.apply import Outcome
from kbq_tui.engine.health import stopped
from kbq_tui.engine.services import ConnectionDraft
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event
from kbq_tui.model.operations import Change, Step
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.saved_plan import SavedPlan, differing
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.summary import Summary
from kbq_tui.model.text import inert
from kbq_tui.planning.diff import context_of


def apply_command(options: ApplyOptions, runner: PlainRunner, saved: SavedPlan | None = None) -> int:
    """Do what is missing: after a preview and a yes, or at once with `--yes`.

    With `--json` each event is a line, and the last line is a summary.

    Args:
        options: the command's options.
        runner: runs it.
        saved: the plan to apply exactly or not at all; None for what is missing now.

    Raises:
        UsageError: there is no terminal to ask on, and no `--yes`.
        ProblemError: the saved plan is stale; nothing was changed.
    """
    spec = runner.spec()
    consent = Consent.asked(
        runner,
        spec.name,
        yes=options.yes,
        confirmed=options.confirm,
        destroys=options.remove_over_grants,
        preview=str(runner.services.command("plan", spec.name)),
    )
    with runner.lock():
        return _apply(options, runner, spec, consent, saved)


def _apply(
    options: ApplyOptions, runner: PlainRunner, spec: ConnectionSpec, consent: Consent, saved: SavedPlan | None
) -> int:
    for begun in runner.services.store.unfinished(spec.name):
        runner.console.say(
            translate(
                "note: an earlier run ended in the middle of {action}; what is there now decides.", action=inert(begun)
            )
        )
    record = runner.record(spec.name)
    if saved is not None:
        _check_values(saved, spec, record.filed_spec, runner)
    if not record.filed:
        runner.console.say(translate("new connection {name}", name=spec.name))
    ports = runner.sign_in(spec.name, changes=True)
    expected = saved.fingerprint if saved is not None else None
    if not consent.given or (saved is not None and not record.filed):  # a refused plan creates no connection
        plan, _ = runner.run(plan_of(spec, ports, remove_over_grants=options.remove_over_grants))
        if saved is not None:
            _check_plan(saved, plan, runner, spec)
    if not consent.given:
        show_plan(plan, runner.console, result=False, fold=True)
        if plan.changes or not record.filed:
            owned = any(warning.code == Code.TERRAFORM_OWNED for warning in plan.warnings)
            if owned:
                export = inert(str(runner.services.command("export terraform", spec.name)))
                runner.console.say(translate("Rather give Terraform the plan: {command}", command=export))
            if not consent.to(translate("Do this all the same?" if owned else "Do this?")):
                return 1
            expected = plan.fingerprint
    record.keep(draft=ConnectionDraft.of(spec), confirmed=True)
    tell = _telling(runner, options.output.as_json)

    async def work() -> tuple[Outcome, Summary]:
        try:
            outcome = await carry_out(
                spec, ports, runner.services, tell, expected=expected, remove_over_grants=options.remove_over_grants
            )
            return outcome, await summary_of(spec, ports, outcome.plan.location)
        except ProblemError as error:
            if saved is not None and error.problem.code == Code.STALE_PLAN:
                plan, _ = await plan_of(spec, ports, remove_over_grants=options.remove_over_grants)
                _check_plan(saved, plan, runner, spec)
            raise
        finally:
            await ports.cloud.close()

    outcome, summary = runner.run(work())
    if outcome.project_seen:
        runner.services.store.remember_project(spec.project)
    if outcome.complete:
        record.keep(screen=Step.VERIFY)
    if options.output.as_json:
        runner.console.json(summary_json(summary, outcome, runner.services.clock.now()))
    else:
        _tell_outcome(runner, spec, outcome, summary, shown=not consent.given)
    return status_of(outcome.problems) or (0 if outcome.complete else 1)


def _check_values(saved: SavedPlan, spec: ConnectionSpec, filed: ConnectionSpec | None, runner: PlainRunner) -> None:
    """Check that the connection is still the one that was planned. Raises ProblemError (stale)."""
    changed = saved.changed_values(filed) or differing(saved.spec, spec)
    if not changed:
        return
    for key in changed:
        if key == "name":
            runner.console.say(translate("the connection {name} was made or removed since", name=spec.name))
        else:
            runner.console.say(translate("changed in the connection since: {key}", key=key))
    raise ProblemError(_stale(runner, spec))


def _check_plan(saved: SavedPlan, plan: Plan, runner: PlainRunner, spec: ConnectionSpec) -> None:
    """Check that a plan does what the saved one does; print what is different. Raises ProblemError (stale)."""
    if plan.fingerprint == saved.fingerprint:
        return
    now = {action.id: action.change.value for action in plan.changes}
    say = runner.console.say
    for id_ in sorted(now.keys() - saved.changes.keys()):
        say(translate("to be done now, and not in the saved plan: {action}", action=inert(f"{now[id_]} {id_}")))
    for id_ in sorted(saved.changes.keys() - now.keys()):
        say(
            translate(
                "in the saved plan, and not to be done any more: {action}", action=inert(f"{saved.changes[id_]} {id_}")
            )
        )
    for id_ in sorted(now.keys() & saved.changes.keys()):
        if now[id_] != saved.changes[id_] or now.keys() == saved.changes.keys():
            say(translate("to be done otherwise than in the saved plan: {action}", action=inert(id_)))
    raise ProblemError(_stale(runner, spec))


def _stale(runner: PlainRunner, spec: ConnectionSpec) -> Problem:
    return runner.services.named(catalogue.problem(Code.STALE_PLAN, context_of(spec)), spec.name)


def _telling(runner: PlainRunner, as_json: bool) -> Callable[[Event], None]:
    """Return a function that prints events as they come, as lines or as JSON."""
    if not as_json:
        return EventLines(runner.console)
    return lambda event: runner.console.json(event_json(event))


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
        console.say(translate("Next: {command}", command=inert(str(runner.services.command("apply", spec.name)))))
        return
    console.say(
        translate("Done.") if outcome.done else translate("Everything is in place already; nothing was changed.")
    )
    show_summary(summary, console)
    console.say(translate("Next: {command}", command=inert(str(runner.services.command("verify", spec.name)))))
