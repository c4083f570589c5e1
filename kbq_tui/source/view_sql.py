"""Makes a view that Klaviyo can use from a mapping: casts, UTC, uniform identifiers, one row for each, mapped columns.

It leaves out what Klaviyo would refuse or never read, and does not merge people: of each identifier the newest row is
kept.
"""

import re
from collections.abc import Container, Iterator, Sequence
from typing import Final

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import IDENTIFIERS, Column, Path, Role, TableFacts, Use
from kbq_tui.model.spec import LABELS
from kbq_tui.shell.sql import quoted
from kbq_tui.source import limits
from kbq_tui.source.columns import NESTING_MARK, base, struct_fields
from kbq_tui.source.content_sql import E164, EMAIL, literal, text_of, time_of, timestamp
from kbq_tui.source.mapping import property_of

NAMES: Final = {
    Role.EMAIL: "email",
    Role.PHONE: "phone_number",
    Role.EXTERNAL_ID: "external_id",
    Role.KLAVIYO_ID: "klaviyo_id",
    Role.CHANGED: "updated_at",
    Role.EVENT_TIME: "event_at",
    Role.METRIC: "metric",
    Role.UNIQUE_ID: "unique_id",
    Role.VALUE: "value",
    Role.CURRENCY: "value_currency",
    Role.CONSENT: "consent",
    Role.COUNTRY: "country",
}
"""The name of each role's column in the view."""
_OF_EVENTS: Final = frozenset(
    {Role.EVENT_TIME, Role.METRIC, Role.UNIQUE_ID, Role.VALUE, Role.CURRENCY},
)
_OF_PROFILES: Final = frozenset({Role.CONSENT, Role.COUNTRY})


_NAME_LENGTH: Final = 300


def view_name_fault(name: str) -> Message | None:
    """Return why a view cannot have this name; None if it can.

    Names that have to be quoted wherever the view is read are refused, although BigQuery accepts them.
    """
    if re.fullmatch(rf"\w{{1,{_NAME_LENGTH}}}", name, re.ASCII):
        return None
    return message("A view's name has letters, digits and underscores.")


