"""Commands and options. Only click is imported here; everything else when a command needs it."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kbq_tui import __version__
from kbq_tui.cli.click_activity import activity
from kbq_tui.cli.click_connections import connections
from kbq_tui.cli.click_help import WIDEST
from kbq_tui.cli.click_keys import key
from kbq_tui.cli.click_options import (
    FILE,
    Group,
    TextCommand,
    absolute,
    confirm_option,
    connection_names,
    connection_options,
    json_option,
    name_argument,
    name_or_plan,
    names_argument,
    output_options,
    over_grants_option,
    schema_names,
    seconds,
    valid_report,
    yes_option,
)
from kbq_tui.cli.click_permissions import permissions
from kbq_tui.cli.click_running import Body, filled, from_plan_file, handled, on_lines, signed_in
from kbq_tui.cli.click_sandbox import demo, sandbox
from kbq_tui.cli.click_source import source
from kbq_tui.cli.process import COMPLETE_VARIABLE
from kbq_tui.i18n.messages import translate

if TYPE_CHECKING:
    from kbq_tui.cli.commands.apply import ApplyOptions
    from kbq_tui.cli.commands.plan import PlanOptions
    from kbq_tui.cli.commands.verify import VerifyOptions
    from kbq_tui.cli.runner import PlainRunner

PROGRAM = "kbq-tui"
SHELLS = ("bash", "zsh", "fish")


def _for_each(group: click.Group, typed: dict[str, Any]) -> dict[str, Any]:
    """Return options that were typed before a command, as what that command takes by default."""
    commands = group.commands.items()
    return {name: _for_each(c, typed) if isinstance(c, click.Group) else typed for name, c in commands}


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
    help=translate(
        "Connect Klaviyo to BigQuery.\n\nAlone: the guided set-up, or the dashboard once a connection is set up."
    ),
)
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@output_options
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:
    """Without a command, begin the guided set-up; with one, hand on the options typed before it."""
    if ctx.invoked_subcommand is None:
        from kbq_tui.cli.command_options import OutputOptions
        from kbq_tui.cli.commands.setup import start_command

        ctx.exit(start_command(filled(OutputOptions, options)))
    typed = {k: v for k, v in options.items() if ctx.get_parameter_source(k) is click.core.ParameterSource.COMMANDLINE}
    ctx.default_map = _for_each(cli, typed)


@cli.command(help=translate("Set up a connection, guided."))
@name_argument
@click.option("--plain", is_flag=True, help=translate("Questions line by line (also the accessible way)."))
@click.option(
    "--answers",
    metavar=translate("FILE"),
    type=FILE,
    help=translate("Answers to the questions, as TOML; asks nothing."),
)
@connection_options
@output_options
@json_option
@handled
def setup(**parameters: Any) -> int:
    """Set the connection up: on the screens, with questions on plain lines, or from a file of answers."""
    from kbq_tui.cli.commands.setup import SetupOptions, setup_command

    return setup_command(filled(SetupOptions, parameters))


@cli.command(help=translate("Show what would be done. Changes nothing."))
@name_argument
@connection_options
@output_options
@json_option
@over_grants_option
@click.option(
    "--out",
    metavar=translate("FILE"),
    callback=absolute,
    help=translate("Save the plan: 'kbq-tui apply FILE' does just that or nothing."),
)
@handled
def plan(**parameters: Any) -> int:
    """Print what `apply` would change."""

    def body() -> "Body[PlanOptions]":
        from kbq_tui.cli.commands.plan import PlanOptions, plan_command

        return PlanOptions, plan_command

    return signed_in(body, parameters)


@cli.command(help=translate("Do what is missing, or a saved plan, after a preview and a yes."))
@click.argument(
    "name", metavar="[NAME|PLAN_FILE]", required=False, callback=name_or_plan, shell_complete=connection_names
)
@connection_options
@output_options
@yes_option
@confirm_option
@json_option
@over_grants_option
@handled
def apply(**parameters: Any) -> int:
    """Make the changes, after a question or with `--yes`."""
    saved, parameters = from_plan_file(parameters)

    def body() -> "Body[ApplyOptions]":
        from kbq_tui.cli.commands.apply import ApplyOptions, apply_command

        return ApplyOptions, lambda options, runner: apply_command(options, runner, saved)

    return signed_in(body, parameters, changes=True, begin=parameters["yes"] or parameters["confirm"] is not None)


@cli.command(help=translate("Run every check with the very key that Klaviyo holds."))
@name_argument
@connection_options
@output_options
@json_option
@click.option(
    "--report", metavar=translate("FILE"), callback=valid_report, help=translate("Write a report: .md, .html or .json.")
)
@handled
def verify(**parameters: Any) -> int:
    """Try everything with the service account's own key, and print a verdict on each check."""

    def body() -> "Body[VerifyOptions]":
        from kbq_tui.cli.commands.verify import VerifyOptions, verify_command

        return VerifyOptions, verify_command

    return signed_in(body, parameters, begin=parameters["report"] is None)  # where it goes is looked at first


