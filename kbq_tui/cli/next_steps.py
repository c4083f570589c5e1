"""What to do after each command. It goes to standard error, as the last line; with `--json` nothing is said."""

from collections.abc import Mapping
from typing import Any, Final

from kbq_tui.i18n.messages import N_, translate

OWN: Final = ""
"""The command says it itself, for it depends on what came of it."""

NEXT: Final[Mapping[str, str]] = {
    "setup": OWN,
    "plan": OWN,
    "apply": OWN,
    "verify": OWN,
    "source": "values",
    "status": OWN,
    "values": "key shred",
    "activity": "status",
    "key list": "key rotate",
    "key create": "verify",
    "key delete": "key list",
    "key rotate": OWN,
    "key mend": "verify",
    "key shred": "status",
    "teardown": OWN,
    "export": "verify",
    "explain": "explain --list",
    "keys": "setup",
    "permissions": OWN,
    "schema": "schema plan",
    "doctor": "setup",
    "demo": "setup",
    "sandbox": OWN,
    "completion": OWN,
    "connections list": "status --all",
    "connections show": "status",
    "connections rename": "connections list",
    "connections remove": "connections list",
    "connections import": OWN,
    "connections export": "connections validate",
    "connections validate": "status --all",
    "connections diff": "connections list",
}
"""The command, by the one before it; for the same connection where it is about one.

`completion` prints what a shell reads at each start, and `sandbox` ends with Ctrl+C: both say it at their beginning.
"""

_WHEN: Final[Mapping[str, str]] = {
    "source": N_("to connect Klaviyo"),
    "values": N_("once Klaviyo has the key"),
    "key list": N_("where a key is old"),
    "export": N_("once somebody has run it"),
    "explain": N_("every problem that is known"),
    "keys": N_("to use them"),
    "schema": N_("the schema of one output"),
    "doctor": N_("where nothing is in the way"),
    "demo": N_("the same at Google"),
}
"""When, or what for, where the command alone does not say it."""


def next_line(path: str, parameters: Mapping[str, Any]) -> str:
    """Return the last line of a command that went well; empty where the command says it itself.

    Args:
        path: the command, without the program's name.
        parameters: click's; `name` and `config` say which connection.
    """
    following = NEXT[path]
    if following == OWN:
        return OWN
    from kbq_tui.model.command import Command
    from kbq_tui.model.text import inert
    from kbq_tui.shell.own_commands import for_connection

    name, config = parameters.get("name") or "", parameters.get("config") or ""
    command = inert(str(for_connection(Command(f"kbq-tui {following}"), name, config)), 1_000)
    when = translate(_WHEN[path]) if path in _WHEN else ""
    return translate("Next: {command}", command=f"{command}  ({when})" if when else command)
