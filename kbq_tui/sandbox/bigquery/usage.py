"""Which columns a statement uses, and which of them it computes with instead of only returning them."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.resources import Table


@dataclass(frozen=True)
class ReadColumns:
    """Some columns by lower-case name, or all columns except some.

    Args:
        names: the columns' names.
        others: whether all columns except these are meant.
    """

    names: frozenset[str]
    others: bool = False

    def __contains__(self, name: str) -> bool:
        """Whether a column is meant."""
        return (name.lower() in self.names) != self.others

    def __or__(self, more: "ReadColumns") -> "ReadColumns":
        """The columns of either."""
        if self.others and more.others:
            return ReadColumns(self.names & more.names, others=True)
        if self.others:
            return ReadColumns(self.names - more.names, others=True)
        return more | self if more.others else ReadColumns(self.names | more.names)


ALL = ReadColumns(frozenset(), others=True)
NONE = ReadColumns(frozenset())


@dataclass(frozen=True)
class Usage:
    """What a statement does with the columns of its tables.

    Args:
        read: the columns that have to be read.
        computed: the columns that are compared, sorted, grouped or computed with; None for all.
    """

    read: ReadColumns
    computed: set[str] | None


def usage(tree: exp.Expr, wanted: ReadColumns = ALL) -> Usage:
    """Find out what a statement does with its columns.

    Args:
        tree: the statement.
        wanted: for a view's query, the view's columns that are used.
    """
    return Usage(_read(tree, wanted), _computed(tree))


def _read(tree: exp.Expr, wanted: ReadColumns) -> ReadColumns:
    """Every column that has to be read; a column of a subquery that nothing uses is left out."""
    if isinstance(tree, exp.Subquery):
        return _read(tree.this, wanted)
    if isinstance(tree, exp.SetOperation):
        return _union([_read(tree.left, ALL), _read(tree.right, ALL), *_read_by_sources(tree, ALL)])
    rows = _names(tree)
    if not isinstance(tree, exp.Select):
        return _union([_named(rows, tree, ALL), *(_read(query, ALL) for query in _queries(tree))])
    kept = [item for item in tree.expressions if _is_kept(tree, item, wanted)]
    clauses = [value for key, value in tree.args.items() if key not in ("expressions", "with_", "with")]
    parts = kept + [node for value in clauses for node in _nodes(value)]
    found = _union([ReadColumns(frozenset(_joined(tree))), *(_named(rows, part, wanted) for part in parts)])
    inside = [_read(query, ALL) for part in parts if not _is_source(part) for query in _queries(part)]
    return _union([found, *inside, *_read_by_sources(tree, found)])


def _is_kept(select: exp.Select, item: exp.Expr, wanted: ReadColumns) -> bool:
    """Whether a column of a SELECT list has to be computed: it is used, or other columns depend on it."""
    if select.args.get("distinct") or item.is_star or item.alias_or_name in wanted:
        return True
    order = [part for key in ("group", "order") for part in _nodes(select.args.get(key))]
    return any(part.find(exp.Literal) for part in order)  # GROUP BY 1


def _named(rows: set[str], part: exp.Expr, wanted: ReadColumns) -> ReadColumns:
    """The columns that a part of a statement names itself, outside of its subqueries.

    Args:
        rows: names that stand for a whole row there.
        part: the part of the statement.
        wanted: as in `usage`.
    """
    own = _own(part)
    columns = [each for each in own if isinstance(each, exp.Column) and each.arg_key not in ("except_", "except")]
    found = ReadColumns(frozenset(column.name.lower() for column in columns if not column.is_star))
    if found.names & rows:
        return ALL  # this name stands for a whole row
    for star in (each for each in own if isinstance(each, exp.Star)):
        if not isinstance(star.parent, exp.Count):
            left_out = {name.name.lower() for name in star.args.get("except_") or star.args.get("except") or []}
            found |= wanted if not wanted.others else ReadColumns(wanted.names | left_out, others=True)
    return found


def _read_by_sources(tree: exp.Expr, wanted: ReadColumns) -> list[ReadColumns]:
    """The columns that the subqueries of FROM, JOIN and WITH read."""
    clause = tree.args.get("with_") or tree.args.get("with")
    sources: list[exp.Expr] = [cte.this for cte in clause.expressions] if clause is not None else []
    for key in ("from_", "from", "joins"):
        for part in _nodes(tree.args.get(key)):
            sources += _queries(part)
    return [_read(source, wanted) for source in sources]


def _is_source(part: exp.Expr) -> bool:
    return isinstance(part, exp.From | exp.Join)


def _nodes(value: object) -> list[exp.Expr]:
    if isinstance(value, list):
        return [item for item in value if isinstance(item, exp.Expr)]
    return [value] if isinstance(value, exp.Expr) else []


def _own(part: exp.Expr) -> list[exp.Expr]:
    """The nodes of an expression that are not inside a subquery."""
    return list(part.walk(prune=lambda n: isinstance(n, exp.Query)))


def _queries(part: exp.Expr) -> list[exp.Expr]:
    """The outermost queries inside an expression."""
    return [n for n in part.walk(prune=lambda n: isinstance(n, exp.Query)) if isinstance(n, exp.Query)]


def _union(parts: list[ReadColumns]) -> ReadColumns:
    named = ReadColumns(frozenset().union(*(part.names for part in parts if not part.others)))
    return functools.reduce(ReadColumns.__or__, (part for part in parts if part.others), named)


def _joined(tree: exp.Expr) -> set[str]:
    """The columns of ``JOIN ... USING``."""
    return _joined_of(tree.find_all(exp.Join))


def _joined_of(joins: Iterable[exp.Expr]) -> set[str]:
    return {name.name.lower() for join in joins for name in join.args.get("using") or []}


def _names(tree: exp.Expr) -> set[str]:
    """Names that stand for a whole row, as in ``SELECT t FROM t``."""
    return {t.alias_or_name.lower() for t in tree.find_all(exp.Table)}


def _computed(tree: exp.Expr) -> set[str] | None:
    nodes = list(tree.walk())
    if any(
        isinstance(node, exp.Distinct | exp.Intersect | exp.Except)
        or (isinstance(node, exp.Union) and node.args.get("distinct"))
        for node in nodes
    ):
        return None  # whole rows are compared
    found = {node.name.lower() for node in nodes if isinstance(node, exp.Column) and not _is_shown(node)}
    if found & {node.alias_or_name.lower() for node in nodes if isinstance(node, exp.Table)}:
        return None
    return found | _joined_of(node for node in nodes if isinstance(node, exp.Join))


def _is_shown(column: exp.Expr) -> bool:
    """Whether a column is only returned, under its own name or another, or only tested for NULL."""
    if isinstance(column.parent, exp.Is | exp.Count):
        return True
    node = column.parent if isinstance(column.parent, exp.Alias) else column
    return isinstance(node.parent, exp.Select) and node.arg_key == "expressions"


def computed_text(column: str) -> str:
    """A table's BIGNUMERIC as a number that DuckDB can compute with; one with too many digits is an error."""
    return f"CAST(CAST({fields.quote(column)} AS VARCHAR) AS {fields.COMPUTED})"


def select_numbers(table: Table, computed: set[str] | None) -> str:
    """What to select from a table for a statement: ``*``, with numbers in place of the columns that it computes
    with."""
    wide = [
        f["name"] for f in table.schema if fields.is_wide(f) and (computed is None or f["name"].lower() in computed)
    ]
    if not wide:
        return "*"
    return "* REPLACE (" + ", ".join(f"{computed_text(name)} AS {fields.quote(name)}" for name in wide) + ")"


def compute(tree: exp.Expr, table: Table, target: exp.Expr) -> None:
    """Let a statement that writes into a table compute with its BIGNUMERIC columns.

    Args:
        tree: UPDATE, DELETE or MERGE; its columns are replaced.
        table: the table that it writes into.
        target: the node that names the table, whose alias the columns may have.
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
