"""Endpoints for tests in other processes, about the sandbox itself; they are not part of Google's APIs."""

import json
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kbq_tui.sandbox import faults
from kbq_tui.sandbox.clock import CLOCK_SKEW_LIMIT, SkewedClock
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.guard import Endpoint, with_token
from kbq_tui.sandbox.resources import Account, CallRecord, Dataset, Policy, Project, Table
from kbq_tui.sandbox.validate import Anything, Number, Several
from kbq_tui.sandbox.validate import TableShape as TableShape
from kbq_tui.sandbox.world import World, access_key

JSON = dict[str, Any]


def state(world: World) -> JSON:
    """The world in canonical form: without secrets, and without values that differ from run to run (etags, ids,
    times)."""
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


def routes(ctx: SandboxContext) -> list[Route]:
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
        try:
            body = await _body(request, _PLAN)
            rules = [faults.Rule.from_data(r, ("faults", i)) for i, r in enumerate(body.get("faults", []))]
            edits = [faults.Edit.from_data(e, ("editors", i)) for i, e in enumerate(body.get("editors", []))]
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        ctx.faults.replace(rules)
        ctx.faults.edits = edits
        return JSONResponse({"faults": len(rules), "editors": len(edits)})

    async def clock(request: Request) -> JSONResponse:
        """Move the clock ahead: ``{"advance": seconds}``."""
        try:
            seconds = (await _body(request, _ADVANCE))["advance"]
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        if not isinstance(ctx.world.clock, SkewedClock):
            return JSONResponse({"error": "the clock was given to the constructor"}, 409)
        if abs(ctx.world.clock.skew + seconds) > CLOCK_SKEW_LIMIT:
            return JSONResponse({"error": f"advance: would be more than {CLOCK_SKEW_LIMIT:g} seconds in all"}, 400)
        ctx.world.clock.advance(float(seconds))
        return JSONResponse({"now": ctx.world.clock()})

    methods: list[tuple[str, str, Endpoint]] = [
        ("GET", "calls", calls),
        ("GET", "writes", writes),
        ("GET", "state", show),
        ("POST", "faults", plan),
        ("POST", "clock", clock),
    ]
    return [Route(f"/_sandbox/{name}", with_token(ctx.token, do), methods=[verb]) for verb, name, do in methods]


_PLAN = TableShape({"faults": Several(Anything()), "editors": Several(Anything())})
_ADVANCE = TableShape({"advance": Number(-CLOCK_SKEW_LIMIT, CLOCK_SKEW_LIMIT)}, required=("advance",))


async def _body(request: Request, shape: TableShape) -> JSON:
    """The request's JSON.

    Raises:
        ValueError: it is not valid JSON, or does not have that shape.
    """
    try:
        body: JSON = json.loads(await request.body())
        json.dumps(body, ensure_ascii=False).encode()  # refuse a lone surrogate
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the body is not valid JSON: {error}") from None
    shape.check(body, ())
    return body
