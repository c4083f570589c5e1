"""Whatever text is sent, a query is answered or refused in BigQuery's form, and never breaks anything."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbq_tui.sandbox.bigquery import job_resource, jobs, seed
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Principal
from kbq_tui.sandbox.server import Sandbox

P = "acme-klaviyo-demo"
OWNER = Principal("user:owner@acme.example", "owner@acme.example", P)
WORDS = """
    SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN ON USING WITH AS UNION ALL DISTINCT CREATE OR REPLACE TABLE VIEW SCHEMA
    IF NOT EXISTS DROP INSERT INTO VALUES UPDATE SET DELETE TRUNCATE GRANT REVOKE TO OPTIONS UNNEST STRUCT ARRAY CAST
    INT64 STRING TIMESTAMP NULL TRUE COUNT ( ) , . ; * + - / = < > [ ] ? @p 1 1.5 'x' "y" `a` `d.t` d.t d.v id x
    `roles/bigquery.dataViewer` 'user:a@b.c' INFORMATION_SCHEMA.SCHEMATA `region-us` MERGE WHEN MATCHED THEN read_csv
""".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def context():
    sandbox = Sandbox("fresh")
    seed(sandbox.context, P, ["CREATE SCHEMA d", "CREATE TABLE d.t AS SELECT 1 AS id, 'a' AS x",
                              "CREATE VIEW d.v AS SELECT id FROM d.t"])  # fmt: skip
    yield sandbox.context
    sandbox.world.close()


def outcome(context, sql):
    try:
        job = jobs.run(
            context,
            OWNER,
            context.world.projects[P],
            {"configuration": {"query": {"query": sql, "useLegacySql": False}}},
        )
    except ApiError as error:
        return error
    job_resource.resource(job)
    return job.error or job_resource.results(job, 0, None, True)


soup = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join)
statement = st.builds(
    "{} {}".format,
    st.sampled_from(["SELECT", "SELECT * FROM d.t", "INSERT INTO d.t", "CREATE", "UPDATE d.t SET"]),
    soup,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sql=st.one_of(soup, statement, st.text(max_size=40)))
def test_any_text_is_answered_or_refused(context, sql):
    answer = outcome(context, sql)
    if isinstance(answer, ApiError):
        assert 400 <= answer.http < 500
        assert answer.message
        assert "\n" not in answer.message or "\n" in sql
    else:
        assert answer["jobComplete"]


@pytest.mark.parametrize("sql", ["SELECT " + "(" * 500 + "1" + ")" * 500, "SELECT " + "+".join(["1"] * 2000)])
def test_a_query_that_is_too_deep_is_refused(context, sql):
    answer = outcome(context, sql)
    assert isinstance(answer, ApiError)
    assert answer.reason == "resourcesExceeded"


@pytest.mark.parametrize("sql", ["TRUNCATE SELECT ALL", "CREATE VIEW d.w", "CREATE VIEW d.w (a)"])
def test_half_a_statement_is_refused(context, sql):
    answer = outcome(context, sql)
    assert isinstance(answer, ApiError)
    assert answer.reason == "invalidQuery"


def test_seeded_datasets_carry_no_trace_of_the_seeding(context):
    dataset = context.world.dataset(P, "d")
    assert "kbq-sandbox.invalid" not in repr(dataset.access)
    assert "kbq-sandbox.invalid" not in repr(context.world.projects[P].policy)


def test_an_invalid_seed_is_refused(context):
    with pytest.raises(ApiError, match="Syntax error"):
        seed(context, P, ["SELEC 1"])
