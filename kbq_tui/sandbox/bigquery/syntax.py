"""Parses GoogleSQL into statements, and refuses with BigQuery's text what BigQuery would refuse.

sqlglot accepts more than BigQuery does and has error texts of a different form, so its result is checked again here.
"""

import itertools
import logging
import re
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, TokenError

from kbq_tui.sandbox.bigquery import own_statements
from kbq_tui.sandbox.bigquery.own_statements import OwnStatement
from kbq_tui.sandbox.bigquery.tokens import STRINGS, SqlError, describe, position

# sqlglot warns about every statement that it cannot parse; we refuse those statements instead
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_BIGQUERY = sqlglot.Dialect.get_or_raise("bigquery")
_STARTS = {
    "SELECT", "WITH", "CREATE", "DROP", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "MERGE", "GRANT", "REVOKE", "ALTER",
    "BEGIN", "COMMIT", "ROLLBACK", "CALL", "DECLARE", "SET", "EXECUTE", "EXPORT", "LOAD", "ASSERT", "IF", "LOOP",
    "WHILE", "REPEAT", "FOR", "RAISE", "RETURN", "FROM", "EXPLAIN", "DESCRIBE",
}  # fmt: skip
_READABLE = (
    exp.Query, exp.Create, exp.Drop, exp.Alter, exp.Insert, exp.Update, exp.Delete, exp.TruncateTable, exp.Merge,
    exp.Transaction, exp.Commit, exp.Rollback, exp.Declare, exp.Set,
)  # fmt: skip
_TWO_WORDS = (["EXTERNAL", "TABLE"], ["SNAPSHOT", "TABLE"], ["TABLE", "FUNCTION"])
"""Kinds of statement whose first word sqlglot does not accept; the word is kept in the tree's ``meta``."""
_KINDS = ("SCHEMA", "TABLE", "VIEW")
_TEMPORARY = ("TABLE", "FUNCTION")


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        sql: its text.
        tree: its syntax tree.
    """

    sql: str
    tree: exp.Expr | OwnStatement


def parse_script(sql: str) -> list[Statement]:
    """Split a script at its semicolons and parse every statement.

    Raises:
        SqlError: a statement is not GoogleSQL, or of a kind that the sandbox does not know.
    """
    _check_characters(sql)
    try:
        tokens = sqlglot.tokenize(sql, read="bigquery")
    except TokenError as error:  # only an unfinished comment is left
        raise SqlError("Syntax error: Unclosed comment at " + position(sql, len(sql))) from error
    groups: list[list[Token]] = [[]]
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            groups.append([])
        else:
            groups[-1].append(token)
    statements = [_read(sql, group) for group in groups if group]
    if not statements:
        raise SqlError("Syntax error: Unexpected end of statement at " + position(sql, len(sql)))
    return statements


def _check_characters(sql: str) -> None:
    """Refuse characters and quotes that BigQuery's lexer refuses, with the position it would name."""
    pattern = re.compile(
        r"(?P<comment>--[^\n]*|\#[^\n]*|/\*.*?\*/)|(?P<unclosed>/\*)"
        r"|(?P<triple>[rRbB]{0,2}(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''))"
        r"|(?P<string>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
        r"|(?P<name>`(?:\\.|[^`\\\n])*`)"
        r"|(?P<open>[\"'`])|(?P<odd>[^\x00-\x7f]|[\\\x00-\x08\x0b\x0e-\x1f\x7f])",
        re.DOTALL,
    )
    for match in pattern.finditer(sql):
        if match["unclosed"]:
            raise SqlError(f"Syntax error: Unclosed comment at {position(sql, len(sql))}")
        if match["open"]:
            what = "identifier" if match["open"] == "`" else "string"
            raise SqlError(f"Syntax error: Unclosed {what} literal at {position(sql, match.start())}")
        if match["odd"] and not match["odd"].isspace():
            where = position(sql, match.start())
            raise SqlError(f'Syntax error: Illegal input character "\\{match["odd"].encode()[0]:o}" at {where}')
        if match["name"] == "``":
            raise SqlError(f"Syntax error: Invalid empty identifier at {position(sql, match.start())}")


