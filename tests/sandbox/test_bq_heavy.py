"""A heavy query affects nobody else: others are answered meanwhile, and it ends when it must."""

import http.client
import json
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import duckdb
import pytest

from kbq_tui.sandbox.bigquery import jobs
from kbq_tui.sandbox.bigquery.engine import engine_of
from kbq_tui.sandbox.server import Sandbox
from tests.support.polling import PATIENCE, wait_until

P = "acme-klaviyo-demo"
BASE = f"/bigquery/v2/projects/{P}"
ENDLESS = (
    "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS a CROSS JOIN UNNEST(GENERATE_ARRAY(1, 1000000)) "
    "AS b WHERE MOD(a * b, 7) = 3"
)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("fresh") as running:
        yield running


@pytest.fixture
def bq(sandbox, operator):
    sandbox.context.query_seconds = 60.0
    operator.post(BASE + "/datasets", {"datasetReference": {"datasetId": "D"}})
    yield operator
    for job in operator.get(BASE + "/jobs?stateFilter=running").json()["jobs"]:
        operator.post(f"{BASE}/jobs/{job['jobReference']['jobId']}/cancel")
    operator.call("DELETE", BASE + "/datasets/D?deleteContents=true")


def query(caller, sql, **more):
    return caller.post(BASE + "/queries", {"query": sql, "useLegacySql": False} | more)


def refusal(answer):
    error = answer.json()["error"]
    return answer.status_code, error["errors"][0]["reason"], error["message"]


def running(bq):
    return [job["jobReference"]["jobId"] for job in bq.get(BASE + "/jobs?stateFilter=running").json()["jobs"]]


