"""The parts of dates and times that EXTRACT and the DATE functions take, by the type of the value.

The type is known only when `comparison_types` has DuckDB bind the statement: a marked node carries the part until then.

https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions#extract
https://cloud.google.com/bigquery/docs/reference/standard-sql/date_functions
"""

from typing import Final

from sqlglot import exp

from kbq_tui.sandbox.bigquery import refusals

PART: Final = "part"
"""The key in a node's ``meta`` under which its part is kept."""
_ZONED = "TIMESTAMP WITH TIME ZONE"
_NAMES = {_ZONED: "TIMESTAMP", "TIMESTAMP": "DATETIME", "VARCHAR": "STRING"}
_CLOCK = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
_DAYS = ("YEAR", "ISOYEAR", "QUARTER", "MONTH", "WEEK", "ISOWEEK", "DAY", "DAYOFWEEK", "DAYOFYEAR")
_INTERVALS = ("YEAR", "MONTH", "DAY", *_CLOCK)
EXTRACTED: Final = {
    **dict.fromkeys(_DAYS, ("DATE", "TIMESTAMP", _ZONED)),
    **dict.fromkeys(_CLOCK, ("TIME", "TIMESTAMP", _ZONED)),
    **dict.fromkeys(("DATE", "TIME"), ("TIMESTAMP", _ZONED)),
    "DATETIME": (_ZONED,),
}
"""By part that EXTRACT takes: DuckDB's types that have it, without INTERVAL."""
FUNCTIONS: Final[dict[type[exp.Expr], str]] = {
    exp.DateAdd: "DATE_ADD", exp.DateSub: "DATE_SUB", exp.DateTrunc: "DATE_TRUNC", exp.DateDiff: "DATE_DIFF",
}  # fmt: skip
"""Functions of dates that take a part. Google also takes a DATETIME and a TIMESTAMP, which are refused here."""


def operands(node: exp.Expr) -> list[exp.Expr]:
    """Return the values whose part a marked node takes."""
    if type(node) in FUNCTIONS:
        given = [node.this, node.expression] if isinstance(node, exp.DateDiff) else [node.this]
        return [value for value in given if not isinstance(value, exp.Literal)]  # a literal is read as a date
    value = _value(node)
    return [value.this if isinstance(value, exp.AtTimeZone) else value]


def _value(node: exp.Expr) -> exp.Expr:
    value: exp.Expr = node.expression if isinstance(node, exp.Extract) else node.this
    return value


def allowed(node: exp.Expr) -> str:
    """Return the types of `operands` that have the part of a marked node, as a regular expression of DuckDB's names."""
    part: str = node.meta[PART]
    if type(node) in FUNCTIONS:
        return "NONE" if part in _CLOCK else "DATE"
    if isinstance(_value(node), exp.AtTimeZone):
        return _ZONED
    return "|".join((*EXTRACTED[part], *(["INTERVAL"] if part in _INTERVALS else [])))


def refusal(node: exp.Expr, kind: str) -> Exception:
    """Return the error for a marked node whose value is of another type, which `kind` names as DuckDB does."""
    part, name = node.meta[PART], _NAMES.get(kind, kind)
    function = FUNCTIONS.get(type(node))
    if function is not None:
        if kind == "DATE":
            return refusals.invalid_query(f"{function} does not support the {part} date part")
        return refusals.unsupported(f"{function} of a {name}")
    if isinstance(_value(node), exp.AtTimeZone) or kind not in ("DATE", "TIME", "TIMESTAMP", _ZONED):
        return refusals.invalid_query(f"No matching signature for function EXTRACT for argument type: {name}")
    return refusals.invalid_query(f"EXTRACT from {name} does not support the {part} date part")
