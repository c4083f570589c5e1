"""What tests in another process ask the sandbox about itself; no part of Google's APIs."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kbq_tui.sandbox import faults
from kbq_tui.sandbox.context import Context
from kbq_tui.sandbox.world import Account, CallRecord, Clock, Dataset, Policy, Project, Table, World, access_key

JSON = dict[str, Any]


def state(world: World) -> JSON:
    """The world in canonical form: without secrets, and without what differs from run to run (etags, ids, times)."""
    with world.lock:
        return {"projects": {p.id: _project(p) for p in sorted(world.projects.values(), key=lambda p: p.id)}}


def _project(project: Project) -> JSON:
    return {
        "billing": project.billing,
        "services": sorted(project.services),
        "bindings": _bindings(project.policy),
        "org_policies": project.org_policies,
        "service_accounts": {
            a.email: _account(a) for a in sorted(project.service_accounts.values(), key=lambda a: a.email)
        },
        "datasets": {d.dataset_id: _dataset(d) for d in sorted(project.datasets.values(), key=lambda d: d.dataset_id)},
    }


def _bindings(policy: Policy) -> list[JSON]:
    found = [{**b, "members": sorted(b["members"])} for b in policy.bindings]
    return sorted(found, key=lambda b: (b["role"], str(b.get("condition")), b["members"]))


def _account(account: Account) -> JSON:
    return {
        "display_name": account.display_name,
        "description": account.description,
        "disabled": account.disabled,
        "keys": len(account.keys),
        "bindings": _bindings(account.policy),
    }


def _dataset(dataset: Dataset) -> JSON:
    tables = sorted(dataset.tables.values(), key=lambda t: t.table_id)
    return {
        "location": dataset.location,
        "labels": dataset.labels,
        "description": dataset.description,
        "friendly_name": dataset.friendly_name,
        "access": sorted(dataset.access, key=access_key),
        "tables": {t.table_id: _table(t) for t in tables},
    }


def _table(table: Table) -> JSON:
    found = {"kind": table.kind, "schema": table.schema, "view": table.view_query, "labels": table.labels}
    bindings = (table.traits.get("iam_policy") or {}).get("bindings")
    return found | ({"bindings": bindings} if bindings else {})


def routes(ctx: Context) -> list[Route]:
    """``/_sandbox/{calls,writes,state,faults,clock}``."""

    def records(found: list[CallRecord]) -> JSONResponse:
        return JSONResponse([asdict(c) for c in found])

    async def calls(request: Request) -> JSONResponse:
        with ctx.world.lock:
            return records(list(ctx.world.calls))

    async def writes(request: Request) -> JSONResponse:
        return records(ctx.world.writes())

    async def show(request: Request) -> JSONResponse:
        return JSONResponse(state(ctx.world))

    async def plan(request: Request) -> JSONResponse:
        """Replace the fault plan (and editors, if any are given): ``{"faults": [...], "editors": [...]}``."""
        body = await request.json()
        try:
            rules = [faults.Rule.from_data(r) for r in body.get("faults", [])]
            edits = [faults.Edit.from_data(e) for e in body.get("editors", [])]
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        ctx.faults.replace(rules)
        ctx.faults.edits = edits
        return JSONResponse({"faults": len(rules), "editors": len(edits)})

    async def clock(request: Request) -> JSONResponse:
        """Leap ahead: ``{"advance": seconds}``."""
        if not isinstance(ctx.world.clock, Clock):
            return JSONResponse({"error": "the clock was injected"}, 409)
        ctx.world.clock.advance(float((await request.json())["advance"]))
        return JSONResponse({"now": ctx.world.clock()})

    return [
        Route("/_sandbox/calls", calls),
        Route("/_sandbox/writes", writes),
        Route("/_sandbox/state", show),
        Route("/_sandbox/faults", plan, methods=["POST"]),
        Route("/_sandbox/clock", clock, methods=["POST"]),
    ]
