"""How many bytes the queries of a project may read in a day."""

from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class QueryQuota:
    """The project's own limits on bytes that queries read, as set by its owner or Google.

    Source: https://cloud.google.com/bigquery/docs/custom-quotas (QueryUsagePerDay, QueryUsagePerUserPerDay)

    Attributes:
        per_day: bytes a day for all users together; None for no limit.
        per_user_and_day: bytes a day for each user or service account; None for no limit.
    """

    per_day: int | None = None
    per_user_and_day: int | None = None
