"""BigQuery v2 over REST: datasets, tables, rows, projects. Jobs are in `jobs_api`."""

from typing import Any

import duckdb
from starlette.routing import Route

from kbq_tui.sandbox.bigquery import (
    datasets,
    deleted_datasets,
    encryption,
    jobs_api,
    loading,
    reading,
    refusals,
    roles_api,
    routines_api,
    row_policies,
    shapes,
    tables,
    values,
)
from kbq_tui.sandbox.bigquery.discovery import document
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.paging import flag, page, whole_number
from kbq_tui.sandbox.bigquery.query import living_table
from kbq_tui.sandbox.context import Call, SandboxContext
from kbq_tui.sandbox.resources import Dataset, Project
from kbq_tui.sandbox.rest import Handler, Reply, route
from kbq_tui.sandbox.shapes import PERMISSIONS, POLICY, POLICY_OPTIONS

JSON = dict[str, Any]


def routes(ctx: SandboxContext) -> list[Route]:
    """All of BigQuery's methods for a sandbox, and the discovery document that `bq` asks for first."""
    base = "/bigquery/v2/projects"
    one = base + "/{project}/datasets/{dataset}"
    table = one + "/tables/{table}"
    found = [route(ctx, "GET", "/$discovery/rest", "discovery.apis.getRest", _discovery, open_to_all=True)]
    methods: list[tuple[str, str, str, Handler, bool]] = [
        ("GET", base, "projects.list", list_projects, False),
        ("GET", base + "/{project}/serviceAccount", "projects.getServiceAccount", get_service_account, False),
        ("GET", base + "/{project}/datasets", "datasets.list", list_datasets, False),
        ("POST", base + "/{project}/datasets", "datasets.insert", shapes.shaped(insert_dataset, shapes.DATASET), True),
        ("GET", one, "datasets.get", get_dataset, False),
        ("PATCH", one, "datasets.patch", shapes.shaped(patch_dataset, shapes.DATASET), True),
        ("PUT", one, "datasets.update", shapes.shaped(update_dataset, shapes.DATASET), True),
        ("DELETE", one, "datasets.delete", delete_dataset, True),
        ("POST", one + ":undelete", "datasets.undelete", shapes.shaped(undelete_dataset, shapes.UNDELETE), True),
        ("GET", one + "/tables", "tables.list", list_tables, False),
        ("POST", one + "/tables", "tables.insert", shapes.shaped(insert_table, shapes.TABLE), True),
        (
            "POST",
            table + ":getIamPolicy",
            "tables.getIamPolicy",
            shapes.shaped(roles_api.get_policy, POLICY_OPTIONS),
            False,
        ),
        ("POST", table + ":setIamPolicy", "tables.setIamPolicy", shapes.shaped(roles_api.set_policy, POLICY), True),
        (
            "POST",
            table + ":testIamPermissions",
            "tables.testIamPermissions",
            shapes.shaped(roles_api.test_permissions, PERMISSIONS),
            False,
        ),
        ("GET", table, "tables.get", get_table, False),
        ("PATCH", table, "tables.patch", shapes.shaped(patch_table, shapes.TABLE), True),
        ("PUT", table, "tables.update", shapes.shaped(patch_table, shapes.TABLE), True),
        ("DELETE", table, "tables.delete", delete_table, True),
        ("GET", table + "/data", "tabledata.list", list_rows, False),
        ("POST", table + "/insertAll", "tabledata.insertAll", shapes.shaped(insert_rows, shapes.ROWS), True),
        ("GET", table + "/rowAccessPolicies", "rowAccessPolicies.list", list_row_policies, False),
        (
            "POST",
            table + "/rowAccessPolicies/{policy}:getIamPolicy",
            "rowAccessPolicies.getIamPolicy",
            shapes.shaped(get_row_policy_members, POLICY_OPTIONS),
            False,
        ),
        ("GET", one + "/models", "models.list", list_models, False),
        *routines_api.METHODS,
        *jobs_api.METHODS,
    ]
    for verb, path, name, handler, write in methods:
        found.append(route(ctx, verb, path, f"bigquery.{name}", _guarded(handler), write=write, legacy=True))
    return found


