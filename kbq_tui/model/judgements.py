"""Judges the answers to checks. Pure: answers in, verdicts out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from kbq_tui.i18n.messages import Message, joined, message, verbatim
from kbq_tui.model.checks import Verdict
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import DatasetInfo, normal_member, plain_role
from kbq_tui.model.problem import Problem, Retry
from kbq_tui.model.spec import DATA_EDITOR, DATA_VIEWER, RequiredDataset


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with its evidence, before it is a result.

    Attributes:
        verdict, evidence, problem: see `CheckResult`.
        not_yet: whether the verdict may change once a recent change of ours has taken effect everywhere at Google.
    """

    verdict: Verdict
    evidence: Message
    problem: Problem | None = None
    not_yet: bool = False


def perhaps_not_yet(judged: Judged) -> Judged:
    """Return a verdict that may still change: an answer that does not show our own recent change proves nothing."""
    if judged.verdict is Verdict.PASS or judged.problem is None:
        return judged
    return replace(judged, not_yet=True)


def settled(judged: Judged) -> Judged:
    """Return a verdict, marked as one that may still change if its problem is of the kind that passes by itself."""
    problem = judged.problem
    return perhaps_not_yet(judged) if problem is not None and problem.retry is Retry.NOT_YET else judged


NEEDED_PERMISSION = "bigquery.jobs.create"

READ_PERMISSION = "bigquery.tables.getData"

LIST_PERMISSION = "bigquery.datasets.get"
"""A principal with this permission on the project sees every dataset in the list; any other only those where it has
it."""

EXCESS_PERMISSIONS = (
    "bigquery.datasets.create",
    "bigquery.datasets.get",
    "bigquery.datasets.update",
    "bigquery.jobs.listAll",
    READ_PERMISSION,
    "bigquery.tables.list",
    "bigquery.tables.updateData",
    "compute.instances.list",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.list",
    "logging.logEntries.list",
    "resourcemanager.projects.getIamPolicy",
    "resourcemanager.projects.setIamPolicy",
    "secretmanager.versions.access",
    "serviceusage.services.enable",
    "serviceusage.services.list",
    "storage.buckets.list",
    "storage.objects.get",
)
"""Permissions that show a project-wide over-grant, including one through a group, a folder or the organization, which
the project's policy does not show. None of them is in Job User.

Source: https://cloud.google.com/iam/docs/roles-permissions/bigquery
"""

TABLE_CONTROL = "bigquery.tables.get"
"""A principal that sees a table in a list has this permission on it, so an answer without it cannot be right."""

TABLE_WRITES = ("bigquery.tables.updateData", "bigquery.tables.update", "bigquery.tables.delete")
"""Permissions that change a table or view. None of them is in Data Viewer."""


_METADATA_VIEWER = "roles/bigquery.metadataViewer"
_WITHIN = {DATA_VIEWER: {_METADATA_VIEWER}, DATA_EDITOR: {DATA_VIEWER, _METADATA_VIEWER}}
"""Roles that add nothing to a wanted role. Source: https://cloud.google.com/bigquery/docs/access-control"""


def judge_visible(
    wish: RequiredDataset, info: DatasetInfo | None, missing: Problem, elsewhere: Problem | None
) -> Judged:
    """Judge what the account itself sees of one dataset.

    Args:
        wish: the dataset.
        info: what the account sees.
        missing: the problem if that is nothing.
        elsewhere: the problem of a dataset in the wrong location; None if it is in the right one.
    """
    if info is None:
        return Judged(Verdict.FAIL, message("{dataset} does not exist", dataset=wish.name), missing)
    found = message("{dataset} in {location}", dataset=wish.name, location=info.location)
    if elsewhere is not None:
        expected = elsewhere.details.get("wanted") or elsewhere.details.get("location", "")
        return Judged(Verdict.FAIL, message("{found}, expected {location}", found=found, location=expected), elsewhere)
    return Judged(Verdict.PASS, found)


def judge_kept(dataset: str, expiring: Sequence[Problem], *, too_short: bool) -> Judged:
    """Judge the default expirations of a dataset.

    Args:
        dataset: its name.
        expiring: a problem for each of them.
        too_short: whether tables in it expire while they are still needed.
    """
    if not expiring:
        return Judged(Verdict.PASS, message("{dataset} has no default expiration", dataset=dataset))
    text = joined(" ", *(problem.cause for problem in expiring))
    return Judged(Verdict.FAIL if too_short else Verdict.PASS, text, _with_all_remedies(expiring))


