"""`kbq-tui source` end to end: the account's own key, real client libraries, the sandbox."""

import json
import stat
from pathlib import Path

import pytest

PROJECT = "acme-klaviyo-demo"
DATASET = f"`{PROJECT}`.KLAVIYO_IMPORT_FROM_DWH"

GOOD = f"""
CREATE TABLE {DATASET}.people (email STRING, external_id STRING, first_name STRING, updated_at TIMESTAMP);
INSERT INTO {DATASET}.people VALUES
  ('ann@acme.shop', '1', 'Ann', T'2026-01-01'),
  ('bob@acme.shop', '2', 'Bob', T'2026-01-02');
CREATE TABLE {DATASET}.bought (
  event_id STRING, email STRING, metric STRING, event_at TIMESTAMP, value NUMERIC, currency STRING, loaded_at TIMESTAMP
);
INSERT INTO {DATASET}.bought VALUES
  ('1', 'ann@acme.shop', 'Bought', T'2025-12-01', 9, 'EUR', T'2026-01-01'),
  ('2', 'bob@acme.shop', 'Bought', T'2025-12-02', 8, 'EUR', T'2026-01-02')
"""
BAD = f"""
CREATE TABLE {DATASET}.people (email STRING, external_id STRING, phone STRING, consent STRING, updated_at TIMESTAMP);
INSERT INTO {DATASET}.people VALUES
  ('jane@acme.shop', '1', NULL, 'yes', T'2026-01-01'),
  ('JANE@acme.shop', '2', NULL, 'Subscribe', T'2999-01-02'),
  ('john@acme.shop', '3', '0170 123', NULL, NULL),
  ('jon@acme.shop', '3', '+4915112345678', NULL, T'2026-01-02'),
  ('no address', NULL, NULL, NULL, T'2026-01-02'),
  (NULL, NULL, NULL, NULL, T'2026-01-02');
CREATE TABLE {DATASET}.bought (
  email STRING, metric STRING, event_at TIMESTAMP, value STRING, currency STRING, dob DATE, loaded_at TIMESTAMP
);
INSERT INTO {DATASET}.bought VALUES
  ('ann@test.com', 'Bought', T'1999-12-01', '9 EUR', 'EUR', NULL, T'2026-01-01'),
  ('bob@acme.shop', 'Bought', T'2025-12-02', '0', 'Euro', NULL, T'2026-01-02'),
  ('bob@acme.shop', 'Bought', T'2025-12-02 00:00:00.5', '', 'EUR', NULL, T'2026-01-02');
CREATE VIEW {DATASET}.now AS SELECT email, CURRENT_TIMESTAMP() AS updated_at FROM {DATASET}.people;
CREATE TABLE {DATASET}.klaviyo_profile (id STRING, email STRING, updated_at TIMESTAMP);
CREATE VIEW {DATASET}.again AS SELECT id AS external_id, email, updated_at FROM {DATASET}.klaviyo_profile;
CREATE TABLE {DATASET}.Again (email STRING, updated_at STRING)
"""


def run(world, script: str) -> None:
    """Run statements as the operator, through Google's client library; T'…' is a TIMESTAMP in UTC."""
    from google.api_core.client_options import ClientOptions
    from google.cloud import bigquery
    from google.oauth2 import service_account

    credentials = service_account.Credentials.from_service_account_file(world.env["GOOGLE_APPLICATION_CREDENTIALS"])
    endpoint = world.env["CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY"].rstrip("/")
    with bigquery.Client(PROJECT, credentials, client_options=ClientOptions(api_endpoint=endpoint)) as client:
        for statement in script.split(";"):
            client.query_and_wait(statement.replace(" T'", " TIMESTAMP '"))


def rules(body: dict, name: str, use: str) -> set[str]:
    table = next(t for t in body["tables"] if t["name"] == name)
    return {reason["rule"] for reason in table[use]["reasons"]}


def ready(body: dict) -> dict[str, list[str]]:
    uses = ("profiles", "events", "objects")
    return {t["name"]: [use for use in uses if t[use]["ready"] == "yes"] for t in body["tables"]}


