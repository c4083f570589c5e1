"""The dashboard, without a screen: every connection's last known state, its age, and what went wrong since."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kbq_tui.engine.health import outage_of
from kbq_tui.engine.last_known import LastKnown
from kbq_tui.engine.ports import Cloud
from kbq_tui.engine.services import AppServices, SavedConnection
from kbq_tui.engine.status import Health, Line, Status, status
from kbq_tui.engine.threads import offload
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import InvalidValueError
from kbq_tui.model.steps import Step

LOOK_LIMIT = 90.0
"""Seconds after which one look at all connections is given up."""
BACK_OFF = (1, 2, 4, 8)
"""How many periods pass before the next look, by the number of failures in a row."""


@dataclass(slots=True)
class PolledConnection:
    """One connection.

    Attributes:
        saved: as this machine remembers it.
        status: the last look that Google answered, else the first one; kept while later ones get no answer.
        problem: why the latest look got no answer, or None.
    """

    saved: SavedConnection
    status: Status | None = None
    problem: Problem | None = None

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.saved.draft.name

    @property
    def known_before(self) -> bool:
        """Whether any look was answered by Google."""
        return self.status is not None and outage_of(self.status.plan.causes) is None

    @property
    def health(self) -> Health:
        """The worst of what is known, be it from before an outage; unknown where nothing is."""
        if not self.known_before:
            return Health.UNKNOWN
        order = (Health.BROKEN, Health.UNKNOWN, Health.WARNING)
        found = {line.health for line in self.known}
        return next((h for h in order if h in found), Health.OK)

    @property
    def known(self) -> tuple[Line, ...]:
        """What is known of the connection, without why the latest look got no answer."""
        if self.status is None:
            return ()
        return tuple(x for x in self.status.lines if not (self.status.stale and x.problem in self.status.causes))

    def step(self) -> Step:
        """Return the step at which something is left to do."""
        plan = self.status.plan if self.status else None
        if plan is not None:
            for step in (Step.PROJECT, Step.DATASETS, Step.ACCOUNT, Step.PERMISSIONS):
                part = plan.step(step)
                if part.changes or part.blocked:
                    return step
        return Step.VERIFY if self.saved.finished else self.saved.screen or Step.PROJECT


class StatusPoller:
    """Looks at all connections, never twice at the same time, less often while it fails.

    Args:
        services: everything a face needs.
        changed: called after each change of state, on the event loop.
        begun: returns the connection that is being set up and does not exist yet, or None.
    """

    def __init__(
        self,
        services: AppServices,
        changed: Callable[[], None] = lambda: None,
        begun: Callable[[], SavedConnection | None] = lambda: None,
    ) -> None:
        self.services = services
        self.changed = changed
        self._begun = begun
        self.connections: list[PolledConnection] = []
        self.problem: Problem | None = None
        self.looking_since: float | None = None
        self.failures = 0
        self.at: datetime | None = None
        self.since: datetime | None = None
        self._known = LastKnown()
        self._skip = 0
        self._cloud: Cloud | None = None

    def load(self) -> None:
        """Read the connections that this machine remembers. What is known of them already is kept."""
        known = {w.name: w for w in self.connections}
        found: list[PolledConnection] = []
        try:
            names = self.services.store.names()
            begun = self._begun()
            connections = [self.services.store.load(name) for name in names]
            if begun is not None and begun.draft.name not in names:
                connections.append(begun)
            for saved in connections:
                if saved is None:
                    continue
                name = saved.draft.name
                watched = known.get(name) or PolledConnection(saved)  # the same one: a look may be about to write to it
                watched.saved = saved
                found.append(watched)
        except ProblemError as error:
            self.problem = error.problem
        self.connections = found
        self.changed()

    @property
    def due(self) -> bool:
        """Whether the timer's tick should look; counts down the periods that are left out after failures."""
        if self.looking_since is not None:
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        return True

    def periods(self) -> int:
        """Return how many periods are left until the next look."""
        return self._skip + 1

    @property
    def reason(self) -> Problem | None:
        """Why the latest look failed: of all connections, else of the first that got no answer."""
        return self.problem or next((w.problem for w in self.connections if w.problem is not None), None)

    def stale(self, watched: PolledConnection) -> bool:
        """Whether what is known of a connection is older than the latest look."""
        return watched.problem is not None or (self.failures > 0 and self.reason is self.problem)

    async def look(self) -> None:
        """Look at every connection once."""
        if self.looking_since is not None:
            return
        self.looking_since = self.services.clock.monotonic()
        self.problem = None
        self.changed()
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                if self._cloud is None:
                    self._cloud = await self.services.sign_in()
                looked: set[str] = set()
                while left := [w for w in self.connections if w.name not in looked]:  # one may have come meanwhile
                    looked |= {w.name for w in left}
                    await asyncio.gather(*(self._one(w, self._cloud) for w in left))
            failed = any(w.problem is not None for w in self.connections)
        except ProblemError as error:
            self.problem, failed = error.problem, True
        except TimeoutError:
            failed = True
        finally:
            self.looking_since = None
            self.changed()
        self.failures = self.failures + 1 if failed else 0
        self._skip = BACK_OFF[min(self.failures, len(BACK_OFF) - 1)] - 1
        if failed:
            self.since = self.since or self.services.clock.now()
        else:
            self.at, self.since = self.services.clock.now(), None
        self.changed()

    async def _one(self, watched: PolledConnection, cloud: Cloud) -> None:
        try:
            spec = watched.saved.draft.spec()
        except InvalidValueError:
            return
        try:
            last = await offload(lambda: self.services.store.last_verify(spec.name))
            ports = self.services.ports(cloud, spec.name)
            seen = await status(spec, ports, last)
        except ProblemError as error:
            watched.problem = error.problem
        else:
            watched.problem = seen.outage
            watched.status = self._known.take(seen)
        self.changed()
