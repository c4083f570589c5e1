"""Signals from outside, and the exit status for each."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from kbq_tui.local.signals import install
from tests.support.polling import PATIENCE


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131)]
)
async def test_a_signal_calls_back_with_its_exit_status(number: signal.Signals, status: int) -> None:
    heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    before = signal.getsignal(number)
    uninstall = install(asyncio.get_running_loop(), heard.set_result)
    try:
        os.kill(os.getpid(), number)
        assert await asyncio.wait_for(heard, 5) == status
    finally:
        uninstall()
    assert signal.getsignal(number) == before


def test_the_second_signal_ends_a_program_that_does_not_heed_the_first() -> None:
    script = """
        import asyncio
        from kbq_tui.local.signals import install
        async def main():
            install(asyncio.get_running_loop(), lambda status: print(status, flush=True))
            print("ready", flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """
    run = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    run.send_signal(signal.SIGTERM)
    assert run.stdout.readline() == "143\n"
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=PATIENCE)
    assert run.returncode == -signal.SIGTERM


def test_an_inherited_ignore_does_not_keep_a_hangup_away() -> None:
    script = """
        import asyncio
        from kbq_tui.local.signals import install
        async def main():
            done = asyncio.get_running_loop().create_future()
            install(asyncio.get_running_loop(), done.set_result)
            print("ready", flush=True)
            raise SystemExit(await done)
        asyncio.run(main())
    """
    run = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    run.send_signal(signal.SIGHUP)
    run.communicate(timeout=PATIENCE)
    assert run.returncode == 129
