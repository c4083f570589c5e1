"""Whatever call fails in whatever way: no crash, a remedy, nothing of others lost, and the next run sets all right.

The methods are those that an undisturbed set-up calls; each is spoilt in each way, at its first call in `apply`, at
its first call in `verify`, and at every call of all. The table is printed at the end of the run.
"""

import asyncio
import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from kbq_tui.core import checks
from kbq_tui.core.checks import CheckResult, Verdict
from kbq_tui.core.problems import Problem
from kbq_tui.engine.apply import Outcome, Patience, apply
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.status import status
from kbq_tui.engine.verify import PROBE_PREFIX, Settling, verify
from kbq_tui.sandbox.faults import Rule
from tests.faults.field import Field, Refusal, Spot

PATIENCE = Patience(limit=10.0, first=1.0, most=4.0)
SETTLING = Settling(limit=10.0, first=1.0, most=4.0)
SHORT = 1.0
"""Seconds for a call where it hangs."""


@dataclass(frozen=True)
class Way:
    """One way to fail.

    Attributes:
        passing: trying again is what helps, so that the first call's failure must not be seen at all, where the call
            may be repeated.
        judges: an answer of this kind may make a check fail; any other may make it unknown at most.
        refused: nobody listens.
        timeout: seconds for a call.
        always: worth a run in which every call fails so; those that are not differ only in what was done before.
    """

    rule: dict = dataclasses.field(default_factory=dict)
    passing: bool = False
    judges: bool = False
    refused: bool = False
    timeout: float = 20.0
    always: bool = True


PYTHONS_WORDS = re.compile(r"object has no attribute|indices must be|not subscriptable|object is not|KeyError|<class ")

RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo"}
"""How gRPC says Retry-After (https://cloud.google.com/apis/design/errors#retry_info)."""

WAYS = {
    "401": Way({"kind": "status", "status": 401}, judges=True),
    "403": Way({"kind": "status", "status": 403}, judges=True),
    "404": Way({"kind": "status", "status": 404}, judges=True),
    "409": Way({"kind": "status", "status": 409}, judges=True),
    "412": Way({"kind": "status", "status": 412}, judges=True),
    "429": Way({"kind": "status", "status": 429}, passing=True),
    "429 Retry-After": Way(
        {"kind": "status", "status": 429, "retry_after": 3, "details": [{**RETRY_INFO, "retryDelay": "3s"}]},
        passing=True,
    ),
    "500": Way({"kind": "status", "status": 500}, passing=True),
    "503": Way({"kind": "status", "status": 503}, passing=True),
    "503 after the act": Way({"kind": "status", "status": 503, "when": "after"}, passing=True, always=False),
    "connection refused": Way(refused=True, passing=True),
    "reset before the act": Way({"kind": "reset"}, passing=True),
    "reset after the act": Way({"kind": "reset", "when": "after"}, passing=True),
    "hang before the act": Way({"kind": "hang", "seconds": 3.0}, timeout=SHORT),
    "hang after the act": Way({"kind": "hang", "seconds": 3.0, "when": "after"}, timeout=SHORT, always=False),
    "malformed body": Way({"kind": "malformed"}),
    "malformed after the act": Way({"kind": "malformed", "when": "after"}, always=False),
    "truncated body": Way({"kind": "truncated", "when": "after"}, passing=True, always=False),
    "wrong content type": Way({"kind": "content-type"}),
}


@dataclass(frozen=True)
class Known:
    """What an undisturbed set-up is like.

    Attributes:
        apply, verify, status: the methods that each calls.
        as_account: those of `verify` that are called with the service account's key.
        before, after: the project's state.
    """

    apply: tuple[str, ...]
    verify: tuple[str, ...]
    status: tuple[str, ...]
    as_account: frozenset[str]
    before: dict
    after: dict

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.apply, *self.verify, *self.status)))


@pytest.fixture(scope="module")
def known(field: Field, tmp_path_factory: pytest.TempPathFactory) -> Known:
    spot = field.spot(tmp_path_factory.mktemp("undisturbed"))
    seen: list[tuple[str, ...]] = []
    before = spot.state()

    async def run() -> frozenset[str]:
        at = len(spot.calls())
        with spot.ports() as ports:
            outcome = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
            assert outcome.complete, outcome.problems
            seen.append(tuple(dict.fromkeys(c.method for c in spot.calls()[at:])))
            at = len(spot.calls())
            results = await verify(spot.spec, ports)
            assert checks.healthy(results), [r for r in results if r.verdict is not Verdict.PASS]
            calls = spot.calls()[at:]
            seen.append(tuple(dict.fromkeys(c.method for c in calls)))
            own = frozenset(c.method for c in calls if c.principal == spot.spec.account_email) | {"oauth2.token"}
            at = len(spot.calls())
            assert (await status(spot.spec, ports)).healthy
            seen.append(tuple(dict.fromkeys(c.method for c in spot.calls()[at:])))
        return own

    own = asyncio.run(run())
    return Known(*seen, own, before, spot.state())


