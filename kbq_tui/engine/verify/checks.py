"""All checks of a verification, in the order in which they are shown.

A check is one function: its decorator has its description and how it is run (`definitions.py`), its body the calls and
the verdict. Code of more than a few lines is in a module beside this one.
"""

import contextlib
from dataclasses import replace

from kbq_tui.engine.verify import dataset_role, isolation, probing, reading
from kbq_tui.engine.verify import read_only as writes
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.definitions import (
    CheckRegistry,
    CheckStage,
    every_dataset,
    its_grant,
    nothing_of_ours,
    only_read,
    shared_datasets,
    staging_dataset,
    written,
)
from kbq_tui.engine.verify.held_roles import (
    Held,
    job_user_bounded,
    over_grant,
    project_roles,
)
from kbq_tui.engine.verify.key_check import judge_keys, sign_in
from kbq_tui.engine.verify.refusals import jobs_refused, key_refused, refused
from kbq_tui.i18n.messages import message
from kbq_tui.model import judgements
from kbq_tui.model.changes import ACCOUNT, KEY
from kbq_tui.model.checks import Check, CheckGroup, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged, perhaps_not_yet, settled
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.refs import ProjectRef
from kbq_tui.model.spec import ConnectionSpec, RequiredDataset
from kbq_tui.planning.dataset_rules import expiring, over, public, too_short
from kbq_tui.planning.locations import misplaced
from kbq_tui.shell import sql

CHECKS = CheckRegistry()
"""Every check, in order."""

STAGING_WRITE = "staging.write"


def expected(spec: ConnectionSpec) -> tuple[Check, ...]:
    """Return every check of a connection, in the order in which they are shown."""
    return tuple(defined.check for defined in CHECKS.of(spec))


def _datasets_get(context: CheckContext, dataset: RequiredDataset) -> str:
    return f"bigquery.datasets.get {context.spec.project}:{dataset.name}"


