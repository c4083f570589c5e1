"""What one missing permission hides: it is unknown, with the smallest role that would show it."""

import contextlib
import datetime as dt
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from kbq_tui.diagnosis.permissions import PERMISSIONS
from kbq_tui.engine.observe import part_of
from kbq_tui.gcp.cloud import GoogleCloud
from kbq_tui.gcp.credentials import CredentialOptions
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.errors import judge
from kbq_tui.gcp.retry import CallRunner
from kbq_tui.i18n.messages import render
from kbq_tui.model.observed import Unknown
from kbq_tui.model.problem import Kind
from kbq_tui.sandbox import bigquery, roles
from kbq_tui.sandbox.resources import Account
from kbq_tui.sandbox.server import Sandbox

P = "acme-klaviyo-demo"
D = "KLAVIYO_IMPORT_FROM_DWH"
SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
UNTIL = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
ACCOUNT = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
Read = Callable[[GoogleCloud], Awaitable[object]]

READS: dict[str, tuple[str, Read]] = {
    "project": ("resourcemanager.projects.get", lambda c: c.project(P)),
    "billing": ("resourcemanager.projects.get", lambda c: c.billing_enabled(P)),
    "services": ("serviceusage.services.get", lambda c: c.services(P, ["bigquery.googleapis.com"])),
    "policies": ("orgpolicy.policy.get", lambda c: c.policy_enforced(P, "iam.disableServiceAccountKeyCreation")),
    "bindings": ("resourcemanager.projects.getIamPolicy", lambda c: c.project_bindings(P)),
    "dataset": ("bigquery.datasets.get", lambda c: c.dataset(P, D)),
    "access list": ("bigquery.datasets.getIamPolicy", lambda c: c.dataset(P, D)),
    "account": ("iam.serviceAccounts.get", lambda c: c.account(P, ACCOUNT)),
    "keys": ("iam.serviceAccountKeys.list", lambda c: c.keys(P, ACCOUNT)),
    "tables": ("bigquery.tables.list", lambda c: c.tables(P, D)),
    "roles on a table": ("bigquery.tables.getIamPolicy", lambda c: c.table_bindings(P, D, "customers")),
    "row policies": ("bigquery.rowAccessPolicies.list", lambda c: c.row_policies(P, D, "customers")),
    "who a row policy lets in": (
        "bigquery.rowAccessPolicies.getIamPolicy", lambda c: c.row_policies(P, D, "customers")
    ),
    "jobs": ("bigquery.jobs.listAll", lambda c: c.recent_jobs(P, ACCOUNT)),
    "key counts": ("monitoring.timeSeries.list", lambda c: c.keys_counted(P, "1", SINCE, UNTIL)),
    "key days": (
        "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query", lambda c: c.key_days(P)
    ),
}  # fmt: skip


RECORDED = ("bigquery", "iam", "orgpolicy", "resourcemanager", "serviceusage")
"""Services whose roles are completely recorded."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("row-policies") as running:
        project = running.world.projects[P]
        project.options["us"] = {"enable_fine_grained_dataset_acls_option": True}
        account = Account(ACCOUNT, "1" * 21, P)
        project.service_accounts[ACCOUNT] = account
        for dataset in project.datasets.values():
            dataset.access = [entry for entry in dataset.access if "specialGroup" not in entry]
        project.services |= {"policyanalyzer.googleapis.com", "logging.googleapis.com", "monitoring.googleapis.com"}
        job = {"sql": "SELECT 1", "every": 3600, "since": 3600, "address": "52.206.71.52"}
        bigquery.seed_jobs(running.context, account, [job])
        yield running


@contextlib.asynccontextmanager
async def operator(sandbox: Sandbox, lacks: str) -> AsyncIterator[GoogleCloud]:
    """The operator, with a custom role that has all permissions except one."""
    env = sandbox.env()
    key = json.loads(Path(env["GOOGLE_APPLICATION_CREDENTIALS"]).read_text(encoding="utf-8"))
    member = f"serviceAccount:{key['client_email']}"
    project = sandbox.world.projects[P]
    everything = frozenset().union(*roles.ROLES.values()) | set(PERMISSIONS)
    project.roles["operator"] = everything - {lacks}
    others = [binding for binding in project.policy.bindings if member not in binding["members"]]
    project.policy.bindings = [*others, {"role": f"projects/{P}/roles/operator", "members": [member]}]

    async def at_once(seconds: float) -> None: ...

    caller = CallRunner(judge, 60, sleep=at_once)
    cloud = GoogleCloud.for_operator(CredentialOptions(env=env), Endpoints.from_env(env), caller=caller)
    await cloud.identity()
    await cloud.dataset_names(P)  # as every reading of a project begins
    yield cloud
    await cloud.close()


def is_a_look(name: str) -> bool:
    return name.rpartition(".")[2].startswith(("get", "list", "query", "search")) and not name.endswith("AccessToken")


def smallest(permission: str) -> set[str]:
    """The recorded roles that have a permission, change the least and have the fewest others."""
    # most of their permissions are not recorded
    partial = ("roles/monitoring.", "roles/logging.", "roles/policyanalyzer.")
    having = [name for name, held in roles.ROLES.items() if permission in held and not name.startswith(partial)]
    sizes = {name: (sum(not is_a_look(p) for p in roles.ROLES[name]), len(roles.ROLES[name])) for name in having}
    return {name for name, size in sizes.items() if size == min(sizes.values())}


@pytest.mark.parametrize("name", READS)
async def test_what_the_operator_may_not_see_is_unknown_and_says_the_smallest_role(sandbox, name):
    permission, read = READS[name]
    async with operator(sandbox, lacks="") as cloud:
        assert not isinstance(await part_of(read(cloud)), Unknown)
    async with operator(sandbox, lacks=permission) as cloud:
        part = await part_of(read(cloud))
    assert isinstance(part, Unknown)
    problem = part.problem
    assert problem.kind is Kind.NOT_PERMITTED
    role = PERMISSIONS[permission].role
    assert permission in render(problem.who)
    assert role in render(problem.who)
    commands = [str(command) for step in problem.steps for command in step.commands]
    assert any(role in command for command in commands), commands


@pytest.mark.parametrize("permission", sorted(p for p in PERMISSIONS if is_a_look(p) and p.split(".")[0] in RECORDED))
def test_the_role_for_a_look_is_the_smallest_that_google_has(permission):
    assert PERMISSIONS[permission].role in smallest(permission)
