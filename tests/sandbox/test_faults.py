"""The fault plan: each kind over both protocols, which calls it hits, and the state afterwards."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from kbq_tui.sandbox.faults import Faults, Rule
from tests.support.polling import PATIENCE

P = "acme-klaviyo-demo"
PROJECT = f"/crm/v1/projects/{P}"
ACCOUNTS = f"/iam/v1/projects/{P}/serviceAccounts"
GET = "cloudresourcemanager.projects.get"
CREATE = "iam.serviceAccounts.create"
BODY = {"accountId": "some-account"}


@pytest.fixture
def plan(sandbox, operator):
    operator.get(PROJECT)  # the token is fetched before anything fails

    def set_plan(**rule):
        sandbox.context.faults.replace([Rule.from_data(rule)])

    return set_plan


def exists(sandbox):
    return sandbox.world.account(f"some-account@{P}.iam.gserviceaccount.com") is not None


@pytest.mark.parametrize("status", [401, 403, 404, 409, 412, 429, 500, 503])
def test_a_status_before_the_server_acts(sandbox, operator, plan, status):
    plan(method=CREATE, kind="status", status=status, nth=1, retry_after=2)
    url = sandbox.url + ACCOUNTS
    headers = {"Authorization": f"Bearer {operator.credentials.token}"}
    answer = requests.post(url, json=BODY, headers=headers, timeout=PATIENCE)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status
    assert answer.headers["Retry-After"] == "2"
    assert not exists(sandbox)
    assert requests.post(url, json=BODY, headers=headers, timeout=PATIENCE).status_code == 200


def test_a_status_after_the_server_acted(sandbox, operator, plan):
    plan(method=CREATE, kind="status", status=500, nth=1, when="after")
    assert operator.post(ACCOUNTS, BODY).status_code == 500
    assert exists(sandbox)
    assert [c.method for c in sandbox.world.writes()] == [CREATE]


@pytest.mark.parametrize(("when", "acted"), [("before", False), ("after", True)])
def test_a_reset(sandbox, operator, plan, when, acted):
    plan(method=CREATE, kind="reset", nth=1, when=when)
    session = operator.session
    session.max_refresh_attempts = 0
    with pytest.raises(requests.ConnectionError):
        session.post(sandbox.url + ACCOUNTS, json=BODY, timeout=PATIENCE)
    assert exists(sandbox) is acted
    assert operator.get(PROJECT).status_code == 200


def test_a_hang_outlasts_the_callers_patience(sandbox, operator, plan):
    plan(method=GET, kind="hang", nth=1)
    with pytest.raises(requests.Timeout):
        operator.session.get(sandbox.url + PROJECT, timeout=0.3)
    assert operator.get(PROJECT).status_code == 200


def test_a_hang_does_not_keep_the_sandbox_from_stopping(start, connect):
    sandbox = start("fresh")
    operator = connect(sandbox)
    operator.get(PROJECT)
    sandbox.context.faults.replace([Rule(method=GET, kind="hang", every=1)])
    caught = []

    def wait():
        try:
            operator.session.get(sandbox.url + PROJECT, timeout=PATIENCE)
        except requests.ConnectionError as error:  # the sandbox closed it; a time-out is none of these
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    sandbox.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert caught


@pytest.mark.parametrize("kind", ["malformed", "truncated", "content-type"])
@pytest.mark.parametrize(("when", "acted"), [("before", False), ("after", True)])
def test_a_broken_body(sandbox, operator, plan, kind, when, acted):
    plan(method=CREATE, kind=kind, nth=1, when=when)
    with pytest.raises(requests.RequestException):  # JSONDecodeError is one, ChunkedEncodingError too
        operator.session.post(sandbox.url + ACCOUNTS, json=BODY, timeout=PATIENCE).json()
    assert exists(sandbox) is acted


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"kind": "status", "status": 503}, exceptions.ServiceUnavailable),
        ({"kind": "status", "status": 429}, exceptions.ResourceExhausted),
        ({"kind": "status", "status": 403, "message": "No."}, exceptions.PermissionDenied),
        ({"kind": "reset"}, exceptions.ServiceUnavailable),
        ({"kind": "malformed"}, exceptions.InternalServerError),
        ({"kind": "hang"}, exceptions.DeadlineExceeded),
    ],
    ids=lambda v: v.get("kind") if isinstance(v, dict) else v.__name__,
)
@pytest.mark.parametrize(("when", "acted"), [("before", False), ("after", True)])
def test_the_same_over_grpc(sandbox, operator, plan, rule, expected, when, acted):
    plan(method=CREATE, nth=1, when=when, **rule)
    client = operator.iam()
    patience = 1 if rule["kind"] == "hang" else 20
    with pytest.raises(expected):
        client.create_service_account(name=f"projects/{P}", account_id="some-account", retry=None, timeout=patience)
    assert exists(sandbox) is acted
    sandbox.context.faults.replace([])


def hits(rule, calls):
    faults = Faults([Rule.from_data({"method": "a.*", "kind": "status", **rule})])
    found = []
    for i in range(1, calls + 1):
        if faults.next("a.b", "before"):
            found.append(i)
        else:
            faults.next("a.b", "after")
    return found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"nth": 3}, [3]),
        ({"nth": [1, 4]}, [1, 4]),
        ({"every": 2}, [2, 4, 6]),
        ({"every": 1, "times": 2}, [1, 2]),
        ({"every": 1, "max_in_row": 2}, [1, 2, 4, 5]),
        ({"probability": 1.0, "max_in_row": 1}, [1, 3, 5]),
    ],
    ids=str,
)
def test_which_calls_a_rule_applies_to(rule, expected):
    assert hits(rule, 6) == expected


def test_chance_comes_from_the_seed():
    rule = {"probability": 0.3, "seed": 5}
    assert hits(rule, 200) == hits(rule, 200)
    assert 30 < len(hits(rule, 200)) < 90
    assert hits(rule, 200) != hits({**rule, "seed": 6}, 200)


def test_the_limit_in_a_row_holds_for_each_resource_though_calls_interleave():
    faults = Faults([Rule(method="*", kind="status", every=1, max_in_row=2)])
    failed: dict[str, list[object]] = {"x": [], "y": []}
    for _ in range(3):
        for resource in ("x", "y"):
            failed[resource].append(bool(faults.next("a.b", "before", resource)))
    assert failed == {"x": [True, True, False], "y": [True, True, False]}


def test_a_rule_counts_the_calls_of_each_method_apart():
    faults = Faults([Rule(method="*", kind="status", nth=2)])
    assert [bool(faults.next(m, "before")) for m in ("a", "b", "a", "b")] == [False, False, True, True]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"method": "x", "kind": "status", "nth": 1, "statuss": 503}, "statuss"),
        ({"method": "x", "kind": "explode", "nth": 1}, "kind"),
        ({"method": "x", "kind": "status"}, "nth"),
        ({"method": "x", "kind": "status", "nth": 1, "when": "during"}, "when"),
    ],
)
def test_a_rule_with_a_mistake_is_refused_by_name(data, named):
    with pytest.raises(ValueError, match=named):
        Rule.from_data(data)


def test_with_the_flaky_scenario_three_tries_always_win(start, connect):
    sandbox = start("flaky")
    operator = connect(sandbox)

    for _ in range(3):
        try:
            operator.credentials.refresh(Request())
            break
        except (GoogleAuthError, requests.ConnectionError):
            continue
    assert operator.credentials.token
    headers = {"Authorization": f"Bearer {operator.credentials.token}"}
    failures = 0
    for _ in range(60):
        for _attempt in range(3):
            try:
                answer = requests.get(sandbox.url + PROJECT, headers=headers, timeout=PATIENCE)
            except requests.ConnectionError:
                failures += 1
                continue
            if answer.status_code == 200:
                break
            failures += 1
        else:
            raise AssertionError("a call failed three times in a row")
    assert failures > 5


def test_calls_at_once_take_one_latency(start, connect):
    sandbox = start("fresh", latency_ms=200)
    operator = connect(sandbox)
    operator.get(PROJECT)
    token = operator.credentials.token

    def one(i):
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(sandbox.url + PROJECT, headers=headers, timeout=10).status_code

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(one, range(20))) == [200] * 20
    calls = sandbox.world.calls[-20:]
    assert all(call.seconds >= 0.2 for call in calls)
    first = min(calls, key=lambda call: call.at)
    assert any(call.at < first.at + first.seconds for call in calls if call is not first), "one after the other"


def test_the_log_says_how_long_a_call_took(start, connect):
    sandbox = start("fresh", latency_ms=150)
    before = time.time()
    connect(sandbox).get(PROJECT)
    token, call = sandbox.world.calls
    assert call.seconds >= 0.15
    assert before <= token.at <= token.at + token.seconds <= call.at + 0.01


def test_a_call_on_a_kept_connection_does_not_wait_for_an_acknowledgement(sandbox, operator):
    operator.get(PROJECT)  # with Nagle's algorithm on, each call takes 40 ms and more
    kept = [protocol.transport.get_extra_info("socket") for protocol in sandbox._server.server_state.connections]
    assert kept
    assert all(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for sock in kept)


def test_faults_can_be_set_from_another_process(sandbox, operator):
    operator.get(PROJECT)
    rule = {"method": GET, "kind": "status", "status": 404, "nth": 1}
    headers = {"Authorization": f"Bearer {sandbox.env()['KBQ_TUI_SANDBOX_TOKEN']}"}
    url = sandbox.url + "/_sandbox/faults"
    answer = requests.post(url, json={"faults": [rule]}, headers=headers, timeout=PATIENCE)
    assert answer.json()["faults"] == 1
    assert operator.get(PROJECT).status_code == 404
