"""A SQL function, temporary or stored in a dataset, as queries use it."""

from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class Function:
    """A function.

    Args:
        parameters: (lower-case name, type) of each; the type is None for ANY TYPE.
        returns: the type of the result; None for that of the body.
        body: an expression over the parameters; a query for a table function.
        is_table: whether it is a table function.
    """

    parameters: tuple[tuple[str, exp.DataType | None], ...]
    returns: exp.DataType | None
    body: exp.Expr
    is_table: bool = False
