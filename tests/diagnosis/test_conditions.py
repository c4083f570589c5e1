"""Until when a conditional role is granted, and how this is reported."""

from datetime import UTC, datetime

import pytest

from kbq_tui.diagnosis.conditions import holds, holds_until, only_under
from kbq_tui.model.problem import Context
from kbq_tui.model.refs import DatasetRef, ProjectRef
from kbq_tui.model.spec import JOB_USER

NOW = datetime(2026, 11, 28, tzinfo=UTC)
CONTEXT = Context("acme-prod-123", "a@acme-prod-123.iam.gserviceaccount.com", location="EU", dataset="KLAVIYO_TMP")


@pytest.mark.parametrize(
    ("condition", "end"),
    [
        ('request.time < timestamp("2040-01-01T00:00:00Z")', datetime(2040, 1, 1, tzinfo=UTC)),
        ("request.time<=timestamp('2040-01-01T02:00:00+02:00')", datetime(2040, 1, 1, tzinfo=UTC)),
        (
            'request.time < timestamp("2041-01-01T00:00:00Z") && request.time < timestamp("2040-01-01T00:00:00Z")',
            datetime(2040, 1, 1, tzinfo=UTC),
        ),
        ('request.time < timestamp("2040-01-01T00:00:00Z") || resource.name == "x"', None),
        ('!(request.time < timestamp("2040-01-01T00:00:00Z"))', None),
        ('request.time > timestamp("2040-01-01T00:00:00Z")', None),
        ('request.time < timestamp("soon")', None),
        ('request.time < timestamp("0001-01-01T00:00:00+14:00")', None),
        ("true", None),
    ],
)
def test_the_end_is_read_only_from_a_condition_that_surely_ends_then(condition: str, end: datetime | None) -> None:
    assert holds_until(condition) == end


@pytest.mark.parametrize(
    ("condition", "holding"),
    [
        ('request.time < timestamp("2999-01-01T00:00:00Z")', True),
        ('request.time < timestamp("2020-01-01T00:00:00Z")', False),
        ('request.time >= timestamp("2020-01-01") && request.time < timestamp("2999-01-01")', True),
        ('request.time > timestamp("2999-01-01T00:00:00Z")', False),
        ('request.time < timestamp("2020-01-01") && resource.name == "x"', False),
        ('request.time < timestamp("2999-01-01") && resource.name == "x"', None),
        ('request.time < timestamp("2020-01-01") || true', None),
        ('request.time < timestamp("some day")', None),
        ('resource.name.startsWith("projects/_/x")', None),
        ("", None),
    ],
)
def test_a_condition_on_the_time_alone_is_decided_here(condition: str, holding: bool | None) -> None:
    assert holds(condition, NOW) is holding


def test_the_condition_and_its_end_are_told_with_the_grant_for_where_it_is_held() -> None:
    condition = 'request.time < timestamp("2040-01-01T00:00:00Z")'
    on_project = only_under(condition, JOB_USER, ProjectRef("acme-prod-123"), CONTEXT, NOW)
    assert "holds until 2040-01-01 00:00 UTC" in str(on_project.cause)
    assert condition in str(on_project.cause)
    assert str(on_project.remedy[-1]).endswith(f"--role={JOB_USER} --condition=None")
    on_dataset = only_under(
        "\x1b[31mtrue", "roles/bigquery.dataViewer", DatasetRef("acme-prod-123", "OTHER"), CONTEXT, NOW
    )
    assert "\x1b" not in str(on_dataset.cause)
    assert "until" not in str(on_dataset.cause)
    assert "GRANT `roles/bigquery.dataViewer` ON SCHEMA `acme-prod-123.OTHER`" in str(on_dataset.remedy[-1])


def test_a_condition_that_has_ended_is_told_as_ended() -> None:
    condition = 'request.time < timestamp("2020-01-01T00:00:00Z")'
    ended = only_under(condition, JOB_USER, ProjectRef("acme-prod-123"), CONTEXT, NOW)
    assert "held until 2020-01-01 00:00 UTC only and does not hold any more" in str(ended.cause)
    assert not any("nothing has to be done" in str(step) for step in ended.remedy)
    assert str(ended.remedy[-1]).endswith(f"--role={JOB_USER} --condition=None")
