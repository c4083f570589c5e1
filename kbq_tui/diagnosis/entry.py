"""The type of the catalogue's entries, and how their fields are filled in."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final

from kbq_tui.i18n.messages import EMPTY, N_, Message, joined, message
from kbq_tui.model import spec
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command, fits, has_value, placeholder
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Context, Kind, Purpose, RemedyStep, Retry, Who
from kbq_tui.model.refs import DatasetRef, Grantable, TableRef
from kbq_tui.model.secret import scrub
from kbq_tui.model.text import inert

# The seconds that a change of ours may need to take effect everywhere. Sources:
# https://cloud.google.com/iam/docs/access-change-propagation, https://cloud.google.com/iam/docs/keys-create-delete,
# https://cloud.google.com/service-usage/docs/enable-disable,
# https://cloud.google.com/resource-manager/docs/organization-policy/overview
NEW_ACCOUNT_WAIT: Final = 120
GRANT_WAIT: Final = 420
PACE_WAIT: Final = 120
"""Rates are counted by the minute or by 100 seconds. Source: https://cloud.google.com/bigquery/quotas"""
API_WAIT: Final = 600


class Stage(StrEnum):
    """When a matcher is tried on an error's text; `matchers.ORDER` has which come first within a stage."""

    FIRST = "first"
    """Before any structured reason: the text decides against it."""
    KINDS = "kinds"
    """Texts that name one kind of failure each."""
    WORDS = "words"
    """More general texts of Google's."""
    NETWORK_FIRST = "network-first"
    """Texts of TLS errors or lost connections. Tried when `NETWORK` is."""
    NETWORK = "network"
    """Only if Google itself gave no status, or only that it is unavailable."""
    MALFORMED = "malformed"
    """An answer that is not one of Google's."""
    MALFORMED_LATE = "malformed-late"
    """Vaguer texts for the same."""
    LAST = "last"
    """After what a status alone implies."""
    KLAVIYO = "klaviyo"
    """Klaviyo's own texts, last: a sync state says less than the message beside it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause of failure, with fields.

    Attributes:
        code: `KBQ-…`; stable, because people search for it and scripts test it.
        title: a few words.
        cause: one sentence, with fields such as `{project}`.
        advice: what to do, for the operator and for a person with more permissions; the texts are templates. A sentence
            alone stands for a step.
        who: who can apply it, with permission and role.
        link: Google's or Klaviyo's page.
        kind: what it means for a caller.
        retry: whether it helps to try again.
        wait: how long waiting may take, in seconds; 0 if waiting does not help.
        settle: the same if a recent change of ours is the reason; 0 if such a change cannot be the reason.
        matchers: patterns in an error's text that identify it, with the stage in which each is tried. They are compiled
            when first tried, because few runs explain an error at all.
        reasons: structured reasons, in lower case, that identify it.
        late_reasons: structured reasons that say less than the text, so that the text is tried first.
        constraints: organization policy constraints that identify it.
        permissions: permissions whose refusal identifies it.
    """

    code: Code
    title: str
    cause: str
    advice: tuple[RemedyStep | str, ...]
    who: str
    link: str
    kind: Kind = Kind.FAILED
    retry: Retry = Retry.NEVER
    wait: int = 0
    settle: int = 0
    matchers: tuple[tuple[Stage, str], ...] = ()
    reasons: tuple[str, ...] = ()
    late_reasons: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[RemedyStep, ...]:
        """What to do, with fields not filled in."""
        return tuple(step(each) if isinstance(each, str) else each for each in self.advice)


LOOK: Final = N_("Look first; this changes nothing:")
GRANT: Final = N_("Grant it:")
REVOKE: Final = N_("To take it back, take the role away again:")
DROP: Final = N_("To take it back, drop it; the table it was made of stays:")
RESTORE: Final = N_(
    "To take it back, restore the policy as soon as the one thing is made. If the project had a policy of its own "
    "before, set that one again instead:"
)


