"""BigQuery's REST methods in the sandbox: datasets, tables, rows, jobs."""

import pytest
from google.api_core.exceptions import BadRequest, Conflict, Forbidden, GoogleAPICallError, NotFound, PreconditionFailed
from google.cloud import bigquery

P = "acme-klaviyo-demo"
SA_ID = "klaviyo-data-transfer-user"
SA = f"{SA_ID}@{P}.iam.gserviceaccount.com"
BASE = f"/bigquery/v2/projects/{P}"
FIELD = bigquery.SchemaField


@pytest.fixture
def bq(operator):
    return library(operator)


def library(caller):
    return bigquery.Client(
        project=P, credentials=caller.credentials, client_options={"api_endpoint": caller.sandbox.url}
    )


def dataset(name, location="US"):
    made = bigquery.Dataset(f"{P}.{name}")
    made.location = location
    return made


def grant(bq, name, **entry):
    """Add an access entry and write the list back, as clients do."""
    found = bq.get_dataset(name)
    found.access_entries = [*found.access_entries, bigquery.AccessEntry(**entry)]
    return bq.update_dataset(found, ["access_entries"])


def message(error):
    return error.errors[0]["message"]


# -- datasets


def test_a_new_dataset_has_the_usual_access_list(bq, operator):
    body = bq.create_dataset(dataset("KLAVIYO_TMP", "EU")).to_api_repr()
    assert body["location"] == "EU"
    assert body["access"] == [
        {"role": "WRITER", "specialGroup": "projectWriters"},
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"role": "OWNER", "userByEmail": operator.credentials.service_account_email},
        {"role": "READER", "specialGroup": "projectReaders"},
    ]


def test_a_dataset_without_a_location_is_in_the_us(operator):
    made = operator.post(BASE + "/datasets", {"datasetReference": {"datasetId": "plain"}})
    assert made.json()["location"] == "US"


@pytest.mark.parametrize(
    ("name", "location", "kind", "text"),
    [
        ("there", "US", Conflict, f"Already Exists: Dataset {P}:there"),
        ("no-hyphens", "US", BadRequest, 'Invalid dataset ID "no-hyphens"'),
        ("x", "moon-1", BadRequest, "Invalid value for location: moon-1 is not a valid value"),
    ],
)
def test_a_dataset_is_refused(bq, name, location, kind, text):
    bq.create_dataset(dataset("there"))
    with pytest.raises(kind) as caught:
        bq.create_dataset(dataset(name, location))
    assert message(caught.value).startswith(text)


def test_names_that_differ_in_case_are_two_datasets(bq):
    bq.create_dataset(dataset("KLAVIYO_TMP"))
    bq.create_dataset(dataset("klaviyo_tmp"))
    with pytest.raises(NotFound, match=f"Not found: Dataset {P}:Klaviyo_Tmp"):
        bq.get_dataset("Klaviyo_Tmp")


def test_a_location_cannot_be_changed(bq, operator):
    bq.create_dataset(dataset("d"))
    assert operator.call("PATCH", BASE + "/datasets/d", {"location": "EU"}).status_code == 400
    assert bq.get_dataset("d").location == "US"


def test_a_write_over_a_newer_write_is_refused(bq):
    bq.create_dataset(dataset("d"))
    mine, theirs = bq.get_dataset("d"), bq.get_dataset("d")
    theirs.description = "theirs"
    bq.update_dataset(theirs, ["description"])
    mine.description = "mine"
    with pytest.raises(PreconditionFailed, match=r"Precondition check failed\."):
        bq.update_dataset(mine, ["description"])
    assert bq.get_dataset("d").description == "theirs"


