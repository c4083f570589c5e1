"""Tokens that become invalid during a run, as when they expire or are revoked."""

from pathlib import Path

import pytest

from kbq_tui.engine.apply import apply
from kbq_tui.engine.verify.runner import verify
from kbq_tui.engine.waiting import Patience
from kbq_tui.model.events import Event, EventKind
from tests.faults.field import ProjectPool, Spot


def tokens_asked(spot: Spot) -> int:
    return sum(c.method == "oauth2.token" for c in spot.calls())


@pytest.mark.parametrize("when", [EventKind.STARTED, EventKind.FINISHED])
@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_tokens_that_die_in_mid_run_are_fetched_anew(
    when: EventKind, nth: int, field: ProjectPool, tmp_path: Path
) -> None:
    spot = field.spot(tmp_path)
    before = tokens_asked(spot)
    events = []

    def emit(event: Event) -> None:
        if event.kind is when:
            events.append(event.action)
            if len(events) == nth:
                field.context.auth._tokens.clear()

    with spot.ports() as ports:
        found = await apply(spot.spec, ports, emit, patience=Patience(limit=10))
        assert found.complete, found.problems
        field.context.auth._tokens.clear()
        results = await verify(spot.spec, ports)
    assert [r for r in results if r.problem is not None] == []
    assert len(events) >= nth
    assert tokens_asked(spot) - before >= 3
    assert len(spot.world.service_accounts[spot.spec.account_email].keys) == 1
