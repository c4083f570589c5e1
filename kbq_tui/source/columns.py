"""What a column may be used for, by its name and its type; and the meaning of its type."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from kbq_tui.model.source import IDENTIFIERS, Column, Role

_TIMES: Final = frozenset({"TIMESTAMP", "DATETIME"})
NUMBERS: Final = frozenset({"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC"})
UNSUPPORTED: Final = frozenset({"BYTES", "GEOGRAPHY", "INTERVAL", "RANGE"})
"""Types for which no page of Klaviyo names an accepted form."""
_ANY_ID: Final = frozenset({"STRING", "INT64", "NUMERIC", "BIGNUMERIC"})
NESTING_MARK: Final = "___"
"""Separator for nested event properties in column names. Source: `limits.EVENTS`."""

TYPES: Final[Mapping[Role, frozenset[str]]] = {
    Role.EMAIL: frozenset({"STRING"}),
    Role.PHONE: frozenset({"STRING"}),
    Role.EXTERNAL_ID: _ANY_ID,
    Role.KLAVIYO_ID: frozenset({"STRING"}),
    Role.CHANGED: _TIMES,
    Role.EVENT_TIME: _TIMES,
    Role.METRIC: frozenset({"STRING"}),
    Role.UNIQUE_ID: _ANY_ID,
    Role.VALUE: NUMBERS | {"STRING"},
    Role.CURRENCY: frozenset({"STRING"}),
    Role.CONSENT: frozenset({"STRING"}),
    Role.COUNTRY: frozenset({"STRING"}),
}
"""The types of columns that are proposed for a role."""

_NAMES: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.EMAIL: ("email", "emailaddress", "customeremail", "useremail", "contactemail", "mail"),
    Role.PHONE: (
        "phone",
        "phonenumber",
        "mobile",
        "mobilephone",
        "mobilenumber",
        "telephone",
        "msisdn",
        "customerphone",
    ),
    Role.EXTERNAL_ID: ("externalid", "customerid", "userid", "contactid", "memberid", "clientid", "subscriberid"),
    Role.KLAVIYO_ID: ("klaviyoid", "klaviyoprofileid", "kid"),
    Role.CHANGED: (
        "modifiedat",
        "updatedat",
        "changedat",
        "lastmodified",
        "lastupdated",
        "lastmodifiedat",
        "lastupdatedat",
        "modified",
        "updated",
        "updatedon",
        "modifiedon",
        "loadedat",
        "ingestedat",
        "syncedat",
        "insertedat",
        "etlupdatedat",
        "dwupdatedat",
        "fivetransynced",
        "airbyteextractedat",
        "sdctabatchedat",
    ),
    Role.EVENT_TIME: (
        "eventtimestamp",
        "eventtime",
        "eventat",
        "occurredat",
        "happenedat",
        "eventdatetime",
        "orderedat",
        "ordertime",
        "orderdate",
        "purchasedat",
        "placedat",
        "datetime",
        "timestamp",
        "createdat",
    ),
    Role.METRIC: ("metric", "metricname", "eventname", "eventtype", "event"),
    Role.UNIQUE_ID: ("uniqueid", "eventid", "orderid", "transactionid", "messageid", "insertid", "uuid", "id"),
    Role.VALUE: ("value", "eventvalue", "total", "ordertotal", "amount", "revenue", "totalprice", "price"),
    Role.CURRENCY: ("valuecurrency", "currency", "currencycode", "ordercurrency"),
    Role.CONSENT: ("consent", "emailconsent", "smsconsent", "emailmarketingconsent", "smsmarketingconsent"),
    Role.COUNTRY: ("country", "countrycode"),
}
"""Names that suggest a role, without case and underscores, the best first. The list is ours: in Klaviyo, mapping is
manual."""

_PERSONAL: Final = re.compile(
    r"(?:^|_)(?:ssn|password|passwd|pwd|secret|token|iban|card_?number|credit_?card|passport|birth|dob|date_of_birth|"
    r"tax_?id|ip|ip_?address|salary|gender|religion|health|address|street|first_?name|last_?name|full_?name)(?:_|$)",
    re.IGNORECASE,
)
_INTERNAL: Final = re.compile(
    r"^(?:_|dw_|etl_|stg_|tmp_|internal_|dbt_)|(?:_internal|_hash|_checksum|_rowid|_pk|_fk|_sk)$|"
    r"(?:^|_)(?:margin|cost|profit|risk_?score|notes?)(?:_|$)",
    re.IGNORECASE,
)
_BOOLEAN: Final = re.compile(r"^(?:is|has|can|accepts|wants)_", re.IGNORECASE)


@lru_cache(maxsize=1_024)
def plain(name: str) -> str:
    """Return a column's name without case and separators, as names are compared."""
    return re.sub(r"[\W_]", "", name).lower()


