"""The text of `--help`: the purpose of a command, one line of usage, examples, its own options first, common ones in
groups.

Only click is imported here.
"""

from collections.abc import Sequence

import click

from kbq_tui.i18n.messages import N_, translate

WIDEST = 120
"""The width in cells to which help is wrapped on a wider terminal."""

CONNECTION = frozenset(
    {
        "project",
        "location",
        "direction",
        "import_dataset",
        "staging_dataset",
        "export_dataset",
        "service_account",
        "key_file",
        "credentials",
        "impersonate",
        "quota_project",
        "config",
        "timeout",
    }
)
"""Parameters of `connection_options`."""
SCREEN = frozenset({"theme", "mouse"})
"""Parameters of `output_options` that only have a meaning for screens."""
COMMON = frozenset(
    {"no_color", "ascii_", "log_file", "verbose", "as_json", "yes", "confirm", "lang", "_click_default_help", "version"}
)

WITH_SCREENS = frozenset({"", "setup", "demo"})
"""The commands, by their path, that have screens."""

_GROUPS = (
    (N_("Options"), None),
    (N_("Connection options"), CONNECTION),
    (N_("Screen options"), SCREEN),
    (N_("Common options"), COMMON),
)


def group_of(name: str | None) -> frozenset[str] | None:
    """Return the group of options that a parameter belongs to; None for a command's own."""
    return next((names for _, names in _GROUPS if names is not None and name in names), None)


def path_of(ctx: click.Context) -> str:
    """Return the path of a command, such as `key list`; empty for the program alone."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, ctx.info_name or "")
        ctx = ctx.parent
    return " ".join(names)


def usage_pieces(command: click.Command, ctx: click.Context) -> list[str]:
    """Return the parts of a command's usage line after its name: arguments, then options."""
    arguments = [piece for param in command.get_params(ctx) for piece in param.get_usage_pieces(ctx)]
    if isinstance(command, click.Group):
        wanted = translate("[COMMAND]" if command.invoke_without_command else "COMMAND")
        arguments.append(wanted)
    return [*arguments, translate("[options]")]


def write_help(
    command: click.Command, examples: Sequence[tuple[str, str]], ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write a command's help; each example is what is typed after the command, and what it does."""
    for paragraph in (command.help or "").split("\n\n"):
        formatter.write_text(" ".join(paragraph.split()))
        formatter.write_paragraph()
    formatter.write_usage(ctx.command_path, " ".join(usage_pieces(command, ctx)), translate("Usage:") + "  ")
    _write_examples(examples, ctx, formatter)
    if isinstance(command, click.Group):
        _write_commands(command, ctx, formatter)
    _write_options(command, ctx, formatter)


def _write_examples(examples: Sequence[tuple[str, str]], ctx: click.Context, formatter: click.HelpFormatter) -> None:
    rows = [(f"{ctx.command_path} {typed}".strip(), translate(what)) for typed, what in examples]
    with formatter.section(translate("Examples")):
        formatter.write_dl(rows, col_max=min(max(len(typed) for typed, _ in rows), formatter.width - 32))


def _write_commands(group: click.Group, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    rows = []
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is not None and not command.hidden:
            rows.append((name, _first_sentence(command.help or "")))
    with formatter.section(translate("Commands")):
        formatter.write_dl(rows)


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split()).partition(". ")[0].rstrip(".") + "."


def _write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    options = [param for param in command.get_params(ctx) if isinstance(param, click.Option)]
    for title, names in _GROUPS:
        if names is SCREEN and path_of(ctx) not in WITH_SCREENS:
            continue
        of_group = [option for option in options if group_of(option.name) == names]
        rows = [row for option in of_group if (row := option.get_help_record(ctx)) is not None]
        if rows:
            with formatter.section(translate(title)):
                formatter.write_dl(rows)
