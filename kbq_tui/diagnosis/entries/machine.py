"""This machine: files, keyring, lock, journal, settings. Nothing of Google's."""

from typing import Final

from kbq_tui.diagnosis.entry import GRANT, LOOK, Entry, Stage, back, helper, look, shared, step, wait
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_KEYS: Final = "https://cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys"
_KEY_FORMAT: Final = "https://cloud.google.com/iam/docs/keys-create-delete"
_XDG: Final = "https://specifications.freedesktop.org/basedir-spec/latest/"
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
        "A key is kept here already; to replace it is called rotation",
        "{path} holds key {key_id} of {account}. A second key beside it would be a second way in, so none was made.",
        (
            step("To replace the key, make the new one in another file:", cmd.ours("key create --key-file {path}.new")),
            step("Put the new file into Klaviyo, and check it:", cmd.ours("verify --key-file {path}.new")),
            step("Once Klaviyo works with the new key, delete the old one:", cmd.ours("key delete {key_id}")),
        ),
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
        (step("Close it:", Command("chmod 600 {path}")), "If others were on this machine meanwhile, rotate the key."),
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
            "No key without a place stays at Google: the place is tried first, and what it does not take is deleted.",
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
        "{path} lies in a git work tree, from where a key is easily pushed and published.",
        (
            step("Move it out of there:", Command("mv {path} ~/")),
            "If it was ever committed, the key is lost: rotate it. Removing the commit is not enough.",
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
    Entry(
        Code.DISK_FULL,
        "The disk is full",
        "There is no room to write {path}.",
        (
            look("See how much room there is:", Command('df -h "$(dirname {path})"')),
            "Make room, and try again; what was done stays done.",
        ),
        _ROOT,
        _XDG,
    ),
    Entry(
        Code.READ_ONLY,
        "The file system is read-only",
        "{path} lies on a file system that cannot be written.",
        (
            "Point to folders that can be written, with XDG_CONFIG_HOME, XDG_STATE_HOME and XDG_DATA_HOME; and "
            "the key elsewhere with --key-file.",
            look("See how it is mounted:", Command("findmnt --target {path}")),
        ),
        _ROOT,
        _XDG,
    ),
    Entry(
        Code.NO_HOME,
        "There is no home folder to write to",
        "Settings and keys have no place: {path}: {reason}",
        ("Name folders of your own in XDG_CONFIG_HOME, XDG_STATE_HOME and XDG_DATA_HOME, and start again.",),
        _ROOT,
        _XDG,
    ),
    Entry(
        Code.CONFIG_INVALID,
        "A connection file has a mistake",
        "{path}, line {line}, {key}: {reason}",
        (step("Correct the line, and start again:", Command('"$EDITOR" {path}')),),
        _YOU,
        "https://toml.io/en/v1.0.0",
        Kind.USAGE,
    ),
    Entry(
        Code.LIST_INVALID,
        "A list of connections has a mistake",
        "{path}, line {line}, column {column}: {reason}",
        (step("Correct the line, and import the list again; nothing of it was taken:", Command('"$EDITOR" {path}')),),
        _YOU,
        "https://www.rfc-editor.org/rfc/rfc4180",
        Kind.USAGE,
    ),
    Entry(
        Code.CONFIG_UNREADABLE,
        "A connection file cannot be read",
        "{path} cannot be read or written: {reason}",
        (look("See who may read it:", cmd.SHOW_FILE), "Or name another file with --config."),
        _YOU,
        _XDG,
    ),
    Entry(
        Code.VALUE_INVALID,
        "A value cannot be right",
        "{field}: {reason}",
        ("Give another value, and start again.",),
        _YOU,
        "https://cloud.google.com/bigquery/docs/datasets#dataset-naming",
        Kind.USAGE,
    ),
    Entry(
        Code.CONNECTION_UNKNOWN,
        "There is no connection of that name",
        "No connection called {connection} is set up here.",
        (
            step("Set one up:", Command("kbq-tui setup {connection}")),
            look("See which there are:", cmd.ours("status --all")),
        ),
        _YOU,
        _XDG,
        Kind.NOT_FOUND,
    ),
    Entry(
        Code.SHARED_NEEDS,
        "Another connection shares this with other needs",
        "Connection {connection} uses the same account or dataset for something else.",
        (
            "Give each connection an account or datasets of its own, with --service-account, --import-dataset, "
            "--staging-dataset or --export-dataset.",
            look("See what the other one needs:", Command("kbq-tui plan {connection}")),
        ),
        _YOU,
        "https://cloud.google.com/iam/docs/best-practices-service-accounts#single-purpose",
        Kind.CONFLICT,
    ),
    Entry(
        Code.LOCK_HELD,
        "Another run is at work on this connection",
        "The connection {connection} is in use by {holder}.",
        (
            wait("Wait until it is done, or end it yourself."),
            "The lock goes with the process; there is nothing to delete.",
        ),
        _YOU,
        _XDG,
        Kind.CONFLICT,
    ),
    Entry(
        Code.JOURNAL_DAMAGED,
        "The journal has lines that cannot be read",
        "{path} was damaged, as by a loss of power; what it says of the last run may be incomplete.",
        (
            "Nothing is lost at Google: what is there is looked at anew before anything is changed.",
            look("Look for a key that nobody holds:", cmd.LIST_KEYS),
            step("Keep the damaged file aside, and start again:", Command("mv {path} {path}.damaged")),
        ),
        _YOU,
        _XDG,
    ),
    Entry(
        Code.JOURNAL_UNWRITABLE,
        "The journal cannot be written",
        "{path} cannot be written: {reason} Without it nothing is changed, for a key could be lost unseen.",
        (look("See who may write it:", cmd.SHOW_FILE), "Or name another folder in XDG_STATE_HOME."),
        _ROOT,
        _XDG,
    ),
    Entry(
        Code.STATE_UNWRITABLE,
        "A file of this program's cannot be written",
        "{path} cannot be written: {reason}",
        (look("See who may write it:", cmd.SHOW_FILE), "Or name another folder in XDG_STATE_HOME."),
        _ROOT,
        _XDG,
    ),
    Entry(
        Code.CLOCK_UNUSABLE,
        "This machine's clock is at the end of the calendar",
        "The clock says {reason}: no deadline can be reckoned from that, and Google refuses what is signed then.",
        (
            look("Compare the clock with the real time, in UTC:", cmd.SHOW_CLOCK),
            *shared(step("Switch network time on:", cmd.SET_CLOCK)),
            *helper(look(LOOK, cmd.SHOW_CLOCK), back("To take it back, switch it off again:", cmd.SET_CLOCK)),
        ),
        "An administrator of this machine.",
        "https://developers.google.com/identity/protocols/oauth2/service-account#error-codes",
    ),
    Entry(
        Code.FILE_NOT_OURS,
        "A file is not written over",
        "{path} is left as it is: {reason}",
        (
            look("See what it is:", cmd.SHOW_FILE),
            "Name another file. Where you have no use for this one, move it away.",
        ),
        _YOU,
        _XDG,
        Kind.USAGE,
    ),
    Entry(
        Code.NO_THREADS,
        "The system starts no more threads",
        "A limit of this machine or container is reached: of processes and threads, or of memory.",
        (
            look(
                "See the limits of this shell; TasksMax of a service and the pids limit of a container count, too:",
                Command("ulimit -a"),
            ),
            "End other programs, or raise the limit, and try again.",
        ),
        _ROOT,
        "https://man7.org/linux/man-pages/man2/setrlimit.2.html",
    ),
    Entry(
        Code.STALE_PLAN,
        "The plan is out of date",
        "Since the plan was shown something changed at Google, so it was not carried out.",
        (look("Look at the new plan, and agree to that one:", cmd.ours("plan")),),
        _YOU,
        "https://cloud.google.com/iam/docs/allow-policies#etag",
        Kind.CONFLICT,
    ),
    Entry(
        Code.PLAN_FILE,
        "A saved plan cannot be used",
        "{path}: {reason}",
        (look("Plan again, and save that plan with --out; nothing was changed:", cmd.ours("plan")),),
        _YOU,
        _XDG,
        Kind.USAGE,
    ),
    Entry(
        Code.STATE_UNKNOWN,
        "What is there could not be read",
        "{resource} could not be read, and what is not known is not changed.",
        (
            "Mend what kept it from being read, and try again.",
            look("See who is signed in:", cmd.SHOW_LOGIN),
            *helper(look(LOOK, cmd.SHOW_POLICY), step(GRANT, cmd.GRANT_OPERATOR.using(role="roles/viewer"))),
        ),
        "You, or a project owner: role Viewer (roles/viewer) on the project lets you read it.",
        "https://cloud.google.com/iam/docs/permissions-reference",
    ),
    Entry(
        Code.MACHINE_SETTING,
        "A setting of this machine is wrong",
        "{variable}: {reason}",
        (
            step("Set it right, or take it away:", Command("unset {variable}")),
            look("See what this program finds on this machine:", cmd.ours("doctor")),
        ),
        _YOU,
        "https://cloud.google.com/sdk/docs/proxy-settings",
        Kind.USAGE,
        matchers=(
            (Stage.KINDS, r"suitable TLS CA certificate bundle, invalid path|universe domain cannot be an empty"),
            (Stage.KINDS, r"ignoring extra certs from"),
        ),
    ),
    Entry(
        Code.UNEXPECTED,
        "This program failed before Google was asked",
        "Nothing was sent. What happened on this machine: {reason}",
        (step("If it happens again, write a bug report with these words and the output of:", cmd.ours("doctor")),),
        "You, or whoever maintains this program.",
        "https://docs.python.org/3/library/exceptions.html",
    ),
    Entry(
        Code.ENDPOINT_REFUSED,
        "The address is not used",
        "{endpoint} is neither Google's nor on this machine, and credentials are not sent there.",
        (
            step(
                "Take the setting away, or point it to https, or to http on this machine only:",
                Command("env | grep -E 'CLOUDSDK_API_ENDPOINT_OVERRIDES|KBQ_TUI'"),
            ),
        ),
        _YOU,
        "https://cloud.google.com/sdk/gcloud/reference/topic/configurations",
        Kind.CREDENTIALS,
    ),
)
