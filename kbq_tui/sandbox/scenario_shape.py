"""Checks the form of a scenario file; `scenario` describes its meaning."""

from collections.abc import Iterable
from typing import Any

from kbq_tui.sandbox import faults, roles
from kbq_tui.sandbox.bigquery.locations import LOCATIONS
from kbq_tui.sandbox.clock import CLOCK_SKEW_LIMIT
from kbq_tui.sandbox.orgpolicy import CONSTRAINTS
from kbq_tui.sandbox.services import CATALOGUE
from kbq_tui.sandbox.validate import Either, Flag, Map, Number, Path, SchemaError, Several, Shape, TableShape, Text
from kbq_tui.sandbox.world import KINDS, Kind

JSON = dict[str, Any]
OPS_PROJECT = "kbq-sandbox-ops"

REFUSED: tuple[Kind, ...] = ("account_get", "key_create", "key_get")
"""Delays during which a call is refused, so that its status can be chosen."""

_SECONDS = Number(0, 86_400)
_MIB = Number(1, 2**40, whole=True)
_DAYS = Number(1 / 24, 36_500)
# A role in a grant: a recorded one, so that a typing error is found, a custom one, or a service agent's
_OTHER_ROLES = f"{roles.CUSTOM.pattern}|{roles.SERVICE_AGENT.pattern}"
_ROLE = Text(roles.ROLES, "role", pattern=_OTHER_ROLES)
_ACCOUNT_ID = Text(pattern=r"[a-z]([-a-z0-9]*[a-z0-9])?", what="account id")
_PROJECT_ID = Text(pattern=r"[a-z]([-a-z0-9.:]*[a-z0-9])?", what="project id")
_DATASET_ID = Text(pattern=r"[A-Za-z0-9_]{1,1024}", what="dataset id")
_CONDITION = TableShape({key: Text() for key in ("title", "description", "expression", "location")})
_BINDING = TableShape(
    {"role": _ROLE, "members": Several(Text()), "condition": _CONDITION}, required=("role", "members")
)

_DATASET_REF: dict[str, Shape] = {"projectId": Text(), "datasetId": Text()}
_WHO: dict[str, Shape] = {
    "userByEmail": Text(),
    "groupByEmail": Text(),
    "domain": Text(),
    "specialGroup": Text((*roles.SPECIAL_GROUPS, "allAuthenticatedUsers"), "special group"),
    "iamMember": Text(),
}
_WHAT: dict[str, Shape] = {
    "view": TableShape(_DATASET_REF | {"tableId": Text()}, required=("projectId", "datasetId", "tableId")),
    "routine": TableShape(_DATASET_REF | {"routineId": Text()}, required=("projectId", "datasetId", "routineId")),
    "dataset": TableShape({"dataset": TableShape(_DATASET_REF), "targetTypes": Several(Text())}, required=("dataset",)),
}
ACCESS = TableShape(
    _WHO
    | _WHAT
    | {
        "role": Text((*roles.LEGACY, *roles.ON_DATASET), "role of datasets", roles.CUSTOM.pattern),
        "condition": _CONDITION,
    },
    exactly_one=(*_WHO, *_WHAT),
)

