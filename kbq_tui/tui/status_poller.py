"""The dashboard without a screen: every connection's last known state, its age, and the failures since."""

import asyncio
import gc
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.drift import seen_values
from kbq_tui.engine.drift_authors import with_drift
from kbq_tui.engine.last_known import LastKnown
from kbq_tui.engine.look_history import Look, LookHistory
from kbq_tui.engine.overview import Overview, SortBy
from kbq_tui.engine.ports import Cloud
from kbq_tui.engine.services import AppServices, ConnectionDraft, SavedConnection, SignIn
from kbq_tui.engine.status import Health, Status, status
from kbq_tui.engine.threads import offload
from kbq_tui.engine.throttle import Throttle
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec, InvalidValueError
from kbq_tui.tui.polled_connection import PolledConnection

LOOK_LIMIT = 90.0
"""Seconds after which reading one connection, and signing in, are given up."""
AT_ONCE = 16
"""The number of connections that are read at a time."""
BACK_OFF = (1, 2, 4, 8)
"""The number of periods before the next look, by the number of failures in a row."""
TELL_EVERY = 0.25
"""Seconds between two redraws while results come in: thousands of rows are sorted again for each."""
READ_AT_ONCE = 20
"""The number of connections whose files are read before the first frame; the others are read afterwards."""
SAVE_EVERY = timedelta(minutes=10)
"""How often a connection's history is written if only the time of the last look has changed."""


@dataclass(slots=True)
class ListView:
    """The settings of the list; they are kept while a connection is open.

    Attributes:
        by, backwards: the order.
        text: a part of name or project; empty for all.
        only_bad: whether what is ok is left out.
        row: the connection under the cursor, if it was moved.
    """

    by: SortBy = SortBy.STATE
    backwards: bool = False
    text: str = ""
    only_bad: bool = False
    row: str | None = None


