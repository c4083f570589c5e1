"""`kbq-tui teardown`: remove what we created, and nothing else."""

from collections.abc import Callable

from kbq_tui.cli.change_json import event_json, summary_json
from kbq_tui.cli.commands.teardown import TeardownOptions
from kbq_tui.cli.consent import Consent
from kbq_tui.cli.console import Console, column
from kbq_tui.cli.render import EventLines, distinct
from kbq_tui.cli.runner import PlainRunner, status_of
from kbq_tui.engine.apply import Outcome
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.services import patience_of
from kbq_tui.engine.teardown import tear_down, teardown_plan
from kbq_tui.engine.waiting import Emit
from kbq_tui.i18n.messages import render, translate, translate_n
from kbq_tui.model.observed import Observed, Unknown, value_of
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.plan import Plan
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.summary import Summary
from kbq_tui.model.text import inert


def teardown_command(options: TeardownOptions, runner: PlainRunner) -> int:
    """Remove what we created according to the journal and labels: after a preview and a yes, or at once with `--yes`.

    Raises:
        UsageError: there is nobody to ask, and no `--yes`; or data is to be deleted, and the name was not typed.
    """
    spec = runner.spec()
    preview = str(runner.services.command("teardown --dry-run", spec.name))
    if options.dry_run:
        plan, _ = runner.with_ports(spec.name, lambda ports: teardown_plan(spec, ports, with_data=options.with_data))
        if options.output.as_json:
            runner.console.json(plan.to_json())
        else:
            _show(plan, runner.console, runner.console.result)
        return 0
    consent = Consent.asked(
        runner,
        spec.name,
        yes=options.yes,
        confirmed=options.confirm,
        destroys=True,
        data=options.with_data,
        preview=preview,
    )
    with runner.lock():
        ports = runner.sign_in(spec.name, changes=True)
        try:
            return _teardown(options, runner, spec, ports, consent)
        finally:
            runner.run(ports.cloud.close())


def _teardown(
    options: TeardownOptions, runner: PlainRunner, spec: ConnectionSpec, ports: Ports, consent: Consent
) -> int:
    console, as_json = runner.console, options.output.as_json
    plan, seen = runner.run(teardown_plan(spec, ports, with_data=options.with_data))
    if not as_json:
        _show(plan, console, console.say)
    if plan.changes and not consent.to(translate("Take this away?")):
        return 1
    emit: Emit = EventLines(console)
    if as_json:
        emit = lambda event: console.json(event_json(event))  # noqa: E731
    work = tear_down(
        spec, ports, emit, patience_of(runner.services), with_data=options.with_data, expected=plan.fingerprint
    )
    outcome = runner.run(work)
    left = _local_key(runner, spec, ports, outcome, seen)
    if as_json:
        console.json(_summary(runner, spec, outcome))
    else:
        for line in left:
            console.say(inert(line, 1_000))
        for problem in outcome.problems:
            console.say()
            console.problem(problem)
        console.say()
        console.say(_verdict(outcome))
        if outcome.complete:
            command = runner.services.command("connections remove", spec.name)
            console.say(translate("This machine still knows the connection: {command}", command=inert(str(command))))
    return status_of(outcome.problems) or (0 if outcome.complete else 1)


def _show(plan: Plan, console: Console, write: Callable[[str], None]) -> None:
    """Write what is removed, what stays and why, and what cannot be decided."""
    result = write == console.result
    for action in plan.actions:
        write(f"{console.mark(action.word, result=result, width=column())}{inert(render(action.summary))}")
    for blocked in plan.blocked:
        write(f"{console.mark('blocked', result=result, width=column())}{inert(render(blocked.action.summary))}")
    for stays in plan.warnings:
        write(f"{console.mark('noop', result=result, width=column())}{inert(render(stays.cause), 300)}")
    for problem in distinct([blocked.problem for blocked in plan.blocked]):
        write("")
        console.problem(problem, result=result, heading=translate("blocked"))
    write("")
    write(translate_n("{n} thing to take away.", "{n} things to take away.", len(plan.changes)))


def _local_key(
    runner: PlainRunner, spec: ConnectionSpec, ports: Ports, outcome: Outcome, seen: Observed
) -> tuple[str, ...]:
    """Destroy the local file of a key that was deleted at Google, and the keyring's copy. Returns the lines to
    print."""
    local = value_of(seen.key)
    if local is None or not _is_deleted(local.key_id, outcome, seen):
        return ()
    said = []
    if local.in_keyring and (why := ports.keys.forget_copy(spec.project, spec.account_email)):
        said.append(render(why))
    if local.path:
        runner.local_keys.shred(spec.key_file, spec.project, spec.account_email)
        said.append(translate("Destroyed {path}.", path=local.path))
    return tuple(said)


def _is_deleted(key_id: str, outcome: Outcome, seen: Observed) -> bool:
    """Whether we have deleted a key at Google, now or in an earlier run that ended before its file was destroyed."""
    now = [a.id for a in outcome.plan.actions if a.key.kind is ActionKind.DELETE_KEY and a.key.detail == key_id]
    if now:
        return now[0] in outcome.done
    before = any(c.key.kind is ActionKind.DELETE_KEY and c.key.detail == key_id for c in seen.changes)
    return before and not isinstance(seen.keys, Unknown) and key_id not in {k.id for k in value_of(seen.keys) or ()}


def _verdict(outcome: Outcome) -> str:
    stays = len(outcome.plan.warnings)
    if not outcome.complete:
        done = len(outcome.done)
        return translate("Not finished: {n} done. What was done stays; run the same command to go on.", n=done)
    if not outcome.done and stays:
        return translate("Nothing of ours is left to take away. What was not made here, or is used by others, stays.")
    if not outcome.done:
        return translate("Nothing of ours is left to take away.")
    if stays:
        return translate("Done. What was not made here, or is used by others, stays.")
    return translate("Done: nothing of ours is left.")


def _summary(runner: PlainRunner, spec: ConnectionSpec, outcome: Outcome) -> dict[str, object]:
    summary = Summary.of(spec, None, outcome.plan.location)
    stays = [problem.to_json() for problem in outcome.plan.warnings]
    return {**summary_json(summary, outcome, runner.services.clock.now()), "stays": stays}
