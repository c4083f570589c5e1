"""Settings of a dataset itself: expirations, and access for everybody."""

from datetime import UTC, datetime, timedelta

import pytest

from kbq_tui.model.judgements import judge_kept
from kbq_tui.model.observed import AccessEntry, DatasetInfo
from kbq_tui.model.problem import Context
from kbq_tui.model.spec import DATA_EDITOR, DATA_VIEWER, ConnectionSpec, RequiredDataset
from kbq_tui.planning.dataset_rules import expiring, life, over, public, too_short, vanishing

SPEC = ConnectionSpec("my-project")
CONTEXT = Context("my-project", SPEC.account_email, location="EU")
STAGING = RequiredDataset("KLAVIYO_TMP", "staging", DATA_EDITOR)
IMPORT = RequiredDataset("IMP", "import", DATA_VIEWER)
NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (timedelta(minutes=72), "72 minutes"),
        (timedelta(days=60), "60 days"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(seconds=1), "1 minute"),
    ],
)
def test_a_life_is_told_in_the_largest_unit_that_is_exact(of: timedelta, text: str) -> None:
    assert str(life(of)) == text


def test_each_expiration_is_told_with_the_command_that_takes_it_off() -> None:
    info = DatasetInfo("IMP", "EU", table_life=timedelta(minutes=72), partition_life=timedelta(days=3))
    tables, partitions = expiring(info, CONTEXT)
    assert "72 minutes" in str(tables.cause)
    assert "bq update --default_table_expiration 0 my-project:IMP" in str(tables.remedy[0])
    assert tables.detail("seconds") == "4320"
    assert "3 days" in str(partitions.cause)
    assert "bq update --default_partition_expiration 0 my-project:IMP" in str(partitions.remedy[0])
    assert expiring(DatasetInfo("IMP", "EU"), CONTEXT) == ()


def test_the_staging_dataset_may_forget_after_a_day_and_no_other_may() -> None:
    day = DatasetInfo("x", "EU", table_life=timedelta(days=1))
    assert not too_short(STAGING, day)
    assert too_short(STAGING, DatasetInfo("x", "EU", table_life=timedelta(days=9), partition_life=timedelta(hours=23)))
    assert too_short(IMPORT, day)
    assert not too_short(IMPORT, DatasetInfo("x", "EU"))


@pytest.mark.parametrize("member", ["allUsers", "specialGroup:allAuthenticatedUsers"])
@pytest.mark.parametrize("role", [DATA_VIEWER, "roles/bigquery.metadataViewer"])
def test_everybody_is_named_at_any_role_with_the_command_that_shuts_them_out(member: str, role: str) -> None:
    (problem,) = public(SPEC, DatasetInfo("IMP", "EU", (AccessEntry(role, member),)), CONTEXT, NOW)
    name = member.removeprefix("specialGroup:")
    assert f"gives {role} to {name}" in str(problem.cause)
    assert f'REVOKE `{role}` ON SCHEMA `my-project.IMP` FROM "specialGroup:{name}"' in str(problem.remedy[-1])


def test_under_a_condition_everybody_is_shut_out_by_hand() -> None:
    entry = AccessEntry(DATA_VIEWER, "allUsers", "request.time < x")
    (problem,) = public(SPEC, DatasetInfo("IMP", "EU", (entry,)), CONTEXT, NOW)
    assert str(problem.remedy[-1]).startswith("By hand")
    assert "allUsers" in str(problem.remedy[-1])


def test_tables_with_an_expiration_are_reported_with_the_commands_that_remove_it() -> None:
    found = vanishing({"people": "2026-12-01 00:00 UTC", "events": ""}, "IMP", CONTEXT)
    assert found is not None
    assert "people on 2026-12-01 00:00 UTC, events partition by partition" in str(found.cause)
    assert str(found.remedy[0]).endswith("\nbq update --expiration 0 my-project:IMP.people")
    assert str(found.remedy[1]).endswith("\nbq update --time_partitioning_expiration 0 my-project:IMP.events")
    assert vanishing({}, "IMP", CONTEXT) is None


def test_of_many_tables_with_an_end_some_are_named() -> None:
    found = vanishing({f"t{n}": "" for n in range(9)}, "IMP", CONTEXT)
    assert found is not None
    assert len(found.remedy) == 5
    assert str(found.cause).endswith("….")


def test_of_two_expirations_both_are_told_with_both_commands() -> None:
    both = expiring(DatasetInfo("IMP", "EU", table_life=timedelta(days=3), partition_life=timedelta(days=2)), CONTEXT)
    found = judge_kept("IMP", both, too_short=True).problem
    assert found is not None
    steps = "\n".join(map(str, found.remedy))
    assert "--default_table_expiration 0" in steps
    assert "--default_partition_expiration 0" in steps
    assert "2 days" in str(found.cause)


def test_an_entry_that_has_ended_is_told_and_no_problem() -> None:
    ended = AccessEntry("roles/bigquery.dataViewer", "allUsers", 'request.time < timestamp("2026-01-01T00:00:00Z")')
    info = DatasetInfo("IMP", "EU", (ended,))
    assert public(SPEC, info, CONTEXT, NOW) == ()
    assert "allUsers under a condition that has ended" in str(over(info, NOW)[0])
    assert over(info, datetime(2025, 12, 31, tzinfo=UTC)) == ()


def test_a_domain_at_which_anybody_gets_an_address_is_shut_out_by_its_own_name() -> None:
    info = DatasetInfo("IMP", "EU", (AccessEntry("roles/bigquery.dataViewer", "domain:gmail.com"),))
    (problem,) = public(SPEC, info, CONTEXT, NOW)
    assert 'FROM "domain:gmail.com"' in problem.remedy[-1].lines[-1]
    other = DatasetInfo("IMP", "EU", (AccessEntry("roles/bigquery.dataViewer", "domain:acme.example"),))
    assert public(SPEC, other, CONTEXT, NOW) == ()
