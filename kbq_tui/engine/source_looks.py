"""The source check's last result for each table, with which the next one is compared."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import Role, Seen
from kbq_tui.model.text import time_in

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = "kbq-tui/source-looks/v1"
PROPERTIES: Final = "properties"
"""The key for the choice of columns that are sent as properties: names separated by commas."""


@dataclass(frozen=True, slots=True)
class SourceLooks:
    """The last results for the tables of a connection.

    Attributes:
        dataset: `PROJECT.DATASET` of the tables; results for another dataset do not count.
        tables: the results, by name.
        chosen: the operator's choices for each table: columns by role, and `PROPERTIES`.
    """

    dataset: str = ""
    tables: Mapping[str, Seen] = field(default_factory=dict)
    chosen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, dataset: str) -> Mapping[str, Seen]:
        """Return the results for a dataset; nothing if they are for another one."""
        return self.tables if dataset == self.dataset else {}

    def after(self, dataset: str, seen: Mapping[str, Seen], there: frozenset[str] | None) -> SourceLooks:
        """Return the results updated with newer ones.

        Args:
            dataset: the dataset that was checked.
            seen: the new results.
            there: the names of all tables, so that deleted ones are forgotten; None if not all were listed.
        """
        kept = {n: s for n, s in self.of(dataset).items() if there is None or n in there}
        return SourceLooks(dataset, {**kept, **seen}, self.chosen)

    def mapped(self) -> Mapping[str, Mapping[Role, str]]:
        """Return the chosen columns for roles, by table; an empty name means none."""
        roles = {role.value: role for role in Role}
        return {t: {roles[k]: name for k, name in kept.items() if k in roles} for t, kept in self.chosen.items()}

    def properties(self, table: str) -> tuple[str, ...] | None:
        """Return the columns chosen to be sent as properties; None if none were chosen."""
        kept = self.chosen.get(table, {}).get(PROPERTIES)
        return None if kept is None else tuple(name for name in kept.split(",") if name)

    def choosing(self, table: str, choices: Mapping[str, str | None]) -> SourceLooks:
        """Return the results with further choices for a table; None removes a choice."""
        merged = {**self.chosen.get(table, {}), **choices}
        kept = {key: name for key, name in merged.items() if name is not None}
        return SourceLooks(self.dataset, self.tables, {**self.chosen, table: kept})

    def to_json(self) -> dict[str, Any]:
        """Return the results in the form in which they are stored."""
        tables = {n: _json(s) for n, s in self.tables.items()}
        chosen = {t: dict(kept) for t, kept in self.chosen.items()}
        return {"schema": SCHEMA, "dataset": self.dataset, "tables": tables, "chosen": chosen}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SourceLooks:
        """Return stored results; none if they cannot be understood."""
        tables = body.get("tables")
        if body.get("schema") != SCHEMA or not isinstance(tables, dict):
            return cls()
        read = {str(name): seen for name, kept in tables.items() if (seen := _seen(kept)) is not None}
        chosen = body.get("chosen")
        kept = chosen.items() if isinstance(chosen, dict) else ()
        found = {
            str(table): {str(k): name for k, name in choices.items() if isinstance(name, str)}
            for table, choices in kept
            if isinstance(choices, dict)
        }
        return cls(str(body.get("dataset", "")), read, found)


def _json(seen: Seen) -> dict[str, Any]:
    return {
        "at": seen.at.isoformat(timespec="seconds"),
        "rows": seen.rows,
        "newest": seen.newest.isoformat() if seen.newest else None,
        "all_newer": seen.all_newer,
        "columns": dict(seen.columns),
    }


def _seen(kept: object) -> Seen | None:
    if not isinstance(kept, dict):
        return None
    at, rows, columns = time_in(kept.get("at")), kept.get("rows"), kept.get("columns")
    if at is None or not isinstance(rows, int) or not isinstance(columns, dict):
        return None
    types = {str(name): type_ for name, type_ in columns.items() if isinstance(type_, str)}
    return Seen(at, rows, types, time_in(kept.get("newest")), kept.get("all_newer") is True)
