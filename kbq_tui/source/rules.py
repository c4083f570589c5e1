"""The rules of the source check: each judges one table by its facts. `RULES` has all of them.

If a rule is Klaviyo's, `source` is its page; `PEER` is another vendor's page about the same kind of reading.
"""

from typing import Final

from kbq_tui.model.source import (
    SEVERITIES,
    ColumnReport,
    Ready,
    Role,
    Severity,
    SourceFinding,
    TableFacts,
    TableReport,
    Use,
)
from kbq_tui.source import rules_columns, rules_content, rules_events, rules_table
from kbq_tui.source.columns import identifiers
from kbq_tui.source.rule import SourceRule

RULES: Final[tuple[SourceRule, ...]] = (
    *rules_table.RULES,
    *rules_columns.RULES,
    *rules_content.RULES,
    *rules_events.RULES,
)


def report_of(facts: TableFacts) -> TableReport:
    """Return the report of all rules on a table."""
    found = [finding for rule in RULES for finding in rule.findings(facts)]
    findings = tuple(sorted(found, key=lambda f: SEVERITIES.index(f.severity)))
    by_column: dict[str, Severity] = {}
    for finding in findings:
        by_column.setdefault(finding.column, finding.severity)
    role_of = {name: role for role, name in facts.roles.items()}
    columns = tuple(ColumnReport(c.name, c.type, role_of.get(c.name), by_column.get(c.name)) for c in facts.columns)
    changed = facts.roles.get(Role.CHANGED, "")
    has_person = bool(identifiers(facts.roles)) or Role.UNIQUE_ID not in facts.roles
    return TableReport(
        name=facts.name,
        kind=facts.kind,
        likely=Use.EVENTS if Role.EVENT_TIME in facts.roles else Use.PROFILES if has_person else Use.OBJECTS,
        ready={use: _ready(findings, use) for use in Use},
        findings=findings,
        columns=columns,
        rows=facts.content.rows if facts.content is not None else None,
        size=facts.size,
        newest=facts.content.time("newest", changed) if facts.content is not None else None,
        problem=facts.problem,
    )


def _ready(findings: tuple[SourceFinding, ...], use: Use) -> Ready:
    worst = {f.severity for f in findings if use in f.uses}
    if Severity.FAIL in worst:
        return Ready.NO
    return Ready.UNKNOWN if Severity.UNKNOWN in worst else Ready.YES
