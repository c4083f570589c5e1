"""Builds parts of DuckDB's SQL as sqlglot trees."""

import itertools
from typing import Final

from sqlglot import exp

DUCK = "duck$"
"""Prefix of DuckDB's own functions until `finish` removes it. A caller cannot write this prefix."""
_FAIL = (
    "strftime(DATE '2000-01-01', CASE WHEN {wrong} THEN "
    "'%!kbq-types|' || number || '|' || typeof(l) || '|' || typeof(r) || '|' ELSE '%Y' END) IS NULL"
)
_CAST = "NOT ({allowed} OR typeof(l) = '\"NULL\"')"
KINDS: Final = {
    "text": "VARCHAR", "bytes": "BLOB", "bool": "BOOLEAN", "time": "TIME", "timestamp": "TIMESTAMP WITH TIME ZONE",
    "datetime": "DATE|TIMESTAMP", "number": r"TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UBIGINT|FLOAT|DOUBLE|DECIMAL.*",
}  # fmt: skip
"""DuckDB's types by kind, as regular expressions. Types of one kind can be compared."""
_MOMENTS = ("datetime", "timestamp", "time")
_PAIR = "typeof(l) || '/' || typeof(r)"
_BARE = "split_part(typeof(l), '(', 1) || '/' || split_part(typeof(r), '(', 1)"  # DECIMAL(38,9) as DECIMAL


def _unlike(*, read: bool) -> str:
    """Give the condition that two types cannot be compared.

    The pairs are searched for as text, because DuckDB needs a millisecond to compile a pattern of all of them.

    Args:
        read: one of the two is a literal or a parameter: a string is then read as a date or time.
    """
    names = [(kind, name.removesuffix(".*")) for kind, form in KINDS.items() for name in form.split("|")]
    pairs = [
        f"{name}/{other}"
        for (one, name), (two, other) in itertools.product(names, names)
        if one != two and not (read and "text" in (one, two) and {one, two} & {*_MOMENTS})
    ]
    return f"contains('|{'|'.join(pairs)}|', '|' || {_BARE} || '|')"


MACROS: Final = {
    "kbq_differ(l, r, pattern, number)": _FAIL.format(wrong=f"regexp_full_match({_PAIR}, pattern)"),
    "kbq_unlike(l, r, number)": _FAIL.format(wrong=_unlike(read=False)),
    "kbq_unlike_if_read(l, r, number)": _FAIL.format(wrong=_unlike(read=True)),
    "kbq_cast(l, r, pattern, number)": _FAIL.format(
        wrong=_CAST.format(allowed="regexp_full_match(typeof(l), pattern)")
    ),
    "kbq_cast_to_itself(l, r, number)": _FAIL.format(wrong=_CAST.format(allowed="typeof(l) = typeof(r)")),
}
"""Our macros in DuckDB, by name and parameters. Each is a condition that is never true, and that cannot be bound if the
types of `l` and `r` are wrong; DuckDB's error then has `number` and both types. See `comparison_types`."""


def literal(value: str) -> exp.Literal:
    """A string literal."""
    return exp.Literal.string(value)


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of one of DuckDB's own functions, marked so that it is not taken for one that the caller wrote."""
    return exp.Anonymous(this=f"{DUCK}{name}", expressions=list(arguments))


def error(message: exp.Expr) -> exp.Expr:
    """An expression that fails with our own message when it is evaluated."""
    return call("error", message)


def finish(tree: exp.Expr) -> None:
    """Remove the marks from DuckDB's own functions."""
    for node in tree.find_all(exp.Anonymous):
        if str(node.this).startswith(DUCK):
            node.set("this", str(node.this).removeprefix(DUCK))


def is_type(value: exp.Expr, name: str) -> exp.Expr:
    """Whether a value has one of DuckDB's types; known before the query runs."""
    return exp.EQ(this=call("typeof", value.copy()), expression=literal(name))


def case(*branches: tuple[exp.Expr, exp.Expr], default: exp.Expr | None = None) -> exp.Case:
    """The first value whose condition is true, else the default, or NULL."""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=default)


def unless(wrong: exp.Expr, value: exp.Expr, message: str) -> exp.Case:
    """A value, or an error if a condition is true."""
    return case((wrong, error(literal(message))), default=value.copy())