@dataclass
class Cell:
    """One method failing in one way at one place."""

    method: str
    place: str
    outcome: str = ""
    faults: list[str] = dataclasses.field(default_factory=list)

    def expect(self, truth: object, text: str) -> None:
        if not truth:
            self.faults.append(text)

    def problems(self, found: list[Problem]) -> None:
        """A problem has all that the operator needs."""
        for p in found:
            self.expect(p.title and p.cause and p.remedy and p.who, f"no remedy: {p}")
            self.expect("Traceback" not in p.original + p.cause, f"a traceback: {p}")
            self.expect(not PYTHONS_WORDS.search(p.original), f"Python's own words: {p}")

    def verdicts(self, results: tuple[CheckResult, ...], way: Way) -> None:
        self.problems([r.problem for r in results if r.problem is not None])
        for r in results:
            explained = r.problem is not None or r.verdict in (Verdict.PASS, Verdict.SKIPPED)
            self.expect(explained or r.evidence, f"{r.check.id}: {r.verdict} without a reason")
            wrong = r.verdict is Verdict.FAIL and not way.judges
            self.expect(not wrong, f"{r.check.id} fails for what is no verdict: {r.evidence}")


def spoil(spot: Spot, method: str, way: Way, *, every: bool) -> None:
    spot.timeout = way.timeout
    if way.refused:
        spot.refuse = Refusal(spot.field, method, 10_000 if every else 1)
    else:
        spot.fail(Rule(method, **way.rule, **({"every": 1} if every else {"nth": 1})))


def failures(found: Outcome) -> list[Problem]:
    return [*found.problems, *found.plan.warnings]


async def in_apply(spot: Spot, method: str, way: Way, known: Known) -> Cell | None:
    """The first call of a method fails while `apply` runs."""
    cell = Cell(method, "apply")
    spoil(spot, method, way, every=False)
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
    judge_apply(cell, found, spot)
    if not spot.hits() and way.rule.get("when") == "after":
        return None  # Google itself said no: there was no act to fail after
    cell.expect(spot.hits() == 1, f"{spot.hits()} calls were spoilt")
    if way.passing and method != "iam.serviceAccountKeys.create":
        cell.expect(found.complete, f"seen although it passes: {found.problems}")
    if way.rule.get("retry_after") and way.passing and found.complete:
        cell.expect(max(spot.slept, default=0) >= 3, "Retry-After was not waited for")
    await converge(cell, spot, known)
    return cell


async def everywhere(spot: Spot, method: str, way: Way, known: Known) -> Cell:
    """Every call of a method fails, whatever runs."""
    cell = Cell(method, "always")
    spoil(spot, method, way, every=True)
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
        judge_apply(cell, found, spot)
        if method in known.status:
            seen = await status(spot.spec, ports)
            cell.problems([line.problem for line in seen.lines if line.problem is not None])
        if method in known.verify:
            results = await verify(spot.spec, ports, settling=SETTLING)
            if found.complete:
                cell.verdicts(results, way)
            wrong = checks.healthy(results) and method in known.as_account
            cell.expect(not wrong, "verified although the key's own calls fail")
            if cell.outcome == "success" and not checks.healthy(results):
                cell.outcome = worst(results)
    cell.expect(spot.hits(), "no call was spoilt")
    await converge(cell, spot, known)
    return cell


async def in_verify(spot: Spot, method: str, way: Way) -> Cell:
    """The first call of a method fails while `verify` runs on a finished set-up."""
    cell = Cell(method, "verify")
    spoil(spot, method, way, every=False)
    with spot.ports() as ports:
        results = await verify(spot.spec, ports)
    cell.expect(spot.hits() == 1, f"{spot.hits()} calls were spoilt")
    spot.mend()
    cell.verdicts(results, way)
    cell.outcome = "success" if checks.healthy(results) else worst(results)
    if way.passing:
        cell.expect(checks.healthy(results), f"seen although it passes: {worst(results)}")
    return cell


def worst(results: tuple[CheckResult, ...]) -> str:
    return next(
        (f"{r.verdict.value}: {r.problem.code or 'unrecognised'}" for r in results if r.problem is not None), "unknown"
    )


