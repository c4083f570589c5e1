"""The shapes of request bodies: what is not of its shape is refused before any handler looks at it.

A shape is ``TEXT``, ``NUMBER`` or ``FLAG``; ``[shape]`` for a list; a dict of names for an object, whose further fields
pass unseen; ``{"*": shape}`` for a map. ``null`` stands for "not given" everywhere but in lists.
"""

from typing import Any

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.rest import Handler, Reply

JSON = dict[str, Any]

TEXT, NUMBER, FLAG = "text", "number", "flag"

CONDITION = {"title": TEXT, "description": TEXT, "expression": TEXT, "location": TEXT}
POLICY: JSON = {
    "policy": {
        "etag": TEXT,
        "version": NUMBER,
        "bindings": [{"role": TEXT, "members": [TEXT], "condition": CONDITION}],
    }
}
POLICY_OPTIONS: JSON = {"options": {"requestedPolicyVersion": NUMBER}}
PERMISSIONS: JSON = {"permissions": [TEXT]}


def check(value: Any, shape: Any, path: str = "") -> None:
    """Refuses a value that is not of its shape.

    Args:
        value: from a request.
        shape: see above.
        path: where it stands, for the refusal.

    Raises:
        ApiError: 400, naming the place.
    """
    if value is None:
        return
    if isinstance(shape, list):
        good = isinstance(value, list)
    elif isinstance(shape, dict):
        good = isinstance(value, dict)
    elif shape == NUMBER:
        good = (isinstance(value, int) and not isinstance(value, bool)) or _is_number(value)
    elif shape == FLAG:
        good = isinstance(value, bool)
    else:
        good = isinstance(value, str)
    if not good:
        raise errors.invalid(f"Invalid value at '{path or 'request'}': not of the expected type")
    if isinstance(shape, list):
        for index, item in enumerate(value):
            if item is None:
                raise errors.invalid(f"Invalid value at '{path}[{index}]': not of the expected type")
            check(item, shape[0], f"{path}[{index}]")
    elif isinstance(shape, dict):
        for name, item in value.items():
            inner = shape.get(name, shape.get("*"))
            if inner is not None:
                check(item, inner, f"{path}.{name}".lstrip("."))


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 19


def shaped(handler: Handler, shape: JSON) -> Handler:
    """A handler whose body is checked first."""

    def checked(call: Call) -> JSON | Reply | None:
        check(call.body, shape)
        return handler(call)

    return checked
