"""Jobs of the service account in BigQuery, by whichever source tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:  # nothing of it is needed to draw a first frame
    from datetime import datetime

LIST_PERMISSION: Final = "bigquery.jobs.listAll"
"""Needed to see the jobs of others with their details
(https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list)."""

OUR_LABEL: Final = ("created-by", "kbq-tui")
"""Key and value of the label that our own queries carry, so that they are not taken for Klaviyo's work."""


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A BigQuery job of the service account. What a source does not tell is empty or None.

    Attributes:
        created: when it was made, aware UTC.
        state: `PENDING`, `RUNNING` or `DONE`.
        statement: the query's text, which may be cut off; text from outside.
        error: why it failed; empty where it did not. Text from outside.
        ended: when it ended, aware UTC.
        billed: bytes that are billed for it.
        slot_ms: slot milliseconds that it took.
        tables: `DATASET.TABLE` of those that it read or wrote, with the project before it where that is another one.
        ours: whether it carries our label.
        parent: the id of the script that it is a statement of.
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