def judge_apply(cell: Cell, found: Outcome, spot: Spot) -> None:
    cell.problems(failures(found))
    account = spot.world.service_accounts.get(spot.spec.account_email)
    made = set(account.keys) if account else set()
    held = {found.key.key_id} if found.key else set()
    told = any(p.code == "KBQ-KEY-OUTCOME-UNKNOWN" for p in found.problems)
    cell.expect(told or made <= held, "a key was lost, and nobody told")
    explained = found.complete or found.problems
    cell.expect(explained, "neither done nor a problem")
    cell.outcome = "success" if found.complete else (found.problems[0].code or "unrecognised")


async def converge(cell: Cell, spot: Spot, known: Known) -> None:
    """Without faults: one more `apply`, and the project is as after an undisturbed one."""
    spot.mend()
    spot.timeout = 20.0
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
        cell.expect(found.complete, f"does not converge: {found.problems}")
        await let_go_of_unheld(cell, spot, ports, found)
    state = without_probes(spot.state())
    for key in known.after:
        cell.expect(state[key] == known.after[key], f"{key}: {state[key]} is not {known.after[key]}")


async def let_go_of_unheld(cell: Cell, spot: Spot, ports: Ports, found: Outcome) -> None:
    """A key that nobody holds is reported, and can be deleted by its id; one that we hold stays."""
    unheld = [p.details["key_id"] for p in found.plan.warnings if p.code == "KBQ-KEY-UNHELD"]
    local = ports.keys.inspect(None, spot.project, spot.spec.account_email)
    remote = set(spot.world.service_accounts[spot.spec.account_email].keys)
    cell.expect(local is not None and local.key_id in remote, "we hold no key that Google knows")
    cell.expect(local is None or set(unheld) == remote - {local.key_id}, "an unheld key is not reported")
    if unheld:
        cell.outcome += ", a key to delete"
    for key_id in unheld:
        await ports.cloud.delete_key(spot.project, spot.spec.account_email, key_id)
    cell.expect(len(unheld) <= 1, f"{len(unheld)} keys that nobody holds")


def without_probes(state: dict) -> dict:
    """Probe tables whose DROP was what failed expire within the hour; nothing else may be left."""
    for dataset in state["datasets"].values():
        dataset["tables"] = {n: t for n, t in dataset["tables"].items() if not n.startswith(PROBE_PREFIX)}
    return state


def report(cells: list[Cell], way: str, record_property: object) -> None:
    rows = [[way, c.method, c.place, c.outcome] for c in cells]
    record_property("fault-matrix", rows)  # type: ignore[operator]
    bad = [f"{c.method} ({c.place}): {text}" for c in cells for text in c.faults]
    assert not bad, "\n".join([f"{len(bad)} wrong of {len(cells)} cells", *bad])


async def many(work: list, at_once: int) -> list[Cell]:
    """Run cells, some at the same time; those of the token endpoint alone, for it is everybody's."""
    slots = asyncio.Semaphore(at_once)

    async def one(make) -> Cell | None:
        async with slots:
            return await make()

    return [cell for cell in await asyncio.gather(*(one(make) for make in work)) if cell is not None]


def split(methods: tuple[str, ...]) -> tuple[list[str], list[str]]:
    shared = [m for m in methods if m.startswith("oauth2")]
    return shared, [m for m in methods if m not in shared]


@pytest.mark.parametrize("name", WAYS)
async def test_a_call_that_fails_once_in_apply_loses_nothing(
    name: str, field: Field, known: Known, tmp_path: Path, record_property: object
) -> None:
    way = WAYS[name]
    shared, own = split(known.apply)

    def cell(method: str):
        return lambda: in_apply(field.spot(tmp_path), method, way, known)

    cells = await many([cell(m) for m in shared], 1) + await many([cell(m) for m in own], 4)
    report(cells, name, record_property)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.always])
async def test_a_call_that_always_fails_loses_nothing(
    name: str, field: Field, known: Known, tmp_path: Path, record_property: object
) -> None:
    way = WAYS[name]
    shared, own = split(known.methods)

    def cell(method: str):
        return lambda: everywhere(field.spot(tmp_path), method, way, known)

    cells = await many([cell(m) for m in shared], 1) + await many([cell(m) for m in own], 4)
    report(cells, name, record_property)


@pytest.mark.parametrize("name", WAYS)
async def test_a_call_that_fails_once_in_verify_is_no_verdict(
    name: str, field: Field, known: Known, tmp_path: Path, record_property: object
) -> None:
    spot = field.spot(tmp_path)
    with spot.ports() as ports:
        assert (await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)).complete
    cells = [await in_verify(spot, method, WAYS[name]) for method in known.verify]
    assert without_probes(spot.state()) == known.after
    report(cells, name, record_property)
