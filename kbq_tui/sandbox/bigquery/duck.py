"""Builds parts of DuckDB's SQL as sqlglot trees."""

from sqlglot import exp

DUCK = "duck$"
"""Prefix of DuckDB's own functions until `finish` removes it. A caller cannot write this prefix."""


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
