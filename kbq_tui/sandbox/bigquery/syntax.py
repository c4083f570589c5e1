"""GoogleSQL text into statements, refused with BigQuery's words where BigQuery would refuse it.

sqlglot reads more than BigQuery does and says no in its own words, so what comes out of it is looked at again here.
Positions are ``[line:column]``, both from 1, as BigQuery prints them.
"""

import itertools
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, TokenError

# sqlglot warns about every statement it cannot read; we refuse those statements instead
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_T = TypeVar("_T")
_BIGQUERY = sqlglot.Dialect.get_or_raise("bigquery")
_STARTS = {
    "SELECT", "WITH", "CREATE", "DROP", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "MERGE", "GRANT", "REVOKE", "ALTER",
    "BEGIN", "COMMIT", "ROLLBACK", "CALL", "DECLARE", "SET", "EXECUTE", "EXPORT", "LOAD", "ASSERT", "IF", "LOOP",
    "WHILE", "REPEAT", "FOR", "RAISE", "RETURN", "FROM", "EXPLAIN", "DESCRIBE",
}  # fmt: skip
_KEYWORDS = {
    "ALL", "AND", "AS", "BY", "CASE", "CREATE", "CROSS", "DISTINCT", "ELSE", "END", "EXCEPT", "EXISTS", "FROM", "FULL",
    "GROUP", "HAVING", "IN", "INNER", "INTERSECT", "INTO", "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "NOT", "NULL", "ON",
    "OR", "ORDER", "OUTER", "RIGHT", "SELECT", "SET", "THEN", "TO", "UNION", "UNNEST", "USING", "WHEN", "WHERE",
    "WINDOW", "WITH", "TRUE", "FALSE", "IF", "PARTITION", "OVER", "QUALIFY",
}  # fmt: skip
_NUMBERS = {TokenType.NUMBER}
_STRINGS = {TokenType.STRING, TokenType.RAW_STRING, TokenType.BYTE_STRING, TokenType.NATIONAL_STRING}
_READABLE = (
    exp.Query, exp.Create, exp.Drop, exp.Alter, exp.Insert, exp.Update, exp.Delete, exp.TruncateTable, exp.Merge,
    exp.Transaction, exp.Commit, exp.Rollback, exp.Declare, exp.Set,
)  # fmt: skip
_KINDS = ("SCHEMA", "TABLE", "VIEW")
_TEMPORARY = ("TABLE", "FUNCTION")


class SqlError(Exception):
    """BigQuery's own words for a statement it does not take (reason ``invalidQuery``)."""


@dataclass(frozen=True)
class GrantStatement:
    """``GRANT`` or ``REVOKE`` of roles on one resource."""

    revoke: bool
    roles: tuple[str, ...]
    kind: str  # SCHEMA, TABLE, VIEW
    path: tuple[str, ...]
    principals: tuple[str, ...]


@dataclass(frozen=True)
class RowPolicyChange:
    """``CREATE ROW ACCESS POLICY`` or ``DROP ROW ACCESS POLICY``.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_row_access_policy_statement
    """

    drop: bool
    replace: bool
    if_exists: bool  # IF EXISTS, or IF NOT EXISTS
    name: str
    path: tuple[str, ...]
    grantees: tuple[str, ...] = ()
    filter: str = ""


@dataclass(frozen=True)
class ProjectOptions:
    """``ALTER PROJECT path SET OPTIONS (name = value, ...)``; a value is text, true, false or None."""

    path: tuple[str, ...]
    options: tuple[tuple[str, str | bool | None], ...]


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        sql: its text.
        tree: what it says.
    """

    sql: str
    tree: exp.Expr | GrantStatement | RowPolicyChange | ProjectOptions


def position(sql: str, offset: int) -> str:
    """``[line:column]`` of a character."""
    line = sql.count("\n", 0, offset) + 1
    return f"[{line}:{offset - (sql.rfind(chr(10), 0, offset) + 1) + 1}]"


def node_position(sql: str, node: exp.Expr) -> str:
    """``[line:column]`` of a node, its leftmost part that knows where it stands."""
    starts = [n.meta["start"] for n in node.walk() if isinstance(n, exp.Expr) and "start" in n.meta]
    return position(sql, min(starts)) if starts else position(sql, 0)


def parse_script(sql: str) -> list[Statement]:
    """Splits a script at its semicolons and reads every statement.

    Raises:
        SqlError: a statement is not GoogleSQL, or is none that the sandbox knows.
    """
    _check_characters(sql)
    try:
        tokens = sqlglot.tokenize(sql, read="bigquery")
    except TokenError as error:  # an unfinished comment is all that is left
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
    """Refuses characters and quotes that BigQuery's lexer refuses, at the place it would."""
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