class PendingRequest:
    """A request whose answer is not waited for."""

    def __init__(self, caller, path, body):
        self.connection = http.client.HTTPConnection(urlsplit(caller.sandbox.url).netloc, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {caller.credentials.token}", "Content-Type": "application/json"}
        self.connection.request("POST", path, json.dumps(body), headers)

    def leave(self):
        self.connection.close()

    def answer(self):
        found = self.connection.getresponse()
        return found.status, json.load(found)


def send(bq, sql, job_id):
    before = set(running(bq))
    configuration = {"query": {"query": sql, "useLegacySql": False}}
    body = {"jobReference": {"projectId": P, "jobId": job_id}, "configuration": configuration}
    sent = PendingRequest(bq, BASE + "/jobs", body)
    wait_until(lambda: set(running(bq)) - before)
    return sent


HEAVY = {
    "query": ENDLESS,
    "create": f"CREATE TABLE D.big AS {ENDLESS}",
    "insert": f"INSERT INTO D.t {ENDLESS}",
    "delete": f"DELETE FROM D.t WHERE a IN ({ENDLESS})",
    "view": f"CREATE VIEW D.v AS {ENDLESS}; SELECT * FROM D.v",
}


@pytest.mark.parametrize("kind", HEAVY)
def test_others_are_answered_while_it_runs_and_it_ends_when_its_caller_leaves(bq, kind):
    assert query(bq, "CREATE OR REPLACE TABLE D.t AS SELECT 1 AS a").status_code == 200
    sent = send(bq, HEAVY[kind], f"heavy_{kind}")
    assert bq.get(BASE + "/datasets/D").status_code == 200
    assert bq.get(f"/crm/v1/projects/{P}").status_code == 200
    assert query(bq, "SELECT a FROM D.t").json()["rows"] == [{"f": [{"v": "1"}]}]
    assert bq.post(BASE + "/datasets", {"datasetReference": {"datasetId": f"E_{kind}"}}).status_code == 200
    assert running(bq) == [f"heavy_{kind}"]  # all this time
    sent.leave()
    wait_until(lambda: not running(bq))
    job = bq.get(f"{BASE}/jobs/heavy_{kind}").json()
    assert job["status"]["state"] == "DONE"
    assert job["status"]["errorResult"]["reason"] == "stopped"
    assert query(bq, "SELECT a FROM D.t").json()["rows"] == [{"f": [{"v": "1"}]}]
    assert bq.get(BASE + "/datasets/D/tables/big").status_code == 404


def test_jobs_query_ends_when_its_caller_leaves_and_runs_again_for_the_same_request(bq):
    body = {"query": ENDLESS, "useLegacySql": False, "requestId": "one"}
    sent = PendingRequest(bq, BASE + "/queries", body)
    wait_until(lambda: running(bq))
    sent.leave()
    wait_until(lambda: not running(bq))
    again = query(bq, "SELECT 1 AS one", requestId="one")
    assert again.json()["rows"] == [{"f": [{"v": "1"}]}]


def test_a_running_job_is_shown_as_such_and_can_be_cancelled(bq):
    sent = send(bq, ENDLESS, "to_cancel")
    assert bq.get(BASE + "/jobs/to_cancel").json()["status"] == {"state": "RUNNING"}
    assert bq.get(BASE + "/queries/to_cancel?timeoutMs=1").json()["jobComplete"] is False
    again = {"query": {"query": "SELECT 1", "useLegacySql": False}}
    twice = bq.post(BASE + "/jobs", {"jobReference": {"jobId": "to_cancel"}, "configuration": again})
    assert (twice.status_code, twice.json()["error"]["errors"][0]["reason"]) == (409, "duplicate")
    assert bq.post(BASE + "/jobs/to_cancel/cancel").status_code == 200
    status, job = sent.answer()
    assert status == 200
    assert job["status"]["errorResult"] == {
        "reason": "stopped", "message": "Job execution was cancelled: User requested cancellation"
    }  # fmt: skip


def test_it_ends_at_the_sandbox_s_deadline(bq, sandbox):
    sandbox.context.query_seconds = 0.36
    status, reason, message = refusal(query(bq, ENDLESS))
    assert (status, reason) == (400, "timeout")
    assert message.startswith("Operation timed out after 0.0001 hours. Consider reducing")


def test_it_ends_at_its_own_deadline(bq):
    status, reason, message = refusal(query(bq, ENDLESS, jobTimeoutMs="300"))
    assert (status, reason, message) == (499, "stopped", "Job execution was cancelled: Job timed out after 0.3s")


def test_a_dry_run_does_not_compute_what_is_too_large(bq):
    assert query(bq, "SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 2000000000))", dryRun=True).status_code == 200


ARRAY, TEXT = "GENERATE_{}ARRAY produced too many elements", "Output of {} exceeds max allowed output size of 1MB"


@pytest.mark.parametrize(
    ("sql", "reason", "message"),
    [
        ("SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 1000000000))", "invalidQuery", ARRAY.format("")),
        ("SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 1000 * 1000 * 1000))", "invalidQuery", ARRAY.format("")),
        ("SELECT ARRAY_LENGTH(GENERATE_ARRAY(1000000000, 1, -1))", "invalidQuery", ARRAY.format("")),
        ("SELECT COUNT(*) FROM UNNEST([1000000000]) AS n, UNNEST(GENERATE_ARRAY(1, n)) AS x", "invalidQuery",
         ARRAY.format("")),
        ("SELECT GENERATE_TIMESTAMP_ARRAY(TIMESTAMP '2000-01-01', TIMESTAMP '2030-01-01', INTERVAL 1 SECOND)",
         "invalidQuery", ARRAY.format("TIMESTAMP_")),
        ("SELECT GENERATE_DATE_ARRAY(DATE '0001-01-01', DATE '9999-12-31')", "invalidQuery", ARRAY.format("DATE_")),
        ("SELECT LENGTH(REPEAT('x', 2000000000))", "invalidQuery", TEXT.format("REPEAT")),
        ("SELECT LENGTH(LPAD('x', 2000000000))", "invalidQuery", TEXT.format("LPAD/RPAD")),
        ("SELECT LENGTH(REPLACE(REPEAT('x', 1000000), 'x', REPEAT('y', 1000000)))", "invalidQuery",
         TEXT.format("REPLACE")),
        ("SELECT '" + "x" * 1024 * 1024 + "'", "invalid", "The query is too large. The maximum standard SQL query "
         "length is 1024.00K characters, including comments and white space characters."),
        ("SELECT " + "(" * 3000 + "1" + ")" * 3000, "resourcesExceeded", "Resources exceeded during query execution: "
         "Not enough resources for query planning - too many subqueries or query is too complex."),
        ("SELECT " + "1 + " * 20_000 + "1", "resourcesExceeded", "Resources exceeded during query execution: "
         "Not enough resources for query planning - too many subqueries or query is too complex."),
        ("SELECT ARRAY_AGG(CONCAT(CAST(a AS STRING), REPEAT('x', 1000))) FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS a, "
         "UNNEST(GENERATE_ARRAY(1, 1000)) AS b", "resourcesExceeded", "Resources exceeded during query execution: The "
         "query could not be executed in the allotted memory."),
    ],
    ids=lambda value: value[:60],
)  # fmt: skip
def test_what_is_too_large_is_refused_in_bigquery_s_words(bq, sql, reason, message):
    status, found, text = refusal(query(bq, sql))
    assert (status, found, text) == (400, reason, message)


def test_a_result_too_large_to_answer_goes_into_a_table(bq):
    sql = "SELECT x FROM UNNEST(GENERATE_ARRAY(1, 300000)) AS x"
    assert refusal(query(bq, sql))[:2] == (403, "responseTooLarge")
    assert query(bq, f"CREATE TABLE D.numbers AS {sql}").status_code == 200
    assert bq.get(BASE + "/datasets/D/tables/numbers").json()["numRows"] == "300000"


def test_within_the_bounds_arrays_and_texts_are_made(bq):
    sql = (
        "SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 1048575)), ARRAY_LENGTH(GENERATE_ARRAY(10, 1, -3)), "
        "ARRAY_LENGTH(GENERATE_DATE_ARRAY(DATE '2026-01-01', DATE '2026-01-31')), LENGTH(REPEAT('ab', 500000)), "
        "LPAD('x', 3, '-'), REPLACE('aXa', 'X', 'b'), REPEAT(NULL, 3)"
    )
    row = [value["v"] for value in query(bq, sql).json()["rows"][0]["f"]]
    assert row == ["1048575", "4", "31", "1000000", "--x", "aba", None]


def test_an_unclosed_comment_is_found_at_once(bq):
    status, reason, message = refusal(query(bq, "SELECT 1 " + "/* " * 300_000))
    assert (status, reason) == (400, "invalidQuery")
    assert message.startswith("Syntax error: Unclosed comment at")


def test_a_name_of_any_length_is_refused_without_being_repeated_whole(bq):
    status, reason, message = refusal(query(bq, f"SELECT `{'a' * 900_000}`"))
    assert (status, reason) == (400, "invalidQuery")
    assert message.startswith("Unrecognized name: aaa")
    assert len(message) < 2_000


def test_others_are_answered_while_a_query_is_read(bq, monkeypatch):
    reading, go_on = threading.Event(), threading.Event()
    real = vars(jobs)["parse_script"]

    def slow(sql):
        if "slowly" in sql:
            reading.set()
            assert go_on.wait(PATIENCE)
        return real(sql)

    monkeypatch.setattr(jobs, "parse_script", slow)
    configuration = {"query": {"query": "SELECT 'slowly'", "useLegacySql": False}}
    sent = PendingRequest(bq, BASE + "/jobs", {"configuration": configuration})
    assert reading.wait(PATIENCE)
    assert bq.get(BASE + "/datasets/D").status_code == 200
    assert query(bq, "SELECT 1").status_code == 200
    go_on.set()
    assert sent.answer()[1]["status"] == {"state": "DONE"}


def test_a_dataset_deleted_meanwhile_gets_no_table(bq, sandbox, monkeypatch):
    engine = engine_of(sandbox.context)
    real = engine.stored

    @contextmanager
    def stored(sql, watch):
        with real(sql, watch) as name:
            with watch.lock.released():
                assert bq.call("DELETE", BASE + "/datasets/D?deleteContents=true").status_code == 204
            yield name

    monkeypatch.setattr(engine, "stored", stored)
    status, reason, message = refusal(query(bq, "CREATE TABLE D.t AS SELECT 1 AS a", location="US"))
    assert (status, reason, message) == (404, "notFound", f"Not found: Dataset {P}:D was not found in location US")
    assert engine.execute("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'q%'").rows == []


def test_two_changes_of_one_row_at_the_same_time_are_refused_in_bigquery_s_words(bq, sandbox, monkeypatch):
    query(bq, "CREATE TABLE D.t AS SELECT 1 AS a")
    engine = engine_of(sandbox.context)
    real = engine.run

    def run(sql, watch, **more):
        if sql.startswith("UPDATE"):
            raise duckdb.TransactionException("Conflict on update!")
        return real(sql, watch, **more)

    monkeypatch.setattr(engine, "run", run)
    status, reason, message = refusal(query(bq, "UPDATE D.t SET a = 2 WHERE TRUE"))
    assert (status, reason) == (400, "invalidQuery")
    assert message == f"Could not serialize access to table {P}:D.t due to concurrent update"
