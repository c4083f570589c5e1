"""Reads many connections: a limited number at a time, one sign-in for each operator, without holding all results at
once."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from typing import Final

from kbq_tui.engine.drift_authors import with_drift
from kbq_tui.engine.key_use import last_uses
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.ports import Cloud
from kbq_tui.engine.services import AppServices
from kbq_tui.engine.status import Status, status
from kbq_tui.engine.threads import offload
from kbq_tui.model.key_use import KeyUses
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import value_of
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec

AT_ONCE: Final = 16
"""The number of connections that are read at the same time."""
_AHEAD: Final = 4 * AT_ONCE
"""The most looks that are begun before the first result was taken; results that come early are held until then."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is needed to read one connection.

    Attributes:
        services: everything built for it.
        spec: the connection.
        operator: equal for connections whose operators sign in in the same way.
    """

    services: AppServices
    spec: ConnectionSpec
    operator: Hashable


@dataclass(frozen=True, slots=True)
class Looked:
    """The result of one look.

    Attributes:
        name: the connection.
        status: its status; None if it was not read.
        problem: why it was not read.
        opened: what was needed; None if even that failed.
        uses: when the keys were last used; None if not asked for.
    """

    name: str
    status: Status | None
    problem: Problem | None = None
    opened: Opened | None = None
    uses: KeyUses | None = None

    def with_status(self, seen: Status) -> "Looked":
        """Return the same with what is known from before an outage."""
        return Looked(self.name, seen, self.problem, self.opened, self.uses)


class Looks:
    """Reads connections repeatedly, with one sign-in for each way to sign in.

    Args:
        open_: builds what is needed for a connection; may raise ProblemError.
        at_once: how many connections are read at a time.

    Attributes:
        asks_for_uses: whether to read when keys were last used as well.
        earlier: the earlier looks of a connection; None for those that the dashboard stores.
    """

    def __init__(self, open_: Callable[[str], Opened], at_once: int = AT_ONCE) -> None:
        self.asks_for_uses = False
        self.earlier: Callable[[str], LookHistory] | None = None
        self._open = open_
        self._at_once = at_once
        self._clouds: dict[Hashable, asyncio.Task[Cloud]] = {}
        self._lost = 0
        self._outage: Problem | None = None

    async def each(self, names: Iterable[str]) -> AsyncIterator[Looked]:
        """Read connections, and yield the results in their order.

        Once as many looks in a row as run at a time got no answer, no more are begun: the rest would only wait for
        the same time-out.
        """
        self._lost, self._outage = 0, None
        slots = asyncio.Semaphore(self._at_once)
        under_way: deque[asyncio.Task[Looked]] = deque()
        left = iter(names)
        try:
            while True:
                while len(under_way) < _AHEAD and (name := next(left, None)) is not None:
                    under_way.append(asyncio.create_task(self._one(name, slots)))
                if not under_way:
                    return
                yield await under_way[0]
                under_way.popleft()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def close(self) -> None:
        """Close all connections to Google."""
        clouds, self._clouds = self._clouds, {}
        for found in await asyncio.gather(*clouds.values(), return_exceptions=True):
            if not isinstance(found, BaseException):
                await found.close()

    async def _one(self, name: str, slots: asyncio.Semaphore) -> Looked:
        async with slots:
            if self._outage is not None:
                return Looked(name, None, self._outage)
            opened: Opened | None = None
            try:
                opened = self._open(name)
                cloud = await self._signed_in(opened)
                store = opened.services.store
                last = await offload(lambda: store.last_verify(name))
                kept = self.earlier(name) if self.earlier is not None else await offload(lambda: store.looks(name))
                seen = await status(opened.spec, opened.services.ports(cloud, name), last)
                seen = await with_drift(seen, cloud, kept)
            except ProblemError as error:
                problem = opened.services.named(error.problem, name) if opened is not None else error.problem
                return Looked(name, None, problem, opened=opened)
            self._lost = self._lost + 1 if seen.outage is not None else 0
            if self._lost >= self._at_once:
                self._outage = seen.outage
            uses: KeyUses | None = None
            keys = value_of(seen.observed.keys)
            if self.asks_for_uses and keys and seen.outage is None:
                uses = await last_uses(opened.spec, cloud, keys, seen.at)
            return Looked(name, seen, opened=opened, uses=uses)

    async def _signed_in(self, opened: Opened) -> Cloud:
        """Return Google as the connection's operator sees it. After a failed sign-in, the next look tries again."""
        task = self._clouds.get(opened.operator)
        if task is None:
            task = self._clouds[opened.operator] = asyncio.create_task(_cloud(opened))
        try:
            return await asyncio.shield(task)
        except ProblemError:
            self._clouds.pop(opened.operator, None)
            raise


async def _cloud(opened: Opened) -> Cloud:
    return await opened.services.sign_in()
