"""Finds the one reason for a verification that failed in many places."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from kbq_tui.diagnosis import root_cause
from kbq_tui.diagnosis.root_cause import PROJECT_NOT_FOUND, explains
from kbq_tui.engine.health import stopped
from kbq_tui.engine.ports import Cloud
from kbq_tui.engine.similar import named_similar
from kbq_tui.engine.verify import checks
from kbq_tui.i18n.messages import message
from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.observed import ProjectInfo
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.requirements import PREFLIGHT_PERMISSIONS

_OPEN = (Verdict.FAIL, Verdict.UNKNOWN)


async def look_for_cause(spec: ConnectionSpec, cloud: Cloud) -> tuple[Problem, ...]:
    """Return why nothing can be known of the project; nothing if Google shows it, or a permission on it.

    Called if the key does not sign in: if the project is mistyped there is no key, and the key is not the reason.

    Args:
        spec: the connection.
        cloud: Google as the operator sees it.
    """
    answers = await asyncio.gather(
        cloud.project(spec.project), cloud.test_permissions(spec.project, PREFLIGHT_PERMISSIONS), return_exceptions=True
    )
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, ProblemError):
            raise answer
    project, held = answers
    whole = root_cause.of_project(
        project.problem if isinstance(project, ProblemError) else project if isinstance(project, ProjectInfo) else None,
        held if isinstance(held, frozenset) else None,
        context_of(spec),
    )
    problems = [answer.problem for answer in answers if isinstance(answer, ProblemError)]
    if whole is None and len(problems) < len(answers):
        return ()
    found = (whole,) if whole is not None else root_cause.unseen(problems, context_of(spec))
    return await named_similar(cloud, spec.project, found) if stopped(found) else ()


async def causes_of(
    spec: ConnectionSpec, cloud: Cloud, results: Sequence[CheckResult], before: tuple[Problem, ...]
) -> tuple[Problem, ...]:
    """Return the root causes of the checks that did not pass.

    Args:
        spec: the connection.
        cloud: Google as the operator sees it.
        results: every check.
        before: the result of `look_for_cause`.
    """
    if before:
        return before
    problems = [r.problem for r in results if r.problem is not None and r.verdict in _OPEN]
    passed = {r.id for r in results if r.verdict is Verdict.PASS}
    found = root_cause.causes(problems, answered=True, project_seen=bool(passed - {checks.key_auth.id, checks.keys.id}))
    if found and found[0].code == PROJECT_NOT_FOUND:
        return await named_similar(cloud, spec.project, found)
    return found


def explained(results: Sequence[CheckResult], causes: tuple[Problem, ...]) -> tuple[CheckResult, ...]:
    """Return the results; those that a cause explains are unknown, with the cause as their only problem."""
    stop = stopped(causes)

    def of(result: CheckResult) -> CheckResult:
        problem = result.problem
        if problem is None:
            skipped = stop and result.verdict is Verdict.SKIPPED
            return replace(result, evidence=message("not tried: {why}", why=causes[0].title)) if skipped else result
        cause = next((c for c in causes if explains(c, problem)), None) if result.verdict in _OPEN else None
        if cause is None or cause is problem:
            return result
        text = result.evidence if cause.code == problem.code else cause.title
        return replace(result, verdict=Verdict.UNKNOWN, evidence=text, problem=cause)

    return tuple(of(result) for result in results) if causes else tuple(results)
