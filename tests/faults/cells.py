"""The parts of the fault matrices: the ways to fail, a cell, and what must hold in each."""

import asyncio
import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kbq_tui.engine.apply import apply
from kbq_tui.engine.status import status
from kbq_tui.engine.verify.runner import verify
from kbq_tui.engine.waiting import Patience
from kbq_tui.model import checks
from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.problem import Problem
from kbq_tui.sandbox.faults import Rule
from kbq_tui.shell.sql import PROBE_PREFIX
from tests.faults.field import SHARED, TABLE, ProjectPool, Refusal, Spot

PATIENCE = Patience(limit=10.0, first=1.0, most=4.0)


@dataclass(frozen=True)
class Way:
    """One way to fail.

    Attributes:
        passing: whether a retry helps, so that the failure of a first call that may be repeated must not be seen at
            all.
        judges: whether an answer of this kind may fail a check; any other may only make it unknown.
        refused: whether nothing listens.
        hangs: whether calls of the method are given up soon after they hang.
        always: whether it is worth a run in which every call fails in this way; others differ only in what was done
            before.
        truth: which of the STORIES is what has happened; none if Google simply refused.
        grpc_truth: the same for a gRPC call, where that sees it differently.
    """

    rule: dict[str, Any] = dataclasses.field(default_factory=dict)
    passing: bool = False
    judges: bool = False
    refused: bool = False
    hangs: bool = False
    always: bool = True
    truth: str = ""
    grpc_truth: str = ""


STORIES = frozenset(
    {
        "KBQ-CAPTIVE-PORTAL",
        "KBQ-CONNECTION-LOST",
        "KBQ-CONNECTION-REFUSED",
        "KBQ-DEADLINE",
        "KBQ-DNS",
        "KBQ-GOOGLE-UNAVAILABLE",
        "KBQ-MALFORMED-ANSWER",
        "KBQ-NETWORK-UNREACHABLE",
        "KBQ-PROXY",
        "KBQ-RATE-LIMITED",
        "KBQ-TLS",
    }
)
"""What may be reported about a call that failed on the way, or by a passing fault; each is wrong if another is true."""

PYTHONS_WORDS = re.compile(r"object has no attribute|indices must be|not subscriptable|object is not|KeyError|<class ")

RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo"}
"""How gRPC says Retry-After (https://cloud.google.com/apis/design/errors#retry_info)."""

WAYS = {
    "401": Way({"kind": "status", "status": 401}, judges=True),
    "403": Way({"kind": "status", "status": 403}, judges=True),
    "404": Way({"kind": "status", "status": 404}, judges=True),
    "409": Way({"kind": "status", "status": 409}, judges=True),
    "412": Way({"kind": "status", "status": 412}, judges=True),
    "429": Way({"kind": "status", "status": 429}, passing=True, truth="KBQ-RATE-LIMITED"),
    "429 Retry-After": Way(
        {"kind": "status", "status": 429, "retry_after": 3, "details": [{**RETRY_INFO, "retryDelay": "3s"}]},
        passing=True,
        truth="KBQ-RATE-LIMITED",
    ),
    "500": Way({"kind": "status", "status": 500}, passing=True, truth="KBQ-GOOGLE-UNAVAILABLE"),
    "503": Way({"kind": "status", "status": 503}, passing=True, truth="KBQ-GOOGLE-UNAVAILABLE"),
    "503 after the act": Way(
        {"kind": "status", "status": 503, "when": "after"}, passing=True, always=False, truth="KBQ-GOOGLE-UNAVAILABLE"
    ),
    "connection refused": Way(refused=True, passing=True, truth="KBQ-CONNECTION-REFUSED"),
    "reset before the act": Way({"kind": "reset"}, passing=True, truth="KBQ-CONNECTION-LOST"),
    "reset after the act": Way({"kind": "reset", "when": "after"}, passing=True, truth="KBQ-CONNECTION-LOST"),
    "hang before the act": Way({"kind": "hang", "seconds": 6.0}, hangs=True, truth="KBQ-DEADLINE"),
    "hang after the act": Way(
        {"kind": "hang", "seconds": 6.0, "when": "after"}, hangs=True, always=False, truth="KBQ-DEADLINE"
    ),
    "malformed body": Way({"kind": "malformed"}, truth="KBQ-MALFORMED-ANSWER"),
    "malformed after the act": Way({"kind": "malformed", "when": "after"}, always=False, truth="KBQ-MALFORMED-ANSWER"),
    "truncated body": Way(
        {"kind": "truncated", "when": "after"}, passing=True, always=False, truth="KBQ-CONNECTION-LOST"
    ),
    "wrong content type": Way({"kind": "content-type"}, truth="KBQ-CAPTIVE-PORTAL", grpc_truth="KBQ-MALFORMED-ANSWER"),
}


