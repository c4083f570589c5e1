"""The service account's keys: creating them, those at Google, and those that are refused."""

from typing import Final

from kbq_tui.diagnosis.entries.who import POLICY_ADMIN
from kbq_tui.diagnosis.entry import (
    GRANT_WAIT,
    LOOK,
    NEW_ACCOUNT_WAIT,
    RESTORE,
    Entry,
    Stage,
    back,
    helper,
    look,
    run,
    shared,
    step,
    wait,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.shell import commands as cmd

_IAM: Final = "https://cloud.google.com/iam/docs/"
_POLICY_LINK: Final = "https://cloud.google.com/resource-manager/docs/organization-policy/restricting-service-accounts"
_KEY_ADMIN: Final = (
    "Whoever may manage keys: iam.serviceAccountKeys.create, role Service Account Key Admin "
    "(roles/iam.serviceAccountKeyAdmin) on the project."
)
_KEY_KEEPER: Final = (
    "You, with iam.serviceAccountKeys.list and .delete: role Service Account Key Admin "
    "(roles/iam.serviceAccountKeyAdmin) on the project."
)

_REPLACE: Final = step("Replace it, step by step and without a minute in which none works:", cmd.ours("key rotate"))

ENTRIES: Final = (
    Entry(
        Code.KEY_CREATION_BLOCKED,
        "Key creation is blocked by an organization policy",
        "An organization policy forbids new service account keys in project {project}; "
        "organizations made since 3 May 2024 have it by default.",
        (
            look("See what is in force, and keep the answer:", cmd.EFFECTIVE_POLICY, cmd.DESCRIBE_POLICY),
            step(
                "Ask for an exception at this one project (or by a tag on it), never for the whole organization:",
                cmd.LIFT_POLICY,
            ),
            wait("Wait up to 15 minutes, and create the key here."),
            back(
                "Have the policy restored at once; existing keys go on working. If the project had a policy of its "
                "own before, set that one again instead:",
                cmd.LIFT_POLICY,
            ),
            "Check the legacy and the managed constraint: iam.disableServiceAccountKeyCreation and "
            "iam.managed.disableServiceAccountKeyCreation; either one is enough to block.",
            *helper(run(*cmd.lifted(cmd.KEY_CREATION))),
        ),
        POLICY_ADMIN,
        _POLICY_LINK,
        Kind.NOT_PERMITTED,
        matchers=((Stage.WORDS, r"key creation is not allowed on this service account"),),
        constraints=(
            "iam.disableServiceAccountKeyCreation",
            "iam.managed.disableServiceAccountKeyCreation",
        ),
    ),
    Entry(
        Code.TOO_MANY_KEYS,
        "The service account has ten keys already",
        "Google allows ten user-managed keys for one service account, and {account} has them all.",
        (
            look("List the keys with their age:", cmd.LIST_KEYS),
            step(
                "Find out who uses each key, and delete one that nobody uses; what uses it stops working at once:",
                cmd.DELETE_KEY,
            ),
            "Then create the key here. Waiting or trying again does not help.",
        ),
        _KEY_KEEPER,
        "https://cloud.google.com/iam/quotas",
        matchers=(
            (
                Stage.FIRST,
                r"maximum number of (?:user[- ]managed )?keys on (?:the )?(?:service )?account\b|"
                # All that Google says since 2022; organization policies add a violation.
                r"service-accounts\.keys\.create\) FAILED_PRECONDITION: precondition check failed\.(?!.{0,400}violat)",
            ),
        ),
    ),
    Entry(
        Code.KEY_CREATE_DENIED,
        "You may not create keys",
        "Creating a key for {account} needs the permission iam.serviceAccountKeys.create, which is missing.",
        (
            step(
                "Ask for the role Service Account Key Admin (roles/iam.serviceAccountKeyAdmin), or for a key to be "
                "created and handed to you over a safe channel:",
                cmd.CREATE_KEY,
            ),
            look("Check that the account exists; Google gives the same answer where it does not:", cmd.SHOW_ACCOUNT),
            *helper(run(cmd.CREATE_KEY)),
        ),
        _KEY_ADMIN,
        _IAM + "keys-create-delete",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        permissions=("iam.serviceAccountKeys.create",),
    ),
    Entry(
        Code.KEY_REJECTED,
        "Google does not accept the key",
        "The signature of the key is not accepted: a new key takes 60 seconds or more to be known everywhere, and "
        "otherwise the key was deleted or disabled, or the file was changed.",
        (
            wait("If the key was created a moment ago, wait a minute or two and try again."),
            look(
                "If not, see whether the key still exists; its ID stands in the file as private_key_id:", cmd.LIST_KEYS
            ),
            "If it is not in the list, create a new key and put it into Klaviyo.",
        ),
        _KEY_KEEPER,
        _IAM + "keys-create-delete",
        Kind.CREDENTIALS,
        Retry.NOT_YET,
        NEW_ACCOUNT_WAIT,
        NEW_ACCOUNT_WAIT,
        matchers=((Stage.WORDS, r"invalid jwt signature|no valid verifier found for issuer"),),
    ),
    Entry(
        Code.KEY_EXPIRY_POLICY,
        "Keys of this project expire",
        "The organization policy iam.serviceAccountKeyExpiryHours lets every new key of project {project} expire; "
        "from then on Klaviyo's syncs fail.",
        (
            "Plan to rotate the key before it ends, or ask for an exception at this project.",
            *shared(
                look(
                    LOOK,
                    cmd.EFFECTIVE_POLICY.using(constraint="iam.serviceAccountKeyExpiryHours"),
                    cmd.DESCRIBE_POLICY.using(constraint="iam.serviceAccountKeyExpiryHours"),
                ),
                step(
                    "Make an exception at this one project, never for the whole organization; it counts for keys made "
                    "from then on:",
                    cmd.ALLOW_ALL.using(constraint="iam.serviceAccountKeyExpiryHours"),
                ),
                back(RESTORE, cmd.ALLOW_ALL.using(constraint="iam.serviceAccountKeyExpiryHours")),
            ),
        ),
        POLICY_ADMIN,
        _POLICY_LINK,
        constraints=("iam.serviceAccountKeyExpiryHours",),
    ),
    Entry(
        Code("KBQ-KEY-EXPOSURE-POLICY"),
        "Leaked keys of this project are disabled",
        "The organization policy iam.serviceAccountKeyExposureResponse disables a key that Google finds in public, "
        "and Klaviyo's syncs then fail.",
        (
            "Leave it on: it protects you. Never put the key file into a repository, a ticket or a chat.",
            step(
                "If a key was disabled, create a new one, put it into Klaviyo, and delete the old one:", cmd.DELETE_KEY
            ),
        ),
        _KEY_KEEPER,
        _POLICY_LINK,
        constraints=("iam.serviceAccountKeyExposureResponse",),
    ),
    Entry(
        Code.KEY_OLD,
        "The key is old",
        "The key {key_id} of {account} is {age} old, and many companies ask for a new one every 90 days.",
        (_REPLACE,),
        _KEY_KEEPER,
        _IAM + "key-rotation",
    ),
    Entry(
        Code.KEY_IDLE,
        "Nobody uses the key",
        "The key {key_id} of {account} was not used for {days} days. Google advises to disable keys that are idle for "
        "30 days; a key that nobody needs is only a risk.",
        (
            look("See what Klaviyo has done:", cmd.ours("activity")),
            look("See when each key was used, and from where:", cmd.ours("key list")),
            step("If Klaviyo is to use it, put it into Klaviyo; these are the values:", cmd.ours("values")),
            step("If nobody is to use it any more, take everything away:", cmd.ours("teardown")),
        ),
        _KEY_KEEPER,
        _IAM + "best-practices-for-managing-service-account-keys",
    ),
    Entry(
        Code.KEY_ENDS,
        "The key expires soon",
        "The key {key_id} of {account} expires on {date}. From then on Klaviyo cannot sign in with it.",
        (_REPLACE,),
        _KEY_KEEPER,
        _POLICY_LINK,
    ),
    Entry(
        Code.KEY_DEAD,
        "The key file holds a key that Google no longer knows",
        "The key {key_id} in {path} is not among the keys of {account}: it was deleted, or the account was made anew.",
        (
            look("See which keys the account has:", cmd.LIST_KEYS),
            wait("If the account was made a moment ago, wait a minute or two and look again."),
            step(
                "Move the dead file away; then create a new key here and put it into Klaviyo:",
                Command("mv {path} {path}.dead"),
            ),
            *helper(
                look(LOOK, cmd.LIST_KEYS),
                step("Create a new key:", cmd.CREATE_KEY),
                back("To take it back, delete the key that was made; the list has its ID:", cmd.CREATE_KEY),
            ),
        ),
        _KEY_ADMIN,
        _IAM + "keys-list-get",
        Kind.CREDENTIALS,
        settle=NEW_ACCOUNT_WAIT,
    ),
    Entry(
        Code.KEY_NOT_FOUND,
        "The key does not exist",
        "Google does not find that key of {account}: it was deleted, or was created so recently that it is not known "
        "everywhere.",
        (
            look("See which keys the account has:", cmd.LIST_KEYS),
            "If it was to be deleted, there is nothing left to do.",
        ),
        _KEY_KEEPER,
        _IAM + "keys-list-get",
        Kind.NOT_FOUND,
        Retry.NOT_YET,
        NEW_ACCOUNT_WAIT,
        NEW_ACCOUNT_WAIT,
        matchers=((Stage.WORDS, r"service account key \S{1,300} (?:does not exist|(?:was |is )?not found)"),),
    ),
    Entry(
        Code.KEY_DISABLED,
        "The key is disabled",
        "The key {key_id} in {path} exists at Google but is switched off.",
        (
            "Find out why: Google itself disables a key that was found in public.",
            *shared(step("If it is safe to use, turn it on:", cmd.ENABLE_KEY)),
            step("If it leaked, delete it and create a new one:", cmd.DELETE_KEY),
            *helper(look(LOOK, cmd.LIST_KEYS), back("To take it back, turn it off again:", cmd.ENABLE_KEY)),
        ),
        _KEY_ADMIN,
        _IAM + "keys-disable-enable",
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.KEY_UNHELD,
        "There is a key that this machine does not hold",
        "The account {account} has the key {key_id}, which is not kept here: somebody else may hold it, or a run of "
        "this program ended between creating and saving it.",
        (
            look("See when it was created:", cmd.LIST_KEYS),
            step("If nobody uses it, delete it; a key that nobody holds is only a risk:", cmd.DELETE_KEY),
        ),
        _KEY_KEEPER,
        _IAM + "best-practices-for-managing-service-account-keys",
        Kind.CONFLICT,
    ),
    Entry(
        Code.KEY_SECOND,
        "The account has a second key",
        "Beside the key that is kept here the account {account} has key {key_id}, which was handed over and destroyed "
        "here. Klaviyo needs one of the two; the other is only a risk.",
        (
            look("See when each was created:", cmd.LIST_KEYS),
            step(
                "Once Klaviyo has the key that is kept here, delete the one that was handed over before:",
                cmd.DELETE_KEY,
            ),
        ),
        _KEY_KEEPER,
        _IAM + "best-practices-for-managing-service-account-keys",
        Kind.CONFLICT,
    ),
    Entry(
        Code.KEY_OUTCOME_UNKNOWN,
        "It is not known whether a key was created",
        "The connection broke after Google was asked for a key, so a key of {account} may exist that nobody holds; "
        "asking again by itself could make a second one.",
        (
            look("Look for a key that was created a moment ago:", cmd.LIST_KEYS),
            step("Delete it, for its secret was given only once, and is lost:", cmd.DELETE_KEY),
            step("Then create the key anew:", cmd.ours("apply")),
        ),
        _KEY_KEEPER,
        _IAM + "keys-create-delete",
        Kind.NETWORK,
    ),
)
