"""Decides which connection a command uses."""

from kbq_tui.cli.command_options import CliOptions, UsageError
from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.connection_file import Connections


def choose_name(options: CliOptions, connections: Connections) -> str:
    """Return the connection to use: the named one, else `default`, else the only one.

    If none is named and none is saved, it is `default`, which consists of options and environment alone: commands that
    only read can be used without any connection, and save nothing.

    Raises:
        UsageError: several could be meant, or the named one does not exist and may not be created.
        ProblemError: the config folder cannot be read.
    """
    names = connections.names()
    if connections.only is not None:
        name, file = connections.only
        if not names and not options.may_create:
            from kbq_tui.model.command import Command
            from kbq_tui.shell.own_commands import for_connection

            command = for_connection(Command("kbq-tui setup"), "", str(options.config))
            text = message("There is no connection file {path}. This makes it: {command}", path=file, command=command)
            raise UsageError(text)
        if options.name not in (None, name):
            text = message(
                "The connection of {path} is called {name}, not {other}.", path=file, name=name, other=options.name
            )
            raise UsageError(text)
        return name
    if options.name is not None:
        if options.name not in names and not options.may_create:
            raise UsageError(unknown_connection(options.name, names))
        return options.name
    if not names or "default" in names or options.despite_files:
        return "default"
    if len(names) == 1:
        return names[0]
    raise UsageError(message("Which connection? There are: {names}. Give its NAME.", names=", ".join(names)))


def unknown_connection(name: str, names: tuple[str, ...]) -> Message:
    """Return that there is no such connection, with the existing ones, and the one with the most similar name."""
    if not names:
        from kbq_tui.model.command import Command
        from kbq_tui.shell.own_commands import for_connection

        return message(
            "There is no connection {name}, and no other. This makes it: {command}",
            name=name,
            command=for_connection(Command("kbq-tui setup"), name),
        )
    from difflib import get_close_matches

    there = ", ".join(names)
    near = get_close_matches(name, names, 1)
    if near:
        return message(
            "There is no connection {name}. Did you mean {near}? There are: {names}.",
            name=name,
            near=near[0],
            names=there,
        )
    return message("There is no connection {name}. There are: {names}.", name=name, names=there)
