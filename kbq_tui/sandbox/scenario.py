"""Scenarios: what exists, who may what, and what goes wrong, read from TOML. One file is one scenario.

An unknown key is refused by name, for a typing error must not pass as a default. The keys:

- ``description``; ``project`` (where the operator works); ``latency_ms``; ``clock_skew`` (seconds by which the server's
  clock is ahead); ``token_lifetime``; ``operation_seconds`` (how long enabling an API takes).
- ``[operator]``: ``account`` (id, in the project kbq-sandbox-ops), ``roles`` (project id -> roles).
- ``[delays]``: seconds until an account, key, project_grant, dataset_grant, api, org_policy is effective; until a new
  account can be read (account_get), is listed (account_list) and can be given a key (key_create); until a new key can
  be read (key_get) and is listed (key_list); for how long readers of datasets (dataset_read) and of project policies
  (policy_read) see what was before a change; until a use of a key is shown by the audit log (audit_log), the metric
  (key_metric) and Policy Analyzer (key_activity). Instead of a number, those that are refused till then may be
  ``{ seconds = 3, status = [403, 404] }``: the HTTP statuses of the refusals, in turn.
- ``[[projects]]``: ``id``, ``name``, ``labels``, ``billing``, ``organization`` (false: in none), ``state``,
  ``services`` (the enabled APIs; the usual ones by default), ``org_policies`` (constraint -> true, allowed values, or
  rules), ``bindings``, ``audit_configs``, ``roles`` (custom roles: id -> permissions), ``options`` (BigQuery's, by
  region), ``query_quota`` (``per_day_mib``, ``per_user_mib``: what queries may read),
  ``kms_keys`` (Cloud KMS key -> false: BigQuery may not use it), ``accounts``, ``datasets`` (``access``
  beside the usual, or with ``default_access`` false without it, ``default_table_expiration_days``,
  ``default_partition_expiration_days``, ``default_kms_key``), ``sql`` (statements run as the owner), ``traits``
  ("DATASET.TABLE" -> what the SQL engine reads: ``policy_tags``, ``row_policies``, ``drive``, ``bucket``,
  ``iam_policy``; and ``age_days``, since it was created; "DATASET" -> ``hide_access``: answers come without
  ``access``; ``linked``: it is another's). An account's ``keys`` makes so many,
  ``key_age_days`` old; ``key_file`` hands the first one out; ``deleted`` leaves a tombstone; ``callers`` use its
  keys from elsewhere, see `audit_log.Caller`: ``address``, ``agent``, ``every``, ``since`` (seconds before the start),
  ``changes_after``; ``jobs`` are what it has run before the start, in BigQuery's history and the audit log: ``sql``,
  ``type`` (of the statement), ``every``, from ``since`` until ``until`` seconds before the start, ``seconds`` (how long
  each took), ``bytes``, ``reads`` ("DATASET.TABLE"), ``location``, ``address``, ``agent``; with ``message`` and
  ``reason`` they fail, from ``fails_since`` seconds before the start on.
- ``[[faults]]`` and ``[[editors]]``: see `faults`. ``[generate]``: quantities of ``projects``, ``bindings``, and
  in a ``dataset`` of ``access_entries`` and ``tables``, of which the first has so many ``rows``.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from kbq_tui.sandbox import faults, many_tables, public_data, roles, scenario_shape, toml_lines
from kbq_tui.sandbox.clock import SkewedClock
from kbq_tui.sandbox.resources import ORGANIZATION, Account, Dataset, Policy, Project
from kbq_tui.sandbox.scenario_shape import OPS_PROJECT
from kbq_tui.sandbox.validate import Path as PlaceInFile
from kbq_tui.sandbox.validate import SchemaError, spelled
from kbq_tui.sandbox.world import KINDS, Kind, World, access_key

JSON = dict[str, Any]
# The APIs that the set-up needs, and those that a new project has by default.
USUAL = (
    "bigquery.googleapis.com",
    "bigquerystorage.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "serviceusage.googleapis.com",
    "orgpolicy.googleapis.com",
    "cloudbilling.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "storage.googleapis.com",
)


class ScenarioError(ValueError):
    """A scenario that cannot be read or built; the text names file, line and key."""


@dataclass
class Scenario:
    """A scenario as read; `build` creates a world from it.

    Args:
        name: the file's name without ``.toml``.
        data: the parsed TOML, already checked.
        rules, edits: its fault plan and concurrent editors.
        where: the file, for errors.
        lines: the line of each key in it.
    """

    name: str
    data: JSON
    rules: list[faults.Rule] = field(default_factory=list)
    edits: list[faults.Edit] = field(default_factory=list)
    where: str = ""
    lines: dict[PlaceInFile, int] = field(default_factory=dict)

    def error(self, path: PlaceInFile, text: str) -> ScenarioError:
        """An error that names file, line and key."""
        where = self.where or f"scenario {self.name}"
        key = f"{spelled(path)}: " if path else ""
        return ScenarioError(f"{where}, line {toml_lines.line_of(self.lines, path)}: {key}{text}")

    @property
    def project(self) -> str:
        """The project the operator works in."""
        return str(self.data["project"])

    @property
    def description(self) -> str:
        """What the scenario shows, in one sentence."""
        return str(self.data.get("description", ""))


def names() -> list[str]:
    """The names of all scenarios, in alphabetical order."""
    folder = resources.files("kbq_tui.sandbox") / "scenarios"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def load(name_or_path: str | Path) -> Scenario:
    """Read one of our scenarios by name, or any TOML file by path.

    Raises:
        ScenarioError: unknown name, unreadable TOML, unknown or wrong keys; names file, line and key.
    """
    text = str(name_or_path)
    if text.endswith(".toml"):
        where, name = text, Path(text).stem
        try:
            raw = Path(text).read_bytes()
        except OSError as error:
            raise ScenarioError(f"{text}: {error.strerror}") from None
    else:
        if text not in names():
            raise ScenarioError(f"no scenario is called {text!r}; there are: {', '.join(names())}")
        where, name = f"scenario {text}", text
        raw = (resources.files("kbq_tui.sandbox") / "scenarios" / f"{text}.toml").read_bytes()
    try:
        toml = raw.decode().replace("\r\n", "\n")
        data = tomllib.loads(toml)
        lines = toml_lines.lines(toml)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ScenarioError(f"{where}, line {line}: not valid UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{where}: {error}") from None
    except RecursionError:
        raise ScenarioError(f"{where}: nested too deeply") from None
    scenario = Scenario(name, data, where=where, lines=lines)
    try:
        scenario.rules, scenario.edits = scenario_shape.check(data)
    except SchemaError as problem:
        raise scenario.error(problem.path, problem.text) from None
    return scenario


def _delay(value: Any) -> tuple[float, list[int]]:
    """The seconds of a delay, and the HTTP statuses of the refusals until then."""
    data = value if isinstance(value, dict) else {"seconds": value}
    statuses = data.get("status", [])
    return float(data["seconds"]), statuses if isinstance(statuses, list) else [statuses]


def operator_email(scenario: Scenario) -> str:
    """The operator's address: a service account of another project, as a company's automation would have."""
    name = scenario.data.get("operator", {}).get("account", "operator")
    return f"{name}@{OPS_PROJECT}.iam.gserviceaccount.com"


def build(scenario: Scenario, world: World | None = None) -> World:
    """Create the world that a scenario describes, with all changes in effect; delays apply to later changes.

    SQL and key files need a running server; `server` handles them.
    """
    world = world or World(SkewedClock(float(scenario.data.get("clock_skew", 0.0))))
    delays, world.delays = scenario.data.get("delays", {}), {}
    now = world.clock()
    operator = operator_email(scenario)
    services = {*USUAL, "policyanalyzer.googleapis.com"}
    ops = Project(OPS_PROJECT, "700000000001", "Sandbox operations", created=now - 3e7, services=services)
    ops.service_accounts[operator] = Account(
        operator, world.new_unique_id(), OPS_PROJECT, "Operator", created=now - 3e7
    )
    ops.service_accounts[operator].etag = world.new_etag()
    world.projects[ops.id] = ops
    granted: Mapping[str, list[str]] = scenario.data.get("operator", {}).get("roles", {})
    for number, data in enumerate(scenario.data["projects"], start=700_000_001_001):
        project = _project(world, data, str(number))
        own = [{"role": role, "members": [f"serviceAccount:{operator}"]} for role in granted.get(project.id, [])]
        project.policy = Policy(_merge(own + [dict(b) for b in data.get("bindings", [])]), world.new_etag())
        if data.get("audit_configs"):
            project.policy.extra = {"auditConfigs": [dict(c) for c in data["audit_configs"]]}
        if any("condition" in b for b in project.policy.bindings):
            project.policy.version = 3
    if public_data.PROJECT not in world.projects:
        world.shared[public_data.PROJECT] = public_data.project
    _generate(world, scenario, operator)
    world.delays = {_kind(k): _delay(v)[0] for k, v in delays.items()}
    world.refusals = {_kind(k): _delay(v)[1] for k, v in delays.items()}
    return world


def _kind(name: str) -> Kind:
    return next(k for k in KINDS if k == name)


def _merge(bindings: list[JSON]) -> list[JSON]:
    merged: list[JSON] = []
    for binding in bindings:
        same = next(
            (m for m in merged if m["role"] == binding["role"] and m.get("condition") == binding.get("condition")), None
        )
        if same:
            same["members"] = list(dict.fromkeys(same["members"] + binding["members"]))
        else:
            merged.append({**binding, "members": list(binding["members"])})
    return merged


def _project(world: World, data: JSON, number: str) -> Project:
    now = world.clock()
    project = Project(
        data["id"],
        number,
        str(data.get("name", data["id"])),
        labels=dict(data.get("labels", {})),
        state=data.get("state", "ACTIVE"),
        created=now - 2e7,
        services=set(data.get("services", USUAL)),
        billing=bool(data.get("billing", True)),
        parent=ORGANIZATION if data.get("organization", True) else "",
        org_policies={name: _rules(value) for name, value in data.get("org_policies", {}).items()},
        roles={name: frozenset(held) for name, held in data.get("roles", {}).items()},
        options={region: dict(values) for region, values in data.get("options", {}).items()},
        kms_keys=dict(data.get("kms_keys", {})),
        query_quota=dict(data.get("query_quota", {})),
    )
    world.projects[project.id] = project
    for entry in data.get("accounts", []):
        email = f"{entry['id']}@{project.id}.iam.gserviceaccount.com"
        account = Account(email, world.new_unique_id(), project.id, created=now - 1e7)
        account.display_name, account.description = entry.get("display_name", ""), entry.get("description", "")
        account.disabled = bool(entry.get("disabled", False))
        account.etag = world.new_etag()
        (world.deleted_accounts if entry.get("deleted") else project.service_accounts)[
            account.unique_id if entry.get("deleted") else email
        ] = account
    for entry in data.get("datasets", []):
        dataset = Dataset(project.id, entry["id"], entry.get("location", "US"), dict(entry.get("labels", {})))
        dataset.description, dataset.friendly_name = entry.get("description", ""), entry.get("friendly_name", "")
        dataset.created_ms = int((now - 1e7) * 1000)
        dataset.default_table_expiration_ms = _milliseconds(entry.get("default_table_expiration_days"))
        dataset.default_partition_expiration_ms = _milliseconds(entry.get("default_partition_expiration_days"))
        if "default_kms_key" in entry:
            dataset.extra["defaultEncryptionConfiguration"] = {"kmsKeyName": entry["default_kms_key"]}
        usual = default_access() if entry.get("default_access", True) else []
        dataset.access = usual + [dict(e) for e in entry.get("access", [])]
        world.touch(dataset)
        project.datasets[dataset.dataset_id] = dataset
    return project


def _milliseconds(days: float | None) -> int | None:
    return None if days is None else int(days * 24 * 3600 * 1000)


def _rules(value: Any) -> list[JSON]:
    """``true`` enforces, a list names the allowed values, anything else is rules as the API has them."""
    if isinstance(value, bool):
        return [{"enforce": value}]
    if value and all(isinstance(v, str) for v in value):
        return [{"values": {"allowedValues": list(value)}}]
    return list(value)


def default_access() -> list[JSON]:
    """The access list of a new dataset, without its creator."""
    return [
        {"role": "WRITER", "specialGroup": "projectWriters"},
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"role": "READER", "specialGroup": "projectReaders"},
    ]


def _generate(world: World, scenario: Scenario, operator: str) -> None:
    """Add large quantities: projects, conditional bindings on the main project, a dataset's access entries and
    tables."""
    wanted = scenario.data.get("generate", {})
    main = world.projects[scenario.project]
    shared = [{"role": "roles/viewer", "members": [f"serviceAccount:{operator}"]}]
    for i in range(max(0, int(wanted.get("projects", 0)) - len(scenario.data["projects"]))):
        id_ = f"acme-team-{i:05d}"
        project = Project(
            id_, str(710_000_000_000 + i), f"Acme team {i:05d}", created=main.created, services=set(USUAL)
        )
        project.policy = Policy(shared, "BwAAAAAAAAA=")
        world.projects[id_] = project
    pool = sorted(r for r in roles.ROLES if r.startswith("roles/bigquery."))
    for i in range(max(0, int(wanted.get("bindings", 0)) - len(main.policy.bindings))):
        condition = {"title": f"until-{i:04d}", "expression": 'request.time < timestamp("2099-01-01T00:00:00Z")'}
        binding = {"role": pool[i % len(pool)], "members": [f"user:person-{i:04d}@example.com"], "condition": condition}
        main.policy.bindings.append(binding)
        main.policy.version = 3
    if wanted.get("access_entries"):
        dataset = main.datasets[wanted["dataset"]]
        for i in range(int(wanted["access_entries"]) - len(dataset.access)):
            dataset.access.append({"role": "READER", "userByEmail": f"person-{i:04d}@example.com"})
        dataset.access.sort(key=access_key)
    if wanted.get("tables"):
        many_tables.make(world, main.datasets[wanted["dataset"]], int(wanted["tables"]), int(wanted.get("rows", 0)))