def step(text: str, *commands: Command, level: type[Grantable] | None = None) -> RemedyStep:
    """Return a step that changes something; with commands, or with a sentence alone.

    Args:
        text: a sentence, with fields.
        commands: what to run.
        level: what a role must be held on for the step to be the right one; None for any.
    """
    return RemedyStep(Message(text), commands, Purpose.CHANGE, level)


def look(text: str, *commands: Command, level: type[Grantable] | None = None) -> RemedyStep:
    """Return a step that changes nothing. Arguments as for `step`."""
    return RemedyStep(Message(text), commands, Purpose.LOOK, level)


def undo(text: str, *commands: Command, level: type[Grantable] | None = None) -> RemedyStep:
    """Return a step that undoes a change. Arguments as for `step`."""
    return RemedyStep(Message(text), commands, Purpose.UNDO, level)


def back(text: str, *commands: Command) -> RemedyStep:
    """Return the step that undoes what commands do, each by its own undo.

    Args:
        text: a sentence, with fields.
        commands: those that change something.
    """
    return undo(text, *(each for command in commands for each in command.undone_by))


def wait(text: str) -> RemedyStep:
    """Return a step that consists in waiting."""
    return RemedyStep(Message(text), (), Purpose.WAIT)


LATE: Final = wait(N_("If the role was granted a moment ago, wait: two minutes as a rule, sometimes seven or more."))


def run(*commands: Command) -> RemedyStep:
    """Return a step of commands without a sentence."""
    return RemedyStep(EMPTY, commands)


def shared(*steps: RemedyStep) -> tuple[RemedyStep, ...]:
    """Return steps for the operator and, if the operator lacks a permission, for somebody else."""
    return tuple(replace(step, who=Who.EITHER) for step in steps)


def helper(*steps: RemedyStep) -> tuple[RemedyStep, ...]:
    """Return steps only for a person with more permissions."""
    return tuple(replace(step, who=Who.HELPER) for step in steps)


_HOST: Final = pattern(
    r"@(?!gcp-sa-)([a-z][a-z0-9-]{4,28}[a-z0-9])(?:\.([a-z0-9.-]{1,60}))?\.iam\.gserviceaccount\.com$"
)
_PRINCIPALS: Final = {
    "user": "principal://goog/subject/",
    "serviceAccount": "principal://iam.googleapis.com/projects/-/serviceAccounts/",
}
"""How deny policies name the principals that they exempt."""

_BLANK: Final = pattern(r"\{([a-z_]+)\}")


def clean(value: object, limit: int = 300) -> str:
    """Return a detail in the form in which it may be shown: without credentials, inert, on one line."""
    return inert(scrub(str(value)), limit).strip()


def shown(value: object, limit: int = 300) -> str | Message:
    """Return a detail as `clean` does, except that a message which `clean` would not change stays a message."""
    text = clean(value, limit)
    return value if isinstance(value, Message) and text == str(value) else text


def values(context: Context, details: Mapping[str, str | Message]) -> dict[str, str]:
    """Return the values for fields: those that the error named take precedence over the connection's."""
    known = {
        "project": context.project,
        "account": context.account,
        "dataset": context.dataset,
        "location": context.location,
        "operator": context.operator,
    }
    known = {name: clean(value) for name, value in known.items() if value}
    known.update((name, str(value)) for name, value in details.items() if value)
    known["display_name"] = spec.ACCOUNT_DISPLAY_NAME
    if "constraint" in known:
        known["constraint"] = known["constraint"].removeprefix("constraints/")
    if "operator" in known:
        kind = "serviceAccount" if known["operator"].endswith(".gserviceaccount.com") else "user"
        known["operator_member"] = f"{kind}:{known['operator']}"
        known["operator_principal"] = f"{_PRINCIPALS[kind]}{known['operator']}"
    if "member" in known:  # the member in SQL's form
        known["grantee"] = known["member"] if ":" in known["member"] else f"specialGroup:{known['member']}"
    if "project" not in known and (match := _HOST.search(known.get("account", ""))):
        known["project"] = f"{match[2]}:{match[1]}" if match[2] else match[1]
    if "consumer" not in known and "project" in known:
        known["consumer"] = known["project"]
    if "account" in known and "account_id" not in known:
        known["account_id"] = known["account"].partition("@")[0]
        known["role_holder"] = f"serviceAccount:{known['account']}"
    if fits("account_id", known.get("account_id", "")):
        known["key_path"] = f"{known['account_id']}.json"
    return known