def free_view_name(table: str, taken: Container[str]) -> str:
    """Return a name for a view of a table that no table has yet.

    Args:
        table: the table's name; characters that a view's name may not contain are replaced.
        taken: the names of the known tables.
    """
    base_name = f"{re.sub(r'[^A-Za-z0-9_]+', '_', table)[: _NAME_LENGTH - 20]}_for_klaviyo"
    name, number = base_name, 1
    while name in taken:
        number += 1
        name = f"{base_name}_{number}"
    return name


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column of a view.

    Attributes:
        name: its name in the view.
        sql: its expression.
    """

    name: str
    sql: str


def kept_properties(facts: TableFacts, chosen: Sequence[str] | None = None) -> tuple[Column, ...]:
    """Return the columns without a role that the view has.

    Args:
        facts: the table, with the roles of its columns.
        chosen: names; None for all except those that look personal or internal, or have no form that Klaviyo accepts.
    """
    return tuple(c for c in facts.properties() if property_of(c, chosen).kept)


def view_columns(facts: TableFacts, use: Use, properties: Sequence[Column]) -> tuple[ViewColumn, ...]:
    """Return the columns of the view.

    Args:
        facts: the table, with the roles of its columns.
        use: the use: roles of the other use are left out.
        properties: its columns without a role.
    """
    left_out = _OF_PROFILES if use is Use.EVENTS else _OF_EVENTS if use is Use.PROFILES else frozenset()
    found = [(role, column) for role in Role if role not in left_out and (column := facts.column(role)) is not None]
    columns = [ViewColumn(NAMES[role], _mapped(role, column)) for role, column in found]
    taken = {c.name.lower() for c in columns}
    mark = NESTING_MARK if use is Use.EVENTS else "_"
    for column in properties:
        for name, sql in _flat(quoted(column.name), column.name, column.type, mark):
            free = name
            while free.lower() in taken:
                free += "_"
            taken.add(free.lower())
            columns.append(ViewColumn(free, sql))
    return tuple(columns)


def _mapped(role: Role, column: Column) -> str:
    name, text = quoted(column.name), f"TRIM({text_of(column)})"
    match role:
        case Role.EMAIL:
            return f"IF(REGEXP_CONTAINS({text}, r'{EMAIL}'), LOWER({text}), NULL)"
        case Role.PHONE:
            plain = f"REGEXP_REPLACE(REGEXP_REPLACE({text}, r'[\\s().-]', ''), r'^00', '+')"
            return f"IF(REGEXP_CONTAINS({plain}, r'{E164}'), {plain}, NULL)"
        case Role.KLAVIYO_ID:
            lengths = ", ".join(map(str, limits.KLAVIYO_ID_LENGTHS))
            return f"IF(CHAR_LENGTH({text}) IN ({lengths}), {text}, NULL)"
        case Role.CHANGED | Role.EVENT_TIME:
            return time_of(column)
        case Role.VALUE:
            return f"SAFE_CAST({text} AS NUMERIC)" if base(column.type) == "STRING" else name
        case Role.CURRENCY:
            return _one_of(f"UPPER({text})", limits.CURRENCIES)
        case Role.CONSENT:
            return _one_of(text, limits.CONSENT)
        case Role.UNIQUE_ID:
            return f"NULLIF(SUBSTR({text}, 1, {limits.UNIQUE_ID_CHARACTERS.value}), '')"
        case Role.METRIC:
            return f"NULLIF(SUBSTR({text}, 1, {limits.METRIC_CHARACTERS.value}), '')"
        case Role.EXTERNAL_ID | Role.COUNTRY:
            return f"NULLIF({text}, '')"


def _one_of(text: str, values: Sequence[str]) -> str:
    return f"IF({text} IN ({', '.join(map(literal, values))}), {text}, NULL)"


def _flat(sql: str, name: str, type_: str, mark: str) -> Iterator[tuple[str, str]]:
    """Yield the columns for a property: one for each field of a structure; dates and lists as text."""
    kind = base(type_)
    if kind == "STRUCT" and (inner := struct_fields(type_)):
        for field, of in inner:
            yield from _flat(f"{sql}.{quoted(field)}", f"{name}{mark}{field}", of, mark)
    elif kind == "DATE":
        yield name, f"CAST({sql} AS STRING)"
    elif kind == "DATETIME":
        yield name, f"TIMESTAMP({sql})"
    elif kind in ("ARRAY", "JSON", "STRUCT"):
        yield name, f"TO_JSON_STRING({sql})"
    else:
        yield name, sql


class NoViewError(ValueError):
    """No view that Klaviyo can use can be made from a table.

    Args:
        lacks: what is missing: "no event timestamp".
    """

    def __init__(self, lacks: Message) -> None:
        super().__init__(lacks)
        self.lacks = lacks


def view_query(facts: TableFacts, use: Use, properties: Sequence[Column]) -> str:
    """Return the query of the view. Arguments as of `view_columns`.

    Raises:
        NoViewError: it has no identifier or no change timestamp.
        ValueError: a name cannot be quoted.
    """
    columns = view_columns(facts, use, properties)
    # By their roles: a property may have the name of the column of a role that the table does not have.
    names = {c.name for c in columns} & {NAMES[role] for role in facts.roles}
    people = [NAMES[role] for role in IDENTIFIERS if NAMES[role] in names]
    keys = people or [NAMES[Role.UNIQUE_ID]]
    changed, event = NAMES[Role.CHANGED], NAMES[Role.EVENT_TIME]
    if changed not in names or not set(keys) <= names:
        raise NoViewError(message("no identifier, or no change timestamp"))
    if use is Use.EVENTS and event not in names:
        raise NoViewError(message("no event timestamp"))
    wanted = [
        f"({' OR '.join(f'{quoted(name)} IS NOT NULL' for name in keys)})",
        f"{quoted(changed)} <= CURRENT_TIMESTAMP()",
    ]
    if use is Use.EVENTS:
        ahead = f"TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {limits.LATEST_EVENT.days} DAY)"
        wanted += [f"{quoted(event)} >= {timestamp(limits.OLDEST_EVENT)}", f"{quoted(event)} <= {ahead}"]
    inner = ",\n    ".join(f"{c.sql} AS {quoted(c.name)}" for c in columns)
    outer = ", ".join(quoted(c.name) for c in columns)
    once = _once(use, keys, names)
    return (
        f"SELECT {outer}\nFROM (\n  SELECT\n    {inner}\n  FROM {quoted(*facts.path)}\n)\n"
        f"WHERE {' AND '.join(wanted)}" + (f"\nQUALIFY {once}" if once else "")
    )


def _once(use: Use, keys: Sequence[str], names: set[str]) -> str:
    """Return the condition that keeps one row of each identifier, or of each unique id of an event; empty for none."""
    changed = quoted(NAMES[Role.CHANGED])
    if use is Use.EVENTS:
        unique = quoted(NAMES[Role.UNIQUE_ID])
        if NAMES[Role.UNIQUE_ID] not in names:
            return ""
        # Of an event the first row counts; rows without an id are all kept.
        first = f"ROW_NUMBER() OVER (PARTITION BY {unique} ORDER BY {changed})"
        return f"({unique} IS NULL OR {first} = 1)"
    newest = [f"ROW_NUMBER() OVER (PARTITION BY {quoted(k)} ORDER BY {changed} DESC)" for k in keys]
    return " AND ".join(f"({quoted(k)} IS NULL OR {n} = 1)" for k, n in zip(keys, newest, strict=True))


def create_view(path: Path, query: str) -> str:
    """Return the statement that creates a view. Raises ValueError for a name that cannot be quoted."""
    labels = ", ".join(f'("{key}", "{value}")' for key, value in LABELS.items())
    return f"CREATE VIEW {quoted(*path)} OPTIONS(labels=[{labels}]) AS\n{query}"
