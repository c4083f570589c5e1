"""What to do after a command. It is the last line on standard error; with `--json` there is none."""

from collections.abc import Mapping
from typing import Any

from kbq_tui.i18n.messages import translate
from kbq_tui.model.command import Command
from kbq_tui.model.text import inert
from kbq_tui.shell.own_commands import for_connection


def next_line(following: str, when: str, parameters: Mapping[str, Any]) -> str:
    """Return the last line of a successful command.

    Args:
        following: the next command, without the program's name; for the same connection if it is about one.
        when: when, or what for, in English; may be empty.
        parameters: click's; `name` and `config` identify the connection.
    """
    name, config = parameters.get("name") or "", parameters.get("config") or ""
    command = inert(str(for_connection(Command(f"kbq-tui {following}"), name, config)), 1_000)
    return translate("Next: {command}", command=f"{command}  ({translate(when)})" if when else command)