def test_patch_keeps_what_it_does_not_name_and_update_does_not(operator):
    given = {"datasetReference": {"datasetId": "d"}, "description": "x", "labels": {"a": "1", "b": "2"}}
    operator.post(BASE + "/datasets", given)
    patched = operator.call("PATCH", BASE + "/datasets/d", {"labels": {"a": None, "c": "3"}}).json()
    assert (patched["description"], patched["labels"]) == ("x", {"b": "2", "c": "3"})
    updated = operator.call("PUT", BASE + "/datasets/d", {"friendlyName": "f"}).json()
    assert updated["friendlyName"] == "f"
    assert "description" not in updated


def test_datasets_are_listed_in_pages_and_by_label(bq, operator):
    for i in range(5):
        made = dataset(f"d{i}")
        made.labels = {"odd": str(i % 2)}
        bq.create_dataset(made)
    first = operator.get(BASE + "/datasets?maxResults=2").json()
    assert [d["datasetReference"]["datasetId"] for d in first["datasets"]] == ["d0", "d1"]
    assert [d.dataset_id for d in bq.list_datasets(page_size=2)] == ["d0", "d1", "d2", "d3", "d4"]
    assert [d.dataset_id for d in bq.list_datasets(filter="labels.odd:1")] == ["d1", "d3"]


def test_a_dataset_with_tables_is_deleted_only_with_its_contents(bq):
    bq.create_dataset(dataset("d"))
    bq.create_table(bigquery.Table(f"{P}.d.t", [FIELD("id", "INT64")]))
    with pytest.raises(BadRequest, match=f"Dataset {P}:d is still in use"):
        bq.delete_dataset("d")
    bq.delete_dataset("d", delete_contents=True)
    with pytest.raises(NotFound):
        bq.delete_dataset("d")


# -- access lists


def test_roles_come_back_under_their_legacy_names(bq, operator, new_key):
    new_key(operator, SA_ID)
    bq.create_dataset(dataset("d"))
    for role in ("roles/bigquery.dataViewer", "roles/bigquery.dataEditor", "roles/bigquery.metadataViewer"):
        grant(bq, "d", role=role, entity_type="iamMember", entity_id=f"serviceAccount:{SA}")
    shown = operator.get(BASE + "/datasets/d").json()["access"]
    assert [e["role"] for e in shown if e.get("userByEmail") == SA] == [
        "READER",
        "WRITER",
        "roles/bigquery.metadataViewer",
    ]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"role": "READER", "userByEmail": f"nobody-here@{P}.iam.gserviceaccount.com"},
         f"IAM setPolicy failed for Dataset {P}:d: Service account nobody-here@{P}.iam.gserviceaccount.com "
         "does not exist."),
        ({"role": "roles/bigquery.jobUser", "userByEmail": "a@example.com"},
         f"IAM setPolicy failed for Dataset {P}:d: Role roles/bigquery.jobUser is not supported for this resource."),
        ({"role": "READER", "iamMember": f"deleted:serviceAccount:{SA}?uid=123"},
         f"IAM setPolicy failed for Dataset {P}:d: The member deleted:serviceaccount:{SA}?uid=123 is of an unknown "
         "type. Please set a valid type prefix for the member."),
        ({"role": "READER", "userByEmail": "a@example.com", "domain": "example.com"},
         "Each access entry must name exactly one user, group, domain, view, routine or dataset"),
        ({"userByEmail": "a@example.com"}, "Required parameter is missing: role"),
    ],
)  # fmt: skip
def test_an_access_entry_is_refused_and_nothing_changes(operator, entry, text):
    operator.post(BASE + "/datasets", {"datasetReference": {"datasetId": "d"}})
    before = operator.get(BASE + "/datasets/d").json()
    answer = operator.call("PATCH", BASE + "/datasets/d", {"access": [*before["access"], entry], "description": "x"})
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0] == {"message": text, "domain": "global", "reason": "invalid"}
    assert operator.get(BASE + "/datasets/d").json() == before


