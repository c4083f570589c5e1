"""The status of a connection: it is read once, and each part is judged."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kbq_tui.diagnosis.conditions import holds
from kbq_tui.diagnosis.root_cause import explains
from kbq_tui.engine.drift import Drift
from kbq_tui.engine.health import Health, Line, consequences_unknown, outage_of
from kbq_tui.engine.key_status import held_key_warnings, idle, key_age, rotation
from kbq_tui.engine.observe import observe, part_of
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import Message, joined, message, message_n, verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import Observed, Part, Present, Unknown, value_of
from kbq_tui.model.operations import Action, ActionKind
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.text import time_in
from kbq_tui.model.verified_values import is_about
from kbq_tui.planning.dataset_rules import PARTITIONS_EXPIRE, PUBLIC, TABLES_EXPIRE, too_short
from kbq_tui.planning.diff import diff
from kbq_tui.planning.sync_activity import klaviyos, overdue, span, times, usual_interval

__all__ = ["RECENT_JOBS", "Health", "Line", "Status", "status"]

RECENT_JOBS = 50
"""The number of the account's newest jobs that are read; our own checks are among them."""
_LAST_VERIFY = "last-verify"
"""The line about what this machine remembers, for which nothing has to be read from Google."""
_JOBS = "jobs"
_BARS = 24
"""The hours whose jobs are drawn as bars."""


