"""`kbq-tui plan`: what `apply` would change."""

import shlex

from kbq_tui import __version__
from kbq_tui.cli.commands.plan import PlanOptions
from kbq_tui.cli.render import show_plan
from kbq_tui.cli.runner import PlainRunner, plan_of, status_of
from kbq_tui.i18n.messages import translate
from kbq_tui.model.command import Command
from kbq_tui.model.plan import Plan
from kbq_tui.model.saved_plan import SavedPlan
from kbq_tui.model.text import inert


def plan_command(options: PlanOptions, runner: PlainRunner) -> int:
    """Print what would be done, and save it if asked to.

    Exit status 0, or that of the first blocked action.
    """
    spec = runner.spec()
    if options.out is not None:
        runner.plans.check(options.out)
    plan, _ = runner.with_ports(
        spec.name, lambda ports: plan_of(spec, ports, remove_over_grants=options.remove_over_grants)
    )
    if options.output.as_json:
        runner.console.json(plan.to_json())
    else:
        show_plan(plan, runner.console, result=True, fold=True)
    if options.out is not None:
        filed = runner.record(spec.name).filed_spec
        now, tool = runner.services.clock.now().isoformat(timespec="seconds"), f"kbq-tui {__version__}"
        removing = options.remove_over_grants
        runner.plans.write(options.out, SavedPlan.of(plan, spec, filed, remove_over_grants=removing, at=now, tool=tool))
        runner.console.say(translate("Saved. To carry out just this: {command}", command=_apply(options, runner)))
    elif not options.output.as_json:
        runner.console.say(translate("Next: {command}", command=inert(str(_next(plan, runner, spec.name)))))
    return status_of([b.problem for b in plan.blocked])


def _next(plan: Plan, runner: PlainRunner, name: str) -> Command:
    """Return the next command for a plan: apply it, have somebody else apply it, or verify."""
    blocked = plan.blocked and not plan.changes
    return runner.services.command("verify" if plan.complete else "export gcloud" if blocked else "apply", name)


def _apply(options: PlanOptions, runner: PlainRunner) -> str:
    """Return the command that applies the saved plan."""
    path = options.out or ""
    config = runner.services.config
    words = ["kbq-tui", "apply", path if "/" in path else f"./{path}", *(("--config", config) if config else ())]
    return inert(shlex.join(words), 1_000)
