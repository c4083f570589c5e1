"""Klaviyo's limits: each has a source."""

from kbq_tui.source.limits import CURRENCIES, LIMITS


def test_each_number_has_a_unit_and_a_page() -> None:
    for limit in LIMITS:
        assert limit.value > 0
        assert limit.unit
        assert limit.source.startswith("https://")


def test_currencies_are_three_letters_each_once() -> None:
    assert len(set(CURRENCIES)) == len(CURRENCIES) > 150
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert {"USD", "EUR", "GBP", "CHF", "JPY"} <= set(CURRENCIES)
