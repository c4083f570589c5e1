"""The part of legacy SQL that is written like GoogleSQL: SELECT from tables in square brackets.

https://cloud.google.com/bigquery/docs/reference/legacy-sql
"""

import re

from kbq_tui.sandbox.bigquery import refusals

_TOKEN = re.compile(
    r"(?P<skipped>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|--[^\n]*|/\*.*?\*/)|\[(?P<table>[^\[\]\n]+)\]", re.DOTALL
)
_PATH = re.compile(r"(?:(?:[\w.-]+:)?[\w-]+:)?[\w$]+\.[\w$@]+|[\w-]+:[\w$]+\.[\w$@]+")
# what means something else in legacy SQL, or exists only there
_OTHER = re.compile(
    r"\bFROM\s+[^\s(),]+(?:\s+AS\s+\w+)?\s*,|\bEACH\b|\bOMIT\b|\bWITHIN\b|\bFLATTEN\s*\(|\bTABLE_(?:DATE_RANGE|QUERY)",
    re.I,
)


def translate(sql: str) -> str:
    """Translate a legacy SQL query to GoogleSQL, with every character at the same position.

    Raises:
        ApiError: it uses more of legacy SQL than that.
    """
    bare = _TOKEN.sub(lambda match: "t" if match["table"] else " ", sql)
    if not re.match(r"\s*\(*\s*SELECT\b", bare, re.I) or _OTHER.search(bare) or ";" in bare.rstrip().rstrip(";"):
        raise refusals.invalid_query(
            "Of legacy SQL, only SELECT over tables in square brackets is supported here: set useLegacySql to false"
        )
    return _TOKEN.sub(_table, sql)


def _table(match: re.Match[str]) -> str:
    path = match["table"]
    if path is None:
        return match[0]
    if not _PATH.fullmatch(path):
        raise refusals.invalid_query(f"Invalid table name: [{path}]")
    project, colon, rest = path.rpartition(":")
    # a domain-scoped project id contains a colon
    return "`" + project + ("." if colon else "") + rest + "`"
