"""Options that several commands share. Only click is imported here: `--version` and completion pay for every import."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_CHECKS = {
    "project": "check_project",
    "location": "check_location",
    "import_dataset": "check_dataset",
    "staging_dataset": "check_dataset",
    "export_dataset": "check_dataset",
    "name": "check_name",
}


def _valid(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse a value that cannot be right, before anything else happens."""
    if value is None:
        return None
    from kbq_tui.core import spec

    check: Callable[[str], str | None] = getattr(spec, _CHECKS[param.name or ""])
    if reason := check(value):
        raise click.BadParameter(reason)
    return value


def valid_names(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what cannot be connections' names."""
    from kbq_tui.core.spec import check_name

    for name in value:
        if reason := check_name(name):
            raise click.BadParameter(reason)
    return value


def _valid_account(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from kbq_tui.core.spec import check_account

    if reason := check_account(value.partition("@")[0]):
        raise click.BadParameter(reason)
    return value


def valid_report(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse a report of no known kind."""
    if value is not None and not value.endswith((".md", ".html", ".json")):
        raise click.BadParameter("A report's name ends in .md, .html or .json.")
    return value


def absolute(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return a path that does not depend on where the program runs."""
    return os.path.abspath(os.path.expanduser(value)) if value else None  # noqa: PTH100, PTH111  pathlib is late here


def _together(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


FILE = click.Path(exists=True, dir_okay=False)

connection_options = _together(
    click.option("--project", metavar="ID", callback=_valid, help="Project ID (not number, not name)."),
    click.option("--location", metavar="LOCATION", callback=_valid, help="US, EU or a region; existing datasets win."),
    click.option("--direction", type=click.Choice(("import", "export", "both")), help="Which way data flows."),
    click.option("--import-dataset", metavar="NAME", callback=_valid, help="What Klaviyo reads."),
    click.option("--staging-dataset", metavar="NAME", callback=_valid, help="Klaviyo's working space."),
    click.option("--export-dataset", metavar="NAME", callback=_valid, help="What Klaviyo writes."),
    click.option("--service-account", metavar="ID|EMAIL", callback=_valid_account, help="The account Klaviyo uses."),
    click.option("--key-file", metavar="FILE", callback=absolute, help="Where its key is kept."),
    click.option("--credentials", metavar="FILE", type=FILE, callback=absolute, help="Your own Google credentials."),
    click.option("--impersonate", metavar="ACCOUNT", help="Act as this service account."),
    click.option("--quota-project", metavar="ID", help="Project that calls are charged to."),
    click.option("--config", metavar="FILE", type=click.Path(dir_okay=False), help="One connection file."),
    click.option(
        "--timeout", metavar="S", type=click.FloatRange(0.1, 3600), default=60.0, help="Seconds for one call to Google."
    ),
)

output_options = _together(
    click.option("--no-color", is_flag=True, help="No colours (so does NO_COLOR)."),
    click.option("--ascii", "ascii_", is_flag=True, default=None, help="ASCII only."),
    click.option("--mouse/--no-mouse", default=None, help="Mouse in the screens; off over SSH by default."),
    click.option("--log-file", metavar="FILE", callback=absolute, help="Where the log goes."),
    click.option("-v", "--verbose", count=True, help="Say and log more."),
)

json_option = click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
over_grants_option = click.option(
    "--remove-over-grants", is_flag=True, help="Also take away what the service account holds beyond its need."
)
yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")
name_argument = click.argument("name", required=False, callback=_valid)
