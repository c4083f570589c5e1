"""Klaviyo's own texts: the states of a sync, messages about a row, and Google's service with a similar name."""

from typing import Final

from kbq_tui.diagnosis.entry import LOOK, Entry, Stage, helper, look, step
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_HELP: Final = "https://help.klaviyo.com/hc/en-us/articles/"
_YOU: Final = "You, in Klaviyo."
_SEE: Final = look(
    "In Klaviyo open Advanced > Syncing, then the sync: External message is BigQuery's own text. Explain that one:",
    Command("kbq-tui explain 'EXTERNAL_MESSAGE'"),
)

_ALONE: Final = r"\A\W{{0,5}}(?:(?:sync|status|state|summary)\W{{1,5}}){{0,2}}{}\W{{0,5}}\Z"

ENTRIES: Final = (
    Entry(
        Code.KLAVIYO_FORMAT,
        "Klaviyo does not take a value of a column",
        "A column is mapped to {klaviyo_type} in Klaviyo, and a row holds a value that is not in the form Klaviyo "
        "wants "
        "there. Such rows are left out; the connection itself works.",
        (
            "E-mail: one address, no spaces. Phone number: E.164, such as +15551234567. Boolean: true or false. "
            'Number: digits and a point, no currency sign. List: a JSON array, such as ["a", "b"]. Consent: a '
            'JSON array of channels, such as ["email", "sms"].',
            "Fix it in the table, or in a view that Klaviyo reads; or map the column as text.",
            *helper(
                look(LOOK, cmd.SHOW_TABLE),
                step("Offer Klaviyo a view that has what it needs, under a plain name:", cmd.CREATE_VIEW),
            ),
        ),
        "Whoever looks after the data: role BigQuery Data Editor (roles/bigquery.dataEditor) on the dataset.",
        _HELP + "8557592023451",
        matchers=(
            (
                Stage.KLAVIYO,
                r"(?:\A|\n|error: |message\W{1,4})\W{0,5}(?:error: )?invalid (?:(?:e-?mail|phone(?: number)?|"
                r"boolean|number|"
                r"list) "
                r"format|consent channels?)\W{0,3}(?:\Z|\n)",
            ),
        ),
    ),
    Entry(
        Code.KLAVIYO_ERRORED,
        "The sync met an error, and Klaviyo tries again",
        "Errored means that the last run failed, and that Klaviyo will try it again by itself.",
        (
            _SEE,
            "If the cause has been fixed, wait for the next try; it runs hourly or daily.",
            look("Check the connection from here:", cmd.ours("verify")),
        ),
        _YOU,
        _HELP + "41406928654107",
        matchers=((Stage.KLAVIYO, _ALONE.format("errored")),),
    ),
    Entry(
        Code.KLAVIYO_FAILED,
        "The sync failed, and Klaviyo has given up",
        "Failed means that Klaviyo does not try again by itself.",
        (
            _SEE,
            step(
                "Fix the cause, check the connection from here, and start the sync again in Klaviyo:",
                cmd.ours("verify"),
            ),
        ),
        _YOU,
        _HELP + "41406928654107",
        matchers=((Stage.KLAVIYO, _ALONE.format("failed")),),
    ),
    Entry(
        Code.KLAVIYO_STOPPED,
        "The sync is switched off in Klaviyo",
        "Paused and Disabled are states in which Klaviyo does not sync; no error of BigQuery's is behind them.",
        ("In Klaviyo open Advanced > Syncing, then the sync, and switch it on again if that is what you want.",),
        _YOU,
        _HELP + "41406928654107",
        matchers=((Stage.KLAVIYO, _ALONE.format("(?:paused|disabled)")),),
    ),
    Entry(
        Code.KLAVIYO_TRANSFER,
        "That is Google's Data Transfer Service for Klaviyo",
        "Google's BigQuery Data Transfer Service for Klaviyo is something else than Klaviyo's own sync: there Google "
        "reads from Klaviyo with a private API key of Klaviyo's, and no service account's key is given to Klaviyo.",
        (
            step(
                "If Klaviyo shall read or write BigQuery, leave the transfer aside and set up the sync:",
                cmd.ours("setup"),
            ),
            step("If it is the transfer that you want, its runs and errors are here:", cmd.LIST_TRANSFERS),
        ),
        "You. For the transfer: role BigQuery Admin (roles/bigquery.admin) on the project.",
        "https://docs.cloud.google.com/bigquery/docs/klaviyo-transfer-intro",
        Kind.USAGE,
        matchers=((Stage.KLAVIYO, r"data transfer service for klaviyo|\bklaviyo (?:data )?transfers?\b"),),
    ),
)
