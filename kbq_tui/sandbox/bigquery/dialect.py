"""Corrects the differences between GoogleSQL and sqlglot's translation of it for DuckDB."""

from sqlglot import exp

from kbq_tui.sandbox.bigquery import function_rules, refusals
from kbq_tui.sandbox.bigquery.duck import DUCK
from kbq_tui.sandbox.bigquery.tokens import node_position

ANONYMOUS = "_f_"  # the temporary name of an unnamed column, which later becomes `f0_`

# functions whose result has another type in DuckDB
_RESULTS: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.DateAdd, "DATE"),
    (exp.DateFromUnixDate, "DATE"),
    (exp.DateSub, "DATE"),
    (exp.DateTrunc, "DATE"),
    (exp.UnixToTime, "TIMESTAMPTZ"),
)


def name_columns(tree: exp.Expr) -> None:
    """Give unnamed columns temporary names, to tell them from columns that the author named."""
    for select in tree.find_all(exp.Select):
        for index, item in enumerate(list(select.expressions)):
            if isinstance(item, exp.Dot) and isinstance(item.expression, exp.Identifier):
                item.replace(exp.alias_(item.copy(), item.expression.name, quoted=True))
            elif not isinstance(item, exp.Alias | exp.Column | exp.Star) and not item.is_star:
                item.replace(exp.alias_(item.copy(), f"{ANONYMOUS}{index}"))


def refuse_foreign(sql: str, tree: exp.Expr) -> None:
    """Refuse functions and table functions that are not GoogleSQL's."""
    nodes = list(tree.walk())
    for node in (each for each in nodes if isinstance(each, exp.Table)):
        if not isinstance(node.this, exp.Identifier | exp.Func):
            # no name may reach DuckDB that was not resolved here
            raise refusals.invalid_query(f"Invalid table name: `{node.sql('bigquery')}`")
        if isinstance(node.this, exp.Func):
            name = node.this.name if isinstance(node.this, exp.Anonymous) else node.this.sql_name()
            raise refusals.invalid_query(f"Table-valued function not found: {name} at {node_position(sql, node)}")
    for call in (each for each in nodes if isinstance(each, exp.Anonymous)):
        if str(call.this).startswith(DUCK):
            continue
        if str(call.this).upper() in function_rules.GOOGLES:
            raise refusals.invalid_query(f"Function {str(call.this).upper()} is not supported by the sandbox")
        raise refusals.invalid_query(f"Function not found: {call.name} at {node_position(sql, call)}")
    for number in (each for each in nodes if isinstance(each, exp.Literal)):
        if not number.is_string and number.is_int and int(number.this) >= 2**63:
            raise refusals.invalid_query(f"Invalid integer literal: {number.this} at {node_position(sql, number)}")
    for parameter in (each for each in nodes if isinstance(each, exp.Parameter)):
        if isinstance(parameter.this, exp.Parameter):
            raise refusals.invalid_query(
                f"Unrecognized name: @@{parameter.this.name} at {node_position(sql, parameter)}"
            )


def correct(tree: exp.Expr) -> None:
    """Change a GoogleSQL tree so that DuckDB gives BigQuery's results."""
    if isinstance(tree, exp.Select) and tree.args.get("kind") == "STRUCT":
        tree.set("kind", None)  # at the top level, the fields of SELECT AS STRUCT are columns
    for number in list(tree.find_all(exp.Literal)):
        # 1.5 is FLOAT64 in GoogleSQL and DECIMAL in DuckDB
        if not number.is_string and not number.is_int and not isinstance(number.parent, exp.Cast | exp.DataTypeParam):
            number.replace(exp.cast(number.copy(), "DOUBLE"))
    kinds = _kinds(tree)
    for kind, result in _RESULTS:
        for call in list(tree.find_all(kind)) if kind in kinds else ():
            call.replace(exp.cast(call.copy(), result))
    for division in reversed(list(tree.find_all(exp.Div))):  # the innermost first: the check copies the operands
        _check_divisor(division)
    for unnest in tree.find_all(exp.Unnest):
        _count_from_zero(unnest)
    if kinds & _BOUNDED:
        _bound(tree)


def _kinds(tree: exp.Expr) -> set[type[exp.Expr]]:
    """Give the kinds of the nodes of a tree: a search for one kind visits all nodes, and most trees have few kinds."""
    return {type(node) for node in tree.walk()}


# The longest array of a GENERATE function, and the longest text of functions that repeat one. DuckDB builds them in one
# step, which cannot be interrupted and does not count towards its memory limit.
MAX_ARRAY = 1_048_575
MAX_TEXT = 1_048_576
_BOUNDED = {
    exp.GenerateSeries, exp.ExplodingGenerateSeries, exp.GenerateDateArray, exp.GenerateTimestampArray, exp.Repeat,
    exp.Pad, exp.Replace,
}  # fmt: skip
"""The functions that are refused beyond these limits."""