@CHECKS.per_dataset(
    every_dataset,
    lambda dataset: Check(
        f"dataset.visible:{dataset.name}",
        message("{dataset} exists in the right location", dataset=dataset.name),
        "4.1",
        message(
            "SCHEMATA reads the US only unless a region is named, and wants a permission on the whole project that the"
            " account must not have: the dataset itself is asked for."
        ),
        CheckGroup.DATASETS,
    ),
    call=_datasets_get,
    fails=refused,
    depends_on=its_grant,
)
async def visible(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """The account sees the dataset, in the right location."""
    info = await context.cloud.dataset(context.spec.project, dataset.name)
    missing = context.problem(Code.DATASET_NOT_VISIBLE, dataset=dataset.name)
    places = context.locations if info is None else context.locations | {dataset.name: info.location}
    elsewhere = misplaced(context.spec, dataset.name, context.wanted, places, context.facts)
    judged = judgements.judge_visible(dataset, info, missing, elsewhere)
    return perhaps_not_yet(judged) if info is None else judged


@CHECKS.once(
    Check(
        "key.auth",
        message("The key signs in"),
        "4.2",
        message("The article never signs in with the key: as typed, it tests your own login."),
        CheckGroup.KEY,
    ),
    call=lambda context: message("oauth2 token, JWT bearer grant signed with the key"),
    fails=key_refused,
    depends_on=(KEY, ACCOUNT),
    stage=CheckStage.SIGN_IN,
)
async def key_auth(context: CheckContext) -> Judged:
    """The key that is stored here signs in; all other checks use it."""
    return await sign_in(context)


@CHECKS.once(
    Check(
        "query.run",
        message("The account may run queries (Job User)"),
        "4.2",
        message("No command of the article grants Job User."),
        CheckGroup.QUERIES,
    ),
    call=lambda context: sql.probe(),
    fails=jobs_refused,
)
async def query_run(context: CheckContext) -> Judged:
    """A query that reads nothing runs."""
    rows = (await context.cloud.query(context.spec.project, sql.probe(), context.location)).rows
    answer = rows[0][0] if rows and rows[0] else message("nothing")
    text = message("SELECT 1 answered {answer}", answer=answer)
    return Judged(Verdict.PASS if rows and rows[0] == ("1",) else Verdict.UNKNOWN, text)


@CHECKS.per_dataset(
    every_dataset,
    lambda dataset: Check(
        f"grants.direct:{dataset.name}",
        message("{role} on {dataset}", role=dataset.role.removeprefix("roles/"), dataset=dataset.name),
        "4.3",
        message("The view exists per region only, wants object_name, and grantees carry a type."),
        CheckGroup.DATASETS,
    ),
    call=dataset_role.statement,
    depends_on=its_grant,
)
async def granted(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """The account holds the role on the dataset itself, and no other."""
    return await dataset_role.judge_granted(context, dataset)


_PROJECT_PERMISSIONS = (judgements.NEEDED_PERMISSION, *judgements.EXCESS_PERMISSIONS)


def _test_permissions(context: CheckContext) -> str:
    return f"projects.testIamPermissions {context.spec.project}: {', '.join(_PROJECT_PERMISSIONS)}"


@CHECKS.once(
    Check(
        "permissions.effective",
        message("Effective permissions on the project"),
        "4.3",
        message("OBJECT_PRIVILEGES leaves out inherited grants; testIamPermissions counts them."),
        CheckGroup.QUERIES,
    ),
    call=_test_permissions,
)
async def permissions(context: CheckContext) -> Judged:
    """The account has the permissions of Job User, from whatever grant."""
    held = await context.cloud.test_permissions(context.spec.project, _PROJECT_PERMISSIONS)
    missing = context.problem(Code.JOB_USER_MISSING, permission=judgements.NEEDED_PERMISSION)
    judged = await job_user_bounded(context, judgements.judge_effective(held, missing))
    return perhaps_not_yet(judged) if judged.problem is missing else judged


@CHECKS.once(
    Check(
        "permissions.minimal",
        message("More than Job User on the project"),
        "+",
        message("Without --dataset, the article's command grants Data Editor on every dataset."),
        CheckGroup.LEAST_PRIVILEGE,
        unwanted=True,
    ),
    call=_test_permissions,
)
async def minimal(context: CheckContext) -> Judged:
    """The account has no permission beyond Job User on the project."""
    held = await context.cloud.test_permissions(context.spec.project, _PROJECT_PERMISSIONS)
    roles, unseen = await project_roles(context)
    named = ", ".join(sorted(held - {judgements.NEEDED_PERMISSION}))
    excess = over_grant(context, roles or (Held(named, ProjectRef(context.spec.project)),))
    return judgements.judge_minimal(held, tuple(dict.fromkeys(r.text for r in roles)), excess, unseen)


@CHECKS.once(
    Check(
        "permissions.isolated",
        message("Can read other datasets"),
        "+",
        message(
            "A grant on another dataset, or on the whole project, would hand over more than Klaviyo needs. Hidden"
            " datasets (a name with a leading underscore) are not listed, and left out."
        ),
        CheckGroup.LEAST_PRIVILEGE,
        unwanted=True,
    ),
    call=lambda context: message("bigquery.datasets.list, bigquery.tables.list, and SELECT as a dry run of each table"),
)
async def isolated(context: CheckContext) -> Judged:
    """The account cannot read datasets that are not Klaviyo's."""
    return await isolation.judge_isolated(context)


@CHECKS.per_dataset(
    staging_dataset,
    lambda dataset: Check(
        STAGING_WRITE,
        message("Create, insert, select and drop in the staging dataset"),
        "4.4",
        message("The article leaves out INSERT."),
        CheckGroup.DATA,
    ),
    call=probing.cycle_text,
    fails=refused,
    depends_on=its_grant,
)
async def staging_write(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """The account can create, fill, read and drop a table in the staging dataset."""
    with contextlib.suppress(ProblemError):  # what is wrong is shown by the write itself
        await probing.sweep(
            context, dataset.name, await context.cloud.tables(context.spec.project, dataset.name, probing.MAX_LISTED)
        )
    judged, context.inserted = await probing.write_cycle(context, dataset)
    return settled(judged)


@CHECKS.once(
    Check(
        "billing.dml",
        message("Billing allows INSERT"),
        "+",
        message("Without billing, create and drop pass and only an INSERT fails."),
        CheckGroup.QUERIES,
    ),
    call=lambda context: message("INSERT INTO the probe table"),
    depends_on=(),
    after=STAGING_WRITE,
)
async def billing(context: CheckContext) -> Judged:
    """The INSERT of the staging check was not refused because of billing."""
    if context.inserted is not None:
        return context.inserted
    problem = context.results[STAGING_WRITE].problem
    return Judged(Verdict.UNKNOWN, message("no INSERT was reached"), problem)


@CHECKS.per_dataset(
    shared_datasets,
    lambda dataset: Check(
        f"{dataset.purpose}.read",
        message("Everything in {dataset} can be read", dataset=dataset.name),
        "4.4",
        message("The article reads a table that a new dataset does not have."),
        CheckGroup.DATA,
    ),
    call=lambda context, dataset: message(
        "{sql}, as a dry run", sql=sql.read_one(context.spec.project, dataset.name, "…")
    ),
    fails=refused,
    depends_on=its_grant,
)
async def readable(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """The account can read all tables and views of a dataset."""
    return await reading.judge_readable(context, dataset)


@CHECKS.per_dataset(
    shared_datasets,
    lambda dataset: Check(
        f"{dataset.purpose}.readonly",
        message("Can write in {dataset}", dataset=dataset.name),
        "+",
        message("Only a refusal shows that the account may do no more than it needs."),
        CheckGroup.LEAST_PRIVILEGE,
        unwanted=True,
    ),
    applies=only_read,
    call=probing.create_text,
)
async def read_only(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """The account is refused if it writes to a dataset that it only reads."""
    return await writes.judge_read_only(context, dataset)


@CHECKS.per_dataset(
    shared_datasets,
    lambda dataset: Check(
        f"{dataset.purpose}.write",
        message("Create, insert, select and drop in {dataset}", dataset=dataset.name),
        "4.4",
        message("A Viewer cannot write: export needs Editor."),
        CheckGroup.DATA,
    ),
    applies=written,
    call=probing.cycle_text,
    fails=refused,
    depends_on=its_grant,
)
async def writable(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """The account can create, fill, read and drop a table in a dataset."""
    return settled((await probing.write_cycle(context, dataset))[0])


@CHECKS.per_dataset(
    every_dataset,
    lambda dataset: Check(
        f"dataset.kept:{dataset.name}",
        message("New tables in {dataset} expire", dataset=dataset.name),
        "+",
        message("A default expiration deletes every new table; nothing says so when it is made."),
        CheckGroup.DATASETS,
        unwanted=True,
    ),
    call=_datasets_get,
    depends_on=nothing_of_ours,
)
async def kept(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """No default expiration deletes the dataset's tables."""
    info = context.seen(dataset)
    if info is None:
        return _gone(dataset)
    ends = expiring(info, replace(context.facts, location=context.where(dataset.name)))
    return judgements.judge_kept(dataset.name, ends, too_short=too_short(dataset, info))


@CHECKS.per_dataset(
    every_dataset,
    lambda dataset: Check(
        f"dataset.private:{dataset.name}",
        message("{dataset} is public", dataset=dataset.name),
        "+",
        message("The article looks at the account's grants alone, not at who else is let in."),
        CheckGroup.LEAST_PRIVILEGE,
        unwanted=True,
    ),
    call=_datasets_get,
    depends_on=nothing_of_ours,
)
async def private(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """The dataset is not open to everybody."""
    info = context.seen(dataset)
    if info is None:
        return _gone(dataset)
    if info.access is None:
        unread = context.problem(Code.ACCESS_UNREAD, dataset=dataset.name)
        return Judged(Verdict.UNKNOWN, unread.title, unread)
    now, facts = context.ports.clock.now(), replace(context.facts, location=context.where(dataset.name))
    return judgements.judge_private(dataset.name, public(context.spec, info, facts, now), over(info, now))


def _gone(dataset: RequiredDataset) -> Judged:
    return Judged(Verdict.SKIPPED, message("{dataset} does not exist", dataset=dataset.name))


@CHECKS.once(
    Check(
        "keys.expected",
        message("The account has exactly the key we hold"),
        "+",
        message("A key that nobody holds is only a risk."),
        CheckGroup.KEY,
    ),
    call=lambda context: "iam.serviceAccounts.keys.list",
    depends_on=(KEY, ACCOUNT),
    stage=CheckStage.LAST,
)
async def keys(context: CheckContext) -> Judged:
    """The account has this connection's key at Google, and no other."""
    return await judge_keys(context)
