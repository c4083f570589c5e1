"""Expressions that DuckDB or sqlglot would answer differently from GoogleSQL's documentation: right, or refused."""

from decimal import Decimal
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery
from google.oauth2 import service_account

from kbq_tui.sandbox.server import Sandbox

REFUSED = object()
DIFFERENCES: tuple[tuple[str, Any], ...] = (
    ("(SELECT COUNTIF(x > 5) FROM UNNEST(ARRAY<INT64>[]) AS x)", 0),
    ("FORMAT('%d rows', 3)", "3 rows"),
    ("FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2025-01-05 23:30:00+00', 'Europe/Berlin')", "00:30"),
    ("CAST('1.123456789' AS NUMERIC)", Decimal("1.123456789")),
    (r"'a_c' LIKE 'a\\_c'", True),
    (r"'abc' LIKE 'a\\_c'", False),
    ("UNIX_SECONDS(TIMESTAMP '2025-01-01 00:00:00.9+00')", 1_735_689_600),
    ("TIMESTAMP_DIFF(TIMESTAMP '2025-01-01 01:00:00+00', TIMESTAMP '2025-01-01 00:59:59+00', HOUR)", 0),
    ("EXTRACT(WEEK FROM DATE '2025-01-01')", 0),
    ("EXTRACT(MICROSECOND FROM TIME '01:02:03.5')", 500_000),
    ("(SELECT CAST(x AS INT64) FROM UNNEST([2.5]) AS x)", 3),
    ("SAFE_CAST('1e3' AS INT64)", None),
    ("SUBSTR('abc', 0, 2)", "ab"),
    ("SAFE_CAST('2025-01-01 00:00:00+02' AS DATETIME)", None),
    ("CAST('yes' AS BOOL)", REFUSED),
    ("b'ab' = 'ab'", REFUSED),
    # what the source check queries besides
    ("(SELECT MAX(CHAR_LENGTH(x)) FROM UNNEST(['äß', 'a']) AS x)", 2),
    ("(SELECT MAX(BYTE_LENGTH(x)) FROM UNNEST(['äß', 'a']) AS x)", 4),
    ("CONCAT('a', NULL)", None),
    ("(SELECT COUNT(DISTINCT IF(x IS NULL, NULL, x)) FROM UNNEST(['a', NULL, 'A']) AS x)", 2),
    ("REGEXP_CONTAINS('a b@c.de', r'\\s')", True),
    ("REGEXP_CONTAINS('a@b', r'^[^@\\s]+@[^@\\s.]+(?:\\.[^@\\s.]+)+$')", False),
    ("SAFE_CAST('€ 5' AS FLOAT64)", None),
    ("CAST(TIMESTAMP_TRUNC(TIMESTAMP '2025-01-01 00:00:00.9+00', SECOND) AS STRING)", "2025-01-01 00:00:00+00"),
    ("NULLIF(LOWER(TRIM('  ')), '')", None),
    ("(SELECT ARRAY_LENGTH(ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC LIMIT 2)) FROM UNNEST([1, NULL, 3, 2]) AS x)", 2),
)
"""Expressions, and BigQuery's answers according to their pages."""


@pytest.fixture(scope="module")
def client():
    with Sandbox("fresh") as sandbox:
        credentials = service_account.Credentials.from_service_account_file(
            str(sandbox.key_file), scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
        yield bigquery.Client(sandbox.project, credentials, client_options={"api_endpoint": sandbox.url})


def test_an_expression_is_answered_as_documented_or_refused(client):
    wrong: list[tuple[str, Any, Any]] = []
    for expression, wanted in DIFFERENCES:
        try:
            job = client.query(f"SELECT {expression}", retry=None, job_retry=None)
            ((found,),) = [row.values() for row in job.result(retry=None)]
        except BadRequest as error:
            if wanted is not REFUSED:
                wrong.append((expression, wanted, error.errors[0]["message"]))
            continue
        if type(found) is not type(wanted) or found != wanted:
            wrong.append((expression, wanted, found))
    assert wrong == []
