"""Calls that neither apply nor verify nor status make: each fails in each way, once and always.

It is also checked that the program calls no method that is in neither matrix nor here.
"""

import ast
import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

import kbq_tui.gcp.cloud
from kbq_tui.engine.apply import Runner
from kbq_tui.gcp.credentials import SCOPES, Found
from kbq_tui.gcp.session import Token
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.observed import Identity
from kbq_tui.model.operations import (
    Action,
    ActionKey,
    ActionKind,
    Change,
    DeleteAccount,
    DeleteDataset,
    DeleteKey,
    Operation,
    RevokeTableRole,
    Step,
)
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.refs import ProjectRef
from kbq_tui.sandbox.bigquery import job_resource, seed
from kbq_tui.sandbox.context import PREFIX
from kbq_tui.sandbox.resources import Account
from tests.faults.cells import PATIENCE, WAYS, Cell, ReferenceRun, many, report, spoil
from tests.faults.field import IAM_METHODS, TABLE, ProjectPool, Spot
from tests.faults.machine import ProjectMachine
from tests.faults.zygote import Zygote
from tests.support import polling

TRIES = 10
REDOS = 40
"""How often a policy is read, changed and written while somebody else is faster each time."""
STAGING = "KLAVIYO_TMP"
EDITOR, VIEWER = "roles/bigquery.dataEditor", "roles/bigquery.dataViewer"


async def list_projects(spot: Spot) -> object:
    """As the project picker does."""
    with spot.ports() as ports:
        page = await ports.cloud.search_projects("acme-000")
    return [project.id for project in page.projects], bool(page.next_token)


async def read_on(spot: Spot) -> object:
    """A query whose answer comes in pages."""
    with spot.ports() as ports:
        return (await ports.cloud.query(spot.project, "SELECT n FROM UNNEST([1, 2, 3]) AS n ORDER BY n", "EU")).rows


async def act_as_another(spot: Spot) -> object:
    """As `--impersonate` does."""
    with spot.ports(impersonate=spot.spec.account_email) as ports:
        await ports.cloud.authenticate()
    return None


async def ask_who(spot: Spot) -> object:
    """Signed in by gcloud, whose token does not say whose it is; only a name for the screen, which is not worth a
    failure."""
    sandbox = spot.field.sandbox
    operator = sandbox.world.account(sandbox.operator)
    assert operator is not None
    token = Credentials(spot.field.context.auth.issue(operator, list(SCOPES), 3600))
    googles_own = replace(spot.endpoints, overridden=())
    with spot.clouds() as cloud:
        found = Token(lambda: Found(token, Identity("", verbatim("gcloud's own login"))))
        return (await cloud(found, "operator", googles_own).identity()).principal


def delete(operation: Callable[[Spot], Operation]) -> Callable[[Spot], Awaitable[None]]:
    """Carry one deletion out, as `kbq-tui key delete` does."""

    async def run(spot: Spot) -> None:
        key = ActionKey(ActionKind.ACCOUNT, ProjectRef(spot.project))
        action = Action(key, Change.DELETE, verbatim("Delete"), Step.ACCOUNT, operation(spot))
        with spot.ports() as ports:
            runner = Runner(spot.spec, ports, lambda _: None, PATIENCE)
            await runner.run([action])
        for problem in runner.outcome.problems:
            raise ProblemError(problem)

    return run


def account(spot: Spot) -> Account:
    return spot.world.service_accounts[spot.spec.account_email]


async def with_account(spot: Spot) -> None:
    """An account that the operator may act as, with a key."""
    with spot.ports() as ports:
        await ports.cloud.create_account(spot.project, spot.spec.account_id, "Klaviyo")
        await ports.cloud.create_key(spot.project, spot.spec.account_email)
    operator = f"serviceAccount:{spot.field.sandbox.operator}"
    role = {"role": "roles/iam.serviceAccountTokenCreator", "members": [operator]}
    account(spot).policy.bindings.append(role)