def names_of(resource: Grantable) -> dict[str, str]:
    """Return the values for fields that follow from what a role is held on: `dataset` and `table`."""
    match resource:
        case DatasetRef(dataset=dataset):
            return {"dataset": clean(dataset)}
        case TableRef(dataset=dataset, table=table):
            return {"dataset": clean(dataset), "table": clean(table)}
        case _:
            return {}


def fill(template: str, known: Mapping[str, str | Message], *, open_blanks: bool = True) -> Message:
    """Return a template with its fields filled in.

    Args:
        template: text without other braces than those of fields.
        known: values, already inert.
        open_blanks: whether a field without a (fitting) value shows its placeholder, to be filled in by the reader:
            `PROJECT_ID`. Otherwise the sentence says that it is not named.
    """
    if not known.get("project"):
        template = unnamed(template)

    def value(name: str) -> str | Message:
        if found := known.get(name):
            return found
        return placeholder(name) if open_blanks or has_value(name, {}) else message("(not named)")

    return Message(template, {name: value(name) for name in _BLANK.findall(template)})


def fill_step(
    step: RemedyStep, known: Mapping[str, str | Message], *, open_blanks: bool = True
) -> tuple[RemedyStep, ...]:
    """Return a step of an entry with its fields filled in.

    Args:
        step: the step, its text a template.
        known: values, already inert.
        open_blanks: as for `fill`. Otherwise commands that would have to be completed by hand are left out for the
            operator, and the step says so; for somebody else, they are in a separate step.
    """
    words = {name: str(value) for name, value in known.items()}
    if open_blanks or step.who is Who.HELPER or can_be_filled(step.commands, words):
        text = fill(step.text.template, known, open_blanks=open_blanks or step.who is Who.HELPER)
        return (replace(step, text=text if step.text else step.text, commands=filled(step.commands, words)),)
    text = fill(step.text.template, known, open_blanks=False)
    if step.text.template.endswith(":"):
        text = joined(" ", text, message("no command can be given here, because a name in it is not known."))
    without = replace(step, text=text, commands=(), who=Who.OPERATOR)
    both = helper(step) if step.who is Who.EITHER else ()
    return (without, *(made for each in both for made in fill_step(each, known)))


def can_be_filled(commands: Iterable[Command], known: Mapping[str, str]) -> bool:
    """Return whether every field in commands has a fitting value.

    The service account may still be missing: a call does not know which connection it is made for, and
    `planning.diff_problems.named` fills it in. So may values that another command of the same remedy prints.
    """
    return all(has_value(name, known) for command in commands for name in command.blanks)


def refilled(step: RemedyStep, known: Mapping[str, str]) -> RemedyStep:
    """Return a step with values in place of its placeholders."""

    def of(name: str, value: object) -> object:
        return known.get(name, value) if value == placeholder(name) else value

    params = {name: of(name, value) for name, value in step.text.params.items()}
    text = Message(step.text.template, params, step.text.plural)
    return replace(step, text=text, commands=filled(step.commands, known))


def filled(commands: Iterable[Command], known: Mapping[str, str]) -> tuple[Command, ...]:
    """Return commands with their fields filled in."""
    return tuple(command.filled(known) for command in commands)


def unnamed(sentence: str) -> str:
    """Return the sentence of a template for an error that names no project: it then says "your project"."""
    for name in ("{project}", "{consumer}"):
        sentence = sentence.replace(f"project {name}", "your project").replace(f"Project {name}", "Your project")
    return sentence
