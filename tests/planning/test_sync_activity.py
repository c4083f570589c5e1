"""What jobs show about syncs: figures, the usual time between two syncs, and findings."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import KeyCall, KeyUses, UseSource
from kbq_tui.model.observed import KeyInfo
from kbq_tui.model.problem import Problem
from kbq_tui.planning.sync_activity import (
    BROKEN,
    ExportState,
    FindingKind,
    JobSummary,
    billed,
    findings,
    leftovers,
    summary,
    usual_interval,
)
from kbq_tui.shell.sql import PROBE_PREFIX

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def job(ago: timedelta, error: str = "", **more: object) -> JobInfo:
    made = JobInfo(NOW - ago, "DONE", "SELECT x FROM t", error)
    return JobInfo(**{**{f: getattr(made, f) for f in JobInfo.__dataclass_fields__}, **more})  # type: ignore[arg-type]


def hourly(hours: int, until: timedelta = timedelta()) -> list[JobInfo]:
    return [job(until + n * HOUR) for n in range(hours)]


def of(jobs: Sequence[JobInfo], days: int = 14) -> JobSummary:
    return summary(jobs, NOW - days * DAY, NOW)


def kinds(found: JobSummary, **more: object) -> list[FindingKind]:
    given = {"jobs_known": True, "looked_back": 30 * DAY, **more}
    return [finding.kind for finding in findings(found, NOW, **given)]  # type: ignore[arg-type]


def test_jobs_and_bytes_are_counted_by_day_and_every_day_of_the_time_is_there() -> None:
    found = of([job(HOUR, billed=5), job(2 * HOUR, billed=7), job(25 * HOUR, "no"), job(20 * DAY, billed=9)])
    assert len(found.days) == 15  # the first of them partly
    assert [day.date for day in found.days] == [(NOW - n * DAY).date() for n in reversed(range(15))]
    assert (found.days[-1].jobs, found.days[-1].billed, found.days[-1].failed) == (2, 12, 0)
    assert (found.days[-2].jobs, found.days[-2].billed, found.days[-2].failed) == (1, None, 1)
    assert found.jobs == 3


def test_the_last_job_the_last_success_and_the_last_error_are_told_apart() -> None:
    found = of([job(3 * HOUR), job(2 * HOUR, "bad"), job(HOUR, state="RUNNING")])
    assert found.last is not None
    assert found.last.state == "RUNNING"
    assert found.last_success == job(3 * HOUR)
    assert found.last_error == job(2 * HOUR, "bad")


def test_our_own_jobs_are_not_klaviyos() -> None:
    probe = job(HOUR, statement=f"CREATE TABLE `p.d.{PROBE_PREFIX}1` (id INT64)")
    assert of([job(HOUR, ours=True), probe, job(2 * HOUR)]).last == job(2 * HOUR)


def test_a_statement_of_a_script_is_no_job_but_tells_its_tables() -> None:
    script = job(HOUR, billed=10, slot_ms=4)
    found = of(
        [script, job(HOUR, parent="script", billed=10, slot_ms=4, tables=("d.t", "d.u")), job(HOUR, tables=("d.t",))]
    )
    assert found.jobs == 2
    assert found.tables == (("d.t", 2), ("d.u", 1))
    assert found.slot_ms == 4
    assert billed([script, job(HOUR, parent="script", billed=10)], NOW) == 10


def test_the_cost_is_of_thirty_days_and_unknown_where_no_job_tells() -> None:
    assert billed([job(HOUR, billed=1), job(29 * DAY, billed=2), job(31 * DAY, billed=4)], NOW) == 3
    assert billed([job(HOUR)], NOW) is None


@pytest.mark.parametrize(
    ("ago", "usual"),
    [
        ([24 * n * 60 for n in range(5)], timedelta(days=1)),
        ([60 * n for n in range(30)], HOUR),
        ([15 * n for n in range(30)], HOUR),  # Klaviyo's shortest interval is an hour
        ([minute + 60 * n for n in range(5) for minute in (0, 1, 2)], HOUR),
        ([0, 60], None),
        ([], None),
    ],
    ids=["daily", "hourly", "oftener", "several jobs a sync", "two syncs", "none"],
)
def test_the_usual_time_between_two_syncs(ago: list[int], usual: timedelta | None) -> None:
    times = sorted(NOW - timedelta(minutes=minutes) for minutes in ago)
    assert usual_interval(times) == usual


def test_a_schedule_that_was_changed_counts_as_it_is_now() -> None:
    old = [job(30 * DAY - n * HOUR) for n in range(200)]
    assert of([*old, *(job(n * DAY) for n in range(20))]).interval == DAY


@pytest.mark.parametrize(
    ("quiet", "silent"), [(timedelta(minutes=119), False), (timedelta(minutes=121), True), (4 * DAY, True)]
)
def test_silence_is_more_than_twice_the_usual_time(quiet: timedelta, silent: bool) -> None:
    found = of(hourly(48, until=quiet))
    assert (FindingKind.SILENT in kinds(found)) is silent
    assert (found.silence(NOW) == quiet) is silent


@given(st.lists(st.integers(0, 60 * 24 * 30), max_size=60))
def test_a_summary_holds_every_job_once_whatever_their_times(minutes: list[int]) -> None:
    jobs = [job(timedelta(minutes=m)) for m in minutes]
    found = of(jobs, days=30)
    assert found.jobs == len(jobs)
    assert sum(day.jobs for day in found.days) == len(jobs)
    quiet = found.silence(NOW)
    assert quiet is None or (found.interval is not None and quiet > 2 * found.interval)
    assert found == of(list(reversed(jobs)), days=30)


def test_failing_is_an_error_after_which_nothing_ended_well_and_its_meaning_goes_with_it() -> None:
    explained = Problem(None, verbatim("why"), verbatim("because"))
    bad = of([job(HOUR, "no"), job(2 * HOUR)])
    assert FindingKind.FAILING in kinds(bad)
    assert findings(bad, NOW, jobs_known=True, looked_back=DAY, explained=explained)[0].problem is explained
    assert FindingKind.FAILING not in kinds(of([job(HOUR), job(2 * HOUR, "no")]))


def test_no_jobs_is_a_finding_only_where_jobs_could_be_read() -> None:
    assert kinds(of([])) == [FindingKind.NO_JOBS]
    assert kinds(of([]), jobs_known=False) == []
    assert kinds(of([job(20 * DAY)])) == []


def test_tables_left_behind_are_older_than_a_week_and_not_of_our_checks() -> None:
    tables = [("new", NOW - 6 * DAY), ("old", NOW - 8 * DAY), ("older", NOW - 9 * DAY), ("?", None)]
    left = leftovers([*tables, (f"{PROBE_PREFIX}1", NOW - 8 * DAY)], NOW)
    assert left == (("older", NOW - 9 * DAY), ("old", NOW - 8 * DAY))
    assert kinds(of(hourly(3)), left=left, staging="KLAVIYO_TMP") == [FindingKind.LEFTOVERS]
    assert kinds(of(hourly(3)), left=()) == []


@pytest.mark.parametrize(("rows", "told"), [(0, [FindingKind.EXPORT_STALE]), (1, [])])
def test_an_export_without_an_event_of_a_day_is_told(rows: int, told: list[FindingKind]) -> None:
    assert kinds(of(hourly(3)), export=ExportState("d.klaviyo_event", NOW - 2 * DAY, rows)) == told


@pytest.mark.parametrize(("idle", "told"), [(24, []), (26, [FindingKind.KEY_IDLE])])
def test_a_key_that_is_about_to_idle_out_is_told(idle: int, told: list[FindingKind]) -> None:
    key = KeyInfo("a" * 40, NOW - 90 * DAY)
    uses = KeyUses(UseSource.AUDIT, {key.id: KeyCall(NOW - idle * DAY)}, NOW - 30 * DAY)
    assert kinds(of(hourly(3)), keys=[key], uses=uses) == told
    assert kinds(of(hourly(3)), keys=[key], uses=KeyUses()) == []


def test_only_syncs_that_fail_or_are_late_are_broken() -> None:
    assert {FindingKind.FAILING, FindingKind.SILENT} == BROKEN
