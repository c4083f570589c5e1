"""`kbq-tui plan`: what `apply` would change."""

from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.cli.render import show_plan
from kbq_tui.cli.runner import PlainRunner, plan_of, status_of
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What was typed.

    Attributes:
        remove_over_grants: also plan to take away what the account holds beyond its need.
    """

    output: OutputOptions
    connection: ConnectionOptions
    remove_over_grants: bool = False


def plan_command(options: PlanOptions, runner: PlainRunner) -> int:
    """Print what would be done. Exit status 0, or that of the first thing that blocks."""
    spec = runner.spec()
    plan, _ = runner.with_ports(
        spec.name, lambda ports: plan_of(spec, ports, remove_over_grants=options.remove_over_grants)
    )
    if options.output.as_json:
        runner.console.json(plan.to_json())
    else:
        show_plan(plan, runner.console, result=True)
    return status_of([b.problem for b in plan.blocked])