@dataclass(frozen=True, slots=True)
class Status:
    """The status of one connection.

    Attributes:
        spec: the connection.
        at: when the look began.
        lines: credential, project, APIs, datasets, account, key, grants, a rotation, last verification, jobs.
        plan: what would have to be done to repair it.
        observed: the present state.
        as_of: when the shown values were read; None if none could be.
        causes: the failures for which this look is incomplete.
        stale: whether the values are older than this look, which got no answer.
        since: when looks began to get no answer; None if not known.
        verified: when the last verification of these values was; None for never.
        last_job: when the newest of Klaviyo's jobs was created; None if there is none, or it could not be read.
        job_error: why the last of Klaviyo's jobs that ended has failed; empty if it has not. Text from outside.
        job_interval: the usual time between two of Klaviyo's syncs; None if too few were seen.
        drift: what differs from an earlier look of the dashboard and is not explained by our own changes.
    """

    spec: ConnectionSpec
    at: datetime
    lines: tuple[Line, ...]
    plan: Plan
    observed: Observed
    as_of: datetime | None = None
    causes: tuple[Problem, ...] = ()
    stale: bool = False
    since: datetime | None = None
    verified: datetime | None = None
    last_job: datetime | None = None
    job_error: str = ""
    job_interval: timedelta | None = None
    drift: tuple[Drift, ...] = ()

    @property
    def outage(self) -> Problem | None:
        """Why no call of this look to Google succeeded; None if one did."""
        return outage_of(self.causes)

    @property
    def only_verification_failed(self) -> bool:
        """Whether nothing is broken but the last verification, which has to be repeated."""
        return [line.id for line in self.lines if line.health is Health.BROKEN] == [_LAST_VERIFY]

    @property
    def healthy(self) -> bool:
        """Whether no part is broken or unknown; warnings do not count."""
        return all(line.health in (Health.OK, Health.WARNING) for line in self.lines)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The ids of the lines that this look could not read."""
        return tuple(line.id for line in self.lines if self._unread(line))

    def _unread(self, line: Line) -> bool:
        if line.health is Health.UNKNOWN:
            return True
        if line.id == _JOBS:  # jobs that may not be listed are no fault of the connection
            return self.stale or line.problem is not None
        return self.stale and line.id != _LAST_VERIFY and line.problem not in self.causes

    def to_json(self) -> dict[str, object]:
        """Return the status as `status --json` prints it (`kbq-tui/status/v1`)."""
        return {
            "schema": "kbq-tui/status/v1",
            "connection": self.spec.name,
            "project_id": self.spec.project,
            "at": self.at.isoformat(),
            "as_of": self.as_of.isoformat() if self.as_of is not None else None,
            "stale": self.stale,
            "healthy": self.healthy,
            "complete": not self.left_out,
            "left_out": list(self.left_out),
            "lines": [
                {
                    "id": line.id,
                    "title": str(line.title),
                    "health": line.health.value,
                    "text": str(line.text),
                    "problem": line.problem.to_json() if line.problem else None,
                    "counts": list(line.counts),
                }
                for line in self.lines
            ],
            "drift": [each.to_json() for each in self.drift],
        }


async def status(spec: ConnectionSpec, ports: Ports, last_verify: Mapping[str, object] | None = None) -> Status:
    """Read the status of a connection in one round of parallel calls.

    Args:
        spec: the connection.
        ports: the outside world; nothing is changed.
        last_verify: the saved result of the last verification (`verify` schema, with `at`), or None.
    """
    observed, jobs = await asyncio.gather(
        observe(spec, ports, beside_others=False),
        part_of(ports.cloud.recent_jobs(spec.project, spec.account_email, RECENT_JOBS)),
    )
    plan = diff(spec, observed)
    if any(w.code == Code.OVER_GRANT for w in plan.warnings):
        # Another connection may need it. There can be hundreds, so they are read only in this case.
        observed = replace(observed, neighbours=await offload(ports.neighbours))
        plan = diff(spec, observed)
    plan = ports.named_plan(plan)
    lines = [
        _credential(observed),
        *_by_step(plan, observed),
        *_settings(spec, plan, observed),
        key_age(spec, observed, await idle(spec, ports, observed, jobs)),
        *rotation(spec, observed),
        _last_verify(last_verify, spec, str(ports.ours("verify"))),
        _jobs(_explained(jobs, observed), observed.at),
    ]
    # An answer proves the sign-in. The last verification is in the past and does not depend on what can be read now.
    kept = (_LAST_VERIFY,) if isinstance(observed.identity, Unknown) else (_LAST_VERIFY, "credential")
    told = tuple(
        replace(line, problem=ports.named(line.problem)) if line.problem is not None else line
        for line in consequences_unknown(lines, plan.causes, kept)
    )
    still = last_verify is not None and is_about(last_verify, spec)
    verified = time_in(last_verify.get("at")) if last_verify is not None and still else None
    seen_jobs = klaviyos(value_of(jobs) or ())
    last_job = seen_jobs[0].created if seen_jobs else None
    job_error = next((job.error for job in seen_jobs if job.state == "DONE" and not job.parent), "")
    seen = Status(spec, observed.at, told, plan, observed, observed.at, causes=plan.causes)
    interval = usual_interval(times(seen_jobs))
    look = replace(seen, verified=verified, last_job=last_job, job_error=job_error, job_interval=interval)
    # Without Google, only the last verification is known.
    return look if outage_of(plan.causes) is None else replace(look, as_of=verified, stale=True)


def _explained(jobs: Part[tuple[JobInfo, ...]], observed: Observed) -> Part[tuple[JobInfo, ...]]:
    """Return the jobs as they were read, or the root cause why they could not be."""
    if not isinstance(jobs, Unknown):
        return jobs
    return Unknown(next((cause for cause in observed.causes if explains(cause, jobs.problem)), jobs.problem))


def _credential(observed: Observed) -> Line:
    title = message("Signed in")
    match observed.identity:
        case Present(value=who):
            text = message("{principal} ({source})", principal=who.principal or message("somebody"), source=who.source)
            return Line("credential", title, Health.OK, text)
        case Unknown(problem=problem):
            return Line("credential", title, Health.BROKEN, problem.title, problem)
        case _:
            return Line("credential", title, Health.UNKNOWN, message("not known"))


_TITLES = {
    ActionKind.SERVICE: message("APIs"),
    ActionKind.DATASET: message("Datasets"),
    ActionKind.ACCOUNT: message("Service account"),
    ActionKind.KEY: message("Key"),
    ActionKind.GRANT: message("Grants"),
}


_BOUND = {False: Health.BROKEN, None: Health.UNKNOWN, True: Health.WARNING}
"""A role under a condition, by whether the condition holds (None: it cannot be said from here); the worst first."""


def _by_step(plan: Plan, observed: Observed) -> list[Line]:
    """Judge each group of actions: in place, missing, or not visible."""
    lines: list[Line] = []
    for kind, title in _TITLES.items():
        blocked = [b for b in plan.blocked if b.action.key.kind is kind]
        missing = [a for a in plan.changes if a.key.kind is kind]
        there = [a for a in plan.actions if a.key.kind is kind and a not in missing]
        unseen = kind is ActionKind.SERVICE and any(isinstance(p, Unknown) for p in observed.services.values())
        if blocked:
            broken = any(not _is_unknown(observed, b.problem) for b in blocked)
            health = Health.BROKEN if broken else Health.UNKNOWN
            text = joined(": ", blocked[0].action.summary, blocked[0].problem.title)
            lines.append(Line(kind, title, health, text, blocked[0].problem))
        elif missing and (bound := _bound(plan, kind, missing)):
            worst = min(bound, key=lambda p: list(_BOUND).index(holds(p.detail("condition"), observed.at)))
            health = _BOUND[holds(worst.detail("condition"), observed.at)]
            lines.append(Line(kind, title, health, worst.cause, worst))
        elif missing:
            text = message("missing: {what}", what=joined("; ", *(a.summary for a in missing)))
            lines.append(Line(kind, title, Health.BROKEN, text))
        elif unseen or not there:
            lines.append(Line(kind, title, Health.UNKNOWN, message("could not be read")))
        elif kind is ActionKind.KEY and (exposed := held_key_warnings(observed)):
            lines.append(Line(kind, title, Health.WARNING, exposed[0].cause, exposed[0]))
        else:
            whole = _one_in_place(there[0]) if len(there) == 1 else message("all {n} in place", n=len(there))
            lines.append(Line(kind, title, Health.OK, whole))
    over = [w for w in plan.warnings if w.code == Code.OVER_GRANT]
    if over:
        text = message("{n} beyond what is needed: {cause}", n=len(over), cause=over[0].cause)
        lines.append(Line("over-grant", message("Over-grants"), Health.WARNING, text, over[0]))
    unheld = [w for w in plan.warnings if w.code == Code.KEY_UNHELD]
    if unheld:
        text = message_n("{n} key that is not kept here", "{n} keys that are not kept here", len(unheld))
        lines.append(Line("key-unheld", message("Other keys"), Health.WARNING, text, unheld[0]))
    return lines


def _one_in_place(action: Action) -> Message:
    """Return what is in place; for the account its address, because the line's title says the rest."""
    return verbatim(action.resource.name) if action.key.kind is ActionKind.ACCOUNT else action.summary


