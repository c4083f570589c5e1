"""`kbq-tui demo`: the whole set-up on a sandbox started for it, in separate folders; nothing of the operator's is
used."""

import click

from kbq_tui.cli.click_options import absolute_folder, json_option, output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The options of `demo`.

    Attributes:
        scenario: the sandbox's initial state.
        list_: list the scenarios instead.
        keep: a folder in which the files stay; None for one that is removed at the end.
    """

    output: OutputOptions
    scenario: str
    list_: bool = False
    keep: str | None = None


@command(
    DemoOptions,
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
def demo(options: DemoOptions) -> int:
    """Run the set-up on a sandbox that is started for it and removed afterwards."""
    from kbq_tui.cli.commands.demo.body import demo_command

    return demo_command(options)
