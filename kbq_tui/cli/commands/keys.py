"""`kbq-tui keys`: what each key of the screens does, and the name by which it can be changed."""

from kbq_tui.cli.click_options import output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass

_WHERE = {
    "app": N_("everywhere"),
    "working": N_("while something waits for Google"),
    "text": N_("over a problem, over commands"),
    "source": N_("tables"),
    "dashboard": N_("dashboard"),
    "connection": N_("dashboard, one connection"),
    "rotation": N_("key rotation"),
}


@dataclass(frozen=True, slots=True)
class KeysOptions:
    """The options of `keys`."""

    output: OutputOptions


@command(
    KeysOptions,
    help=translate("List the keys of the screens, and what each does."),
    examples=(("", N_("as they are now")), ("--lang de", N_("in German")), ("--ascii", N_("with ASCII characters"))),
    next_step=("setup", N_("to use them")),
)
@output_options
def keys(options: KeysOptions) -> int:
    """Print the table of keys, as they are now."""
    from kbq_tui.cli.context import console_of
    from kbq_tui.cli.display_settings import settings_here
    from kbq_tui.cli.table import table
    from kbq_tui.model.steps import Step
    from kbq_tui.tui import keyboard

    keyboard.use(settings_here().keys)
    steps = {step.value: translate("step {n}", n=n) for n, step in enumerate(Step, 1)}
    rows = [
        (key.faces, translate(key.help), steps.get(key.scope) or translate(_WHERE[key.scope]), key.id)
        for key in keyboard.KEYS
    ]
    heading = (translate("KEY"), translate("DOES"), translate("WHERE"), translate("NAME"))
    console = console_of(options.output)
    for line in table(heading, rows):
        console.result(line)
    console.say(translate('Any of them can be another: NAME = "f12" under [keys] in {path}.', path="config.toml"))
    return 0