def _read(sql: str, tokens: list[Token]) -> Statement:
    text = sql[tokens[0].start : tokens[-1].end + 1]
    first = tokens[0]
    if first.text.upper().split()[0] not in _STARTS and first.text != "(":
        raise SqlError(f"Syntax error: Unexpected {describe(first)} at {position(sql, first.start)}")
    for before, after in itertools.pairwise(tokens):
        if before.text.upper() in ("FROM", "JOIN", "INTO") and after.token_type in STRINGS:
            if first.text.upper() == "REVOKE":
                break
            raise SqlError(f"Syntax error: Unexpected {describe(after)} at {position(sql, after.start)}")
    own = own_statements.read(sql, tokens)
    if own is not None:
        return Statement(text, own)
    second = tokens[1].text.upper() if len(tokens) > 1 else ""
    read = _without_bare_unnest(tokens)
    if first.text.upper() == "ALTER" and second == "SCHEMA":
        # sqlglot cannot parse ALTER SCHEMA; it has the same clauses as ALTER TABLE
        word = tokens[1]
        table = Token(TokenType.TABLE, "TABLE", word.line, word.col, word.start, word.end)
        read = [first, table, *read[2:]]
    words = [token.text.upper() for token in tokens]
    at = next((i for i in (1, 3) if words[0] in ("CREATE", "DROP") and words[i : i + 2] in _TWO_WORDS), 0)
    read = read[:at] + read[at + 1 :] if at else read
    try:
        trees = _BIGQUERY.parser().parse(read, sql)
    except ParseError as error:
        raise SqlError(_syntax_error(sql, tokens, error)) from error
    tree = trees[0]
    if tree is None or isinstance(tree, exp.Command):
        wrong = tokens[1] if len(tokens) > 1 else None
        at = wrong.start if wrong else first.end + 1
        raise SqlError(f"Syntax error: Unexpected {describe(wrong)} at {position(sql, at)}")
    _recheck(sql, tokens, tree)
    if at:
        tree.meta["kind"] = words[at]
    kind = str(tree.args.get("kind") or "").upper()
    if isinstance(tree, exp.Alter) and second == "SCHEMA":
        tree.set("kind", kind := "SCHEMA")
    known = isinstance(tree, _READABLE) and (not isinstance(tree, exp.Create | exp.Drop | exp.Alter) or kind in _KINDS)
    known = known or (isinstance(tree, exp.Create | exp.Drop) and kind == "FUNCTION")
    known = known and (not isinstance(tree, exp.Alter) or _is_known_change(tree, kind))
    if not known:
        raise SqlError(f"Statement not supported: {type(tree).__name__}{kind.title()}Statement")
    if kind not in _TEMPORARY and tree.find(exp.TemporaryProperty):
        raise SqlError(f"Statement not supported: temporary {kind.lower()}")
    if isinstance(tree, exp.Delete) and not tree.this:
        tree.set("this", tree.args["tables"][0])  # DELETE t WHERE, without FROM
        tree.set("tables", None)
    return Statement(text, tree)


def _without_bare_unnest(tokens: list[Token]) -> list[Token]:
    """Rewrite ``FROM (UNNEST(x) AS y JOIN ...)``, which sqlglot refuses, as ``FROM (SELECT * FROM UNNEST(x) ...)``."""
    found: list[Token] = []
    for at, token in enumerate(tokens):
        before = [other.text.upper() for other in tokens[max(at - 2, 0) : at]]
        if token.text.upper() == "UNNEST" and before in (["FROM", "("], ["JOIN", "("], [",", "("]):
            for kind, text in ((TokenType.SELECT, "SELECT"), (TokenType.STAR, "*"), (TokenType.FROM, "FROM")):
                found.append(Token(kind, text, token.line, token.col, token.start, token.end))
        found.append(token)
    return found