def describe(token: Token | None) -> str:
    """A token as BigQuery names it in a syntax error."""
    if token is None:
        return "end of statement"
    text = token.text
    if token.token_type in _NUMBERS:
        return f'{"floating point" if "." in text else "integer"} literal "{text}"'
    if token.token_type in _STRINGS:
        return f'string literal "{text}"'
    if token.token_type == TokenType.IDENTIFIER:
        return f"identifier `{text}`"
    if text.upper() in _KEYWORDS:
        return f"keyword {text.upper()}"
    if re.fullmatch(r"[A-Za-z_]\w*", text):
        return f'identifier "{text}"'
    return f'"{text}"'


def _read(sql: str, tokens: list[Token]) -> Statement:
    text = sql[tokens[0].start : tokens[-1].end + 1]
    first = tokens[0]
    if first.text.upper().split()[0] not in _STARTS and first.text != "(":
        raise SqlError(f"Syntax error: Unexpected {describe(first)} at {position(sql, first.start)}")
    for before, after in itertools.pairwise(tokens):
        if before.text.upper() in ("FROM", "JOIN", "INTO") and after.token_type in _STRINGS:
            if first.text.upper() == "REVOKE":
                break
            raise SqlError(f"Syntax error: Unexpected {describe(after)} at {position(sql, after.start)}")
    if first.text.upper() in ("GRANT", "REVOKE"):
        return Statement(text, _Dcl(sql, tokens).read())
    words = [token.text.upper() for token in tokens[1:6]]
    if first.text.upper() in ("CREATE", "DROP") and "ACCESS" in words[1:4] and "POLICY" in words[2:5]:
        return Statement(text, _Dcl(sql, tokens).read_row_policy())
    if words[:1] == ["PROJECT"] and first.text.upper() == "ALTER":
        return Statement(text, _Dcl(sql, tokens).read_project_options())
    second = tokens[1].text.upper() if len(tokens) > 1 else ""
    read = tokens
    if first.text.upper() == "ALTER" and second == "SCHEMA":
        # sqlglot cannot read ALTER SCHEMA; what may follow is what may follow ALTER TABLE
        word = tokens[1]
        table = Token(TokenType.TABLE, "TABLE", word.line, word.col, word.start, word.end)
        read = [first, table, *tokens[2:]]
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
    kind = str(tree.args.get("kind") or "").upper()
    if isinstance(tree, exp.Alter) and second == "SCHEMA":
        tree.set("kind", kind := "SCHEMA")
    known = isinstance(tree, _READABLE) and (not isinstance(tree, exp.Create | exp.Drop | exp.Alter) or kind in _KINDS)
    known = known or (isinstance(tree, exp.Create) and kind == "FUNCTION")
    known = known and (not isinstance(tree, exp.Alter) or _is_known_change(tree, kind))
    if not known:
        raise SqlError(f"Statement not supported: {type(tree).__name__}{kind.title()}Statement")
    if kind not in _TEMPORARY and tree.find(exp.TemporaryProperty):
        raise SqlError(f"Statement not supported: temporary {kind.lower()}")
    if isinstance(tree, exp.Delete) and not tree.this:
        tree.set("this", tree.args["tables"][0])  # DELETE t WHERE, without FROM
        tree.set("tables", None)
    return Statement(text, tree)


def _is_known_change(tree: exp.Alter, kind: str) -> bool:
    """Whether an ALTER statement is ``SET OPTIONS(...)`` and nothing else, or adds or drops columns of a table."""
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
    """sqlglot's refusal in BigQuery's words."""
    detail: dict[str, Any] = error.errors[0] if error.errors else {}
    found = next((i for i, t in enumerate(tokens) if (t.line, t.col) == (detail.get("line"), detail.get("col"))), None)
    description = str(detail.get("description") or "")
    if found is not None and found > 1 and tokens[0].text.upper() == "CREATE" and tokens[found - 2].text in ("(", ","):
        # sqlglot takes a type that does not exist for the end of the column list
        wrong = tokens[found]
        return f"Type not found: {wrong.text} at {position(sql, wrong.start)}"
    if found is None:
        return "Syntax error: Unexpected end of statement at " + position(sql, tokens[-1].end + 1)
    token: Token | None = tokens[found]
    if description.startswith(("Expecting", "Required")):
        # sqlglot points at the last token it took; BigQuery at the one that should have been something else
        token = tokens[found + 1] if found + 1 < len(tokens) else None
    at = position(sql, token.start if token else tokens[-1].end + 1)
    if description.startswith("Expecting") and len(description.split()) == 2:
        return f'Syntax error: Expected "{description.split()[1]}" but got {describe(token)} at {at}'
    if token is None or description.startswith("Required") or describe(token).startswith("keyword"):
        return f"Syntax error: Unexpected {describe(token)} at {at}"
    return f"Syntax error: Expected end of input but got {describe(token)} at {at}"


def _recheck(sql: str, tokens: list[Token], tree: exp.Expr) -> None:
    """Refuses what sqlglot lets through and BigQuery does not."""
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


