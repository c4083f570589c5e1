"""Verification: what is checked, and how an answer is judged. Pure: answers in, verdicts out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from kbq_tui.i18n.messages import EMPTY, N_, Message, joined, message, verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import DatasetInfo, normal_member, plain_role
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import DATA_EDITOR, DATA_VIEWER, ConnectionSpec, RequiredDataset


class Verdict(StrEnum):
    """What a check came to: as it should be, not as it should be, not known, or not tried."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is verified.

    Attributes:
        id: stable, such as `dataset.visible:KLAVIYO_TMP`.
        title: one line.
        article: the section of Klaviyo's article it mends, such as `4.1`; `+` where the article has nothing.
        why: what the article gets wrong or leaves out, one sentence.
        unwanted: the title names what must not be; the check is good where it is not so.
    """

    id: str
    title: Message
    article: str
    why: Message
    unwanted: bool = False


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One verdict with its evidence.

    Attributes:
        check: what was checked.
        verdict: pass, fail, unknown (could not be decided) or skipped (does not apply, or needs one that failed).
        evidence: the relevant line of the answer. Hostile text.
        command: the SQL or call that was used.
        problem: what stands in the way, where the verdict is fail or unknown.
        seconds: how long it took.
    """

    check: Check
    verdict: Verdict
    evidence: Message
    command: str | Message = ""
    problem: Problem | None = None
    seconds: float = 0.0

    @property
    def id(self) -> str:
        """The check's id."""
        return self.check.id

    @property
    def title(self) -> Message:
        """What was checked; of what must not be, with what is the case, so that no reader meets a double negative."""
        if self.check.unwanted and self.verdict is Verdict.PASS:
            return message("{what}: no, as it should", what=self.check.title)
        if self.check.unwanted and self.verdict is Verdict.FAIL:
            return message("{what}: yes", what=self.check.title)
        return self.check.title

    def to_json(self) -> dict[str, object]:
        """Return the result as `verify --json` prints it, in English."""
        return {
            "id": self.check.id,
            "article": self.check.article,
            "verdict": self.verdict.value,
            "title": str(self.check.title),
            "evidence": str(self.evidence),
            "command": str(self.command),
            "problem": self.problem.to_json() if self.problem else None,
            "seconds": round(self.seconds, 3),
        }


def healthy(results: Sequence[CheckResult]) -> bool:
    """Return whether nothing failed, nothing stayed unknown, and something passed."""
    return any(r.verdict is Verdict.PASS for r in results) and not any(
        r.verdict in (Verdict.FAIL, Verdict.UNKNOWN) for r in results
    )


_COUNTS = {
    Verdict.PASS: N_("{n} ok"),
    Verdict.FAIL: N_("{n} fail"),
    Verdict.UNKNOWN: N_("{n} unknown"),
    Verdict.SKIPPED: N_("{n} skipped"),
}


def counted(results: Sequence[CheckResult]) -> Message:
    """Return how many checks came to which verdict: `12 ok, 1 skipped`; empty without results."""
    found = [(text, sum(r.verdict is verdict for r in results)) for verdict, text in _COUNTS.items()]
    return joined(", ", *(Message(text, {"n": n}) for text, n in found if n)) if results else EMPTY


def verified(results: Sequence[CheckResult]) -> Message:
    """Return the verification in one line: `Verified: 12 ok, 1 skipped`."""
    counts = counted(results) or message("nothing was checked")
    if healthy(results):
        return message("Verified: {counts}", counts=counts)
    return message("Not verified: {counts}", counts=counts)


HANDED_OVER = Code.KEY_HANDED_OVER
"""The problem of a key that was handed over and shredded here: nothing can be tried with it."""


def handed_over(results: Iterable[CheckResult]) -> bool:
    """Return whether nothing could be tried because the key was handed over: then an earlier verification stands."""
    return any(r.problem is not None and r.problem.code == HANDED_OVER for r in results)


