"""Parts of DuckDB's SQL, as trees."""

from sqlglot import exp

DUCK = "duck$"
"""What the names of DuckDB's own functions begin with, until `finish` takes it off: no caller can write it."""


def literal(value: str) -> exp.Literal:
    """A text."""
    return exp.Literal.string(value)


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A function of DuckDB's, in lower case, by which what a caller wrote is told from it."""
    return exp.Anonymous(this=f"{DUCK}{name}", expressions=list(arguments))


def error(message: exp.Expr) -> exp.Expr:
    """An error with a message of our own, once it is computed."""
    return call("error", message)


def finish(tree: exp.Expr) -> None:
    """Gives DuckDB's own functions their names."""
    for node in tree.find_all(exp.Anonymous):
        if str(node.this).startswith(DUCK):
            node.set("this", str(node.this).removeprefix(DUCK))


def is_type(value: exp.Expr, name: str) -> exp.Expr:
    """Whether a value is of one of DuckDB's types, which is known before the query runs."""
    return exp.EQ(this=call("typeof", value.copy()), expression=literal(name))


def case(*branches: tuple[exp.Expr, exp.Expr], default: exp.Expr | None = None) -> exp.Case:
    """The first value whose condition holds, or the default, or NULL."""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=default)


def unless(wrong: exp.Expr, value: exp.Expr, message: str) -> exp.Case:
    """A value, or an error where a condition holds."""
    return case((wrong, error(literal(message))), default=value.copy())
