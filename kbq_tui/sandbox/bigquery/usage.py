"""Which columns a statement uses, and which of them it computes with rather than shows as they are."""

from dataclasses import dataclass

from sqlglot import exp

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.world import Table


@dataclass(frozen=True)
class Usage:
    """Columns by lower-case name.

    Args:
        names: all that are used; None for every column there is (``*``).
        computed: those that are compared, sorted, grouped or computed with; None for all.
    """

    names: set[str] | None
    computed: set[str] | None


def usage(tree: exp.Expr) -> Usage:
    """What a statement does with its columns."""
    return Usage(_used(tree), _computed(tree))


def _used(tree: exp.Expr) -> set[str] | None:
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            return None
    names = {column.name.lower() for column in tree.find_all(exp.Column)}
    return None if names & _sources(tree) else names | _joined(tree)


def _joined(tree: exp.Expr) -> set[str]:
    """Columns of ``JOIN ... USING``."""
    return {name.name.lower() for join in tree.find_all(exp.Join) for name in join.args.get("using") or []}


def _sources(tree: exp.Expr) -> set[str]:
    """Names that stand for a whole row, as in ``SELECT t FROM t``."""
    return {t.alias_or_name.lower() for t in tree.find_all(exp.Table)}


def _computed(tree: exp.Expr) -> set[str] | None:
    if tree.find(exp.Distinct, exp.Intersect, exp.Except) or any(
        union.args.get("distinct") for union in tree.find_all(exp.Union)
    ):
        return None  # whole rows are compared
    found = {column.name.lower() for column in tree.find_all(exp.Column) if not _is_shown(column)}
    if found & _sources(tree):
        return None
    return found | _joined(tree)


def _is_shown(column: exp.Expr) -> bool:
    """Whether a column is a result as it is, under its own name or another, or only asked whether it is NULL."""
    if isinstance(column.parent, exp.Is | exp.Count):
        return True
    node = column.parent if isinstance(column.parent, exp.Alias) else column
    return isinstance(node.parent, exp.Select) and node.arg_key == "expressions"


def computed_text(column: str) -> str:
    """A BIGNUMERIC of a table as a number that DuckDB computes with; one that is too long for that is an error."""
    return f"CAST(CAST({fields.quote(column)} AS VARCHAR) AS {fields.COMPUTED})"


def select_numbers(table: Table, computed: set[str] | None) -> str:
    """What to select from a table for a statement: ``*``, with numbers in place of what it computes with."""
    wide = [
        f["name"] for f in table.schema if fields.is_wide(f) and (computed is None or f["name"].lower() in computed)
    ]
    if not wide:
        return "*"
    return "* REPLACE (" + ", ".join(f"{computed_text(name)} AS {fields.quote(name)}" for name in wide) + ")"


def compute(tree: exp.Expr, table: Table, target: exp.Expr) -> None:
    """Has a statement that writes into a table compute with its BIGNUMERIC columns.

    Args:
        tree: UPDATE, DELETE or MERGE; its columns are replaced.
        table: what is written into.
        target: the node that names the table, whose alias the columns may carry.
    """
    wide = {f["name"].lower() for f in table.schema if fields.is_wide(f)}
    for column in list(tree.find_all(exp.Column)) if wide else ():
        if column.name.lower() not in wide or column.table.lower() not in ("", target.alias_or_name.lower()):
            continue
        assigned = isinstance(column.parent, exp.EQ) and column.arg_key == "this" and _assigns(column.parent)
        if not assigned:
            column.replace(exp.cast(exp.cast(column.copy(), "VARCHAR"), fields.COMPUTED, dialect="duckdb"))


def _assigns(node: exp.Expr) -> bool:
    return isinstance(node.parent, exp.Update) and node.arg_key == "expressions"
