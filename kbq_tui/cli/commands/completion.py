"""`kbq-tui completion`: shell completion of commands."""

import click

from kbq_tui.cli.click_running import command
from kbq_tui.cli.process import COMPLETE_VARIABLE
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass

SHELLS = ("bash", "zsh", "fish")


@dataclass(frozen=True, slots=True)
class CompletionOptions:
    """The options of `completion`.

    Attributes:
        shell: the shell's name.
    """

    shell: str


@command(
    CompletionOptions,
    help=translate('Print completion for a shell: eval "$(kbq-tui completion bash)".'),
    examples=(
        ("bash", N_('eval "$(kbq-tui completion bash)" in ~/.bashrc')),
        ("zsh", N_('eval "$(kbq-tui completion zsh)" in ~/.zshrc')),
        ("fish", N_("kbq-tui completion fish | source in config.fish")),
    ),
    next_step=None,
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(options: CompletionOptions) -> int:
    """Print the script that completes commands in a shell."""
    from click.shell_completion import get_completion_class

    import kbq_tui.cli.shell_completion  # noqa: F401  imported to register its classes

    program = click.get_current_context().find_root()
    kind = get_completion_class(options.shell)
    assert kind is not None
    click.echo(kind(program.command, {}, program.info_name or "", COMPLETE_VARIABLE).source())
    return 0
