"""Reasons why a key cannot be replaced, or something cannot be removed."""

from typing import Final

from kbq_tui.diagnosis.entry import Entry, look, step, wait
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_KEYS: Final = "https://cloud.google.com/iam/docs/key-rotation"
_YOU: Final = "You, on this machine."
_KEY_KEEPER: Final = (
    "You, with iam.serviceAccountKeys.disable and .enable: role Service Account Key Admin "
    "(roles/iam.serviceAccountKeyAdmin) on the project."
)

ENTRIES: Final = (
    Entry(
        Code.STAYS,
        "Something is left as it is",
        "{what} stays: {reason}.",
        ("If it is to go as well, take it away by hand, once you know that nobody else needs it.",),
        "You, or whoever made it.",
        "https://cloud.google.com/iam/docs/best-practices-service-accounts",
        Kind.CONFLICT,
    ),
    Entry(
        Code.KEY_IN_USE,
        "The old key is still used",
        "Key {key_id} of {account} was used by {who}, {when}. A key is disabled only once nobody has used it for an "
        "hour; what uses it would stop working.",
        (
            look("See who uses it:", cmd.ours("key list")),
            "Give the new key to whoever still uses the old one.",
            step("Then go on; what was done stays:", cmd.ours("key rotate")),
        ),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.ROTATION_UNCONFIRMED,
        "It cannot be seen whether Klaviyo uses the new key",
        "The audit log that would tell may not be read: {reason}",
        (
            look("See in Klaviyo (Advanced > Syncing) that the connection works with the new key."),
            step("Then say so; both keys work until then:", cmd.ours("key rotate --confirmed")),
            "Or ask for the role Private Logs Viewer (roles/logging.privateLogViewer) on the project, and it is seen.",
        ),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.ROTATION_OPEN,
        "The key's rotation is not finished",
        "Replacing key {key_id} of {account} was begun on {date}: {state}. What was done stays.",
        (
            look("See which key is used, and from where:", cmd.ours("key list")),
            step("Go on with it:", cmd.ours("key rotate")),
            step("Or take the new key back, as long as Klaviyo does not use it:", cmd.ours("key rotate --rollback")),
        ),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.ROTATION_OLD_UNKNOWN,
        "Which key Klaviyo holds is not known",
        "No key of {account} is kept on this machine or was handed over from it, and there are several at Google: "
        "none of them can be replaced without knowing which.",
        (
            look("See which of them is used, and from where:", cmd.ours("key list")),
            step("Delete those that nobody uses, until one is left:", cmd.ours("key delete {key_id}")),
        ),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.ROTATION_OTHER_KEY,
        "Klaviyo uses another key than the one that would be replaced",
        "Klaviyo called with key {key_id} of {account}, {when}, and not since then with the key that would be "
        "replaced. The key that Klaviyo holds would be left as it is.",
        (
            look("See which key is used, and from where:", cmd.ours("key list")),
            step("Put the key that is kept here into Klaviyo; these are the values:", cmd.ours("values")),
            step("Once nobody uses the other one any more, delete it:", cmd.ours("key delete {key_id}")),
        ),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.ROTATION_NEW_GONE,
        "The new key does not work any more",
        "Key {key_id} of {account}, which Klaviyo was given, is disabled, expired or gone at Google. The old key is "
        "left as it is: there must always be one key that works.",
        (
            look("See how the keys are:", cmd.ours("key list")),
            step("If it is disabled, enable it:", cmd.ENABLE_KEY),
            step("Or go back to the old key:", cmd.ours("key rotate --rollback --confirmed")),
        ),
        _KEY_KEEPER,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.ROTATION_FILE_GONE,
        "The new key's file is gone, and Klaviyo has not used the key yet",
        "Key {key_id} was kept in {path}, and is not there any more. Google gives a key's secret only once. The old "
        "key works as before.",
        (
            step("If Klaviyo has the new key, say so; both keys work until then:", cmd.ours("key rotate --confirmed")),
            "If the file was only moved, put it back there.",
            step("Else take the new key back, and begin again:", cmd.ours("key rotate --rollback")),
        ),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.ROTATION_TAKEN_OVER,
        "Klaviyo uses the new key by now",
        "Klaviyo was seen to sign in with key {key_id} of {account}, or you have said so: taking it back would cut "
        "Klaviyo off. The old key is still there, and works.",
        (
            wait(
                "Nothing to do: the old key is disabled once nobody uses it, and can be enabled again until it is "
                "deleted."
            ),
            step("Go on:", cmd.ours("key rotate")),
            step("If it was said too early, give Klaviyo the new key now:", cmd.ours("values")),
        ),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
    Entry(
        Code.ROTATION_NONE,
        "No key is being replaced",
        "There is nothing to take back: no rotation of a key of {account} is under way.",
        (look("See which keys there are:", cmd.ours("key list")),),
        _YOU,
        _KEYS,
        Kind.CONFLICT,
    ),
)
