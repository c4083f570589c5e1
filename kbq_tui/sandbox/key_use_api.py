"""The APIs that say when a key was last used: the parts of Logging v2, Monitoring v3 and Policy Analyzer v1 for
that."""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.routing import Route

from kbq_tui.sandbox import admin_activity, errors
from kbq_tui.sandbox.audit_log import SignedCall
from kbq_tui.sandbox.authz import permission_error
from kbq_tui.sandbox.context import PREFIX, Call, SandboxContext
from kbq_tui.sandbox.paging import page
from kbq_tui.sandbox.resources import Project
from kbq_tui.sandbox.rest import route
from kbq_tui.sandbox.shapes import NUMBER, TEXT, shaped
from kbq_tui.sandbox.world import Kind

JSON = dict[str, Any]
METRIC = "iam.googleapis.com/service_account/key/authn_events_count"
ACTIVITY = "serviceAccountKeyLastAuthentication"
PERIOD = 600.0
"""Seconds that a point of the metric covers (https://cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-iam)."""


def _visible(call: Call, kind: Kind) -> list[SignedCall]:
    """The uses that a source shows already; each source has its own delay."""
    world = call.world
    return [use for use in call.ctx.key_uses.all() if world.effective(kind, use.at) <= world.clock()]


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _key_name(use: SignedCall) -> str:
    return f"//iam.googleapis.com/projects/{use.owner}/serviceAccounts/{use.email}/keys/{use.key_id}"


# -- Logging


_FIELDS = {
    "logName": "logName",
    "timestamp": "timestamp",
    "protoPayload.serviceName": "serviceName",
    "protoPayload.methodName": "methodName",
    "protoPayload.resourceName": "resourceName",
    "resource.type": "resourceType",
    "resource.labels.email_id": "emailId",
    "protoPayload.authenticationInfo.principalEmail": "principalEmail",
    "protoPayload.authenticationInfo.serviceAccountKeyName": "serviceAccountKeyName",
    "protoPayload.requestMetadata.callerIp": "callerIp",
    "protoPayload.requestMetadata.callerSuppliedUserAgent": "callerSuppliedUserAgent",
}
_TERM = re.compile(
    r'(?P<no>NOT\s+|-)?(?P<field>[A-Za-z._]+)\s*(?P<op>>=|<=|=|:|<|>)\s*(?P<value>"[^"]*"|\((?P<any>[^()]*)\))'
)
_AND = re.compile(r"\s*(?:\n|\s+AND\s+)\s*")
_OR = re.compile(r"\s+OR\s+")
Test = tuple[bool, str, str, list[str]]
"""A comparison in a filter: whether it is negated, the field, the operator, and values of which one has to match."""


def _tests(text: str) -> list[Test]:
    """Parse the part of the query language that is served: comparisons of known fields, joined by AND.

    https://cloud.google.com/logging/docs/view/logging-query-language

    Raises:
        ApiError: 400 for anything else, with a text that says so.
    """
    found: list[Test] = []
    for term in filter(None, _AND.split(text.strip())):
        match = _TERM.fullmatch(term)
        if match is None:
            raise errors.invalid(
                f'The sandbox does not understand {term!r} in a filter: it knows FIELD OP "VALUE" and '
                'FIELD=("A" OR "B"), NOT before them, and AND between them.'
            )
        if match["field"] not in _FIELDS:
            raise errors.invalid(f"The sandbox does not filter by {match['field']!r}: {', '.join(_FIELDS)}.")
        name = _FIELDS[match["field"]]
        values = _OR.split(match["any"].strip()) if match["any"] is not None else [match["value"]]
        if not all(re.fullmatch(r'"[^"]*"', value) for value in values):
            raise errors.invalid(f"The sandbox does not understand {match['value']!r} in a filter.")
        if (name == "timestamp") != (match["op"] in (">=", "<=", "<", ">")):
            raise errors.invalid(f"The sandbox does not compare {match['field']} with {match['op']!r}.")
        found.append((bool(match["no"]), name, match["op"], [value[1:-1] for value in values]))
    return found


def _fits(row: dict[str, str], test: Test) -> bool:
    negated, name, operator, values = test
    return negated != (name in row and any(_compare(row[name], operator, value) for value in values))


def _compare(have: str, operator: str, value: str) -> bool:
    if operator == ":":
        return value.lower() in have.lower()
    if operator == "=":
        return value.lower() == have.lower()
    try:
        mine, wanted = datetime.fromisoformat(have), datetime.fromisoformat(value)
    except ValueError:
        raise errors.invalid(f"Unparseable filter: {value!r} is no timestamp.") from None
    return {">=": mine >= wanted, "<=": mine <= wanted, ">": mine > wanted, "<": mine < wanted}[operator]


