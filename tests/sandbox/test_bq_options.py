"""Options of a project, encryption keys, fine-grained access lists, and reads that lag behind."""

import time

import pytest
from google.api_core import exceptions
from google.cloud import bigquery

P = "acme-klaviyo-demo"
DATASET = f"/bigquery/v2/projects/{P}/datasets/KLAVIYO_IMPORT_FROM_DWH"
READER = {"role": "READER", "userByEmail": "reader@acme.example"}
KEY = "projects/acme-security/locations/us/keyRings/warehouse/cryptoKeys/bigquery"


def library(caller):
    return bigquery.Client(P, caller.credentials, client_options={"api_endpoint": caller.sandbox.url})


def refused(answer):
    assert answer.status_code == 403, answer.text
    return answer.json()["error"]["message"]


# -- fine-grained access lists (https://cloud.google.com/bigquery/docs/control-access-to-resources-iam)


@pytest.fixture
def old_role(start, connect):
    """An operator whose custom role has bigquery.datasets.get and .update, but not the fine-grained permissions."""
    return connect(start("fine-grained-acls"))


def test_an_access_list_is_read_only_with_its_own_permission(old_role):
    assert "bigquery.datasets.getIamPolicy denied" in refused(old_role.get(DATASET))
    assert "bigquery.datasets.getIamPolicy denied" in refused(old_role.get(DATASET + "?datasetView=ACL"))
    seen = old_role.get(DATASET + "?datasetView=METADATA").json()
    assert "access" not in seen
    assert seen["location"] == "US"


def test_an_access_list_is_written_only_with_its_own_permission(old_role):
    body = {"access": [READER]}
    for query in ("", "?updateMode=UPDATE_ACL", "?updateMode=UPDATE_FULL"):
        assert "bigquery.datasets.setIamPolicy denied" in refused(old_role.call("PATCH", DATASET + query, body))
    for query in ("", "?updateMode=UPDATE_METADATA"):
        assert old_role.call("PATCH", DATASET + query, {"description": "x"}).status_code == 200
    grant = f"GRANT `roles/bigquery.dataViewer` ON SCHEMA `{P}.KLAVIYO_IMPORT_FROM_DWH` TO 'user:reader@acme.example'"
    with pytest.raises(exceptions.Forbidden, match="setIamPolicy"):
        library(old_role).query_and_wait(grant)


def test_who_has_both_new_permissions_reads_and_writes_only_the_list(start, connect):
    sandbox = start("fine-grained-acls")
    role = sandbox.world.projects[P].roles
    role["warehouseOperator"] = frozenset({"bigquery.datasets.getIamPolicy", "bigquery.datasets.setIamPolicy"})
    operator = connect(sandbox)
    seen = operator.get(DATASET + "?datasetView=ACL").json()
    assert "location" not in seen or "access" in seen
    body = {"access": [*seen["access"], READER]}
    assert operator.call("PATCH", DATASET + "?updateMode=UPDATE_ACL", body).status_code == 200
    assert "bigquery.datasets.get denied" in refused(operator.get(DATASET + "?datasetView=METADATA"))
    assert "bigquery.datasets.update denied" in refused(operator.call("PATCH", DATASET, {"description": "x"}))


def test_without_the_option_the_old_permissions_do(start, connect):
    sandbox = start("fine-grained-acls")
    sandbox.world.projects[P].options.clear()
    operator = connect(sandbox)
    seen = operator.get(DATASET).json()
    body = {"access": [*seen["access"], READER]}
    assert operator.call("PATCH", DATASET + "?updateMode=UPDATE_ACL", body).status_code == 200


def test_an_option_is_set_shown_and_taken_off_in_sql(start, connect):
    client = library(connect(start("existing")))
    name = "enable_fine_grained_dataset_acls_option"
    client.query_and_wait(f"ALTER PROJECT `{P}` SET OPTIONS (`region-us.{name}` = TRUE)")
    shown = "SELECT option_name, option_value FROM `region-us`.INFORMATION_SCHEMA.PROJECT_OPTIONS"
    assert [row.values() for row in client.query_and_wait(shown)] == [(name, "true")]
    client.query_and_wait(f"ALTER PROJECT `{P}` SET OPTIONS (`region-us.{name}` = NULL)")
    assert list(client.query_and_wait(shown)) == []
    for wrong in (f"`region-us.{name}` = 'yes'", "`region-us.nope` = TRUE", f"`{name}` = TRUE", f"`region-us.{name}`"):
        with pytest.raises(exceptions.BadRequest):
            client.query_and_wait(f"ALTER PROJECT `{P}` SET OPTIONS ({wrong})")


