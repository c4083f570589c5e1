"""Right after our own creation Google refuses what it will soon allow: 403 and 404 that name the account or its key.

The texts were reported from Google's own clients: hashicorp/terraform-provider-google#10227, #15042, #26429,
googleapis/google-cloud-cpp#7330.
"""

from pathlib import Path

import pytest

from kbq_tui.engine.apply import apply
from kbq_tui.engine.keys import keys_of
from kbq_tui.engine.observe import observe
from kbq_tui.engine.status import status
from kbq_tui.engine.verify.checks import keys
from kbq_tui.engine.verify.runner import verify
from kbq_tui.model import checks
from kbq_tui.model.checks import CheckResult
from kbq_tui.model.events import Event, EventKind
from kbq_tui.planning.diff import diff
from kbq_tui.sandbox.faults import Rule
from tests.faults.cells import PATIENCE
from tests.faults.field import ProjectPool, Spot
from tests.support.memory_machine import VirtualClock

TIMES = [1, 2, 3]
GET, LIST, CREATE = "iam.serviceAccounts.get", "iam.serviceAccountKeys.list", "iam.serviceAccountKeys.create"
ON_DATASET, ON_PROJECT = "bigquery.datasets.patch", "cloudresourcemanager.projects.setIamPolicy"


def refused(method: str, spot: Spot, http: int, **when: object) -> Rule:
    email = spot.spec.account_email
    text = {
        400: f"Service account {email} does not exist",
        404: f"Unknown service account: {email}",
        403: f"Permission '{method}' denied on resource (or it may not exist).",
    }[http]
    if (method, http) == (GET, 403):
        name = f"projects/{spot.project}/serviceAccounts/{email}"
        text = f"Permission {GET} is required to perform this operation on service account {name}."
    return Rule(method, "status", status=http, message=text, **when)  # type: ignore[arg-type]


CELLS = [(method, http) for method in (GET, LIST, CREATE) for http in (403, 404)]
names = pytest.mark.parametrize(("method", "http"), CELLS, ids=[f"{m.split('.', 1)[1]}-{h}" for m, h in CELLS])


async def with_an_account_only(spot: Spot) -> None:
    """A run that created the account, and could not create the key."""
    spot.fail(Rule(CREATE, "status", status=429, message="Quota exceeded for quota metric x", every=1))
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
    assert "account" in found.done
    assert "key" in found.failed
    spot.mend()


async def set_up(spot: Spot) -> None:
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
    assert found.complete, found.problems


@names
async def test_apply_goes_on_from_an_account_it_made_before(
    field: ProjectPool, tmp_path: Path, method: str, http: int
) -> None:
    spot = field.spot(tmp_path)
    await with_an_account_only(spot)
    spot.fail(refused(method, spot, http, nth=TIMES))
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
    assert found.complete, found.problems
    assert spot.hits() >= 1
    assert sum(c.method == "iam.serviceAccounts.create" and c.status < 400 for c in spot.calls()) == 1
    assert len(spot.world.service_accounts[spot.spec.account_email].keys) == 1


@pytest.mark.parametrize(
    ("method", "http"), [(CREATE, 403), (CREATE, 404), (ON_DATASET, 400), (ON_PROJECT, 400)], ids=str
)
async def test_apply_waits_in_sight_for_what_it_has_just_made(
    field: ProjectPool, tmp_path: Path, method: str, http: int
) -> None:
    spot = field.spot(tmp_path)
    spot.fail(refused(method, spot, http, nth=TIMES))
    events: list[Event] = []
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, events.append, patience=PATIENCE)
    assert found.complete, found.problems
    assert spot.hits() == len(TIMES)
    waits = [e for e in events if e.kind is EventKind.WAITING]
    assert all("nothing to do" in str(e.text) for e in waits)
    assert waits
    assert not any("Ask" in str(step) for e in waits if e.problem is not None for step in e.problem.remedy)


@names
async def test_what_was_just_made_is_neither_planned_again_nor_broken(
    field: ProjectPool, tmp_path: Path, method: str, http: int
) -> None:
    spot = field.spot(tmp_path)
    await set_up(spot)
    spot.fail(refused(method, spot, http, every=1))
    with spot.ports() as ports:
        plan = diff(spot.spec, await observe(spot.spec, ports))
        assert (plan.changes, plan.blocked) == ((), ())
        seen = await status(spot.spec, ports, {"ok": True, "at": ports.clock.now().isoformat()})
        assert seen.healthy, [line for line in seen.lines if line.health not in ("ok", "warning")]