async def with_table(spot: Spot) -> None:
    """A table on which the account, and others, have roles."""
    statement = f"CREATE TABLE `{spot.project}.{STAGING}.{TABLE}` (email STRING)"
    with spot.field.sandbox.world.lock:
        seed(spot.field.context, spot.project, [statement])
        members = ["group:loaders@acme.example", spot.spec.member]
        policy = {"bindings": [{"role": EDITOR, "members": members}, {"role": VIEWER, "members": members}]}
        spot.world.datasets[STAGING].tables[TABLE].traits["iam_policy"] = policy


async def read_table_policy(spot: Spot) -> object:
    """As `--remove-over-grants` does if the account should only read."""
    with spot.ports() as ports:
        held = await ports.cloud.table_bindings(spot.project, STAGING, TABLE)
    return [(b.role, [m.replace(spot.project, "P") for m in b.members]) for b in held]


async def as_it_is(spot: Spot) -> None:
    """Needs only the project."""


@dataclass(frozen=True)
class Errand:
    """A task that calls a method which nothing else calls.

    Attributes:
        go: runs it; its result is compared with that of a run without faults.
        prepare: creates what it needs.
        content: the failures that it may take for an answer: "not found" if it deletes.
        tries: the most calls; more mean that retries are not limited.
    """

    go: Callable[[Spot], Awaitable[object]]
    prepare: Callable[[Spot], Awaitable[None]] = as_it_is
    content: frozenset[str] = frozenset()
    tries: int = TRIES


GONE = frozenset({"404"})


async def with_row_policy(spot: Spot) -> None:
    """A table of which the account sees some rows."""
    await with_table(spot)
    policy = {"id": "own", "grantees": [spot.spec.member], "filter": "TRUE"}
    with spot.field.sandbox.world.lock:
        spot.world.datasets[STAGING].tables[TABLE].traits["row_policies"] = [policy]


async def read_row_policies(spot: Spot) -> object:
    """As `verify` does of every table that the account may read."""
    with spot.ports() as ports:
        found = await ports.cloud.row_policies(spot.project, STAGING, TABLE)
    return [(p.name, [m.replace(spot.project, "P") for m in p.members]) for p in found]


async def read_what_a_query_reads(spot: Spot) -> object:
    """As `verify` does for a view, to find the tables behind it."""
    with spot.ports() as ports:
        found = await ports.cloud.dry_run(
            spot.project, f"SELECT 1 FROM `{spot.project}.{STAGING}.{TABLE}`", spot.spec.location or "US"
        )
    return [table[1:] for table in found.tables]


async def read_the_log(spot: Spot) -> object:
    """As `key list` does."""
    since = datetime(2020, 1, 1, tzinfo=UTC)
    with spot.ports() as ports:
        return await ports.cloud.key_calls(spot.project, spot.spec.account_email, "0" * 40, since=since)


async def read_the_metric(spot: Spot) -> object:
    """As `key list` does if it may not read the log."""
    since = datetime(2020, 1, 1, tzinfo=UTC)
    with spot.ports() as ports:
        return await ports.cloud.keys_counted(spot.project, "1", since, since + timedelta(days=1))


async def read_the_analyzer(spot: Spot) -> object:
    """As `key list` does if it may read neither."""
    with spot.ports() as ports:
        return await ports.cloud.key_days(spot.project)


async def with_readers(spot: Spot) -> None:
    """The operator may ask the metric and Policy Analyzer."""
    operator = f"serviceAccount:{spot.field.sandbox.operator}"
    roles = ("roles/monitoring.viewer", "roles/policyanalyzer.activityAnalysisViewer")
    spot.world.policy.bindings += [{"role": role, "members": [operator]} for role in roles]
    spot.world.services.add("policyanalyzer.googleapis.com")


async def read_the_quota(spot: Spot) -> object:
    """As `activity` does."""
    with spot.ports() as ports:
        return await ports.cloud.query_quota(spot.project)


def switch(*, on: bool) -> Callable[[Spot], Awaitable[None]]:
    async def run(spot: Spot) -> None:
        with spot.ports() as ports:
            key_id = next(iter(account(spot).keys))
            await ports.cloud.switch_key(spot.project, spot.spec.account_email, key_id, on=on)

    return run


