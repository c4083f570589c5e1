"""Materialized views, over REST and in SQL."""

import datetime as dt

import pytest
from google.api_core import exceptions
from google.cloud import bigquery


@pytest.fixture
def clicks(client, table_id) -> str:
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS product, 2 AS clicks UNION ALL SELECT 1, 3")
    return table_id


def test_a_materialized_view_is_made_changed_read_and_deleted(client, clicks):
    view = bigquery.Table(f"{clicks}_mv")
    view.mview_query = f"SELECT product, SUM(clicks) AS clicks FROM `{clicks}` GROUP BY 1"
    made = client.create_table(view)
    assert (made.table_type, made.mview_query, made.mview_enable_refresh) == (
        "MATERIALIZED_VIEW",
        view.mview_query,
        True,
    )
    assert made.mview_refresh_interval == dt.timedelta(minutes=30)
    made.mview_enable_refresh, made.mview_refresh_interval = False, dt.timedelta(hours=1)
    changed = client.update_table(made, ["mview_enable_refresh", "mview_refresh_interval"])
    assert (changed.mview_enable_refresh, changed.mview_refresh_interval) == (False, dt.timedelta(hours=1))
    assert changed.mview_query == view.mview_query
    assert [row.values() for row in client.query_and_wait(f"SELECT * FROM `{clicks}_mv`")] == [(1, 5)]
    client.delete_table(changed)
    with pytest.raises(exceptions.NotFound):
        client.get_table(changed)


def test_a_materialized_view_is_made_in_sql_and_dropped_as_one(client, clicks):
    options = "OPTIONS(enable_refresh=true, refresh_interval_minutes=60, description='sums')"
    select = f"SELECT product, SUM(clicks) AS s FROM `{clicks}` GROUP BY 1"
    client.query_and_wait(f"CREATE MATERIALIZED VIEW `{clicks}_mv` {options} AS {select}")
    found = client.get_table(f"{clicks}_mv")
    assert (found.table_type, found.description) == ("MATERIALIZED_VIEW", "sums")
    assert found.mview_refresh_interval == dt.timedelta(hours=1)
    with pytest.raises(exceptions.BadRequest, match="currently a MATERIALIZED_VIEW"):
        client.query_and_wait(f"DROP VIEW `{clicks}_mv`")
    client.query_and_wait(f"DROP MATERIALIZED VIEW `{clicks}_mv`")
    assert f"{clicks}_mv" not in [f"{t.project}.{t.dataset_id}.{t.table_id}" for t in client.list_tables("conformance")]
