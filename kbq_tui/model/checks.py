"""Verification: checks and their results."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from kbq_tui.i18n.messages import EMPTY, N_, Message, joined, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem


class Verdict(StrEnum):
    """The outcome of a check: as it should be, not as it should be, not known, or not tried."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class CheckGroup(StrEnum):
    """The subject of a check; groups are shown in this order."""

    DATASETS = "datasets"
    KEY = "key"
    QUERIES = "queries"
    LEAST_PRIVILEGE = "least-privilege"
    DATA = "data"

    @property
    def heading(self) -> Message:
        """The group's name on a screen."""
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
        article: the section of Klaviyo's article that it corrects, such as `4.1`; `+` if the article has none.
        why: what the article gets wrong or leaves out, in one sentence.
        group: what it is about.
        unwanted: whether the title names something that must not be the case.
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
        problem: the reason of a fail or unknown; for a pass, what is worth knowing nevertheless.
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
        """The title; for an unwanted thing with what is the case, so that readers meet no double negative."""
        if self.check.unwanted and (self.verdict is Verdict.FAIL or self.warns):
            return message("{what}: yes", what=self.check.title)
        if self.check.unwanted and self.verdict is Verdict.PASS:
            return message("{what}: no, as it should", what=self.check.title)
        return self.check.title

    @property
    def warns(self) -> bool:
        """Whether it passed with something worth knowing: shown as a warning, which is not a failure."""
        return self.verdict is Verdict.PASS and self.problem is not None

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
    """Return whether nothing failed or is unknown, and something passed."""
    return any(r.verdict is Verdict.PASS for r in results) and not any(
        r.verdict in (Verdict.FAIL, Verdict.UNKNOWN) for r in results
    )


_COUNTS = {
    Verdict.PASS: N_("{n} ok"),
    "warning": N_("{n} warning"),
    Verdict.FAIL: N_("{n} fail"),
    Verdict.UNKNOWN: N_("{n} unknown"),
    Verdict.SKIPPED: N_("{n} skipped"),
}


def counted(results: Sequence[CheckResult]) -> Message:
    """Return how many checks came to which verdict: `12 ok, 1 warning`; empty without results."""
    counts = Counter("warning" if r.warns else r.verdict for r in results)
    found = [(text, counts[shown]) for shown, text in _COUNTS.items()]
    return joined(", ", *(Message(text, {"n": n}) for text, n in found if n)) if results else EMPTY


def verified(results: Sequence[CheckResult]) -> Message:
    """Return the verification in one line: `Verified: 12 ok, 1 skipped`."""
    counts = counted(results) or message("nothing was checked")
    if healthy(results):
        return message("Verified: {counts}", counts=counts)
    return message("Not verified: {counts}", counts=counts)


HANDED_OVER = Code.KEY_HANDED_OVER
"""The problem of a key that was handed over and then shredded here: nothing can be tried with it."""


def handed_over(results: Iterable[CheckResult]) -> bool:
    """Return whether nothing could be tried because the key was handed over; an earlier verification is then still
    valid."""
    return any(r.problem is not None and r.problem.code == HANDED_OVER for r in results)