def test_an_option_takes_an_administrator(start, connect):
    client = library(connect(start("no-permission")))
    with pytest.raises(exceptions.Forbidden):
        client.query_and_wait(f"ALTER PROJECT `{P}` SET OPTIONS (`region-us.default_kms_key_name` = '{KEY}')")


# -- encryption keys (https://cloud.google.com/bigquery/docs/customer-managed-encryption)


def test_a_table_under_a_key_that_bigquery_may_not_use_is_neither_made_nor_read(start, connect):
    sandbox = start("cmek")
    client = library(connect(sandbox))
    client.create_dataset("d")
    with pytest.raises(exceptions.Forbidden, match=r"cryptoKeyVersions\.useToEncrypt' denied.*bq-\d+@bigquery-enc"):
        client.create_table(f"{P}.d.t")
    sandbox.world.projects[P].kms_keys[KEY] = True
    client.query_and_wait("CREATE TABLE d.t AS SELECT 1 AS id")
    assert client.get_table(f"{P}.d.t").encryption_configuration.kms_key_name == KEY
    sandbox.world.projects[P].kms_keys[KEY] = False
    for read in (lambda: client.query_and_wait("SELECT * FROM d.t"), lambda: list(client.list_rows(f"{P}.d.t"))):
        with pytest.raises(exceptions.Forbidden, match=r"useToDecrypt"):
            read()
    with pytest.raises(exceptions.Forbidden, match=r"useToDecrypt"):
        client.query_and_wait("INSERT INTO d.t VALUES (2)")


def test_a_datasets_own_key_goes_before_the_projects(start, connect):
    client = library(connect(start("cmek")))
    own = KEY + "-own"
    dataset = bigquery.Dataset(f"{P}.d")
    dataset.default_encryption_configuration = bigquery.EncryptionConfiguration(kms_key_name=own)
    client.create_dataset(dataset)
    assert client.create_table(f"{P}.d.t").encryption_configuration.kms_key_name == own


def test_where_a_key_is_demanded_a_query_without_one_is_refused(start, connect):
    sandbox = start("existing")
    policy = [{"values": {"deniedValues": ["bigquery.googleapis.com"]}}]
    sandbox.world.projects[P].org_policies["gcp.restrictNonCmekServices"] = policy
    client = library(connect(sandbox))
    with pytest.raises(exceptions.Forbidden, match="administrator requires that you specify an encryption key"):
        client.query_and_wait("SELECT 1")
    client.query_and_wait(f"ALTER PROJECT `{P}` SET OPTIONS (`region-us.default_kms_key_name` = '{KEY}')")
    assert [row[0] for row in client.query_and_wait("SELECT 1")] == [1]


# -- reads that lag behind


def test_a_reader_sees_what_was_and_then_what_is(start, connect):
    sandbox = start("eventual", clock=(clock := SetClock()))
    operator = connect(sandbox)
    base = f"/bigquery/v2/projects/{P}/datasets"
    assert operator.post(base, {"datasetReference": {"datasetId": "d"}}).status_code == 200
    assert operator.get(base + "/d").status_code == 404
    assert "datasets" not in operator.get(base).json()
    assert operator.post(base, {"datasetReference": {"datasetId": "d"}}).status_code == 409
    clock.now += 4
    before = operator.get(base + "/d").json()
    assert operator.call("PATCH", base + "/d", {"description": "x"}).status_code == 200
    assert operator.get(base + "/d").json() == before
    stale = operator.call("PATCH", base + "/d", {"description": "y"}, headers={"If-Match": before["etag"]})
    assert stale.status_code == 412
    clock.now += 4
    assert operator.get(base + "/d").json()["description"] == "x"


def test_a_policy_that_was_just_written_is_read_as_it_was(start, connect):
    sandbox = start("eventual", clock=(clock := SetClock()))
    operator = connect(sandbox)
    url = f"/crm/v1/projects/{P}"
    before = operator.post(url + ":getIamPolicy").json()
    binding = {"role": "roles/viewer", "members": ["user:reader@acme.example"]}
    new = {**before, "bindings": [*before["bindings"], binding]}
    assert operator.post(url + ":setIamPolicy", {"policy": new}).status_code == 200
    assert operator.post(url + ":getIamPolicy").json() == before
    assert operator.post(url + ":setIamPolicy", {"policy": new}).status_code == 409
    clock.now += 4
    assert binding in operator.post(url + ":getIamPolicy").json()["bindings"]


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now
