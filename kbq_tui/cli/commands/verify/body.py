"""`kbq-tui verify`: run all checks with the service account's own key."""

import json
from collections.abc import Mapping

from kbq_tui.cli.commands.verify import VerifyOptions
from kbq_tui.cli.render import EventLines, show_checks
from kbq_tui.cli.report import about_of, report_text
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner, check, remember_checks
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.verify.checks import expected
from kbq_tui.export.report import About, to_json
from kbq_tui.i18n.messages import message, translate
from kbq_tui.model.checks import Check, CheckResult, Verdict, handed_over, healthy
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.text import inert


def verify_command(options: VerifyOptions, runner: PlainRunner) -> int:
    """Run every check with the key. Exit status 6 if one fails or stays unknown."""
    report = options.report
    if report is not None:
        runner.check_report(report)  # checked before the work that it reports on
    spec, as_json = runner.spec(), options.output.as_json
    known: dict[str, CheckResult] = {}
    lines = EventLines(runner.console)

    def seen(result: CheckResult) -> None:
        known[result.id] = result
        lines.ended(result.id)

    async def work(ports: Ports) -> tuple[tuple[CheckResult, ...], About]:
        results = await check(spec, ports, runner.services, emit=lines, told=seen)
        return results, await about_of(spec, ports)

    try:
        results, about = runner.with_ports(spec.name, work)
    except SystemExit as stopped_by:
        if stopped_by.code == _CTRL_C and known:
            _tell_what_is_known(runner, spec, known, lines, as_json=as_json)
        raise
    if as_json:
        runner.console.json(json.loads(to_json(results, about)))
    else:
        show_checks(results, runner.console, as_result=True)
    if report is not None:
        runner.write(report, report_text(results, about, report))
        runner.console.say(translate("Report written to {path}", path=inert(report)))
    if not as_json:
        following = runner.services.command(_next(results), spec.name)
        runner.console.say(translate("Next: {command}", command=inert(str(following))))
    remember_checks(runner, spec, results)  # last, so that a failure to write it does not hide the verdicts
    return 0 if healthy(results) else NOT_HEALTHY


def _next(results: tuple[CheckResult, ...]) -> str:
    """Return the command that repairs what fails, shows the values if everything is ok, or tries again. Without the
    key, which was handed over, nothing can be tried from here: `status` tells what Klaviyo does with it."""
    if any(r.verdict is Verdict.FAIL and r.problem is not None and r.problem.code in _APPLY_MAKES for r in results):
        return "apply"
    if handed_over(results):
        return "status"
    return "values" if healthy(results) else "verify"


_CTRL_C = 130
_APPLY_MAKES = frozenset(
    {
        Code.ACCOUNT_NOT_VISIBLE,
        Code.DATASET_NOT_FOUND,
        Code.DATASET_NOT_VISIBLE,
        Code.GRANT_MISSING,
        Code.JOB_USER_MISSING,
        Code.KEY_FILE_MISSING,
    }
)
"""Failing checks that `apply` repairs."""


def _tell_what_is_known(
    runner: PlainRunner, spec: ConnectionSpec, known: Mapping[str, CheckResult], lines: EventLines, *, as_json: bool
) -> None:
    """Print the checks of a verification that was stopped; they are not saved."""

    def of(check: Check) -> CheckResult:
        waits = lines.waits_for(check.id)
        text = (
            message("stopped while it waited: {why}", why=waits)
            if waits
            else message("stopped before there was an answer")
        )
        return known.get(check.id) or CheckResult(check, Verdict.UNKNOWN, text)

    results = tuple(of(check) for check in expected(spec))
    if runner.console.live is not None:
        runner.console.live.clear()
    if as_json:
        runner.console.json(json.loads(to_json(results, About(spec, runner.services.clock.now(), spec.location or ""))))
    else:
        show_checks(results, runner.console, as_result=True)
    runner.console.say(translate("Stopped. The last verification is kept as it was."))
