"""Routines over REST.

https://cloud.google.com/bigquery/docs/reference/rest/v2/routines
"""

from typing import Any, Final

from kbq_tui.sandbox.bigquery import datasets, refusals, routines, shapes
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.paging import page
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.resources import Dataset
from kbq_tui.sandbox.rest import Handler, Reply

JSON = dict[str, Any]

_LISTED = ("routineType", "language")


def _addressed(call: Call) -> tuple[QuerySession, Dataset]:
    project = datasets.project_of(call.ctx, call.params["project"])
    dataset = datasets.dataset_of(call.ctx, project, call.params["dataset"])
    return QuerySession(call.ctx, call.principal, project, location=dataset.location, explicit_location=True), dataset


def list_routines(call: Call) -> JSON:
    """``routines.list``; ``filter`` takes ``routineType:KIND``."""
    session, dataset = _addressed(call)
    session.ctx.authz.require(session.principal, "bigquery.routines.list", dataset)
    _, _, kind = str(call.query.get("filter", "")).partition("routineType:")
    every = [dataset.routines[name] for name in sorted(dataset.routines)]
    shown, token = page(call, [r for r in every if kind in ("", r.body["routineType"])], 50)
    wanted = {part for part in str(call.query.get("readMask", "")).split(",") if part}
    named = ("routineReference", *(wanted or ("etag", "creationTime", "lastModifiedTime", *_LISTED)))
    listed = [{k: v for k, v in routines.resource(r).items() if k in named} for r in shown]
    return ({"routines": listed} if listed else {}) | token


def insert(call: Call) -> JSON:
    """``routines.insert``."""
    session, dataset = _addressed(call)
    routine_id = str((call.body.get("routineReference") or {}).get("routineId") or "")
    routine = routines.put(session, dataset, routine_id, call.body)
    call.resource = routine.ref
    return routines.resource(routine)


def get(call: Call) -> JSON:
    """``routines.get``."""
    session, dataset = _addressed(call)
    routine = routines.routine_of(session, dataset, call.params["routine"], "bigquery.routines.get")
    return routines.resource(routine)


def update(call: Call) -> JSON:
    """``routines.update``: replaces the whole routine."""
    session, dataset = _addressed(call)
    present = routines.routine_of(session, dataset, call.params["routine"], "bigquery.routines.update")
    wanted = call.headers.get("if-match", "*")
    if wanted not in ("*", present.etag, f'"{present.etag}"'):
        raise refusals.precondition()
    return routines.resource(routines.put(session, dataset, present.routine_id, call.body, replace=True))


def delete(call: Call) -> Reply:
    """``routines.delete``."""
    session, dataset = _addressed(call)
    routine = routines.routine_of(session, dataset, call.params["routine"], "bigquery.routines.delete")
    del dataset.routines[routine.routine_id]
    return Reply(None, 204)


_ALL = "/bigquery/v2/projects/{project}/datasets/{dataset}/routines"
_ONE = _ALL + "/{routine}"

METHODS: Final[list[tuple[str, str, str, Handler, bool]]] = [
    ("GET", _ALL, "routines.list", list_routines, False),
    ("POST", _ALL, "routines.insert", shapes.shaped(insert, shapes.ROUTINE), True),
    ("GET", _ONE, "routines.get", get, False),
    ("PUT", _ONE, "routines.update", shapes.shaped(update, shapes.ROUTINE), True),
    ("DELETE", _ONE, "routines.delete", delete, True),
]
