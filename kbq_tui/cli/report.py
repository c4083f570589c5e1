"""A verification as a report."""

from collections.abc import Sequence

from kbq_tui.engine.observe import inspect_key, part_of
from kbq_tui.engine.ports import Ports
from kbq_tui.export.report import About, report
from kbq_tui.model.checks import CheckResult
from kbq_tui.model.observed import value_of
from kbq_tui.model.spec import ConnectionSpec


async def about_of(spec: ConnectionSpec, ports: Ports) -> About:
    """Return what a report has besides the verdicts, as far as it is known."""
    who = value_of(await part_of(ports.cloud.identity()))
    key = value_of(await inspect_key(spec, ports))
    found = value_of(await part_of(ports.cloud.dataset(spec.project, spec.klaviyo_dataset)))
    return About(
        spec,
        ports.clock.now(),
        location=found.location if found is not None else spec.location or "",
        operator=who.principal if who is not None else "",
        key_id=key.key_id if key is not None else "",
    )


def report_text(results: Sequence[CheckResult], about: About, path: str) -> str:
    """Return the report in the format of a file's name: `.md`, `.html` or `.json`."""
    return report(results, about, path.rpartition(".")[2])
