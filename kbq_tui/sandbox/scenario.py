"""Scenarios: what exists, who may what, and what goes wrong, read from TOML. One file is one scenario.

An unknown key is refused by name, for a typing error must not pass as a default. The keys:

- ``description``; ``project`` (where the operator works); ``latency_ms``; ``clock_skew`` (seconds by which the server's
  clock is ahead); ``token_lifetime``; ``operation_seconds`` (how long enabling an API takes).
- ``[operator]``: ``account`` (id, in the project kbq-sandbox-ops), ``roles`` (project id -> roles).
- ``[delays]``: seconds until an account, key, project_grant, dataset_grant, api, org_policy is effective; until a new
  account can be read (account_get), is listed (account_list) and can be given a key (key_create); until a new key can
  be read (key_get) and is listed (key_list). Instead of a number, those that are refused till then may be
  ``{ seconds = 3, status = [403, 404] }``: the HTTP statuses of the refusals, in turn.
- ``[[projects]]``: ``id``, ``name``, ``labels``, ``billing``, ``state``, ``services`` (the enabled APIs; the usual ones
  by default), ``org_policies`` (constraint -> true, allowed values, or rules), ``bindings``, ``accounts``, ``datasets``
  (``access`` beside the usual, ``default_table_expiration_days``, ``default_partition_expiration_days``), ``sql``
  (statements run as the owner), ``traits`` ("DATASET.TABLE" -> what the SQL engine reads: ``policy_tags``,
  ``row_policies``, ``drive``, ``iam_policy``; "DATASET" -> ``hide_access``: answers come without ``access``). An
  account's ``keys`` makes so many, ``key_age_days`` old; ``key_file`` hands the first one out; ``deleted`` leaves a
  tombstone.
- ``[[faults]]`` and ``[[editors]]``: see `faults`. ``[generate]``: quantities.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from kbq_tui.sandbox import faults, roles
from kbq_tui.sandbox.orgpolicy import CONSTRAINTS
from kbq_tui.sandbox.services import CATALOGUE
from kbq_tui.sandbox.world import KINDS, Account, Clock, Dataset, Kind, Policy, Project, World, access_key

JSON = dict[str, Any]
OPS_PROJECT = "kbq-sandbox-ops"
# What a project needs for the set-up, and what a new project has anyway.
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
    """A scenario that cannot be read; the text names the file and the key."""


# Every key there is, by table.
TOP = (
    "description project latency_ms clock_skew token_lifetime operation_seconds "
    "operator delays projects faults editors generate"
)
PROJECT = "id name labels billing state services org_policies bindings accounts datasets sql traits"
DATASET = (
    "id location labels description friendly_name access default_table_expiration_days "
    "default_partition_expiration_days"
)
KEYS: Mapping[str, frozenset[str]] = {
    "scenario": frozenset(TOP.split()),
    "operator": frozenset({"account", "roles"}),
    "projects": frozenset(PROJECT.split()),
    "bindings": frozenset({"role", "members", "condition"}),
    "accounts": frozenset(
        {"id", "display_name", "description", "disabled", "deleted", "keys", "key_file", "key_age_days"}
    ),
    "datasets": frozenset(DATASET.split()),
    "generate": frozenset({"projects", "bindings", "access_entries", "dataset"}),
}


@dataclass
class Scenario:
    """A scenario as read; `build` makes a world of it.

    Args:
        name: the file's name without ``.toml``.
        data: the parsed TOML, keys already checked.
    """

    name: str
    data: JSON
    rules: list[faults.Rule] = field(default_factory=list)
    edits: list[faults.Edit] = field(default_factory=list)

    @property
    def project(self) -> str:
        """The project the operator works in."""
        return str(self.data["project"])

    @property
    def description(self) -> str:
        return str(self.data.get("description", ""))


def names() -> list[str]:
    """The scenarios there are, in alphabetical order."""
    folder = resources.files("kbq_tui.sandbox") / "scenarios"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def load(name_or_path: str | Path) -> Scenario:
    """Read one of our scenarios by name, or any TOML file by path.

    Raises:
        ScenarioError: unknown name, unreadable TOML, unknown or wrong keys.
    """
    text = str(name_or_path)
    if text.endswith(".toml"):
        path = Path(text)
        name = path.stem
        try:
            raw = path.read_text("utf-8")
        except OSError as error:
            raise ScenarioError(f"{text}: {error.strerror}") from None
    else:
        if text not in names():
            raise ScenarioError(f"no scenario is called {text!r}; there are: {', '.join(names())}")
        name = text
        raw = (resources.files("kbq_tui.sandbox") / "scenarios" / f"{text}.toml").read_text("utf-8")
    try:
        data = tomllib.loads(raw)
        return _checked(name, data)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"scenario {name}: {error}") from None
    except ValueError as error:
        raise ScenarioError(f"scenario {name}: {error}") from None


def _known(table: str, data: Any) -> None:
    if not isinstance(data, dict):
        raise ValueError(f"{table} must be a table")
    unknown = sorted(set(data) - KEYS[table])
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r} in {table}")


def _checked(name: str, data: JSON) -> Scenario:
    _known("scenario", data)
    for required in ("project", "projects"):
        if required not in data:
            raise ValueError(f"missing key {required!r}")
    _known("operator", data.get("operator", {}))
    _known("generate", data.get("generate", {}))
    for kind, delay in data.get("delays", {}).items():
        if kind not in KINDS:
            raise ValueError(f"unknown key {kind!r} in delays")
        _delay(kind, delay)
    for project in data["projects"]:
        _known("projects", project)
        for table in ("bindings", "accounts", "datasets"):
            for entry in project.get(table, []):
                _known(table, entry)
        for service in project.get("services", []):
            if service not in CATALOGUE:
                raise ValueError(f"unknown service {service!r}")
        for constraint in project.get("org_policies", {}):
            if constraint not in CONSTRAINTS:
                raise ValueError(f"unknown constraint {constraint!r}")
        for binding in project.get("bindings", []):
            if binding["role"] not in roles.ROLES:
                raise ValueError(f"unknown role {binding['role']!r}")
    if data["project"] not in {p["id"] for p in data["projects"]}:
        raise ValueError(f"project {data['project']!r} is not among the projects")
    rules = [faults.Rule.from_data(r) for r in data.get("faults", [])]
    edits = [faults.Edit.from_data(e) for e in data.get("editors", [])]
    return Scenario(name, data, rules, edits)


REFUSED: tuple[Kind, ...] = ("account_get", "key_create", "key_get")
"""Delays during which a call is refused, so that there is a status to choose."""


def _delay(kind: str, value: Any) -> tuple[float, list[int]]:
    """The seconds of a delay, and the HTTP statuses of refusals till then."""
    data = value if isinstance(value, dict) else {"seconds": value}
    statuses = data.get("status", [])
    statuses = statuses if isinstance(statuses, list) else [statuses]
    seconds = data.get("seconds")
    unknown = sorted(set(data) - {"seconds", "status"})
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r} in delays.{kind}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise ValueError(f"delays.{kind} must be a number of seconds")
    if statuses and (kind not in REFUSED or any(s not in (403, 404) for s in statuses)):
        raise ValueError(f"delays.{kind}.status must be 403 or 404, and is for {', '.join(REFUSED)}")
    return float(seconds), statuses


def operator_email(scenario: Scenario) -> str:
    """The operator's address: a service account of another project, as a company's tooling would have it."""
    name = scenario.data.get("operator", {}).get("account", "operator")
    return f"{name}@{OPS_PROJECT}.iam.gserviceaccount.com"


def build(scenario: Scenario, world: World | None = None) -> World:
    """A world as the scenario describes it, all of it long since spread; delays hold from now on.

    SQL and key files need a running server; `server` does those.
    """
    world = world or World(Clock(float(scenario.data.get("clock_skew", 0.0))))
    delays, world.delays = scenario.data.get("delays", {}), {}
    now = world.clock()
    operator = operator_email(scenario)
    ops = Project(OPS_PROJECT, "700000000001", "Sandbox operations", created=now - 3e7, services=set(USUAL))
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
        if any("condition" in b for b in project.policy.bindings):
            project.policy.version = 3
    _generate(world, scenario, operator)
    world.delays = {_kind(k): _delay(k, v)[0] for k, v in delays.items()}
    world.refusals = {_kind(k): _delay(k, v)[1] for k, v in delays.items()}
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
        org_policies={name: _rules(value) for name, value in data.get("org_policies", {}).items()},
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
        dataset.access = default_access() + [dict(e) for e in entry.get("access", [])]
        world.touch(dataset)
        project.datasets[dataset.dataset_id] = dataset
    return project


def _milliseconds(days: float | None) -> int | None:
    return None if days is None else int(days * 24 * 3600 * 1000)


def _rules(value: Any) -> list[JSON]:
    """``true`` enforces, a list names the allowed values, anything else is rules as the API writes them."""
    if isinstance(value, bool):
        return [{"enforce": value}]
    if value and all(isinstance(v, str) for v in value):
        return [{"values": {"allowedValues": list(value)}}]
    return list(value)


def default_access() -> list[JSON]:
    """What a dataset's access list starts with, beside its creator."""
    return [
        {"role": "WRITER", "specialGroup": "projectWriters"},
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"role": "READER", "specialGroup": "projectReaders"},
    ]


def _generate(world: World, scenario: Scenario, operator: str) -> None:
    """Quantity: projects, conditional bindings on the main project, access entries on a dataset."""
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
