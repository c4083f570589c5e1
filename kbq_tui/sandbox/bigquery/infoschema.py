"""INFORMATION_SCHEMA: the views, the permissions they need, and their rows.

The columns are those of Google's reference pages (https://cloud.google.com/bigquery/docs/information-schema-intro), for
the views that are needed here. Views of a whole project need the permission on the project; a grant on one of its
datasets is not enough (bigquery-public-data's SCHEMATA, for example, is not readable for those who may read its
datasets).
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from kbq_tui.sandbox import roles
from kbq_tui.sandbox.bigquery import access, fields, infoschema_jobs, infoschema_tables, refusals
from kbq_tui.sandbox.bigquery.datasets import is_fine_grained
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.bigquery.infoschema_tables import time_of
from kbq_tui.sandbox.bigquery.names import QuerySession, ResolvedName, canonical
from kbq_tui.sandbox.resources import Dataset, Project

JSON = dict[str, Any]


SCHEMATA = fields.columns(
    "catalog_name STRING, schema_name STRING, schema_owner STRING, creation_time TIMESTAMP, "
    "last_modified_time TIMESTAMP, location STRING, ddl STRING, default_collation_name STRING, sync_status JSON"
)
PROJECT_OPTIONS = fields.columns(
    "project_id STRING, project_number INT64, option_name STRING, option_type STRING, option_value STRING"
)
OBJECT_PRIVILEGES = fields.columns(
    "object_catalog STRING, object_schema STRING, object_name STRING, object_type STRING, privilege_type STRING, "
    "grantee STRING"
)


def load(session: QuerySession, name: ResolvedName, select: exp.Expr | None) -> tuple[list[Field], list[Row]]:
    """The columns of a view, and the rows that the caller may see.

    Args:
        session: the query.
        name: the view.
        select: the SELECT that reads it; OBJECT_PRIVILEGES uses its WHERE clause.

    Raises:
        ApiError: the view does not exist at this level, or the caller may not see it.
    """
    project = session.world.project(name.project)
    if project is None:
        raise refusals.unknown_project(name.project)
    if name.table == "OBJECT_PRIVILEGES":
        return OBJECT_PRIVILEGES, list(_privileges(session, name, project, select))
    if name.table not in _VIEWS or (name.dataset and name.table not in _OF_DATASETS):
        raise refusals.no_table(name.ref, session.location)
    schema, permission, rows = _VIEWS[name.table]
    if name.dataset:
        dataset = project.datasets.get(name.dataset)
        if dataset is None or dataset.location.upper() != session.location.upper():
            raise refusals.no_dataset(name.project, name.dataset, session.location)
        if not session.ctx.authz.allowed(session.principal, permission, dataset):
            raise refusals.may_not_query(name.ref, session.location)
        return schema, list(rows(session, project, [dataset]))
    if name.table in _OF_DATASETS and not name.region:
        raise refusals.invalid_query(
            f'Table "INFORMATION_SCHEMA.{name.table}" must be qualified with a dataset (e.g. dataset.table).'
        )
    location = canonical(name.region) if name.region else "US"
    if location.upper() != session.location.upper() or not session.ctx.authz.allowed(
        session.principal, permission, project
    ):
        raise refusals.may_not_query(name.ref, session.location)
    here = [d for d in project.datasets.values() if d.location.upper() == location.upper()]
    return schema, list(rows(session, project, here))


def _privileges(session: QuerySession, name: ResolvedName, project: Project, select: exp.Expr | None) -> Iterable[Row]:
    if not name.region:
        # Google's page says that a region qualifier is required; the text of the refusal is not published
        raise refusals.no_table(name.ref, session.location)
    wanted = _equal_to(select, "object_name")
    if wanted is None:
        raise refusals.invalid_query(
            "INFORMATION_SCHEMA.OBJECT_PRIVILEGES queries must contain a WHERE clause that filters object_name to a "
            "single dataset, table or view."
        )
    location = canonical(name.region)
    inside = _equal_to(select, "object_schema")
    if inside is not None:
        dataset = project.datasets.get(inside)
        table = dataset.tables.get(wanted) if dataset else None
        if dataset is None or table is None or dataset.location.upper() != location.upper():
            return
        if not session.ctx.authz.allowed(session.principal, "bigquery.tables.getIamPolicy", dataset):
            raise refusals.may_not_query(name.ref, session.location)
        for binding in table.traits.get("iam_policy", {}).get("bindings", []):
            for member in binding.get("members", []):
                yield (project.id, dataset.dataset_id, table.table_id, table.kind, binding["role"], member)
        return
    dataset = project.datasets.get(wanted)
    if dataset is None or dataset.location.upper() != location.upper():
        return
    permission = f"bigquery.datasets.{'getIamPolicy' if is_fine_grained(session.ctx, dataset) else 'get'}"
    if not session.ctx.authz.allowed(session.principal, permission, dataset):
        raise refusals.may_not_query(name.ref, session.location)
    for entry in dataset.access:
        grantee = access.entry_member(entry)
        if grantee:
            role = str(entry["role"])
            yield (project.id, None, dataset.dataset_id, "SCHEMA", roles.LEGACY.get(role, role), grantee)


def _equal_to(select: exp.Expr | None, column: str) -> str | None:
    """The string that ``WHERE column = '...'`` (or IN with one value) requires; conditions under OR do not count."""
    where = select.args.get("where") if select is not None else None
    if where is None:
        return None
    condition = where.this
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        node = part.unnest()
        left, right = node.this, node.expression
        if isinstance(node, exp.In) and len(node.expressions) == 1:
            right = node.expressions[0]
        elif not isinstance(node, exp.EQ):
            continue
        if isinstance(left, exp.Literal):
            left, right = right, left
        if isinstance(left, exp.Column) and left.name.lower() == column and isinstance(right, exp.Literal):
            return str(right.name)
    return None


def _schemata(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for d in datasets:
        ddl = f'CREATE SCHEMA `{project.id}.{d.dataset_id}`\nOPTIONS(\n  location="{d.location.lower()}"\n);'
        times = time_of(d.created_ms), time_of(d.modified_ms)
        yield (project.id, d.dataset_id, None, *times, d.location, ddl, None, None)


def _options(session: QuerySession, project: Project, _: list[Dataset]) -> Iterable[Row]:
    for name, value in sorted(project.options.get(session.location.lower(), {}).items()):
        kind, text = ("BOOL", str(value).lower()) if isinstance(value, bool) else ("STRING", str(value))
        yield (project.id, int(project.number), name, kind, text)


_VIEWS: dict[str, tuple[list[Field], str, Callable[[QuerySession, Project, list[Dataset]], Iterable[Row]]]] = {
    "SCHEMATA": (SCHEMATA, "bigquery.datasets.get", _schemata),
    **infoschema_tables.VIEWS,
    "PROJECT_OPTIONS": (PROJECT_OPTIONS, "bigquery.config.get", _options),
    "JOBS": (infoschema_jobs.SCHEMA, "bigquery.jobs.listAll", infoschema_jobs.of_project),
    "JOBS_BY_PROJECT": (infoschema_jobs.SCHEMA, "bigquery.jobs.listAll", infoschema_jobs.of_project),
    "JOBS_BY_USER": (infoschema_jobs.SCHEMA, "bigquery.jobs.list", infoschema_jobs.of_user),
}


_OF_DATASETS = (*infoschema_tables.VIEWS,)


def literal_rows(schema: list[Field], rows: list[Row]) -> str:
    """The view as a DuckDB SELECT from one JSON text, which needs no temporary table."""
    names = [f["name"] for f in schema]
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=_json_value)
    columns = ", ".join(f"r.{fields.quote(n)} AS {fields.quote(n)}" for n in names)
    literal = "'" + text.replace("'", "''") + "'"
    # the types are passed as a structure description in JSON: {"a": "BIGINT", ...}
    structure = "'" + json.dumps([_structure(schema)]).replace("'", "''") + "'"
    return f"SELECT {columns} FROM (SELECT unnest(from_json({literal}, {structure})) AS r)"  # noqa: S608


def _structure(schema: list[Field]) -> JSON:
    found: JSON = {}
    for f in schema:
        scalar: Any = _structure(f["fields"]) if f["type"] == "RECORD" else fields.duck_type(f | {"mode": "NULLABLE"})
        found[f["name"]] = [scalar] if f.get("mode") == "REPEATED" else scalar
    return found


def _json_value(value: Any) -> str:
    assert isinstance(value, dt.datetime)
    return value.isoformat()
