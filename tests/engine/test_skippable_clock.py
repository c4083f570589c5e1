"""The operator ends a wait, or tries again now, however slow the machine is."""

import asyncio
from dataclasses import replace

from kbq_tui.engine.skippable_clock import SkippableClock, true_seconds
from kbq_tui.engine.waiting import Patience, Wait, Waits
from kbq_tui.i18n.messages import EMPTY, message
from kbq_tui.model.changes import ACCOUNT
from kbq_tui.model.events import Event
from kbq_tui.model.problem import Problem, Retry
from tests.stories.scene import account_made
from tests.support.codes import made_up
from tests.support.memory_machine import VirtualClock
from tests.support.polling import until

NOT_YET = replace(Problem(made_up("KBQ-X"), message("not there yet"), EMPTY), retry=Retry.NOT_YET)
LONG = Patience(limit=420.0, first=300.0, most=300.0)


class Waiting:
    """A wait in which every second is a sleep that does not end by itself."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        held = VirtualClock()
        held.hold()
        self.clock = SkippableClock(held)
        self.wait: Wait = Waits(self.clock, LONG, self.events.append, (account_made(),)).begin("a")

    def again(self) -> "asyncio.Task[bool]":
        return asyncio.create_task(self.wait.again(NOT_YET, ACCOUNT))

    async def asleep(self, events: int) -> None:
        """Wait until there were so many events, and the sleep after the last has begun."""
        await until(lambda: len(self.events) == events)


async def test_try_now_ends_the_whole_pause_and_not_its_first_second() -> None:
    waiting = Waiting()
    first = waiting.again()
    await waiting.asleep(1)
    waiting.clock.nudge()
    assert await first
    second = waiting.again()
    await waiting.asleep(2)
    assert not second.done(), "the next pause is a pause again"
    waiting.clock.nudge()
    assert await second


async def test_what_is_given_up_is_not_waited_for_again() -> None:
    waiting = Waiting()
    task = waiting.again()
    await waiting.asleep(1)
    waiting.clock.give_up()
    assert await task, "it is tried once more"
    assert not await waiting.again()
    assert true_seconds(waiting.wait.elapsed) == 0.0


async def test_given_up_while_a_try_is_under_way_nothing_is_waited_for_after_it() -> None:
    waiting = Waiting()
    waiting.clock.give_up()
    assert not await waiting.again()
    assert waiting.events == []
