"""How a call is made: retried if that helps, limited, off the event loop, never delaying the end of the program."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from kbq_tui.gcp import retry
from kbq_tui.gcp.retry import Attempt, CallFailedError, CallFailure, CallRunner, import_whole
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.problem import Context, Problem, ProblemError, Retry
from tests.support.codes import made_up
from tests.support.polling import PATIENCE, until, wait_until

CONTEXT = Context("my-project")


class Passing(Exception):
    """A fault that passes; the request may have acted."""


class Refused(Exception):
    """A fault that passes; the request certainly has not acted."""


class Final(Exception):
    """A fault that does not pass."""


def judge(error: BaseException, method: str, context: Context) -> CallFailure:
    passing = isinstance(error, Passing | Refused | TimeoutError)
    problem = Problem(
        made_up("KBQ-X"),
        verbatim(type(error).__name__),
        verbatim(method),
        retry=Retry.BACKOFF if passing else Retry.NEVER,
    )
    wait = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return CallFailure(problem, acted=not isinstance(error, Refused | Final), retry_after=wait)


class VirtualTimeRunner:
    """A runner whose time passes only when it sleeps."""

    def __init__(self, timeout: float = 30, **more: int) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.caller = CallRunner(
            judge, timeout, sleep=self.sleep, monotonic=lambda: self.now, uniform=lambda low, high: high, **more
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def run(self, fn: Callable[[Attempt], object], **more: object) -> object:
        return await self.caller.run(fn, method="x.y", context=CONTEXT, **more)  # type: ignore[arg-type]


def failing(times: int, error: Exception) -> tuple[Callable[[Attempt], str], list[Attempt]]:
    tries: list[Attempt] = []

    def fn(attempt: Attempt) -> str:
        tries.append(attempt)
        if len(tries) <= times:
            raise error
        return "done"

    return fn, tries


async def test_a_call_gives_what_the_function_returns_and_runs_on_a_daemon_thread() -> None:
    thread = await VirtualTimeRunner().run(lambda _: threading.current_thread())
    assert isinstance(thread, threading.Thread)
    assert thread.daemon
    assert thread is not threading.main_thread()


async def test_a_passing_fault_is_retried_with_growing_pauses() -> None:
    bench = VirtualTimeRunner()
    fn, tries = failing(3, Passing())
    assert await bench.run(fn) == "done"
    assert len(tries) == 4
    assert bench.slept == [0.25, 0.5, 1.0]


async def test_attempts_are_bounded() -> None:
    bench = VirtualTimeRunner(attempts=3)
    fn, tries = failing(99, Passing())
    with pytest.raises(CallFailedError):
        await bench.run(fn)
    assert len(tries) == 3


async def test_a_final_fault_is_not_retried() -> None:
    fn, tries = failing(1, Final())
    with pytest.raises(ProblemError) as caught:
        await VirtualTimeRunner().run(fn)
    assert len(tries) == 1
    assert str(caught.value.problem.title) == "Final"


async def test_the_server_says_how_long_to_wait() -> None:
    bench = VirtualTimeRunner()
    fn, _ = failing(1, Passing(7))
    await bench.run(fn)
    assert bench.slept == [7]


async def test_a_wait_longer_than_the_time_left_is_not_begun() -> None:
    bench = VirtualTimeRunner(timeout=5)
    fn, tries = failing(1, Passing(60))
    with pytest.raises(ProblemError):
        await bench.run(fn)
    assert bench.slept == []
    assert len(tries) == 1


async def test_what_is_not_idempotent_is_repeated_only_if_it_certainly_did_not_act() -> None:
    fn, tries = failing(1, Refused())
    assert await VirtualTimeRunner().run(fn, idempotent=False) == "done"
    assert len(tries) == 2
    fn, tries = failing(1, Passing())
    with pytest.raises(CallFailedError) as caught:
        await VirtualTimeRunner().run(fn, idempotent=False)
    assert len(tries) == 1
    assert caught.value.unsure


async def test_a_repetition_knows_that_an_earlier_attempt_may_have_acted() -> None:
    fn, tries = failing(1, Passing())
    await VirtualTimeRunner().run(fn)
    assert [attempt.unsure for attempt in tries] == [False, True]
    fn, tries = failing(1, Refused())
    await VirtualTimeRunner().run(fn)
    assert [attempt.unsure for attempt in tries] == [False, False]


async def test_a_hung_call_ends_at_its_deadline_although_its_thread_does_not() -> None:
    release = threading.Event()
    caller = CallRunner(judge, 0.2)
    with pytest.raises(ProblemError) as caught:
        await caller.run(lambda _: release.wait(PATIENCE), method="x.y", context=CONTEXT)
    release.set()
    assert str(caught.value.problem.title) == "TimeoutError"


async def test_no_more_threads_than_allowed_and_hung_ones_count() -> None:
    release, running, most = threading.Event(), [0], [0]
    lock = threading.Lock()

    def fn(_: Attempt) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        release.wait(PATIENCE)
        with lock:
            running[0] -= 1

    caller = CallRunner(judge, PATIENCE, threads=3)
    calls = [asyncio.create_task(caller.run(fn, method="x.y", context=CONTEXT)) for _ in range(9)]
    await until(lambda: running[0] == 3)
    calls[0].cancel()  # the caller is gone, its thread is not
    await asyncio.sleep(0.05)
    assert running[0] == 3
    release.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert most[0] == 3


async def test_threads_end_with_their_calls() -> None:
    bench = VirtualTimeRunner()
    await bench.run(lambda _: None)
    before = threading.active_count()
    await asyncio.gather(*(bench.run(lambda _: None) for _ in range(50)))
    await asyncio.to_thread(wait_until, lambda: threading.active_count() <= before + 1)  # and the one that waits here


async def test_a_change_that_met_another_is_redone_from_the_start_a_bounded_number_of_times() -> None:
    bench = VirtualTimeRunner()
    redo = ProblemError(Problem(made_up("KBQ-X"), verbatim(""), verbatim(""), retry=Retry.REDO))
    rounds = 0

    async def change() -> str:
        nonlocal rounds
        rounds += 1
        if rounds < 5:
            raise redo
        return "written"

    assert await bench.caller.retry_on_conflict(change) == "written"
    assert rounds == 5

    async def never() -> None:
        nonlocal rounds
        rounds += 1
        raise redo

    rounds = 0
    with pytest.raises(ProblemError):
        await bench.caller.retry_on_conflict(never)
    assert 8 <= rounds <= 50
    assert max(bench.slept) <= 2


async def test_any_other_problem_ends_the_redoing() -> None:
    async def change() -> None:
        raise ProblemError(Problem(made_up("KBQ-Y"), verbatim(""), verbatim("")))

    with pytest.raises(ProblemError, match="KBQ-Y"):
        await VirtualTimeRunner().caller.retry_on_conflict(change)


def test_a_library_is_imported_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's libraries import one another in circles; entered at two places at once, one import fails."""
    begun, go, order = threading.Event(), threading.Event(), list[str]()

    def imported(name: str) -> None:
        begun.set()
        assert go.wait(PATIENCE)
        order.append(name)

    monkeypatch.setattr("importlib.import_module", imported)
    first = threading.Thread(target=import_whole, args=("one",))
    first.start()
    assert begun.wait(PATIENCE)
    assert not retry._importing.acquire(blocking=False), "a second thread could begin"
    go.set()
    first.join()
    import_whole("other")
    assert order == ["one", "other"]
