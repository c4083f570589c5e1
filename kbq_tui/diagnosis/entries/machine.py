"""This machine: its files, its settings, its clock, and the lock of a connection."""

from typing import Final

from kbq_tui.diagnosis.entry import GRANT, LOOK, Entry, Stage, back, helper, look, shared, step, wait
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_XDG: Final = "https://specifications.freedesktop.org/basedir-spec/latest/"
_YOU: Final = "You, on this machine."
_ROOT: Final = "You or an administrator of this machine."
_EDIT: Final = Command("${EDITOR:-vi} {path}")
"""EDITOR may have options, and on a fresh server it is not set."""

ENTRIES: Final = (
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
        Code("KBQ-GCLOUD-MISSING"),
        "gcloud or bq is not installed",
        "The shell does not find the command: the Google Cloud CLI, which has gcloud and bq, is not installed here, or "
        "its folder is not on the PATH.",
        (
            "Use Cloud Shell in Google's console, which has both.",
            "Or install the Google Cloud CLI, and open a new shell.",
            step("kbq-tui needs neither to see what would be done, and to do it:", cmd.ours("plan")),
        ),
        _YOU,
        "https://cloud.google.com/sdk/docs/install",
        matchers=(
            (
                Stage.WORDS,
                r"\b(gcloud|bq)(\.cmd)?'?: (command )?not found\b|\bcommand not found: (gcloud|bq)\b"
                r"|\bunknown command:? '?(gcloud|bq)\b|'?\b(gcloud|bq)'? is not recognized as\b",
            ),
        ),
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
        (step("Correct the line, and start again:", _EDIT),),
        _YOU,
        "https://toml.io/en/v1.0.0",
        Kind.USAGE,
    ),
    Entry(
        Code.LIST_INVALID,
        "A list of connections has a mistake",
        "{path}, line {line}, column {column}: {reason}",
        (step("Correct the line, and import the list again; nothing of it was taken:", _EDIT),),
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
        Code.SHARED_NEEDS,
        "Another connection shares this with other needs",
        "Connection {connection} uses the same account or dataset for something else.",
        (
            "Give each connection a separate account or separate datasets, with --service-account, --import-dataset, "
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
        "The journal has a line that cannot be read",
        "{path}, {reason} Changes that it recorded could be missed, so nothing is judged or changed.",
        (
            "A disk, an editor or another program has changed the file: a loss of power only cuts the last line short.",
            look("See the line:", Command("cat -nv {path}")),
            step(
                "Keep the damaged file aside; what it records is then known by its labels only:",
                Command("mv {path} {path}.damaged"),
            ),
        ),
        _YOU,
        _XDG,
        Kind.USAGE,
    ),
    Entry(
        Code.JOURNAL_NEWER,
        "A newer version wrote the journal",
        "{path}, {reason} Changes that it records could be missed, so nothing is judged or changed.",
        (
            "Use the newer version of kbq-tui for this connection.",
            look("See which version this is:", cmd.ours("doctor")),
            look("See the line:", Command("cat -nv {path}")),
            step(
                "Without the newer version, keep the file aside; what it records is then known by its labels only:",
                Command("mv {path} {path}.newer"),
            ),
        ),
        _YOU,
        _XDG,
        Kind.USAGE,
    ),
    Entry(
        Code.JOURNAL_UNWRITABLE,
        "The journal cannot be read or written",
        "{path} cannot be read or written: {reason} Without it nothing is changed, for a key could be lost unseen.",
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
        "The clock says {reason}: no deadline can be computed from that, and Google refuses what is signed then.",
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
        "Since the plan was made something has changed, at Google or in the connection, so it was not carried out.",
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
            "Fix what kept it from being read, and try again.",
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
        "{endpoint} is neither a host of Google's nor one that an override names over https, or over http on this "
        "machine, and credentials are not sent there.",
        (
            step(
                "Take the setting away, or point it to https, or to http on this machine only:",
                Command("env | grep -E 'CLOUDSDK_API_ENDPOINT_OVERRIDES|KBQ_TUI'"),
            ),
            "Where no setting names it, it is the token_uri of the file of credentials: name another file.",
        ),
        _YOU,
        "https://cloud.google.com/sdk/gcloud/reference/topic/configurations",
        Kind.CREDENTIALS,
    ),
)