def _guarded(handler: Handler) -> Handler:
    """Wrap a handler so that an unexpected DuckDB error is a refusal: clients would repeat a 500 for minutes."""

    def guarded(call: Call) -> JSON | Reply | None:
        try:
            return handler(call)
        except duckdb.Error as error:
            raise refusals.invalid(f"Not supported here: {str(error).splitlines()[0]}") from error

    return guarded


def _discovery(call: Call) -> JSON:
    return document(call.ctx.url)


def project_of(call: Call) -> Project:
    """The project in the path."""
    return datasets.project_of(call.ctx, call.params["project"])


def _dataset_of(call: Call, permission: str) -> tuple[QuerySession, Dataset]:
    project = project_of(call)
    dataset = datasets.dataset_of(call.ctx, project, call.params["dataset"])
    if permission:
        call.ctx.authz.require(call.principal, permission, dataset)
    session = QuerySession(call.ctx, call.principal, project, location=dataset.location, explicit_location=True)
    return session, dataset


def _policy_version(call: Call) -> int:
    text = str(call.query.get("accessPolicyVersion", "1"))
    if text not in ("0", "1", "3"):
        raise refusals.invalid(f"Invalid value for accessPolicyVersion: {text}. Valid values are 0, 1, and 3.")
    return int(text)


def check_etag(call: Call, etag: str) -> None:
    """Refuse unless the etag in ``If-Match``, if sent, is the current one.

    Raises:
        ApiError: 412.
    """
    wanted = call.headers.get("if-match", "*")
    if wanted not in ("*", etag, f'"{etag}"'):
        raise refusals.precondition()


# -- projects and datasets


def list_projects(call: Call) -> JSON:
    """``projects.list``: the projects in which the caller has any BigQuery role."""
    authz = call.ctx.authz
    seen = [
        p
        for p in call.world.projects.values()
        if p.state == "ACTIVE" and authz.allowed(call.principal, "resourcemanager.projects.get", p)
    ]
    shown, token = page(call, seen, 50)
    entries = [
        {
            "kind": "bigquery#project",
            "id": p.id,
            "numericId": p.number,
            "projectReference": {"projectId": p.id},
            "friendlyName": p.name or p.id,
        }
        for p in shown
    ]
    return {"kind": "bigquery#projectList", "totalItems": len(seen), "projects": entries} | token


def get_service_account(call: Call) -> JSON:
    """``projects.getServiceAccount``: BigQuery's own account in a project, for customer-managed keys."""
    project = project_of(call)
    call.ctx.authz.require(call.principal, "bigquery.jobs.create", project)
    return {"kind": "bigquery#getServiceAccountResponse", "email": encryption.agent(project)}


def list_datasets(call: Call) -> JSON:
    """``datasets.list``: those the caller may see; ``filter`` takes ``labels.KEY[:VALUE]``."""
    project = project_of(call)
    authz, may_see, all_of_them = call.ctx.authz, "bigquery.datasets.get", flag(call, "all")
    everything = [*project.datasets.values(), *(project.hidden.values() if all_of_them else ())]
    # only then is each dataset checked: there may be thousands
    in_project = authz.allowed(call.principal, may_see, project)
    visible = [
        d
        for d in everything
        if (all_of_them or not d.dataset_id.startswith("_"))
        and call.world.seen("dataset_read", d.ref, d) is not None
        and (in_project or authz.allowed(call.principal, may_see, d))
    ]
    for term in str(call.query.get("filter", "")).split():
        key, colon, value = term.removeprefix("labels.").partition(":")
        visible = [d for d in visible if key in d.labels and (not colon or d.labels[key] == value)]
    shown, token = page(call, sorted(visible, key=lambda d: d.dataset_id), 50)
    entries = []
    for dataset in shown:
        full = datasets.resource(dataset)
        keys = ("id", "datasetReference", "labels", "friendlyName", "location", "type")
        entries.append({"kind": "bigquery#dataset"} | {k: full[k] for k in keys if k in full})
    body: JSON = {"kind": "bigquery#datasetList", "etag": "list"}
    return body | ({"datasets": entries} if entries else {}) | token


