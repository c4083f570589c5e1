"""How one check is run: asked, waited for while our own change may be on its way, judged, recorded."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.conditions import holds_until, only_under
from kbq_tui.engine import event_log
from kbq_tui.engine.ports import Cloud, Ports
from kbq_tui.engine.waiting import Emit, Patience, Waits
from kbq_tui.i18n.messages import Message, as_message, joined, message
from kbq_tui.model import judgements
from kbq_tui.model.changes import PROJECT_GRANT, Subject
from kbq_tui.model.checks import Check, CheckResult, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.judgements import Judged
from kbq_tui.model.problem import Context, Kind, Problem, ProblemError, RemedyStep, Retry
from kbq_tui.model.refs import DatasetRef, Grantable
from kbq_tui.model.spec import ConnectionSpec, RequiredDataset
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.diff_problems import named
from kbq_tui.planning.grants import taken_away
from kbq_tui.planning.sharing import needed_by, shared_account

Told = Callable[[CheckResult], None]

_ELSEWHERE = frozenset({Code.JOB_USER_MISSING, Code.API_DISABLED, Code.VPC_SC, Code.SCOPES, Code.QUOTA_PROJECT})
"""Refusals that have a check, or a preflight, of their own, or that say nothing of Klaviyo's way in."""


def refused(problem: Problem) -> bool:
    """Whether a check about access to data has failed: the access itself was refused."""
    return problem.kind in (Kind.NOT_PERMITTED, Kind.NOT_FOUND) and problem.code not in _ELSEWHERE


def reading_refused(problem: Problem) -> bool:
    """Whether reading a table was refused by what the account holds, and by nothing else about the table."""
    return problem.code in (Code.TABLE_READ_DENIED, Code.TABLE_NOT_FOUND, Code.DATASET_NOT_FOUND)


def key_refused(problem: Problem) -> bool:
    """Whether Google refused the key itself: a wrong clock here says nothing about it."""
    return problem.kind is Kind.CREDENTIALS and problem.code != Code.CLOCK_SKEW


def never(problem: Problem) -> bool:
    """For checks that only an answer can fail: every refusal makes them unknown."""
    return False


class Held(NamedTuple):
    """A role that is too much, as far as it is known.

    Attributes:
        role: the role, or in words what it allows.
        on: what it is held on.
        location: where that is; empty where it is the connection's.
        member: one of `EVERYBODY`, where it is not granted to the account by name.
        bound: whether there is a condition to it.
    """

    role: str | Message
    on: Grantable
    location: str = ""
    member: str = ""
    bound: bool = False

    @property
    def text(self) -> Message:
        """The role, and who holds it where that is not the account itself."""
        who = self.member.removeprefix("specialGroup:")
        return joined("", self.role, f" ({who})") if who else as_message(self.role)


class _NotYetError(ProblemError):
    """An answer that may change once a change of ours has arrived; `judged` is the verdict if it does not."""

    def __init__(self, judged: Judged, problem: Problem) -> None:
        super().__init__(problem)
        self.judged = judged


