"""Row access policies: which rows of a table the service account is given. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kbq_tui.model.observed import normal_member
from kbq_tui.planning.grants import EVERYBODY


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """One policy. `name` and `filter` are hostile text; `members` are IAM principals."""

    name: str
    filter: str
    members: tuple[str, ...]


class Rows(StrEnum):
    """What a reader gets of a table."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"
    """No policy names the reader, and one names a group or a domain, of which nothing says who is in it."""


def rows_for(member: str, policies: Sequence[RowPolicy]) -> Rows:
    """Return what a principal gets of a table with these policies.

    Where there is any policy, a reader whom none names gets no row, and no error.
    Source: https://cloud.google.com/bigquery/docs/row-level-security-intro
    """
    if not policies:
        return Rows.ALL
    named = [p for p in policies if any(normal_member(m) == member or m in EVERYBODY for m in p.members)]
    if any(p.filter.strip().strip("()").strip().upper() == "TRUE" for p in named):
        return Rows.ALL
    if named:
        return Rows.SOME
    people = ("user:", "serviceAccount:", "deleted:")
    return Rows.NONE if all(m.startswith(people) for p in policies for m in p.members) else Rows.UNKNOWN
