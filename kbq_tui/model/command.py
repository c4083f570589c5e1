"""A shell command as a value: a template, the values of its fields, and the commands that undo it. Rendered when
shown."""

import re
import shlex
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Final

from kbq_tui.model import spec
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.lean_dataclass import dataclass

_ADDRESS: Final = r"[A-Za-z0-9._%+-]{1,100}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
_EMAIL: Final = pattern(_ADDRESS)
_DOTTED: Final = pattern(r"[A-Za-z][A-Za-z0-9_]{0,80}(?:\.[A-Za-z0-9_]{1,80}){1,6}")
_ROLE: Final = pattern(r"(?:(?:projects|organizations)/[A-Za-z0-9:.-]{1,80}/)?roles/[A-Za-z0-9_.]{1,120}")
_TOKEN: Final = pattern(r"[A-Za-z0-9_.:@/-]{1,1200}")
_NUMBER: Final = pattern(r"[0-9]{1,30}")
_SERVICE: Final = pattern(r"[a-z][a-z0-9-]{0,60}\.googleapis\.com")
_KMS_KEY: Final = pattern(
    r"projects/[a-z0-9.:-]{4,80}/locations/[a-z0-9-]{2,40}/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63}"
)
_LOCATION: Final = pattern(r"[A-Za-z][A-Za-z0-9-]{1,40}")
_PLAIN: Final = pattern(r"[\w@%+=:,./-]*")
"""Characters that a shell takes literally."""
_TABLE_CATEGORIES: Final = frozenset({"Pc", "Pd", "Zs"})
"""Characters of a table name, in addition to letters, marks and numbers.

Source: https://cloud.google.com/bigquery/docs/tables#table_naming
"""


def _is_table(value: str) -> bool:
    kinds = {unicodedata.category(char) for char in value}
    return len(value) <= 1024 and all(kind[0] in "LMN" or kind in _TABLE_CATEGORIES for kind in kinds)


