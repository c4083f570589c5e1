"""The plan for those who have to apply it in another way."""

from kbq_tui.cli.commands.export import ExportOptions
from kbq_tui.cli.render import distinct
from kbq_tui.cli.runner import PlainRunner, plan_of, status_of
from kbq_tui.export.gcloud import to_gcloud
from kbq_tui.export.sql import to_sql
from kbq_tui.export.terraform import to_terraform
from kbq_tui.i18n.messages import translate

_WRITTEN = {"gcloud": to_gcloud, "sql": to_sql, "terraform": to_terraform}


def export_command(options: ExportOptions, runner: PlainRunner) -> int:
    """Print the plan as commands. Blocked actions are reported on standard error, with the exit status of the first."""
    spec = runner.spec()
    plan, _ = runner.with_ports(spec.name, lambda ports: plan_of(spec, ports))
    for line in _WRITTEN[options.format_](plan).rstrip("\n").split("\n"):
        runner.console.result(line)
    for problem in distinct([b.problem for b in plan.blocked]):
        runner.console.say()
        runner.console.problem(problem, heading=translate("left out"))
    return status_of([b.problem for b in plan.blocked])