def test_a_tombstone_blocks_the_next_write(bq, operator, new_key):
    new_key(operator, SA_ID)
    bq.create_dataset(dataset("d"))
    grant(bq, "d", role="READER", entity_type="userByEmail", entity_id=SA)
    uid = operator.get(f"/iam/v1/projects/{P}/serviceAccounts/{SA}").json()["uniqueId"]
    operator.call("DELETE", f"/iam/v1/projects/{P}/serviceAccounts/{SA}")
    with pytest.raises(BadRequest) as caught:
        grant(bq, "d", role="READER", entity_type="userByEmail", entity_id="a@example.com")
    assert f"The member deleted:serviceaccount:{SA}?uid={uid} is of an unknown type." in message(caught.value)


def test_a_new_account_cannot_be_granted_anything_before_it_is_visible(start, connect, new_key):
    slow = start("slow-propagation")
    caller = connect(slow)
    new_key(caller, SA_ID)
    bq = library(caller)
    bq.create_dataset(dataset("d"))
    with pytest.raises(BadRequest) as caught:
        grant(bq, "d", role="READER", entity_type="userByEmail", entity_id=SA)
    assert message(caught.value) == f"IAM setPolicy failed for Dataset {P}:d: Service account {SA} does not exist."
    slow.world.clock.advance(slow.world.delays["account"])
    grant(bq, "d", role="READER", entity_type="userByEmail", entity_id=SA)


def test_a_condition_needs_policy_version_3_both_ways(operator):
    operator.post(BASE + "/datasets", {"datasetReference": {"datasetId": "d"}})
    condition = {"title": "for a while", "expression": 'request.time < timestamp("2099-01-01T00:00:00Z")'}
    entry = {"role": "READER", "userByEmail": "a@example.com", "condition": condition}
    access = [*operator.get(BASE + "/datasets/d").json()["access"], entry]
    assert operator.call("PATCH", BASE + "/datasets/d", {"access": access}).status_code == 400
    assert operator.call("PATCH", BASE + "/datasets/d?accessPolicyVersion=3", {"access": access}).status_code == 200
    assert entry in operator.get(BASE + "/datasets/d?accessPolicyVersion=3").json()["access"]
    masked = operator.get(BASE + "/datasets/d").json()["access"][-1]
    assert masked["role"].startswith("roles/bigquery.dataViewer_withcond_")
    assert "condition" not in masked
    # the masked role cannot be written back
    blind = operator.call(
        "PATCH", BASE + "/datasets/d", {"access": operator.get(BASE + "/datasets/d").json()["access"]}
    )
    assert blind.status_code == 400
    assert operator.get(BASE + "/datasets/d?accessPolicyVersion=2").status_code == 400


def test_two_thousand_entries_are_written_back_quickly(start, connect):
    caller = connect(start("large"))
    bq = library(caller)
    found = bq.get_dataset("KLAVIYO_IMPORT_FROM_DWH")
    assert len(found.access_entries) >= 2000
    grant(bq, "KLAVIYO_IMPORT_FROM_DWH", role="READER", entity_type="userByEmail", entity_id="a@example.com")
    assert len(bq.get_dataset("KLAVIYO_IMPORT_FROM_DWH").access_entries) == len(found.access_entries) + 1


@pytest.mark.parametrize(
    ("constraint", "rules", "act", "status", "text"),
    [
        ("gcp.resourceLocations", [{"values": {"allowedValues": ["in:eu-locations"]}}],
         lambda bq: bq.create_dataset(dataset("d2", "US")), 412,
         f"'US' violates constraint constraints/gcp.resourceLocations on the resource projects/{P}."),
        ("iam.allowedPolicyMemberDomains", [{"values": {"allowedValues": ["C0example"]}}],
         lambda bq: grant(bq, "d", role="READER", entity_type="userByEmail", entity_id="a@example.com"), 400,
         "IAM setPolicy failed for Dataset d: Operation denied by org policy on resource."),
    ],
)  # fmt: skip
def test_an_organization_policy_refuses_the_call(sandbox, bq, constraint, rules, act, status, text):
    bq.create_dataset(dataset("d", "EU"))
    sandbox.world.projects[P].org_policies[constraint] = rules
    with pytest.raises(GoogleAPICallError) as caught:
        act(bq)
    assert (caught.value.code, message(caught.value)) == (status, text)


