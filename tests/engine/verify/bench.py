"""A finished set-up on the sandbox, for a test to break: real sockets, Google's libraries, a key on disk."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kbq_tui.engine.apply import apply
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.verify.runner import verify
from kbq_tui.gcp.cloud import GoogleCloud
from kbq_tui.model.checks import CheckResult
from kbq_tui.model.spec import ConnectionSpec, Direction
from kbq_tui.sandbox.bigquery import seed
from kbq_tui.sandbox.faults import Rule
from kbq_tui.sandbox.resources import Dataset, Project
from kbq_tui.sandbox.world import World
from tests.faults.field import CLOSED, ProjectPool, Spot
from tests.support.memory_machine import VirtualClock

EXPORT = "KLAVIYO_EXPORT"


class RealTime(VirtualClock):
    """The present time, so that ages are right; sleeping takes no time."""

    def __init__(self, ahead: float = 0.0) -> None:
        super().__init__()
        self._ahead = timedelta(seconds=ahead)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


@dataclass
class Bench:
    """One set-up.

    Attributes:
        spot: its project.
        spec: the connection.
        patch: undone at the end of the test.
    """

    spot: Spot
    spec: ConnectionSpec
    patch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)

    @property
    def project(self) -> str:
        return self.spot.project

    @property
    def world(self) -> World:
        return self.spot.field.sandbox.world

    @property
    def there(self) -> Project:
        return self.spot.world

    @property
    def key_file(self) -> Path:
        return next((self.spot.home / "keys").rglob("*.json"))

    @contextmanager
    def ports(self, ahead: float = 0.0) -> Iterator[Ports]:
        with self.spot.ports() as made:
            yield replace(made, clock=RealTime(ahead))

    async def set_up(self) -> None:
        with self.ports() as ports:
            outcome = await apply(self.spec, ports, lambda _: None)
        assert outcome.complete, outcome.problems
        old = (datetime.now(UTC) - timedelta(days=12)).timestamp()
        os.utime(self.key_file, (old, old))  # everything was created long ago, so that no change is recent
        (self.spot.home / "journal.jsonl").unlink()

    async def verify(self, ahead: float = 0.0, **more: Any) -> dict[str, CheckResult]:
        with self.ports(ahead) as ports:
            return {r.id: r for r in await verify(self.spec, ports, **more)}

    def dataset(self, name: str) -> Dataset:
        found = self.world.dataset(self.project, name)
        assert found is not None
        return found

    def open(self, dataset: str, role: str | None) -> None:
        """Give the account another role on a dataset instead of its present ones; None removes all."""
        email = self.spec.account_email
        kept = [e for e in self.dataset(dataset).access if e.get("userByEmail") != email]
        added = [{"role": role, "userByEmail": email}] if role else []
        self.world.set_access(self.dataset(dataset), kept + added)

    def also(self, dataset: str, role: str) -> None:
        """Give the account one more role on a dataset."""
        entry = {"role": role, "userByEmail": self.spec.account_email}
        self.world.set_access(self.dataset(dataset), [*self.dataset(dataset).access, entry])

    def bind(self, role: str, *, member: str = "", there: bool = True) -> None:
        """Add a role of the account to the project's policy, or remove it."""
        member = member or self.spec.member
        bindings = [
            {**b, "members": [m for m in b["members"] if (b["role"], m) != (role, member)]}
            for b in self.there.policy.bindings
        ]
        more = [{"role": role, "members": [member]}] if there else []
        self.world.set_policy(self.there, [b for b in bindings if b["members"]] + more, 3)

    def bind_until(self, expression: str, role: str) -> None:
        """Add a role of the account to the project's policy, under a condition only."""
        self.bind(role, there=False)
        condition = {"title": "for a while", "expression": expression}
        added = {"role": role, "members": [self.spec.member], "condition": condition}
        self.world.set_policy(self.there, [*self.there.policy.bindings, added], 3)

    def sql(self, *statements: str) -> None:
        """Run statements as the owner; `P` is the project."""
        seed(self.spot.field.context, self.project, [s.replace("`P.", f"`{self.project}.") for s in statements])

    def traits(self, dataset: str, table: str, **traits: Any) -> None:
        self.dataset(dataset).tables[table].traits = traits

    def fail(self, *rules: Rule) -> None:
        self.spot.fail(*rules)

    def probes(self) -> list[str]:
        """Tables left by checks, wherever they are."""
        return [t for d in self.there.datasets.values() for t in d.tables if t.startswith("kbq_tui_probe_")]


def down(method: str, **more: Any) -> Rule:
    """A fault that gives no information: every call of a method ends in 503."""
    return Rule(method, "status", **{"status": 503, "every": 1, **more})


async def bench_of(field: ProjectPool, folder: Path, direction: Direction) -> Bench:
    """Set up a connection in a separate project."""
    spot = field.spot(folder)
    export = EXPORT if direction is Direction.BOTH else None
    spec = ConnectionSpec(project=spot.project, location="EU", direction=direction, export_dataset=export)
    bench = Bench(spot, spec)
    await bench.set_up()
    return bench


Spoil = Callable[[Bench], object]


class Cut:
    """Cuts the connection for requests that contain a text, as if Google were unreachable only for these. Used as
    `Spot.refuse`.

    Args:
        words: all of them must occur in the request's body or URL.
    """

    def __init__(self, *words: str) -> None:
        self._words = words
        self.hits = 0

    def watch(self, cloud: GoogleCloud) -> None:
        """Insert itself between a cloud and its connection."""
        session = cloud._session._session
        cloud._session._session = lambda: _Line(self, session())  # type: ignore[method-assign, assignment, return-value]

    def hit(self, url: str, body: object) -> bool:
        text = url + (body.decode() if isinstance(body, bytes) else str(body or ""))
        if not all(word in text for word in self._words):
            return False
        self.hits += 1
        return True


@dataclass
class _Line:
    cut: Cut
    real: Any

    def request(self, verb: str, url: str, data: object = None, **more: Any) -> Any:
        if self.cut.hit(url, data):
            url = urlsplit(url)._replace(netloc=CLOSED).geturl()
        return self.real.request(verb, url, data=data, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)