class _Dcl:
    """Reads what sqlglot does not: GRANT, REVOKE, row access policies, options of projects."""

    def __init__(self, sql: str, tokens: list[Token]) -> None:
        self.sql = sql
        self.tokens = tokens
        self.at = 0

    def read(self) -> GrantStatement:
        revoke = self._take().text.upper() == "REVOKE"
        roles = self._many(self._role)
        self._word("ON")
        kind = self._take()
        if kind.text.upper() not in ("SCHEMA", "TABLE", "VIEW", "DATASET"):
            self._refuse(kind)
        path = self._path()
        self._word("FROM" if revoke else "TO")
        principals = self._many(self._principal)
        if self.at < len(self.tokens):
            self._refuse(self.tokens[self.at], "Expected end of input but got ")
        name = "SCHEMA" if kind.text.upper() == "DATASET" else kind.text.upper()
        return GrantStatement(revoke, roles, name, path, principals)

    def read_row_policy(self) -> RowPolicyChange:
        """Read ``CREATE [OR REPLACE] ROW ACCESS POLICY`` or ``DROP ROW ACCESS POLICY``."""
        drop = self._take().text.upper() == "DROP"
        replace = self._optional("OR", "REPLACE")
        for word in ("ROW", "ACCESS", "POLICY"):
            self._word(word)
        exists = self._optional("IF", "EXISTS") if drop else self._optional("IF", "NOT", "EXISTS")
        name = self._take().text
        self._word("ON")
        path = self._path()
        if drop:
            if self.at < len(self.tokens):
                self._refuse(self.tokens[self.at], "Expected end of input but got ")
            return RowPolicyChange(drop, replace, exists, name, path)
        for word in ("GRANT", "TO", "("):
            self._word(word)
        grantees = self._many(self._principal)
        for word in (")", "FILTER", "USING", "("):
            self._word(word)
        start, end = self._peek(), self.tokens[-1]
        if start is None or end.text != ")" or start is end:
            self._refuse(start)
            raise AssertionError
        return RowPolicyChange(drop, replace, exists, name, path, grantees, self.sql[start.start : end.start])

    def read_project_options(self) -> ProjectOptions:
        """Read ``ALTER PROJECT path SET OPTIONS (name = value, ...)``."""
        self._word("ALTER")
        self._word("PROJECT")
        path = self._path()
        for word in ("SET", "OPTIONS", "("):
            self._word(word)
        options = self._many(self._option)
        self._word(")")
        if self.at < len(self.tokens):
            self._refuse(self.tokens[self.at], "Expected end of input but got ")
        return ProjectOptions(path, options)

    def _option(self) -> tuple[str, str | bool | None]:
        name = ".".join(self._path())
        self._word("=")
        token = self._take()
        if token.token_type in _STRINGS:
            return name, token.text
        words: dict[str, bool | None] = {"TRUE": True, "FALSE": False, "NULL": None}
        if token.text.upper() not in words:
            self._refuse(token)
        return name, words[token.text.upper()]

    def _optional(self, *words: str) -> bool:
        found = [token.text.upper() for token in self.tokens[self.at : self.at + len(words)]] == list(words)
        self.at += len(words) if found else 0
        return found

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self) -> Token:
        token = self._peek()
        if token is None:
            self._refuse(None)
            raise AssertionError
        self.at += 1
        return token

    def _refuse(self, token: Token | None, lead: str = "Unexpected ") -> None:
        at = token.start if token else self.tokens[-1].end + 1
        raise SqlError(f"Syntax error: {lead}{describe(token)} at {position(self.sql, at)}")

    def _word(self, word: str) -> None:
        token = self._peek()
        if token is None or token.text.upper() != word:
            self._refuse(token, f"Expected keyword {word} but got ")
        self.at += 1

    def _many(self, one: Callable[[], _T]) -> tuple[_T, ...]:
        found = [one()]
        while (token := self._peek()) and token.text == ",":
            self.at += 1
            found.append(one())
        return tuple(found)

    def _role(self) -> str:
        token = self._take()
        if token.token_type != TokenType.IDENTIFIER:
            self._refuse(token)
        return token.text

    def _principal(self) -> str:
        token = self._take()
        if token.token_type not in _STRINGS:
            self._refuse(token, "Expected string literal but got ")
        return token.text

    def _path(self) -> tuple[str, ...]:
        """``P.D``, quoted as a whole or part by part; project ids may carry hyphens without quotes."""
        start = self._take()
        text = start.text
        end = start.end
        while (token := self._peek()) and token.start == end + 1 and token.text.upper() not in ("TO", "FROM", "="):
            text += token.text
            end = token.end
            self.at += 1
        return split_path(text)


def split_path(text: str) -> tuple[str, ...]:
    """``example.com:p.d.t`` into its parts; the dots of a domain-scoped project do not divide."""
    domain, colon, rest = text.rpartition(":")
    parts = rest.split(".")
    return (f"{domain}{colon}{parts[0]}", *parts[1:]) if colon else tuple(parts)
