"""kbq-tui's own commands, as printed in remedies, hints and screens: each for one connection."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kbq_tui.model.command import Command

PROGRAM: Final = "kbq-tui"

ARGUMENTS: Final = {
    ("setup",): 0,
    ("plan",): 0,
    ("apply",): 0,
    ("verify",): 0,
    ("status",): 0,
    ("values",): 0,
    ("activity",): 0,
    ("connections", "show"): 0,
    ("key", "list"): 0,
    ("key", "create"): 0,
    ("key", "delete"): 1,
    ("key", "mend"): 0,
    ("key", "rotate"): 0,
    ("key", "shred"): 0,
    ("export",): 1,
    ("teardown",): 0,
}
"""Commands for one connection, with the number of arguments before its name."""

ON_MACHINE: Final = {
    ("connections", "rename"): 0,
    ("connections", "remove"): 0,
    ("connections", "export"): 0,
    ("connections", "validate"): 0,
}
"""The same for commands on connection files of this machine, which have no `--config`."""

BY_OPTION: Final = frozenset({("source",)})
"""Commands that take the connection with `--connection`, because their arguments are something else."""

_MAKING: Final = frozenset({"setup", "apply"})
_WITHOUT_NAME: Final = frozenset({"doctor"})
"""Commands that take `--config`, but no connection."""
_VALUED: Final = frozenset({"--key-file", "--config", "--location", "--project", "--report", "--answers", "--confirm"})
"""Our options whose value is the next word, as far as printed commands use them."""


def makes_connection(command: Command) -> bool:
    """Return whether a command of ours takes the name of a connection that does not exist yet."""
    return any(word in _MAKING for word in command.template.split()[1:2])


def for_connection(command: Command, name: str, config: str = "") -> Command:
    """Return a command that means one connection.

    A command of another program, without a connection, or with one already, is not changed.

    Args:
        command: a whole command line, such as `kbq-tui key delete {key_id}`.
        name: the connection; empty for none.
        config: the file named with `--config`; empty if none was.
    """
    if command.template.split(maxsplit=1)[:1] != [PROGRAM] or command.names_connection:
        return command
    words = shlex.split(command.template)[1:]
    named = ARGUMENTS | ON_MACHINE
    path = next((path for path in named if tuple(words[: len(path)]) == path), None)
    by_option = tuple(words[:1]) in BY_OPTION
    if path is None and not by_option and not _WITHOUT_NAME & set(words[:1]):
        return command
    more = []
    if by_option and name and "--connection" not in words:
        more.append(f"--connection {shlex.quote(name)}")
    if path is not None and name and "--all" not in words and _arguments(words[len(path) :]) <= named[path]:
        more.append(name)
    if config and path not in ON_MACHINE and "--config" not in words:
        more.append(f"--config {shlex.quote(config)}")
    return command.about(" ".join(more))


def _arguments(words: list[str]) -> int:
    """Return how many of the words are arguments."""
    found, value = 0, False
    for word in words:
        found += not value and not word.startswith("-")
        value = not value and word in _VALUED
    return found