def insert_dataset(call: Call) -> JSON:
    """``datasets.insert``."""
    version = _policy_version(call)
    dataset = datasets.create(call.ctx, call.principal, project_of(call), call.body, version)
    call.resource = dataset.ref
    return datasets.resource(dataset, version)


def get_dataset(call: Call) -> JSON:
    """``datasets.get``."""
    project, dataset_id = project_of(call), call.params["dataset"]
    dataset = call.world.seen("dataset_read", f"{project.id}:{dataset_id}", project.dataset(dataset_id))
    if dataset is None:
        raise refusals.no_dataset(project.id, dataset_id)
    view = str(call.query.get("datasetView", ""))
    datasets.require_read(call.ctx, call.principal, dataset, view)
    return datasets.resource(dataset, _policy_version(call), view)


def patch_dataset(call: Call) -> JSON:
    """``datasets.patch``."""
    return _change_dataset(call, whole=False)


def update_dataset(call: Call) -> JSON:
    """``datasets.update``."""
    return _change_dataset(call, whole=True)


def _change_dataset(call: Call, whole: bool) -> JSON:
    _, dataset = _dataset_of(call, "")
    mode = str(call.query.get("updateMode", ""))
    datasets.require_change(call.ctx, call.principal, dataset, call.body, mode)
    check_etag(call, dataset.etag)
    version = _policy_version(call)
    datasets.change(call.ctx, call.principal, dataset, call.body, policy_version=version, whole=whole, mode=mode)
    return datasets.resource(dataset, version)


def delete_dataset(call: Call) -> Reply:
    """``datasets.delete``."""
    _, dataset = _dataset_of(call, "bigquery.datasets.delete")
    check_etag(call, dataset.etag)
    datasets.remove(call.ctx, call.principal, dataset, flag(call, "deleteContents"))
    return Reply(None, 204)


def undelete_dataset(call: Call) -> JSON:
    """``datasets.undelete``; a time of deletion is not supported, as Google's own description says."""
    if call.body.get("deletionTime"):
        raise refusals.invalid("Undeleting a dataset using deletion time is not supported.")
    dataset = deleted_datasets.undelete(call.ctx, call.principal, project_of(call), call.params["dataset"])
    call.resource = dataset.ref
    return datasets.resource(dataset)


# -- tables


def list_tables(call: Call) -> JSON:
    """``tables.list``."""
    session, dataset = _dataset_of(call, "bigquery.tables.list")
    living = [t for t in sorted(dataset.tables) if living_table(session, dataset, t)]
    shown, token = page(call, [dataset.tables[t] for t in living], 50)
    entries = []
    for table in shown:
        full = tables.resource(session, dataset, table, sized=False)
        keys = (
            "id",
            "tableReference",
            "type",
            "friendlyName",
            "labels",
            "creationTime",
            "expirationTime",
            "timePartitioning",
        )
        entry = {"kind": "bigquery#table"} | {k: full[k] for k in keys if k in full}
        entries.append(entry | ({"view": {"useLegacySql": False}} if table.kind == "VIEW" else {}))
    body: JSON = {"kind": "bigquery#tableList", "etag": dataset.etag, "totalItems": len(living)}
    return body | ({"tables": entries} if entries else {}) | token


def insert_table(call: Call) -> JSON:
    """``tables.insert``: a table, or with ``view.query`` or ``materializedView.query`` a view."""
    session, dataset = _dataset_of(call, "bigquery.tables.create")
    reference: JSON = call.body.get("tableReference") or {}
    schema: list[JSON] = (call.body.get("schema") or {}).get("fields") or []
    view: JSON = call.body.get("view") or {}
    materialized: JSON = call.body.get("materializedView") or {}
    query = view.get("query") or materialized.get("query")
    external: JSON = call.body.get("externalDataConfiguration") or {}
    schema = schema or (external.get("schema") or {}).get("fields") or []
    if query is not None:
        if view and view.get("useLegacySql", True):
            raise refusals.invalid("Legacy SQL is not supported here: set useLegacySql to false")
        schema = tables.view_schema(session, query)
    table = tables.create(
        session, dataset, str(reference.get("tableId") or ""), schema=schema, view_query=query, body=call.body
    )
    call.resource = table.ref
    return tables.resource(session, dataset, table)


