"""Roles that are granted under a condition: until when, and how this is reported."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.problem import Context, Problem, RemedyStep
from kbq_tui.model.refs import Grantable
from kbq_tui.model.text import inert

_END: Final = pattern(r"request\.time\s*<=?\s*timestamp\(\s*(['\"])([^'\"]{1,40})\1\s*\)")
_TIME: Final = pattern(r"request\.time\s*(<=?|>=?)\s*timestamp\(\s*(['\"])([^'\"]{1,40})\2\s*\)")
_LONGEST: Final = 300


def holds_until(condition: str) -> datetime | None:
    """Return when a condition ends for good, aware UTC, or None if the condition does not say.

    Args:
        condition: an IAM condition's expression, such as `request.time < timestamp("2040-01-01T00:00:00Z")`.

    Source: https://cloud.google.com/iam/docs/conditions-attribute-reference#date-time
    """
    if "||" in condition or "!" in condition or "?" in condition:
        return None  # it may become true again, or be true for another reason
    ends: list[datetime] = []
    for match in _END.finditer(condition):
        if (end := _time(match[2])) is None:
            return None
        ends.append(end)
    return min(ends, default=None)


def holds(condition: str, now: datetime) -> bool | None:
    """Return whether a condition holds now; None if it asks for more than the time.

    Args:
        condition: an IAM condition's expression.
        now: the present time, aware.
    """
    end = holds_until(condition)
    if end is not None and end <= now:
        return False
    parts = [_TIME.fullmatch(part.strip()) for part in condition.split("&&")]
    verdicts: list[bool] = []
    for match in parts:
        at = _time(match[3]) if match is not None else None
        if match is None or at is None:
            return None
        verdicts.append(now <= at if match[1].startswith("<") else now >= at)
    return all(verdicts)


def _time(text: str) -> datetime | None:
    """Return the time in a condition, aware UTC; None if it is none."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def only_under(condition: str, role: str, on: Grantable, context: Context, now: datetime) -> Problem:
    """Return the problem of a role that is always needed and is granted only under a condition.

    Args:
        condition: the condition's expression. Hostile text.
        role: the role.
        on: what it is granted on.
        context: what is known of the connection.
        now: the present time, aware.
    """
    problem = catalogue.problem(Code.CONDITIONAL_GRANT, context, role=role, resource=on, condition=condition)
    known = {"role": role, "resource": on.words, "account": context.account, "condition": inert(condition, _LONGEST)}
    end = holds_until(condition)
    if end is None:
        return replace(
            problem,
            cause=message(
                "{role} on {resource} is granted to {account}, but holds only while this condition does: {condition}",
                **known,
            ),
        )
    date = f"{end:%Y-%m-%d %H:%M} UTC"
    if end <= now:
        return replace(
            problem,
            cause=message(
                "{role} on {resource} is granted to {account}, but held until {date} only and does not hold any more: "
                "{condition}",
                date=date,
                **known,
            ),
            steps=(
                RemedyStep(message("Grant the role without a condition; the one with it may stay, or be taken away:")),
                *(step for step in problem.steps if step.commands),
            ),
            details={**problem.details, "until": end.isoformat()},
        )
    return replace(
        problem,
        cause=message(
            "{role} on {resource} is granted to {account}, but holds until {date} only: {condition}", date=date, **known
        ),
        details={**problem.details, "until": end.isoformat()},
    )
