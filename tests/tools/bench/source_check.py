"""In a separate process: check so many tables of a Google in memory, and print the peak memory in MiB.

python -m tests.tools.bench.source_check TABLES
"""

import asyncio
import resource
import sys

import google.auth.transport.requests  # noqa: F401  loaded in the program, too

import kbq_tui.cli.click_app  # noqa: F401  likewise
from kbq_tui.engine.source.runner import Wanted, check_source
from tests.tui.fakes import SPEC, complete


async def main(tables: int) -> None:
    """Check the tables.

    Args:
        tables: how many.
    """
    scene = complete()
    scene.world.tables.update({f"{SPEC.import_dataset}.table_{i:04}": () for i in range(tables)})
    services = scene.services()
    cloud = await services.sign_in()
    checked = await check_source(SPEC, services.ports(cloud, SPEC.name), Wanted(most=None))
    if len(checked.report.tables) < tables:
        raise SystemExit(f"{len(checked.report.tables)} tables of {tables} were checked")
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