def _settings(spec: ConnectionSpec, plan: Plan, observed: Observed) -> list[Line]:
    """Yield a line for settings of the datasets themselves that are wrong."""
    lines: list[Line] = []
    if expire := [w for w in plan.warnings if w.code in (TABLES_EXPIRE, PARTITIONS_EXPIRE)]:
        infos = ((wish, observed.datasets.get(wish.name)) for wish in spec.datasets())
        names = [wish.name for wish, part in infos if isinstance(part, Present) and too_short(wish, part.value)]
        short = [w for w in expire if w.detail("dataset") in names]
        worst = (short or expire)[0]
        health = Health.BROKEN if short else Health.WARNING
        lines.append(Line("tables-expire", message("Life of tables"), health, worst.cause, worst))
    if public := [w for w in plan.warnings if w.code == PUBLIC]:
        lines.append(Line("public", message("Open to everybody"), Health.WARNING, public[0].cause, public[0]))
    return lines


def _bound(plan: Plan, kind: ActionKind, missing: Sequence[Action]) -> list[Problem]:
    """Return the problems of roles that are granted under a condition, if nothing else is missing."""
    bound = [w for w in plan.warnings if w.code == Code.CONDITIONAL_GRANT]
    return bound if kind is ActionKind.GRANT and len(bound) == len(missing) else []


