"""A journal in memory, and the ports over one project, one machine and one journal in memory."""

from collections.abc import Callable
from datetime import datetime

from kbq_tui.diagnosis.journal_changes import from_journal
from kbq_tui.engine.ports import Ports
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.events import Event
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_machine import MemoryKeys, VirtualClock
from tests.support.memory_world import NOW


class FakeJournal:
    def __init__(self, now: Callable[[], datetime] = lambda: NOW) -> None:
        self.now = now
        self.lines: list[str] = []
        self.history: list[dict[str, object]] = []

    def intend(self, action: str, resource: str) -> None:
        self.lines.append(f"intend {action}")
        self.history.append({"event": "intended", "action": action, "resource": resource, "at": self.now().isoformat()})

    def settle(self, event: Event) -> None:
        self.lines.append(f"{event.kind.value} {event.action}")
        self.history.append(event.to_json())

    def changes(self) -> tuple[OwnChange, ...]:
        return from_journal(self.history)


def ports(cloud: MemoryCloud | None = None, keys: MemoryKeys | None = None) -> Ports:
    """Return ports over a cloud in memory; the account sees the same world."""
    cloud = cloud or MemoryCloud()
    clock = VirtualClock()
    account = MemoryCloud(cloud.world, as_account=True)
    return Ports(cloud, lambda _key: account, keys or MemoryKeys(), FakeJournal(clock.now), clock)
