"""The dashboard, without a screen: every connection's last known state, its age, and what went wrong since."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kbq_tui.core.problems import Problem, ProblemError
from kbq_tui.core.spec import InvalidValueError
from kbq_tui.core.steps import Step
from kbq_tui.engine.desk import Desk, Saved
from kbq_tui.engine.offload import offload
from kbq_tui.engine.ports import Cloud
from kbq_tui.engine.status import Health, Status, status

LOOK_LIMIT = 90.0
"""Seconds after which one look at all connections is given up."""
BACK_OFF = (1, 2, 4, 8)
"""How many periods pass before the next look, by the number of failures in a row."""


@dataclass(slots=True)
class Watched:
    """One connection.

    Attributes:
        saved: as this machine remembers it.
        status: the last good look; kept when a later one fails.
        problem: why the latest look failed, or None.
    """

    saved: Saved
    status: Status | None = None
    problem: Problem | None = None

    @property
    def name(self) -> str:
        return self.saved.draft.name

    @property
    def health(self) -> Health:
        if self.status is None:
            return Health.UNKNOWN
        order = (Health.BROKEN, Health.UNKNOWN, Health.WARNING)
        found = {line.health for line in self.status.lines}
        return next((h for h in order if h in found), Health.OK)

    def step(self) -> Step:
        """Return the step at which something is left to do."""
        plan = self.status.plan if self.status else None
        if plan is not None:
            for step in (Step.PROJECT, Step.DATASETS, Step.ACCOUNT, Step.PERMISSIONS):
                part = plan.step(step)
                if part.changes or part.blocked:
                    return step
        return Step.VERIFY if self.saved.finished else self.saved.screen or Step.PROJECT


class Watch:
    """Looks at all connections, never twice at the same time, less often while it fails.

    Args:
        desk: everything a face needs.
        changed: called after each change of state, on the event loop.
        begun: returns the connection that is being set up and does not exist yet, or None.
    """

    def __init__(
        self,
        desk: Desk,
        changed: Callable[[], None] = lambda: None,
        begun: Callable[[], Saved | None] = lambda: None,
    ) -> None:
        self.desk = desk
        self.changed = changed
        self._begun = begun
        self.connections: list[Watched] = []
        self.problem: Problem | None = None
        self.looking_since: float | None = None
        self.failures = 0
        self.at: datetime | None = None
        self._skip = 0
        self._cloud: Cloud | None = None

    def load(self) -> None:
        """Read the connections that this machine remembers. What is known of them already is kept."""
        known = {w.name: w for w in self.connections}
        found: list[Watched] = []
        try:
            names = self.desk.store.names()
            begun = self._begun()
            connections = [self.desk.store.load(name) for name in names]
            if begun is not None and begun.draft.name not in names:
                connections.append(begun)
            for saved in connections:
                if saved is None:
                    continue
                name = saved.draft.name
                watched = known.get(name) or Watched(saved)  # the same one: a look may be about to write to it
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
        """Return how many periods pass until the next look."""
        return BACK_OFF[min(self.failures, len(BACK_OFF) - 1)]

    async def look(self) -> None:
        """Look at every connection once."""
        if self.looking_since is not None:
            return
        self.looking_since = self.desk.clock.monotonic()
        self.problem = None
        self.changed()
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                if self._cloud is None:
                    self._cloud = await self.desk.sign_in()
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
        self._skip = self.periods() - 1
        if not failed:
            self.at = self.desk.clock.now()
        self.changed()

    async def _one(self, watched: Watched, cloud: Cloud) -> None:
        try:
            spec = watched.saved.draft.spec()
        except InvalidValueError:
            return
        try:
            last = await offload(lambda: self.desk.store.last_verify(spec.name))
            ports = self.desk.ports(cloud, spec.name)
            seen = await status(spec, ports, last)
        except ProblemError as error:
            watched.problem = error.problem
        else:
            watched.problem = None
            watched.status = seen
        self.changed()

    def age(self) -> float | None:
        """Return the age of the data in seconds; None without data."""
        if self.at is None:
            return None
        return max(0.0, (self.desk.clock.now() - self.at).total_seconds())