def _is_unknown(observed: Observed, problem: Problem) -> bool:
    if problem.code == Code.ACCESS_UNREAD:
        return True
    parts: list[Part[object]] = [*observed.datasets.values(), observed.account, observed.bindings, observed.key]
    return any(isinstance(p, Unknown) and p.problem is problem for p in [*parts, observed.keys])


def _last_verify(last: Mapping[str, object] | None, spec: ConnectionSpec, command: str) -> Line:
    title = message("Last verification")
    if last is None:
        return Line(_LAST_VERIFY, title, Health.WARNING, message("never: run {command}", command=command))
    if not is_about(last, spec):
        text = message("none since its values were changed: run {command}", command=command)
        return Line(_LAST_VERIFY, title, Health.WARNING, text)
    at = _when(str(last["at"])) if "at" in last else message("at an unknown time")
    if last.get("ok") is True:
        return Line(_LAST_VERIFY, title, Health.OK, message("ok, {at}", at=at))
    return Line(_LAST_VERIFY, title, Health.BROKEN, message("not ok, {at}", at=at))


def _when(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError):  # not a time, or one that UTC does not have
        return at


def _jobs(jobs: Part[tuple[JobInfo, ...]], now: datetime) -> Line:
    title = message("Recent jobs")
    match jobs:
        case Present(value=all_jobs):
            found = klaviyos(all_jobs)
            if not found:
                return Line(_JOBS, title, Health.OK, message("none by Klaviyo yet"))
            return _klaviyos_jobs(title, found, len(all_jobs) >= RECENT_JOBS, now)
        case Unknown(problem=problem):
            return Line(_JOBS, title, Health.WARNING, message("cannot be seen: {why}", why=problem.title), problem)
        case _:
            return Line(_JOBS, title, Health.OK, message("none by Klaviyo yet"))


def _klaviyos_jobs(title: Message, found: Sequence[JobInfo], more: bool, now: datetime) -> Line:
    """Return the line about the jobs of the last 24 hours, whether the last ones failed, and whether none is overdue.

    Args:
        title: the line's title.
        found: Klaviyo's jobs, newest first.
        more: whether there may be older ones that are also of the last 24 hours.
        now: when they were read, aware UTC.
    """
    day = now - timedelta(hours=_BARS)
    recent = [job for job in found if job.created > day]
    hours = [int((now - job.created).total_seconds() // 3600) for job in recent]
    counts = tuple(hours.count(hour) for hour in reversed(range(_BARS))) if recent else ()
    at = f"{found[0].created:%Y-%m-%d %H:%M} UTC"
    if more and len(recent) == len(found):
        text = message("{n} or more in 24 hours, newest {at}", n=len(recent), at=at)
    else:
        text = message("{n} in 24 hours, newest {at}", n=len(recent), at=at)
    health = Health.OK
    if (quiet := overdue(found[0].created, usual_interval(times(found)), now)) is not None:
        late = message("{seen}; none for {time}, more than twice as long as usual", seen=text, time=span(quiet))
        health, text = Health.WARNING, late
    if bad := [job for job in recent if job.error]:
        health, text = Health.WARNING, message("{seen}; {n} failed: {why}", seen=text, n=len(bad), why=bad[0].error)
    elif not recent and found[0].error:
        health, text = Health.WARNING, message("{seen}; the newest failed: {why}", seen=text, why=found[0].error)
    return Line(_JOBS, title, health, text, counts=counts)