def test_good_tables_are_ready_and_looked_at_with_two_calls_each(google, call, tmp_path: Path):
    world = google("existing")
    run(world, GOOD)
    before = len(world.sandbox.world.calls)
    done = call("source", "people", "bought", "--json", *world.key_options)
    assert done.status == 0, done.err
    assert done.json["complete"] is True
    assert ready(done.json) == {"bought": ["profiles", "events", "objects"], "people": ["profiles", "objects"]}
    assert [t["rows"] for t in done.json["tables"]] == [2, 2]
    roles = {c["name"]: c["role"] for c in done.json["tables"][1]["columns"]}
    assert roles == {"email": "email", "external_id": "external_id", "first_name": None, "updated_at": "changed_at"}
    called = [c.method for c in world.sandbox.world.calls[before:] if c.method.startswith("bigquery.jobs.")]
    assert called.count("bigquery.jobs.insert") == 2
    assert called.count("bigquery.jobs.query") == 2 + 3  # and what is known of all tables together

    report = tmp_path / "report.md"
    again = call("source", "people", "--report", str(report), *world.key_options)
    assert (again.status, "1 of 1 table is ready for Klaviyo." in again.out) == (0, True)
    assert "| OK | people | profiles, objects | 2 |" in report.read_text()
    # its own rules may be replaced
    assert call("source", "people", "--report", str(report), *world.key_options).status == 0

    left = call("source", "--as", "events", "people", *world.key_options)
    assert left.status == 6, "no table is ready for events"
    assert "No event timestamp" in left.out or "one timestamp" in left.out
    dry = call("source", "people", "--dry-run", "--json", *world.key_options)
    assert (dry.status, dry.json["tables"][0]["rows"]) == (0, None)
    assert rules(dry.json, "people", "profiles") == {"not-counted"}
    assert call("source", "nothing", *world.key_options).status == 1


def test_each_fault_of_the_tables_is_found_in_their_rows(google, call, tmp_path: Path):
    world = google("existing")
    run(world, BAD)
    rows = tmp_path / "rows.csv"
    done = call("source", "--json", "--examples", "--bad-rows", str(rows), *world.key_options)
    assert rules(done.json, "people", "profiles") == {
        "merge-by-email", "merge-by-external-id", "change-future", "change-empty", "consent-values", "phone-format",
        "email-malformed", "email-space", "email-capitals", "email-empty", "identifier-empty", "duplicates",
    }  # fmt: skip
    assert rules(done.json, "bought", "events") == {
        "no-unique-id", "value-text", "value-zero", "value-empty", "value-not-number", "currency-unknown",
        "event-too-old", "events-collapse", "test-domain", "date-column", "personal", "sent",
    }  # fmt: skip
    assert "change-volatile" in rules(done.json, "now", "profiles")
    assert {"loop", "twin"} <= rules(done.json, "again", "profiles")
    assert "no-change-timestamp" in rules(done.json, "Again", "profiles")
    assert "loop" in rules(done.json, "klaviyo_profile", "profiles")

    people = next(t for t in done.json["tables"] if t["name"] == "people")
    assert people["examples"]["email-malformed"] == ["n***"]
    assert "jane@acme.shop" not in done.out + done.err
    assert stat.S_IMODE(rows.stat().st_mode) == 0o600
    lines = rows.read_text().splitlines()
    assert lines[0] == "kbq-tui table,key,rules"
    assert "people,no address,email-malformed email-space" in lines
    assert any(line.startswith("people,john@acme.shop,") and "change-empty" in line for line in lines)
    assert "bought,ann@test.com,test-domain event-too-old value-not-number" in lines


@pytest.fixture
def finished(google, call):
    """A saved connection, with its key."""
    world = google("fresh")
    assert call("apply", "--yes").status == 0
    return world


def test_the_next_look_knows_what_the_last_one_saw(finished, call, files):
    run(finished, GOOD)
    first = call("source", "people", "--json")
    assert first.status == 0, first.err
    assert any(path.endswith("source.json") for path in map(str, files()))
    run(finished, f"ALTER TABLE {DATASET}.people DROP COLUMN first_name")
    run(finished, f"ALTER TABLE {DATASET}.people ADD COLUMN colour STRING")
    second = call("source", "people", "--json")
    assert rules(second.json, "people", "profiles") == {"column-vanished"}
    assert call("connections", "remove", "default", "--yes").status == 0
    assert not any(path.endswith("source.json") for path in map(str, files()))


