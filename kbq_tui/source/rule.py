"""The type of the source check's rules."""

from collections.abc import Callable, Iterator
from typing import Final

from kbq_tui.i18n.messages import Message, grouped, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import Severity, SourceFinding, TableFacts, Use

ALL: Final = frozenset(Use)
PEOPLE: Final = frozenset({Use.PROFILES, Use.EVENTS})
PROFILES: Final = frozenset({Use.PROFILES})
EVENTS: Final = frozenset({Use.EVENTS})

PEER: Final = "https://www.braze.com/docs/user_guide/data/unification/cloud_ingestion/best_practices"
"""Another vendor's page about the same kind of incremental reading, of which Klaviyo documents less."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One objection of a rule.

    Attributes:
        text: a sentence.
        column: the column; empty for the table.
        severity: if it differs from the rule's.
    """

    text: Message
    column: str = ""
    severity: Severity | None = None


Judge = Callable[[TableFacts], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class SourceRule:
    """One rule.

    Attributes:
        id: stable: scripts and reports use it.
        uses: the uses it matters for.
        severity: the severity of an objection.
        judge: yields the objections to a table.
        source: the page with the rule; empty if it follows from how BigQuery works.
    """

    id: str
    uses: frozenset[Use]
    severity: Severity
    judge: Judge
    source: str = ""

    def findings(self, facts: TableFacts) -> Iterator[SourceFinding]:
        """Yield the rule's findings about a table."""
        for hit in self.judge(facts):
            yield SourceFinding(self.id, hit.severity or self.severity, hit.text, self.uses, hit.column)


def of_rows(n: int, rows: int) -> Message:
    """Return how many of the rows, as the subject of a sentence."""
    if n >= rows:
        return message("All {rows} rows", rows=grouped(rows))
    return message("{n} of {rows} rows", n=grouped(n), rows=grouped(rows))