KEY_AUTH = Check(
    "key.auth",
    message("The key signs in"),
    "4.2",
    message("The article never signs in with the key: as typed, it tests your own login."),
)
QUERY_RUN = Check(
    "query.run",
    message("The account may run queries (Job User)"),
    "4.2",
    message("No command of the article grants Job User."),
)
PERMISSIONS = Check(
    "permissions.effective",
    message("Effective permissions on the project"),
    "4.3",
    message("OBJECT_PRIVILEGES leaves out inherited grants; testIamPermissions counts them."),
)
MINIMAL = Check(
    "permissions.minimal",
    message("More than Job User on the project"),
    "+",
    message("Without --dataset, the article's command grants Data Editor on every dataset."),
    unwanted=True,
)
ISOLATED = Check(
    "permissions.isolated",
    message("Can read other datasets"),
    "+",
    message(
        "A grant on another dataset, or on the whole project, would hand over more than Klaviyo needs. Hidden datasets"
        " (a name with a leading underscore) are not listed, and left out."
    ),
    unwanted=True,
)
STAGING_WRITE = Check(
    "staging.write",
    message("Create, insert, select and drop in the staging dataset"),
    "4.4",
    message("The article leaves out INSERT."),
)
BILLING = Check(
    "billing.dml",
    message("Billing allows INSERT"),
    "+",
    message("Without billing, create and drop pass and only an INSERT fails."),
)
KEYS = Check(
    "keys.expected",
    message("The account has exactly the key we hold"),
    "+",
    message("A key nobody holds is a way in."),
)


def visible(wish: RequiredDataset) -> Check:
    """Return the check that a dataset exists, in its location."""
    return Check(
        f"dataset.visible:{wish.name}",
        message("{dataset} exists in the right location", dataset=wish.name),
        "4.1",
        message(
            "SCHEMATA reads the US only unless a region is named, and wants a permission on the whole project that the"
            " account must not have: the dataset itself is asked for."
        ),
    )


def kept(wish: RequiredDataset) -> Check:
    """Return the check that no default expiration deletes a dataset's tables."""
    return Check(
        f"dataset.kept:{wish.name}",
        message("Tables in {dataset} expire", dataset=wish.name),
        "+",
        message("A default expiration deletes every new table; nothing says so when it is made."),
        unwanted=True,
    )


def private(wish: RequiredDataset) -> Check:
    """Return the check that a dataset is not open to everybody."""
    return Check(
        f"dataset.private:{wish.name}",
        message("{dataset} is public", dataset=wish.name),
        "+",
        message("The article looks at the account's grants alone, not at who else is let in."),
        unwanted=True,
    )


def granted(wish: RequiredDataset) -> Check:
    """Return the check that the account holds the role on the dataset itself."""
    return Check(
        f"grants.direct:{wish.name}",
        message("{role} on {dataset}", role=wish.role.removeprefix("roles/"), dataset=wish.name),
        "4.3",
        message("The view exists per region only, wants object_name, and grantees carry a type."),
    )


def readable(wish: RequiredDataset) -> Check:
    """Return the check that the account can read all tables of a dataset."""
    return Check(
        f"{wish.purpose}.read",
        message("Everything in {dataset} can be read", dataset=wish.name),
        "4.4",
        message("The article reads a table that a new dataset does not have."),
    )


def read_only(wish: RequiredDataset) -> Check:
    """Return the check that the account is refused when it writes to a dataset that it only reads."""
    return Check(
        f"{wish.purpose}.readonly",
        message("Can write in {dataset}", dataset=wish.name),
        "+",
        message("Least privilege is only proven by a refusal."),
        unwanted=True,
    )


def writable(wish: RequiredDataset) -> Check:
    """Return the check that the account can create, fill, read and drop a table in a dataset."""
    return Check(
        f"{wish.purpose}.write",
        message("Create, insert, select and drop in {dataset}", dataset=wish.name),
        "4.4",
        message("A Viewer cannot write: export needs Editor."),
    )