ERRANDS = {
    "logging.entries.list": Errand(read_the_log),
    "monitoring.projects.timeSeries.list": Errand(read_the_metric, with_readers),
    "serviceusage.services.consumerQuotaMetrics.list": Errand(read_the_quota),
    "policyanalyzer.projects.locations.activityTypes.activities.query": Errand(read_the_analyzer, with_readers),
    "iam.serviceAccountKeys.disable": Errand(switch(on=False), with_account),
    "iam.serviceAccountKeys.enable": Errand(switch(on=True), with_account),
    "bigquery.rowAccessPolicies.getIamPolicy": Errand(read_row_policies, with_row_policy),
    "bigquery.jobs.insert": Errand(read_what_a_query_reads, with_table),
    "cloudresourcemanager.projects.search": Errand(list_projects),
    "bigquery.jobs.getQueryResults": Errand(read_on),
    "bigquery.tables.getIamPolicy": Errand(read_table_policy, with_table),
    "bigquery.tables.setIamPolicy": Errand(
        delete(lambda s: RevokeTableRole(STAGING, TABLE, EDITOR, s.spec.member)), with_table, tries=REDOS
    ),
    "bigquery.datasets.delete": Errand(delete(lambda _: DeleteDataset(STAGING))),
    "iam.serviceAccounts.delete": Errand(delete(lambda s: DeleteAccount(s.spec.account_email)), with_account, GONE),
    "iam.serviceAccountKeys.delete": Errand(
        delete(lambda s: DeleteKey(s.spec.account_email, next(iter(account(s).keys), "0" * 40))), with_account, GONE
    ),
    "iamcredentials.serviceAccounts.generateAccessToken": Errand(act_as_another, with_account),
    "oauth2.tokeninfo": Errand(ask_who, content=frozenset(WAYS)),
}


@pytest.fixture(scope="module")
def pieces(field: ProjectPool) -> Iterator[None]:
    """Pages of one row for answers of queries, and a sandbox that describes tokens in Google's place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job_resource, "_PAGE", 1)
        patch.setattr(kbq_tui.gcp.cloud, "_TOKENINFO", f"{field.sandbox.url}/tokeninfo")
        patch.setattr(kbq_tui.gcp.cloud, "_TOKENINFO_SECONDS", polling.PATIENCE)
        yield


HANGS = 15.0
"""Seconds after which the product gives up asking who it is where that hangs: enough on a busy machine."""


@dataclass(frozen=True)
class Undisturbed:
    """What an errand without faults returned, and the state of the project afterwards."""

    answer: object
    state: dict[str, Any]


@pytest.fixture(scope="module")
def quiet(field: ProjectPool, pieces: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Undisturbed]:
    folder = tmp_path_factory.mktemp("quiet")

    async def run(method: str) -> Undisturbed:
        spot, errand = field.spot(folder), ERRANDS[method]
        await errand.prepare(spot)
        answer = await errand.go(spot)
        assert method in {call.method for call in field.sandbox.world.calls}
        return Undisturbed(answer, spot.state())

    return {method: asyncio.run(run(method)) for method in ERRANDS}


async def on_errand(spot: Spot, method: str, name: str, quiet: Undisturbed, *, every: bool) -> Cell:
    """One errand with one failing method; then the same without faults."""
    cell, errand, way = Cell(method, "always" if every else "errand"), ERRANDS[method], WAYS[name]
    await errand.prepare(spot)
    spoil(spot, method, way, every=every)
    try:
        with pytest.MonkeyPatch.context() as patch:
            if method == "oauth2.tokeninfo" and way.hangs:
                patch.setattr(kbq_tui.gcp.cloud, "_TOKENINFO_SECONDS", HANGS)
            answer = await errand.go(spot)
        cell.outcome = "success"
    except ProblemError as error:
        cell.problems([error.problem], way)
        cell.outcome = error.problem.code or "unrecognised"
    good, hits = cell.outcome == "success", spot.hits()
    cell.expect(0 < hits <= errand.tries if every else hits == 1, f"{hits} calls were spoilt")
    if name in errand.content:
        cell.expect(good, f"not content: {cell.outcome}")
    elif good:
        cell.expect(not every or WAYS[name].rule.get("when") == "after", "a success although every call fails")
        cell.expect(answer == quiet.answer and spot.state() == quiet.state, "a success that is none")
    else:
        cell.expect(every or not way.passing, f"seen although it passes: {cell.outcome}")
    spot.mend()
    spot.short = frozenset()
    cell.expect(await errand.go(spot) == quiet.answer, "another answer than undisturbed")
    cell.expect(spot.state() == quiet.state, f"does not converge: {spot.state()} is not {quiet.state}")
    return cell


@pytest.mark.parametrize("name", WAYS)
async def test_an_errand_that_fails_loses_nothing(
    name: str, field: ProjectPool, quiet: dict[str, Undisturbed], tmp_path: Path, record_property: object
) -> None:
    cells = []
    # one after the other, because some faults affect all projects
    for every in (False, True) if WAYS[name].always else (False,):
        work = [
            lambda m=method, e=every: on_errand(field.spot(tmp_path), m, name, quiet[m], every=e) for method in ERRANDS
        ]
        cells += await many(work, len(work))
    report(cells, name, record_property)


# -- nothing is left out

NAME = re.compile(
    r"(bigquery|cloudbilling|cloudresourcemanager|iam|iamcredentials|logging|monitoring|oauth2|orgpolicy|policyanalyzer"
    r"|serviceusage)(\.\w+)+"
)
VERB = re.compile(r".*[^/]?:([a-z][a-zA-Z]+)")
CLIENT = {
    "create_dataset": "bigquery.datasets.insert",
    "delete_dataset": "bigquery.datasets.delete",
    "list_tables": "bigquery.tables.list",
}
"""The methods that BigQuery's client calls."""


