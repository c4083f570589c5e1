"""Service Usage v1 and Cloud Billing v1: which APIs a project has enabled, and its billing."""

import secrets
from typing import Any
from urllib.parse import quote

from starlette.routing import Route

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.authz import permission_error
from kbq_tui.sandbox.context import APIS, PREFIX, Call, SandboxContext
from kbq_tui.sandbox.paging import page
from kbq_tui.sandbox.resources import Project
from kbq_tui.sandbox.rest import route
from kbq_tui.sandbox.shapes import TEXT, shaped

JSON = dict[str, Any]

CATALOGUE: dict[str, str] = {service: title for service, title, _ in APIS.values()} | {
    "bigquerystorage.googleapis.com": "BigQuery Storage API",
    "bigqueryconnection.googleapis.com": "BigQuery Connection API",
    "bigquerydatatransfer.googleapis.com": "BigQuery Data Transfer API",
    "storage.googleapis.com": "Cloud Storage API",
    "storage-api.googleapis.com": "Google Cloud Storage JSON API",
    "storage-component.googleapis.com": "Cloud Storage",
    "logging.googleapis.com": "Cloud Logging API",
    "monitoring.googleapis.com": "Cloud Monitoring API",
    "servicemanagement.googleapis.com": "Service Management API",
    "sql-component.googleapis.com": "Cloud SQL",
    "datastore.googleapis.com": "Cloud Datastore API",
    "compute.googleapis.com": "Compute Engine API",
    "secretmanager.googleapis.com": "Secret Manager API",
}


# -- Service Usage


def _container(call: Call, permission: str, verb: str) -> Project:
    name = call.params["project"]
    project = call.world.project(name)
    if project is None or not call.ctx.authz.allowed(call.principal, permission, project):
        info = errors.error_info("AUTH_PERMISSION_DENIED", "serviceusage.googleapis.com")
        text = f"Permission denied to {verb}"
        raise errors.ApiError(403, "PERMISSION_DENIED", text, "forbidden", details=[info])
    return project


def _known(names: list[str]) -> None:
    unknown = [n for n in names if n not in CATALOGUE]
    if unknown:
        info = errors.error_info(
            "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED", "serviceusage.googleapis.com", services=",".join(unknown)
        )
        text = f"Not found or permission denied for service(s): {', '.join(unknown)}."
        raise errors.ApiError(403, "PERMISSION_DENIED", text, "forbidden", details=[info])


def _service(project: Project, name: str) -> JSON:
    full = f"projects/{project.number}/services/{name}"
    if name not in project.services:  # as recorded by k8s-config-connector
        return {"name": full, "state": "DISABLED"}
    return {
        "name": full,
        "config": {"name": name, "title": CATALOGUE.get(name, name)},
        "state": "ENABLED",
        "parent": f"projects/{project.number}",
    }


def get_service(call: Call) -> JSON:
    """`services.get`."""
    name = call.params["service"]
    project = _container(call, "serviceusage.services.get", f"get service [{name}]")
    _known([name])
    return _service(project, name)


def list_services(call: Call) -> JSON:
    """`services.list`, filtered by state."""
    verb = f"list services for consumer container [projects/{call.params['project']}]"
    project = _container(call, "serviceusage.services.list", verb)
    wanted = call.query.get("filter", "").replace(" ", "")
    names = sorted({*CATALOGUE, *project.services})
    if wanted in ("state:ENABLED", "state=ENABLED"):
        names = [n for n in names if n in project.services]
    elif wanted in ("state:DISABLED", "state=DISABLED"):
        names = [n for n in names if n not in project.services]
    elif wanted:
        raise errors.invalid(f"Request contains an invalid argument: filter {wanted!r}.")
    found, token = page(names, call, default=50, most=200)
    return {**({"services": [_service(project, n) for n in found]} if found else {}), **token}


def batch_get(call: Call) -> JSON:
    """`services.batchGet` of up to 30 services."""
    names = [n.rpartition("/")[2] for n in call.query.getlist("names")]
    project = _container(call, "serviceusage.services.get", f"get services [{', '.join(names)}]")
    if len(names) > 30:
        raise errors.invalid("The number of services in a batch must not exceed 30.")
    _known(names)
    return {"services": [_service(project, n) for n in names]}


def enable(call: Call) -> JSON:
    """`services.enable`; answers with an operation."""
    name = call.params["service"]
    return _enable(call, [name], lambda project: {"service": _service(project, name)}, "EnableServiceResponse")


def batch_enable(call: Call) -> JSON:
    """`services.batchEnable` of up to 20 services; answers with an operation."""
    names = [str(n) for n in call.body.get("serviceIds") or []]
    if not 1 <= len(names) <= 20:
        raise errors.invalid("A batch must name between 1 and 20 services.")
    return _enable(
        call, names, lambda project: {"services": [_service(project, n) for n in names]}, "BatchEnableServicesResponse"
    )


def _enable(call: Call, names: list[str], response: Any, type_: str) -> JSON:
    project = _container(call, "serviceusage.services.enable", f"enable service [{', '.join(names)}]")
    _known(names)
    new = [n for n in names if n not in project.services]
    for name in new:
        project.services.add(name)
        call.world.changed("api", project.id, name)
    result = {"@type": f"type.googleapis.com/google.api.serviceusage.v1.{type_}", **response(project)}
    if not new:
        call.is_write = False
        return {"name": "operations/noop.DONE_OPERATION", "done": True, "response": result}
    return _operation(call, project, result)