def get_table(call: Call) -> JSON:
    """``tables.get``."""
    session, dataset = _dataset_of(call, "")
    table = tables.table_of(session, dataset, call.params["table"], "bigquery.tables.get")
    return tables.resource(session, dataset, table)


def patch_table(call: Call) -> JSON:
    """``tables.patch`` and ``tables.update``."""
    session, dataset = _dataset_of(call, "")
    table = tables.table_of(session, dataset, call.params["table"], "bigquery.tables.update")
    check_etag(call, table.etag)
    tables.change(session, dataset, table, call.body)
    return tables.resource(session, dataset, table)


def delete_table(call: Call) -> Reply:
    """``tables.delete``."""
    session, dataset = _dataset_of(call, "")
    table = tables.table_of(session, dataset, call.params["table"], "bigquery.tables.delete")
    check_etag(call, table.etag)
    tables.remove(session, dataset, table)
    return Reply(None, 204)


def list_row_policies(call: Call) -> JSON:
    """``rowAccessPolicies.list``."""
    session, dataset = _dataset_of(call, "")
    table = tables.table_of(session, dataset, call.params["table"], "bigquery.rowAccessPolicies.list")
    shown, token = page(call, row_policies.resources(table), 50)
    return ({"rowAccessPolicies": list(shown)} if shown else {}) | token


def get_row_policy_members(call: Call) -> JSON:
    """``rowAccessPolicies.getIamPolicy``."""
    session, dataset = _dataset_of(call, "")
    table = tables.table_of(session, dataset, call.params["table"], "bigquery.rowAccessPolicies.getIamPolicy")
    return row_policies.iam_policy(table, call.params["policy"])


def list_models(call: Call) -> JSON:
    """``models.list``: none, for the sandbox makes no models."""
    _dataset_of(call, "bigquery.models.list")
    return {}


# -- rows


def list_rows(call: Call) -> JSON:
    """``tabledata.list``."""
    session, dataset = _dataset_of(call, "")
    table = tables.table_of(session, dataset, call.params["table"], "bigquery.tables.getData")
    if table.view_query is not None:
        raise refusals.invalid(f"Cannot list a table of type {table.kind}.")
    if table.traits.get("policy_tags") or table.traits.get("row_policies"):
        raise refusals.table_permission("bigquery.tables.getData", table)
    reading.check_files(session, table)
    reading.check_key(session, table)
    form = str(call.query.get("formatOptions.timestampOutputFormat", ""))
    jobs_api.check_timestamps(form)
    micros = flag(call, "formatOptions.useInt64Timestamp") or form == "INT64"
    total = session.engine.count(table)
    start = whole_number(call, "pageToken", whole_number(call, "startIndex", 0))
    rows = session.engine.page(table, start, min(whole_number(call, "maxResults", 10_000), 10_000))
    schema = table.schema
    wanted = [name for name in str(call.query.get("selectedFields", "")).split(",") if name]
    if wanted:
        places = [i for i, f in enumerate(schema) if f["name"] in wanted]
        schema = [schema[i] for i in places]
        rows = [tuple(row[i] for i in places) for row in rows]
    body: JSON = {"kind": "bigquery#tableDataList", "etag": table.etag, "totalRows": str(total)}
    if rows:
        body["rows"] = values.encode_rows(rows, schema, micros)
    if start + len(rows) < total:
        body["pageToken"] = str(start + len(rows))
    return body


def insert_rows(call: Call) -> JSON:
    """``tabledata.insertAll``."""
    session, dataset = _dataset_of(call, "")
    table = tables.table_of(session, dataset, call.params["table"], "bigquery.tables.updateData")
    if not session.project.billing:
        raise refusals.denied("BigQuery BigQuery: Streaming insert is not allowed in the free tier")
    rows = [row.get("json") or {} for row in call.body.get("rows") or []]
    errors = loading.append(session, table, rows, call.body)
    body: JSON = {"kind": "bigquery#tableDataInsertAllResponse"}
    return body | ({"insertErrors": errors} if errors else {})