def _method_name(method: str) -> str:
    """The method's name in BigQuery's audit log: ``bigquery.jobs.insert`` is
    ``google.cloud.bigquery.v2.JobService.InsertJob``.

    https://cloud.google.com/bigquery/docs/reference/auditlogs
    """
    _, plural, verb = f"{method}.".split(".")[:3]
    kind = {"tabledata": "TableData", "rowAccessPolicies": "RowAccessPolicy"}.get(plural, plural.removesuffix("s"))
    kind, name = kind[:1].upper() + kind[1:], verb[:1].upper() + verb[1:]
    if plural != "tabledata" and verb in ("cancel", "delete", "get", "insert", "patch", "update"):
        name += kind
    elif plural != "tabledata" and verb == "list":
        name += plural[:1].upper() + plural[1:]
    return f"google.cloud.bigquery.v2.{kind}Service.{name}"


def _row(use: SignedCall) -> dict[str, str]:
    return {
        "logName": f"projects/{use.project}/logs/cloudaudit.googleapis.com%2Fdata_access",
        "timestamp": _stamp(use.at),
        "serviceName": "bigquery.googleapis.com",
        "methodName": _method_name(use.method),
        "principalEmail": use.email,
        "serviceAccountKeyName": _key_name(use),
        "callerIp": use.address,
        "callerSuppliedUserAgent": use.agent,
    }


def _entry(row: dict[str, str], use: SignedCall) -> JSON:
    payload: JSON = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": {
            "principalEmail": row["principalEmail"],
            "serviceAccountKeyName": row["serviceAccountKeyName"],
        },
        "requestMetadata": {"callerIp": row["callerIp"], "callerSuppliedUserAgent": row["callerSuppliedUserAgent"]},
        "serviceName": row["serviceName"],
        "methodName": row["methodName"],
    }
    if use.resource:
        payload["resourceName"] = use.resource
    if use.status >= 400:
        code = errors.GRPC_CODES[errors.BY_HTTP.get(use.status, ("UNKNOWN", ""))[0]]
        payload["status"] = {"code": code, **({"message": use.error} if use.error else {})}
    return {
        "logName": row["logName"],
        "timestamp": row["timestamp"],
        "receiveTimestamp": row["timestamp"],
        "insertId": hashlib.sha1(repr(use).encode(), usedforsecurity=False).hexdigest()[:13],
        "severity": "ERROR" if use.status >= 400 else "INFO",
        "resource": {"type": "bigquery_project", "labels": {"project_id": use.project, "location": "US"}},
        "protoPayload": payload,
    }


def list_entries(call: Call) -> JSON:
    """`entries.list`, of one project: Admin Activity entries, and the Data Access entries of BigQuery.

    Without `logging.privateLogEntries.list` Google leaves out the latter instead of refusing, and so does the sandbox;
    `logging.logEntries.list` is required for any answer.
    """
    names = [str(name) for name in call.body.get("resourceNames") or []]
    if len(names) != 1 or not re.fullmatch(r"projects/[^/]+", names[0]):
        raise errors.invalid("The sandbox lists the entries of one project: resourceNames=['projects/P'].")
    project = call.world.project(names[0].partition("/")[2])
    call.ctx.authz.require(call.principal, "logging.logEntries.list", project, _DENIED)
    assert project is not None
    if call.body.get("orderBy", "timestamp asc") not in ("timestamp asc", "timestamp desc"):
        raise errors.invalid("Invalid order_by: 'timestamp asc' or 'timestamp desc'.")
    tests = _tests(str(call.body.get("filter", "")))
    found: list[tuple[float, JSON]] = []
    if call.ctx.authz.allowed(call.principal, "logging.privateLogEntries.list", project):
        uses = [u for u in _visible(call, "audit_log") if u.project == project.id and u.method.startswith("bigquery.")]
        rows = [(_row(use), use) for use in uses]
        found = [(use.at, _entry(row, use)) for row, use in rows if all(_fits(row, test) for test in tests)]
    for change in call.world.admin_activity:
        if change.project == project.id and call.world.effective("audit_log", change.at) <= call.world.clock():
            stamp = _stamp(change.at)
            if all(_fits(admin_activity.row(change, stamp), test) for test in tests):
                found.append((change.at, admin_activity.entry(change, stamp)))
    found.sort(key=lambda entry: entry[0])
    if call.body.get("orderBy") == "timestamp desc":
        found.reverse()
    shown, token = page([entry for _, entry in found], call, default=50, most=1000)
    return {**({"entries": shown} if shown else {}), **token}


_DENIED = "Permission denied for all log views"


# -- Monitoring


_METRIC_TERM = re.compile(r'(metric\.type|metric\.labels?\.key_id|resource\.labels?\.unique_id)\s*=\s*"([^"]*)"')


