"""The service account: creating it, finding it, and whether it may sign in."""

from typing import Final

from kbq_tui.diagnosis.entries.who import POLICY_ADMIN
from kbq_tui.diagnosis.entry import (
    LOOK,
    NEW_ACCOUNT_WAIT,
    Entry,
    Stage,
    back,
    helper,
    look,
    run,
    shared,
    step,
    undo,
    wait,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.shell import commands as cmd

_IAM: Final = "https://cloud.google.com/iam/docs/"
_POLICY_LINK: Final = "https://cloud.google.com/resource-manager/docs/organization-policy/restricting-service-accounts"
_ACCOUNT_ADMIN: Final = (
    "Whoever may manage service accounts: role Service Account Admin (roles/iam.serviceAccountAdmin) on the project."
)
_NAMED: Final = r"(?:\S{0,200}@\S{1,200}|\S{0,3}\d{10,25}\S{0,3}|\S{0,40}projects/\S{1,300})"
"""The ways in which Google names a service account: its e-mail, its number or its path. Other products have service
accounts, too."""

ENTRIES: Final = (
    Entry(
        Code.ACCOUNT_CREATION_BLOCKED,
        "Service account creation is blocked by an organization policy",
        "An organization policy forbids new service accounts in project {project}.",
        (
            look("See what is in force, and keep the answer:", cmd.EFFECTIVE_POLICY, cmd.DESCRIBE_POLICY),
            step(
                "Ask for an exception at this one project, or for the account to be made by those who may; an "
                "existing account is fine:",
                cmd.LIFT_POLICY,
                cmd.CREATE_ACCOUNT,
            ),
            wait("It may take up to 15 minutes to have effect; then create the account here."),
            back(
                "Have the policy restored at once; existing accounts go on working. If the project had a policy of "
                "its own before, set that one again instead:",
                cmd.LIFT_POLICY,
            ),
            "Check the legacy and the managed constraint: iam.disableServiceAccountCreation and "
            "iam.managed.disableServiceAccountCreation; either one is enough to block.",
            *helper(run(*cmd.lifted(cmd.ACCOUNT_CREATION))),
        ),
        POLICY_ADMIN,
        _POLICY_LINK,
        Kind.NOT_PERMITTED,
        matchers=((Stage.WORDS, r"service account creation is not allowed on this project"),),
        constraints=(
            "iam.disableServiceAccountCreation",
            "iam.managed.disableServiceAccountCreation",
        ),
    ),
    Entry(
        Code.ACCOUNT_ID_INVALID,
        "The service account's ID is not allowed",
        "A service account ID has 6 to 30 characters: lower-case letters, digits and hyphens, beginning with a letter "
        "and not ending in a hyphen.",
        (
            "Use an ID that fits, such as klaviyo-data-transfer-user; the name in Klaviyo's article, "
            "KLAVIYO_DATA_TRANSFER_USER, has capitals and underscores and serves as display name only.",
            step("Create it:", cmd.CREATE_ACCOUNT),
        ),
        "You: type another ID.",
        _IAM + "service-accounts-create",
        matchers=(
            (Stage.WORDS, r"account id .{1,120}(?:does not have a length between|is invalid|must (?:be )?match)"),
            (Stage.WORDS, r"service account name must be between 6 and 30|account_id\W.{1,120}n't match regexp"),
        ),
    ),
    Entry(
        Code.ACCOUNT_NOT_VISIBLE,
        "The service account does not exist, or not everywhere yet",
        "Google does not find the service account {account}: a new one takes 60 seconds or more to be known "
        "everywhere, and otherwise it was deleted or misspelt.",
        (
            wait("If the account was created a moment ago, wait a minute or two and try again."),
            look("If not, see whether it exists:", cmd.SHOW_ACCOUNT),
            *shared(step("If it does not, create it:", cmd.CREATE_ACCOUNT)),
            *helper(
                look(LOOK, cmd.SHOW_ACCOUNT),
                back("To take it back, delete it, if it was made for this:", cmd.CREATE_ACCOUNT),
            ),
        ),
        _ACCOUNT_ADMIN,
        _IAM + "service-accounts-create",
        Kind.NOT_FOUND,
        Retry.NOT_YET,
        NEW_ACCOUNT_WAIT,
        NEW_ACCOUNT_WAIT,
        matchers=(
            (Stage.KINDS, r"gaia id not found for email|not found: email \S{1,200}gserviceaccount\.com"),
            (Stage.WORDS, rf"service account {_NAMED} (?:does not exist|(?:was |is )?not found)"),
            (Stage.WORDS, rf"unknown service account(?!\s+(?!{_NAMED}|this command)\w)"),
            (Stage.WORDS, r"setPolicy failed for dataset .{1,1200}?service account .{1,400}? does not exist"),
        ),
    ),
    Entry(
        Code.TOMBSTONE,
        "The dataset still lists a deleted account",
        "The access list of dataset {dataset} names a deleted account, and Google refuses every change to a "
        "list that does.",
        (
            look("See the access list, and look for the member that begins with deleted:", cmd.SHOW_DATASET),
            step(
                "Remove that entry and no other: save the description, take the entry out of its access list, and "
                "write it back:",
                cmd.SAVE_DATASET,
                cmd.WRITE_DATASET,
            ),
            "Then grant again. An account made anew under the old name is another identity and needs its own grants.",
            *helper(
                look(LOOK, cmd.SHOW_DATASET),
                step("Save the description:", cmd.SAVE_DATASET),
                step(
                    "Take the entry that begins with deleted, and no other, out of its access list, and write it back:",
                    cmd.WRITE_DATASET,
                ),
                undo(
                    "Taking it back is neither possible nor needed: the account that the entry names does not exist, "
                    "so it lets nobody in."
                ),
            ),
        ),
        "The dataset's owner: bigquery.datasets.update and bigquery.datasets.setIamPolicy, role BigQuery Data Owner "
        "(roles/bigquery.dataOwner) on it.",
        _IAM + "troubleshoot-policies",
        Kind.CONFLICT,
        matchers=((Stage.WORDS, r"deleted:(?:serviceaccount|user|group):\S{1,300} is of an unknown type"),),
    ),
    Entry(
        Code.ACCOUNT_DISABLED,
        "The service account is disabled",
        "The service account {account} exists but is switched off, so none of its keys works.",
        (
            "Find out why it was disabled before you turn it on.",
            *shared(step("Turn it on:", cmd.ENABLE_ACCOUNT)),
            *helper(look(LOOK, cmd.SHOW_ACCOUNT), back("To take it back, turn it off again:", cmd.ENABLE_ACCOUNT)),
        ),
        _ACCOUNT_ADMIN,
        _IAM + "service-accounts-disable-enable",
        Kind.CREDENTIALS,
        settle=NEW_ACCOUNT_WAIT,
        matchers=(
            (Stage.WORDS, rf"service account (?:{_NAMED} )?(?:is|was|has been) disabled|disabled_client"),
            (Stage.WORDS, r"invalid[_ ]grant.{0,120}(?:account|robot is) disabled"),
        ),
        reasons=("account_state_invalid",),
    ),
    Entry(
        Code.ACCOUNT_GONE,
        "The key belongs to an account that does not exist",
        "Google signs nobody in for {account}: the account was deleted, or was created so recently that it is not "
        "known everywhere.",
        (
            look("See whether the account exists:", cmd.SHOW_ACCOUNT),
            wait("If it was created a moment ago, wait a minute or two."),
            "If it is gone, run the set-up again: it makes a new account with a new key and new grants; give the "
            "new key to Klaviyo.",
            *helper(
                look(LOOK, cmd.SHOW_ACCOUNT),
                step("If it does not exist, create it:", cmd.CREATE_ACCOUNT),
                back("To take it back, delete it, if it was made for this:", cmd.CREATE_ACCOUNT),
            ),
        ),
        _ACCOUNT_ADMIN,
        _IAM + "service-accounts-delete-undelete",
        Kind.CREDENTIALS,
        settle=NEW_ACCOUNT_WAIT,
        matchers=((Stage.WORDS, r"invalid[_ ]grant.{0,120}account (?:not found|has been deleted)"),),
    ),
    Entry(
        Code.CLOCK_SKEW,
        "This machine's clock is wrong",
        "Google refuses a signature whose times (iat, exp) do not fit its own clock by more than a few minutes.",
        (
            look("Compare the clock with the real time, in UTC:", cmd.SHOW_CLOCK),
            *shared(step("Switch network time on:", cmd.SET_CLOCK)),
            "Then try again; the key itself is not at fault.",
            *helper(look(LOOK, cmd.SHOW_CLOCK), back("To take it back, switch it off again:", cmd.SET_CLOCK)),
        ),
        "An administrator of this machine.",
        "https://developers.google.com/identity/protocols/oauth2/service-account#error-codes",
        Kind.CREDENTIALS,
        matchers=(
            (
                Stage.WORDS,
                r"check your iat and exp|must be a short-lived token|token used too (?:early|late)|clock skew",
            ),
            (Stage.WORDS, r"invalid_grant.{0,80}invalid jwt.{0,200}\b(?:iat|exp)\b"),
        ),
    ),
)
