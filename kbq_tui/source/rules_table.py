"""Rules about a table as a whole: whether it can be read, and its kind."""

from collections.abc import Iterator
from typing import Final

from kbq_tui.i18n.messages import grouped, message
from kbq_tui.model.problem import Kind
from kbq_tui.model.source import Role, Severity, TableFacts
from kbq_tui.source import limits
from kbq_tui.source.columns import plain
from kbq_tui.source.rule import ALL, Hit, SourceRule

EXPORTED: Final = frozenset({"klaviyo_profile", "klaviyo_event", "klaviyo_metric"})
"""The tables that Klaviyo's export writes, as in public queries."""
_EXPORTED_COLUMNS: Final = (
    frozenset({"id", "profileid", "metricid", "datetime", "eventproperties"}),
    frozenset({"id", "name", "integrationname"}),
)
"""Columns of two of these tables; no further columns of the third are known."""
_UNDECIDED: Final = frozenset({Kind.NETWORK, Kind.CREDENTIALS, Kind.FAILED})
_KEPT_TO_SAY: Final = 5


def _unreadable(facts: TableFacts) -> Iterator[Hit]:
    if facts.problem is not None:
        unknown = facts.problem.kind in _UNDECIDED and facts.problem.code is None
        passing = facts.problem.kind in (Kind.NETWORK, Kind.CREDENTIALS)
        severity = Severity.UNKNOWN if unknown or passing else None
        yield Hit(message("It cannot be read: {why}.", why=facts.problem.title), severity=severity)


def _reads_elsewhere(facts: TableFacts) -> Iterator[Hit]:
    elsewhere = sorted({".".join(path[1:]) for path in facts.reads if path[:2] != facts.path[:2]})
    if elsewhere:
        more = f" … ({len(elsewhere)})" if len(elsewhere) > _KEPT_TO_SAY else ""
        text = message(
            "It reads {tables}: the account has to be let in there, or the view authorized there.",
            tables=", ".join(elsewhere[:_KEPT_TO_SAY]) + more,
        )
        yield Hit(text, severity=Severity.WARNING if facts.problem is not None else None)


def _closed(facts: TableFacts) -> Iterator[Hit]:
    for name in sorted(facts.closed):
        yield Hit(message("Column {column} is closed to the account by a policy tag.", column=name), name)


def _not_counted(facts: TableFacts) -> Iterator[Hit]:
    if facts.skipped is not None and facts.problem is None:
        yield Hit(facts.skipped)


def _partly_counted(facts: TableFacts) -> Iterator[Hit]:
    if facts.content is not None and facts.content.part is not None:
        yield Hit(facts.content.part)


def _empty(facts: TableFacts) -> Iterator[Hit]:
    if facts.content is not None and facts.content.part is None and not facts.content.rows and not facts.stored:
        yield Hit(message("There are no rows yet, so nothing of the content could be checked."))


def _hidden_rows(facts: TableFacts) -> Iterator[Hit]:
    content = facts.content
    if content is None or content.part is not None or not facts.stored or content.rows >= facts.stored:
        return
    text = message(
        "The account sees {n} of {rows} rows: row access policies hide the others from Klaviyo, without an error.",
        n=grouped(content.rows),
        rows=grouped(facts.stored),
    )
    yield Hit(text, severity=Severity.FAIL if not content.rows else None)


def _twin(facts: TableFacts) -> Iterator[Hit]:
    if facts.twin:
        text = message(
            "There is {table}, too: the names differ in capitals alone. Choose the right one.", table=facts.twin
        )
        yield Hit(text)


def _expires(facts: TableFacts) -> Iterator[Hit]:
    if facts.expires is not None:
        yield Hit(message("BigQuery deletes it on {day}.", day=f"{facts.expires:%Y-%m-%d}"))


def _snapshot(facts: TableFacts) -> Iterator[Hit]:
    if facts.kind == "SNAPSHOT":
        yield Hit(message("A snapshot never changes, so nothing is imported after the first sync."))


def _loop(facts: TableFacts) -> Iterator[Hit]:
    names = {path[2] for path in facts.reads if path[2].lower() in EXPORTED}
    if facts.name.lower() in EXPORTED:
        names.add(facts.name)
    columns = {plain(c.name) for c in facts.columns}
    if not names and any(kept <= columns for kept in _EXPORTED_COLUMNS):
        names.add(facts.name)
    for name in sorted(names):
        text = message(
            "{table} is what Klaviyo exports: importing it again makes a loop, which Klaviyo does not notice.",
            table=name,
        )
        yield Hit(text)


def _vanished(facts: TableFacts) -> Iterator[Hit]:
    if facts.last is None or facts.problem is not None:
        return
    there = {c.name for c in facts.columns}
    for name in list(facts.last.columns)[:1_000]:
        if name not in there:
            yield Hit(message("Column {column} was there at the last look and is gone.", column=name), name)


def _other_type(facts: TableFacts) -> Iterator[Hit]:
    if facts.last is None:
        return
    for column in facts.columns:
        before = facts.last.columns.get(column.name)
        if before is not None and before != column.type:
            text = message(
                "Column {column} was {before} at the last look and is {type} now.",
                column=column.name,
                before=before,
                type=column.type,
            )
            yield Hit(text, column.name)


def _always_newer(facts: TableFacts) -> Iterator[Hit]:
    if not all_newer(facts) or facts.content is None or facts.last is None:
        return
    text = message(
        "Nearly all rows have a newer change timestamp than at the last look: each sync would send everything again."
    )
    yield Hit(text, facts.roles.get(Role.CHANGED, ""), Severity.FAIL if facts.last.all_newer else None)


def all_newer(facts: TableFacts) -> bool:
    """Return whether nearly all rows have changed since the last check; False for a small or a new table."""
    changed, content = facts.roles.get(Role.CHANGED, ""), facts.content
    if content is None or facts.last is None or not content.has("newer", changed) or content.rows < 10:
        return False
    # In a table that has grown a lot, most rows may well be new.
    grown = content.rows > 2 * facts.last.rows
    return not grown and content.count("newer", changed) >= 0.9 * content.rows


RULES: Final = (
    SourceRule("unreadable", ALL, Severity.FAIL, _unreadable),
    SourceRule("reads-elsewhere", ALL, Severity.NOTE, _reads_elsewhere),
    SourceRule("column-closed", ALL, Severity.FAIL, _closed),
    SourceRule("not-counted", ALL, Severity.UNKNOWN, _not_counted),
    SourceRule("partly-counted", ALL, Severity.NOTE, _partly_counted),
    SourceRule("empty", ALL, Severity.WARNING, _empty),
    SourceRule("hidden-rows", ALL, Severity.WARNING, _hidden_rows),
    SourceRule("twin", ALL, Severity.WARNING, _twin),
    SourceRule("expires", ALL, Severity.WARNING, _expires),
    SourceRule("snapshot", ALL, Severity.WARNING, _snapshot),
    SourceRule("loop", ALL, Severity.FAIL, _loop, limits.PROFILES),
    SourceRule("column-vanished", ALL, Severity.WARNING, _vanished),
    SourceRule("type-changed", ALL, Severity.WARNING, _other_type),
    SourceRule("always-newer", ALL, Severity.WARNING, _always_newer),
)
