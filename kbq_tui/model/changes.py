"""Our own changes of the last minutes: Google may still answer as if they had not been made."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from kbq_tui.i18n.messages import N_, Message, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.problem import Kind, Problem
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef, Ref
from kbq_tui.model.spec import ConnectionSpec

SPREADING: Final = timedelta(minutes=10)
"""For how long one of our changes may not have reached all of Google: a grant takes "typically 2 minutes, potentially 7
minutes or longer" (https://cloud.google.com/iam/docs/access-change-propagation)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call depends on: a recent change of it may be the reason for a refusal.

    Attributes:
        kind: the kind of change.
        level: what a grant is on; None for any.
        dataset: only changes of this dataset, or of grants on it; empty for any.
    """

    kind: ActionKind
    level: type[Ref] | None = None
    dataset: str = ""


ACCOUNT: Final = Subject(ActionKind.ACCOUNT)
KEY: Final = Subject(ActionKind.KEY)
PROJECT_GRANT: Final = Subject(ActionKind.GRANT, ProjectRef)
SERVICE: Final = Subject(ActionKind.SERVICE)


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A change that was made, or may have been.

    Attributes:
        key: the key of the plan's action; its project or account is empty if not known.
        at: when, aware UTC.
        made: False if it was begun and its outcome is not known.
    """

    key: ActionKey
    at: datetime
    made: bool = True

    def is_of(self, subject: Subject) -> bool:
        """Whether it is a change of a subject."""
        ref = self.key.ref
        return (
            self.key.kind is subject.kind
            and (subject.level is None or isinstance(ref, subject.level))
            and (not subject.dataset or (isinstance(ref, DatasetRef) and ref.dataset == subject.dataset))
        )


def grant_on(dataset: str) -> Subject:
    """Return the subject of grants on a dataset."""
    return Subject(ActionKind.GRANT, DatasetRef, dataset)


def making_of(dataset: str) -> Subject:
    """Return the subject of a dataset's creation."""
    return Subject(ActionKind.DATASET, DatasetRef, dataset)


def not_undone(changes: Iterable[OwnChange], *, surely: bool = False) -> tuple[OwnChange, ...]:
    """Return the changes that we have not undone since: a thing that was created and deleted again does not count.

    Args:
        changes: our own changes.
        surely: also leave out changes that may have been undone, because the undoing was begun and its outcome is not
            known.
    """
    found = tuple(changes)
    removals = [change for change in found if (change.made or surely) and change.key.kind in _UNDOES]

    def undone(change: OwnChange) -> bool:
        return any(
            later.at > change.at
            and change.key.kind in _UNDOES[later.key.kind]
            and (later.key.ref, later.key.role) == (change.key.ref, change.key.role)
            and not later.key.detail.startswith(_DELETED)
            for later in removals
        )

    return tuple(change for change in found if not undone(change))


_UNDOES: Final[Mapping[ActionKind, frozenset[ActionKind]]] = {
    ActionKind.DELETE_ACCOUNT: frozenset({ActionKind.ACCOUNT, ActionKind.KEY}),
    ActionKind.DELETE_DATASET: frozenset({ActionKind.DATASET}),
    ActionKind.DELETE_VIEW: frozenset({ActionKind.VIEW}),
    ActionKind.REVOKE: frozenset({ActionKind.GRANT}),
    ActionKind.OVER_GRANT: frozenset({ActionKind.GRANT}),
}
_DELETED: Final = "deleted" + ":"
"""Prefixes of deleted members: an access entry of a deleted account with the same name does not count."""


def of_connection(changes: Iterable[OwnChange], spec: ConnectionSpec) -> tuple[OwnChange, ...]:
    """Return the changes that concern what the connection consists of now; its project or account may have been
    changed."""

    def fits(change: OwnChange) -> bool:
        ref = change.key.ref
        if isinstance(ref, AccountRef):
            return ref.email in ("", spec.account_email)
        return ref.project in ("", spec.project)

    return tuple(change for change in changes if fits(change))


def is_recent(at: datetime, now: datetime) -> bool:
    """Whether a change made at that time may not have taken effect yet. A time far ahead, from a wrong clock, does not
    count."""
    return abs(now - at) < SPREADING


def last_recent(changes: Iterable[OwnChange], now: datetime, *subjects: Subject) -> OwnChange | None:
    """Return the newest change of one of the subjects that may not have taken effect yet."""
    there = not_undone(changes, surely=True)
    found = [c for c in there if is_recent(c.at, now) and any(c.is_of(subject) for subject in subjects)]
    return max(found, key=lambda change: change.at, default=None)


_CAUSES: Final[Mapping[Code | None, tuple[Subject, ...]]] = {
    Code.ACCOUNT_NOT_VISIBLE: (ACCOUNT,),
    Code.ACCOUNT_GONE: (ACCOUNT, KEY),
    Code.ACCOUNT_DISABLED: (ACCOUNT,),
    Code.KEY_REJECTED: (KEY, ACCOUNT),
    Code.KEY_NOT_FOUND: (KEY, ACCOUNT),
    Code.KEY_DEAD: (KEY, ACCOUNT),
    Code.JOB_USER_MISSING: (PROJECT_GRANT,),
    Code.API_DISABLED: (SERVICE,),
}
"""The subjects of which a recent change explains a refusal, by the refusal's code, if the code determines them."""


def may_explain(problem: Problem, subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """Return the subjects of which a recent change of ours may explain a refusal.

    Args:
        problem: the refusal.
        subjects: what the call depended on, for a refusal that does not determine them.
    """
    return _CAUSES.get(problem.code, subjects)


def concerns_account(problem: Problem, email: str) -> bool:
    """Whether a refusal is a 403 or 404 about an account or one of its keys, by the method called or by name.

    Google answers so right after the creation to callers with the permission
    (hashicorp/terraform-provider-google#10227, #15042).
    """
    if problem.kind not in (Kind.NOT_PERMITTED, Kind.NOT_FOUND):
        return False
    return problem.detail("method").startswith("iam.serviceAccount") or email in str(problem.original)


_WAITS: Final[Mapping[ActionKind, str]] = {
    ActionKind.ACCOUNT: N_("the account was created {age} ago; Google takes a minute or two as a rule; nothing to do"),
    ActionKind.KEY: N_("the key was created {age} ago; Google takes a minute or two as a rule; nothing to do"),
    ActionKind.DATASET: N_("the dataset was created {age} ago; Google takes some seconds as a rule; nothing to do"),
    ActionKind.GRANT: N_("granted {age} ago; Google takes two minutes as a rule; nothing to do"),
    ActionKind.SERVICE: N_("the API was turned on {age} ago; Google takes some minutes as a rule; nothing to do"),
}
_BEGUN: Final = N_("a change was begun {age} ago and may have been made; Google takes some minutes; nothing to do")


def waiting_text(change: OwnChange, now: datetime) -> Message:
    """Return what is waited for, since when, and how long it usually takes."""
    form = _WAITS.get(change.key.kind, _BEGUN) if change.made else _BEGUN
    seconds = max(0, round((now - change.at).total_seconds()))
    age = message("{n} s", n=seconds) if seconds < 120 else message("{n} min", n=seconds // 60)
    return Message(form, {"age": age})
