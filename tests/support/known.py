"""What a test knows to be there."""

from typing import TypeVar

T = TypeVar("T")


def known(value: T | None) -> T:
    """Return a value that must be there; fail the test where it is not."""
    assert value is not None
    return value