def judge_private(dataset: str, public: Sequence[Problem], over: Sequence[Message] = ()) -> Judged:
    """Judge whether a dataset's access list grants access to everybody.

    Args:
        dataset: its name.
        public: a problem for each entry for everybody.
        over: a sentence for each entry for everybody whose condition has ended.
    """
    if not public:
        none = message("no entry of {dataset} is for everybody", dataset=dataset)
        return Judged(Verdict.PASS, joined(". ", none, joined(" ", *over)) if over else none)
    return Judged(Verdict.FAIL, joined(" ", *(problem.cause for problem in public)), _with_all_remedies(public))


def _with_all_remedies(problems: Sequence[Problem]) -> Problem:
    """Return the first problem with the causes and remedies of all of them, each step once."""
    steps = dict.fromkeys(step for problem in problems for step in problem.steps)
    causes = joined(" ", *(problem.cause for problem in problems)) if len(problems) > 1 else problems[0].cause
    return replace(problems[0], cause=causes, steps=tuple(steps))


def roles_beyond(role: str, held: Iterable[str]) -> tuple[str, ...]:
    """Return the roles held on a dataset that allow more than the wanted one does."""
    return tuple(sorted({r for r in held if r != role and r not in _WITHIN.get(role, ())}))


def judge_granted(
    wish: RequiredDataset,
    member: str,
    rows: Sequence[Sequence[str | None]],
    missing: Problem,
    excess: Callable[[tuple[str, ...]], Problem],
) -> Judged:
    """Judge the rows `(object_name, privilege_type, grantee)` of OBJECT_PRIVILEGES for one dataset.

    Args:
        wish: the dataset with its role.
        member: the account as a principal.
        rows: the answer.
        missing: the problem if the role is not granted.
        excess: makes the problem of roles beyond the wanted one.
    """
    mine = sorted(
        {
            plain_role(str(r[1]))[0]
            for r in rows
            if len(r) > 2 and normal_member(r[2] or "") == member and r[0] == wish.name
        }
    )
    roles = verbatim(", ".join(mine)) if mine else message("no direct grant")
    if wish.role not in mine:
        return Judged(Verdict.FAIL, message("{roles}; expected {role}", roles=roles, role=wish.role), missing)
    if more := roles_beyond(wish.role, mine):
        return Judged(
            Verdict.FAIL, message("{roles}; only {role} is needed", roles=roles, role=wish.role), excess(more)
        )
    return Judged(Verdict.PASS, roles)


def judge_effective(held: frozenset[str], missing: Problem) -> Judged:
    """Judge the answer of testIamPermissions, called by the account itself."""
    if NEEDED_PERMISSION in held:
        return Judged(Verdict.PASS, message("{permission} is held", permission=NEEDED_PERMISSION))
    return Judged(Verdict.FAIL, message("{permission} is not held", permission=NEEDED_PERMISSION), missing)


def judge_minimal(
    held: frozenset[str], roles: tuple[Message, ...], excess: Problem, unseen: Problem | None = None
) -> Judged:
    """Judge the same answer for permissions that the account should not have.

    Args:
        held: the permissions that the account has, of those asked about.
        roles: project roles of the account beyond Job User, as far as the operator can see.
        excess: the problem if there are any.
        unseen: why the operator cannot see the roles; then the permissions alone do not prove that there are none.
    """
    over = sorted(p for p in EXCESS_PERMISSIONS if p in held)
    if over or roles:
        names = joined(", ", *roles, *over)
        return Judged(Verdict.FAIL, message("held on the whole project: {names}", names=names), excess)
    none = message("none of {n} wider permissions is held", n=len(EXCESS_PERMISSIONS))
    if unseen is not None:
        text = message("{none}; the account's roles on the project could not be read", none=none)
        return Judged(Verdict.UNKNOWN, text, unseen)
    return Judged(Verdict.PASS, message("{none}, and no role but Job User", none=none))


def judge_error(problem: Problem, fails: Callable[[Problem], bool]) -> Judged:
    """Judge a check whose call was refused.

    Args:
        problem: why the call did not answer.
        fails: whether this refusal fails the check; any other refusal, recognised or not, makes it unknown.
    """
    verdict = Verdict.FAIL if problem.code is not None and fails(problem) else Verdict.UNKNOWN
    return Judged(verdict, problem.words, problem)
