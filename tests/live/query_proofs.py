"""The proofs of the beliefs about queries: where they run, what they read, and the values that they give."""

from kbq_tui.shell import sql
from tests.live.proofs import GoogleRest, proves, refused, value, with_table


@proves("location-of-a-query")
def _(there: GoogleRest) -> None:
    lies_in, dataset = there.get(there.dataset)["location"], there.ground.spec.import_dataset
    for statement in (sql.columns, sql.view_texts, sql.stored_rows):
        answer = there.query(statement(there.project, dataset))
        assert answer["jobReference"]["location"] == lies_in, statement.__name__


@proves("dry-run-references")
def _(there: GoogleRest) -> None:
    def work(table: str) -> None:
        there.query(f"CREATE VIEW `{table}_view` AS SELECT x FROM `{there.project}.{table}`")
        try:
            query = {"query": f"SELECT x FROM `{table}_view`", "useLegacySql": False}
            body = {"configuration": {"dryRun": True, "query": query}}
            answer = there.ask("POST", there.datasets.removesuffix("/datasets") + "/jobs", body).json()
            tables = answer["statistics"]["query"]["referencedTables"]
            assert table.rpartition(".")[2] in [each["tableId"] for each in tables]
        finally:
            there.query(f"DROP VIEW `{table}_view`")

    with_table(there, work)


@proves("columns-view")
def _(there: GoogleRest) -> None:
    def work(table: str) -> None:
        dataset, name = table.split(".")
        answer = there.query(
            f"SELECT column_name, data_type, is_partitioning_column FROM `{dataset}`.INFORMATION_SCHEMA.COLUMNS "
            f"WHERE table_name = '{name}' ORDER BY ordinal_position"
        )
        assert [[cell["v"] for cell in row["f"]] for row in answer["rows"]] == [
            ["x", "INT64", "NO"],
            ["y", "INT64", "NO"],
        ]

    with_table(there, work)


@proves("table-sample")
def _(there: GoogleRest) -> None:
    def work(table: str) -> None:
        assert there.query(f"SELECT COUNT(*) FROM `{table}` TABLESAMPLE SYSTEM (100 PERCENT)")["rows"][0]["f"] == [
            {"v": "3"}
        ]
        there.query(f"CREATE VIEW `{table}_view` AS SELECT x FROM `{there.project}.{table}`")
        try:
            assert refused(there, f"SELECT x FROM `{table}_view` TABLESAMPLE SYSTEM (100 PERCENT)")
        finally:
            there.query(f"DROP VIEW `{table}_view`")

    with_table(there, work)


@proves("differences")
def _(there: GoogleRest) -> None:
    assert value(there, "CAST(DATE '2021-05-20' - DATE '2020-04-19' AS STRING)") == "0-0 396 0:0:0"
    moments = "TIMESTAMP '2021-06-01 12:34:56.789' - TIMESTAMP '2021-05-31 00:00:00'"
    assert value(there, f"CAST({moments} AS STRING)") == "0-0 0 36:34:56.789"


@proves("types-refused")
def _(there: GoogleRest) -> None:
    for expression in ("IF(TRUE, 1, 'a')", "CASE WHEN TRUE THEN 1 ELSE TRUE END", "COALESCE(1, 'a')", "[1, 'a']",
                       "1 UNION ALL SELECT 'a'", "CAST(TRUE AS FLOAT64)", "SAFE_CAST(1 AS BYTES)"):  # fmt: skip
        assert refused(there, f"SELECT {expression}"), expression


@proves("texts-of-moments")
def _(there: GoogleRest) -> None:
    for text, kind in (("2020/01/01", "DATE"), ("2020-01-01 10:00:00", "DATE"), ("10:00", "TIME"),
                       ("2020-01-01 10:00:00.1234567", "DATETIME"), ("2020-01-01 10", "TIMESTAMP")):  # fmt: skip
        assert value(there, f"SAFE_CAST(x AS {kind}) IS NULL FROM UNNEST(['{text}']) AS x") == "true", (text, kind)
    assert value(there, "CAST(CAST('2020-1-5' AS DATE) AS STRING)") == "2020-01-05"


@proves("least-of-nan")
def _(there: GoogleRest) -> None:
    numbers = "UNNEST([1.0, CAST('NaN' AS FLOAT64)]) AS x"
    for expression in ("MIN(x)", "MAX(x)", "LEAST(MIN(x), 1.0)", "GREATEST(MIN(x), 1.0)"):
        assert value(there, f"{expression} FROM {numbers}") == "NaN", expression
