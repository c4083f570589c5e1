"""Permissions in the sandbox's BigQuery: the role matrix, views over other datasets, protected tables."""

import json

import pytest
from google.api_core.exceptions import Conflict, Forbidden, GoogleAPICallError, NotFound
from google.cloud import bigquery
from google.oauth2 import service_account

from kbq_tui.sandbox.server import Sandbox
from tests.support.polling import PATIENCE

P = "acme-klaviyo-demo"
SA = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{SA}"
CLOUD = "https://www.googleapis.com/auth/cloud-platform"
LOCATED = "or perhaps it does not exist in location US."


class Cast:
    """The operator, and the account with only what a test gives it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.world = sandbox, sandbox.world
        self.operator = self._client(json.loads(sandbox.key_file.read_text()))
        self.account = self._client(json.loads(sandbox.account_keys[SA].read_text()))

    def _client(self, key, scopes=(CLOUD,)):
        credentials = service_account.Credentials.from_service_account_info(key, scopes=list(scopes))
        return bigquery.Client(project=P, credentials=credentials, client_options={"api_endpoint": self.sandbox.url})

    def account_with_scope(self, *scopes):
        return self._client(json.loads(self.sandbox.account_keys[SA].read_text()), scopes)

    def run(self, client, sql):
        return [tuple(r) for r in client.query_and_wait(sql, retry=None, job_retry=None, api_timeout=PATIENCE)]

    def setup(self, sql):
        return self.run(self.operator, sql)

    def only(self, project=(), **datasets):
        """Remove everything from the account, then give it project roles and roles on datasets."""
        with self.world.lock:
            home = self.world.projects[P]
            kept = [b for b in home.policy.bindings if MEMBER not in b["members"]]
            self.world.set_policy(home, [*kept, *({"role": r, "members": [MEMBER]} for r in project)], 1)
            for d in home.datasets.values():
                entries = [e for e in d.access if e.get("userByEmail") != SA]
                given = datasets.get(d.dataset_id)
                self.world.set_access(d, [*entries, *([{"role": given, "userByEmail": SA}] if given else [])])


@pytest.fixture(scope="module")
def cast():
    with Sandbox("existing") as sandbox:
        sandbox.world.dataset_updates = 1_000  # the tests of this module share its datasets
        made = Cast(sandbox)
        made.setup("CREATE SCHEMA d; CREATE TABLE d.t AS SELECT 1 AS id; CREATE SCHEMA other; "
                   "CREATE TABLE other.base AS SELECT 1 AS id, 'x' AS email")  # fmt: skip
        yield made


@pytest.fixture
def refusal(cast):
    def of(sql, client=None):
        with pytest.raises(GoogleAPICallError) as caught:
            cast.run(client or cast.account, sql)
        assert caught.value.errors[0]["reason"] == "accessDenied"
        return caught.value.errors[0]["message"]

    return of


NO_JOBS = f"Access Denied: Project {P}: User does not have bigquery.jobs.create permission in project {P}."
NO_READ = f"Access Denied: Table {P}:d.t: User does not have permission to query table {P}:d.t, {LOCATED}"
NO_DROP = (
    f"Access Denied: Table {P}:d.t: Permission bigquery.tables.delete denied on table {P}:d.t (or it may not exist)."
)
NO_WRITE = NO_DROP.replace("tables.delete", "tables.updateData")
NO_CREATE = (
    f"Access Denied: Dataset {P}:d: Permission bigquery.tables.create denied on dataset {P}:d (or it may not exist)."
)
NO_SCHEMA = f"Access Denied: Project {P}: User does not have bigquery.datasets.create permission in project {P}."
NO_GRANT = (
    f"Access Denied: Dataset {P}:d: Permission bigquery.datasets.update denied on dataset {P}:d (or it may not exist)."
)
READ, WRITE, CREATE = "SELECT * FROM d.t", "INSERT INTO d.t VALUES (2)", "CREATE TABLE d.u (id INT64); DROP TABLE d.u"
JOB_USER = ["roles/bigquery.jobUser"]


@pytest.mark.parametrize(
    ("project", "on_dataset", "sql", "text"),
    [
        ([], None, "SELECT 1", NO_JOBS),
        ([], "READER", READ, NO_JOBS),
        ([], "OWNER", "CREATE SCHEMA x", NO_JOBS),
        (JOB_USER, None, "SELECT 1", None),
        (JOB_USER, None, READ, NO_READ),
        (JOB_USER, None, "SELECT * FROM d.no_such_table", NO_READ.replace("d.t", "d.no_such_table")),
        (JOB_USER, "READER", READ, None),
        (JOB_USER, "READER", WRITE, NO_WRITE),
        (JOB_USER, "READER", "UPDATE d.t SET id = 1 WHERE TRUE", NO_WRITE),
        (JOB_USER, "READER", "DELETE FROM d.t WHERE TRUE", NO_WRITE),
        (JOB_USER, "READER", "TRUNCATE TABLE d.t", NO_WRITE),
        (JOB_USER, "READER", "CREATE TABLE d.u (id INT64)", NO_CREATE),
        (JOB_USER, "READER", "CREATE VIEW d.u AS SELECT 1 AS id", NO_CREATE),
        (JOB_USER, "READER", "DROP TABLE d.t", NO_DROP),
        (JOB_USER, "READER", "DROP TABLE d.no_such_table", NO_DROP.replace("d.t", "d.no_such_table")),
        (JOB_USER, "READER", "CREATE SCHEMA x", NO_SCHEMA),
        (JOB_USER, "READER", "CREATE SCHEMA IF NOT EXISTS d", NO_SCHEMA),
        (JOB_USER, "READER", "DROP SCHEMA d CASCADE", NO_GRANT.replace("datasets.update", "datasets.delete")),
        (JOB_USER, "WRITER", READ, None),
        (JOB_USER, "WRITER", CREATE, None),
        (JOB_USER, "WRITER", "GRANT `roles/bigquery.dataViewer` ON SCHEMA d TO 'user:a@example.com'", NO_GRANT),
        (JOB_USER, "roles/bigquery.metadataViewer", READ, NO_READ),
        (["roles/bigquery.user"], None, "SELECT 1", None),
        (["roles/bigquery.user"], None, READ, NO_READ),
        ([*JOB_USER, "roles/bigquery.dataViewer"], None, READ, None),
        ([*JOB_USER, "roles/bigquery.dataEditor"], None, CREATE, None),
        (["roles/viewer"], None, READ, None),  # through the special group projectReaders of the dataset
        (["roles/editor"], None, CREATE, None),
    ],
)
def test_what_a_role_lets_a_query_do(cast, refusal, project, on_dataset, sql, text):
    cast.only(project, **({"d": on_dataset} if on_dataset else {}))
    if text is None:
        cast.run(cast.account, sql)
    else:
        assert refusal(sql) == text


def test_a_data_viewer_without_job_user_lists_and_heads_all_the_same(cast):
    cast.only(d="READER")
    assert "t" in [t.table_id for t in cast.account.list_tables("d")]
    assert [r.id for r in cast.account.list_rows(cast.account.get_table("d.t"))] == [1]
    assert [d.dataset_id for d in cast.account.list_datasets()] == ["d"]


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (
            lambda c: c.get_dataset("d"),
            f"Permission bigquery.datasets.get denied on dataset {P}:d (or it may not exist).",
        ),
        (lambda c: list(c.list_tables("d")), f"Permission bigquery.tables.list denied on dataset {P}:d"),
        (
            lambda c: c.get_table("d.t"),
            f"Permission bigquery.tables.get denied on table {P}:d.t (or it may not exist).",
        ),
        (lambda c: c.get_table("d.nope"), f"Permission bigquery.tables.get denied on table {P}:d.nope"),
        (lambda c: c.create_dataset("x"), f"User does not have bigquery.datasets.create permission in project {P}."),
        (lambda c: c.create_dataset("d"), f"User does not have bigquery.datasets.create permission in project {P}."),
        (lambda c: c.delete_dataset("d"), f"Permission bigquery.datasets.delete denied on dataset {P}:d"),
        (lambda c: c.create_table(bigquery.Table(f"{P}.d.x")), "Permission bigquery.tables.create denied on dataset"),
        (lambda c: c.delete_table("d.t"), f"Permission bigquery.tables.delete denied on table {P}:d.t"),
        (lambda c: c.insert_rows_json("d.t", [{"id": 1}], retry=None), "Permission bigquery.tables.updateData denied"),
        (lambda c: list(c.list_jobs(all_users=True)), "User does not have bigquery.jobs.list permission"),
    ],
)
def test_without_roles_rest_says_no(cast, act, text):
    cast.only()
    with pytest.raises(Forbidden) as caught:
        act(cast.account)
    assert text in caught.value.errors[0]["message"]
    assert caught.value.errors[0]["message"].startswith("Access Denied: ")


def test_project_wide_views_need_the_permission_on_the_project(cast, refusal):
    cast.only(JOB_USER, d="READER")
    view = f"{P}:region-us.INFORMATION_SCHEMA.SCHEMATA"
    denied = f"Access Denied: Table {view}: User does not have permission to query table {view}, {LOCATED}"
    assert refusal(f"SELECT schema_name FROM `{P}`.`region-us`.INFORMATION_SCHEMA.SCHEMATA") == denied
    # but a dataset's own views, and its own grants, are visible for those who may read it
    assert cast.run(cast.account, "SELECT table_name FROM d.INFORMATION_SCHEMA.TABLES WHERE table_name = 't'") == [
        ("t",)
    ]
    assert cast.run(
        cast.account,
        "SELECT privilege_type FROM `region-us`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES "
        f"WHERE object_name = 'd' AND grantee = '{MEMBER}'",
    ) == [("roles/bigquery.dataViewer",)]
    cast.only([*JOB_USER, "roles/bigquery.metadataViewer"])
    assert ("d",) in cast.run(cast.account, f"SELECT schema_name FROM `{P}`.`region-us`.INFORMATION_SCHEMA.SCHEMATA")


def test_the_history_of_jobs_is_for_those_who_may_list_them_all(cast, refusal):
    cast.only(JOB_USER)
    cast.run(cast.account, "SELECT 4711")
    history = f"SELECT user_email FROM `{P}`.`region-us`.INFORMATION_SCHEMA.JOBS_BY_PROJECT WHERE query = 'SELECT 4711'"
    assert "INFORMATION_SCHEMA.JOBS_BY_PROJECT" in refusal(history)
    assert cast.run(cast.operator, history) == [(SA,)]


def test_another_users_job_is_not_shown(cast):
    job = cast.operator.query("SELECT 1")
    cast.only(JOB_USER)
    with pytest.raises(Forbidden, match=r"bigquery\.jobs\.get"):
        cast.account.get_job(job.job_id)


def test_a_view_into_another_dataset_needs_read_there_or_authorization(cast, refusal):
    cast.only(JOB_USER, d="READER")
    cast.setup("CREATE OR REPLACE VIEW d.v AS SELECT id FROM other.base")
    base = f"{P}:other.base"
    denied = f"Access Denied: Table {base}: User does not have permission to query table {base}, {LOCATED}"
    assert refusal("SELECT id FROM d.v") == denied

    cast.only(JOB_USER, d="READER", other="READER")
    assert cast.run(cast.account, "SELECT id FROM d.v") == [(1,)]

    cast.only(JOB_USER, d="READER")
    other = cast.operator.get_dataset("other")
    view = bigquery.AccessEntry(None, "view", {"projectId": P, "datasetId": "d", "tableId": "v"})
    other.access_entries = [*other.access_entries, view]
    cast.operator.update_dataset(other, ["access_entries"])
    assert cast.run(cast.account, "SELECT id FROM d.v") == [(1,)]
    assert "User does not have permission to query table" in refusal("SELECT id FROM other.base")
    # the authorization is the view's, not that of a view over it
    cast.setup("CREATE OR REPLACE VIEW d.w AS SELECT id FROM other.base JOIN d.v USING (id)")
    assert refusal("SELECT id FROM d.w") == denied

    other = cast.operator.get_dataset("other")
    whole = bigquery.AccessEntry(
        None, "dataset", {"dataset": {"projectId": P, "datasetId": "d"}, "targetTypes": ["VIEWS"]}
    )
    other.access_entries = [*other.access_entries, whole]
    cast.operator.update_dataset(other, ["access_entries"])
    assert cast.run(cast.account, "SELECT id FROM d.w") == [(1,)]


def test_a_grant_counts_only_once_it_has_spread(start, connect, new_key):
    slow = start("slow-propagation")
    caller = connect(slow)
    key = new_key(caller, "klaviyo-data-transfer-user")
    for kind in ("account", "key"):
        slow.world.clock.advance(slow.world.delays[kind])
    operator = bigquery.Client(project=P, credentials=caller.credentials, client_options={"api_endpoint": slow.url})
    operator.query_and_wait(f"CREATE SCHEMA d; GRANT `roles/bigquery.dataViewer` ON SCHEMA d TO '{MEMBER}'")
    account = bigquery.Client(
        project=P, credentials=connect(slow, key).credentials, client_options={"api_endpoint": slow.url}
    )
    with pytest.raises(Forbidden):
        account.get_dataset("d")
    slow.world.clock.advance(slow.world.delays["dataset_grant"])
    assert account.get_dataset("d").dataset_id == "d"


# -- protected tables


@pytest.fixture
def guarded(cast):
    """A table like an imported one, whose traits a test sets as a scenario would."""
    cast.setup("CREATE OR REPLACE TABLE d.people AS SELECT 'a@example.com' AS email, 'AT' AS country "
               "UNION ALL SELECT 'b@example.com', 'US'")  # fmt: skip
    cast.only(JOB_USER, d="READER")
    yield cast.world.dataset(P, "d").tables["people"].traits
    cast.setup("DROP TABLE d.people")


def test_a_policy_tag_denies_its_column_to_owners_too(cast, refusal, guarded):
    guarded["policy_tags"] = {"email": "Sensitive : PII"}
    text = (
        "Access Denied: BigQuery BigQuery: User has neither fine-grained reader nor masked get permission to get data "
        f'protected by policy tag "Sensitive : PII" on column {P}.d.people.email.'
    )
    assert refusal("SELECT email FROM d.people") == text
    assert refusal("SELECT * FROM d.people", cast.operator) == text
    assert refusal("SELECT country FROM d.people WHERE email = 'x'") == text
    assert cast.run(cast.account, "SELECT COUNT(*) FROM d.people") == [(2,)]
    assert len(cast.run(cast.account, "SELECT country FROM d.people")) == 2
    cast.only([*JOB_USER, "roles/datacatalog.categoryFineGrainedReader"], d="READER")
    assert len(cast.run(cast.account, "SELECT email FROM d.people")) == 2


def test_what_protects_a_table_can_be_seen_before_reading_it(cast, guarded):
    guarded["policy_tags"] = {"email": "Sensitive : PII"}
    guarded["row_policies"] = [{"grantees": ["user:someone@example.com"], "filter": "country = 'AT'"}]
    email, country = cast.account.get_table("d.people").schema
    assert email.policy_tags.names[0].startswith(f"projects/{P}/locations/us/taxonomies/")
    assert country.policy_tags is None
    path = f"/projects/{P}/datasets/d/tables/people/rowAccessPolicies"
    listed = cast.operator._connection.api_request(method="GET", path=path)
    assert [p["filterPredicate"] for p in listed["rowAccessPolicies"]] == ["country = 'AT'"]
    path_of_one = f"{path}/{listed['rowAccessPolicies'][0]['rowAccessPolicyReference']['policyId']}"
    members = cast.operator._connection.api_request(method="POST", path=f"{path_of_one}:getIamPolicy", data={})
    assert members["bindings"] == [
        {"role": "roles/bigquery.filteredDataViewer", "members": ["user:someone@example.com"]}
    ]
    with pytest.raises(NotFound, match="Row access policy nothing was not found"):
        cast.operator._connection.api_request(method="POST", path=f"{path}/nothing:getIamPolicy", data={})
    with pytest.raises(Forbidden, match=r"bigquery\.rowAccessPolicies\.list denied"):
        cast.account._connection.api_request(method="GET", path=path)
    guarded["drive"] = {"shared_with": []}
    table = cast.account.get_table("d.people")
    assert (table.table_type, table.external_data_configuration.source_format) == ("EXTERNAL", "GOOGLE_SHEETS")
    assert [t.table_type for t in cast.account.list_tables("d") if t.table_id == "people"] == ["EXTERNAL"]
    kinds = cast.run(cast.account, "SELECT table_type FROM d.INFORMATION_SCHEMA.TABLES WHERE table_name = 'people'")
    assert kinds == [("EXTERNAL",)]


def test_a_row_policy_hides_rows_without_an_error(cast, guarded):
    guarded["row_policies"] = [{"grantees": ["user:someone@example.com"], "filter": "TRUE"}]
    assert cast.run(cast.account, "SELECT email FROM d.people") == []
    guarded["row_policies"].append({"grantees": [MEMBER], "filter": "country = 'AT'"})
    assert cast.run(cast.account, "SELECT email FROM d.people") == [("a@example.com",)]


def test_a_row_policy_is_made_and_dropped_in_sql(cast, refusal, guarded):
    create = f"ROW ACCESS POLICY klaviyo ON `{P}.d.people` GRANT TO ('{MEMBER}') FILTER USING (country IN ('AT', 'x'))"
    guarded["row_policies"] = [{"grantees": ["user:someone@example.com"], "filter": "TRUE"}]
    with pytest.raises(Forbidden, match=r"bigquery\.rowAccessPolicies\.create denied"):
        cast.run(cast.account, f"CREATE {create}")
    cast.run(cast.operator, f"CREATE {create}")
    assert cast.run(cast.account, "SELECT email FROM d.people") == [("a@example.com",)]
    with pytest.raises(Conflict, match="Already Exists: Row access policy klaviyo"):
        cast.run(cast.operator, f"CREATE {create}")
    cast.run(cast.operator, f"CREATE OR REPLACE {create.replace('country IN', 'NOT country IN')}")
    assert cast.run(cast.account, "SELECT email FROM d.people") == [("b@example.com",)]
    cast.run(cast.operator, f"DROP ROW ACCESS POLICY klaviyo ON `{P}.d.people`")
    assert cast.run(cast.account, "SELECT email FROM d.people") == []
    cast.run(cast.operator, f"DROP ROW ACCESS POLICY IF EXISTS klaviyo ON `{P}.d.people`")
    with pytest.raises(NotFound, match="Row access policy klaviyo was not found"):
        cast.run(cast.operator, f"DROP ROW ACCESS POLICY klaviyo ON `{P}.d.people`")


@pytest.mark.parametrize("grantee", [f"domain:{P}.iam.gserviceaccount.com", "allAuthenticatedUsers", "allUsers"])
def test_a_row_policy_may_name_many(cast, guarded, grantee):
    guarded["row_policies"] = [{"grantees": [grantee], "filter": "TRUE"}]
    assert len(cast.run(cast.account, "SELECT email FROM d.people")) == 2


def test_a_drive_backed_table_needs_the_scope_and_the_share(cast, refusal, guarded):
    guarded["drive"] = {"shared_with": []}
    denied = "Access Denied: BigQuery BigQuery: Permission denied while getting Drive credentials."
    assert refusal("SELECT email FROM d.people") == denied
    guarded["drive"] = {"shared_with": [SA]}
    assert refusal("SELECT email FROM d.people") == denied
    with_drive = cast.account_with_scope(CLOUD, "https://www.googleapis.com/auth/drive.readonly")
    assert len(cast.run(with_drive, "SELECT email FROM d.people")) == 2


@pytest.mark.parametrize("project", ["roles/bigquery.dataOwner", "roles/owner"])
def test_an_owner_may_grant(cast, project):
    cast.only([*JOB_USER, project])
    cast.run(cast.account, "GRANT `roles/bigquery.dataViewer` ON SCHEMA d TO 'user:a@example.com'")
    cast.run(cast.account, "REVOKE `roles/bigquery.dataViewer` ON SCHEMA d FROM 'user:a@example.com'")


@pytest.mark.parametrize("everybody", ["allUsers", "allAuthenticatedUsers"])
def test_sql_names_everybody_as_a_special_group(cast, everybody):
    cast.only([*JOB_USER, "roles/owner"])
    grant = f"`roles/bigquery.dataViewer` ON SCHEMA d {{}} 'specialGroup:{everybody}'"
    cast.run(cast.account, "GRANT " + grant.format("TO"))
    cast.run(cast.account, "REVOKE " + grant.format("FROM"))


def test_a_function_is_called_by_who_may_read_its_dataset_and_changed_by_who_may_write_there(cast, refusal):
    cast.setup("CREATE OR REPLACE FUNCTION d.twice(x INT64) AS (x * 2)")
    cast.only(project=("roles/bigquery.jobUser",))
    denied = f"Access Denied: Routine {P}:d.twice: User does not have permission to invoke routine {P}.d.twice."
    assert refusal("SELECT d.twice(1)") == denied
    cast.only(project=("roles/bigquery.jobUser",), d="READER")
    assert cast.run(cast.account, "SELECT d.twice(1)") == [(2,)]
    for statement in ("CREATE OR REPLACE FUNCTION d.twice(x INT64) AS (x)", "DROP FUNCTION d.twice"):
        assert "bigquery.routines." in refusal(statement)
    cast.only(project=("roles/bigquery.jobUser",), d="WRITER")
    cast.run(cast.account, "DROP FUNCTION d.twice")