def _matches(rule: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: rule.fullmatch(value) is not None


def _is_dataset(value: str) -> bool:
    return spec.check_dataset(value) is None


# The rule for each value in a command. A value that breaks it leaves the placeholder: a command to be pasted into a
# shell must not contain text from an error message unchecked.
_VALID: Final[Mapping[str, Callable[[str], bool]]] = {
    "project": lambda value: spec.check_project(value) is None,
    "consumer": _matches(_TOKEN),
    "project_number": _matches(_NUMBER),
    "account": _matches(_EMAIL),
    "role_holder": _matches(pattern(r"[A-Za-z0-9_@.:/?=%+-]{1,1100}")),
    "operator": _matches(_EMAIL),
    "operator_member": _matches(pattern(rf"(?:user|serviceAccount):{_ADDRESS}")),
    "principal": _matches(_EMAIL),
    "vpc_sc_id": _matches(pattern(r"[\w-]{1,200}")),
    "dataset": _is_dataset,
    "source_dataset": _is_dataset,
    "twin": _is_dataset,
    "location": _matches(_LOCATION),
    "wanted": _matches(_LOCATION),
    "permission": _matches(_DOTTED),
    "role": _matches(_ROLE),
    "role_id": _matches(pattern(r"[A-Za-z0-9_.]{3,64}")),
    "file": str.isprintable,
    "bindings": _matches(pattern(r"--all|--condition=None")),
    "constraint": _matches(_DOTTED),
    "service": _matches(_SERVICE),
    "table": _is_table,
    "routine": _matches(pattern(r"\w{1,256}")),
    "display_name": str.isprintable,
    "key_path": str.isprintable,
    "key_id": _matches(pattern(r"[0-9a-f]{8,64}")),
    "account_id": _matches(pattern(r"[a-z][a-z0-9-]{0,62}")),
    "job_id": _matches(pattern(r"[\w:.-]{1,1100}")),
    "uid": _matches(_NUMBER),
    "seconds": _matches(_NUMBER),
    "member": _matches(pattern(r"allUsers|allAuthenticatedUsers|domain:[a-z0-9.-]{4,80}")),
    "grantee": _matches(pattern(r"specialGroup:(?:allUsers|allAuthenticatedUsers)|domain:[a-z0-9.-]{4,80}")),
    "agent": _matches(_EMAIL),
    "kms_key": _matches(_KMS_KEY),
    "bucket": _matches(pattern(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")),
    "data_connection": _matches(pattern(r"[A-Za-z0-9_.:-]{3,400}")),
}

_PLACEHOLDERS: Final[Mapping[str, str]] = {
    "account": "SERVICE_ACCOUNT_EMAIL",
    "account_id": spec.ACCOUNT_ID,
    "agent": "bq-PROJECT_NUMBER@bigquery-encryption.iam.gserviceaccount.com",
    "bindings": "--condition=None",
    "consumer": "PROJECT_NUMBER",
    "credentials_universe": "another one",
    "configured_universe": "one",
    "data_connection": "CONNECTION_PROJECT.CONNECTION_LOCATION.CONNECTION_ID",
    "display_name": spec.ACCOUNT_DISPLAY_NAME,
    "file_kind": "not that",
    "role_holder": "serviceAccount:SERVICE_ACCOUNT_EMAIL",
    "key_path": f"{spec.ACCOUNT_ID}.json",
    "klaviyo_type": "a data type",
    "kms_key": "projects/KEY_PROJECT/locations/KEY_LOCATION/keyRings/KEY_RING/cryptoKeys/KEY",
    "operator": "YOUR_EMAIL",
    "operator_member": "user:YOUR_EMAIL",
    "operator_principal": "principal://goog/subject/YOUR_EMAIL",
    "path": "FILE",
    "project": "PROJECT_ID",
    "service": "bigquery.googleapis.com",
    "uid": "UNIQUE_ID",
    "which_connection": "",
}
"""Placeholders that are not simply the field's name in capitals."""

_BLANK: Final = pattern(r"\{([a-z_]+)\}")


def placeholder(name: str) -> str:
    """Return the placeholder for a value that is not known."""
    return _PLACEHOLDERS.get(name, name.upper())


def fits(name: str, value: str) -> bool:
    """Return whether a value may be put into a command."""
    return bool(value) and (name not in _VALID or _VALID[name](value))


_FILLED_LATER: Final = frozenset({"account", "project_number", "role_holder"})


def has_value(name: str, known: Mapping[str, str]) -> bool:
    """Return whether a field has a value that fits, gets one later, or may show its placeholder."""
    is_open = re.search(r"[A-Z]{3}", placeholder(name)) is not None
    value = known.get(name, "")
    return fits(name, value) or not is_open or (name in _FILLED_LATER and not value)


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command: gcloud, bq, this program, or a system tool.

    Attributes:
        template: the command, with fields such as `{project}`.
        undo: the commands that undo it, in order, with the same fields; empty if there are none.
        values: the fields' values. A field without a fitting value is shown as `PROJECT_ID`.
        statement: the SQL alone, if the command runs some.
    """

    template: str
    undo: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    statement: str = ""

    def __str__(self) -> str:
        """Return the command, safe to paste into a shell."""
        return self._rendered(self.template)

    def using(self, **parts: str) -> "Command":
        """Return the command with templates in place of fields: `role="roles/viewer"`, `project="{consumer}"`."""

        def of(template: str) -> str:
            return _BLANK.sub(lambda match: parts.get(match[1], match[0]), template)

        return replace(self, template=of(self.template), undo=tuple(map(of, self.undo)), statement=of(self.statement))

    def filled(self, known: Mapping[str, str]) -> "Command":
        """Return the command with values for its empty fields; values that it has stay."""
        names = _BLANK.findall("".join((self.template, *self.undo)))
        return replace(self, values={**{name: known[name] for name in names if known.get(name)}, **self.values})

    def changed(self, **values: str) -> "Command":
        """Return the command with other values."""
        return replace(self, values={**self.values, **values})

    def without(self, option: str) -> "Command":
        """Return the command without an option, such as `--location={location}`."""
        undo = tuple(template.replace(f" {option}", "", 1) for template in self.undo)
        return replace(self, template=self.template.replace(f" {option}", "", 1), undo=undo)

    def about(self, connection: str) -> "Command":
        """Return a command of this program for one connection.

        Args:
            connection: what to add: the name and, if needed, `--config FILE`, quoted for a shell; may be empty.
        """
        if not connection:
            return self
        end = "{which_connection}"
        template = self.template if self.template.endswith(end) else self.template + end
        return replace(self, template=template).changed(
            which_connection=self.values.get("which_connection", "") + " " + connection.strip()
        )

    @property
    def names_connection(self) -> bool:
        """Whether `about` was called on it."""
        return "which_connection" in self.values

    def is_like(self, other: "Command") -> bool:
        """Return whether both commands do the same, whatever their values."""
        return self.template == other.template

    @property
    def blanks(self) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(dict.fromkeys(_BLANK.findall(self.template)))

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that have no fitting value."""
        return tuple(name for name in self.blanks if not fits(name, self.values.get(name, "")))

    @property
    def undone_by(self) -> "tuple[Command, ...]":
        """The commands that undo it, in order."""
        return tuple(Command(template, values=self.values) for template in self.undo)

    @property
    def sql(self) -> str:
        """The SQL statement alone; empty if it runs none."""
        return self._rendered(self.statement, quoted=True)

    def _rendered(self, template: str, *, quoted: bool = False) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1]
            text = self.values.get(name, "")
            if not fits(name, text):
                return placeholder(name)
            if name == "which_connection":  # quoted for a shell already
                return text
            # Inside quotes there are only values with a rule; none of these can end the quoting.
            bare = not quoted and template.count("'", 0, match.start()) % 2 == 0
            return text if _PLAIN.fullmatch(text) or not (bare or name not in _VALID) else shlex.quote(text)

        return _BLANK.sub(value, template)
