"""`kbq-tui demo` and `kbq-tui sandbox`, and their options."""

from typing import Any

import click

from kbq_tui.cli.click_options import (
    Amount,
    LanguageCommand,
    absolute_folder,
    findable,
    json_option,
    output_options,
)
from kbq_tui.cli.click_running import filled, handled
from kbq_tui.i18n.messages import N_, translate


@click.command(
    cls=LanguageCommand,
    help=translate(
        "Try the whole set-up on a sandbox on this machine. No Google account, nothing of yours is touched."
    ),
    examples=(
        ("", N_("nothing there, everything to be made")),
        ("--list", N_("which situations there are")),
        ("--scenario no-permission", N_("one of them")),
    ),
    next_step=("setup", N_("the same at Google")),
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
def demo(**parameters: Any) -> int:
    """Run the set-up on a sandbox that is started for it and removed afterwards."""
    from kbq_tui.cli.commands.demo import DemoOptions, demo_command

    return demo_command(filled(DemoOptions, parameters))


@click.command(
    cls=LanguageCommand,
    help=translate("Run the sandbox alone: a small Google Cloud on this machine, for gcloud, bq and your own tests."),
    examples=(
        ("--env-file ./sandbox.env", N_("then, in another shell: . ./sandbox.env")),
        ("--scenario existing", N_("another situation")),
        ("--port 8085 --latency-ms 50", N_("a fixed port, and slower")),
    ),
    next_step=None,
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help=translate("HTTP port; 0 takes a free one."))
@click.option(
    "--env-file",
    metavar="F",
    type=click.Path(dir_okay=False),
    callback=findable,
    help=translate("Holds 'export' lines once it is ready."),
)
@click.option("--scenario", metavar="S", default="fresh", show_default=True, help=translate("A name, or a TOML file."))
@click.option("--latency-ms", metavar="N", type=Amount(0), help=translate("Added to every call."))
@handled
def sandbox(**parameters: Any) -> int:
    """Run a sandbox until Ctrl+C."""
    from kbq_tui.cli.commands.sandbox import SandboxOptions, sandbox_command

    return sandbox_command(filled(SandboxOptions, parameters))
