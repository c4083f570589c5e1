"""Row access policies: which rows of a table the service account is given. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import normal_member
from kbq_tui.planning.grants import EVERYBODY


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """One policy. `name` and `filter` are hostile text; `members` are IAM principals."""

    name: str
    filter: str
    members: tuple[str, ...]


class VisibleRows(StrEnum):
    """What a reader gets of a table."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"
    """No policy lets the reader in by name, and one names a group or a domain, of which nothing says who is in it."""


def rows_for(member: str, policies: Sequence[RowPolicy]) -> VisibleRows:
    """Return what a principal gets of a table with these policies.

    Where there is any policy, a reader whom none names gets no row, and no error; the rows of those that do are added
    up.
    Source: https://cloud.google.com/bigquery/docs/row-level-security-intro
    """
    if not policies:
        return VisibleRows.ALL
    mine = letting_in(member, policies)
    if any(_constant(p.filter) == "TRUE" for p in mine):
        return VisibleRows.ALL
    if mine:
        return VisibleRows.SOME
    people = ("user:", "serviceAccount:", "deleted:")
    others = [m for p in policies if _constant(p.filter) != "FALSE" for m in p.members]
    return VisibleRows.NONE if all(m.startswith(people) for m in others) else VisibleRows.UNKNOWN


def letting_in(member: str, policies: Sequence[RowPolicy]) -> tuple[RowPolicy, ...]:
    """Return the policies that name a principal and let a row through; a filter of FALSE lets none."""
    return tuple(
        p
        for p in policies
        if _constant(p.filter) != "FALSE" and any(normal_member(m) == member or m in EVERYBODY for m in p.members)
    )


def _constant(filter_: str) -> str:
    """Return a filter as it is compared with TRUE and FALSE."""
    return filter_.strip().strip("()").strip().upper()
