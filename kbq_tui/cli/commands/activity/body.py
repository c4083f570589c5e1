"""`kbq-tui activity`: what Klaviyo has done, according to the account's jobs in BigQuery."""

from kbq_tui.cli.commands.activity import ActivityOptions
from kbq_tui.cli.console import Console
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner
from kbq_tui.engine.activity_lines import activity_lines, heading
from kbq_tui.engine.job_reading import JobSource
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.sync_activity import SyncActivity, sync_activity
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.text import inert
from kbq_tui.planning.sync_activity import BROKEN


def activity_command(options: ActivityOptions, runner: PlainRunner) -> int:
    """Show Klaviyo's activity. Exit status 6 if its syncs fail or are late."""
    spec = runner.spec()

    async def work(ports: Ports) -> SyncActivity:
        return await sync_activity(spec, ports, options.since)

    found = runner.with_ports(spec.name, work)
    if options.output.as_json:
        runner.console.json(found.to_json())
    else:
        _show(found, runner.console)
    if found.reading.source is JobSource.UNKNOWN:
        return found.left_out[0].exit_code
    return 0 if found.healthy else NOT_HEALTHY


def _show(found: SyncActivity, console: Console) -> None:
    console.result(render(heading(found)))
    lines = [
        (render(line.title), inert(render(line.text), 600)) for line in activity_lines(found, ascii_=console.ascii)
    ]
    width = max((len(title) for title, _ in lines), default=0)
    for title, text in lines:
        console.result(f"  {title:<{width}}  {text}")
    for finding in found.findings:
        mark = console.mark("broken" if finding.kind in BROKEN else "warning", result=True)
        console.result(f"{mark} {inert(render(finding.text), 300)}")
        if finding.problem is not None:
            console.problem(finding.problem, result=True, heading=translate("this is"))
    if found.reading.source is not JobSource.UNKNOWN:
        console.say(translate("Short queries may leave no job in BigQuery, and are not counted then."))
    if found.reading.cut:
        console.say(translate("There are more jobs than were read: figures are of the time given above."))
    for problem in found.left_out:
        console.problem(problem, heading=translate("note"))