def _bound(tree: exp.Expr) -> None:
    """Refuse arrays and texts beyond BigQuery's limits before they are built.

    The check is put into the argument that gives the length, so that it is evaluated first.
    """
    for series in list(tree.find_all(exp.GenerateSeries)):
        start, end, step = (series.args.get(key) for key in ("start", "end", "step"))
        if start is None or end is None:
            continue
        length = exp.Div(
            this=exp.paren(_number(end) - _number(start)), expression=_number(step or exp.Literal.number(1))
        )
        series.set("end", _unless(length, MAX_ARRAY - 1, end, "GENERATE_ARRAY produced too many elements"))
    for kind in (exp.GenerateDateArray, exp.GenerateTimestampArray):
        for times in list(tree.find_all(kind)):
            _bound_times(times)
    text = "Output of {} exceeds max allowed output size of 1MB"
    for repeat in list(tree.find_all(exp.Repeat)):
        times = repeat.args["times"]
        size = _number(times) * _size(repeat.this)
        repeat.set("times", _unless(size, MAX_TEXT, times, text.format("REPEAT")))
    for pad in list(tree.find_all(exp.Pad)):
        pad.set("expression", _unless(_number(pad.expression), MAX_TEXT, pad.expression, text.format("LPAD/RPAD")))
    for replace in list(tree.find_all(exp.Replace)):
        new = replace.args.get("replacement")
        if new is not None:
            size = _size(replace.this) * exp.Greatest(this=_size(new), expressions=[exp.Literal.number(1)])
            replace.set("replacement", _unless(size, MAX_REPLACED, new, text.format("REPLACE")))


# the length if every byte were replaced; the real one is only known afterwards
MAX_REPLACED = 256 * MAX_TEXT


def _bound_times(series: exp.Expr) -> None:
    kind = "DATE" if isinstance(series, exp.GenerateDateArray) else "TIMESTAMP"
    for key in ("start", "end"):
        if isinstance(series.args.get(key), exp.Literal):
            series.set(key, exp.cast(series.args[key].copy(), kind if kind == "DATE" else "TIMESTAMPTZ"))
    start, end, step = (series.args.get(key) for key in ("start", "end", "step"))
    if start is None or end is None or not isinstance(step, exp.Interval):
        return
    moments = [exp.func("EPOCH", exp.cast(moment.copy(), "TIMESTAMP")) for moment in (end, start)]
    seconds = exp.func("EPOCH", step.copy())
    length = exp.Div(this=exp.paren(moments[0] - moments[1]), expression=seconds)
    series.set("end", _unless(length, MAX_ARRAY - 1, end, f"GENERATE_{kind}_ARRAY produced too many elements"))


def _number(node: exp.Expr) -> exp.Expr:
    return exp.cast(exp.paren(node.copy()), "DOUBLE")


def _size(node: exp.Expr) -> exp.Expr:
    return exp.func("STRLEN", exp.cast(exp.paren(node.copy()), "VARCHAR"))


def _unless(amount: exp.Expr, most: int, value: exp.Expr, text: str) -> exp.Expr:
    """The value, or an error if an amount is too large."""
    error = exp.Anonymous(this="error", expressions=[exp.Literal.string(text)])
    too_many = exp.GT(this=amount, expression=exp.Literal.number(most))
    return exp.Case(ifs=[exp.If(this=too_many, true=error)], default=value.copy())


def _check_divisor(division: exp.Div) -> None:
    """x / 0 is an error, not infinity; the error leaves out operands that are divisions, which would be copied."""
    left, right = division.this.copy(), division.expression.copy()
    text: exp.Expr = exp.Literal.string("division by zero")
    if left.find(exp.Div) is None and right.find(exp.Div) is None:
        for part in (exp.Literal.string(": "), left, exp.Literal.string(" / "), right):
            text = exp.DPipe(this=text, expression=exp.cast(part.copy(), "VARCHAR"))
    zero = exp.EQ(this=exp.paren(right.copy()), expression=exp.Literal.number(0))
    error = exp.Anonymous(this="error", expressions=[text])
    division.replace(exp.Case(ifs=[exp.If(this=zero, true=error)], default=division.copy()))


def _count_from_zero(unnest: exp.Unnest) -> None:
    """WITH OFFSET counts from 0, DuckDB's WITH ORDINALITY from 1."""
    offset = unnest.args.get("offset")
    select = unnest.find_ancestor(exp.Select)
    if not isinstance(offset, exp.Identifier) or select is None:
        return
    for column in list(select.find_all(exp.Column)):
        if column.name.lower() == offset.name.lower() and not column.table:
            less = exp.paren(exp.Sub(this=column.copy(), expression=exp.Literal.number(1)))
            in_list = column.parent is select and column.arg_key == "expressions"
            column.replace(exp.alias_(less, column.name, quoted=True) if in_list else less)
