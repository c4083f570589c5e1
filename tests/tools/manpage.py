"""The man page, generated from the commands and their help."""

from collections.abc import Iterator

import click

from kbq_tui import __version__
from kbq_tui.cli.click_app import PROGRAM, cli
from kbq_tui.cli.click_options import LanguageCommand


def manpage() -> str:
    """Return kbq-tui(1) in roff, without a date, so that a version's page is always the same."""
    lines = [
        f'.TH "{PROGRAM.upper()}" "1" "" "{PROGRAM} {__version__}" "User Commands"',
        ".SH NAME",
        f"{_escaped(PROGRAM)} \\- connect Klaviyo to BigQuery",
        ".SH SYNOPSIS",
        f".B {_escaped(PROGRAM)}",
        "[COMMAND] [options]",
        ".SH DESCRIPTION",
        _escaped(" ".join((cli.help or "").split())),
        ".SH COMMANDS",
    ]
    context = click.Context(cli, info_name=PROGRAM)
    for path, command, ctx in _commands(cli, context):
        lines += [f".SS {_escaped(f'{PROGRAM} {path}')}", _escaped(" ".join((command.help or "").split()))]
        for option in command.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record is not None:
                lines += [".TP", f".B {_escaped(record[0])}", _escaped(" ".join(record[1].split()))]
        lines += [".PP", "Examples:", ".nf"]
        examples = command.examples if isinstance(command, LanguageCommand) else ()
        lines += [_escaped(f"  {PROGRAM} {path} {typed}".rstrip() + f"   # {what}") for typed, what in examples]
        lines.append(".fi")
    lines += [
        ".SH EXIT STATUS",
        "0 done, 1 failed, 2 usage, 3 credentials, 4 not permitted, 5 network or time\\-out, "
        "6 a check failed or not set up, 129/130/143 signals.",
    ]
    return "\n".join(lines) + "\n"


def _commands(
    group: click.Group, parent: click.Context, path: str = ""
) -> Iterator[tuple[str, click.Command, click.Context]]:
    for name in group.list_commands(parent):
        command, below = group.get_command(parent, name), f"{path} {name}".strip()
        assert command is not None
        ctx = click.Context(command, parent=parent, info_name=name)
        yield below, command, ctx
        if isinstance(command, click.Group):
            yield from _commands(command, ctx, below)


def _escaped(text: str) -> str:
    """Return text that roff reads without requests and escapes."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in (".", "'") else text
