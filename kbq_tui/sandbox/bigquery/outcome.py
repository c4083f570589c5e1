"""The result of a statement."""

from dataclasses import dataclass, field
from typing import Any

from kbq_tui.sandbox.bigquery import billing
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]


@dataclass
class Reads:
    """What a statement reads: for ``referencedTables`` and ``totalBytesProcessed``.

    Args:
        tables: each table once; a view comes before the tables it reads.
        sizes: rows and bytes of each read.
        defines_view: whether it is a view's query that is not run; the conditions over the view are known only later.
    """

    tables: list[Table] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    defines_view: bool = False

    @property
    def bytes(self) -> int:
        """The bytes of all reads."""
        return sum(size for _, size in self.sizes)

    @property
    def billed(self) -> int:
        """The bytes that are billed for all reads."""
        return billing.billed(self.sizes)


@dataclass
class StatementResult:
    """The result of a statement.

    Args:
        statement_type: as in the job's statistics.
        schema: columns; None for statements without a result.
        rows: the rows of the result.
        reads: the tables and bytes that were read.
        changed: rows that DML changed; None for anything else.
        target: table or dataset that DDL acted on, as the API's reference.
        operation: ``CREATE``, ``REPLACE``, ``SKIP``, ``DROP`` for DDL.
        stats: rows that DML inserted, updated and deleted, as ``DmlStatistics``.
        figures: the statistics of a load or copy job, as ``JobStatistics3`` or ``CopyJobStatistics``.
    """

    statement_type: str
    schema: list[Field] | None = None
    rows: list[Row] = field(default_factory=list)
    reads: Reads = field(default_factory=Reads)
    changed: int | None = None
    target: JSON | None = None
    operation: str = ""
    stats: JSON = field(default_factory=dict)
    figures: JSON = field(default_factory=dict)

    @property
    def is_write(self) -> bool:
        """Whether the statement changed data, or its result went to a table."""
        return self.statement_type != "SELECT" or "destinationTable" in (self.target or {})
