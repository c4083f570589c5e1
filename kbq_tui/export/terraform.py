"""A plan as Terraform.

Only `_iam_member` resources: `_iam_binding`, `_iam_policy` and `google_bigquery_dataset.access` would remove other
people's grants. Source:
https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/bigquery_dataset_iam
"""

import re
from collections.abc import Sequence

from kbq_tui.model.operations import (
    Action,
    Change,
    CreateAccount,
    CreateDataset,
    CreateKey,
    EnableService,
    GrantDatasetRole,
    GrantProjectRole,
)
from kbq_tui.model.plan import Plan
from kbq_tui.model.text import inert
from kbq_tui.shell.operation_rows import command_for

_HEAD = """\
# Connect Klaviyo to BigQuery: connection {connection}.
# Grants are single members (_iam_member), so that no other member is touched.
# What is in place already is imported (Terraform 1.5 or newer, OpenTofu 1.6 or newer).

terraform {{
  required_providers {{
    google = {{
      source = "hashicorp/google"
    }}
  }}
}}
"""

_KEY = """
# {summary}
# Not by Terraform: google_service_account_key would put the private key into the state file, readable to all who
# may read the state. Create it on the machine of the person who puts it into Klaviyo:
#   {command}
"""

_KEPT = {
    "google_bigquery_dataset": (
        "description",
        "friendly_name",
        "labels",
        "default_table_expiration_ms",
        "default_partition_expiration_ms",
        "max_time_travel_hours",
    ),
    "google_service_account": ("display_name", "description"),
}
"""Values that others have set on imported resources, and that leaving them out would unset."""

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_Pairs = Sequence[tuple[str, str]]


def to_terraform(plan: Plan) -> str:
    """Return the plan as a Terraform configuration.

    Args:
        plan: the plan. What is in place already has an `import` block beside its resource; what is blocked, and what
            Terraform should not do (the key, deletions), is in comments.
    """
    return _Writer(plan).text()


def hcl_string(value: str) -> str:
    """Return a quoted HCL string, in which nothing is interpolated.

    Source: https://developer.hashicorp.com/terraform/language/expressions/strings
    """
    escaped = "".join(_ESCAPES.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in value)
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'


class _Writer:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names: set[str] = set()
        self._datasets: dict[str, str] = {}
        self._services: list[str] = []
        self._account: str | None = None

    def text(self) -> str:
        parts = [_HEAD.format(connection=inert(self._plan.connection))]
        parts += [self._part(action) for action in self._plan.actions]
        for blocked in self._plan.blocked:
            title = inert(str(blocked.problem.title))
            parts.append(f"\n# NOT INCLUDED: {inert(str(blocked.action.summary))}\n")
            parts.append(f"# {blocked.problem.code or 'unrecognised'}: {title}\n")
        return "".join(parts)

    def _part(self, action: Action) -> str:
        summary = inert(str(action.summary))
        there = action.change is Change.NOOP
        if there:
            summary = f"{summary} (in place already)"
        project = action.resource.project
        match action.op:
            case EnableService(service=service):
                pairs = [("project", project), ("service", service)]
                more = ["disable_on_destroy = false"]
                id_ = f"{project}/{service}" if there else ""
                return self._block(summary, "google_project_service", service, pairs, more, id_)
            case CreateDataset(dataset=dataset, location=location):
                pairs = [("project", project), ("dataset_id", dataset), ("location", location)]
                more = ["delete_contents_on_destroy = false"]
                if not there:
                    more.append('labels = { "created-by" = "kbq-tui" }')
                id_ = f"projects/{project}/datasets/{dataset}" if there else ""
                return self._block(summary, "google_bigquery_dataset", dataset, pairs, more, id_)
            case CreateAccount(account_id=account_id, display_name=display_name):
                pairs = [("project", project), ("account_id", account_id), ("display_name", display_name)]
                id_ = f"projects/{project}/serviceAccounts/{action.resource.name}" if there else ""
                return self._block(summary, "google_service_account", "klaviyo", pairs, id_=id_)
            case CreateKey() if there:
                return f"\n# {summary}\n"
            case CreateKey():
                return _KEY.format(summary=summary, command=command_for(action))
            case GrantProjectRole(role=role, member=member):
                pairs = [("project", project), ("role", role)]
                id_ = f"{project} {role} {member}" if there else ""
                return self._block(summary, "google_project_iam_member", role, pairs, [self._member(member)], id_)
            case GrantDatasetRole(dataset=dataset, role=role, member=member):
                made = self._datasets.get(dataset)
                target = f"dataset_id = {made}.dataset_id" if made else f"dataset_id = {hcl_string(dataset)}"
                pairs = [("project", project), ("role", role)]
                more = [target, self._member(member)]
                name = f"{dataset}_{role.removeprefix('roles/')}"
                id_ = f"projects/{project}/datasets/{dataset} {role} {member}" if there else ""
                return self._block(summary, "google_bigquery_dataset_iam_member", name, pairs, more, id_)
            case _ if there:
                return f"\n# {summary}\n"
            case _:
                command = command_for(action, self._plan.location)
                return f"\n# {summary}\n# Not by Terraform, which does not manage it. In a shell:\n#   {command}\n"

    def _block(self, summary: str, kind: str, name: str, pairs: _Pairs, more: Sequence[str] = (), id_: str = "") -> str:
        """Return a resource; with `id_`, the name by which the provider imports it, also its import."""
        name = self._name(kind, name)
        address = f"{kind}.{name}"
        body = [(key, hcl_string(value)) for key, value in pairs]
        body += [(key, value) for key, _, value in (line.partition(" = ") for line in more)]
        width = max(len(key) for key, _ in body)
        lines = [f"  {key:<{width}} = {value}" for key, value in body]
        if kind == "google_project_service":
            self._services.append(address)
        elif kind == "google_bigquery_dataset":
            self._datasets[dict(pairs)["dataset_id"]] = address
        elif kind == "google_service_account":
            self._account = address
        if self._services and kind in ("google_bigquery_dataset", "google_service_account"):
            lines += ["", f"  depends_on = [{', '.join(self._services)}]"]
        if id_ and kind in _KEPT:
            lines += ["", "  lifecycle {", f"    ignore_changes = [{', '.join(_KEPT[kind])}]", "  }"]
        inside = "\n".join(lines)
        imported = f"\nimport {{\n  to = {address}\n  id = {hcl_string(id_)}\n}}\n" if id_ else ""
        return f'{imported}\n# {summary}\nresource "{kind}" "{name}" {{\n{inside}\n}}\n'

    def _member(self, member: str) -> str:
        return f"member = {self._account}.member" if self._account else f"member = {hcl_string(member)}"

    def _name(self, kind: str, wanted: str) -> str:
        """Return a name that HCL accepts and that no other resource of the kind has: names that differ in case only are
        possible."""
        base = re.sub(r"[^a-z0-9_]+", "_", wanted.lower().removeprefix("roles/")).strip("_") or "it"
        base = base if base[0].isalpha() else f"r_{base}"
        name, number = base, 2
        while f"{kind}.{name}" in self._names:
            name, number = f"{base}_{number}", number + 1
        self._names.add(f"{kind}.{name}")
        return name