@cli.command(help=translate("Tell whether a connection is still ok."))
@names_argument
@click.option("--all", "all_", is_flag=True, help=translate("Every connection there is."))
@click.option("--watch", is_flag=True, help=translate("Look again every minute, until interrupted."))
@click.option(
    "--interval",
    metavar="30s",
    callback=seconds,
    help=translate("Time between two looks with --watch: 30s, 5m or 1h."),
)
@click.option(
    "--on-change",
    metavar=translate("COMMAND"),
    help=translate("Tell a command of each change once: JSON on its standard input."),
)
@click.option("--nagios", is_flag=True, help=translate("Print a monitoring plugin's line; exit status 0 to 3."))
@click.option(
    "--prometheus",
    metavar=translate("FILE"),
    callback=absolute,
    help=translate("Write metrics for the textfile collector."),
)
@connection_options
@output_options
@json_option
@handled
def status(**parameters: Any) -> int:
    """Print how connections are, once or again and again."""
    from kbq_tui.cli.commands.status import StatusOptions, status_command
    from kbq_tui.cli.context import CommandContext, console_of
    from kbq_tui.cli.many_connections import many_looks, unknown_to_nagios, wanted_connections

    options = filled(StatusOptions, parameters)
    if options.interval is not None and not options.watch:
        raise click.UsageError(translate("--interval goes with --watch."))
    if options.nagios and (options.watch or options.output.as_json):
        raise click.UsageError(translate("--nagios goes without --watch and --json."))
    output, connection = options.output, options.connection
    with unknown_to_nagios(console_of(output)) if options.nagios else nullcontext():
        wanted = wanted_connections(options.names, connection, output, every=options.all_)
        as_filed = len(wanted) > 1 or options.all_

        @contextmanager
        def one(name: str | None, again: bool) -> "Iterator[PlainRunner]":
            with CommandContext.of(output, replace(connection, name=name), as_filed=as_filed, again=again) as here:
                here.spec()  # what cannot be right is told before anything is sent
                here.adapters.begin_sign_in(changes=False)
                yield here.runner

        many = partial(many_looks, connection, output, as_filed=as_filed)
        return status_command(options, wanted, one, many, console_of(output))


@cli.command(help=translate("Print the three values for Klaviyo again; Google is not asked."))
@name_argument
@connection_options
@output_options
@json_option
@handled
def values(**parameters: Any) -> int:
    """Print what Klaviyo asks for, as this machine knows it."""
    from kbq_tui.cli.commands.values import ValuesOptions, values_command

    return on_lines(values_command, filled(ValuesOptions, parameters))


cli.add_command(activity)
cli.add_command(connections)
cli.add_command(key)
cli.add_command(permissions)
cli.add_command(source)


@cli.command(
    help=translate("Take away what kbq-tui made for a connection, and nothing else, after a preview and a yes.")
)
@name_argument
@connection_options
@output_options
@json_option
@yes_option
@confirm_option
@click.option(
    "--with-data",
    is_flag=True,
    help=translate("Datasets that are not empty, too: their tables are deleted for good. Wants the name typed."),
)
@click.option("--dry-run", is_flag=True, help=translate("Show what would be taken away. Changes nothing."))
@handled
def teardown(**parameters: Any) -> int:
    """Delete keys, roles, the account and datasets that were made here, after a question or with `--yes`."""
    from kbq_tui.cli.commands.teardown import TeardownOptions, teardown_command

    return on_lines(teardown_command, filled(TeardownOptions, parameters))