def _is_known_change(tree: exp.Alter, kind: str) -> bool:
    """Whether an ALTER statement only sets options, or adds or drops columns of a table."""
    actions = tree.args.get("actions") or []
    columns = [
        isinstance(a, exp.ColumnDef) or (isinstance(a, exp.Drop) and a.args.get("kind") == "COLUMN") for a in actions
    ]
    if kind == "TABLE" and actions and all(columns):
        return True
    return len(actions) == 1 and all(
        isinstance(action, exp.AlterSet) and isinstance(action.expressions[0], exp.Properties | None)
        for action in actions
    )


def _syntax_error(sql: str, tokens: list[Token], error: ParseError) -> str:
    """sqlglot's error with BigQuery's text."""
    detail: dict[str, Any] = error.errors[0] if error.errors else {}
    found = next((i for i, t in enumerate(tokens) if (t.line, t.col) == (detail.get("line"), detail.get("col"))), None)
    description = str(detail.get("description") or "")
    if found is not None and found > 1 and tokens[0].text.upper() == "CREATE" and tokens[found - 2].text in ("(", ","):
        # sqlglot reads a type that does not exist as the end of the column list
        wrong = tokens[found]
        return f"Type not found: {wrong.text} at {position(sql, wrong.start)}"
    if found is None:
        return "Syntax error: Unexpected end of statement at " + position(sql, tokens[-1].end + 1)
    token: Token | None = tokens[found]
    if description.startswith(("Expecting", "Required")):
        # sqlglot names the last token it accepted; BigQuery names the first one that is wrong
        token = tokens[found + 1] if found + 1 < len(tokens) else None
    at = position(sql, token.start if token else tokens[-1].end + 1)
    if description.startswith("Expecting") and len(description.split()) == 2:
        return f'Syntax error: Expected "{description.split()[1]}" but got {describe(token)} at {at}'
    if token is None or description.startswith("Required") or describe(token).startswith("keyword"):
        return f"Syntax error: Unexpected {describe(token)} at {at}"
    return f"Syntax error: Expected end of input but got {describe(token)} at {at}"


def _recheck(sql: str, tokens: list[Token], tree: exp.Expr) -> None:
    """Refuse what sqlglot accepts and BigQuery does not."""
    for before, after in zip(tokens, [*tokens[1:], None], strict=True):
        if before.text.upper() in ("SELECT", "DISTINCT") and before.token_type != TokenType.IDENTIFIER:
            ends = after is None or after.text.upper() in ("FROM", "WHERE", "LIMIT", ")")
            if ends and before.text.upper() == "SELECT":
                at = position(sql, after.start if after else before.end + 1)
                raise SqlError(f"Syntax error: SELECT list must not be empty at {at}")
        if before.text.upper() == "VALUES" and isinstance(tree, exp.Insert) and (after is None or after.text != "("):
            at = position(sql, after.start if after else before.end + 1)
            raise SqlError(f'Syntax error: Expected "(" but got {describe(after)} at {at}')
    last = tokens[-1]
    if describe(last).startswith("keyword") and last.text.upper() not in ("NULL", "TRUE", "FALSE", "END", "ALL"):
        raise SqlError(f"Syntax error: Unexpected end of statement at {position(sql, last.end + 1)}")
    if isinstance(tree, exp.Update | exp.Delete) and not tree.args.get("where"):
        kind = type(tree).__name__.upper()
        raise SqlError(f"{kind} must have a WHERE clause at {position(sql, tokens[0].start)}")
    if isinstance(tree, exp.Drop) and len(tree.args.get("tables") or [tree.this]) > 1:
        raise SqlError(f'Syntax error: Expected end of input but got "," at {position(sql, tokens[-1].start)}')
