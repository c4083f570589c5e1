"""Commands and options. Only click is imported here; everything else when a command needs it."""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from kbq_tui import __version__
from kbq_tui.cli.click_options import (
    FILE,
    Group,
    TextCommand,
    absolute_folder,
    connection_names,
    connection_options,
    findable,
    json_option,
    name_argument,
    output_options,
    over_grants_option,
    valid_key,
    valid_names,
    valid_report,
    yes_option,
)
from kbq_tui.cli.process import COMPLETE_VARIABLE
from kbq_tui.i18n.messages import translate

if TYPE_CHECKING:
    from kbq_tui.cli.context import CommandContext

PROGRAM = "kbq-tui"
SHELLS = ("bash", "zsh", "fish")


def handled(function: Callable[..., int]) -> Callable[..., None]:
    """Turn what a command returns or raises into an exit status, and problems into words."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        from kbq_tui.cli.context import failed

        with failed(kwargs):
            status = function(*args, **kwargs)
        click.get_current_context().exit(status)

    return wrapper


def work(options: dict[str, Any], **more: Any) -> "CommandContext":
    """Build what a command works with."""
    from kbq_tui.cli.context import CommandContext

    return CommandContext.of({**options, **more})


def _for_each(group: click.Group, typed: dict[str, Any]) -> dict[str, Any]:
    """Return options that were typed before a command, as what that command takes by default."""
    commands = group.commands.items()
    return {name: _for_each(c, typed) if isinstance(c, click.Group) else typed for name, c in commands}


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
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
        from kbq_tui.cli.context import guided

        ctx.exit(guided(options))
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
def setup(plain: bool, answers: str | None, **options: Any) -> int:
    """Set the connection up: on the screens, with questions on plain lines, or from a file of answers."""
    screens = not plain and answers is None
    with work(
        options, screens=screens, again=not screens, may_create=True
    ) as here:  # questions begin with what is to be noticed
        if screens:
            return here.screens("setup")
        return here.plain_setup(answers)


@cli.command(help=translate("Show what would be done. Changes nothing."))
@name_argument
@connection_options
@output_options
@json_option
@over_grants_option
@handled
def plan(remove_over_grants: bool, **options: Any) -> int:
    """Print what `apply` would change."""
    from kbq_tui.cli.commands.set_up import plan_command

    with work(options) as here:
        return plan_command(here.runner, here.spec(), as_json=options["as_json"], remove_over_grants=remove_over_grants)


@cli.command(help=translate("Do what is missing, after a preview and a yes."))
@name_argument
@connection_options
@output_options
@yes_option
@json_option
@over_grants_option
@handled
def apply(yes: bool, remove_over_grants: bool, **options: Any) -> int:
    """Make the changes, after a question or with `--yes`."""
    from kbq_tui.cli.commands.set_up import apply_command

    with work(options, may_create=True) as here:
        spec = here.spec()
        if not yes and (options["as_json"] or here.runner.confirm is None):
            plan = here.runner.services.command("plan", spec.name)
            text = translate(
                "Nobody can be asked here. Give --yes to go ahead; '{plan}' shows what it does.", plan=plan
            )
            raise click.UsageError(text)
        with here.lock():
            return apply_command(
                here.runner, spec, as_json=options["as_json"], agreed=yes, remove_over_grants=remove_over_grants
            )


@cli.command(help=translate("Run every check with the very key that Klaviyo holds."))
@name_argument
@connection_options
@output_options
@json_option
@click.option(
    "--report", metavar=translate("FILE"), callback=valid_report, help=translate("Write a report: .md, .html or .json.")
)
@handled
def verify(report: str | None, **options: Any) -> int:
    """Try everything with the service account's own key, and print a verdict on each check."""
    from kbq_tui.cli.commands.set_up import verify_command
    from kbq_tui.cli.context import check_report

    with work(options) as here:
        check_report(report)
        return verify_command(here.runner, here.spec(), as_json=options["as_json"], report=report)


@cli.command(help=translate("Tell whether a connection is still all right."))
@click.argument("names", nargs=-1, metavar="[NAME]...", callback=valid_names, shell_complete=connection_names)
@click.option("--all", "all_", is_flag=True, help=translate("Every connection there is."))
@click.option("--watch", is_flag=True, help=translate("Look again every minute, until interrupted."))
@connection_options
@output_options
@json_option
@handled
def status(names: tuple[str, ...], all_: bool, watch: bool, **options: Any) -> int:
    """Print how connections are, once or again and again."""
    from kbq_tui.cli.context import status_of_all

    return status_of_all(options, names, every=all_, watch=watch)


@cli.group(help=translate("Care of the service account's keys."))
def key() -> None:
    """The group of commands on the service account's key."""
    pass


@key.command("list", help=translate("List the keys that exist at Google."))
@name_argument
@connection_options
@output_options
@json_option
@handled
def key_list(**options: Any) -> int:
    """Print the account's keys and which of them is kept here."""
    from kbq_tui.cli.commands.key import list_command

    with work(options) as here:
        return list_command(here.runner, here.spec(), as_json=options["as_json"])


