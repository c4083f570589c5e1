"""Makes calls to Google: off the event loop, with a deadline, and with retries where they can help.

Google's libraries block. Each call runs on a daemon thread and reports to an asyncio future, because the interpreter
joins every other kind of thread when it exits: an operator who quits while a call hangs would have to wait for it.
"""

import asyncio
import contextlib
import itertools
import queue
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

from kbq_tui.engine.daemon_threads import start_daemon
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Context, Problem, ProblemError, Retry

T = TypeVar("T")

DEFAULT_TIMEOUT: Final = 30.0
MAX_THREADS: Final = 32
_ATTEMPTS: Final = 5
_REDOS: Final = 40
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 8.0
_LONGEST_REDO_PAUSE: Final = 2.0


class Attempt:
    """One attempt at a call, as the function that makes it sees it.

    Attributes:
        timeout: seconds left for it.
        unsure: whether an earlier attempt may have taken effect although its answer never came: then "already exists"
            and "not found" may be that attempt's effect.
        unsent: whether the request was certainly not sent yet. The function may set it during preparation, and must
            unset it before it sends: if the deadline passes before, the outcome is certain.
        asked: whether a request was sent at all. An exception before that is not an answer of Google's.
    """

    __slots__ = ("asked", "timeout", "unsent", "unsure")

    def __init__(self, timeout: float, *, unsure: bool = False) -> None:
        self.timeout = timeout
        self.unsure = unsure
        self.unsent = True
        self.asked = False


@dataclass(frozen=True, slots=True)
class CallFailure:
    """The judgement of an exception.

    Attributes:
        problem: the failure, explained.
        acted: False only if the request certainly had no effect.
        retry_after: seconds that the server asked us to wait.
    """

    problem: Problem
    acted: bool
    retry_after: float = 0.0


_here = threading.local()
"""The attempt that runs on the present thread."""


def asking() -> None:
    """Note that the attempt on this thread, if any, is about to send a request."""
    attempt: Attempt | None = getattr(_here, "attempt", None)
    if attempt is not None:
        attempt.asked = True


NOT_ASKED: Final = "raised before anything was sent"
"""The note on an exception that is the fault of this machine or this program, not an answer."""


class Judge(Protocol):
    """Turns a library's exception into a judgement."""

    def __call__(self, error: BaseException, method: str, context: Context) -> CallFailure: ...


class CallFailedError(ProblemError):
    """A call that failed and is not retried any more.

    Attributes:
        unsure: whether it may have taken effect nevertheless.
    """

    def __init__(self, problem: Problem, unsure: bool) -> None:
        super().__init__(problem)
        self.unsure = unsure


