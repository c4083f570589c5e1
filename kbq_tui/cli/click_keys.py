"""`kbq-tui key`: its commands and their options."""

from typing import Any

import click

from kbq_tui.cli.click_options import (
    Amount,
    Group,
    confirm_option,
    connection_options,
    json_option,
    name_argument,
    output_options,
    valid_key,
    yes_option,
)
from kbq_tui.cli.click_running import filled, handled, on_lines
from kbq_tui.i18n.messages import N_, translate


@click.group(
    cls=Group,
    help=translate("Manage the service account's keys."),
    examples=(
        ("list", N_("the keys at Google")),
        ("rotate", N_("replace the key that Klaviyo holds")),
        ("shred", N_("destroy the file after the hand-over")),
    ),
)
def key() -> None:
    """The group of commands on the service account's key."""
    pass


@key.command(
    "list",
    help=translate("List the keys that exist at Google."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu --max-age 30", N_("warn of keys older than 30 days")),
        ("--json", N_("for a program to read")),
    ),
    next_step=("key rotate", N_("where a key is old")),
)
@name_argument
@connection_options
@output_options
@json_option
@click.option(
    "--max-age",
    metavar=translate("DAYS"),
    type=click.IntRange(1),
    default=90,
    show_default=True,
    help=translate("Warn of keys that are older."),
)
@handled
def key_list(**parameters: Any) -> int:
    """Print the account's keys, who has each, and when it was last used."""
    from kbq_tui.cli.commands.key_list import KeyListOptions, list_command

    return on_lines(list_command, filled(KeyListOptions, parameters))


@key.command(
    "create",
    help=translate("Create a key and keep it here; prints its path."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("--key-file ./shop-eu.json", N_("keep it in a file of your choice")),
    ),
    next_step=("verify", ""),
)
@name_argument
@connection_options
@output_options
@handled
def key_create(**parameters: Any) -> int:
    """Create the key, if there is none."""
    from kbq_tui.cli.commands.key import KeyCreateOptions, create_command

    return on_lines(create_command, filled(KeyCreateOptions, parameters))


@key.command(
    "delete",
    help=translate("Delete a key at Google. What signs in with it stops working."),
    examples=(
        ("0123abcd", N_("a key whose id begins so")),
        ("0123abcd shop-eu", N_("of another connection")),
        ("0123abcd --yes", N_("without a question")),
    ),
    next_step=("key list", ""),
)
@click.argument("key_id", callback=valid_key)
@name_argument
@connection_options
@output_options
@yes_option
@confirm_option
@handled
def key_delete(**parameters: Any) -> int:
    """Delete a key at Google, after a question or with `--yes`."""
    from kbq_tui.cli.commands.key import KeyDeleteOptions, delete_command

    return on_lines(delete_command, filled(KeyDeleteOptions, parameters))


@key.command(
    "rotate",
    help=translate("Replace the key that Klaviyo holds, without a minute in which none works. Run it again to go on."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu --confirmed", N_("you have pasted it into Klaviyo")),
        ("shop-eu --rollback", N_("take the new key back")),
    ),
    next_step=None,
)
@name_argument
@connection_options
@output_options
@json_option
@yes_option
@confirm_option
@click.option(
    "--confirmed",
    is_flag=True,
    help=translate("You have seen in Klaviyo that it works with the new key."),
)
@click.option("--rollback", is_flag=True, help=translate("Take the new key back, while Klaviyo holds the old one."))
@click.option(
    "--grace",
    metavar=translate("HOURS"),
    type=Amount(0, 24 * 90),
    default=24.0,
    show_default=True,
    help=translate("How long the old key stays, disabled, before it is deleted."),
)
@click.option(
    "--wait",
    metavar=translate("MINUTES"),
    type=Amount(0, 60 * 24 * 7),
    default=60.0,
    show_default=True,
    help=translate("How long Klaviyo is waited for in this run."),
)
@handled
def key_rotate(**parameters: Any) -> int:
    """Replace the key, step by step; each run continues where the last one ended."""
    from kbq_tui.cli.commands.key_rotate import KeyRotateOptions, rotate_command

    return on_lines(rotate_command, filled(KeyRotateOptions, parameters))


@key.command(
    "mend",
    help=translate("Take away what others on this machine may do with the key file."),
    examples=(("", N_("the default connection")), ("shop-eu", N_("another one")), ("--yes", N_("without a question"))),
    next_step=("verify", ""),
)
@name_argument
@connection_options
@output_options
@yes_option
@confirm_option
@handled
def key_mend(**parameters: Any) -> int:
    """Remove other users' permissions on the key file."""
    from kbq_tui.cli.commands.key import KeyFileOptions, fix_permissions_command

    return on_lines(fix_permissions_command, filled(KeyFileOptions, parameters))


@key.command(
    "shred",
    help=translate("Destroy the key file here, after Klaviyo has it. The key itself stays valid."),
    examples=(("", N_("the default connection")), ("shop-eu", N_("another one")), ("--yes", N_("without a question"))),
    next_step=("status", ""),
)
@name_argument
@connection_options
@output_options
@yes_option
@confirm_option
@handled
def key_shred(**parameters: Any) -> int:
    """Delete the key file once Klaviyo has the key."""
    from kbq_tui.cli.commands.key import KeyFileOptions, shred_command

    return on_lines(shred_command, filled(KeyFileOptions, parameters))
