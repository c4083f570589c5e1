"""Alerts: the changes of a connection since the last alert. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from kbq_tui.engine.drift import Drift, drifted, merged, seen_values, values_from_json, values_to_json
from kbq_tui.engine.key_status import ENDS_DAYS, key_in_use
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.looks import Looked
from kbq_tui.engine.status import Status
from kbq_tui.engine.status_row import State, StatusRow
from kbq_tui.i18n.messages import Message, joined, message, message_n
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.key_use import IDLE, MAX_AGE_DAYS, KeyUses
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import Present
from kbq_tui.model.problem import Problem


class AlertKind(StrEnum):
    """Kinds of alerts."""

    UNHEALTHY = "unhealthy"
    RECOVERED = "recovered"
    DRIFT = "drift"
    KEY_OLDER_THAN = "key_older_than"
    KEY_ENDS = "key_ends"
    KEY_IDLE = "key_idle"
    SILENCE = "silence"
    SYNC_FAILING = "sync_failing"
    LEFTOVERS = "leftovers"


@dataclass(frozen=True, slots=True)
class Alert:
    """One change that is reported once.

    Attributes:
        kind: the kind.
        text: the change in words.
        problem: the reason, as far as it is known.
        drift: what differs.
    """

    kind: AlertKind
    text: Message
    problem: Problem | None = None
    drift: tuple[Drift, ...] = ()

    def to_json(self, row: StatusRow, at: datetime) -> dict[str, object]:
        """Return the alert in the form that is passed to a command (`kbq-tui/change/v1`)."""
        return {
            "schema": "kbq-tui/change/v1",
            "event": self.kind.value,
            "connection": row.name,
            "project_id": row.project,
            "at": at.isoformat(),
            "state": row.state.value,
            "text": str(self.text),
            "problem": self.problem.to_json() if self.problem is not None else None,
            "drift": [each.to_json() for each in self.drift],
            "next": row.command or None,
        }


Told = Mapping[str, str | list[Any]]
"""What was reported for a connection: by condition, what it is about. A condition that has ended is not in it."""

_VALUES: Final = "values"
_NAMED: Final = 5
"""The most differences that are named in the text; JSON has all of them."""
SILENCE: Final = timedelta(days=2)
"""The longest time without a job of Klaviyo's if too few are known to compute the interval: syncs are hourly or daily.

Source: Klaviyo's help on syncs from a data warehouse.
"""


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One change of what counts as reported.

    Attributes:
        alert: the alert to send; None if the change is only remembered.
        key: the condition.
        value: what it is about from now on; None if it has ended.
    """

    alert: Alert | None
    key: str
    value: str | list[Any] | None

    def after(self, told: Told) -> Told:
        """Return what counts as reported after this step."""
        rest = {key: value for key, value in told.items() if key != self.key}
        return rest if self.value is None else {**rest, self.key: self.value}


def steps(told: Told, row: StatusRow, looked: Looked) -> list[ToldStep]:
    """Return what is to be reported and remembered after a look.

    A look without an answer, or an incomplete one, ends no condition: it shows nothing about the connection.

    Args:
        told: what was reported before; empty for the first look.
        row, looked: the look.
    """
    seen = looked.status
    if seen is None or seen.stale:
        return []
    out: list[ToldStep] = []
    if row.state is State.FAILING and AlertKind.UNHEALTHY not in told:
        out.append(ToldStep(Alert(AlertKind.UNHEALTHY, row.reason, row.problem), AlertKind.UNHEALTHY, "yes"))
    elif row.state in (State.OK, State.WARNING) and AlertKind.UNHEALTHY in told:
        alert = Alert(AlertKind.RECOVERED, message("Nothing fails any more."))
        out.append(ToldStep(alert, AlertKind.UNHEALTHY, None))
    for kind, about, text, problem in _conditions(seen, looked.uses):
        if about and told.get(kind) != about:
            out.append(ToldStep(Alert(kind, text, problem), kind, about))
        elif not about and kind in told:
            out.append(ToldStep(None, kind, None))
    return [*out, *_drift_step(told, seen)]


def _conditions(seen: Status, uses: KeyUses | None) -> Iterable[tuple[AlertKind, str | None, Message, Problem | None]]:
    """Yield each condition with what it is about; empty if it has ended. Conditions that could not be read are left
    out."""
    if seen.last_job is not None:
        quiet = seen.observed.at - seen.last_job
        text = message("Klaviyo has run no job since {at} UTC.", at=f"{seen.last_job:%Y-%m-%d %H:%M}")
        limit = 2 * seen.job_interval if seen.job_interval is not None else SILENCE
        yield AlertKind.SILENCE, seen.last_job.isoformat() if quiet > limit else "", text, None
        text = message("The last of Klaviyo's jobs that ended has failed: {why}", why=seen.job_error)
        yield AlertKind.SYNC_FAILING, "yes" if seen.job_error else "", text, None
    keys = seen.observed.keys
    if not isinstance(keys, Present):
        return
    key = key_in_use(seen.observed)
    days = (seen.observed.at - key.created).days if key is not None else 0
    old = key.id if key is not None and days > MAX_AGE_DAYS else ""
    text = message("The key is {n} days old; the limit is {limit}.", n=days, limit=MAX_AGE_DAYS)
    yield AlertKind.KEY_OLDER_THAN, old, text, None
    if key is not None and key.expires is not None:
        left = (key.expires - seen.observed.at).days
        text = message("The key expires on {date}.", date=f"{key.expires:%Y-%m-%d}")
        yield AlertKind.KEY_ENDS, key.id if left < ENDS_DAYS else "", text, None
    if key is not None and uses is not None and uses.since is not None:
        used = uses.of(key.id)
        idle = seen.observed.at - (used.at if used is not None else max(key.created, uses.since))
        text = message("The key was not used for {n} days.", n=idle.days)
        yield AlertKind.KEY_IDLE, key.id if idle >= IDLE else "", text, None
    unheld = [warning for warning in seen.plan.warnings if warning.code == Code.KEY_UNHELD]
    about = " ".join(sorted(str(warning.detail("key_id")) for warning in unheld))
    text = message_n("{n} key is not kept here.", "{n} keys are not kept here.", len(unheld))
    yield AlertKind.LEFTOVERS, about, text, unheld[0] if unheld else None


def earlier(told: Told) -> LookHistory:
    """Return the values that were read when a connection's last change was reported."""
    kept = told.get(_VALUES)
    return LookHistory(values=values_from_json(kept) if isinstance(kept, list) else None)


def _drift_step(told: Told, seen: Status) -> list[ToldStep]:
    """Return what differs from the look before, as far as both are complete and our own changes do not explain it.
    The status, which was compared with the same values, says who did it."""
    before = earlier(told).values
    now = seen_values(seen.spec, seen.observed)
    values = merged(before or {}, now)
    if values == before:
        return []
    found = drifted(before, now, (), seen.observed.changes, seen.at) if before is not None else ()
    authors = {each.item: each.author for each in seen.drift}
    found = tuple(replace(each, author=authors.get(each.item, each.author)) for each in found)
    alert: Alert | None = None
    if found:
        what = joined("; ", *(joined(" ", each.text, each.author.text) for each in found[:_NAMED]))
        text = message_n("{n} difference: {what}", "{n} differences: {what}", len(found), what=what)
        alert = Alert(AlertKind.DRIFT, text, drift=found)
    return [ToldStep(alert, _VALUES, values_to_json(values))]