def expected(spec: ConnectionSpec) -> tuple[Check, ...]:
    """Return every check of a connection, in the order in which they are shown."""
    wishes = spec.datasets()
    checks: list[Check] = [*(visible(w) for w in wishes), KEY_AUTH, QUERY_RUN, *(granted(w) for w in wishes)]
    checks += [PERMISSIONS, MINIMAL, ISOLATED, STAGING_WRITE, BILLING]
    for wish in wishes:
        if wish.purpose == "staging":
            continue
        checks.append(readable(wish))
        checks.append(read_only(wish) if wish.role.endswith("dataViewer") else writable(wish))
    checks += [check(w) for w in wishes for check in (kept, private)]
    return (*checks, KEYS)


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict before it has a clock."""

    verdict: Verdict
    evidence: Message
    problem: Problem | None = None


NEEDED_PERMISSION = "bigquery.jobs.create"

READ_PERMISSION = "bigquery.tables.getData"

LIST_PERMISSION = "bigquery.datasets.get"
"""Whoever holds it on the project is shown every dataset in a listing; whoever does not, those where they hold it."""

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
"""Signs of a project-wide over-grant, also of one by way of a group, a folder or the organization, where no role is to
be seen in the project's policy. None of them comes with Job User.

Source: https://cloud.google.com/iam/docs/roles-permissions/bigquery
"""

TABLE_CONTROL = "bigquery.tables.get"
"""Whoever sees a table in a listing of its dataset holds this on it: an answer without it is no answer."""

TABLE_WRITES = ("bigquery.tables.updateData", "bigquery.tables.update", "bigquery.tables.delete")
"""What changes a table or view. None of them comes with Data Viewer."""


_METADATA_VIEWER = "roles/bigquery.metadataViewer"
_WITHIN = {DATA_VIEWER: {_METADATA_VIEWER}, DATA_EDITOR: {DATA_VIEWER, _METADATA_VIEWER}}
"""Roles that add nothing to a wanted one. Source: https://cloud.google.com/bigquery/docs/access-control"""


def judge_visible(
    wish: RequiredDataset, info: DatasetInfo | None, missing: Problem, elsewhere: Problem | None
) -> Judged:
    """Judge what the account itself sees of one dataset.

    Args:
        wish: the dataset.
        info: what the account sees.
        missing: the problem if that is nothing.
        elsewhere: the problem of a dataset that does not lie where it has to be; None where it does.
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
        too_short: whether what is needed in it vanishes while it is needed.
    """
    if not expiring:
        return Judged(Verdict.PASS, message("{dataset} has no default expiration", dataset=dataset))
    text = joined(" ", *(problem.cause for problem in expiring))
    return Judged(Verdict.FAIL if too_short else Verdict.PASS, text, _with_all_remedies(expiring))


def judge_private(dataset: str, public: Sequence[Problem], over: Sequence[Message] = ()) -> Judged:
    """Judge whom a dataset's access list lets in.

    Args:
        dataset: its name.
        public: a problem for each entry for everybody.
        over: a sentence for each entry for everybody that has ended.
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
    """Return those of the roles held on a dataset that allow more than the wanted one does."""
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
    """Judge the answer of testIamPermissions, asked by the account itself."""
    if NEEDED_PERMISSION in held:
        return Judged(Verdict.PASS, message("{permission} is held", permission=NEEDED_PERMISSION))
    return Judged(Verdict.FAIL, message("{permission} is not held", permission=NEEDED_PERMISSION), missing)


def judge_minimal(
    held: frozenset[str], roles: tuple[Message, ...], excess: Problem, unseen: Problem | None = None
) -> Judged:
    """Judge the same answer for what should not be there.

    Args:
        held: the permissions that the account holds of those asked for.
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
        fails: whether the refusal is what the check is about; any other makes it unknown, an unrecognised one too.
    """
    verdict = Verdict.FAIL if problem.code is not None and fails(problem) else Verdict.UNKNOWN
    return Judged(verdict, problem.words, problem)
