"""What a kept verification is about: it says nothing about a connection whose values were changed since."""

from collections.abc import Mapping

from kbq_tui.model.spec import ConnectionSpec


def verified_values(spec: ConnectionSpec) -> dict[str, object]:
    """Return the values that a verification depends on, as they are kept with its verdicts.

    Args:
        spec: the connection that was verified.
    """
    return {"service_account": spec.account_email, "datasets": {wish.name: wish.role for wish in spec.datasets()}}


def is_about(kept: Mapping[str, object], spec: ConnectionSpec) -> bool:
    """Whether a kept verification is about a connection with these values; values that were not kept do not differ.

    Args:
        kept: the verification as saved.
        spec: the connection as it is now.
    """
    return all(kept.get(name, value) == value for name, value in verified_values(spec).items())
