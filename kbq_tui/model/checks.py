"""Verification: what is checked, and what a result is."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from kbq_tui.i18n.messages import EMPTY, N_, Message, joined, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import ConnectionSpec, RequiredDataset


class Verdict(StrEnum):
    """What a check came to: as it should be, not as it should be, not known, or not tried."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class CheckGroup(StrEnum):
    """What a check is about; the order is the one in which groups are shown."""

    DATASETS = "datasets"
    KEY = "key"
    QUERIES = "queries"
    LEAST_PRIVILEGE = "least-privilege"
    DATA = "data"

    @property
    def heading(self) -> Message:
        """Its name on a screen."""
        return Message(_HEADINGS[self])


_HEADINGS = {
    CheckGroup.DATASETS: N_("Datasets"),
    CheckGroup.KEY: N_("Key"),
    CheckGroup.QUERIES: N_("Queries"),
    CheckGroup.LEAST_PRIVILEGE: N_("Least privilege"),
    CheckGroup.DATA: N_("Data"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is verified.

    Attributes:
        id: stable, such as `dataset.visible:KLAVIYO_TMP`.
        title: one line.
        article: the section of Klaviyo's article it mends, such as `4.1`; `+` where the article has nothing.
        why: what the article gets wrong or leaves out, one sentence.
        group: what it is about.
        unwanted: the title names what must not be; the check is good where it is not so.
    """

    id: str
    title: Message
    article: str
    why: Message
    group: CheckGroup
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
    CheckGroup.KEY,
)
QUERY_RUN = Check(
    "query.run",
    message("The account may run queries (Job User)"),
    "4.2",
    message("No command of the article grants Job User."),
    CheckGroup.QUERIES,
)
PERMISSIONS = Check(
    "permissions.effective",
    message("Effective permissions on the project"),
    "4.3",
    message("OBJECT_PRIVILEGES leaves out inherited grants; testIamPermissions counts them."),
    CheckGroup.QUERIES,
)
MINIMAL = Check(
    "permissions.minimal",
    message("More than Job User on the project"),
    "+",
    message("Without --dataset, the article's command grants Data Editor on every dataset."),
    CheckGroup.LEAST_PRIVILEGE,
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
    CheckGroup.LEAST_PRIVILEGE,
    unwanted=True,
)
STAGING_WRITE = Check(
    "staging.write",
    message("Create, insert, select and drop in the staging dataset"),
    "4.4",
    message("The article leaves out INSERT."),
    CheckGroup.DATA,
)
BILLING = Check(
    "billing.dml",
    message("Billing allows INSERT"),
    "+",
    message("Without billing, create and drop pass and only an INSERT fails."),
    CheckGroup.QUERIES,
)
KEYS = Check(
    "keys.expected",
    message("The account has exactly the key we hold"),
    "+",
    message("A key nobody holds is a way in."),
    CheckGroup.KEY,
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
        CheckGroup.DATASETS,
    )


def kept(wish: RequiredDataset) -> Check:
    """Return the check that no default expiration deletes a dataset's tables."""
    return Check(
        f"dataset.kept:{wish.name}",
        message("Tables in {dataset} expire", dataset=wish.name),
        "+",
        message("A default expiration deletes every new table; nothing says so when it is made."),
        CheckGroup.DATASETS,
        unwanted=True,
    )


def private(wish: RequiredDataset) -> Check:
    """Return the check that a dataset is not open to everybody."""
    return Check(
        f"dataset.private:{wish.name}",
        message("{dataset} is public", dataset=wish.name),
        "+",
        message("The article looks at the account's grants alone, not at who else is let in."),
        CheckGroup.LEAST_PRIVILEGE,
        unwanted=True,
    )


def granted(wish: RequiredDataset) -> Check:
    """Return the check that the account holds the role on the dataset itself."""
    return Check(
        f"grants.direct:{wish.name}",
        message("{role} on {dataset}", role=wish.role.removeprefix("roles/"), dataset=wish.name),
        "4.3",
        message("The view exists per region only, wants object_name, and grantees carry a type."),
        CheckGroup.DATASETS,
    )


def readable(wish: RequiredDataset) -> Check:
    """Return the check that the account can read all tables of a dataset."""
    return Check(
        f"{wish.purpose}.read",
        message("Everything in {dataset} can be read", dataset=wish.name),
        "4.4",
        message("The article reads a table that a new dataset does not have."),
        CheckGroup.DATA,
    )


def read_only(wish: RequiredDataset) -> Check:
    """Return the check that the account is refused when it writes to a dataset that it only reads."""
    return Check(
        f"{wish.purpose}.readonly",
        message("Can write in {dataset}", dataset=wish.name),
        "+",
        message("Least privilege is only proven by a refusal."),
        CheckGroup.LEAST_PRIVILEGE,
        unwanted=True,
    )


def writable(wish: RequiredDataset) -> Check:
    """Return the check that the account can create, fill, read and drop a table in a dataset."""
    return Check(
        f"{wish.purpose}.write",
        message("Create, insert, select and drop in {dataset}", dataset=wish.name),
        "4.4",
        message("A Viewer cannot write: export needs Editor."),
        CheckGroup.DATA,
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
