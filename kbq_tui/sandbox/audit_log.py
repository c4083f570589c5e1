"""Which key made which call, and which simulated callers there are: the data behind the three sources of a key's last
use.

BigQuery writes Data Access entries by default, unlike other services
(https://cloud.google.com/bigquery/docs/introduction-audit-workloads); the metric and Policy Analyzer count every
authentication with a key (https://cloud.google.com/iam/docs/service-account-monitoring).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from kbq_tui.sandbox.resources import Account, Key
from kbq_tui.sandbox.world import World

MOST = 20_000
"""The number of uses that are kept, so that a test of thousands of calls does not fill the memory."""
MOST_AT_ONCE = 200
"""The most calls of a simulated caller that are made up after the clock has moved ahead."""
HERE = "127.0.0.1"
"""The address of callers over a socket: the sandbox listens on loopback only."""


@dataclass(frozen=True)
class SignedCall:
    """A call that was authenticated with a service account's key.

    Args:
        method: as the sandbox names it, e.g. ``bigquery.jobs.query``.
        email, key_id, unique_id, owner: the account, its key, its numeric id and its project's id.
        project: id of the project that the call was made in.
        address: the IP address it came from.
        agent: its User-Agent.
        status: the HTTP status.
        at: epoch seconds.
        error: the text of the error; empty if it is not kept.
        resource: the name of the resource; empty if it is not kept.
    """

    method: str
    email: str
    key_id: str
    unique_id: str
    owner: str
    project: str
    address: str
    agent: str
    status: int
    at: float
    error: str = ""
    resource: str = ""


@dataclass
class Caller:
    """A simulated caller that uses a key of an account in regular intervals, as Klaviyo does.

    Args:
        account: the account whose key it uses.
        address: the IP address that its calls come from.
        agent: its User-Agent.
        every: seconds between two calls.
        changes_after: seconds after which it changes to a newer key of the account; None for never.
    """

    account: Account
    address: str
    agent: str
    every: float
    changes_after: float | None
    next_at: float
    key_id: str = ""

    def due(self, world: World) -> Iterator[tuple[Key, float]]:
        """Yield the calls that are due by the world's clock: the key and the time (epoch seconds) of each."""
        now = world.clock()
        self.next_at = max(self.next_at, now - MOST_AT_ONCE * self.every)
        while self.next_at <= now:
            key = self._key(self.next_at)
            usable = key and not key.disabled and key.expires > now and world.ready("key", key.id)
            if key is not None and usable and not self.account.disabled:
                yield key, self.next_at
            self.next_at += self.every

    def _key(self, at: float) -> Key | None:
        keys = sorted(self.account.keys.values(), key=lambda key: key.created)
        if not self.key_id and keys:
            self.key_id = keys[0].id
        if self.changes_after is not None and keys and keys[-1].created + self.changes_after <= at:
            self.key_id = keys[-1].id
        return self.account.keys.get(self.key_id)


@dataclass
class SignedCalls:
    """Every use of a key, oldest first.

    Args:
        world: for its clock.
        callers: the simulated callers.
    """

    world: World
    callers: list[Caller] = field(default_factory=list)
    _found: deque[SignedCall] = field(default_factory=lambda: deque(maxlen=MOST))

    def note(self, use: SignedCall) -> None:
        """Keep a use of a key."""
        self._found.append(use)

    def all(self) -> list[SignedCall]:
        """Give all uses, with those of the simulated callers up to now. The world's lock is held."""
        for caller in self.callers:
            account = caller.account
            for key, at in caller.due(self.world):
                self.note(
                    SignedCall(
                        "bigquery.jobs.query",
                        account.email,
                        key.id,
                        account.unique_id,
                        account.project_id,
                        account.project_id,
                        caller.address,
                        caller.agent,
                        200,
                        at,
                    )
                )
        return sorted(self._found, key=lambda use: use.at)
