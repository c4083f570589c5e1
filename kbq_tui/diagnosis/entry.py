"""What an entry of the catalogue is, and how its blanks are filled."""

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kbq_tui.i18n.messages import Message, joined, message
from kbq_tui.model import spec
from kbq_tui.model.problem import Context, Kind, RemedyStep, Retry
from kbq_tui.model.refs import DatasetRef, Grantable, TableRef
from kbq_tui.model.secret import scrub
from kbq_tui.model.text import inert

# How long a change of ours may take to be true everywhere, in seconds.
# Sources: https://cloud.google.com/iam/docs/access-change-propagation,
# https://cloud.google.com/iam/docs/keys-create-delete, https://cloud.google.com/service-usage/docs/enable-disable,
# https://cloud.google.com/resource-manager/docs/organization-policy/overview
NEW_ACCOUNT_WAIT: Final = 120
GRANT_WAIT: Final = 420
PACE_WAIT: Final = 120
"""Rates are counted by the minute or by 100 seconds. Source: https://cloud.google.com/bigquery/quotas"""
API_WAIT: Final = 600
ORG_POLICY_WAIT: Final = 900


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause of failure, with blanks.

    Attributes:
        code: `KBQ-…`; stable, because people search for it and scripts test it.
        title: a few words.
        cause: one sentence, with blanks such as `{project}`.
        remedy: steps. The first line of a step is a sentence; every further line is a command, complete.
        who: who can apply it, with permission and role.
        link: Google's or Klaviyo's page.
        kind: what it means to a caller.
        retry: what trying again is good for.
        wait: how long waiting may take, in seconds; 0 where waiting does not help.
        settle: the same for the case that a change of ours made it happen a moment ago; 0 where such a change
            cannot be the reason.
    """

    code: str
    title: str
    cause: str
    remedy: tuple[str, ...]
    who: str
    link: str
    kind: Kind = Kind.FAILED
    retry: Retry = Retry.NEVER
    wait: int = 0
    settle: int = 0


_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,100}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_HOST: Final = re.compile(
    r"@(?!gcp-sa-)([a-z][a-z0-9-]{4,28}[a-z0-9])(?:\.([a-z0-9.-]{1,60}))?\.iam\.gserviceaccount\.com$"
)
_DOTTED: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,80}(?:\.[A-Za-z0-9_]{1,80}){1,6}")
_ROLE: Final = re.compile(r"(?:(?:projects|organizations)/[A-Za-z0-9:.-]{1,80}/)?roles/[A-Za-z0-9_.]{1,120}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_.:@/-]{1,1200}")
_NUMBER: Final = re.compile(r"[0-9]{1,30}")
_SERVICE: Final = re.compile(r"[a-z][a-z0-9-]{0,60}\.googleapis\.com")
_KMS_KEY: Final = re.compile(
    r"projects/[a-z0-9.:-]{4,80}/locations/[a-z0-9-]{2,40}/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63}"
)
_LOCATION: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,40}")
_TABLE: Final = re.compile(r"[\w-]{1,1024}")
_TABLE_CATEGORIES: Final = frozenset({"Pc", "Pd", "Zs"})
"""With letters, marks and numbers, what a table's name may hold.