@cli.command(help=translate("Print the plan for those who must apply it otherwise."))
@click.argument("format_", metavar="gcloud|sql|terraform", type=click.Choice(("gcloud", "sql", "terraform")))
@name_argument
@connection_options
@output_options
@handled
def export(**parameters: Any) -> int:
    """Print the plan as gcloud, bq, SQL or Terraform."""
    from kbq_tui.cli.commands.export import ExportOptions, export_command

    return on_lines(export_command, filled(ExportOptions, parameters))


@cli.command(
    cls=TextCommand,
    help=translate("Explain an error from Google or Klaviyo. TEXT, or - (or nothing) for standard input."),
)
@click.argument("text", required=False)
@click.option("--list", "list_", is_flag=True, help=translate("List every problem that is known."))
@output_options
@json_option
@handled
def explain(**parameters: Any) -> int:
    """Print cause and remedy of an error, given or read from standard input."""
    from kbq_tui.cli.commands.explain import ExplainOptions, explain_command
    from kbq_tui.cli.context import console_of, known_context

    options = filled(ExplainOptions, parameters)
    if options.list_ and options.text is not None:
        raise click.UsageError(translate("--list goes without a text."))
    return explain_command(options, console_of(options.output), lambda: known_context(options.output))


@cli.command(help=translate("List the keys of the screens, and what each does."))
@output_options
@handled
def keys(**parameters: Any) -> int:
    """Print the table of keys."""
    from kbq_tui.cli.commands.keys import KeysOptions, keys_command
    from kbq_tui.cli.context import console_of
    from kbq_tui.cli.display_settings import settings_here
    from kbq_tui.tui import keyboard

    options = filled(KeysOptions, parameters)
    keyboard.use(settings_here().keys)
    return keys_command(options, console_of(options.output))


@cli.command(help=translate("Print the JSON Schema of an output, or list them."))
@click.argument("schema_name", metavar="[NAME]", required=False, shell_complete=schema_names)
@output_options
@json_option
@handled
def schema(**parameters: Any) -> int:
    """Print a schema, or which there are."""
    from kbq_tui.cli.commands.schema import SchemaOptions, schema_command
    from kbq_tui.cli.context import console_of

    options = filled(SchemaOptions, parameters)
    return schema_command(options, console_of(options.output))


@cli.command(
    help=translate("Say what a bug report needs: terminal, credentials, reachability, versions, log. No secrets.")
)
@connection_options
@output_options
@json_option
@handled
def doctor(**parameters: Any) -> int:
    """Print what this machine, its settings and files look like to kbq-tui."""
    from kbq_tui.cli.commands.doctor import DoctorOptions, doctor_command
    from kbq_tui.cli.context import CommandContext

    options = filled(DoctorOptions, parameters)
    with CommandContext.of(options.output, options.connection, despite_files=True) as here:
        return doctor_command(options, here)


cli.add_command(demo)
cli.add_command(sandbox)


@cli.command(help=translate('Print completion for a shell: eval "$(kbq-tui completion bash)".'))
@click.argument("shell", type=click.Choice(SHELLS))
@handled
def completion(**parameters: Any) -> int:
    """Print the script that completes commands in a shell."""
    from kbq_tui.cli.commands.completion import CompletionOptions, completion_command

    return completion_command(filled(CompletionOptions, parameters), cli, PROGRAM, COMPLETE_VARIABLE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit status; an unexpected error becomes a message and a log entry."""
    from kbq_tui.cli import process

    if COMPLETE_VARIABLE in os.environ:
        import kbq_tui.cli.shell_completion  # noqa: F401  it registers its classes
    with process.signals_end():
        status = process.status_of(lambda: cli.main(arguments, PROGRAM, COMPLETE_VARIABLE, standalone_mode=False))
    sys.exit(status)