# -- tables and rows


def test_tables_are_made_listed_changed_and_deleted(bq):
    bq.create_dataset(dataset("d"))
    table = bq.create_table(bigquery.Table(f"{P}.d.t", [FIELD("id", "INT64", "REQUIRED"), FIELD("name", "STRING")]))
    assert (table.table_type, table.num_rows, table.location) == ("TABLE", 0, "US")
    with pytest.raises(Conflict, match=f"Already Exists: Table {P}:d.t"):
        bq.create_table(table)
    table.labels = {"a": "1"}
    table.schema = [*table.schema, FIELD("more", "DATE")]
    assert [f.name for f in bq.update_table(table, ["labels", "schema"]).schema] == ["id", "name", "more"]
    with pytest.raises(PreconditionFailed):
        bq.update_table(table, ["labels"])
    table = bq.get_table("d.t")
    table.schema = table.schema[:1]
    with pytest.raises(BadRequest, match="Field name is missing in new schema"):
        bq.update_table(table, ["schema"])
    assert [t.table_id for t in bq.list_tables("d")] == ["t"]
    bq.delete_table("d.t")
    with pytest.raises(NotFound, match=f"Not found: Table {P}:d.t"):
        bq.get_table("d.t")


def test_rows_are_streamed_in_and_listed_in_pages(bq):
    bq.create_dataset(dataset("d"))
    table = bq.create_table(bigquery.Table(f"{P}.d.t", [FIELD("id", "INT64"), FIELD("at", "TIMESTAMP")]))
    assert bq.insert_rows_json(table, [{"id": i, "at": "2026-01-02T03:04:05Z"} for i in range(7)]) == []
    rows = list(bq.list_rows(bq.get_table("d.t"), page_size=3))
    assert [row.id for row in rows] == list(range(7))
    assert rows[0].at.isoformat() == "2026-01-02T03:04:05+00:00"
    assert bq.insert_rows_json(table, [{"nope": 1}])[0]["errors"][0]["message"] == "no such field: nope."
    found = bq.get_table("d.t")
    assert (found.num_rows, found.num_bytes) == (7, 7 * 16)


def test_a_view_over_rest(bq):
    bq.create_dataset(dataset("d"))
    view = bigquery.Table(f"{P}.d.v")
    view.view_query = "SELECT 1 AS one"
    made = bq.create_table(view)
    assert (made.table_type, [f.name for f in made.schema]) == ("VIEW", ["one"])
    with pytest.raises(BadRequest, match="Cannot list a table of type VIEW"):
        list(bq.list_rows(made))
    view = bigquery.Table(f"{P}.d.w")
    view.view_query = "SELECT nope FROM d.v"
    with pytest.raises(BadRequest, match="Unrecognized name: nope at"):
        bq.create_table(view)


def test_a_tables_own_policy_opens_that_table_alone(bq, operator, connect, new_key):
    key = new_key(operator, SA_ID)
    bq.create_dataset(dataset("d"))
    bq.query_and_wait("CREATE TABLE d.open AS SELECT 1 AS id; CREATE TABLE d.shut AS SELECT 1 AS id")
    reader = library(connect(operator.sandbox, key))
    bq.query_and_wait(f"GRANT `roles/bigquery.dataViewer` ON TABLE d.open TO 'serviceAccount:{SA}'")
    assert reader.get_table("d.open").num_rows == 1
    with pytest.raises(Forbidden):
        reader.get_table("d.shut")
    asked = ["bigquery.tables.getData", "bigquery.tables.delete"]
    assert reader.test_iam_permissions(f"{P}.d.open", asked) == {"permissions": asked[:1]}
    assert reader.test_iam_permissions(f"{P}.d.shut", asked) == {}
    assert bq.get_iam_policy("d.open").bindings == [
        {"role": "roles/bigquery.dataViewer", "members": {f"serviceAccount:{SA}"}}
    ]
    shown = bq.query_and_wait(
        "SELECT grantee FROM `region-us`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES "
        "WHERE object_schema = 'd' AND object_name = 'open'"
    )
    assert [row.grantee for row in shown] == [f"serviceAccount:{SA}"]