Source: https://cloud.google.com/bigquery/docs/tables#table_naming
"""


def _is_table(value: str) -> bool:
    kinds = {unicodedata.category(char) for char in value}
    return len(value) <= 1024 and all(kind[0] in "LMN" or kind in _TABLE_CATEGORIES for kind in kinds)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


# What a value must look like to stand in a command. Anything else leaves the placeholder: a command that is pasted
# into a shell must not contain what an error message made up.
_VALID: Final[Mapping[str, Callable[[str], bool]]] = {
    "project": lambda value: spec.check_project(value) is None,
    "consumer": _matches(_TOKEN),
    "project_number": _matches(_NUMBER),
    "account": _matches(_EMAIL),
    "operator": _matches(_EMAIL),
    "operator_member": _matches(re.compile(rf"(?:user|serviceAccount):{_EMAIL.pattern}")),
    "principal": _matches(_EMAIL),
    "vpc_sc_id": _matches(re.compile(r"[\w-]{1,200}")),
    "dataset": lambda value: spec.check_dataset(value) is None,
    "source_dataset": lambda value: spec.check_dataset(value) is None,
    "twin": lambda value: spec.check_dataset(value) is None,
    "location": _matches(_LOCATION),
    "wanted": _matches(_LOCATION),
    "permission": _matches(_DOTTED),
    "role": _matches(_ROLE),
    "constraint": _matches(_DOTTED),
    "service": _matches(_SERVICE),
    "table": _is_table,
    "key_id": _matches(re.compile(r"[0-9a-f]{8,64}")),
    "account_id": _matches(re.compile(r"[a-z][a-z0-9-]{0,62}")),
    "job_id": _matches(re.compile(r"[\w:.-]{1,1100}")),
    "uid": _matches(_NUMBER),
    "seconds": _matches(_NUMBER),
    "member": _matches(re.compile(r"allUsers|allAuthenticatedUsers|domain:[a-z0-9.-]{4,80}")),
    "grantee": _matches(re.compile(r"specialGroup:(?:allUsers|allAuthenticatedUsers)|domain:[a-z0-9.-]{4,80}")),
    "agent": _matches(_EMAIL),
    "kms_key": _matches(_KMS_KEY),
    "bucket": _matches(re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")),
    "data_connection": _matches(re.compile(r"[A-Za-z0-9_.:-]{3,400}")),
}

_PLACEHOLDERS: Final[Mapping[str, str]] = {
    "account": "SERVICE_ACCOUNT_EMAIL",
    "account_id": spec.ACCOUNT_ID,
    "agent": "bq-PROJECT_NUMBER@bigquery-encryption.iam.gserviceaccount.com",
    "consumer": "PROJECT_NUMBER",
    "credentials_universe": "another one",
    "configured_universe": "one",
    "data_connection": "CONNECTION_PROJECT.CONNECTION_LOCATION.CONNECTION_ID",
    "file_kind": "not that",
    "klaviyo_type": "a data type",
    "kms_key": "projects/KEY_PROJECT/locations/KEY_LOCATION/keyRings/KEY_RING/cryptoKeys/KEY",
    "operator": "YOUR_EMAIL",
    "operator_member": "user:YOUR_EMAIL",
    "operator_principal": "principal://goog/subject/YOUR_EMAIL",
    "path": "FILE",
    "project": "PROJECT_ID",
    "service": "bigquery.googleapis.com",
    "uid": "UNIQUE_ID",
}
"""Where the placeholder is not simply the blank's name in capitals."""

_PRINCIPALS: Final = {
    "user": "principal://goog/subject/",
    "serviceAccount": "principal://iam.googleapis.com/projects/-/serviceAccounts/",
}
"""How deny policies name whom they except."""

_BLANK: Final = re.compile(r"\{([a-z_]+)\}")


def clean(value: object, limit: int = 300) -> str:
    """Return a detail as it may be shown: without credentials, inert, on one line."""
    return inert(scrub(str(value)), limit).strip()


def shown(value: object, limit: int = 300) -> str | Message:
    """Return a detail as `clean` does, but a message that `clean` would leave as it is stays a message."""
    text = clean(value, limit)
    return value if isinstance(value, Message) and text == str(value) else text


def values(context: Context, details: Mapping[str, str | Message]) -> dict[str, str]:
    """Return what fills the blanks: what the error itself named goes before what is known of the connection."""
    known = {
        "project": context.project,
        "account": context.account,
        "dataset": context.dataset,
        "location": context.location,
        "operator": context.operator,
    }
    known = {name: clean(value) for name, value in known.items() if value}
    known.update((name, str(value)) for name, value in details.items() if value)
    if "constraint" in known:
        known["constraint"] = known["constraint"].removeprefix("constraints/")
    if "operator" in known:
        kind = "serviceAccount" if known["operator"].endswith(".gserviceaccount.com") else "user"
        known["operator_member"] = f"{kind}:{known['operator']}"
        known["operator_principal"] = f"{_PRINCIPALS[kind]}{known['operator']}"
    if "member" in known:  # as SQL names it
        known["grantee"] = known["member"] if ":" in known["member"] else f"specialGroup:{known['member']}"
    if "project" not in known and (match := _HOST.search(known.get("account", ""))):
        known["project"] = f"{match[2]}:{match[1]}" if match[2] else match[1]
    if "consumer" not in known and "project" in known:
        known["consumer"] = known["project"]
    if "account" in known and "account_id" not in known:
        known["account_id"] = known["account"].partition("@")[0]
    return known