@key.command("create", help=translate("Create a key and keep it here; prints its path."))
@name_argument
@connection_options
@output_options
@handled
def key_create(**options: Any) -> int:
    """Create the key, where there is none."""
    from kbq_tui.cli.commands.key import create_command

    with work(options) as here, here.lock():
        return create_command(here.runner, here.spec())


@key.command("delete", help=translate("Delete a key at Google. What signs in with it stops working."))
@click.argument("key_id", callback=valid_key)
@name_argument
@connection_options
@output_options
@yes_option
@handled
def key_delete(key_id: str, yes: bool, **options: Any) -> int:
    """Delete a key at Google, after a question or with `--yes`."""
    from kbq_tui.cli.commands.key import delete_command

    with work(options) as here:
        spec = here.spec()
        here.need_consent(yes)
        with here.lock():
            return delete_command(here.runner, spec, key_id, agreed=yes)


@key.command("mend", help=translate("Take away what others on this machine may do with the key file."))
@name_argument
@connection_options
@output_options
@yes_option
@handled
def key_mend(yes: bool, **options: Any) -> int:
    """Take away what other users of this machine may do with the key file."""
    with work(options) as here:
        spec = here.spec()
        here.need_consent(yes)
        with here.lock():
            return here.fix_permissions(spec, agreed=yes)


@key.command("shred", help=translate("Destroy the key file here, after Klaviyo has it. The key itself stays valid."))
@name_argument
@connection_options
@output_options
@yes_option
@handled
def key_shred(yes: bool, **options: Any) -> int:
    """Delete the key file once Klaviyo has the key."""
    with work(options) as here:
        spec = here.spec()
        here.need_consent(yes)
        with here.lock():
            return here.shred(spec, agreed=yes)


@cli.command(help=translate("Print the plan for those who must apply it otherwise."))
@click.argument("format_", metavar="gcloud|sql|terraform", type=click.Choice(("gcloud", "sql", "terraform")))
@name_argument
@connection_options
@output_options
@handled
def export(format_: str, **options: Any) -> int:
    """Print the plan as gcloud, bq, SQL or Terraform."""
    from kbq_tui.cli.commands.export import export_command

    with work(options) as here:
        return export_command(here.runner, here.spec(), format_)


@cli.command(
    cls=TextCommand,
    help=translate("Explain an error from Google or Klaviyo. TEXT, or - (or nothing) for standard input."),
)
@click.argument("text", required=False)
@output_options
@json_option
@handled
def explain(text: str | None, **options: Any) -> int:
    """Print cause and remedy of an error, given or read from standard input."""
    from kbq_tui.cli.context import explain_text

    return explain_text(text, options)


@cli.command(
    help=translate("Say what a bug report needs: terminal, credentials, reachability, versions, log. No secrets.")
)
@connection_options
@output_options
@json_option
@handled
def doctor(**options: Any) -> int:
    """Print what this machine, its settings and files look like to kbq-tui."""
    from kbq_tui.cli.commands.doctor import doctor_command

    with work({**options, "despite_files": True}) as here:
        return doctor_command(here, as_json=options["as_json"])


@cli.command(
    help=translate("Try the whole set-up on a sandbox on this machine. No Google account, nothing of yours is touched.")
)
@click.option(
    "--scenario", metavar="S", default="fresh", show_default=True, help=translate("What there is at the start.")
)
@click.option("--list", "list_", is_flag=True, help=translate("List the scenarios."))
@click.option(
    "--keep", metavar=translate("DIR"), callback=absolute_folder, help=translate("Keep the files made, in this folder.")
)
@output_options
@json_option
@handled
def demo(scenario: str, list_: bool, keep: str | None, **options: Any) -> int:
    """Go through the set-up on a sandbox that is made for it and goes away."""
    from kbq_tui.cli.commands.demo import demo_command

    return demo_command(scenario, options, only_list=list_, keep=keep)


@cli.command(help=translate("Run Google Cloud in miniature on this machine, for gcloud, bq and your own tries."))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help=translate("HTTP port; 0 takes a free one."))
@click.option(
    "--env-file",
    metavar="F",
    type=click.Path(dir_okay=False),
    callback=findable,
    help=translate("Holds 'export' lines once it is ready."),
)
@click.option("--scenario", metavar="S", default="fresh", show_default=True, help=translate("A name, or a TOML file."))
@click.option("--latency-ms", metavar="N", type=click.FloatRange(0), help=translate("Added to every call."))
@handled
def sandbox(port: int, env_file: str | None, scenario: str, latency_ms: float | None) -> int:
    """Serve a sandbox until Ctrl+C."""
    from kbq_tui.cli.commands.demo import sandbox_command

    return sandbox_command(scenario=scenario, port=port, env_file=env_file, latency_ms=latency_ms)


@cli.command(help=translate('Print completion for a shell: eval "$(kbq-tui completion bash)".'))
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands in a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, PROGRAM, COMPLETE_VARIABLE).source())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit status; an unexpected error becomes a message and a log entry."""
    from kbq_tui.cli import process

    with process.signals_end():
        status = process.status_of(lambda: cli.main(arguments, PROGRAM, COMPLETE_VARIABLE, standalone_mode=False))
    sys.exit(status)
