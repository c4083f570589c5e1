"""The lines of a status about the key: its age, whether it is used, and a rotation that is under way."""

from datetime import datetime, timedelta
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.health import Health, Line
from kbq_tui.engine.key_use import last_uses
from kbq_tui.engine.ports import Ports
from kbq_tui.i18n.messages import Message, message, message_n
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import IDLE, MAX_AGE_DAYS, idle_since
from kbq_tui.model.observed import KeyInfo, Observed, Part, Present, Unknown, handed_key, is_new_key, value_of
from kbq_tui.model.problem import Problem, Retry
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.rotation import GRACE, ends, progress
from kbq_tui.planning.sync_activity import klaviyos

ENDS_DAYS: Final = 14
"""From how many days before a key's expiration on there is a warning."""


async def idle(
    spec: ConnectionSpec, ports: Ports, observed: Observed, jobs: Part[tuple[JobInfo, ...]]
) -> timedelta | None:
    """Return for how long the key was not used, if that is long enough for a warning; None if not known.

    A job of Klaviyo's in the last days shows that the key is in use; only without one the key's use is read.
    """
    key = key_in_use(observed)
    if key is None or key.disabled or observed.at - key.created < IDLE:
        return None
    newest = klaviyos(value_of(jobs) or ())[:1]
    if any(observed.at - job.created < IDLE for job in newest):
        return None
    return idle_since(key, await last_uses(spec, ports.cloud, (key,), observed.at), observed.at)


def key_age(spec: ConnectionSpec, observed: Observed, unused: timedelta | None) -> Line:
    """Return the line about the age of the key in use.

    Args:
        spec: the connection.
        observed: the present state.
        unused: for how long the key was not used, as from `idle`.
    """
    title = message("Key age")
    late = is_new_key(observed) and not _lists_our_key(observed)
    if isinstance(observed.keys, Unknown) and not (late and observed.keys.problem.retry is Retry.NOT_YET):
        return Line("key-age", title, Health.UNKNOWN, observed.keys.problem.title, observed.keys.problem)
    if late:
        return Line("key-age", title, Health.OK, message("created a moment ago; Google does not list it yet"))
    if not isinstance(observed.keys, Present) or _used_id(observed) is None:
        return Line("key-age", title, Health.UNKNOWN, message("no key here"))
    ours = key_in_use(observed)
    if ours is None:
        return Line("key-age", title, Health.BROKEN, message("Google does not know the key that is kept here"))
    days = (observed.at - ours.created).days
    age = message_n("{n} day", "{n} days", days)
    text = message("{age}; the account has {n} of 10 keys", age=age, n=len(observed.keys.value))
    if ours.expires is not None:
        text = message("{text}; expires {date}", text=text, date=f"{ours.expires:%Y-%m-%d}")
    if unused is not None:
        text = message("{text}; not used for {n} days", text=text, n=unused.days)
    problem = _tired(spec, ours, age, observed.at, unused)
    return Line("key-age", title, Health.OK if problem is None else Health.WARNING, text, problem)


def _tired(spec: ConnectionSpec, key: KeyInfo, age: Message, now: datetime, unused: timedelta | None) -> Problem | None:
    """Return the problem of a key that should be replaced or that nobody uses; None if neither is so."""
    known = {"key_id": key.id[:12], "account": spec.account_email}
    if key.expires is not None and (key.expires - now).days < ENDS_DAYS:
        return catalogue.problem(Code.KEY_ENDS, context_of(spec), **known, date=f"{key.expires:%Y-%m-%d}")
    if (now - key.created).days > MAX_AGE_DAYS:
        return catalogue.problem(Code.KEY_OLD, context_of(spec), **known, age=age)
    if unused is not None:
        return catalogue.problem(Code.KEY_IDLE, context_of(spec), **known, days=unused.days)
    return None


def key_in_use(observed: Observed) -> KeyInfo | None:
    """Return Google's list entry for the key that is stored here or was handed over; None if Google does not list
    it."""
    key_id = _used_id(observed)
    return next((key for key in value_of(observed.keys) or () if key.id == key_id), None)


def _used_id(observed: Observed) -> str | None:
    """Return the id of the key that is stored here, else of the one that was handed over."""
    return observed.key.value.key_id if isinstance(observed.key, Present) else handed_key(observed)


def _lists_our_key(observed: Observed) -> bool:
    held, keys = value_of(observed.key), value_of(observed.keys) or ()
    return held is not None and any(k.id == held.key_id for k in keys)


def held_key_warnings(observed: Observed) -> tuple[Problem, ...]:
    """Return how others could reach the key that is stored here; none if none is."""
    local = value_of(observed.key)
    return local.warnings if local is not None else ()


def rotation(spec: ConnectionSpec, observed: Observed) -> list[Line]:
    """Return the line about a rotation of the key that was begun and is not finished; none if there is none.

    It is a warning until it has only to wait for the grace period: before that, two keys work.
    """
    found = observed.rotation
    if found is None:
        return []
    title, state = message("Key rotation"), progress(found)
    begun = f"{found.begun:%Y-%m-%d}"
    text = message("begun {date}: {state}", date=begun, state=state)
    if found.disabled is not None and observed.at < ends(found, GRACE):
        return [Line("rotation", title, Health.OK, text)]
    known = {"key_id": found.old[:12], "account": spec.account_email, "date": begun}
    problem = catalogue.problem(Code.ROTATION_OPEN, context_of(spec), **known, state=state)
    return [Line("rotation", title, Health.WARNING, text, problem)]
