"""In a separate process: how long the event loop was blocked while signing in, and while reading."""

import asyncio
import sys
import time

from kbq_tui.cli.bootstrap import build
from kbq_tui.cli.command_options import CliOptions
from kbq_tui.engine.observe import observe
from kbq_tui.engine.threads import stay_responsive
from kbq_tui.model.spec import ConnectionSpec


class Ticker:
    """Runs every millisecond and records the longest time in which it could not."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def run(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.worst = max(self.worst, now - last - 0.001)
            last = now

    def take(self) -> float:
        """Return the longest time in milliseconds, and begin again."""
        worst, self.worst = self.worst, 0.0
        return worst * 1000


async def main(project: str) -> None:
    stay_responsive()
    services = build(CliOptions()).services
    ticker = Ticker()
    task = asyncio.create_task(ticker.run())
    await asyncio.sleep(0.01)
    cloud = await services.sign_in()
    sign_in = ticker.take()
    await observe(ConnectionSpec(project), services.ports(cloud, "bench"))
    await asyncio.sleep(0.01)
    print(sign_in, ticker.take())
    task.cancel()


asyncio.run(main(sys.argv[1]))
