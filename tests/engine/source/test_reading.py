"""One table: what is tried one after the other if counting would read too much, or is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import DryRun, QueryResult
from kbq_tui.engine.source.reading import counted
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, ProblemError
from kbq_tui.model.source import Column, TableFacts
from kbq_tui.source.content_sql import content_query
from tests.source.facts import PROFILES, table

CONTEXT = Context("acme", "a@acme.iam.gserviceaccount.com", "IMPORT", "EU")


class OneTableCloud:
    """A cloud with one table: a function, which may raise, gives the bytes that a query reads."""

    def __init__(self, size: Callable[[str], int | None]) -> None:
        self.size = size
        self.ran: list[tuple[str, int | None]] = []

    async def dry_run(self, project: str, sql: str, location: str) -> DryRun:
        return DryRun(self.size(sql), (("acme", "IMPORT", "t"), ("acme", "OTHER", "x")))

    async def query(self, project: str, sql: str, location: str, **more: Any) -> QueryResult:
        self.ran.append((sql, more["max_bytes"]))

        return QueryResult((), (tuple("7" for _ in content_query(table()).cells),))


def refused(code: Code) -> ProblemError:
    return ProblemError(catalogue.problem(code, CONTEXT, dataset="IMPORT", table="t", column="c", policy_tag="p"))


async def look(cloud: OneTableCloud, facts: TableFacts | None = None, most: int | None = 1_000) -> TableFacts:
    return await counted(facts or table(), cloud, "EU", most, CONTEXT)  # type: ignore[arg-type]


async def test_a_small_table_is_counted_whole_within_the_limit() -> None:
    cloud = OneTableCloud(lambda _: 10)
    facts = await look(cloud)
    assert facts.content is not None
    assert (facts.content.rows, facts.content.part, facts.size) == (7, None, 10)
    assert facts.reads == (("acme", "OTHER", "x"),)
    assert [limit for _, limit in cloud.ran] == [1_000]


async def test_of_a_large_partitioned_table_the_newest_partitions_are_counted() -> None:
    cloud = OneTableCloud(lambda sql: 900 if "INTERVAL 1 DAY" in sql else 5_000)
    facts = await look(cloud, replace(table(), partition=Column("updated_at", "TIMESTAMP")))
    assert facts.content is not None
    assert "last day" in str(facts.content.part)
    assert "INTERVAL 1 DAY" in cloud.ran[0][0]


async def test_of_a_large_table_without_partitions_a_sample_is_counted() -> None:
    cloud = OneTableCloud(lambda _: 10_000)
    facts = await look(cloud)
    assert "TABLESAMPLE SYSTEM (8 PERCENT)" in cloud.ran[0][0]
    assert facts.content is not None
    assert "8 %" in str(facts.content.part)


async def test_a_view_that_reads_too_much_is_left_out_and_says_so() -> None:
    cloud = OneTableCloud(lambda _: 10_000)
    facts = await look(cloud, replace(table(), kind="VIEW"))
    assert (facts.content, cloud.ran) == (None, [])
    assert "9.8 KiB" in str(facts.skipped)


async def test_a_dry_run_counts_nothing() -> None:
    cloud = OneTableCloud(lambda _: 2_048)
    facts = await look(cloud, most=None)
    assert (facts.content, cloud.ran, str(facts.skipped)) == (None, [], "Counting would read 2.0 KiB.")


async def test_columns_that_a_policy_tag_closes_are_left_out_of_a_second_try() -> None:
    def size(sql: str) -> int:
        if "`first_name`" in sql:
            raise refused(Code.POLICY_TAG)
        return 1

    found = table(PROFILES)
    tagged = tuple(Column(c.name, c.type, tagged=c.name == "first_name") for c in found.columns)
    facts = TableFacts(found.path, "TABLE", tagged, found.roles)
    cloud = OneTableCloud(size)
    facts = await look(cloud, facts)
    assert facts.closed == {"first_name"}
    assert facts.problem is None


@pytest.mark.parametrize("code", [Code.TABLE_READ_DENIED, Code.PARTITION_FILTER, Code.DRIVE, Code.CMEK_REQUIRED])
async def test_what_cannot_be_read_keeps_the_reason(code: Code) -> None:
    def size(_: str) -> int:
        raise refused(code)

    facts = await look(OneTableCloud(size))
    assert facts.problem is not None
    assert facts.problem.code == code


async def test_a_query_of_ours_that_does_not_fit_makes_the_table_unknown_not_unreadable() -> None:
    def size(sql: str) -> int:
        if "REGEXP_CONTAINS" in sql:
            raise refused(Code.QUERY_INVALID)
        return 1

    facts = await look(OneTableCloud(size))
    assert facts.problem is None
    assert "could not be counted" in str(facts.skipped)