def disable(call: Call) -> JSON:
    """`services.disable`; answers with an operation."""
    name = call.params["service"]
    project = _container(call, "serviceusage.services.disable", f"disable service [{name}]")
    _known([name])
    if name not in project.services:
        raise errors.precondition(f"The service {name} is not enabled for consumer projects/{project.number}.")
    project.services.discard(name)
    type_ = "type.googleapis.com/google.api.serviceusage.v1.DisableServiceResponse"
    return _operation(call, project, {"@type": type_, "service": _service(project, name)})


def _operation(call: Call, project: Project, result: JSON) -> JSON:
    name = f"operations/acf.p2-{project.number}-{secrets.token_hex(8)}"
    at = call.world.clock() + call.ctx.operation_seconds
    call.world.operations[name] = {"at": at, "project": project.id, "response": result}
    return {"name": name}  # at first no more than this, as recorded by k8s-config-connector


def get_operation(call: Call) -> JSON:
    """`operations.get`: done after the operation's time."""
    name = "operations/" + call.params["operation"]
    if name == "operations/noop.DONE_OPERATION":
        return {"name": name, "done": True}
    operation = call.world.operations.get(name)
    project = call.world.projects.get(operation["project"]) if operation else None
    if operation is None or project is None:
        raise errors.not_found(f"Operation {name} not found.")
    call.ctx.authz.require(call.principal, "serviceusage.services.get", project)
    if call.world.clock() < operation["at"]:
        return {"name": name}
    metadata = {"@type": "type.googleapis.com/google.protobuf.Empty", "value": {}}
    return {"name": name, "metadata": metadata, "done": True, "response": operation["response"]}


# -- Quotas


_LIMITS = {"per_day_mib": "1/d/{project}", "per_user_mib": "1/d/{project}/{user}"}
_DEFAULT_LIMITS = {"per_day_mib": 209_715_200, "per_user_mib": 2**63 - 1}
"""In MiB: 200 TiB a day for a project, no limit for a user."""


def list_quotas(call: Call) -> JSON:
    """`services.consumerQuotaMetrics.list`; of BigQuery's metrics only that of the bytes that queries read."""
    project = _container(call, "serviceusage.quotas.get", "list quota metrics")
    service = call.params["service"]
    _known([service])
    if service != "bigquery.googleapis.com":
        raise errors.invalid(f"Quotas of {service} are not supported by the sandbox.")
    metric = f"{service}/quota/query/usage"
    name = f"projects/{project.number}/services/{service}/consumerQuotaMetrics/{quote(metric, safe='')}"
    return {
        "metrics": [
            {
                "name": name,
                "displayName": "Query usage",
                "metric": metric,
                "unit": "MiBy",
                "consumerQuotaLimits": [_quota_limit(name, metric, key, project) for key in _LIMITS],
            }
        ]
    }


def _quota_limit(name: str, metric: str, key: str, project: Project) -> JSON:
    unit, default = _LIMITS[key], _DEFAULT_LIMITS[key]
    own = project.query_quota.get(key)
    bucket: JSON = {"effectiveLimit": str(own or default), "defaultLimit": str(default)}
    return {
        "name": f"{name}/limits/{quote(unit.removeprefix('1'), safe='')}",
        "metric": metric,
        "unit": unit,
        "quotaBuckets": [bucket],
    }


# -- Billing


def billing_info(call: Call) -> JSON:
    """`projects.getBillingInfo`."""
    project = call.world.project(call.params["project"])
    if project is None or not call.ctx.authz.allowed(call.principal, "resourcemanager.projects.get", project):
        raise permission_error("resourcemanager.projects.get", project, "The caller does not have permission")
    body: JSON = {"name": f"projects/{project.id}/billingInfo", "projectId": project.id}
    if project.billing:
        body |= {"billingAccountName": "billingAccounts/01AB23-CD45EF-678901", "billingEnabled": True}
    return body


def routes(ctx: SandboxContext) -> list[Route]:
    """The REST methods of both services."""
    usage, bill = PREFIX["serviceusage"], PREFIX["cloudbilling"]
    services, name = usage + "/v1/projects/{project}/services", "serviceusage.services."
    enabled = shaped(batch_enable, {"serviceIds": [TEXT]})
    return [
        route(ctx, "POST", services + ":batchEnable", name + "batchEnable", enabled, write=True),
        route(ctx, "GET", services + ":batchGet", name + "batchGet", batch_get),
        route(ctx, "GET", services, name + "list", list_services),
        route(ctx, "POST", services + "/{service}:enable", name + "enable", enable, write=True),
        route(ctx, "POST", services + "/{service}:disable", name + "disable", disable, write=True),
        route(ctx, "GET", services + "/{service}", name + "get", get_service),
        route(
            ctx,
            "GET",
            usage + "/v1beta1/projects/{project}/services/{service}/consumerQuotaMetrics",
            name + "consumerQuotaMetrics.list",
            list_quotas,
        ),
        route(ctx, "GET", usage + "/v1/operations/{operation}", "serviceusage.operations.get", get_operation),
        route(
            ctx,
            "GET",
            bill + "/v1/projects/{project}/billingInfo",
            "cloudbilling.projects.getBillingInfo",
            billing_info,
        ),
    ]
