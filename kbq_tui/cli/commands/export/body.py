"""The plan for those who have to apply it in another way."""

from kbq_tui.cli.commands.export import ExportOptions
from kbq_tui.cli.render import distinct
from kbq_tui.cli.runner import PlainRunner, plan_of, status_of
from kbq_tui.export.gcloud import to_gcloud
from kbq_tui.export.sql import to_sql
from kbq_tui.export.terraform import to_terraform
from kbq_tui.i18n.messages import translate
from kbq_tui.model.operations import CreateKey
from kbq_tui.model.plan import Plan
from kbq_tui.model.text import inert
from kbq_tui.shell.operation_rows import default_key_file

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
    if not plan.blocked:
        command = inert(str(runner.services.command(_following(options, plan), spec.name)), 1_000)
        console = runner.console
        console.say(translate("Next: {command}", command=f"{command}  ({translate('once somebody has run it')})"))
    return status_of([b.problem for b in plan.blocked])


def _following(options: ExportOptions, plan: Plan) -> str:
    """Return the command that tries the connection. A script of gcloud stores the key where it is run."""
    made = (action.op for action in plan.actions if isinstance(action.op, CreateKey))
    key = next(made, None) if options.format_ == "gcloud" else None
    if key is None or key.key_file:
        return "verify"
    return f"verify --key-file {default_key_file(key.email)}"
