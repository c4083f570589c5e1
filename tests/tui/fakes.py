"""The stories' cloud and machine in memory, and what only tests need of them."""

import asyncio
from datetime import timedelta

from kbq_tui.engine.services import ConnectionDraft, SavedConnection
from kbq_tui.model.steps import Step
from tests.stories.scene import Scene, account_made, blank, complete, fresh, no_permission, resumed, slow
from tests.support.memory_world import CANARY, NOW, PROJECT, SPEC

__all__ = [
    "CANARY",
    "NOW",
    "PROJECT",
    "SPEC",
    "Scene",
    "account_made",
    "blank",
    "complete",
    "fresh",
    "no_permission",
    "resumed",
    "slow",
]

HOSTILE = "[red]boo[/red] \x1b[2J\x1b]52;c;AAAA\x07 \u202egnirts\u202c \x9b31m \ud800 " + "x" * 10_000


def crowd(n: int = 200) -> Scene:
    """So many connections, each verified some hours ago; every tenth project has no grants."""
    scene = complete()
    for i in range(n):
        draft = ConnectionDraft(f"client-{i:04}", PROJECT if i % 10 else f"acme-{i:04}")
        scene.store.saved[draft.name] = SavedConnection(draft, Step.CONNECT, finished=True)
        scene.store.verified[draft.name] = {"at": (NOW - timedelta(hours=1 + i)).isoformat(), "ok": True}
    return scene


def crowd_of_2000() -> Scene:
    return crowd(2_000)


def tables_of_3000() -> Scene:
    """A finished connection with so many tables; every tenth has no identifier."""
    scene = complete()
    draft = scene.draft
    scene.store.saved[draft.name] = SavedConnection(draft, Step.CONNECT, finished=True)
    scene.world.tables.update({f"{SPEC.import_dataset}.table_{i:04}": () for i in range(3_000)})
    return scene


def fresh_left_at_project() -> Scene:
    return resumed(Step.PROJECT)


def complete_left_at_project() -> Scene:
    return resumed(Step.PROJECT, complete())


def complete_left_at_verify() -> Scene:
    return resumed(Step.VERIFY, complete())


def complete_left_at_connect() -> Scene:
    return resumed(Step.CONNECT, complete())


def hung_left_at_project() -> Scene:
    """A set-up with a read that never answers."""
    scene = resumed(Step.PROJECT)
    scene.world.gates["project"] = asyncio.Event()
    return scene
