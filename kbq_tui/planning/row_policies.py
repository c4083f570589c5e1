"""Row access policies: which rows of a table the service account gets. Pure."""

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
    """Which rows of a table a reader gets."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"
    """No policy names the reader, but one names a group or a domain whose members are not known."""


def rows_for(member: str, policies: Sequence[RowPolicy]) -> VisibleRows:
    """Return which rows of a table with these policies a principal gets.

    If there is any policy, a reader whom none names gets no row and no error; with several that do, the rows are
    combined. Source: https://cloud.google.com/bigquery/docs/row-level-security-intro
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
    """Return the policies that name a principal and show some row; with a filter of FALSE there is none."""
    return tuple(
        p
        for p in policies
        if _constant(p.filter) != "FALSE" and any(normal_member(m) == member or m in EVERYBODY for m in p.members)
    )


def _constant(filter_: str) -> str:
    """Return a filter in the form in which it is compared with TRUE and FALSE."""
    return filter_.strip().strip("()").strip().upper()