class _Starter:
    """Starts daemon threads from a daemon thread.

    `Thread.start` waits until the new thread has started running. Starting sixteen calls at once would block the event
    loop for as long as each of them, one after the other, holds the interpreter.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[str, Callable[[], None]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, name: str, work: Callable[[], None]) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="google starter", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # no more threads available: run it here, on the event loop
                    work()
                    return
                self._thread = thread
        self._jobs.put((name, work))

    def _run(self) -> None:
        while True:
            name, work = self._jobs.get()
            start_daemon(work, name)


_starter = _Starter()


class CallRunner:
    """Makes calls.

    Args:
        judge: turns exceptions into problems.
        timeout: seconds for a call with all its retries, unless the call has its own deadline.
        threads: the most calls that run at once; more wait, within their own deadline.
        attempts: the most attempts of a call.
        sleep, monotonic, uniform: time and randomness, for tests.
    """

    def __init__(
        self,
        judge: Judge,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        threads: int = MAX_THREADS,
        attempts: int = _ATTEMPTS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._judge = judge
        self.timeout = timeout
        self._attempts = attempts
        self._slots = asyncio.Semaphore(threads)
        self._sleep = sleep
        self._monotonic = monotonic
        self._uniform = uniform

    async def run(
        self,
        fn: Callable[[Attempt], T],
        *,
        method: str,
        context: Context,
        idempotent: bool = True,
        deadline: float | None = None,
    ) -> T:
        """Run a blocking function and return what it returns.

        Args:
            fn: makes the call; gets the seconds it has left.
            method: the call's name for messages, such as `bigquery.datasets.get`.
            context: what the call is about, to fill in remedies.
            idempotent: False retries the call only if it certainly had no effect.
            deadline: seconds for everything, including pauses; None for the runner's timeout.

        Raises:
            CallFailedError: the call failed, was not worth repeating, or ran out of time.
        """
        budget = self.timeout if deadline is None else deadline
        ends = self._monotonic() + budget
        unsure = False
        for attempt in itertools.count(1):
            this = Attempt(max(ends - self._monotonic(), 0.001), unsure=unsure)
            try:
                return await self._on_thread(fn, this, method)
            except Exception as error:  # noqa: BLE001  the boundary: whatever a library raises becomes a problem
                verdict = self._judge(error, method, context)
            acted = verdict.acted and not this.unsent
            unsure = unsure or acted
            again = verdict.problem.retry is Retry.BACKOFF and (idempotent or not acted)
            pause = max(self._pause(attempt, _LONGEST_PAUSE), verdict.retry_after)
            if not again or attempt >= self._attempts or self._monotonic() + pause >= ends:
                raise CallFailedError(verdict.problem, unsure) from None
            await self._sleep(pause)
        raise AssertionError("unreachable")

    async def retry_on_conflict(self, change: Callable[[], Awaitable[T]]) -> T:
        """Run a whole read-change-write, again from the start if others write in between; a limited number of times.

        Source: https://cloud.google.com/iam/docs/policies#etag (retry the whole operation with backoff).
        """
        for attempt in itertools.count(1):
            try:
                return await change()
            except ProblemError as error:
                if error.problem.retry is not Retry.REDO or attempt >= _REDOS:
                    raise
            await self._sleep(self._pause(attempt, _LONGEST_REDO_PAUSE))
        raise AssertionError("unreachable")

    async def pause(self, seconds: float) -> None:
        """Wait between two polls of something that takes time."""
        await self._sleep(seconds)

    def _pause(self, attempt: int, longest: float) -> float:
        whole: float = min(longest, _FIRST_PAUSE * 2 ** (attempt - 1))
        return self._uniform(whole / 2, whole)

    async def _on_thread(self, fn: Callable[[Attempt], T], attempt: Attempt, method: str) -> T:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(attempt.timeout):
            await self._slots.acquire()
            try:
                answer: asyncio.Future[tuple[T | None, BaseException | None]] = loop.create_future()

                def settle(value: T | None, error: BaseException | None) -> None:
                    # The slot belongs to the thread, not to the caller: a call that hangs keeps it until it ends.
                    self._slots.release()
                    if not answer.done():
                        answer.set_result((value, error))

                def work() -> None:
                    attempt.unsent = False
                    value: T | None = None
                    error: BaseException | None = None
                    _here.attempt = attempt
                    try:
                        value = fn(attempt)
                    except BaseException as caught:  # noqa: BLE001  passed to the waiting side
                        error = caught
                        if isinstance(caught, Exception) and not attempt.asked:
                            caught.add_note(NOT_ASKED)
                    with contextlib.suppress(RuntimeError):  # the loop is closed: the program is ending
                        loop.call_soon_threadsafe(settle, value, error)

                _starter.start(f"google {method}", work)
            except BaseException:
                self._slots.release()
                raise
            value, error = await answer
        if error is not None:
            raise error
        return value  # type: ignore[return-value]


CHANGING: Final = ("grpc", "google.cloud.iam_admin_v1", "google.cloud.bigquery")
"""The modules that creating accounts, keys and datasets needs, in the order in which they are needed. Reading needs
none."""

_warming = threading.Event()
_importing = threading.RLock()


def import_whole(name: str) -> None:
    """Import one of Google's larger libraries; another thread that imports one is waited for.

    Their modules import one another in circles. Two threads that enter such a circle at different places each get a
    module that is only half there: Python breaks the deadlock between its locks in this way, and the import fails.

    Args:
        name: the module.

    Raises:
        ImportError: it is not installed.
    """
    import importlib

    with _importing:
        importlib.import_module(name)


def preload(
    names: Sequence[str] = CHANGING, *, started: Callable[[str], None] | None = None
) -> threading.Thread | None:
    """Import Google's larger libraries on a daemon thread, once, so that the first changes need not wait for them.

    Args:
        names: the libraries' names.
        started: called with the name of each library before it is imported; for tests.

    Returns:
        The thread, to know when it is done; None if one was started before.
    """
    if _warming.is_set():
        return None
    _warming.set()

    def work() -> None:
        for name in names:
            if started is not None:
                started(name)
            import_whole(name)

    thread = threading.Thread(target=work, name="google warm-up", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no more threads available: the first change imports them
        return None
    return thread
