"""Whatever call fails in whatever way: no crash, a remedy, nothing of others lost, and the next run repairs everything.

The methods are those that a set-up without faults calls; each fails in each way, at its first call in `apply`, at its
first call in `verify`, and at every call of all. The table is printed at the end of the run.
"""

from pathlib import Path

import pytest

from kbq_tui.engine.apply import Outcome, apply
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.status import status
from kbq_tui.engine.verify.runner import verify
from kbq_tui.model import checks
from kbq_tui.model.problem import Problem
from tests.faults.cells import (
    PATIENCE,
    WAYS,
    Cell,
    ReferenceRun,
    Way,
    many,
    report,
    split,
    spoil,
    without_probes,
    worst,
)
from tests.faults.field import ProjectPool, Spot

MOST = 100
"""The most calls of one method, all of which fail, in an `apply`, a `status` and a `verify`; more mean that they are
not limited."""


def failures(found: Outcome) -> list[Problem]:
    return [*found.problems, *found.plan.warnings]


async def in_apply(spot: Spot, method: str, way: Way, known: ReferenceRun) -> Cell | None:
    """The first call of a method fails while `apply` runs."""
    cell = Cell(method, "apply")
    spoil(spot, method, way, every=False)
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
    judge_apply(cell, found, spot, way)
    if not spot.hits() and way.rule.get("when") == "after":
        return None  # Google itself refused: there was no effect after which it could fail
    cell.expect(spot.hits() == 1, f"{spot.hits()} calls were spoilt")
    if way.passing and method != "iam.serviceAccountKeys.create":
        cell.expect(found.complete, f"seen although it passes: {found.problems}")
    if way.rule.get("retry_after") and way.passing and found.complete:
        cell.expect(max(spot.slept, default=0) >= 3, "Retry-After was not waited for")
    await converge(cell, spot, known)
    return cell


async def everywhere(spot: Spot, method: str, way: Way, known: ReferenceRun) -> Cell:
    """Every call of a method fails, whatever runs."""
    cell = Cell(method, "always")
    spoil(spot, method, way, every=True)
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
        judge_apply(cell, found, spot, way)
        if method in known.status:
            seen = await status(spot.spec, ports)
            cell.problems([line.problem for line in seen.lines if line.problem is not None], way)
        if method in known.verify:
            spot.fill()
            results = await verify(spot.spec, ports, patience=PATIENCE)
            if found.complete:
                cell.verdicts(results, way)
            wrong = checks.healthy(results) and method in known.as_account
            cell.expect(not wrong, "verified although the key's own calls fail")
            if cell.outcome == "success" and not checks.healthy(results):
                cell.outcome = worst(results)
    cell.expect(0 < spot.hits() <= MOST, f"{spot.hits()} calls were spoilt")
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


def judge_apply(cell: Cell, found: Outcome, spot: Spot, way: Way) -> None:
    cell.problems(failures(found), way)
    account = spot.world.service_accounts.get(spot.spec.account_email)
    made = set(account.keys) if account else set()
    held = {found.key.key_id} if found.key else set()
    told = any(p.code == "KBQ-KEY-OUTCOME-UNKNOWN" for p in found.problems)
    cell.expect(told or made <= held, "a key was lost, and nobody told")
    explained = found.complete or found.problems
    cell.expect(explained, "neither done nor a problem")
    cell.outcome = "success" if found.complete else (found.problems[0].code or "unrecognised")


async def converge(cell: Cell, spot: Spot, known: ReferenceRun) -> None:
    """Without faults: after one more `apply`, the project is as after a set-up without faults."""
    spot.mend()
    spot.short = frozenset()
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
        cell.expect(found.complete, f"does not converge: {found.problems}")
        await let_go_of_unheld(cell, spot, ports, found)
    state = without_probes(spot.state())
    for key in known.after:
        cell.expect(state[key] == known.after[key], f"{key}: {state[key]} is not {known.after[key]}")


async def let_go_of_unheld(cell: Cell, spot: Spot, ports: Ports, found: Outcome) -> None:
    """A key that nobody holds is reported, and can be deleted by its id; one that we hold stays."""
    unheld = [p.detail("key_id") for p in found.plan.warnings if p.code == "KBQ-KEY-UNHELD"]
    local = ports.keys.inspect(None, spot.project, spot.spec.account_email)
    remote = set(spot.world.service_accounts[spot.spec.account_email].keys)
    cell.expect(local is not None and local.key_id in remote, "we hold no key that Google knows")
    cell.expect(local is None or set(unheld) == remote - {local.key_id}, "an unheld key is not reported")
    if unheld:
        cell.outcome += ", a key to delete"
    for key_id in unheld:
        await ports.cloud.delete_key(spot.project, spot.spec.account_email, str(key_id))
    cell.expect(len(unheld) <= 1, f"{len(unheld)} keys that nobody holds")


@pytest.mark.parametrize("name", WAYS)
async def test_a_call_that_fails_once_in_apply_loses_nothing(
    name: str, field: ProjectPool, known: ReferenceRun, tmp_path: Path, record_property: object
) -> None:
    way = WAYS[name]
    shared, own = split(known.apply)

    def cell(method: str):
        return lambda: in_apply(field.spot(tmp_path), method, way, known)

    cells = await many([cell(m) for m in shared], 1) + await many([cell(m) for m in own], 4)
    report(cells, name, record_property)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.always])
async def test_a_call_that_always_fails_loses_nothing(
    name: str, field: ProjectPool, known: ReferenceRun, tmp_path: Path, record_property: object
) -> None:
    way = WAYS[name]
    shared, own = split(known.methods)

    def cell(method: str):
        return lambda: everywhere(field.spot(tmp_path), method, way, known)

    cells = await many([cell(m) for m in shared], 1) + await many([cell(m) for m in own], 4)
    report(cells, name, record_property)


@pytest.mark.parametrize("name", WAYS)
async def test_a_call_that_fails_once_in_verify_is_no_verdict(
    name: str, field: ProjectPool, known: ReferenceRun, tmp_path: Path, record_property: object
) -> None:
    spot = field.spot(tmp_path)
    with spot.ports() as ports:
        assert (await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)).complete
    spot.fill()
    cells = [await in_verify(spot, method, WAYS[name]) for method in known.verify]
    assert without_probes(spot.state()) == known.after
    report(cells, name, record_property)
