"""Reads when the account's keys were last used, from the best of three sources that the operator may read."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import Cloud
from kbq_tui.model.key_use import (
    ANALYZER_PERMISSION,
    AUDIT_PERMISSION,
    METRIC_PERMISSION,
    KeyCall,
    KeyUses,
    UseSource,
)
from kbq_tui.model.observed import KeyInfo
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of

LOG_DAYS: Final = 30
"""How long a project keeps Data Access entries by default
(https://cloud.google.com/logging/quotas#logs_retention_periods)."""
METRIC_DAYS: Final = 42
"""How long Cloud Monitoring keeps such a metric (https://cloud.google.com/monitoring/quotas#data_retention_policy)."""

ANALYZER_DAYS: Final = 90
"""How far back Policy Analyzer looks
(https://cloud.google.com/policy-intelligence/docs/activity-analyzer-service-account-authentication)."""

PERMISSIONS: Final = (AUDIT_PERMISSION, METRIC_PERMISSION, ANALYZER_PERMISSION)


async def log_readable(spec: ConnectionSpec, cloud: Cloud) -> Problem | None:
    """Return why the audit log cannot be read; None if it can.

    Without the permission Google answers with an empty list, which must not be taken for "never used"
    (https://cloud.google.com/logging/docs/access-control).
    """
    try:
        held = await cloud.test_permissions(spec.project, (AUDIT_PERMISSION,))
    except ProblemError as error:
        return error.problem
    return None if held else catalogue.permission_missing(AUDIT_PERMISSION, context_of(spec))


async def last_uses(spec: ConnectionSpec, cloud: Cloud, keys: Sequence[KeyInfo], now: datetime) -> KeyUses:
    """Return when each key was last used. Never raises `ProblemError`.

    Args:
        spec: the connection.
        cloud: Google as the operator sees it.
        keys: the account's keys.
        now: aware UTC.
    """
    if not keys:
        return KeyUses()
    problems: list[Problem] = []
    try:
        held = await cloud.test_permissions(spec.project, PERMISSIONS)
    except ProblemError as error:
        return KeyUses(problems=(error.problem,))
    for source, permission, days, read in _SOURCES:
        if permission not in held:
            problems.append(catalogue.permission_missing(permission, context_of(spec)))
            continue
        try:
            since = now - timedelta(days=days)
            return KeyUses(source, await read(spec, cloud, keys, since, now), since, tuple(problems))
        except ProblemError as error:
            problems.append(error.problem)
    return KeyUses(problems=tuple(problems))


async def _audit(
    spec: ConnectionSpec, cloud: Cloud, keys: Sequence[KeyInfo], since: datetime, until: datetime
) -> dict[str, KeyCall]:
    reads = (cloud.key_calls(spec.project, spec.account_email, key.id, since=since) for key in keys)
    calls = await asyncio.gather(*reads)
    return {key.id: found[0] for key, found in zip(keys, calls, strict=True) if found}


async def _metric(
    spec: ConnectionSpec, cloud: Cloud, keys: Sequence[KeyInfo], since: datetime, until: datetime
) -> dict[str, KeyCall]:
    account = await cloud.account(spec.project, spec.account_email)
    found = await cloud.keys_counted(spec.project, account.unique_id, since, until) if account is not None else {}
    return {key_id: KeyCall(at) for key_id, at in found.items()}


async def _analyzer(
    spec: ConnectionSpec, cloud: Cloud, keys: Sequence[KeyInfo], since: datetime, until: datetime
) -> dict[str, KeyCall]:
    return {key_id: KeyCall(at) for key_id, at in (await cloud.key_days(spec.project)).items()}


_Read = Callable[[ConnectionSpec, Cloud, Sequence[KeyInfo], datetime, datetime], Awaitable[dict[str, KeyCall]]]
_SOURCES: Final[tuple[tuple[UseSource, str, int, _Read], ...]] = (
    (UseSource.AUDIT, AUDIT_PERMISSION, LOG_DAYS, _audit),
    (UseSource.METRIC, METRIC_PERMISSION, METRIC_DAYS, _metric),
    (UseSource.ANALYZER, ANALYZER_PERMISSION, ANALYZER_DAYS, _analyzer),
)
"""The sources of a key's use: the permission each needs, and for how many days it has data; the best one first."""