def test_what_may_not_be_read_is_named_with_the_grant_that_mends_it(google, call):
    google("unreadable-tables")
    assert call("apply", "--yes").status == 0
    done = call("source", "--json")
    unread = {t["name"]: t["problem"] for t in done.json["tables"] if not t["readable"]}
    assert unread
    for problem in unread.values():
        assert problem["code"]
        assert problem["remedy"]
    assert json.dumps(done.json).count("BEGIN PRIVATE KEY") == 0


def test_a_connection_s_name_in_place_of_a_table_s_is_told_with_the_right_command(finished, call):
    refused = call("source", "default")
    assert refused.status == 1
    assert "kbq-tui source --connection default" in " ".join(refused.err.split())


def test_a_dataset_that_is_not_there_is_told_with_the_names_that_are_known(google, call):
    there = google("source-good")
    refused = call("source", "--import-dataset", "NOWHERE", *there.key_options)
    assert refused.status == 1
    assert "KBQ-DATASET-NOT-VISIBLE" in refused.err
    assert f"{PROJECT}:NOWHERE" in refused.err
    assert "klaviyo-data-transfer-user@" in refused.err
    for placeholder in ("PROJECT_ID", "SERVICE_ACCOUNT_EMAIL"):
        assert placeholder not in refused.err


def test_a_view_is_proposed_made_after_a_yes_and_ready(google, call):
    world = google("existing")
    run(world, BAD)
    shown = call("source", "people", "--view", "people_ready", *world.key_options)
    assert "CREATE VIEW `acme-klaviyo-demo.KLAVIYO_IMPORT_FROM_DWH.people_ready` OPTIONS(labels=" in shown.err
    assert "Nothing was made." in shown.err
    assert "people_ready" not in shown.out
    made = call("source", "people", "--view", "people_ready", "--yes", "--json", *world.key_options)
    assert made.status == 0, made.err
    assert ready(made.json) == {"people_ready": ["profiles", "objects"]}
    assert {r["severity"] for r in made.json["tables"][0]["profiles"]["reasons"]} <= {"note"}
    events = call("source", "bought", "--view", "bought_ready", "--yes", "--json", *world.key_options)
    assert events.status == 0, events.err
    assert "events" in ready(events.json)["bought_ready"]
    names = {c["name"] for c in events.json["tables"][0]["columns"]}
    assert "dob" not in names, "what looks personal is left out"
    again = call("source", "people", "--view", "people_ready", "--yes", *world.key_options)
    assert again.status not in (0, 6), "what is there is not replaced"


def test_what_was_said_of_a_column_is_kept_with_the_connection(finished, call):
    run(finished, f"CREATE TABLE {DATASET}.odd (kontakt STRING, stand TIMESTAMP, email STRING)")
    first = call("source", "odd", "--map", "email=kontakt", "--map", "changed_at=stand", "--json")
    roles = {c["name"]: c["role"] for c in first.json["tables"][0]["columns"]}
    assert roles == {"kontakt": "email", "stand": "changed_at", "email": None}
    again = call("source", "odd", "--json")
    assert {c["name"]: c["role"] for c in again.json["tables"][0]["columns"]} == roles
    call("source", "odd", "--map", "email=", "--json")
    assert call("source", "odd", "--json").status == 6
    assert call("source", "odd", "--map", "name=x").status == 2
    assert call("source", "--map", "email=x").status == 2
    refused = call("source", "odd", "--view", "a`b")
    assert refused.status == 2
    assert "'--view': A view's name has letters, digits and underscores." in refused.err


