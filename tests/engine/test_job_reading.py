"""From which source the account's jobs are read, and what is reported about better sources that may not be read."""

import asyncio
import json
from datetime import timedelta

from kbq_tui.engine.job_reading import JobReading, JobSource, read_jobs
from kbq_tui.engine.ports import QueryResult
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import AUDIT_PERMISSION
from kbq_tui.model.problem import Kind
from kbq_tui.model.spec import ConnectionSpec
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_world import NOW, PROJECT, fault

SPEC = ConnectionSpec(PROJECT, location="EU")
SINCE = NOW - timedelta(days=60)
COLUMNS = (
    "creation_time",
    "end_time",
    "state",
    "error",
    "total_bytes_billed",
    "total_slot_ms",
    "referenced_tables",
    "destination_table",
    "labels",
    "parent_job_id",
    "statement",
)
READ = json.dumps([{"project_id": PROJECT, "dataset_id": "d", "table_id": "t"}])
WRITTEN = json.dumps({"project_id": "other", "dataset_id": "d", "table_id": "u"})
NAMELESS = json.dumps({"project_id": PROJECT, "dataset_id": "_abc", "table_id": "anon1"})
OURS = json.dumps([{"key": "created-by", "value": "kbq-tui"}])


class Viewed(MemoryCloud):
    """Answers the query for jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str | None, ...]] = []
        self.asked: list[tuple[str, str]] = []

    async def query(
        self,
        project: str,
        sql: str,
        location: str,
        *,
        dry_run: bool = False,
        max_rows: int = 1_000,
        max_bytes: int | None = None,
    ) -> QueryResult:
        await self.enter("query")
        self.asked.append((sql, location))
        return QueryResult(COLUMNS, tuple(self.rows))


def row(created: str = "2026-01-01 10:00:00+00:00", **cells: str | None) -> tuple[str | None, ...]:
    return tuple({"creation_time": created, "state": "DONE", **cells}.get(column) for column in COLUMNS)


def read(cloud: MemoryCloud, spec: ConnectionSpec = SPEC) -> JobReading:
    return asyncio.run(read_jobs(spec, cloud, SINCE, NOW))


def test_the_view_tells_everything() -> None:
    cloud = Viewed()
    cells = {"end_time": "2026-01-01 10:00:03+00:00", "total_bytes_billed": "10", "total_slot_ms": "7"}
    cloud.rows = [row(**cells, referenced_tables=READ, destination_table=WRITTEN), row(labels=OURS, error="bad")]
    found = read(cloud)
    assert (found.source, found.problems, found.since, found.cut) == (JobSource.VIEW, (), SINCE, False)
    first, second = found.jobs
    assert (first.billed, first.slot_ms, first.tables) == (10, 7, ("d.t", "other.d.u"))
    assert first.ended is not None
    assert first.ended - first.created == timedelta(seconds=3)
    assert not first.ours
    assert second.ours
    assert second.error == "bad"
    ((sql, location),) = cloud.asked
    assert location == "EU"
    assert "`region-eu`.INFORMATION_SCHEMA.JOBS_BY_PROJECT" in sql
    assert SPEC.account_email in sql


def test_the_location_is_that_of_the_datasets_where_none_was_said() -> None:
    cloud = Viewed()
    asyncio.run(cloud.create_dataset(PROJECT, SPEC.import_dataset, "EU", "", {}))
    assert read(cloud, ConnectionSpec(PROJECT)).source is JobSource.VIEW
    assert cloud.asked[0][1] == "EU"


def test_a_result_without_a_name_is_no_table() -> None:
    cloud = Viewed()
    cloud.rows = [row(destination_table=NAMELESS), row(referenced_tables="{"), row("never")]
    assert [job.tables for job in read(cloud).jobs] == [(), ()]


def test_who_may_not_see_the_view_is_told_the_role_and_the_list_is_read() -> None:
    cloud = Viewed()
    cloud.world.faults["query"] = [fault(Code.TABLE_READ_DENIED, kind=Kind.NOT_PERMITTED)]
    cloud.world.jobs = (JobInfo(NOW, "DONE", "SELECT 1"),)
    found = read(cloud)
    assert (found.source, found.jobs) == (JobSource.LIST, cloud.world.jobs)
    (problem,) = found.problems
    assert "bigquery.jobs.listAll" in str(problem.cause)
    assert "roles/bigquery.resourceViewer" in str(problem.who)


def test_who_may_run_no_query_is_told_that_and_the_list_is_read() -> None:
    cloud = Viewed()
    cloud.world.faults["query"] = [fault(Code.JOB_USER_MISSING, kind=Kind.NOT_PERMITTED)]
    found = read(cloud)
    assert found.source is JobSource.LIST
    assert [problem.code for problem in found.problems] == [Code.JOB_USER_MISSING]


def test_a_list_without_details_leaves_the_audit_log_which_reaches_back_thirty_days() -> None:
    cloud = Viewed()
    cloud.world.allowed = frozenset({AUDIT_PERMISSION})
    cloud.world.forever = {method: fault(kind=Kind.NOT_PERMITTED) for method in ("query", "recent_jobs")}
    cloud.world.jobs = (JobInfo(NOW, "DONE", "", "bad"),)
    found = read(cloud)
    assert (found.source, found.jobs, found.since) == (JobSource.LOG, cloud.world.jobs, NOW - timedelta(days=30))
    assert len(found.problems) == 2


def test_without_any_source_jobs_are_unknown_and_each_reason_is_kept() -> None:
    cloud = Viewed()
    cloud.world.allowed = frozenset()
    cloud.world.forever = {method: fault(kind=Kind.NOT_PERMITTED) for method in ("query", "recent_jobs")}
    found = read(cloud)
    assert (found.source, found.jobs) == (JobSource.UNKNOWN, ())
    assert AUDIT_PERMISSION in str(found.problems[-1].cause)
    assert len(found.problems) == 3