# -- jobs


def test_a_failed_job_is_a_job_that_is_done_with_an_error(bq):
    job = bq.query("SELECT * FROM nothing.t", job_retry=None)
    assert job.state == "DONE"
    assert job.error_result == {
        "reason": "notFound",
        "message": f"Not found: Dataset {P}:nothing was not found in location US",
    }
    with pytest.raises(NotFound):
        job.result(timeout=10)
    assert bq.query("SELEC", job_retry=None).error_result["location"] == "query"


def test_a_dry_run_tells_bytes_and_columns_and_leaves_nothing(bq, sandbox):
    bq.create_dataset(dataset("d"))
    bq.query_and_wait("CREATE TABLE d.t AS SELECT 1 AS id, 'four' AS name")
    before = sandbox.world.writes()
    dry = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    assert bq.query("SELECT id FROM d.t", job_config=dry).total_bytes_processed == 8
    assert bq.query("SELECT * FROM d.t", job_config=dry).total_bytes_processed == 8 + 2 + 4
    assert bq.query("SELECT COUNT(*) FROM d.t", job_config=dry).total_bytes_processed == 0
    job = bq.query("SELECT id, name FROM d.t", job_config=dry)
    assert [f.name for f in job.schema] == ["id", "name"]
    for sql in (
        "CREATE SCHEMA e",
        "CREATE TABLE d.u (id INT64)",
        "INSERT INTO d.t VALUES (2, 'x')",
        "DROP TABLE d.t",
        "GRANT `roles/bigquery.dataViewer` ON SCHEMA d TO 'user:a@example.com'",
    ):
        bq.query(sql, job_config=dry)
    with pytest.raises(BadRequest, match="Syntax error"):
        bq.query("SELEC", job_config=dry)
    assert sandbox.world.writes() == before
    assert bq.get_table("d.t").num_rows == 1
    assert [d.dataset_id for d in bq.list_datasets()] == ["d"]


def test_reads_are_not_in_the_write_log_and_changes_are(bq, sandbox):
    bq.create_dataset(dataset("d"))
    written = len(sandbox.world.writes())
    bq.query_and_wait("SELECT 1")
    bq.query("SELECT 2").result(timeout=10)
    assert len(sandbox.world.writes()) == written
    bq.query_and_wait("CREATE TABLE d.t (id INT64)")
    bq.query("DROP TABLE d.t").result(timeout=10)
    assert len(sandbox.world.writes()) == written + 2


def test_one_round_trip_answers_a_query_with_its_rows(bq, sandbox):
    before = len(sandbox.world.calls)
    assert [tuple(r) for r in bq.query_and_wait("SELECT 1 AS one")] == [(1,)]
    assert [c.method for c in sandbox.world.calls[before:] if c.method.startswith("bigquery")] == [
        "bigquery.jobs.query"
    ]


def test_results_come_in_pages(bq):
    rows = bq.query("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 25)) AS x ORDER BY x").result(page_size=10, timeout=10)
    assert (rows.total_rows, [r.x for r in rows]) == (25, list(range(1, 26)))
    assert [r.x for r in bq.query_and_wait("SELECT x FROM UNNEST([1, 2, 3]) AS x", page_size=2)] == [1, 2, 3]


