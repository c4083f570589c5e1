"""Warnings about a key, and who a caller is."""

from datetime import UTC, datetime, timedelta

import pytest

from kbq_tui.model.key_use import KeyCall, KeyState, KeyUses, UseSource, state_of, warnings_of
from kbq_tui.model.observed import KeyInfo

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def key(age: float, **more: object) -> KeyInfo:
    return KeyInfo("a" * 40, NOW - timedelta(days=age), **more)  # type: ignore[arg-type]


def used(days_ago: float | None, *, back: int = 30) -> KeyUses:
    last = {} if days_ago is None else {"a" * 40: KeyCall(NOW - timedelta(days=days_ago))}
    return KeyUses(UseSource.AUDIT, last, NOW - timedelta(days=back))


def warned(info: KeyInfo, uses: KeyUses, limit: int = 90) -> list[str]:
    return [str(w) for w in warnings_of(info, uses, NOW, limit)]


@pytest.mark.parametrize(("age", "limit", "old"), [(90, 90, False), (91, 90, True), (91, 120, False), (31, 30, True)])
def test_a_key_is_warned_of_when_it_is_older_than_the_limit(age: int, limit: int, old: bool) -> None:
    found = warned(key(age), used(0), limit)
    assert bool(found) is old
    assert all("older than" in text for text in found)


@pytest.mark.parametrize(("days", "idle"), [(24, False), (25, True), (None, True)])
def test_a_key_without_use_is_idle_after_25_days(days: int | None, idle: bool) -> None:
    assert any("idle" in text for text in warned(key(60), used(days))) is idle


def test_a_new_key_is_not_idle_before_it_is_25_days_old() -> None:
    assert warned(key(24), used(None)) == []


def test_what_is_not_known_is_not_idle() -> None:
    assert warned(key(60), KeyUses()) == []


def test_a_disabled_key_may_be_idle() -> None:
    assert warned(key(60, disabled=True), used(None)) == []


def test_no_longer_idle_than_the_source_reaches_back() -> None:
    (text,) = warned(key(80), used(None, back=30))
    assert text.startswith("idle for 30 days")


def test_an_expiry_is_told_with_its_cause() -> None:
    (text,) = warned(key(1, expires=NOW + timedelta(days=3, hours=1)), used(0))
    assert text == "expires in 3 days, on 2026-12-01: an organization policy lets keys expire"
    (over,) = warned(key(1, expires=NOW - timedelta(hours=1)), used(0))
    assert over.startswith("expired on 2026-11-28")


def test_the_state_of_a_key() -> None:
    assert state_of(key(1), NOW) is KeyState.ACTIVE
    assert state_of(key(1, disabled=True), NOW) is KeyState.DISABLED
    assert state_of(key(1, expires=NOW), NOW) is KeyState.EXPIRED


def test_klaviyo_is_known_by_its_addresses() -> None:
    assert str(KeyCall(NOW, "52.206.71.52", "x").who) == "Klaviyo (52.206.71.52)"
    assert str(KeyCall(NOW, "203.0.113.7", "airflow").who) == "203.0.113.7 (airflow)"
    assert not KeyCall(NOW).is_klaviyo
    assert "does not tell" in str(KeyCall(NOW).who)
