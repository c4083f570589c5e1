"""A clock, and the keys of this machine, in memory."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import EMPTY, Message, verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import LocalKey
from kbq_tui.model.problem import Context, Problem, ProblemError
from kbq_tui.model.secret import Secret
from tests.support.memory_world import NOW, PROJECT, SPEC


class VirtualClock:
    """A clock that moves only by sleeping, and then at once; `hold` makes sleeps last until they are released.

    Attributes:
        seconds: since the start.
        naps: the seconds of each sleep.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.naps: list[float] = []
        self.held: asyncio.Event | None = None

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> bool:
        if self.held is not None:
            await self.held.wait()
        self.naps.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
        return False

    def hold(self) -> None:
        self.held = asyncio.Event()

    def let_go(self) -> None:
        assert self.held is not None
        self.held.set()
        self.held = None


BESIDE = f"/home/olga/.local/share/kbq-tui/keys/{PROJECT}/{SPEC.account_id}.next.json"
"""Where a new key is stored while the old one is replaced."""


class MemoryKeys:
    """Keys on this machine, in memory: one place, and the one beside it.

    Attributes:
        local, secret: the key in its place.
        beside, new: the key that is to replace it.
        reserved: whether the place is reserved for a key that is being created.
        problem: the problem of inspecting the place.
        cannot_write: the problem of writing a key.
        cannot_forget: the text if the keyring keeps its copy.
        forgotten: the accounts whose copy in the keyring was deleted.
        handed: ids of keys that were handed over to Klaviyo.
    """

    def __init__(self) -> None:
        self.local: LocalKey | None = None
        self.secret: Secret | None = None
        self.beside: LocalKey | None = None
        self.new: Secret | None = None
        self.reserved = False
        self.problem: Problem | None = None
        self.cannot_write: Problem | None = None
        self.cannot_forget = EMPTY
        self.forgotten: list[str] = []
        self.handed: tuple[str, ...] = ()

    def handed_over(self, project: str, email: str) -> tuple[str, ...]:
        return self.handed

    def inspect(self, path: str | None, project: str, email: str) -> LocalKey | None:
        if self.problem is not None:
            raise ProblemError(self.problem)
        return self.beside if path == BESIDE else self.local

    def reserve(self, path: str | None, project: str, email: str) -> "MemorySlot":
        assert path == BESIDE or not self.reserved, "reserved twice"
        self.reserved = True
        place = path or f"/home/olga/.local/share/kbq-tui/keys/{project}/{email.partition('@')[0]}.json"
        return MemorySlot(self, place, email, project)

    def load(self, path: str | None, project: str, email: str) -> Secret:
        if path == BESIDE and self.new is not None:
            return self.new
        if self.secret is None:
            raise ProblemError(catalogue.problem(Code.KEY_FILE_MISSING, Context(project=project), path=path or ""))
        return self.secret

    def path_beside(self, path: str | None, project: str, email: str) -> str:
        return BESIDE

    def promote(self, path: str | None, project: str, email: str, new: str) -> None:
        before = () if self.local is None else (self.local.key_id,)
        if self.beside is not None:
            assert self.local is not None
            self.handed = (*self.handed, *before)
            self.local, self.secret = replace(self.beside, path=self.local.path), self.new
        elif before != (new,):
            self.handed, self.local, self.secret = (*self.handed, *before, new), None, None
        self.beside = self.new = None

    def discard_beside(self, path: str | None, project: str, email: str) -> None:
        self.beside = self.new = None

    def shred(self, path: str | None, project: str, email: str) -> Message:
        assert self.local is not None
        self.handed, self.local, self.secret = (*self.handed, self.local.key_id), None, None
        return verbatim("What is left.")

    def forget_copy(self, project: str, email: str) -> Message:
        if not self.cannot_forget:
            self.forgotten.append(email)
        return self.cannot_forget


@dataclass
class MemorySlot:
    """A place that is reserved for a key."""

    keys: MemoryKeys
    path: str
    email: str
    project: str

    def commit(self, key: Secret) -> LocalKey:
        if self.keys.cannot_write is not None:
            raise ProblemError(self.keys.cannot_write)
        key_id = json.loads(key.reveal())["private_key_id"]
        made = LocalKey(self.path, key_id, self.email, self.project, written=NOW)
        if self.path == BESIDE:
            self.keys.new, self.keys.beside = key, made
        else:
            self.keys.secret, self.keys.local = key, made
        return made

    def abandon(self) -> None:
        self.keys.reserved = False
