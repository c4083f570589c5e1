"""A temporary function, as it is kept."""

from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class Function:
    """A function.

    Args:
        parameters: names in lower case, and the type of each; None for ANY TYPE.
        returns: the type of the result, None for that of the body.
        body: an expression over the parameters.
    """

    parameters: tuple[tuple[str, exp.DataType | None], ...]
    returns: exp.DataType | None
    body: exp.Expr
