"""Commands that change connections on this machine: rename, remove, import. Each asks first; nothing at Google
changes."""

from pathlib import Path
from typing import TYPE_CHECKING

from kbq_tui.cli.command_options import UsageError
from kbq_tui.cli.consent import Consent
from kbq_tui.i18n.messages import message, translate, translate_n
from kbq_tui.local.connection_admin import NameTakenError
from kbq_tui.local.connection_csv import read_list
from kbq_tui.model.changes import of_connection
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import check_name
from kbq_tui.model.text import inert

if TYPE_CHECKING:
    from kbq_tui.cli.commands.connections import ImportOptions, RemoveOptions, RenameOptions
    from kbq_tui.cli.commands.connections.machine import Machine
    from kbq_tui.cli.console import Console
    from kbq_tui.cli.runner import PlainRunner
    from kbq_tui.engine.ports import Journal
    from kbq_tui.model.spec import ConnectionSpec


_MADE = frozenset({ActionKind.ACCOUNT, ActionKind.DATASET})
_TAKEN = frozenset({ActionKind.DELETE_ACCOUNT, ActionKind.DELETE_DATASET})


def rename_command(options: "RenameOptions", machine: "Machine", runner: "PlainRunner") -> int:
    """Rename a connection, after a yes. Its key stays where it is.

    Raises:
        UsageError: the new name is not valid, or in use; or there is nobody to ask.
    """
    old, new = options.name, options.new_name
    if reason := check_name(new):
        raise UsageError(reason)
    if old == new:
        raise UsageError(message("{name} is called so already.", name=old))
    try:
        machine.admin.must_be_free(old, new)  # said before the question
        consent = Consent.asked(runner, old, yes=options.yes, confirmed=options.confirm, destroys=False)
        if not consent.to(translate("Rename connection {name} to {new} on this machine?", name=old, new=new)):
            return 1
        moved = machine.admin.rename(old, new)
    except NameTakenError as error:
        raise UsageError(error.reason) from None
    if options.output.as_json:
        body = {"schema": "kbq-tui/connections-rename/v1", "from": old, "to": new}
        runner.console.json({**body, "moved": [str(path) for path in moved]})
        return 0
    runner.console.result(translate("Renamed {name} to {new}.", name=old, new=new))
    runner.console.say(translate("At Google nothing changed; the key stays where it is."))
    return 0


def remove_command(options: "RemoveOptions", machine: "Machine", runner: "PlainRunner") -> int:
    """Remove a connection from this machine, after a yes. Prints what stays at Google, and here.

    Raises:
        UsageError: there is nobody to ask.
    """
    spec, console = runner.spec(), runner.console
    consent = Consent.asked(runner, options.name, yes=options.yes, confirmed=options.confirm, destroys=True)
    local = runner.local_keys.inspect(spec.key_file, spec.project, spec.account_email)
    torn_down = _torn_down(spec, runner.services.store.journal(options.name))
    for line in () if torn_down else _at_google(spec):
        console.say(inert(line))
    if local is not None and local.path:
        shred = runner.services.command("key shred", spec.name)
        text = translate("The key file stays here: {path}; '{command}' destroys it.", path=local.path, command=shred)
        console.say(inert(text, 1_000))
    teardown = runner.services.command("teardown", spec.name)
    text = translate(
        "To take away what was made at Google, first '{command}': it needs this journal.", command=teardown
    )
    if not torn_down:
        console.say(text)
    if not consent.to(translate("Remove connection {name} from this machine?", name=options.name)):
        return 1
    removed = machine.admin.remove(options.name)
    if options.output.as_json:
        console.json(
            {
                "schema": "kbq-tui/connections-remove/v1",
                "connection": options.name,
                "removed": [str(path) for path in removed.gone],
                "left": [str(path) for path in removed.left],
                "key_path": local.path or None if local is not None else None,
                "at_google": {
                    "project_id": spec.project,
                    "service_account": spec.account_email,
                    "datasets": [wish.name for wish in spec.datasets()],
                },
            }
        )
        return 0
    console.result(translate("Removed {name} from this machine.", name=options.name))
    for path in removed.left:
        console.say(translate("It stays: {path}", path=inert(str(path), 1_000)))
    return 0


def import_command(options: "ImportOptions", machine: "Machine", console: "Console") -> int:
    """Create connections from a list: all of them, or none. Existing ones with the same values stay as they are.

    Raises:
        UsageError: a name exists with other values.
        ProblemError: the list has a mistake; it names the line.
    """
    wanted = read_list(Path(options.file))
    try:
        created, unchanged = machine.admin.add(wanted)
    except NameTakenError as error:
        text = message("{reason} Rename or remove it first; nothing was imported.", reason=error.reason)
        raise UsageError(text) from None
    if options.output.as_json:
        body = {"schema": "kbq-tui/connections-import/v1", "file": options.file}
        console.json({**body, "created": list(created), "unchanged": list(unchanged)})
        return 0
    console.result(translate_n("{n} connection imported.", "{n} connections imported.", len(created)))
    if unchanged:
        console.say(translate_n("{n} was there already.", "{n} were there already.", len(unchanged)))
    if created:
        console.say(translate("Next: {command}", command="kbq-tui status --all"))
    return 0


def _torn_down(spec: "ConnectionSpec", journal: "Journal") -> bool:
    """Return whether the journal says that a teardown has left nothing of the connection at Google."""
    try:
        changes = of_connection(journal.changes(), spec)
    except ProblemError:
        return False  # the connection can be removed all the same
    last = {change.key.ref: change.key.kind for change in changes if change.made and change.key.kind in _MADE | _TAKEN}
    return len(last) > len(spec.datasets()) and all(kind in _TAKEN for kind in last.values())


def _at_google(spec: "ConnectionSpec") -> list[str]:
    """Return what stays in the project, as lines."""
    names = ", ".join(wish.name for wish in spec.datasets())
    return [
        translate("At Google everything stays, and Klaviyo goes on working:"),
        "  " + translate("service account {account} with its keys and roles", account=spec.account_email),
        "  " + translate("datasets {names} in project {project}", names=names, project=spec.project),
    ]
