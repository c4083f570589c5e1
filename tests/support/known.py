"""Values that a test expects to exist."""

from typing import TypeVar

T = TypeVar("T")


def known(value: T | None) -> T:
    """Return a value that must exist; fail the test if it does not."""
    assert value is not None
    return value
