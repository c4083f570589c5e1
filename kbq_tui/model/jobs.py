"""Jobs of the service account in BigQuery, from any source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:  # not needed for the first frame
    from datetime import datetime

LIST_PERMISSION: Final = "bigquery.jobs.listAll"
"""Needed to see the jobs of others with their details
(https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list)."""

OUR_LABEL: Final = ("created-by", "kbq-tui")
"""Key and value of the label on our own queries, so that they are not counted as Klaviyo's."""


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A BigQuery job of the service account. What a source does not have is empty or None.

    Attributes:
        created: when it was created, aware UTC.
        state: `PENDING`, `RUNNING` or `DONE`.
        statement: the query's text, which may be cut off; text from outside.
        error: why it failed; empty if it did not. Text from outside.
        ended: when it ended, aware UTC.
        billed: the bytes billed.
        slot_ms: the slot milliseconds it used.
        tables: `DATASET.TABLE` of each table read or written, preceded by the project if it is another one.
        ours: whether it carries our label.
        parent: the id of the script whose statement it is.
    """

    created: datetime
    state: str
    statement: str
    error: str = ""
    ended: datetime | None = None
    billed: int | None = None
    slot_ms: int | None = None
    tables: tuple[str, ...] = ()
    ours: bool = False
    parent: str = ""
