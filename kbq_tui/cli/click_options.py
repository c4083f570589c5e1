"""Options that several commands share. Only click is imported here, because every import slows down `--version` and
completion."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from kbq_tui.cli.click_help import usage_pieces, write_help
from kbq_tui.i18n.language import LANGUAGES
from kbq_tui.i18n.messages import Message, render, translate

F = TypeVar("F", bound=Callable[..., Any])

_CHECKS = {
    "project": "check_project",
    "location": "check_location",
    "import_dataset": "check_dataset",
    "staging_dataset": "check_dataset",
    "export_dataset": "check_dataset",
    "name": "check_name",
}


def valid(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse an invalid value before anything else happens."""
    if value is None:
        return None
    from kbq_tui.model import spec

    check: Callable[[str], Message | None] = getattr(spec, _CHECKS[param.name or ""])
    if reason := check(value):
        raise click.BadParameter(render(reason))
    return value


def valid_names(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse invalid connection names."""
    from kbq_tui.model.spec import check_name

    for name in value:
        if reason := check_name(name):
            raise click.BadParameter(render(reason))
    return value


def valid_name(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Refuse an invalid connection name."""
    return valid_names(ctx, param, (value,))[0]


def connection_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the connections that begin with what was typed, for a shell's completion."""
    from contextlib import suppress

    from kbq_tui.local.connection_file import Connections
    from kbq_tui.local.paths import Paths
    from kbq_tui.model.problem import ProblemError

    with suppress(ProblemError):  # completion must not print messages
        names = Connections(Paths.from_env(os.environ).connections).names()
        return [name for name in names if name.startswith(incomplete)]
    return []


def _valid_account(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from kbq_tui.model.spec import check_account

    if reason := check_account(value.partition("@")[0]):
        raise click.BadParameter(render(reason))
    return value


def _whole_file(value: str) -> str:
    """Return the path of a file, as `_whole` does. Raises click.BadParameter."""
    if value.endswith(os.sep):
        raise click.BadParameter(translate("It ends in a slash, as a folder's name does. Give the name of a file."))
    return _whole(value)


def _whole(value: str) -> str:
    """Return a path that does not depend on the working directory. Raises click.BadParameter."""
    try:
        return os.path.abspath(os.path.expanduser(value))  # noqa: PTH100, PTH111  pathlib is imported late
    except FileNotFoundError:
        reason = translate("The working directory is gone. Change to another, or give a whole path.")
        raise click.BadParameter(reason) from None


def findable(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse a folder's name, and a relative path if the working directory no longer exists."""
    if value:
        _whole_file(value)
    return value


def valid_report(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse a report of an unknown kind."""
    if value is not None and not value.endswith((".md", ".html", ".json")):
        raise click.BadParameter(translate("A report's name ends in .md, .html or .json."))
    return findable(ctx, param, value)


def absolute(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the path of a file that does not depend on the working directory."""
    return _whole_file(value) if value else None


def absolute_folder(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the path of a folder that does not depend on the working directory."""
    return _whole(value) if value else None


def _together(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_LANG = click.Option(
    ["--lang"],
    type=click.Choice(LANGUAGES),
    expose_value=False,  # it was read before anything else, see `language.chosen`
    help=translate("Language; else KBQ_TUI_LANG, else the locale's."),
)


class Amount(click.FloatRange):
    """A number within bounds; "nan", which cannot be compared, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Raises click.BadParameter."""
        found = super().convert(value, param, ctx)
        if found != found:
            self.fail(translate("{value} is no number.", value=str(value)), param, ctx)
        return found


Example = tuple[str, str]
"""What is typed after a command, and what that does."""


class LanguageCommand(click.Command):
    """A command with `--lang`, as every command has, and with the texts for its help and its last line.

    Args:
        examples: three, as its help shows them.
        next_step: the command that follows a successful run, and when or what for (may be empty). None if the command
            prints it itself, because it depends on the result or nothing may follow its output.
        more: as for click.Command.
    """

    takes_any_text = False
    """Whether its arguments may contain a key, as for a command to which errors are passed."""
    options_class: type | None = None
    """The class of its options; None for a group."""

    def __init__(
        self, *args: Any, examples: tuple[Example, Example, Example], next_step: tuple[str, str] | None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.examples = examples
        self.next_step = next_step

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's options, with `--lang` before `--help`."""
        *own, help_ = super().get_params(ctx)
        return [*own, _LANG, help_]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse a key that was pasted by mistake, before it becomes a file's name or is sent anywhere."""
        if not isinstance(self, click.Group) and not self.takes_any_text and any(len(arg) > 40 for arg in args):
            from kbq_tui.model.secret import is_key_line, scrub, scrub_typed

            for arg in args:
                value = arg.partition("=")[2] if arg.startswith("--") and "=" in arg else arg
                path = value.startswith("/") and not is_key_line(value)
                if (scrub(value) if path else scrub_typed(value)) != value:
                    raise click.UsageError(
                        translate("This looks like a secret. Name the file that holds it instead."), ctx
                    )
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the parts of the usage line in the operator's language."""
        return usage_pieces(self, ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's help."""
        write_help(self, self.examples, ctx, formatter)


class TextCommand(LanguageCommand):
    """A command that takes any text, and masks in it what looks like a key."""

    takes_any_text = True


class Group(LanguageCommand, click.Group):
    """A group of such commands, which has `--lang`, too. A group has no next step itself."""

    command_class = LanguageCommand
    group_class = type

    def __init__(self, *args: Any, examples: tuple[Example, Example, Example], **more: Any) -> None:
        super().__init__(*args, examples=examples, next_step=None, **more)


THEMES = ("dark", "light", "contrast", "mono")
FILE = click.Path(exists=True, dir_okay=False)

connection_options = _together(
    click.option("--project", metavar="ID", callback=valid, help=translate("Project ID (not number, not name).")),
    click.option(
        "--location",
        metavar=translate("LOCATION"),
        callback=valid,
        help=translate("US, EU or a region; existing datasets win."),
    ),
    click.option(
        "--direction", type=click.Choice(("import", "export", "both")), help=translate("Which way data flows.")
    ),
    click.option("--import-dataset", metavar="NAME", callback=valid, help=translate("What Klaviyo reads.")),
    click.option("--staging-dataset", metavar="NAME", callback=valid, help=translate("Klaviyo's working space.")),
    click.option("--export-dataset", metavar="NAME", callback=valid, help=translate("What Klaviyo writes.")),
    click.option(
        "--service-account", metavar="ID|EMAIL", callback=_valid_account, help=translate("The account Klaviyo uses.")
    ),
    click.option("--key-file", metavar=translate("FILE"), callback=absolute, help=translate("Where its key is kept.")),
    click.option(
        "--credentials",
        metavar=translate("FILE"),
        type=FILE,
        callback=absolute,
        help=translate("Your own Google credentials."),
    ),
    click.option("--impersonate", metavar=translate("ACCOUNT"), help=translate("Act as this service account.")),
    click.option("--quota-project", metavar="ID", help=translate("Project that calls are charged to.")),
    click.option(
        "--config",
        metavar=translate("FILE"),
        type=click.Path(dir_okay=False),
        callback=findable,
        help=translate("One connection file."),
    ),
    click.option(
        "--timeout",
        metavar="S",
        type=Amount(0.1, 3600),
        default=60.0,
        help=translate("Seconds for one call to Google."),
    ),
)


output_options = _together(
    click.option("--no-color", "--mono", "no_color", is_flag=True, help=translate("No colours (so does NO_COLOR).")),
    click.option(
        "--ascii/--no-ascii", "ascii_", default=None, help=translate("ASCII only; as chosen with F4 by default.")
    ),
    click.option("--theme", type=click.Choice(THEMES), help=translate("Colours; as chosen with F6 by default.")),
    click.option("--mouse/--no-mouse", default=None, help=translate("Mouse in the screens; off over SSH by default.")),
    click.option("--log-file", metavar=translate("FILE"), callback=absolute, help=translate("Where the log goes.")),
    click.option("-v", "--verbose", count=True, help=translate("Say and log more.")),
)
"""Options for the output; these can also be given before a command, because `kbq-tui` alone has screens and a log."""

json_option = click.option("--json", "as_json", is_flag=True, help=translate("JSON on standard output."))
over_grants_option = click.option(
    "--remove-over-grants",
    is_flag=True,
    help=translate("Also take away what the service account holds beyond its need."),
)
yes_option = click.option("--yes", is_flag=True, help=translate("Do it without asking."))
confirm_option = click.option(
    "--confirm",
    metavar="NAME",
    help=translate("The connection's name, for what destroys something in production."),
    shell_complete=connection_names,
)
name_argument = click.argument("name", required=False, callback=valid, shell_complete=connection_names)
connection_name_option = click.option(
    "--connection",
    "name",
    metavar="NAME",
    callback=valid,
    shell_complete=connection_names,
    help=translate("Which connection, for a command whose arguments are something else."),
)
names_argument = click.argument(
    "names", nargs=-1, metavar="[NAME]...", callback=valid_names, shell_complete=connection_names
)
