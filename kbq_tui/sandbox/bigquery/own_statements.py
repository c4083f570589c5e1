"""Statements that sqlglot does not read: GRANT, REVOKE, row access policies, options of projects, copies of tables."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlglot import Token, TokenType

from kbq_tui.sandbox.bigquery.tokens import STRINGS, SqlError, describe, position, split_path

_T = TypeVar("_T")
_AFTER_PATH = ("TO", "FROM", "=")


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
class TableCopy:
    """``CREATE [OR REPLACE] [SNAPSHOT] TABLE [IF NOT EXISTS] path CLONE|COPY|LIKE path``, and what may follow.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_table_copy
    """

    operation: str  # SNAPSHOT, CLONE, COPY, LIKE
    replace: bool
    if_not_exists: bool
    path: tuple[str, ...]
    source: tuple[str, ...]
    moment: str = ""  # the expression after FOR SYSTEM_TIME AS OF
    options: str = ""  # OPTIONS(...)


OwnStatement = GrantStatement | RowPolicyChange | ProjectOptions | TableCopy


def _head(tokens: list[Token]) -> int:
    """The number of tokens before the path of the source."""
    ends = ("CLONE", "COPY", "LIKE", "OPTIONS")
    return next((i for i, token in enumerate(tokens) if token.text.upper() in ends), len(tokens))


def read(sql: str, tokens: list[Token]) -> OwnStatement | None:
    """Read the statement if it is one of these kinds.

    Raises:
        SqlError: it is, and BigQuery would refuse it.
    """
    words = [token.text.upper() for token in tokens]
    if words[0] in ("GRANT", "REVOKE"):
        return _Reader(sql, tokens).read_grant()
    if words[0] in ("CREATE", "DROP") and "ACCESS" in words[2:5] and "POLICY" in words[3:6]:
        return _Reader(sql, tokens).read_row_policy()
    if words[:2] == ["ALTER", "PROJECT"]:
        return _Reader(sql, tokens).read_project_options()
    is_copy = words[0] == "CREATE" and "TABLE" in words[1:5] and not {"AS", "("} & set(words[: _head(tokens)])
    if is_copy and any(word in ("CLONE", "COPY", "LIKE") for word in words[3:]):
        return _Reader(sql, tokens).read_copy()
    return None


class _Reader:
    def __init__(self, sql: str, tokens: list[Token]) -> None:
        self.sql = sql
        self.tokens = tokens
        self.at = 0

    def read_grant(self) -> GrantStatement:
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

    def read_copy(self) -> TableCopy:
        """Read ``CREATE [SNAPSHOT] TABLE path CLONE|COPY|LIKE path [FOR SYSTEM_TIME AS OF ...] [OPTIONS(...)]``."""
        self._word("CREATE")
        replace = self._optional("OR", "REPLACE")
        snapshot = self._optional("SNAPSHOT")
        self._word("TABLE")
        exists = self._optional("IF", "NOT", "EXISTS")
        path = self._path()
        word = self._take()
        operation = word.text.upper()
        if operation not in ("CLONE", "COPY", "LIKE") or (snapshot and operation != "CLONE"):
            self._refuse(word)
        source = self._path()
        moment = options = ""
        if self._optional("FOR", "SYSTEM_TIME", "AS", "OF") or self._optional("FOR", "SYSTEM", "TIME", "AS", "OF"):
            moment = self._until("OPTIONS")
        if self._peek() is not None:
            options = self._until("")
        return TableCopy("SNAPSHOT" if snapshot else operation, replace, exists, path, source, moment, options)

    def _until(self, word: str) -> str:
        """The text up to a word, or up to the end."""
        start = self._peek()
        if start is None:
            self._refuse(None)
            raise AssertionError
        while (token := self._peek()) is not None and token.text.upper() != word:
            self.at += 1
        return self.sql[start.start : self.tokens[self.at - 1].end + 1]

    def _option(self) -> tuple[str, str | bool | None]:
        name = ".".join(self._path())
        self._word("=")
        token = self._take()
        if token.token_type in STRINGS:
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
        if token.token_type not in STRINGS:
            self._refuse(token, "Expected string literal but got ")
        return token.text

    def _path(self) -> tuple[str, ...]:
        """``P.D``, quoted as a whole or in parts; project ids may contain hyphens without quotes."""
        start = self._take()
        text = start.text
        end = start.end
        while (token := self._peek()) and token.start == end + 1 and token.text.upper() not in _AFTER_PATH:
            text += token.text
            end = token.end
            self.at += 1
        return split_path(text)