class Checker:
    """Runs checks for one connection and keeps their results.

    Args:
        spec: the connection.
        ports: what to ask with.
        told: called with each result.
        emit: called with events: a check started, waits.
        patience: how long to wait for our own recent changes, counted from now.
    """

    def __init__(self, spec: ConnectionSpec, ports: Ports, told: Told, emit: Emit, patience: Patience) -> None:
        self.spec = spec
        self.ports = ports
        self.location = ""
        self.locations: dict[str, str] = {}
        self.neighbours: tuple[ConnectionSpec, ...] = ()
        self.rotating: tuple[str, ...] = ()
        self.account_cloud: Cloud | None = None
        self.results: dict[str, CheckResult] = {}
        self._told = event_log.verdicts(told)
        self._emit = event_log.events(emit)
        self.waits = Waits(ports.clock, patience, self._emit)
        self._began = ports.clock.monotonic()

    @property
    def cloud(self) -> Cloud:
        """Google as the service account sees it; there once the key has signed in."""
        assert self.account_cloud is not None
        return self.account_cloud

    @property
    def context(self) -> Context:
        """What is known of the connection, with the service account as who acts."""
        return replace(context_of(self.spec, self.location), acting_as="service-account")

    def ref(self, wish: RequiredDataset) -> DatasetRef:
        """Return the reference to a dataset of the connection."""
        return DatasetRef(self.spec.project, wish.name)

    def where(self, dataset: str) -> str:
        """Return where a dataset of the connection lies; where that was not found out, where the others do."""
        return self.locations.get(dataset) or self.location

    def problem(self, code: Code, **details: Any) -> Problem:
        """Return an entry of the catalogue, filled with the connection and with details such as `dataset`."""
        context = replace(self.context, location=self.where(str(details.get("dataset", ""))))
        return catalogue.problem(code, context, **details)

    def bounded(self, judged: Judged, condition: str | None, role: str, on: Grantable) -> Judged:
        """Return the verdict on a role that is granted under a condition alone; `judged` where it is under none."""
        if condition is None:
            return judged
        problem = only_under(condition, role, on, self.context, self.ports.clock.now())
        text = message("{role}, but only under a condition: {condition}", role=role, condition=condition)
        if until := holds_until(condition):
            text = message("{text}; until {date}", text=text, date=f"{until:%Y-%m-%d %H:%M} UTC")
        return Judged(Verdict.FAIL, text, problem)

    def over_grant(self, grants: Sequence[Held]) -> Problem:
        """Return one problem for all that is too much, with the command that takes each away, or, where no role is
        known that gives it, with the one that shows who is let in.

        What another connection of this machine needs is not to be taken away: that would break that one.
        """
        others = {grant: other for grant in grants if (other := self._needed_by(grant)) is not None}
        if others and len(others) == len(grants):
            return shared_account(self.spec, next(iter(others.values())), self.context)
        grants = [grant for grant in grants if grant not in others]
        named = [grant for grant in grants if "roles/" in str(grant.role)]
        steps = [step for grant in named for step in self._taken_away(Code.OVER_GRANT, grant)]
        if any(not g.member and not g.bound for g in named):
            # The program takes away only what it sees granted to the account itself, and without a condition.
            command = self.ports.ours("apply --remove-over-grants")
            steps.append(RemedyStep(message("Or have it taken away here:"), (command,)))
        code = Code.OVER_GRANT if named else Code.INHERITED_ACCESS
        for grant in grants:
            if grant not in named:
                steps += self._taken_away(Code.INHERITED_ACCESS, grant)
        roles = joined(", ", *dict.fromkeys(grant.text for grant in named or grants))
        told = named or grants
        # Where only `allUsers` and the like hold it, another check may have told that already.
        member = told[0].member.removeprefix("specialGroup:") if all(g.member for g in told) else ""
        whole = catalogue.problem(code, self.context, role=roles, resource=told[0].on, member=member)
        general = [step for step in whole.steps if step.level is None]
        return replace(whole, steps=tuple(dict.fromkeys((*general, *steps))))

    def _needed_by(self, grant: Held) -> ConnectionSpec | None:
        if grant.member or grant.bound or not isinstance(grant.on, DatasetRef):
            return None
        return needed_by(self.spec, self.neighbours, str(grant.role), grant.on.dataset)

    def _taken_away(self, code: Code, grant: Held) -> list[RemedyStep]:
        """Return the steps that take a role away from its holder, or that show the holder."""
        context = replace(self.context, location=grant.location or self.location)
        problem = catalogue.problem(code, context, role=grant.role, resource=grant.on)
        problem = taken_away(problem, self.spec, str(grant.role), grant.on, member=grant.member, bound=grant.bound)
        return [step for step in problem.steps if step.level is not None]

    def perhaps_not_yet(self, judged: Judged) -> Judged:
        """While our own change may be on its way, an answer without it is no verdict yet.

        Raises:
            ProblemError: the failure, to be asked again where there is such a change.
        """
        if judged.verdict is not Verdict.PASS and judged.problem is not None:
            raise _NotYetError(judged, replace(judged.problem, retry=Retry.NOT_YET, original=judged.evidence))
        return judged

    async def check(
        self,
        check: Check,
        command: str | Message,
        ask: Callable[[], Awaitable[Judged]],
        *,
        fails: Callable[[Problem], bool] = never,
        depends_on: tuple[Subject, ...] = (PROJECT_GRANT,),
    ) -> CheckResult:
        """Ask, wait out *not yet*, judge and record.

        Args:
            check: what is checked.
            command: the SQL or call, to be shown.
            ask: makes the calls.
            fails: whether a refusal is what the check is about; any other makes it unknown.
            depends_on: what must have arrived everywhere for it to pass; where none of it was changed by us a short
                while ago, nothing is waited for.
        """
        began = self.ports.clock.monotonic()
        wait = self.waits.begin(check.id, self._began)
        self._emit(Event(EventKind.STARTED, check.id, self.ports.clock.now(), check.title))
        while True:
            try:
                judged = await ask()
                break
            except ProblemError as error:
                problem = error.problem
                judged = error.judged if isinstance(error, _NotYetError) else judgements.judge_error(problem, fails)
            if not await wait.again(problem, *depends_on):
                break
        return self.record(check, command, judged, self.ports.clock.monotonic() - began)

    def record(self, check: Check, command: str | Message, judged: Judged, seconds: float = 0.0) -> CheckResult:
        """Keep a result, and tell it."""
        problem = self.ports.named(named(judged.problem, self.spec)) if judged.problem is not None else None
        result = CheckResult(check, judged.verdict, judged.evidence, command, problem, seconds)
        self.results[check.id] = result
        self._told(result)
        return result

    def retold(self, result: CheckResult) -> CheckResult:
        """Keep a result in place of the one there was, and tell it where it is another one."""
        if result != self.results.get(result.id):
            self.results[result.id] = result
            self._told(result)
        return result
