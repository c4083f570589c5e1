"""What the source check knows about a table for Klaviyo, and what it reports."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from kbq_tui.i18n.messages import N_
from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from kbq_tui.i18n.messages import Message
    from kbq_tui.model.problem import Problem


class Use(StrEnum):
    """What Klaviyo can use a table for."""

    PROFILES = "profiles"
    EVENTS = "events"
    OBJECTS = "objects"


class Role(StrEnum):
    """What a column is for in Klaviyo's mapping."""

    EMAIL = "email"
    PHONE = "phone"
    EXTERNAL_ID = "external_id"
    KLAVIYO_ID = "klaviyo_id"
    CHANGED = "changed_at"
    EVENT_TIME = "event_at"
    METRIC = "metric"
    UNIQUE_ID = "unique_id"
    VALUE = "value"
    CURRENCY = "currency"
    CONSENT = "consent"
    COUNTRY = "country"


IDENTIFIERS = (Role.EMAIL, Role.PHONE, Role.EXTERNAL_ID, Role.KLAVIYO_ID)
"""The roles of which a row of profiles or events must have at least one."""

ROLE_NAMES = {
    Role.EMAIL: N_("e-mail"),
    Role.PHONE: N_("phone number"),
    Role.EXTERNAL_ID: N_("external id"),
    Role.KLAVIYO_ID: N_("Klaviyo id"),
    Role.CHANGED: N_("change timestamp"),
    Role.EVENT_TIME: N_("event timestamp"),
    Role.METRIC: N_("metric name"),
    Role.UNIQUE_ID: N_("unique id"),
    Role.VALUE: N_("value"),
    Role.CURRENCY: N_("value currency"),
    Role.CONSENT: N_("consent"),
    Role.COUNTRY: N_("country"),
}


class Severity(StrEnum):
    """What a finding means for the sync."""

    FAIL = "fail"
    """Klaviyo cannot use the table as it is, or damage is done."""
    UNKNOWN = "unknown"
    """It could not be determined."""
    WARNING = "warning"
    """Some rows or columns are lost, refused or not as expected."""
    NOTE = "note"


SEVERITIES = tuple(Severity)
"""The worst first."""


class Ready(StrEnum):
    """Whether Klaviyo can use a table."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Column:
    """A column from INFORMATION_SCHEMA.COLUMNS. `type` is GoogleSQL's (`STRUCT<a INT64>`); names are hostile; `tagged`
    is whether a policy tag protects it."""

    name: str
    type: str
    tagged: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """The counts of a table, by measure and column.

    Attributes:
        numbers: the cells of the content query as text; None for NULL.
        part: which part of the rows was read; None for all of them.
    """

    numbers: Mapping[tuple[str, str], str | None]
    part: Message | None = None

    def has(self, measure: str, column: str = "") -> bool:
        """Return whether it was measured."""
        return (measure, column) in self.numbers

    def count(self, measure: str, column: str = "") -> int:
        """Return a number; 0 if it was not measured, or is NULL."""
        text = self.numbers.get((measure, column)) or "0"
        return int(text) if text.lstrip("-").isdigit() else 0

    def time(self, measure: str, column: str = "") -> datetime | None:
        """Return a time in UTC; None if it was not measured, or is NULL."""
        from kbq_tui.model.text import time_in

        return time_in(self.numbers.get((measure, column)) or "")

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.count("rows")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered from an earlier check of a table.

    Attributes:
        at: when, aware UTC.
        rows: how many rows were counted.
        columns: types by name.
        newest: the newest change timestamp; None if there is none.
        all_newer: whether (nearly) all rows were newer than at the check before.
    """

    at: datetime
    rows: int
    columns: Mapping[str, str]
    newest: datetime | None = None
    all_newer: bool = False


