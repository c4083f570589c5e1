"""The event loop's debug mode."""

import asyncio

import pytest

from kbq_tui.local.loop import Loop


def test_asyncio_s_debug_mode_stays_off_however_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It logs slow calls with their arguments. PYTHONDEVMODE enables it as well, before our first line runs."""
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")

    async def debug() -> bool:
        return asyncio.get_running_loop().get_debug()

    loop = Loop()
    try:
        assert loop.run(debug()) is False
    finally:
        loop.close()