def list_time_series(call: Call) -> JSON:
    """`projects.timeSeries.list` of the metric that counts authentications with keys; no other metric is served."""
    project = _project(call, "monitoring.timeSeries.list")
    wanted: dict[str, str] = {}
    for term in _AND.split(call.query.get("filter", "").strip()):
        match = _METRIC_TERM.fullmatch(term)
        if match is None:
            raise errors.invalid(f"The sandbox does not understand {term!r} in a metric filter.")
        wanted[match[1].replace("labels", "label")] = match[2]
    if wanted.get("metric.type") != METRIC:
        raise errors.invalid(f'The sandbox has one metric only: metric.type="{METRIC}".')
    if any(name.startswith(("aggregation.", "secondaryAggregation.")) for name in call.query):
        raise errors.invalid("The sandbox does not aggregate time series.")
    start, end = (_time(call, f"interval.{name}") for name in ("startTime", "endTime"))
    counts: dict[tuple[str, str], dict[float, int]] = {}
    for use in _visible(call, "key_metric"):
        key = (use.key_id, use.unique_id)
        if use.owner != project.id or not start <= use.at <= end:
            continue
        if wanted.get("metric.label.key_id", use.key_id) != use.key_id:
            continue
        if wanted.get("resource.label.unique_id", use.unique_id) != use.unique_id:
            continue
        period = use.at - use.at % PERIOD
        points = counts.setdefault(key, {})
        points[period] = points.get(period, 0) + 1
    series = [_series(project, key_id, unique_id, points) for (key_id, unique_id), points in counts.items()]
    shown, token = page(series, call, default=1000, most=1000)
    return {**({"timeSeries": shown} if shown else {}), **token}


def _time(call: Call, name: str) -> float:
    try:
        return datetime.fromisoformat(call.query[name]).timestamp()
    except (KeyError, ValueError):
        raise errors.invalid(f"Field {name} had an invalid value: it is required, in RFC 3339.") from None


def _series(project: Project, key_id: str, unique_id: str, points: dict[float, int]) -> JSON:
    return {
        "metric": {"type": METRIC, "labels": {"key_id": key_id}},
        "resource": {"type": "iam_service_account", "labels": {"project_id": project.id, "unique_id": unique_id}},
        "metricKind": "DELTA",
        "valueType": "INT64",
        "points": [
            {
                "interval": {"startTime": _stamp(at), "endTime": _stamp(at + PERIOD)},
                "value": {"int64Value": str(points[at])},
            }
            for at in sorted(points, reverse=True)
        ],
    }


# -- Policy Analyzer


_KEY_TERM = re.compile(r'activities\.full_?[rR]esource_?[nN]ame\s*=\s*"([^"]*)"')


def query_activities(call: Call) -> JSON:
    """`activities.query`: the day of each key's last use (https://cloud.google.com/policy-intelligence/docs).

    A key that was not used in the observation period is left out.
    """
    if call.params["location"] != "global" or call.params["type"] != ACTIVITY:
        raise errors.invalid(f"The sandbox knows locations/global/activityTypes/{ACTIVITY} only.")
    project = _project(call, "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query")
    wanted = _named(call.query.get("filter", ""))
    last: dict[str, SignedCall] = {}
    for use in _visible(call, "key_activity"):
        if use.owner == project.id:
            last[_resource(use)] = use
    end = datetime.fromtimestamp(call.world.clock(), UTC).replace(hour=7, minute=0, second=0, microsecond=0)
    period = {"startTime": f"{end - timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}", "endTime": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    found = [
        {
            "fullResourceName": name,
            "activityType": ACTIVITY,
            "observationPeriod": period,
            "activity": {
                "lastAuthenticatedTime": f"{datetime.fromtimestamp(use.at, UTC):%Y-%m-%dT07:00:00Z}",
                "serviceAccountKey": {
                    "serviceAccountId": use.unique_id,
                    "projectNumber": project.number,
                    "fullResourceName": name,
                },
            },
        }
        for name, use in last.items()
        if wanted is None or name in wanted
    ]
    shown, token = page(found, call, default=100, most=1000)
    return {**({"activities": shown} if shown else {}), **token}


def _named(text: str) -> Iterable[str] | None:
    names: list[str] = []
    for term in _OR.split(text.strip()) if text.strip() else ():
        match = _KEY_TERM.fullmatch(term)
        if match is None:
            raise errors.invalid(f"The sandbox does not understand {term!r} in an activity filter.")
        names.append(match[1])
    return names or None


def _resource(use: SignedCall) -> str:
    return f"//iam.googleapis.com/projects/{use.owner}/serviceAccounts/{use.unique_id}/keys/{use.key_id}"


def _project(call: Call, permission: str) -> Project:
    project = call.world.project(call.params["project"])
    if project is None or not call.ctx.authz.allowed(call.principal, permission, project):
        raise permission_error(permission, project)
    return project


def routes(ctx: SandboxContext) -> list[Route]:
    """The REST methods of the three services."""
    entries = {"resourceNames": [TEXT], "filter": TEXT, "orderBy": TEXT, "pageSize": NUMBER, "pageToken": TEXT}
    activities = "/v1/projects/{project}/locations/{location}/activityTypes/{type}/activities:query"
    return [
        route(
            ctx, "POST", PREFIX["logging"] + "/v2/entries:list", "logging.entries.list", shaped(list_entries, entries)
        ),
        route(
            ctx,
            "GET",
            PREFIX["monitoring"] + "/v3/projects/{project}/timeSeries",
            "monitoring.projects.timeSeries.list",
            list_time_series,
        ),
        route(
            ctx,
            "GET",
            PREFIX["policyanalyzer"] + activities,
            "policyanalyzer.projects.locations.activityTypes.activities.query",
            query_activities,
        ),
    ]