Path = tuple[str, str, str]
"""Project, dataset, table."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What is known of one table or view.

    Attributes:
        path: project, dataset and name.
        kind: BigQuery's (`TABLE`, `VIEW`, `MATERIALIZED_VIEW`, `EXTERNAL`, `SNAPSHOT`).
        columns: all columns, in their order.
        roles: the column found for each role.
        content: the counts; None if nothing could be counted.
        problem: why it cannot be read; None if it can.
        closed: the columns that the account may not read, protected by a policy tag.
        skipped: why nothing was counted though it can be read; None if something was.
        reads: the tables that a view reads.
        last: the check before; None for the first.
        twin: another table whose name differs in case only; empty for none.
        definition: a view's query; empty if it is not a view or cannot be read.
        stored: the number of rows according to BigQuery; None if not known.
        expires: when the table expires.
        partition: the column that the table is partitioned by, possibly a hidden one; None for none.
        size: bytes that counting reads; None if not known.
    """

    path: Path
    kind: str
    columns: tuple[Column, ...]
    roles: Mapping[Role, str] = field(default_factory=dict)
    content: Content | None = None
    problem: Problem | None = None
    closed: frozenset[str] = frozenset()
    skipped: Message | None = None
    reads: tuple[Path, ...] = ()
    last: Seen | None = None
    twin: str = ""
    definition: str = ""
    stored: int | None = None
    expires: datetime | None = None
    partition: Column | None = None
    size: int | None = None

    @property
    def name(self) -> str:
        """The table's name without project and dataset."""
        return self.path[2]

    def column(self, role: Role) -> Column | None:
        """Return the column with a role; None if none was found."""
        name = self.roles.get(role)
        return next((c for c in self.columns if c.name == name), None) if name is not None else None

    def properties(self) -> Iterator[Column]:
        """Return the columns without a role: Klaviyo sends each as a property of an event."""
        mapped = set(self.roles.values())
        return (c for c in self.columns if c.name not in mapped)


@dataclass(frozen=True, slots=True)
class SourceFinding:
    """One finding about a table.

    Attributes:
        rule: the rule's id, stable.
        severity: what it means.
        text: a sentence.
        uses: the uses it matters for.
        column: the column that it is about; empty for the table.
    """

    rule: str
    severity: Severity
    text: Message
    uses: frozenset[Use]
    column: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the finding in the `source` schema."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "column": self.column or None,
            "text": str(self.text),
        }


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """The result for one column.

    Attributes:
        role: what it is for; None for a property.
        severity: the worst finding about it; None for none.
    """

    name: str
    type: str
    role: Role | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class TableReport:
    """The result for one table.

    Attributes:
        likely: the use it is probably meant for.
        ready: for each use, whether Klaviyo can use the table for it.
        findings: all of them, the worst first.
        rows: how many rows were counted; None if none were.
        size: bytes that counting reads; None if not known.
        newest: the newest change timestamp.
        problem: why it cannot be read; None if it can.
        examples: masked values that a rule objects to, by rule; only on request.
    """

    name: str
    kind: str
    likely: Use
    ready: Mapping[Use, Ready]
    findings: tuple[SourceFinding, ...]
    columns: tuple[ColumnReport, ...]
    rows: int | None = None
    size: int | None = None
    newest: datetime | None = None
    problem: Problem | None = None
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def reasons(self, use: Use) -> tuple[SourceFinding, ...]:
        """Return the findings that matter for a use, the worst first."""
        return tuple(f for f in self.findings if use in f.uses)

    def verdict(self, use: Use | None) -> Severity | None:
        """Return the worst finding for a use, or for the one it is probably meant for; None if there are only notes."""
        found = {f.severity for f in self.reasons(use or self.likely)}
        return next((s for s in SEVERITIES if s in found and s is not Severity.NOTE), None)

    def is_ready(self, use: Use | None) -> Ready:
        """Return whether it is ready for a use, or for the one it is probably meant for if none is named."""
        return self.ready[use or self.likely]


@dataclass(frozen=True, slots=True)
class SourceReport:
    """The outcome of a source check.

    Attributes:
        tables: one report for each table, by name.
        findings: findings about several tables together.
        left_out: the names of tables that were not checked.
    """

    tables: tuple[TableReport, ...]
    findings: tuple[SourceFinding, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every table was checked, with a result."""
        known = all(t.is_ready(None) is not Ready.UNKNOWN for t in self.tables)
        return not self.left_out and known

    def any_ready(self, use: Use | None) -> bool:
        """Return whether at least one table is ready for a use, or for the one it is probably meant for."""
        return any(t.is_ready(use) is Ready.YES for t in self.tables)
