"""Who made the differences that a look found, if the operator may read the Admin Activity audit log."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from kbq_tui.engine.drift import Drift, DriftKind, seen_values
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.ports import Cloud
from kbq_tui.engine.status import Status
from kbq_tui.model.admin_change import ADMIN_LOG_PERMISSION, AdminChange, Author, AuthorSource
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef
from kbq_tui.model.spec import ConnectionSpec

_LATE: Final = timedelta(hours=1)
"""The time after which a missing log entry is no longer expected: entries come seconds to minutes late."""
_SKEW: Final = timedelta(minutes=5)
"""How much the clock of this machine may differ."""
_DEFAULT_SPAN: Final = timedelta(days=30)
"""How far back the log is read if it is not known when the value was last read."""

Resource = ProjectRef | DatasetRef | AccountRef


async def with_drift(seen: Status, cloud: Cloud, kept: LookHistory) -> Status:
    """Return a status with what differs from an earlier look, and who changed it. Never raises `ProblemError`.

    Args:
        seen: the status; nothing is concluded from one without an answer.
        cloud: Google as the operator sees it.
        kept: the earlier looks.
    """
    if kept.values is None or seen.outage is not None:
        return seen
    observed = seen.observed
    history = kept.with_values(seen_values(seen.spec, observed), observed.changes, seen.at)
    return replace(seen, drift=await with_authors(seen.spec, cloud, history.drift, seen.at))


async def with_authors(spec: ConnectionSpec, cloud: Cloud, drift: Sequence[Drift], now: datetime) -> tuple[Drift, ...]:
    """Return differences with the author of each, if not known yet; only then Google is called. Never raises
    `ProblemError`.

    Args:
        spec: the connection.
        cloud: Google as the operator sees it.
        drift: the differences.
        now: aware UTC.
    """
    open_ = [each for each in drift if _asked_for(each, now)]
    if not open_:
        return tuple(drift)
    try:
        held = await cloud.test_permissions(spec.project, (ADMIN_LOG_PERMISSION,))
    except ProblemError:
        return _all(drift, open_, Author(AuthorSource.UNREAD))
    if not held:
        return _all(drift, open_, Author(AuthorSource.NOT_PERMITTED))
    since: dict[Resource, datetime] = {}
    for each in open_:
        resource = _resource(spec, each)
        since[resource] = min(since.get(resource, now), (each.after or now - _DEFAULT_SPAN) - _SKEW)
    read = await asyncio.gather(*(_changes(cloud, resource, at) for resource, at in since.items()))
    changes = dict(zip(since, read, strict=True))
    found = {each.item: _author(spec, each, changes) for each in open_}
    return tuple(replace(each, author=found.get(each.item, each.author)) for each in drift)


def _all(drift: Iterable[Drift], open_: Sequence[Drift], author: Author) -> tuple[Drift, ...]:
    return tuple(replace(each, author=author) if each in open_ else each for each in drift)


def _asked_for(drift: Drift, now: datetime) -> bool:
    """Return whether the log may still show who made a difference."""
    match drift.author.source:
        case AuthorSource.LOG:
            return False
        case AuthorSource.NO_ENTRY:
            return now - drift.at < _LATE
        case _:
            return True


async def _changes(cloud: Cloud, resource: Resource, since: datetime) -> tuple[AdminChange, ...] | None:
    try:
        return await cloud.admin_changes(resource, since=since)
    except ProblemError:
        return None


def _resource(spec: ConnectionSpec, drift: Drift) -> Resource:
    """Return the resource that was changed."""
    if drift.item.dataset:
        return DatasetRef(spec.project, drift.item.dataset)
    if drift.item.kind is DriftKind.KEY:
        return AccountRef(spec.project, spec.account_email)
    return ProjectRef(spec.project)


def _author(spec: ConnectionSpec, drift: Drift, changes: Mapping[Resource, tuple[AdminChange, ...] | None]) -> Author:
    """Return who made a difference: of the entries between the two looks, those that may have caused it.

    An entry that lists what it changed (a project's roles, a key) counts only if this change is in it; then the newest
    is the one. The entries of a dataset do not list it, so everybody who changed the dataset in that time may have
    caused it.
    """
    read = changes[_resource(spec, drift)]
    if read is None:
        return Author(AuthorSource.UNREAD)
    entries = [c for c in read if c.who and c.at <= drift.at + _SKEW and _may_have_made(spec, c, drift)]
    if not entries:
        return Author(AuthorSource.NO_ENTRY)
    exact = [c for c in entries if c.roles is not None or c.key_id]
    taken = exact[:1] or entries
    return Author(AuthorSource.LOG, tuple(dict.fromkeys(c.who for c in taken)), taken[0].at)


def _may_have_made(spec: ConnectionSpec, change: AdminChange, drift: Drift) -> bool:
    item = drift.item
    if item.kind is DriftKind.KEY:
        return change.key_id == item.name
    if item.kind is DriftKind.GRANT and change.roles is not None:
        return (item.name, spec.member) in change.roles
    return True