def test_the_same_request_id_runs_once(operator, bq):
    bq.create_dataset(dataset("d"))
    body = {"query": "CREATE TABLE d.once (id INT64)", "useLegacySql": False, "requestId": "abc"}
    first, second = (operator.post(BASE + "/queries", body) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["jobReference"] == second.json()["jobReference"]


def test_a_job_outside_the_multi_regions_is_found_only_with_its_location(bq):
    bq.create_dataset(dataset("far", "europe-west3"))
    job = bq.query("CREATE TABLE far.t (id INT64)")
    job.result(timeout=10)
    assert job.location == "europe-west3"
    assert bq.get_job(job.job_id, location="europe-west3").state == "DONE"
    with pytest.raises(NotFound, match=f"Not found: Job {P}:US.{job.job_id}"):
        bq.get_job(job.job_id)


def test_jobs_are_listed_newest_first_and_can_be_cancelled_too_late(bq):
    jobs = [bq.query(f"SELECT {i}") for i in range(3)]
    assert [j.job_id for j in bq.list_jobs(max_results=2)] == [jobs[2].job_id, jobs[1].job_id]
    assert bq.cancel_job(jobs[0].job_id).state == "DONE"


def test_a_result_goes_into_a_destination_table_of_the_same_location(bq):
    bq.create_dataset(dataset("d"))
    bq.create_dataset(dataset("eu", "EU"))
    bq.query_and_wait("CREATE TABLE d.t AS SELECT 1 AS id")
    bq.query("SELECT id + 1 AS id FROM d.t", job_config=bigquery.QueryJobConfig(destination=f"{P}.d.out")).result()
    assert [r.id for r in bq.list_rows("d.out", selected_fields=[FIELD("id", "INT64")])] == [2]
    with pytest.raises(BadRequest, match="Cannot read and write in different locations: source: US, destination: EU"):
        bq.query("SELECT id FROM d.t", job_config=bigquery.QueryJobConfig(destination=f"{P}.eu.out")).result()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"query": "DELETE FROM [d.t] WHERE TRUE"},
            "Of legacy SQL, only SELECT over tables in square brackets is supported here: set useLegacySql to false",
        ),
        ({"useLegacySql": False}, "Required parameter is missing: query"),
        ({"query": "SELECT 1", "useLegacySql": False, "location": "moon"}, "Location moon is not supported"),
    ],
)
def test_a_request_is_refused(operator, body, text):
    answer = operator.post(BASE + "/queries", body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, text)