def base(type_: str) -> str:
    """Return a type without parameters: `STRUCT` of `STRUCT<a INT64>`, `NUMERIC` of `NUMERIC(10, 2)`."""
    return re.split(r"[<(\s]", type_.strip(), maxsplit=1)[0].upper()


def is_time(column: Column) -> bool:
    """Return whether a column's values are times with an hour."""
    return base(column.type) in _TIMES


def depth(column: Column) -> int:
    """Return how many levels of nesting a column makes in an event: structures in its type, and `___` in its name.

    A plain column is one level.
    """
    level = deepest = 0
    for found in re.finditer(r"STRUCT<|ARRAY<|RANGE<|<|>", column.type, re.IGNORECASE):
        level += -1 if found.group() == ">" else 1
        deepest = max(deepest, level)
    return 1 + deepest + column.name.count(NESTING_MARK)


def struct_fields(type_: str) -> tuple[tuple[str, str], ...]:
    """Return names and types of a structure's fields; none if it is not a structure, or a field has no name."""
    found = re.fullmatch(r"\s*STRUCT<(.*)>\s*", type_, re.IGNORECASE | re.DOTALL)
    if found is None:
        return ()
    parts, level, start, text = [], 0, 0, found[1]
    for at, char in enumerate(text):
        level += (char in "<(") - (char in ">)")
        if char == "," and not level:
            parts.append(text[start:at])
            start = at + 1
    fields = []
    for part in (*parts, text[start:]):
        field = re.fullmatch(r"\s*(?:`([^`]+)`|([^\s`<>(),]+))\s+(\S.*?)\s*", part, re.DOTALL)
        if field is None:
            return ()
        fields.append((field[1] or field[2], field[3]))
    return tuple(fields)


def looks_personal(column: Column) -> bool:
    """Return whether a column's name suggests personal data that is not an identifier of Klaviyo's."""
    return _PERSONAL.search(column.name) is not None


def looks_internal(column: Column) -> bool:
    """Return whether a column's name suggests internal data."""
    return _INTERNAL.search(column.name) is not None


def looks_boolean(column: Column) -> bool:
    """Return whether a text column's name suggests yes or no."""
    return base(column.type) == "STRING" and _BOOLEAN.match(column.name) is not None


def proposed(columns: Sequence[Column], chosen: Mapping[Role, str] | None = None) -> dict[Role, str]:
    """Return which column is proposed for each role.

    Args:
        columns: the table's columns.
        chosen: the operator's choice, which is used if the column exists and its type fits. An empty name means none.

    Returns:
        Columns' names by role. A column has one role. Roles without a column are missing.
    """
    chosen = chosen or {}
    kinds = {c.name: base(c.type) for c in columns}
    roles = {role: name for role, name in chosen.items() if kinds.get(name) in TYPES[role]}
    taken = set(roles.values())
    by_name: dict[str, list[Column]] = {}
    for column in columns:
        by_name.setdefault(plain(column.name), []).append(column)
    for role in _NAMES:
        if role in chosen:
            continue
        for column in _candidates(role, by_name):
            if column.name not in taken:
                roles[role] = column.name
                taken.add(column.name)
                break
    if Role.EVENT_TIME not in roles and Role.EVENT_TIME not in chosen:
        _second_time(columns, roles, taken)
    return roles


def _candidates(role: Role, by_name: Mapping[str, Sequence[Column]]) -> Iterator[Column]:
    for name in _NAMES[role]:
        yield from (c for c in by_name.get(name, ()) if base(c.type) in TYPES[role])


def _second_time(columns: Sequence[Column], roles: dict[Role, str], taken: Iterable[str]) -> None:
    """Propose the only other timestamp as the event's, if the table has a metric or a value."""
    others = [c.name for c in columns if is_time(c) and c.name not in set(taken)]
    if len(others) == 1 and {Role.METRIC, Role.VALUE} & roles.keys():
        roles[Role.EVENT_TIME] = others[0]


def meant_for(role: Role, columns: Sequence[Column]) -> Column | None:
    """Return a column whose name suggests a role but whose type does not fit; None if there is none."""
    return next((c for c in columns if named_for(role, c) and base(c.type) not in TYPES[role]), None)


def named_for(role: Role, column: Column) -> bool:
    """Return whether a column's name suggests a role."""
    return plain(column.name) in _NAMES[role]


def identifiers(roles: Mapping[Role, str]) -> tuple[Role, ...]:
    """Return which identifiers a table has, Klaviyo's weakest last."""
    return tuple(role for role in IDENTIFIERS if role in roles)