def written(node: ast.AST) -> str | None:
    """The method that a piece of source calls, or the end of its name."""
    match node:
        case ast.Constant(value=str(text)) if NAME.fullmatch(text) and not text.endswith(".com"):
            return text
        case ast.Constant(value=str(text)) if found := VERB.fullmatch(text):
            return found[1]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="iam"), attr=name)):
            return IAM_METHODS.get(name, name)
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Attribute(attr="_bigquery")), attr=name)):
            return CLIENT.get(name, name)
    return None


def test_every_method_in_the_source_is_in_a_matrix(known: ReferenceRun) -> None:
    held = {*known.methods, *ERRANDS, "bigquery.datasets.update"}  # the last is Google's name for PATCH, too
    folder = Path(kbq_tui.gcp.cloud.__file__).parent
    found = {written(node) for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text()))} - {None}
    verbs = {m.rpartition(".")[2] for m in held}  # the ends of URLs, and the name of Google's own impersonation
    verbs |= {f"{m.partition('.')[0]}.{m.rpartition('.')[2]}" for m in held}
    assert found <= held | verbs, found - held - verbs
    assert len(found) > 20, "the source is written otherwise than this test thinks"


def test_every_method_that_the_commands_call_is_in_a_matrix(
    known: ReferenceRun, field: ProjectPool, zygote: Zygote, tmp_path: Path
) -> None:
    machine = ProjectMachine(field, zygote, tmp_path)
    answers = tmp_path / "answers.toml"
    answers.write_text(f'project = "{machine.spot.project}"\nlocation = "EU"\napply = true\n')
    before = len(field.sandbox.world.calls)
    nowhere = {"GOOGLE_CLOUD_PROJECT": "", "CLOUDSDK_CORE_PROJECT": ""}  # so that the projects are listed
    assert machine.run("setup", "--answers", str(answers), **nowhere).status == 0
    for command in ("plan", "apply --yes --remove-over-grants", "verify", "status", "doctor", "export gcloud"):
        ran = machine.run(*command.split())
        assert ran.status == 0, ran.err
    listed = machine.run("key", "list", "--json").json["keys"]
    assert machine.run("key", "delete", listed[0]["id"], "--yes").status == 0
    knocks = {f"GET {prefix or '/'}" for prefix in PREFIX.values()}  # doctor, to see whether the API answers
    called = {call.method for call in field.sandbox.world.calls[before:] if call.resource not in knocks}
    assert {"cloudresourcemanager.projects.search", "iam.serviceAccountKeys.delete"} < called
    assert called <= {*known.methods, *ERRANDS}