def test_a_tables_policy_keeps_groups_and_conditions_and_knows_its_etag(operator, bq):
    bq.create_dataset(dataset("d"))
    bq.create_table(bigquery.Table(f"{P}.d.t", [FIELD("id", "INT64")]))
    path = BASE + "/datasets/d/tables/t"
    assert operator.post(path + ":getIamPolicy").json() == {"version": 1, "etag": "ACAB"}
    binding = {"role": "roles/bigquery.dataViewer", "members": ["group:a@acme.example"]}
    conditional = binding | {"condition": {"title": "c", "expression": "true"}}
    wanted = {"version": 3, "bindings": [binding, conditional]}
    assert operator.post(path + ":setIamPolicy", {"policy": wanted | {"version": 1}}).status_code == 400
    etag = operator.post(path + ":setIamPolicy", {"policy": wanted}).json()["etag"]
    asked = {"options": {"requestedPolicyVersion": 3}}
    assert operator.post(path + ":getIamPolicy", asked).json() == wanted | {"etag": etag}
    low = operator.post(path + ":getIamPolicy").json()["bindings"]
    assert [b["role"].partition("_withcond_")[1] for b in low] == ["", "_withcond_"]
    assert operator.post(path + ":setIamPolicy", {"policy": wanted | {"etag": "BwOld"}}).status_code == 412
    nobody = {"role": "roles/bigquery.dataViewer", "members": [f"serviceAccount:no-one@{P}.iam.gserviceaccount.com"]}
    assert operator.post(path + ":setIamPolicy", {"policy": {"bindings": [nobody]}}).status_code == 400
    assert operator.post(path + ":getIamPolicy", {"options": {"requestedPolicyVersion": "x"}}).status_code == 400


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", "/datasets", {"datasetReference": "d2"}),
        ("PATCH", "/datasets/d", {"labels": "x"}),
        ("PATCH", "/datasets/d", {"access": [None]}),
        ("PATCH", "/datasets/d", {"access": [{"role": "READER", "userByEmail": 1}]}),
        ("PATCH", "/datasets/d", {"defaultTableExpirationMs": "soon"}),
        ("POST", "/datasets/d/tables", {"tableReference": {"tableId": "u"}, "schema": {"fields": "x"}}),
        ("POST", "/datasets/d/tables", {"tableReference": {"tableId": "u"}, "schema": {"fields": [{"name": []}]}}),
        ("POST", "/datasets/d/tables/t/insertAll", {"rows": [1]}),
        ("POST", "/datasets/d/tables/t:setIamPolicy", {"policy": {"bindings": [{"members": "x"}]}}),
        ("POST", "/queries", {"query": ["SELECT 1"], "useLegacySql": False}),
        ("POST", "/queries", {"query": "SELECT 1", "useLegacySql": False, "maxResults": "x"}),
        ("POST", "/jobs", {"configuration": "x"}),
        ("GET", "/datasets?maxResults=x", None),
        ("GET", "/datasets/d/tables/t/data?startIndex=99999999999999999999", None),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused(operator, bq, verb, path, body):
    bq.create_dataset(dataset("d"))
    bq.create_table(bigquery.Table(f"{P}.d.t", [FIELD("id", "INT64")]))
    answer = operator.call(verb, BASE + path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "invalid"
    assert operator.get(BASE + "/datasets").status_code == 200


def test_a_row_with_a_wrong_value_is_refused_and_no_other_row_stays(bq):
    bq.create_dataset(dataset("d"))
    schema = [FIELD("id", "INT64"), FIELD("tags", "STRING", "REPEATED"), FIELD("raw", "BYTES")]
    table = bq.create_table(bigquery.Table(f"{P}.d.t", schema))
    for wrong in ({"id": "x"}, {"tags": "x"}, {"raw": "?"}):
        assert bq.insert_rows_json(table, [{"id": 1}, wrong])[0]["errors"][0]["reason"] == "invalid"
    assert bq.get_table("d.t").num_rows == 0


def test_a_project_that_does_not_exist_is_told_so(operator):
    answer = operator.get("/bigquery/v2/projects/no-such-project/datasets")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Project no-such-project is not found.")


# -- without billing


def test_without_billing_ddl_passes_and_dml_does_not(start, connect):
    caller = connect(start("no-billing"))
    bq = library(caller)
    made = bq.create_dataset(dataset("KLAVIYO_TMP"))
    assert made.default_table_expiration_ms == 60 * 24 * 3600 * 1000
    bq.query_and_wait("CREATE TABLE KLAVIYO_TMP.t (id INT64)")
    assert bq.get_table("KLAVIYO_TMP.t").expires is not None
    with pytest.raises(Forbidden) as caught:
        bq.query_and_wait("INSERT INTO KLAVIYO_TMP.t VALUES (1)")
    assert caught.value.errors[0]["reason"] == "billingNotEnabled"
    assert "DML queries are not allowed in the free tier." in message(caught.value)
    with pytest.raises(Forbidden, match="Streaming insert is not allowed in the free tier"):
        bq.insert_rows_json(bq.get_table("KLAVIYO_TMP.t"), [{"id": 1}], retry=None)
    forever = dataset("d")
    forever.default_table_expiration_ms = 61 * 24 * 3600 * 1000
    with pytest.raises(Forbidden, match="The default table expiration time must be less than 60 days"):
        bq.create_dataset(forever)
    bq.query_and_wait("DROP TABLE KLAVIYO_TMP.t")
