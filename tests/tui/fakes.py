"""The stories' small cloud and machine in memory, and what only tests need of it."""

import asyncio

from kbq_tui.model.steps import Step
from tests.stories.memory_cloud import CANARY, NOW, PROJECT, SPEC
from tests.stories.scene import Scene, account_made, blank, complete, fresh, no_permission, resumed, slow

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


def fresh_left_at_project() -> Scene:
    return resumed(Step.PROJECT)


def complete_left_at_project() -> Scene:
    return resumed(Step.PROJECT, complete())


def complete_left_at_verify() -> Scene:
    return resumed(Step.VERIFY, complete())


def complete_left_at_connect() -> Scene:
    return resumed(Step.CONNECT, complete())


def hung_left_at_project() -> Scene:
    """A read that never answers."""
    scene = resumed(Step.PROJECT)
    scene.world.gates["project"] = asyncio.Event()
    return scene
