"""`kbq-tui export`: the plan for those who have to apply it in another way."""

from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.cli.render import distinct
from kbq_tui.cli.runner import PlainRunner, plan_of, status_of
from kbq_tui.export.gcloud import to_gcloud
from kbq_tui.export.sql import to_sql
from kbq_tui.export.terraform import to_terraform
from kbq_tui.i18n.messages import translate
from kbq_tui.model.lean_dataclass import dataclass

FORMATS = {"gcloud": to_gcloud, "sql": to_sql, "terraform": to_terraform}


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of `export`.

    Attributes:
        format_: one of `FORMATS`.
    """

    output: OutputOptions
    connection: ConnectionOptions
    format_: str


def export_command(options: ExportOptions, runner: PlainRunner) -> int:
    """Print the plan as commands. Blocked actions are reported on standard error, with the exit status of the first."""
    spec = runner.spec()
    plan, _ = runner.with_ports(spec.name, lambda ports: plan_of(spec, ports))
    for line in FORMATS[options.format_](plan).rstrip("\n").split("\n"):
        runner.console.result(line)
    for problem in distinct([b.problem for b in plan.blocked]):
        runner.console.say()
        runner.console.problem(problem, heading=translate("left out"))
    return status_of([b.problem for b in plan.blocked])