@dataclass(frozen=True)
class ReferenceRun:
    """The reference: a set-up without faults.

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


def undisturbed(field: ProjectPool, folder: Path) -> ReferenceRun:
    """Set up one project, verify it and read it, without faults."""
    spot = field.spot(folder)
    seen: list[tuple[str, ...]] = []
    before, after = spot.state(), spot.state()

    async def run() -> frozenset[str]:
        nonlocal after
        at = len(spot.calls())
        with spot.ports() as ports:
            outcome = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
            assert outcome.complete, outcome.problems
            seen.append(tuple(dict.fromkeys(c.method for c in spot.calls()[at:])))
            at = len(spot.calls())
            after = spot.state()
            spot.fill()
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
    return ReferenceRun(seen[0], seen[1], seen[2], own, before, after)


@dataclass
class Cell:
    """One method that fails in one way at one place."""

    method: str
    place: str
    outcome: str = ""
    faults: list[str] = dataclasses.field(default_factory=list)

    def expect(self, truth: object, text: str) -> None:
        if not truth:
            self.faults.append(text)

    def problems(self, found: list[Problem], way: Way) -> None:
        """Check that a problem has everything that the operator needs, and reports what has happened."""
        for p in found:
            self.expect(
                p.code not in STORIES or p.code in (way.truth, way.grpc_truth),
                f"{p.code} is not what happened: {p.original}",
            )
            self.expect(p.title and p.cause and p.remedy and p.who, f"no remedy: {p}")
            self.expect("Traceback" not in f"{p.original}{p.cause}", f"a traceback: {p}")
            self.expect(not PYTHONS_WORDS.search(str(p.original)), f"Python's own words: {p}")

    def verdicts(self, results: tuple[CheckResult, ...], way: Way) -> None:
        self.problems([r.problem for r in results if r.problem is not None], way)
        for r in results:
            explained = r.problem is not None or r.verdict in (Verdict.PASS, Verdict.SKIPPED)
            self.expect(explained or r.evidence, f"{r.check.id}: {r.verdict} without a reason")
            wrong = r.verdict is Verdict.FAIL and not way.judges
            self.expect(not wrong, f"{r.check.id} fails for what is no verdict: {r.evidence}")


def spoil(spot: Spot, method: str, way: Way, *, every: bool) -> None:
    spot.short = frozenset({method}) if way.hangs else frozenset()
    if way.refused:
        spot.refuse = Refusal(spot.field, method, 10_000 if every else 1)
    else:
        spot.fail(Rule(method, **{**way.rule, "every" if every else "nth": 1}))


def worst(results: tuple[CheckResult, ...]) -> str:
    return next(
        (f"{r.verdict.value}: {r.problem.code or 'unrecognised'}" for r in results if r.problem is not None), "unknown"
    )


def without_probes(state: dict) -> dict:
    """Probe tables whose DROP was the failed call expire within the hour; otherwise only what is to be read is left."""
    for dataset in state["datasets"].values():
        kept = {n: t for n, t in dataset["tables"].items() if not n.startswith(PROBE_PREFIX) and n != TABLE}
        dataset["tables"] = kept
    return state


def report(cells: list[Cell], way: str, record_property: object) -> None:
    # As plain text, because test processes can pass nothing else to each other.
    rows = [[way, c.method, c.place, str(c.outcome)] for c in cells]
    record_property("fault-matrix", rows)  # type: ignore[operator]
    bad = [f"{c.method} ({c.place}): {text}" for c in cells for text in c.faults]
    assert not bad, "\n".join([f"{len(bad)} wrong of {len(cells)} cells", *bad])


async def many(work: list, at_once: int) -> list[Cell]:
    """Run cells, some at the same time; those of the token endpoint alone, because it is shared."""
    slots = asyncio.Semaphore(at_once)

    async def one(make) -> Cell | None:
        async with slots:
            return await make()

    return [cell for cell in await asyncio.gather(*(one(make) for make in work)) if cell is not None]


def split(methods: tuple[str, ...]) -> tuple[list[str], list[str]]:
    shared = [m for m in methods if m in SHARED]
    return shared, [m for m in methods if m not in shared]
