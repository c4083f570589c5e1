"""Datasets: created, read, listed, changed, deleted."""

import pytest
from google.api_core import exceptions
from google.cloud import bigquery


def made(client, name, **fields):
    dataset = bigquery.Dataset(f"{client.project}.{name}")
    for key, value in fields.items():
        setattr(dataset, key, value)
    return client.create_dataset(dataset)


def test_a_new_dataset_is_there_under_every_spelling_of_its_name(client):
    made(client, "spelled", friendly_name="Friendly", description="Description")
    for reference in ("spelled", f"{client.project}.spelled", bigquery.DatasetReference(client.project, "spelled")):
        found = client.get_dataset(reference)
        assert (found.dataset_id, found.project) == ("spelled", client.project)
        assert (found.friendly_name, found.description) == ("Friendly", "Description")
        assert all((found.created, found.modified, found.etag))
        assert found.location == "US"


def test_a_dataset_that_is_there_is_a_conflict_unless_that_is_fine(client):
    made(client, "twice")
    with pytest.raises(exceptions.Conflict):
        client.create_dataset("twice")
    assert client.create_dataset("twice", exists_ok=True).dataset_id == "twice"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("location", "EU"),
        ("default_table_expiration_ms", 7_200_000),
        ("default_partition_expiration_ms", 7_200_000),
        ("default_rounding_mode", "ROUND_HALF_EVEN"),
        ("is_case_insensitive", True),
        ("max_time_travel_hours", 48),
        ("storage_billing_model", "PHYSICAL"),
        ("labels", {"color": "green", "empty": ""}),
    ],
)
def test_what_a_dataset_is_made_with_comes_back(client, field, value):
    dataset = made(client, f"with_{field}", **{field: value})
    found = getattr(client.get_dataset(dataset), field)
    assert (int(found) if field.endswith("_hours") else found) == value


def test_without_a_word_case_matters(client):
    assert made(client, "cased").is_case_insensitive is False


def test_labels_are_changed_added_and_taken_away_one_by_one(client):
    dataset = made(client, "labelled")
    assert dataset.labels == {}
    dataset.labels = {"color": "blue", "priority": "high"}
    dataset = client.update_dataset(dataset, ["labels"])
    dataset.labels = {"color": "green", "shape": "circle", "priority": None}
    assert client.update_dataset(dataset, ["labels"]).labels == {"color": "green", "shape": "circle"}


def test_resource_tags_are_changed_added_and_taken_away_one_by_one(client):
    dataset = made(client, "tagged")
    dataset.resource_tags = {"p/env": "prod", "p/team": "data"}
    dataset = client.update_dataset(dataset, ["resource_tags"])
    dataset.resource_tags = {"p/env": "dev", "p/owner": "me", "p/team": None}
    dataset = client.update_dataset(dataset, ["resource_tags"])
    assert dataset.resource_tags == {"p/env": "dev", "p/owner": "me"}
    dataset.resource_tags = None
    assert client.update_dataset(dataset, ["resource_tags"]).resource_tags == {}


def test_an_outdated_etag_is_a_failed_precondition(client):
    stale = made(client, "stale")
    fresh = client.get_dataset("stale")
    fresh.description = "first"
    client.update_dataset(fresh, ["description"])
    stale.description = "second"
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_dataset(stale, ["description"])
    assert client.get_dataset("stale").description == "first"


def test_access_entries_are_added_and_kept(client):
    dataset = made(client, "shared")
    entry = bigquery.AccessEntry("READER", "userByEmail", "reader@acme.example")
    dataset.access_entries = [*dataset.access_entries, entry]
    updated = client.update_dataset(dataset, ["access_entries"])
    assert entry in updated.access_entries
    updated.access_entries = [e for e in updated.access_entries if e != entry]
    assert entry not in client.update_dataset(updated, ["access_entries"]).access_entries


def test_a_view_may_be_authorised(client):
    made(client, "source")
    client.query_and_wait("CREATE TABLE source.people (id INT64)")
    made(client, "views")
    view = bigquery.Table(f"{client.project}.views.people")
    view.view_query = f"SELECT id FROM `{client.project}.source.people`"
    view = client.create_table(view)
    source = client.get_dataset("source")
    source.access_entries = [*source.access_entries, bigquery.AccessEntry(None, "view", view.reference.to_api_repr())]
    entities = [e.entity_id for e in client.update_dataset(source, ["access_entries"]).access_entries]
    assert view.reference.to_api_repr() in entities


def test_lists_go_page_by_page_and_by_label(client):
    for number in range(3):
        made(client, f"listed_{number}", labels={"listed": "yes"})
    first = next(iter(client.list_datasets(page_size=2, filter="labels.listed:yes").pages))
    assert first.num_items == 2
    found = list(client.list_datasets(filter="labels.listed"))
    assert [d.dataset_id for d in found] == ["listed_0", "listed_1", "listed_2"]
    assert found[0].labels == {"listed": "yes"}
    assert len(list(client.list_datasets(max_results=1))) == 1


def test_results_of_queries_are_in_datasets_that_no_list_shows(client):
    before = {d.dataset_id for d in client.list_datasets()}
    hidden = client.query("SELECT 1").result()._table.dataset_id
    assert hidden.startswith("_")
    assert {d.dataset_id for d in client.list_datasets()} == before
    assert hidden in {d.dataset_id for d in client.list_datasets(include_all=True)}


def test_a_dataset_with_tables_goes_only_with_them(client):
    made(client, "full")
    client.create_table(f"{client.project}.full.t")
    with pytest.raises(exceptions.BadRequest, match="still in use"):
        client.delete_dataset("full")
    client.delete_dataset("full", delete_contents=True)
    with pytest.raises(exceptions.NotFound):
        client.get_table(f"{client.project}.full.t")
    with pytest.raises(exceptions.NotFound):
        client.delete_dataset("full")
    client.delete_dataset("full", not_found_ok=True)


def test_bigquerys_own_account_of_a_project_has_an_address(client):
    assert "@" in client.get_service_account_email()


def test_the_projects_list_has_the_own_one(client):
    assert client.project in {p.project_id for p in client.list_projects()}


def test_a_dataset_has_no_models_and_no_routines(client):
    made(client, "plain")
    assert list(client.list_models("plain")) == []
    assert list(client.list_routines("plain")) == []
    with pytest.raises(exceptions.NotFound):
        list(client.list_models("never"))
