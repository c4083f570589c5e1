"""`kbq-tui permissions`: what each command needs at Google, derived from its calls to the sandbox.

`permissions.json` beside this has, for each command, its calls and the permissions of each (`python -m
tests.tools.permissions` creates it).
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from kbq_tui.cli.command_options import UsageError
from kbq_tui.cli.commands.permissions import PermissionsOptions
from kbq_tui.cli.console import Console
from kbq_tui.cli.table import table
from kbq_tui.diagnosis.permissions import PERMISSIONS
from kbq_tui.i18n.messages import message, translate
from kbq_tui.shell import commands as cmd

Needs = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By command and by method, such as `iam.serviceAccounts.create`: the permissions."""


@cache
def known_needs() -> Needs:
    """Return the calls of each command with the permissions that each needs."""
    body = json.loads((files(__package__) / "permissions.json").read_text("utf-8"))
    return {name: {call: tuple(asked) for call, asked in calls.items()} for name, calls in body.items()}


def permissions_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return the permissions that some commands need together, sorted."""
    return tuple(sorted({p for name in names for asked in known_needs()[name].values() for p in asked}))


def role_file(names: Iterable[str], title: str) -> list[str]:
    """Return the lines of a custom role for `gcloud iam roles create --file`.

    Source: https://cloud.google.com/iam/docs/creating-custom-roles#iam-custom-roles-create-gcloud

    Args:
        names: the commands that it is for.
        title: the role's title, at most 100 characters.
    """
    return [
        f'title: "{title}"',
        f'description: "What {title} needs, and nothing else"',
        "stage: GA",
        "includedPermissions:",
        *(f"- {permission}" for permission in permissions_of(names)),
    ]


def permissions_command(options: PermissionsOptions, console: Console) -> int:
    """Print what commands need, as a table, JSON or the file of a custom role.

    Raises:
        UsageError: there is no such command.
    """
    known, wanted = known_needs(), " ".join(options.command)
    if wanted and wanted not in known:
        raise UsageError(
            message(
                "{name} is no command that needs permissions at Google. These are: {names}.",
                name=wanted,
                names=", ".join(known),
            )
        )
    names = [wanted] if wanted else list(known)
    title = f"kbq-tui {wanted}".strip()
    if options.output.as_json:
        console.json({"schema": "kbq-tui/permissions/v1", "commands": [_to_json(name) for name in names]})
    elif options.format_ == "yaml":
        for line in role_file(names, title):
            console.result(line)
        file = title.replace(" ", "-") + ".yaml"
        console.say(translate("Save it as {file}. Who may create roles (Role Administrator) runs:", file=file))
        console.say(
            f"  {cmd.CREATE_ROLE.filled({'file': file, 'role_id': title.title().replace(' ', '').replace('-', '')})}"
        )
    else:
        for name in names:
            _print(name, console)
        more = f" {wanted}" if wanted else ""
        console.say(translate("As a custom role: {command}", command=f"kbq-tui permissions{more} --format yaml"))
    return 0


def _print(name: str, console: Console) -> None:
    """Print one command: each permission with its role, and below it the calls that need it."""
    calls = known_needs()[name]
    heading, *rows = table(
        (f"kbq-tui {name}", translate("SMALLEST ROLE")),
        [(f"  {p}", PERMISSIONS[p].role) for p in permissions_of([name])],
    )
    console.result(heading)
    for permission, row in zip(permissions_of([name]), rows, strict=True):
        console.result(row)
        for call, asked in calls.items():
            if permission in asked:
                console.result(f"    {call}")
    free = [call for call, asked in calls.items() if not asked]
    if free:
        console.result("  " + translate("needs no permission, or succeeds without its answer:"))
        for call in free:
            console.result(f"    {call}")
    console.result()


def _to_json(name: str) -> dict[str, object]:
    return {
        "command": name,
        "calls": [
            {"call": call, "permissions": [{"permission": p, "role": PERMISSIONS[p].role} for p in asked]}
            for call, asked in known_needs()[name].items()
        ],
    }
