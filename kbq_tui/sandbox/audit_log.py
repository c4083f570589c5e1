"""Which key made which call, and who calls beside the operator: what the three sources of a key's last use are made of.

BigQuery writes Data Access entries without being told to, unlike other services
(https://cloud.google.com/bigquery/docs/introduction-audit-workloads); the metric and Policy Analyzer count whatever
a key authenticates (https://cloud.google.com/iam/docs/service-account-monitoring).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from kbq_tui.sandbox.resources import Account, Key
from kbq_tui.sandbox.world import World

MOST = 20_000
"""Uses that are kept; a test of thousands of calls must not fill the memory."""
MOST_AT_ONCE = 200
"""Calls of a simulated caller that are made up for after the clock has leapt."""
HERE = "127.0.0.1"
"""The address of whoever calls the sandbox over a socket: it listens on loopback alone."""


@dataclass(frozen=True)
class SignedCall:
    """A call that was authenticated with a service account's key.

    Args:
        method: as the sandbox names it, e.g. ``bigquery.jobs.query``.
        email, key_id, unique_id, owner: the account, its key, its numeric id and its project's id.
        project: where the call was made.
        address: where it came from.
        agent: the user agent it gave.
        status: the HTTP status.
        at: epoch seconds.
        error: why it failed, in words; empty where that is not kept.
        resource: its resource name; likewise.
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
    """Somebody who holds a key of an account and calls BigQuery with it again and again, as Klaviyo does.

    Args:
        account: whose key it is.
        address: where the calls come from.
        agent: the user agent they give.
        every: seconds between two calls.
        changes_after: seconds after which a newer key of the account is taken instead; None for never.
    """

    account: Account
    address: str
    agent: str
    every: float
    changes_after: float | None
    next_at: float
    key_id: str = ""

    def due(self, world: World) -> Iterator[tuple[Key, float]]:
        """The calls that are due by the world's clock: the key of each, and when it is made."""
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
        callers: those who call beside whoever is connected.
    """

    world: World
    callers: list[Caller] = field(default_factory=list)
    _found: deque[SignedCall] = field(default_factory=lambda: deque(maxlen=MOST))

    def note(self, use: SignedCall) -> None:
        """Keep a use."""
        self._found.append(use)

    def all(self) -> list[SignedCall]:
        """All of them, with what the simulated callers have done up to now; the world's lock is held."""
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
