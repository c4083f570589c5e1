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
    Group,
    TextCommand,
    absolute,
    connection_options,
    json_option,
    names_argument,
    output_options,
    schema_names,
    seconds,
)
from kbq_tui.cli.click_permissions import permissions
from kbq_tui.cli.click_running import filled, handled
from kbq_tui.cli.click_sandbox import demo, sandbox
from kbq_tui.cli.click_setup import SETUP_COMMANDS
from kbq_tui.cli.click_source import source
from kbq_tui.cli.process import COMPLETE_VARIABLE
from kbq_tui.i18n import language
from kbq_tui.i18n.messages import N_, translate

if TYPE_CHECKING:
    from kbq_tui.cli.runner import PlainRunner

PROGRAM = "kbq-tui"
SHELLS = ("bash", "zsh", "fish")


def _for_each(group: click.Group, typed: dict[str, Any]) -> dict[str, Any]:
    """Return the options typed before a command as that command's defaults."""
    commands = group.commands.items()
    return {name: _for_each(c, typed) if isinstance(c, click.Group) else typed for name, c in commands}


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
    help=translate(
        "Connect Klaviyo to BigQuery.\n\nAlone: the guided set-up, or the dashboard once a connection is set up."
    ),
    examples=(
        ("", N_("the guided set-up, or the dashboard")),
        ("demo", N_("try it without a Google account")),
        ("status", N_("how all connections are")),
    ),
)
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@output_options
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:
    """Without a command, start the guided set-up; with one, pass on the options typed before it."""
    if ctx.invoked_subcommand is None:
        from kbq_tui.cli.command_options import OutputOptions
        from kbq_tui.cli.commands.setup import start_command

        ctx.exit(start_command(filled(OutputOptions, options)))
    typed = {k: v for k, v in options.items() if ctx.get_parameter_source(k) is click.core.ParameterSource.COMMANDLINE}
    ctx.default_map = _for_each(cli, typed)


@cli.command(
    help=translate("Tell whether a connection is still ok."),
    examples=(
        ("", N_("a line for each connection")),
        ("shop-eu", N_("each part of one")),
        ("--watch --interval 5m", N_("again and again")),
    ),
    next_step=None,
)
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
    """Print the status of connections, once or repeatedly."""
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
        as_filed, told = len(wanted) > 1 or options.all_, set[str]()

        @contextmanager
        def one(name: str | None) -> "Iterator[PlainRunner]":
            with CommandContext.of(output, replace(connection, name=name), as_filed=as_filed, told=told) as here:
                here.spec()  # invalid options are reported before anything is sent
                here.adapters.begin_sign_in(changes=False)
                yield here.runner

        many = partial(many_looks, connection, output, as_filed=as_filed)
        return status_command(options, wanted, one, many, console_of(output))


@cli.command(
    cls=TextCommand,
    help=translate("Explain an error from Google or Klaviyo. TEXT, or - (or nothing) for standard input."),
    examples=(
        ("'Access Denied: Project p: User does not have bigquery.jobs.create'", N_("an error of Google's")),
        ("-", N_("read the error from standard input")),
        ("--list", N_("every problem that is known")),
    ),
    next_step=("explain --list", N_("every problem that is known")),
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


@cli.command(
    help=translate("List the keys of the screens, and what each does."),
    examples=(("", N_("as they are now")), ("--lang de", N_("in German")), ("--ascii", N_("with ASCII characters"))),
    next_step=("setup", N_("to use them")),
)
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


@cli.command(
    help=translate("Print the JSON Schema of an output, or list them."),
    examples=(("", N_("list the outputs")), ("plan", N_("the schema of one")), ("--json", N_("the list as JSON"))),
    next_step=("schema plan", N_("the schema of one output")),
)
@click.argument("schema_name", metavar="[NAME]", required=False, shell_complete=schema_names)
@output_options
@json_option
@handled
def schema(**parameters: Any) -> int:
    """Print a schema, or the list of schemas."""
    from kbq_tui.cli.commands.schema import SchemaOptions, schema_command
    from kbq_tui.cli.context import console_of

    options = filled(SchemaOptions, parameters)
    return schema_command(options, console_of(options.output))


@cli.command(
    help=translate("Say what a bug report needs: terminal, credentials, reachability, versions, log. No secrets."),
    examples=(
        ("", N_("for a bug report")),
        ("--json", N_("for a program to read")),
        ("--credentials ./key.json", N_("with other credentials")),
    ),
    next_step=("setup", N_("where nothing is in the way")),
)
@connection_options
@output_options
@json_option
@handled
def doctor(**parameters: Any) -> int:
    """Print how this machine, its settings and files look to kbq-tui."""
    from kbq_tui.cli.commands.doctor import DoctorOptions, doctor_command
    from kbq_tui.cli.context import CommandContext

    options = filled(DoctorOptions, parameters)
    with CommandContext.of(options.output, options.connection, despite_files=True) as here:
        return doctor_command(options, here)


@cli.command(
    help=translate('Print completion for a shell: eval "$(kbq-tui completion bash)".'),
    examples=(
        ("bash", N_('eval "$(kbq-tui completion bash)" in ~/.bashrc')),
        ("zsh", N_('eval "$(kbq-tui completion zsh)" in ~/.zshrc')),
        ("fish", N_("kbq-tui completion fish | source in config.fish")),
    ),
    next_step=None,
)
@click.argument("shell", type=click.Choice(SHELLS))
@handled
def completion(**parameters: Any) -> int:
    """Print the script that completes commands in a shell."""
    from kbq_tui.cli.commands.completion import CompletionOptions, completion_command

    return completion_command(filled(CompletionOptions, parameters), cli, PROGRAM, COMPLETE_VARIABLE)


for _command in (*SETUP_COMMANDS, activity, connections, demo, key, permissions, sandbox, source):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with its status; an unexpected error becomes a message and a log entry."""
    from kbq_tui.cli import process

    if COMPLETE_VARIABLE in os.environ:
        import kbq_tui.cli.shell_completion  # noqa: F401  imported to register its classes
    language.tell_click()
    with process.signals_end():
        status = process.status_of(lambda: cli.main(arguments, PROGRAM, COMPLETE_VARIABLE, standalone_mode=False))
    sys.exit(status)
