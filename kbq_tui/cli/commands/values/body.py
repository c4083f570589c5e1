"""The three values for Klaviyo, as lines or JSON."""

from kbq_tui.cli.commands.values import ValuesOptions
from kbq_tui.cli.render import show_summary
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner
from kbq_tui.i18n.messages import translate
from kbq_tui.model.summary import Summary


def values_command(options: ValuesOptions, runner: PlainRunner) -> int:
    """Print the hand-over values, as this machine knows them. Exit status 6 if there is no key yet."""
    spec, console = runner.spec(), runner.console
    keys = runner.services.keys
    local = keys.inspect(spec.key_file, spec.project, spec.account_email)
    summary = Summary.of(spec, local.path or None if local is not None else None, spec.location)
    if options.output.as_json:
        console.json(summary.to_json())
    else:
        show_summary(summary, console)
    if summary.key_path is not None:
        return 0
    if keys.handed_over(spec.project, spec.account_email):
        console.say(translate("note: the key file was destroyed here after the hand-over; Klaviyo has the key."))
        return 0
    create = runner.services.command("key create", spec.name)
    console.say(translate("There is no key on this machine yet: {command}", command=create))
    return NOT_HEALTHY