class StatusPoller:
    """Reads all connections, never twice at the same time, and less often while that fails.

    Attributes:
        connections: all of them, in the order of their names.
        version: increases whenever something visible changes.
        looking_since: when the running look began (monotonic seconds), or None.
        failures: how many looks in a row got no answer at all.
        at: when a look was last answered.
        since: when looks began to get no answer.
        paused: whether the operator has paused looks.
        away: whether the terminal does not have the focus.
        view: the settings of the list.

    Args:
        services: everything a face needs.
        changed: called after each change of state, on the event loop.
        begun: returns the connection that is being set up and does not exist yet, or None.
        period: seconds between two looks.
    """

    def __init__(
        self,
        services: AppServices,
        changed: Callable[[], None] = lambda: None,
        begun: Callable[[], SavedConnection | None] = lambda: None,
        period: float = 60.0,
    ) -> None:
        self.services = services
        self.connections: list[PolledConnection] = []
        self.version = 0
        self.problem: Problem | None = None
        self.looking_since: float | None = None
        self.failures = 0
        self.at: datetime | None = None
        self.since: datetime | None = None
        self.paused = self.away = False
        self.view = ListView()
        self._told = changed
        self._told_at = 0.0
        self._by_name: dict[str, PolledConnection] = {}
        self._begun = begun
        self._period = period
        self._next: float | None = None
        self._known = LastKnown()
        self._clouds: dict[SignIn, asyncio.Task[Cloud]] = {}
        self._signed_out: Problem | None = None

    def named(self, name: str) -> PolledConnection | None:
        """Return a connection by its name; None if there is none."""
        return self._by_name.get(name)

    def _changed(self) -> None:
        self.version += 1
        self._told_at = time.monotonic()
        self._told()

    # -- the files of this machine ---------------------------------------------------------------------------------

    def load(self, again: Collection[str] = ()) -> None:
        """List the connections that this machine remembers. What is known of them already is kept.

        Only the first few are read at once; the next look loads the others.

        Args:
            again: names of those that may have changed and are loaded again.
        """
        known = {w.name: w for w in self.connections}
        begun = self._begun()
        try:
            names = self.services.store.names()
        except ProblemError as error:
            self.problem = error.problem
            names = tuple(known)
        found: list[PolledConnection] = []
        for name in names:
            watched = known.get(name) or PolledConnection(
                SavedConnection(ConnectionDraft(name=name), filed=False), read=False
            )
            watched.read = watched.read and name not in again
            found.append(watched)  # the same object, because a running look may be about to write to it
        if begun is not None and begun.draft.name not in names:
            watched = known.get(begun.draft.name) or PolledConnection(begun)
            watched.saved = begun
            watched.changed()
            found.append(watched)
        self.connections = found
        self._by_name = {w.name: w for w in found}
        self._read([w for w in found if not w.read][:READ_AT_ONCE])
        self._changed()

    def _read(self, some: Collection[PolledConnection]) -> None:
        """Read connections from their files."""
        store = self.services.store
        for watched in some:
            watched.read = True
            try:
                saved = store.load(watched.name)
                if not watched.history.looks:
                    watched.kept = watched.history = store.looks(watched.name)
            except ProblemError as error:
                watched.problem = error.problem
            else:
                watched.saved = saved or watched.saved
            watched.changed()

    def _save(self) -> None:
        """Write the histories that have changed, of connections that exist."""
        store = self.services.store
        names = frozenset(store.names())
        for watched in self.connections:
            if watched.name in names and _worth_saving(watched.history, watched.kept):
                store.save_looks(watched.name, watched.history)
                watched.kept = watched.history

    # -- when to read ----------------------------------------------------------------------------------------------

    @property
    def due(self) -> bool:
        """Whether it is time for a look."""
        if self.looking_since is not None or self.paused or self.away:
            return False
        return self._next is None or self.services.clock.monotonic() >= self._next

    def hurry(self) -> None:
        """Make the next look due at once, because something may have been changed."""
        self._next = None

    def wait(self) -> float:
        """Return the seconds until the next look."""
        return 0.0 if self._next is None else max(0.0, self._next - self.services.clock.monotonic())

    @property
    def reason(self) -> Problem | None:
        """Why the latest look failed: for all connections, else for the first that got no answer."""
        return self.problem or next((w.problem for w in self.connections if w.problem is not None), None)

    def stale(self, watched: PolledConnection) -> bool:
        """Whether what is known of a connection is older than the latest look."""
        return watched.problem is not None or (self.failures > 0 and self.problem is not None)

    def rows(self) -> list[Overview]:
        """Return a row for each connection."""
        rows = [watched.overview for watched in self.connections]
        if self.failures == 0 or self.problem is None:
            return rows
        title = self.problem.title
        return [
            replace(row, stale=True, unread=row.unread or title, health=row.health or Health.UNKNOWN) for row in rows
        ]

    # -- reading ---------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Read every connection once."""
        if self.looking_since is not None:
            return
        gc.unfreeze()
        clock = self.services.clock
        self.looking_since = clock.monotonic()
        self.problem = self._signed_out = None
        self.load()  # connections may have been added or removed
        looked: set[str] = set()
        answered = False
        try:
            if not self.connections:
                await self._signed_in(self.services.sign_in)
            throttle = Throttle(AT_ONCE)
            while left := [w for w in self.connections if w.name not in looked]:  # one may have been added meanwhile
                looked |= {w.name for w in left}
                if unread := [w for w in left if not w.read]:
                    await offload(lambda some=unread: self._read(some))  # type: ignore[misc]
                    self._changed()
                answers = await asyncio.gather(*(self._one(w, throttle) for w in left))
                answered = answered or any(answers) or not left
            failed = bool(looked) and not answered
            if failed:
                self.problem = self._signed_out
            await self._keep()
        except ProblemError as error:
            self.problem, failed = error.problem, True
        except TimeoutError:
            self.problem, failed = _unreachable(""), True
        finally:
            self.looking_since = None
            # The results stay until the next check. With 2,000 connections a full garbage collection takes 0.1 s, and
            # it could start during a key press.
            gc.freeze()
            self._changed()
        self.failures = self.failures + 1 if failed else 0
        self._next = clock.monotonic() + self._period * BACK_OFF[min(self.failures, len(BACK_OFF) - 1)]
        if failed:
            self.since = self.since or clock.now()
        else:
            self.at, self.since = clock.now(), None
        self._changed()

    def accept(self, watched: PolledConnection) -> None:
        """Accept what differs from an earlier look. Raises ProblemError."""
        watched.history = watched.history.accepted()
        watched.changed()
        self._save()
        self._changed()

    async def _keep(self) -> None:
        """Write the histories, off the event loop. They can be lost without harm: a full disk does not end a
        look."""
        with suppress(ProblemError):
            await offload(self._save)

    async def _signed_in(self, sign_in: SignIn) -> Cloud:
        """Return Google as one of the operators sees it. A sign-in that failed is tried again by the next look.

        Raises:
            ProblemError: there are no credentials, they cannot be used, or Google did not answer in time.
        """
        task = self._clouds.get(sign_in)
        if task is None:
            task = self._clouds[sign_in] = asyncio.create_task(_cloud(sign_in))
        try:
            return await asyncio.shield(task)
        except ProblemError as error:
            self._signed_out = self._signed_out or error.problem
            raise
        finally:
            if task.done() and (task.cancelled() or task.exception() is not None):
                self._clouds.pop(sign_in, None)

    async def _one(self, watched: PolledConnection, throttle: Throttle) -> bool:
        """Read one connection. Returns whether Google answered, or there is nothing to ask."""
        try:
            spec = watched.saved.draft.spec()
        except InvalidValueError:
            return True
        try:
            cloud = await self._signed_in(self.services.operator_of(watched.saved))
            async with throttle.turn():
                seen = await self._status(spec, cloud, watched.history)
                throttle.ended(seen.outage)
        except ProblemError as error:
            watched.problem = error.problem
        except TimeoutError:
            watched.problem = _unreachable(spec.project)
            throttle.ended(watched.problem)
        else:
            watched.problem = seen.outage
            watched.status = self._known.take(seen)
        answered = watched.problem is None
        health = watched.health if answered else Health.UNKNOWN
        now = self.services.clock.now()
        watched.history = watched.history.after(Look(now, health), answered=answered)
        if answered and watched.status is not None:
            seen_now = watched.status.observed
            history = watched.history.with_values(seen_values(spec, seen_now), seen_now.changes, now)
            watched.history = history.attributed(watched.status.drift)
        watched.changed()
        if time.monotonic() - self._told_at >= TELL_EVERY:
            self._changed()
        return answered

    async def _status(self, spec: ConnectionSpec, cloud: Cloud, kept: LookHistory) -> Status:
        """Read the status of one connection. Raises ProblemError, TimeoutError."""
        last = await offload(lambda: self.services.store.last_verify(spec.name))
        ports = replace(self.services.ports(cloud, spec.name), neighbours=lambda: self._others(spec))
        async with asyncio.timeout(LOOK_LIMIT):
            return await with_drift(await status(spec, ports, last), cloud, kept)

    def _others(self, spec: ConnectionSpec) -> tuple[ConnectionSpec, ...]:
        """Return the other connections, without reading their files again."""
        found: list[ConnectionSpec] = []
        for watched in list(self.connections):
            with suppress(ValueError):
                if watched.name != spec.name and watched.read:
                    found.append(watched.saved.draft.spec())
        return tuple(found)


async def _cloud(sign_in: SignIn) -> Cloud:
    """Sign in. Raises ProblemError."""
    try:
        async with asyncio.timeout(LOOK_LIMIT):
            return await sign_in()
    except TimeoutError:
        raise ProblemError(_unreachable("")) from None


def _unreachable(project: str) -> Problem:
    return catalogue.problem(Code.NETWORK_UNREACHABLE, Context(project=project))


def _worth_saving(now: LookHistory, kept: LookHistory) -> bool:
    """Return whether a history has something that the saved one does not, or is much newer."""
    if not now.looks or now == kept:
        return False
    same = bool(kept.looks) and kept.looks[-1].health is now.looks[-1].health
    return (
        not same
        or replace(kept, looks=(), values_at=None) != replace(now, looks=(), values_at=None)
        or (now.looks[-1].at - kept.looks[-1].at >= SAVE_EVERY)
    )
