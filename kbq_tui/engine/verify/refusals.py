"""Which refusals fail a check; any other makes it unknown."""

from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind, Problem

_ABOUT_SOMETHING_ELSE = frozenset(
    {Code.JOB_USER_MISSING, Code.API_DISABLED, Code.VPC_SC, Code.SCOPES, Code.QUOTA_PROJECT}
)
"""Refusals that belong to another check or to preflight, or that say nothing about Klaviyo's access."""


def never(problem: Problem) -> bool:
    """For checks that only an answer can fail: every refusal makes them unknown."""
    return False


def refused(problem: Problem) -> bool:
    """Whether access to data itself was refused."""
    return problem.kind in (Kind.NOT_PERMITTED, Kind.NOT_FOUND) and problem.code not in _ABOUT_SOMETHING_ELSE


def reading_refused(problem: Problem) -> bool:
    """Whether reading a table was refused because of the account's permissions, and not because of the table itself."""
    return problem.code in (Code.TABLE_READ_DENIED, Code.TABLE_NOT_FOUND, Code.DATASET_NOT_FOUND)


def key_refused(problem: Problem) -> bool:
    """Whether Google refused the key itself; a wrong clock on this machine does not count."""
    return problem.kind is Kind.CREDENTIALS and problem.code != Code.CLOCK_SKEW


def jobs_refused(problem: Problem) -> bool:
    """Whether running queries was refused."""
    return problem.code == Code.JOB_USER_MISSING


def billing_refused(problem: Problem) -> bool:
    """Whether a statement was refused because billing is off."""
    return problem.code == Code.BILLING_OFF


def of_dataset(problem: Problem, dataset: str) -> bool:
    """Whether a refusal is about this dataset, and not about one that a view of it reads."""
    return problem.details.get("dataset", dataset) == dataset