_VALUES = TableShape({"allowedValues": Several(Text()), "deniedValues": Several(Text())})
_RULE = TableShape(
    {"enforce": Flag(), "allowAll": Flag(), "denyAll": Flag(), "values": _VALUES, "condition": _CONDITION},
)
_RULES = Several(Either({str: Text(), dict: _RULE}, "a value or a rule"))
_STATUS = Number(403, 404, whole=True)
_REFUSAL = TableShape(
    {"seconds": _SECONDS, "status": Either({int: _STATUS, list: Several(_STATUS)}, "403, 404 or an array of them")},
    required=("seconds",),
)
_TRAITS = TableShape(
    {
        "policy_tags": Map(Text()),
        "row_policies": Several(
            TableShape({"id": Text(), "grantees": Several(Text()), "filter": Text()}, required=("grantees",))
        ),
        "drive": TableShape({"shared_with": Several(Text())}),
        "bucket": TableShape({"uri": Text(), "format": Text(), "readers": Several(Text())}, required=("uri",)),
        "linked": TableShape({"project": _PROJECT_ID, "dataset": _DATASET_ID}, required=("project", "dataset")),
        "iam_policy": TableShape({"bindings": Several(_BINDING)}, required=("bindings",)),
        "age_days": Number(0, 3_650),
        "hide_access": Flag(),
    }
)
_CALLER = TableShape(
    {
        "address": Text(pattern=r"[0-9a-f.:]+", what="IP address"),
        "agent": Text(),
        "every": Number(0.1, 86_400),
        "since": Number(0, 365 * 86_400),
        "changes_after": _SECONDS,
    },
    required=("address",),
)
_MOST_SECONDS = 180 * 86_400  # BigQuery keeps jobs for this long
_JOBS = TableShape(
    {
        "sql": Text(),
        "type": Text(),
        "every": Number(1, _MOST_SECONDS),
        "since": Number(0, _MOST_SECONDS),
        "until": Number(0, _MOST_SECONDS),
        "seconds": Number(0, 21_600),
        "bytes": Number(0, 10**15, whole=True),
        "reads": Several(Text(pattern=r"[A-Za-z0-9_]+\.[^.]+", what="DATASET.TABLE")),
        "location": Text(LOCATIONS, "location"),
        "address": Text(pattern=r"[0-9a-f.:]+", what="IP address"),
        "agent": Text(),
        "fails_since": Number(0, _MOST_SECONDS),
        "reason": Text(),
        "message": Text(),
    },
    required=("sql", "every", "since", "address"),
)
_ACCOUNT = TableShape(
    {
        "id": _ACCOUNT_ID,
        "display_name": Text(),
        "description": Text(),
        "disabled": Flag(),
        "deleted": Flag(),
        # an account has at most ten user-managed keys (https://cloud.google.com/iam/quotas)
        "keys": Number(0, 10, whole=True),
        "key_file": Flag(),
        "key_age_days": Number(0, 3_650),
        "callers": Several(_CALLER),
        "jobs": Several(_JOBS),
    },
    required=("id",),
)
_KMS_KEY = Text(pattern=r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+", what="Cloud KMS key")
_DATASET = TableShape(
    {
        "id": _DATASET_ID,
        "location": Text(LOCATIONS, "location"),
        "labels": Map(Text()),
        "description": Text(),
        "friendly_name": Text(),
        "access": Several(ACCESS),
        "default_access": Flag(),
        "default_table_expiration_days": _DAYS,
        "default_partition_expiration_days": _DAYS,
        "default_kms_key": _KMS_KEY,
    },
    required=("id",),
)
_AUDIT_CONFIG = TableShape(
    {
        "service": Text(),
        "auditLogConfigs": Several(
            TableShape(
                {
                    "logType": Text(("ADMIN_READ", "DATA_READ", "DATA_WRITE"), "log type"),
                    "exemptedMembers": Several(Text()),
                },
                required=("logType",),
            )
        ),
    },
    required=("service", "auditLogConfigs"),
)
_PERMISSIONS = frozenset[str]().union(*roles.ROLES.values())
_PROJECT = TableShape(
    {
        "id": _PROJECT_ID,
        "name": Text(),
        "labels": Map(Text()),
        "billing": Flag(),
        "query_quota": TableShape({"per_day_mib": _MIB, "per_user_mib": _MIB}),
        "organization": Flag(),
        "state": Text(("ACTIVE", "DELETE_REQUESTED"), "state"),
        "services": Several(Text(CATALOGUE, "service")),
        "org_policies": Map(Either({bool: Flag(), list: _RULES}, "true, false or an array"), CONSTRAINTS, "constraint"),
        "bindings": Several(_BINDING),
        "audit_configs": Several(_AUDIT_CONFIG),
        "roles": Map(Several(Text(_PERMISSIONS, "permission"))),
        "options": Map(
            TableShape({"enable_fine_grained_dataset_acls_option": Flag(), "default_kms_key_name": _KMS_KEY})
        ),
        "kms_keys": Map(Flag()),
        "accounts": Several(_ACCOUNT),
        "datasets": Several(_DATASET),
        "sql": Several(Text()),
        "traits": Map(_TRAITS),
    },
    required=("id",),
)
SCENARIO = TableShape(
    {
        "description": Text(),
        "project": Text(),
        "latency_ms": Number(0, 600_000),
        "clock_skew": Number(-CLOCK_SKEW_LIMIT, CLOCK_SKEW_LIMIT),
        "token_lifetime": Number(1, 86_400),
        "operation_seconds": _SECONDS,
        "operator": TableShape({"account": _ACCOUNT_ID, "roles": Map(Several(_ROLE))}),
        "delays": Map(
            Either({int: _SECONDS, float: _SECONDS, dict: _REFUSAL}, "a number of seconds or a table"), KINDS, "key"
        ),
        "projects": Several(_PROJECT, at_least=1),
        "faults": Several(faults.RULE),
        "editors": Several(faults.EDIT),
        "generate": TableShape(
            {
                "projects": Number(0, 20_000, whole=True),
                "bindings": Number(0, 20_000, whole=True),
                "access_entries": Number(0, 20_000, whole=True),
                "tables": Number(0, 20_000, whole=True),
                "rows": Number(0, 10_000_000, whole=True),
                "dataset": _DATASET_ID,
            }
        ),
    },
    required=("project", "projects"),
)


def check(data: JSON) -> tuple[list[faults.Rule], list[faults.Edit]]:
    """Refuse data that is not a valid scenario; give its fault plan and concurrent editors.

    Raises:
        Problem: with the place in the file.
    """
    SCENARIO.check(data, ())
    projects: list[JSON] = data["projects"]
    ids = [project["id"] for project in projects]
    _once((("projects", i, "id"), id_) for i, id_ in enumerate([*ids]))
    if OPS_PROJECT in ids:
        raise SchemaError(("projects", ids.index(OPS_PROJECT), "id"), f"{OPS_PROJECT} is the sandbox's own")
    if data["project"] not in ids:
        raise SchemaError(("project",), f"project {data['project']!r} is not among the projects")
    for name in data.get("operator", {}).get("roles", {}):
        if name not in ids:
            raise SchemaError(("operator", "roles", name), f"project {name!r} is not among the projects")
    for i, project in enumerate(projects):
        _check_project(("projects", i), project)
    for kind, delay in data.get("delays", {}).items():
        if isinstance(delay, dict) and delay.get("status") is not None and kind not in REFUSED:
            raise SchemaError(("delays", kind, "status"), f"is for {', '.join(REFUSED)}")
    _check_generate(data)
    rules = [faults.Rule.from_data(r, ("faults", i)) for i, r in enumerate(data.get("faults", []))]
    edits = [faults.Edit.from_data(e, ("editors", i)) for i, e in enumerate(data.get("editors", []))]
    for i, edit in enumerate(data.get("editors", [])):
        for key in ("add", "remove"):
            if edit.get("dataset") and edit.get(key):
                _check_access(edit[key], ("editors", i, key))
    return rules, edits


def _check_project(path: Path, project: JSON) -> None:
    accounts: list[JSON] = project.get("accounts", [])
    living = [(i, account["id"]) for i, account in enumerate(accounts) if not account.get("deleted")]
    _once(((*path, "accounts", i, "id"), id_) for i, id_ in living)
    datasets: list[JSON] = project.get("datasets", [])
    _once(((*path, "datasets", i, "id"), dataset["id"]) for i, dataset in enumerate(datasets))
    for i, dataset in enumerate(datasets):
        for j, entry in enumerate(dataset.get("access", [])):
            _check_access(entry, (*path, "datasets", i, "access", j))
    for name, rules in project.get("org_policies", {}).items():
        if isinstance(rules, list) and len({isinstance(rule, str) for rule in rules}) > 1:
            raise SchemaError((*path, "org_policies", name), "must be an array of values or one of rules, not of both")
    for name, traits in project.get("traits", {}).items():
        of_dataset = "." not in name
        for key in traits:
            if (key in ("hide_access", "linked")) != of_dataset:
                what = "a table" if of_dataset else "a dataset"
                raise SchemaError((*path, "traits", name, key), f"is for {what}, not for {name!r}")


def _check_access(entry: JSON, path: Path) -> None:
    ACCESS.check(entry, path)
    if "role" not in entry and not any(key in entry for key in _WHAT):
        raise SchemaError(path, "missing key 'role'")


def _check_generate(data: JSON) -> None:
    wanted = data.get("generate", {})
    main = next(project for project in data["projects"] if project["id"] == data["project"])
    datasets = [dataset["id"] for dataset in main.get("datasets", [])]
    if {"access_entries", "tables"} & wanted.keys() and "dataset" not in wanted:
        raise SchemaError(("generate",), "missing key 'dataset'")
    if "dataset" in wanted and wanted["dataset"] not in datasets:
        raise SchemaError(("generate", "dataset"), f"dataset {wanted['dataset']!r} is not in {main['id']}")


def _once(found: Iterable[tuple[Path, str]]) -> None:
    seen: set[str] = set()
    for path, name in found:
        if name in seen:
            raise SchemaError(path, f"{name!r} is given twice")
        seen.add(name)
