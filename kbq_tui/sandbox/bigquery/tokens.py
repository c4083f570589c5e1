"""Tokens and positions in GoogleSQL text, as BigQuery's errors name them.

Positions are ``[line:column]``, both counted from 1, as in BigQuery.
"""

import re

from sqlglot import Token, TokenType, exp

KEYWORDS = {
    "ALL", "AND", "AS", "BY", "CASE", "CREATE", "CROSS", "DISTINCT", "ELSE", "END", "EXCEPT", "EXISTS", "FROM", "FULL",
    "GROUP", "HAVING", "IN", "INNER", "INTERSECT", "INTO", "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "NOT", "NULL", "ON",
    "OR", "ORDER", "OUTER", "RIGHT", "SELECT", "SET", "THEN", "TO", "UNION", "UNNEST", "USING", "WHEN", "WHERE",
    "WINDOW", "WITH", "TRUE", "FALSE", "IF", "PARTITION", "OVER", "QUALIFY",
}  # fmt: skip
NUMBERS = {TokenType.NUMBER}
STRINGS = {TokenType.STRING, TokenType.RAW_STRING, TokenType.BYTE_STRING, TokenType.NATIONAL_STRING}


class SqlError(Exception):
    """BigQuery's text for a statement that it refuses (reason ``invalidQuery``)."""


def position(sql: str, offset: int) -> str:
    """``[line:column]`` of a character."""
    line = sql.count("\n", 0, offset) + 1
    return f"[{line}:{offset - (sql.rfind(chr(10), 0, offset) + 1) + 1}]"


def node_position(sql: str, node: exp.Expr) -> str:
    """``[line:column]`` of a node: of its leftmost part whose position is known."""
    starts = [n.meta["start"] for n in node.walk() if isinstance(n, exp.Expr) and "start" in n.meta]
    return position(sql, min(starts)) if starts else position(sql, 0)


def describe(token: Token | None) -> str:
    """A token as BigQuery names it in a syntax error."""
    if token is None:
        return "end of statement"
    text = token.text
    if token.token_type in NUMBERS:
        return f'{"floating point" if "." in text else "integer"} literal "{text}"'
    if token.token_type in STRINGS:
        return f'string literal "{text}"'
    if token.token_type == TokenType.IDENTIFIER:
        return f"identifier `{text}`"
    if text.upper() in KEYWORDS:
        return f"keyword {text.upper()}"
    if re.fullmatch(r"[A-Za-z_]\w*", text):
        return f'identifier "{text}"'
    return f'"{text}"'


def split_path(text: str) -> tuple[str, ...]:
    """Split ``example.com:p.d.t`` into its parts; the dots in a domain-scoped project id do not separate."""
    domain, colon, rest = text.rpartition(":")
    parts = rest.split(".")
    return (f"{domain}{colon}{parts[0]}", *parts[1:]) if colon else tuple(parts)
