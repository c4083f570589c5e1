"""Waits for our own changes to take effect everywhere at Google: how long, how often, and what is reported
meanwhile."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

from kbq_tui.diagnosis.entry import GRANT_WAIT
from kbq_tui.diagnosis.settling import settling
from kbq_tui.engine.ports import Clock, Ports
from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import EMPTY, message
from kbq_tui.model.changes import (
    ACCOUNT,
    KEY,
    OwnChange,
    Subject,
    concerns_account,
    last_recent,
    may_explain,
    of_connection,
    waiting_text,
)
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import ActionKey
from kbq_tui.model.problem import Problem, ProblemError, RemedyStep, Retry
from kbq_tui.model.spec import ConnectionSpec

T = TypeVar("T")

Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for changes to take effect.

    Attributes:
        limit: seconds in all for one action, or for all checks of a verification. A grant takes "typically 2 minutes,
            potentially 7 minutes or longer" (https://cloud.google.com/iam/docs/access-change-propagation).
        first: seconds before the first retry; doubles up to `most`.
        most: the most seconds between retries.
    """

    limit: float = float(GRANT_WAIT)
    first: float = 1.0
    most: float = 10.0


NO_PATIENCE: Final = Patience(limit=0.0)
"""No waiting at all."""


async def own_changes(spec: ConnectionSpec, ports: Ports) -> tuple[OwnChange, ...]:
    """Return our own changes to a connection from the journal.

    Raises:
        ProblemError: the journal cannot be read, or a newer version wrote it.
    """
    return of_connection(await offload(ports.journal.changes), spec)


class Waits:
    """Our own changes that may not have taken effect, and the waiting for them.

    Args:
        clock: the time.
        patience: how long to wait.
        emit: called with an event in each second of a wait.
        changes: our own changes so far.
    """

    def __init__(self, clock: Clock, patience: Patience, emit: Emit, changes: Iterable[OwnChange] = ()) -> None:
        self.clock = clock
        self.patience = patience
        self._emit = emit
        self._changes = list(changes)

    async def called(self, key: str, call: Callable[[], Awaitable[T]], account_email: str, *subjects: Subject) -> T:
        """Make a call, and repeat it while our own changes may be the reason for a refusal.

        Args:
            key: the name of the wait in events.
            call: makes the call.
            account_email: the service account.
            subjects: the changes that may not have taken effect.

        Raises:
            ProblemError: that of the last attempt.
        """
        wait = self.begin(key)
        while True:
            try:
                return await call()
            except ProblemError as error:
                if not await wait.again(self.settled(error.problem, account_email), *subjects):
                    raise

    def add(self, *changes: OwnChange) -> None:
        """Add more changes."""
        self._changes += changes

    def made(self, key: ActionKey) -> None:
        """Note a change that this run has made."""
        self.add(OwnChange(key, self.clock.now()))

    def on_its_way(self, *subjects: Subject) -> OwnChange | None:
        """Return the newest change of one of the subjects that may not have taken effect."""
        return last_recent(self._changes, self.clock.now(), *subjects)

    def settled(self, problem: Problem, email: str) -> Problem:
        """Return a refusal as *not yet*, if it names an account or key that we created a short while ago."""
        ours = concerns_account(problem, email) and self.on_its_way(ACCOUNT, KEY) is not None
        return settling(problem) if ours else problem

    def begin(self, action: str, since: float | None = None) -> "Wait":
        """Return the attempts of an action or check.

        Args:
            action: its id, for events.
            since: from when the limit counts, in the clock's seconds; by default now.
        """
        return Wait(self, self._emit, action, self.clock.monotonic() if since is None else since)


class Wait:
    """The attempts of one action or check."""

    def __init__(self, waits: Waits, emit: Emit, action: str, since: float) -> None:
        self._waits = waits
        self._emit = emit
        self._action = action
        self._since = since
        self._pause = waits.patience.first

    @property
    def elapsed(self) -> float:
        """Seconds since the limit began to count."""
        return self._waits.clock.monotonic() - self._since

    async def again(self, problem: Problem, *subjects: Subject) -> bool:
        """Wait before another attempt, and report each second what is waited for.

        Args:
            problem: why the last attempt did not succeed.
            subjects: what it depended on; a change of ours to one of them may not have taken effect.

        Returns:
            False, at once, if no change of ours explains the refusal, or the limit is reached.
        """
        limit, clock = self._waits.patience.limit, self._waits.clock
        change = self._waits.on_its_way(*may_explain(problem, subjects))
        if problem.retry is not Retry.NOT_YET or change is None or self.elapsed >= limit:
            return False
        left = min(self._pause, limit - self.elapsed)
        self._pause = min(self._pause * 2, self._waits.patience.most)
        waiting = replace(problem, steps=(_STEP,), who=EMPTY)
        while left > 0:
            text = waiting_text(change, clock.now())
            self._emit(Event(EventKind.WAITING, self._action, clock.now(), text, waiting, self.elapsed, limit))
            nap = min(1.0, left)
            if await clock.sleep(nap):
                break
            left -= nap
        return True


_STEP: Final = RemedyStep(
    message("Nothing to do: it is tried again by itself until Google shows the change everywhere.")
)
