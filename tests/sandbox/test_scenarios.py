"""Scenarios as data: each starts and does what it says, and a typing error in one is refused by name."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import kbq_tui.sandbox
from kbq_tui.sandbox import scenario

P = "acme-klaviyo-demo"
EMAIL = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
NEEDED = {
    "fresh",
    "existing",
    "partial",
    "no-permission",
    "key-creation-blocked",
    "slow-propagation",
    "flaky",
    "large",
}


def test_the_scenarios_everyone_counts_on_are_there():
    assert set(scenario.names()) >= NEEDED


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_starts_and_describes_itself(start, name):
    sandbox = start(name)
    assert sandbox.scenario.description.endswith(".")
    assert sandbox.project in sandbox.world.projects
    assert sandbox.world.writes() == []
    assert sandbox.world.account(sandbox.operator).keys


def test_fresh_has_nothing_of_ours(sandbox):
    project = sandbox.world.projects[P]
    assert project.datasets == {}
    assert project.service_accounts == {}


def test_existing_hands_out_a_key_that_works(start, connect, tmp_path):
    sandbox = start("existing", key_dir=tmp_path)
    path = Path(sandbox.env()["KBQ_TUI_SANDBOX_KEY"])
    assert path.parent == tmp_path
    assert path.stat().st_mode & 0o777 == 0o600
    klaviyo = connect(sandbox, path)
    answer = klaviyo.post(
        f"/bigquery/v2/projects/{P}/queries",
        {"query": f"SELECT COUNT(*) FROM `{P}.KLAVIYO_IMPORT_FROM_DWH.customers`", "useLegacySql": False},
    )
    assert answer.json()["rows"] == [{"f": [{"v": "3"}]}]
    tables = klaviyo.get(f"/bigquery/v2/projects/{P}/datasets/KLAVIYO_IMPORT_FROM_DWH/tables").json()["tables"]
    assert {(t["tableReference"]["tableId"], t["type"]) for t in tables} == {
        ("customers", "TABLE"),
        ("orders", "TABLE"),
        ("buyers", "VIEW"),
    }


def test_partial_is_in_the_eu_with_other_peoples_grants(start):
    project = start("partial").world.projects[P]
    assert {d.location for d in project.datasets.values()} == {"EU"}
    assert {"role": "READER", "groupByEmail": "analysts@acme.example"} in project.datasets[
        "KLAVIYO_IMPORT_FROM_DWH"
    ].access
    assert "customers" in project.datasets["KLAVIYO_IMPORT_FROM_DWH"].tables
    assert project.service_accounts == {}


def test_large_is_large(start):
    world = start("large").world
    project = world.projects[P]
    assert len(world.projects) == 5001  # and the operator's own
    assert len(project.policy.bindings) == 1500
    assert len(project.datasets["KLAVIYO_IMPORT_FROM_DWH"].access) == 2000


def test_ten_keys_leave_no_room_and_are_old(start, connect):
    sandbox = start("ten-keys")
    operator = connect(sandbox)
    path = f"/iam/v1/projects/{P}/serviceAccounts/{EMAIL}/keys"
    assert operator.post(path).json()["error"]["message"] == "Precondition check failed."
    assert all(k.created < sandbox.world.clock() - 399 * 86400 for k in sandbox.world.account(EMAIL).keys.values())


def test_deleted_members_grant_nothing_to_an_account_of_the_same_name(start, connect, new_key):
    sandbox = start("tombstones")
    klaviyo = connect(sandbox, new_key(connect(sandbox), "klaviyo-data-transfer-user"))
    assert klaviyo.get(f"/bigquery/v2/projects/{P}/datasets/KLAVIYO_IMPORT_FROM_DWH").status_code == 403


def test_over_granted_may_read_datasets_it_does_not_need(start, connect):
    sandbox = start("over-granted")
    klaviyo = connect(sandbox, sandbox.account_keys[EMAIL])
    query = {"query": f"SELECT * FROM `{P}.payroll.salaries`", "useLegacySql": False}
    assert klaviyo.post(f"/bigquery/v2/projects/{P}/queries", query).status_code == 200
    own = start("existing")
    klaviyo = connect(own, own.account_keys[EMAIL])
    own.world.set_access(own.world.dataset(P, "KLAVIYO_IMPORT_FROM_DWH"), scenario.default_access())
    query = {"query": f"SELECT * FROM `{P}.KLAVIYO_IMPORT_FROM_DWH.customers`", "useLegacySql": False}
    assert klaviyo.post(f"/bigquery/v2/projects/{P}/queries", query).status_code == 403


def test_hostile_text_comes_over_the_wire_as_it_is(start, connect):
    operator = connect(start("hostile-text"))
    assert "\x1b]0;owned\x07" in operator.get(f"/crm/v1/projects/{P}").json()["name"]
    accounts = list(operator.iam().list_service_accounts(name=f"projects/{P}"))
    assert accounts[0].display_name.startswith("\x1b[1A")
    error = operator.get(f"/billing/v1/projects/{P}/billingInfo").json()["error"]
    assert "\x1b[31mby" in error["message"]


MINIMAL = 'project = "p"\ndescription = "d."\n[[projects]]\nid = "p"\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (MINIMAL.replace("description", "descriptoin"), "descriptoin"),
        (MINIMAL + "bilingual = true\n", "bilingual"),
        (MINIMAL + '[[projects.datasets]]\nid = "D"\nregion = "EU"\n', "region"),
        (MINIMAL + '[[projects.accounts]]\nid = "a"\nmail = "x"\n', "mail"),
        (MINIMAL + '[[projects.bindings]]\nrole = "roles/owned"\nmembers = []\n', "roles/owned"),
        (MINIMAL + "[delays]\ntable_grant = 3\n", "table_grant"),
        (MINIMAL + '[delays]\nkey = "soon"\n', "delays.key"),
        (MINIMAL + "[delays]\nkey_get = { seconds = 1, code = 403 }\n", "code"),
        (MINIMAL + "[delays]\nkey_get = { seconds = 1, status = 500 }\n", "delays.key_get.status"),
        (MINIMAL + "[delays]\nkey_list = { seconds = 1, status = 403 }\n", "delays.key_list.status"),
        (MINIMAL + '[[faults]]\nmethod = "x"\nkind = "status"\nnht = 1\n', "nht"),
        (MINIMAL + '[[editors]]\nafter = "x"\nprojekt = "p"\n', "projekt"),
        (MINIMAL + 'services = ["bigqery.googleapis.com"]\n', "bigqery"),
        (MINIMAL + 'org_policies = { "iam.disableKeys" = true }\n', "iam.disableKeys"),
        ('description = "d."\n[[projects]]\nid = "p"\n', "project"),
        (MINIMAL.replace('project = "p"', 'project = "q"'), "'q'"),
        ("project = ", "Invalid value"),
    ],
)
def test_a_mistake_is_refused_by_name(tmp_path, text, named):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(scenario.ScenarioError, match=named):
        scenario.load(path)


def test_an_unknown_scenario_lists_those_there_are():
    with pytest.raises(scenario.ScenarioError, match=r"no scenario is called 'frseh'.*fresh"):
        scenario.load("frseh")


def test_a_scenario_may_be_any_file(start, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL.replace('"p"', '"my-project"'))
    assert start(path).project == "my-project"


def test_clock_skew_and_token_lifetime_come_from_the_scenario(start, connect, tmp_path):
    path = tmp_path / "skewed.toml"
    path.write_text("clock_skew = 120\ntoken_lifetime = 60\n" + MINIMAL.replace('"p"', '"my-project"'))
    sandbox = start(path)
    operator = connect(sandbox)
    operator.get("/crm/v1/projects")
    token = sandbox.context.auth.describe(operator.credentials.token)
    assert token.expires == pytest.approx(sandbox.world.clock() + 60, abs=5)


def test_the_sandbox_imports_nothing_else_of_ours():
    code = "import sys, json, kbq_tui.sandbox.server, kbq_tui.sandbox.__main__; print(json.dumps(sorted(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    ours = [m for m in json.loads(out) if m.startswith("kbq_tui.") and not m.startswith("kbq_tui.sandbox")]
    assert ours == []
    for path in Path(kbq_tui.sandbox.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("kbq_tui"):
                assert node.module.startswith("kbq_tui.sandbox"), path


def test_an_owner_sees_a_dataset_but_not_its_tables_where_its_list_leaves_the_owners_out(start, connect):
    operator = connect(start("owner-only"))
    finance = f"/bigquery/v2/projects/{P}/datasets/finance"
    assert operator.get(finance).status_code == 200
    answer = operator.get(finance + "/tables")
    assert (answer.status_code, "bigquery.tables.list" in answer.text) == (403, True)


def test_a_busy_policy_is_written_back_whole(start, connect):
    operator = connect(start("busy-policy"))
    base = f"/crm/v3/projects/{P}"
    before = operator.post(base + ":getIamPolicy", {"options": {"requestedPolicyVersion": 3}}).json()
    assert len(before["bindings"]) == 300
    assert before["auditConfigs"]
    added = {"role": "roles/browser", "members": ["user:new@acme.example"]}
    wanted = {**before, "bindings": [*before["bindings"], added]}
    after = operator.post(base + ":setIamPolicy", {"policy": wanted}).json()
    assert (after["bindings"], after["auditConfigs"]) == (wanted["bindings"], before["auditConfigs"])


SOURCES = f"/bigquery/v2/projects/{P}/datasets/KLAVIYO_IMPORT_FROM_DWH/tables"


def refusals_of(klaviyo):
    """The refusals for the account when it reads each table of the import dataset: by table, status and text."""
    found = {}
    listed = klaviyo.get(SOURCES, params={"maxResults": 200}).json()["tables"]
    for table in (entry["tableReference"]["tableId"] for entry in listed):
        body = {"query": f"SELECT * FROM `KLAVIYO_IMPORT_FROM_DWH.{table}` LIMIT 1", "useLegacySql": False}
        answer = klaviyo.post(f"/bigquery/v2/projects/{P}/queries", body)
        if answer.status_code != 200:
            found[table] = answer.json()["error"]["message"]
    return len(listed), found


def test_every_table_of_source_good_can_be_read(start, connect):
    sandbox = start("source-good")
    assert refusals_of(connect(sandbox, sandbox.account_keys[EMAIL])) == (6, {})


def test_source_bad_holds_what_cannot_be_read_and_why(start, connect):
    sandbox = start("source-bad")
    count, refused = refusals_of(connect(sandbox, sandbox.account_keys[EMAIL]))
    words = {
        "reaches_out": "warehouse.people",
        "broken_view": "Not found: Table",
        "in_drive": "Drive credentials",
        "in_bucket": "storage.objects.list",
        "tagged": 'policy tag "PII : Phone" on column',
        "demands_filter": "without a filter over column(s) 'ordered_at'",
        "encrypted": "Cloud KMS Error",
    }
    assert (count, set(refused)) == (47, set(words))
    assert all(words[table] in text for table, text in refused.items())


def test_source_large_starts_without_its_rows_and_has_them_when_they_are_read(start, connect):
    sandbox = start("source-large")
    klaviyo = connect(sandbox, sandbox.account_keys[EMAIL])
    tables = sandbox.world.projects[P].datasets["KLAVIYO_IMPORT_FROM_DWH"].tables
    kinds = [table.kind for table in tables.values()]
    assert (len(kinds), kinds.count("VIEW")) == (3000, 1000)
    sql = "SELECT COUNT(*), (SELECT COUNT(*) FROM `KLAVIYO_IMPORT_FROM_DWH.{}`) FROM `KLAVIYO_IMPORT_FROM_DWH.events`"
    view = next(name for name, table in tables.items() if table.kind == "VIEW" and "events" not in table.view_query)
    body = {"query": sql.format(view), "useLegacySql": False, "timeoutMs": 180_000}
    answer = klaviyo.post(f"/bigquery/v2/projects/{P}/queries", body).json()
    assert answer["rows"] == [{"f": [{"v": "5000000"}, {"v": "40"}]}]
