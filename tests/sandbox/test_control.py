"""What tests in another process may tell a sandbox; anything else is refused and changes nothing."""

import json

import pytest
import requests

from kbq_tui.sandbox.clock import CLOCK_SKEW_LIMIT
from kbq_tui.sandbox.server import Sandbox
from tests.support.polling import PATIENCE

FAULTS, CLOCK = "/_sandbox/faults", "/_sandbox/clock"
RULE = {"method": "x", "kind": "status", "nth": 1}
EDIT = {"after": "x", "project": "p"}


@pytest.fixture(scope="module")
def running():
    with Sandbox("fresh") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.context.faults.replace([])
    running.world.clock.skew = 0
    return running


def tell(sandbox, path, body):
    headers = {"Authorization": f"Bearer {sandbox.context.token}"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = requests.post(sandbox.url + path, data=data, headers=headers, timeout=PATIENCE)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (FAULTS, b"", "JSON"),
        (FAULTS, b"{", "JSON"),
        (FAULTS, b"\xff", "JSON"),
        (FAULTS, b'{"faults": "\\ud800"}', "JSON"),
        (FAULTS, b"[" * 100_000, "JSON"),
        (FAULTS, [], "must be a table"),
        (FAULTS, None, "must be a table"),
        (FAULTS, {"fault": []}, "unknown key 'fault'"),
        (FAULTS, {"faults": {}}, "faults: must be an array"),
        (FAULTS, {"faults": None}, "faults: must be an array"),
        (FAULTS, {"faults": [1]}, "faults[0]: must be a table"),
        (FAULTS, {"faults": [RULE, {"method": "x"}]}, "faults[1]: missing key 'kind'"),
        (FAULTS, {"faults": [RULE | {"method": 1}]}, "faults[0].method: must be a string"),
        (FAULTS, {"faults": [RULE | {"status": "403"}]}, "faults[0].status: must be a whole number"),
        (FAULTS, {"faults": [RULE | {"status": 42}]}, "faults[0].status: must be a whole number from 300 to 599"),
        (FAULTS, {"faults": [RULE | {"nth": ["1"]}]}, "faults[0].nth[0]: must be a whole number"),
        (FAULTS, {"faults": [RULE | {"nth": True}]}, "faults[0].nth: must be a whole number or an array"),
        (FAULTS, {"faults": [RULE | {"google_status": "NO"}]}, "faults[0].google_status: unknown value 'NO'"),
        (FAULTS, {"faults": [RULE | {"details": [{"@type": "x"}]}]}, "faults[0].details: no google.rpc details"),
        (FAULTS, {"faults": [RULE | {"retry-after": "soon"}]}, "faults[0].retry-after: must be a whole number"),
        (FAULTS, {"editors": [EDIT | {"add": 1}]}, "editors[0].add: must be a table"),
        (FAULTS, {"editors": [EDIT | {"add": {"role": "r"}}]}, "editors[0].add: missing key 'member'"),
        (FAULTS, {"editors": [{"after": "x"}]}, "editors[0]: missing key 'project'"),
        (CLOCK, b"nonsense", "JSON"),
        (CLOCK, {}, "missing key 'advance'"),
        (CLOCK, {"advance": "60"}, "advance: must be a number"),
        (CLOCK, {"advance": None}, "advance: must be a number"),
        (CLOCK, b'{"advance": NaN}', "advance: must be a number"),
        (CLOCK, {"advance": 1e300}, "advance: must be a number"),
        (CLOCK, {"advance": 60, "retreat": 60}, "unknown key 'retreat'"),
    ],
)
def test_nonsense_is_refused_by_name(sandbox, path, body, named):
    status, answer = tell(sandbox, path, body)
    assert status == 400
    assert named in answer["error"]
    assert sandbox.context.faults.rules == []
    assert sandbox.world.clock.skew == 0


def test_changes_of_the_clock_do_not_add_up_beyond_what_dates_can_hold(sandbox):
    assert tell(sandbox, CLOCK, {"advance": CLOCK_SKEW_LIMIT})[0] == 200
    assert tell(sandbox, CLOCK, {"advance": 1})[0] == 400


def test_the_clock_can_be_advanced(sandbox):
    assert tell(sandbox, CLOCK, {"advance": 60})[0] == 200
    assert sandbox.world.clock.skew == 60
