"""The last verification as this machine keeps it, read back for the screens."""

from collections.abc import Iterable, Mapping
from typing import Final

from kbq_tui.diagnosis.catalogue import entry_of
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.checks import Check, CheckResult, Verdict
from kbq_tui.model.problem import Problem, RemedyStep, Who

_LONGEST: Final = 1e6
"""Seconds; no check takes longer."""


def kept_results(body: Mapping[str, object], checks: Iterable[Check]) -> dict[str, CheckResult]:
    """Return the kept verdicts by the check's id; those that cannot be understood are left out.

    Texts are shown as they were kept, in English. The commands of a remedy are part of its text.

    Args:
        body: the last verification, in the schema of `verify --json`. It may be damaged.
        checks: the checks whose verdicts are wanted.
    """
    listed = body.get("checks")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    by_id = {entry.get("id"): entry for entry in entries if isinstance(entry.get("id"), str)}
    found = {check.id: _result(check, by_id[check.id]) for check in checks if check.id in by_id}
    return {id_: result for id_, result in found.items() if result is not None}


def _result(check: Check, entry: Mapping[str, object]) -> CheckResult | None:
    try:
        verdict = Verdict(str(entry.get("verdict")))
    except ValueError:
        return None
    seconds = entry.get("seconds")
    return CheckResult(
        check,
        verdict,
        verbatim(_text(entry.get("evidence"))),
        _text(entry.get("command")),
        _problem(entry.get("problem")),
        float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < _LONGEST else 0.0,
    )


def _problem(body: object) -> Problem | None:
    if not isinstance(body, dict):
        return None
    entry = entry_of(str(body.get("code")))  # None if it was not recognised then, or is of another version
    remedy, details = body.get("remedy"), body.get("details")
    steps = [text for text in remedy if isinstance(text, str)] if isinstance(remedy, list) else []
    return Problem(
        entry.code if entry is not None else None,
        verbatim(_text(body.get("title"))),
        verbatim(_text(body.get("cause"))),
        tuple(RemedyStep(verbatim(text), who=Who.EITHER) for text in steps),
        verbatim(_text(body.get("who"))),
        details={name: _text(value) for name, value in details.items()} if isinstance(details, dict) else {},
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
