"""The last use of keys: which source is read, and what is reported if it may not be read."""

import asyncio
from datetime import timedelta

from kbq_tui.engine.key_use import last_uses, log_readable
from kbq_tui.model.key_use import (
    ANALYZER_PERMISSION,
    AUDIT_PERMISSION,
    METRIC_PERMISSION,
    KeyCall,
    KeyUses,
    UseSource,
)
from kbq_tui.model.observed import KeyInfo
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_world import NOW, PROJECT, SPEC, fault

KEY = KeyInfo("a" * 40, NOW)


def cloud(*held: str) -> MemoryCloud:
    found = MemoryCloud()
    found.world.allowed = frozenset(held)
    asyncio.run(found.create_account(PROJECT, SPEC.account_id, ""))
    found.world.key_calls[KEY.id] = [KeyCall(NOW, "52.206.71.52"), KeyCall(NOW + timedelta(hours=1), "203.0.113.7")]
    found.world.key_metric = {KEY.id: NOW + timedelta(minutes=10)}
    found.world.key_days = {KEY.id: NOW.replace(hour=7)}
    return found


def uses(google: MemoryCloud) -> KeyUses:
    return asyncio.run(last_uses(SPEC, google, [KEY], NOW + timedelta(days=1)))


def test_the_audit_log_comes_first_and_tells_from_where() -> None:
    found = uses(cloud(AUDIT_PERMISSION, METRIC_PERMISSION, ANALYZER_PERMISSION))
    assert found.source is UseSource.AUDIT
    assert found.of(KEY.id) == KeyCall(NOW + timedelta(hours=1), "203.0.113.7")
    assert found.problems == ()


def test_without_it_the_metric_tells_when() -> None:
    found = uses(cloud(METRIC_PERMISSION, ANALYZER_PERMISSION))
    assert found.source is UseSource.METRIC
    assert found.of(KEY.id) == KeyCall(NOW + timedelta(minutes=10))
    assert [AUDIT_PERMISSION in str(p.cause) for p in found.problems] == [True]


def test_without_both_policy_analyzer_tells_the_day() -> None:
    found = uses(cloud(ANALYZER_PERMISSION))
    assert found.source is UseSource.ANALYZER
    assert found.of(KEY.id) == KeyCall(NOW.replace(hour=7))


def test_without_any_it_is_unknown_and_the_permissions_are_named() -> None:
    google = cloud()
    found = uses(google)
    assert found.source is UseSource.UNKNOWN
    named = " ".join(str(p.cause) for p in found.problems)
    assert all(p in named for p in (AUDIT_PERMISSION, METRIC_PERMISSION, ANALYZER_PERMISSION))
    assert "key_calls" not in google.world.calls  # its empty answer would look like "never used"


def test_a_source_that_fails_is_told_and_the_next_one_asked() -> None:
    google = cloud(AUDIT_PERMISSION, METRIC_PERMISSION)
    google.world.forever["key_calls"] = fault("KBQ-API-DISABLED")
    found = uses(google)
    assert found.source is UseSource.METRIC
    assert [p.code for p in found.problems] == ["KBQ-API-DISABLED"]


def test_where_permissions_cannot_be_read_nothing_is_known() -> None:
    google = cloud(AUDIT_PERMISSION)
    google.world.forever["test_permissions"] = fault()
    assert uses(google).source is UseSource.UNKNOWN


def test_without_keys_nothing_is_asked() -> None:
    google = cloud()
    asyncio.run(last_uses(SPEC, google, [], NOW))
    assert google.world.calls == ["create_account"]


def test_whether_the_log_can_be_read() -> None:
    assert asyncio.run(log_readable(SPEC, cloud(AUDIT_PERMISSION))) is None
    problem = asyncio.run(log_readable(SPEC, cloud(METRIC_PERMISSION)))
    assert problem is not None
    assert AUDIT_PERMISSION in str(problem.cause)
