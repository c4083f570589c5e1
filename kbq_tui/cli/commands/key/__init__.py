"""`kbq-tui key`: the account's keys at Google, and the local key file."""

import click

from kbq_tui.cli.click_options import (
    Amount,
    Group,
    confirm_option,
    connection_options,
    json_option,
    name_argument,
    output_options,
    yes_option,
)
from kbq_tui.cli.click_running import command, on_lines
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


def valid_key(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Refuse an empty id: every key's id begins with it, so an unset variable would delete the only key there is."""
    if not value.strip():
        raise click.BadParameter(translate("Give the key's id, or its beginning, as `key list` shows it."))
    return value


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


@dataclass(frozen=True, slots=True)
class KeyListOptions:
    """The options of `key list`.

    Attributes:
        max_age: the age in days from which there is a warning.
    """

    output: OutputOptions
    connection: ConnectionOptions
    max_age: int


@command(
    KeyListOptions,
    "list",
    group=key,
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
def key_list(options: KeyListOptions) -> int:
    """Print the account's keys, who has each, and when it was last used."""
    from kbq_tui.cli.commands.key.listing import list_command

    return on_lines(list_command, options)


@dataclass(frozen=True, slots=True)
class KeyCreateOptions:
    """The options of `key create`."""

    output: OutputOptions
    connection: ConnectionOptions


@command(
    KeyCreateOptions,
    "create",
    group=key,
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
def key_create(options: KeyCreateOptions) -> int:
    """Create the key, if there is none."""
    from kbq_tui.cli.commands.key.body import create_command

    return on_lines(create_command, options)


@dataclass(frozen=True, slots=True)
class KeyDeleteOptions:
    """The options of `key delete`.

    Attributes:
        key_id: the key's id, or its beginning, if that fits only one key.
        yes: do it without a question.
        confirm: the connection's name, typed as the answer to that question.
    """

    output: OutputOptions
    connection: ConnectionOptions
    key_id: str
    yes: bool = False
    confirm: str | None = None


@command(
    KeyDeleteOptions,
    "delete",
    group=key,
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
def key_delete(options: KeyDeleteOptions) -> int:
    """Delete a key at Google, after a question or with `--yes`."""
    from kbq_tui.cli.commands.key.body import delete_command

    return on_lines(delete_command, options)


@dataclass(frozen=True, slots=True)
class KeyRotateOptions:
    """The options of `key rotate`.

    Attributes:
        confirmed: the operator says that Klaviyo uses the new key (with `rollback`: the old one).
        rollback: delete the new key.
        grace: hours for which the old key stays disabled.
        wait: the most minutes to wait for Klaviyo.
        yes: do it without a question.
        confirm: the connection's name, typed as the answer to that question.
    """

    output: OutputOptions
    connection: ConnectionOptions
    confirmed: bool = False
    rollback: bool = False
    grace: float = 24.0
    wait: float = 60.0
    yes: bool = False
    confirm: str | None = None


@command(
    KeyRotateOptions,
    "rotate",
    group=key,
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
def key_rotate(options: KeyRotateOptions) -> int:
    """Replace the key, step by step; each run continues where the last one ended."""
    from kbq_tui.cli.commands.key.rotation import rotate_command

    return on_lines(rotate_command, options)


@dataclass(frozen=True, slots=True)
class KeyFileOptions:
    """The options of `key mend` and `key shred`.

    Attributes:
        yes: do it without a question.
        confirm: the connection's name, typed as the answer to that question.
    """

    output: OutputOptions
    connection: ConnectionOptions
    yes: bool = False
    confirm: str | None = None


@command(
    KeyFileOptions,
    "mend",
    group=key,
    help=translate("Take away what others on this machine may do with the key file."),
    examples=(("", N_("the default connection")), ("shop-eu", N_("another one")), ("--yes", N_("without a question"))),
    next_step=("verify", ""),
)
@name_argument
@connection_options
@output_options
@yes_option
@confirm_option
def key_mend(options: KeyFileOptions) -> int:
    """Remove other users' permissions on the key file."""
    from kbq_tui.cli.commands.key.body import fix_permissions_command

    return on_lines(fix_permissions_command, options)


@command(
    KeyFileOptions,
    "shred",
    group=key,
    help=translate("Destroy the key file here, after Klaviyo has it. The key itself stays valid."),
    examples=(("", N_("the default connection")), ("shop-eu", N_("another one")), ("--yes", N_("without a question"))),
    next_step=("status", ""),
)
@name_argument
@connection_options
@output_options
@yes_option
@confirm_option
def key_shred(options: KeyFileOptions) -> int:
    """Delete the key file once Klaviyo has the key."""
    from kbq_tui.cli.commands.key.body import shred_command

    return on_lines(shred_command, options)