def names_of(resource: Grantable) -> dict[str, str]:
    """Return the blanks that what a role is held on fills: `dataset` and `table`."""
    match resource:
        case DatasetRef(dataset=dataset):
            return {"dataset": clean(dataset)}
        case TableRef(dataset=dataset, table=table):
            return {"dataset": clean(dataset), "table": clean(table)}
        case _:
            return {}


def fill(template: str, known: Mapping[str, str | Message], *, open_blanks: bool = True) -> Message:
    """Return a template with its blanks filled.

    Args:
        template: text without braces but those of blanks.
        known: values, already inert.
        open_blanks: a blank without a (fitting) value stays visible, to be filled in by the reader: `PROJECT_ID`.
            Otherwise the sentence says that it is not named.
    """
    if not known.get("project"):
        template = unnamed(template)

    def value(name: str) -> str | Message:
        if found := known.get(name):
            return found
        return placeholder(name) if open_blanks or _has_value(name, {}) else message("(not named)")

    return Message(template, {name: value(name) for name in _BLANK.findall(template)})


def fill_step(template: str, known: Mapping[str, str | Message], *, open_blanks: bool = True) -> RemedyStep:
    """Return a step of a remedy with its blanks filled.

    Args:
        template: a sentence; lines after it are commands.
        known: values, already inert.
        open_blanks: as for `fill`. Otherwise commands that would have to be completed by hand are left out, and the
            step says so.
    """
    # The only place where a remedy is split at a newline: entries and requests still write a step as one text.
    sentence, *commands = template.split("\n")
    filled = fill(sentence, known, open_blanks=open_blanks)
    values_ = {name: str(value) for name, value in known.items()}
    if open_blanks or can_be_filled(commands, values_):
        return step(filled, commands, values_)
    if not sentence.endswith(":"):
        return RemedyStep(filled)
    return RemedyStep(joined(" ", filled, message("no command can be given here, because a name in it is not known.")))


def can_be_filled(commands: Iterable[str], known: Mapping[str, str]) -> bool:
    """Return whether a value that fits is known for every blank in commands.

    The service account may still be missing: a call does not know which connection it is made for, and
    `planning.diff_problems.named` fills it in. So may what another command of the same remedy prints.
    """
    return all(_has_value(name, known) for command in commands for name in _BLANK.findall(command))


def step(sentence: Message, commands: Iterable[str], known: Mapping[str, str]) -> RemedyStep:
    """Return a step of a remedy: a sentence, and commands with their blanks filled."""
    return RemedyStep(sentence, tuple(fill_command(command, known) for command in commands))


def unnamed(sentence: str) -> str:
    """Return the sentence of a template for an error that names no project: it then speaks of "your project"."""
    for name in ("{project}", "{consumer}"):
        sentence = sentence.replace(f"project {name}", "your project").replace(f"Project {name}", "Your project")
    return sentence


def fill_command(template: str, known: Mapping[str, str]) -> str:
    """Return a command with its blanks filled, safe to paste into a shell."""

    def value(match: re.Match[str]) -> str:
        filling = argument(match[1], known)
        # Of all names only a table's may hold what a shell divides words at; inside of SQL it is quoted already.
        bare = template.count("'", 0, match.start()) % 2 == 0
        return shlex.quote(filling) if match[1] == "table" and bare and not _TABLE.fullmatch(filling) else filling

    return _BLANK.sub(value, template)


def argument(name: str, known: Mapping[str, str]) -> str:
    """Return one value as it may stand in a command, or its placeholder."""
    if not _fits(name, known):
        return placeholder(name)
    # Names without a rule of their own (paths) are quoted; those with one need no quotes, also inside of SQL.
    return known[name] if name in _VALID else shlex.quote(known[name])


_FILLED_LATER: Final = frozenset({"account", "project_number"})


def _fits(name: str, known: Mapping[str, str]) -> bool:
    value = known.get(name, "")
    valid = _VALID.get(name)
    return bool(value) and (valid is None or valid(value))


def _has_value(name: str, known: Mapping[str, str]) -> bool:
    """Return whether a blank has a value that fits, gets one later, or is good with what stands for an unknown one."""
    is_open = re.search(r"[A-Z]{3}", placeholder(name)) is not None
    return _fits(name, known) or not is_open or (name in _FILLED_LATER and not known.get(name))


def placeholder(name: str) -> str:
    """Return what stands for a value nobody knows."""
    return _PLACEHOLDERS.get(name, name.upper())