@pytest.mark.parametrize("http", [403, 404])
async def test_verify_waits_for_a_list_of_keys_that_is_refused(field: ProjectPool, tmp_path: Path, http: int) -> None:
    spot = field.spot(tmp_path)
    await set_up(spot)
    spot.fill()
    spot.fail(refused(LIST, spot, http, nth=TIMES))
    with spot.ports() as ports:
        assert checks.healthy(await verify(spot.spec, ports, patience=PATIENCE))
    assert spot.hits() == len(TIMES)


@pytest.mark.parametrize(("method", "http"), [(GET, 403), (CREATE, 403), (CREATE, 404)], ids=str)
async def test_ten_minutes_later_the_same_refusals_are_final(
    field: ProjectPool, tmp_path: Path, method: str, http: int
) -> None:
    spot = field.spot(tmp_path)
    await with_an_account_only(spot)
    spot.fail(refused(method, spot, http, every=1))
    with spot.ports() as ports:
        assert isinstance(ports.clock, VirtualClock)
        ports.clock.seconds += 700
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
        assert not found.complete
        assert ports.clock.naps == []


async def test_a_create_whose_answer_was_lost_is_made_again_and_not_asked_for(
    field: ProjectPool, tmp_path: Path
) -> None:
    spot = field.spot(tmp_path)
    with spot.ports() as ports:
        ports.journal.intend("account", spot.spec.account_email)
        await ports.cloud.create_account(spot.project, spot.spec.account_id, "Klaviyo")
    spot.fail(refused(GET, spot, 403, every=1))
    with spot.ports() as ports:
        found = await apply(spot.spec, ports, lambda _: None, patience=PATIENCE)
    assert found.complete, found.problems


@pytest.mark.parametrize("http", [403, 404])
async def test_key_list_waits_for_an_account_that_was_just_made(field: ProjectPool, tmp_path: Path, http: int) -> None:
    spot = field.spot(tmp_path)
    await set_up(spot)
    spot.fail(refused(LIST, spot, http, nth=TIMES))
    events: list[Event] = []
    with spot.ports() as ports:
        keys, local, _ = await keys_of(spot.spec, ports, events.append, PATIENCE)
    assert local is not None
    assert [key.id for key in keys] == [local.key_id]
    assert {e.action for e in events if e.kind is EventKind.WAITING} == {"keys"}


# -- a list that does not show the key yet


async def without_its_key_in_the_list(spot: Spot, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(spot.field.sandbox.world.delays, "key_list", 3600.0)
    await set_up(spot)
    with spot.ports() as ports:
        assert await ports.cloud.keys(spot.project, spot.spec.account_email) == ()


async def keys_check(spot: Spot, *, later: float = 0.0) -> CheckResult:
    with spot.ports() as ports:
        assert isinstance(ports.clock, VirtualClock)
        ports.clock.seconds += later
        return next(r for r in await verify(spot.spec, ports, patience=PATIENCE) if r.check is keys.check)


async def test_a_key_that_signed_in_is_alive_whatever_the_list_says(
    field: ProjectPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spot = field.spot(tmp_path)
    await without_its_key_in_the_list(spot, monkeypatch)
    for later in (0.0, 700.0):
        result = await keys_check(spot, later=later)
        assert result.verdict == "pass", result
        assert "has signed in" in str(result.evidence)
    with spot.ports() as ports:
        assert diff(spot.spec, await observe(spot.spec, ports)).complete
        seen = await status(spot.spec, ports, {"ok": True, "at": ports.clock.now().isoformat()})
        assert seen.healthy


async def test_a_young_key_that_does_not_sign_in_is_not_called_dead_and_an_old_one_is(
    field: ProjectPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spot = field.spot(tmp_path)
    await without_its_key_in_the_list(spot, monkeypatch)
    spot.world.service_accounts[spot.spec.account_email].keys.clear()
    young = await keys_check(spot)
    assert (young.verdict, young.problem and young.problem.code) == ("unknown", "KBQ-KEY-NOT-FOUND")
    old = await keys_check(spot, later=700.0)
    assert (old.verdict, old.problem and old.problem.code) == ("fail", "KBQ-KEY-DEAD")
