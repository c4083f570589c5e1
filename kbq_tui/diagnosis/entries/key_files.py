"""The key file on this machine, and its copy in the keyring."""

from typing import Final

from kbq_tui.diagnosis.entry import Entry, look, step, wait
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_KEYS: Final = "https://cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys"
_KEY_FORMAT: Final = "https://cloud.google.com/iam/docs/keys-create-delete"
_YOU: Final = "You, on this machine."
_ROOT: Final = "You or an administrator of this machine."

ENTRIES: Final = (
    Entry(
        Code.KEY_FILE_TAKEN,
        "Something else is where the key should go",
        "{path} exists already, and nothing is ever written over it.",
        (
            look("See what it is:", cmd.SHOW_FILE),
            step("Move it away, or choose another place with --key-file:", Command("mv {path} {path}.old")),
        ),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.KEY_ALREADY_HERE,
        "A key is kept here already; key rotation replaces it",
        "{path} holds key {key_id} of {account}. A second key beside it would be a second way in, so none was made.",
        (step("To replace the key, step by step and without a minute in which none works:", cmd.ours("key rotate")),),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.KEY_FILE_BUSY,
        "Another process is making a key there now",
        "{path} is reserved by a process that is alive; what is being made there must not be disturbed.",
        (wait("Wait until it has ended, then run the same command again: it finds the key that was made."),),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.KEY_FILE_MISSING,
        "The key is not on this machine",
        "There is no key file at {path}, and no copy in the system's keyring.",
        (
            "If the key lies elsewhere, name it with --key-file.",
            "If it was shredded after the hand-over, checks that need it cannot run; create a new key to go on, "
            "and put it into Klaviyo.",
        ),
        _YOU,
        _KEYS,
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.KEY_HANDED_OVER,
        "The key was handed over, and cannot be tried from here",
        "Key {key_id} of {account} was destroyed on this machine after the hand-over, so nothing can be checked with "
        "it. The last verification with it stands.",
        (
            step("Nothing is wrong by that. What can be seen without the key:", cmd.ours("status")),
            "In Klaviyo, Advanced > Syncing shows whether the connection works.",
            step("To check with a key again, make a new one, and put it into Klaviyo:", cmd.ours("key create")),
        ),
        _YOU,
        _KEYS,
    ),
    Entry(
        Code.KEY_FILE_UNREADABLE,
        "The key file cannot be read",
        "{path} cannot be read: {reason}",
        (
            look("See who may read it:", cmd.SHOW_FILE),
            step("Give yourself, and nobody else, the right to read it:", Command("chmod 600 {path}")),
        ),
        _ROOT,
        _KEYS,
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.KEY_FILE_OWNER,
        "The key file belongs to someone else",
        "{path} belongs to {owner}, who could change it or keep reading it.",
        (
            look("See who owns it:", cmd.SHOW_FILE),
            step(
                "Do not trust the file: create a new key in a place of your own, and delete this one at Google:",
                cmd.LIST_KEYS,
                cmd.DELETE_KEY,
            ),
        ),
        _ROOT,
        _KEYS,
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.KEY_FILE_MODE,
        "Others can read the key file",
        "{path} has mode {mode}: others on this machine can read the key.",
        (
            step("Make it readable by you only:", cmd.ours("key mend")),
            step("If others were on this machine meanwhile, replace the key:", cmd.ours("key rotate")),
        ),
        _YOU,
        _KEYS,
    ),
    Entry(
        Code.KEY_FILE_LINKS,
        "The key file has other names",
        "{path} has {n} names (hard links): shredding it removes one of them.",
        (look("Find the others, and remove them:", Command("find ~ -samefile {path}")),),
        _YOU,
        _KEYS,
    ),
    Entry(
        Code.KEY_FOLDER,
        "Others can reach the key's folder",
        "Others could read the key, or put another one in its place. {reason}",
        (
            look("See who may do what there:", Command("ls -ld {path}")),
            step("If it is one of kbq-tui's folders, close it:", cmd.ours("key mend")),
            "Otherwise remove other users' right to write there, or keep the key elsewhere, with --key-file.",
        ),
        _YOU,
        _KEYS,
    ),
    Entry(
        Code.KEY_FILE_SYMLINK,
        "The way to the key file is a symbolic link",
        "{path} or a folder on the way is a symbolic link, and links are not followed: someone else could turn them.",
        (look("See where it leads:", Command("namei -l {path}")), "Give the real path with --key-file."),
        _YOU,
        _KEYS,
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.KEY_FILE_INVALID,
        "The file is not a service account key",
        "{path} is not a key of a service account: {reason}",
        (
            "Check that it is the JSON file Google gave when the key was created, complete and unchanged; it has "
            '"type": "service_account" in it.',
            "If it is lost or damaged, create a new key: Google gives a key's secret only once.",
        ),
        _YOU,
        _KEY_FORMAT,
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.KEY_FILE_OTHER_ACCOUNT,
        "The key belongs to another account",
        "{path} is a key of {found}; the connection uses {expected}.",
        ("Name the right file with --key-file.", "Or move this one away, and create a key here."),
        _YOU,
        _KEY_FORMAT,
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.KEY_FILE_UNWRITABLE,
        "The key cannot be saved there",
        "{path} cannot be written: {reason}",
        (
            "No key is left behind at Google: the file is tried before a key is created, and a key that cannot be "
            "saved is deleted there.",
            step(
                "Choose a folder of your own with --key-file, and see that it can be written:", Command("ls -ld {path}")
            ),
        ),
        _ROOT,
        _KEYS,
    ),
    Entry(
        Code.KEY_IN_GIT,
        "The key file lies inside a git work tree",
        "{path} lies in the git work tree {tree}, from where a key is easily pushed and published.",
        (
            step("Keep it outside of there: move it, and name its new place.", Command("mv {path} ~/")),
            step(
                "If it was ever committed, others may have it, and removing the commit is not enough: replace it.",
                cmd.ours("key rotate"),
            ),
        ),
        _YOU,
        _KEYS,
    ),
    Entry(
        Code.KEYRING,
        "The key's copy in the system's keyring cannot be read",
        "There is no key file at {path}, and the copy in the system's keyring cannot be read: {reason}",
        (
            "Unlock the keyring in its own program (signing in to the desktop does, as a rule), then run the same "
            "command again.",
            "If the key's file is still somewhere, name it with --key-file: then no keyring is asked.",
        ),
        _YOU,
        _KEYS,
        Kind.CREDENTIALS,
    ),
)
