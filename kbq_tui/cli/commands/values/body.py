"""The three values for Klaviyo, as lines or JSON."""

from kbq_tui.cli.commands.values import ValuesOptions
from kbq_tui.cli.render import show_summary
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner
from kbq_tui.engine.hand_over import summary_here
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.rotation import rotation_of
from kbq_tui.model.text import inert


def values_command(options: ValuesOptions, runner: PlainRunner) -> int:
    """Print the hand-over values, as this machine knows them. Exit status 6 if there is no key yet."""
    spec, console, services = runner.spec(), runner.console, runner.services
    journal = services.store.journal(spec.name)
    summary = summary_here(spec, services.keys, journal, spec.location)
    status = 0 if summary.key_path is not None or summary.handed_over else NOT_HEALTHY
    if options.output.as_json:
        console.json(summary.to_json())
        return status
    show_summary(summary, console)
    rotating = rotation_of(journal.changes(), spec) is not None
    following, when = (
        ("key create", "")
        if status != 0
        else ("key rotate", N_("once Klaviyo has the key"))
        if rotating
        else ("status", "")
        if summary.handed_over
        else ("key shred", N_("once Klaviyo has the key"))
    )
    command = inert(str(services.command(following, spec.name)))
    console.say(translate("Next: {command}", command=f"{command}  ({translate(when)})" if when else command))
    return status