FAULTS = {
    "always_new": "change-volatile",
    "amounts_as_text": "value-not-number",
    "birthdays": "date-column",
    "broken_view": "unreadable",
    "changed_tomorrow": "change-future",
    "collapsing_events": "events-collapse",
    "corrected_events": "unique-id-corrected",
    "customers": "twin",
    "deep_structure": "nested-too-deep",
    "demands_filter": "unreadable",
    "duplicates": "duplicates",
    "empty_identifiers": "identifier-empty",
    "encrypted": "unreadable",
    "expiring": "expires",
    "far_events": "event-too-late",
    "in_bucket": "unreadable",
    "in_drive": "unreadable",
    "klaviyo_event": "loop",
    "local_time": "change-datetime",
    "long_ids": "unique-id-long",
    "long_lists": "array-long",
    "long_text": "string-long",
    "loop_of_events": "loop",
    "malformed_emails": "email-malformed",
    "malformed_phones": "phone-format",
    "no_identifier": "no-identifier",
    "no_timestamp": "no-change-timestamp",
    "odd_booleans": "boolean-values",
    "odd_consent": "consent-values",
    "odd_currency": "currency-unknown",
    "odd_types": "type-unsupported",
    "old_events": "event-too-old",
    "one_email_many_ids": "merge-by-email",
    "one_id_many_emails": "merge-by-external-id",
    "one_time_only": "no-change-timestamp",
    "reaches_out": "unreadable",
    "rows_for_analysts": "hidden-rows",
    "rows_in_part": "hidden-rows",
    "tagged": "column-closed",
    "text_timestamp": "no-change-timestamp",
    "wide": "too-many-properties",
    "zero_values": "value-zero",
}
"""The rule that each table of `source-bad` breaks."""


def test_each_fault_of_the_bad_scenario_is_found(google, call):
    world = google("source-bad")
    body = call("source", "--json", *world.key_options).json
    found = {name: set().union(*(rules(body, name, use) for use in ("profiles", "events"))) for name in FAULTS}
    assert {name: rule for name, rule in FAULTS.items() if rule not in found[name]} == {}
    problems = {t["name"]: t["problem"] for t in body["tables"] if t["problem"]}
    view = problems["reaches_out"]
    assert view["code"] == "KBQ-VIEW-SOURCE"
    assert "View reaches_out reads dataset warehouse" in view["cause"]
    assert "It reads warehouse.people" in json.dumps(body)
    account = f"klaviyo-data-transfer-user@{PROJECT}.iam.gserviceaccount.com"
    assert account in " ".join(problems["in_drive"]["remedy"])
    for name in ("in_drive", "in_bucket"):
        assert f"{PROJECT}:KLAVIYO_IMPORT_FROM_DWH.{name}" in " ".join(problems[name]["remedy"])
        assert "no command can be given" not in " ".join(problems[name]["remedy"])


def test_a_view_whose_dataset_was_made_anew_in_another_location_is_named_with_what_to_do(google, call):
    world = google("existing")
    elsewhere = f"`{PROJECT}`.warehouse"
    run(
        world,
        f"""CREATE SCHEMA {elsewhere} OPTIONS(location = 'US');
CREATE TABLE {elsewhere}.people (email STRING, updated_at TIMESTAMP);
CREATE TABLE {DATASET}.people (email STRING, updated_at TIMESTAMP);
INSERT INTO {DATASET}.people VALUES ('ann@acme.shop', T'2026-01-01');
CREATE VIEW {DATASET}.everyone AS SELECT email, updated_at FROM {elsewhere}.people;
DROP SCHEMA {elsewhere} CASCADE;
CREATE SCHEMA {elsewhere} OPTIONS(location = 'EU')""",
    )
    done = call("source", "--json", *world.key_options)
    assert done.status == 0, "the other table is ready"
    tables = {t["name"]: t for t in done.json["tables"]}
    assert tables["people"]["readable"]
    problem = tables["everyone"]["problem"]
    assert problem["code"] == "KBQ-NOT-IN-LOCATION"
    assert "BigQuery looked for dataset warehouse in one location" in problem["cause"]
    remedy = " ".join(problem["remedy"])
    assert f"bq show --format=prettyjson {PROJECT}:warehouse" in remedy
    assert "A view, too, reads only tables in its own location" in remedy


def test_a_good_shop_has_no_table_that_fails_but_for_its_products(google, call):
    world = google("source-good")
    done = call("source", "--json", *world.key_options)
    assert done.status == 0
    bad = {t["name"] for t in done.json["tables"] if t[t["likely"]]["ready"] != "yes"}
    assert bad <= {"products"}


def test_a_table_that_is_too_large_is_not_counted_and_says_so(google, call):
    world = google("source-good")
    done = call("source", "newsletter", "--max-bytes", "1", "--json", *world.key_options)
    assert (done.status, done.json["complete"]) == (6, False)
    assert rules(done.json, "newsletter", "profiles") == {"not-counted"}
    dry = call("source", "orders", "--dry-run", *world.key_options)
    assert "Counting would read" in dry.out
    assert "0 of 1 table is ready for Klaviyo. 1 could not be judged yet." in dry.out
