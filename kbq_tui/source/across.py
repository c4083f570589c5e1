"""Rules about several tables together: different identifiers, one property from two tables."""

from collections.abc import Sequence
from typing import Final

from kbq_tui.i18n.messages import message
from kbq_tui.model.source import IDENTIFIERS, Ready, Severity, SourceFinding, TableReport, Use
from kbq_tui.source.columns import plain
from kbq_tui.source.rule import PEOPLE, PROFILES

_NAMED: Final = 5
_MOST: Final = 100
"""The most findings of one kind that are kept."""


def across(reports: Sequence[TableReport]) -> tuple[SourceFinding, ...]:
    """Return the findings about tables together; only tables that can be imported count.

    Args:
        reports: the reports of the tables.
    """
    return (*_different_identifiers(reports), *_two_sources(reports))


def _different_identifiers(reports: Sequence[TableReport]) -> tuple[SourceFinding, ...]:
    """Klaviyo: use the same identifiers in every table, to avoid duplicates."""
    by_set: dict[frozenset[str], list[str]] = {}
    for report in reports:
        mine = frozenset(c.role.value for c in report.columns if c.role in IDENTIFIERS)
        if mine and Ready.YES in (report.ready[Use.PROFILES], report.ready[Use.EVENTS]):
            by_set.setdefault(mine, []).append(report.name)
    sets = list(by_set)
    apart = next(((a, b) for i, a in enumerate(sets) for b in sets[i + 1 :] if not a & b), None)
    if apart is None:
        return ()
    one, other = apart
    text = message(
        "{one} and {other} have no identifier in common: Klaviyo makes two profiles of one person.",
        one=_named(by_set[one]),
        other=_named(by_set[other]),
    )
    return (SourceFinding("identifiers-differ", Severity.WARNING, text, PEOPLE),)


def _two_sources(reports: Sequence[TableReport]) -> tuple[SourceFinding, ...]:
    """Klaviyo: a profile property comes from one table only."""
    tables: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for report in reports:
        if report.ready[Use.PROFILES] is not Ready.YES or report.ready[Use.EVENTS] is Ready.YES:
            continue
        for column in report.columns:
            if column.role is None:
                names.setdefault(plain(column.name), column.name)
                tables.setdefault(plain(column.name), []).append(report.name)
    found: list[SourceFinding] = []
    for key, where in tables.items():
        if len(where) > 1 and len(found) < _MOST:
            text = message(
                "{property} is in {tables}: a profile property can come from one table only. Map it once.",
                property=names[key],
                tables=_named(where),
            )
            found.append(SourceFinding("two-sources", Severity.WARNING, text, PROFILES, names[key]))
    return tuple(found)


def _named(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" … ({len(names)})" if len(names) > _NAMED else "")
