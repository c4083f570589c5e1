"""The last look of the source check at each table: what the next one is compared with."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import Seen
from kbq_tui.model.text import time_in

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = "kbq-tui/source-looks/v1"


@dataclass(frozen=True, slots=True)
class SourceLooks:
    """What was seen last of the tables of a connection.

    Attributes:
        dataset: `PROJECT.DATASET` that they are in; looks at another one say nothing.
        tables: what was seen, by name.
    """

    dataset: str = ""
    tables: Mapping[str, Seen] = field(default_factory=dict)

    def of(self, dataset: str) -> Mapping[str, Seen]:
        """Return what was seen in a dataset; nothing where it is another one."""
        return self.tables if dataset == self.dataset else {}

    def after(self, dataset: str, seen: Mapping[str, Seen], there: frozenset[str] | None) -> SourceLooks:
        """Return the looks with newer ones.

        Args:
            dataset: the dataset that was looked at.
            seen: what was seen now.
            there: the names of all tables, so that those which are gone are forgotten; None where not all were listed.
        """
        kept = {n: s for n, s in self.of(dataset).items() if there is None or n in there}
        return SourceLooks(dataset, {**kept, **seen})

    def to_json(self) -> dict[str, Any]:
        """Return the looks as they are kept."""
        return {"schema": SCHEMA, "dataset": self.dataset, "tables": {n: _json(s) for n, s in self.tables.items()}}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SourceLooks:
        """Return kept looks; none where they cannot be understood."""
        tables = body.get("tables")
        if body.get("schema") != SCHEMA or not isinstance(tables, dict):
            return cls()
        read = {str(name): seen for name, kept in tables.items() if (seen := _seen(kept)) is not None}
        return cls(str(body.get("dataset", "")), read)


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
