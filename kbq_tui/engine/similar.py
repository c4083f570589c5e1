"""For a project that was not found: similar ones that the operator can see."""

from kbq_tui.diagnosis.root_cause import PROJECT_NOT_FOUND, nearest, with_nearest
from kbq_tui.engine.ports import Cloud
from kbq_tui.model.problem import Problem, ProblemError

_PREFIX = 4
"""The number of the ID's first characters to search for on the server: a typing error is seldom at the beginning."""
_PAGE = 500
"""The most projects that are compared. For operators who see more, searching for the first characters narrows them
down."""


async def named_similar(cloud: Cloud, project: str, causes: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return causes, with the most similar projects named where the project was not found.

    Args:
        cloud: Google as the operator sees it.
        project: the ID that was asked for.
        causes: as `root_cause` found them.
    """
    if not any(cause.code == PROJECT_NOT_FOUND for cause in causes):
        return causes
    names = nearest(project, await _visible(cloud, project))
    return tuple(with_nearest(c, names) if c.code == PROJECT_NOT_FOUND else c for c in causes)


async def _visible(cloud: Cloud, project: str) -> list[str]:
    found: list[str] = []
    for words in (project[:_PREFIX], ""):
        try:
            found += [info.id for info in (await cloud.search_projects(words, limit=_PAGE)).projects]
        except ProblemError:
            return found  # a hint is not worth a failure
    return found
