"""Shapes of request bodies: a body with another shape is refused before any handler sees it.

A shape is ``TEXT``, ``NUMBER`` (64 bits, which JSON has as text), ``INT32`` or ``FLAG``; ``[shape]`` for a list; a dict
of names for an object, whose further fields are not checked; ``{"*": shape}`` for a map. ``null`` stands for "not
given" everywhere but in lists.
"""

from typing import Any

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.rest import Handler, Reply

JSON = dict[str, Any]

TEXT, NUMBER, FLAG, INT32 = "text", "number", "flag", "int32"

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


def check(value: Any, shape: Any, path: str = "", *, lenient: bool = False) -> Any:
    """Refuse a value that does not have its shape.

    Args:
        value: a part of a request.
        shape: see above.
        path: its place in the body, for the error.
        lenient: be as lenient as BigQuery, unlike newer APIs: a number or boolean is read where a string is wanted, the
            words true and false where a boolean is, and a list inside a list as its items. Google's Python client sends
            ``parameterValue.value: 1.25``, ``insertId: 0`` and (in its system tests) ``permissions: [["a", "b"]]``,
            Node's every number of a parameter.

    Returns:
        The value, with strings where the shape has TEXT.

    Raises:
        ApiError: 400, naming the place.
    """
    if value is None:
        return None
    if lenient and shape == TEXT and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if lenient and shape == FLAG and value in ("true", "false"):
        return value == "true"
    if shape == INT32 and lenient and _is_number(value):
        return int(value)
    if isinstance(shape, list):
        good = isinstance(value, list)
    elif isinstance(shape, dict):
        good = isinstance(value, dict)
    elif shape in (NUMBER, INT32):
        good = (isinstance(value, int) and not isinstance(value, bool)) or _is_number(value)
    elif shape == FLAG:
        good = isinstance(value, bool)
    else:
        good = isinstance(value, str)
    if not good:
        raise errors.invalid(f"Invalid value at '{path or 'request'}': not of the expected type")
    if isinstance(shape, list):
        items = _flat(value) if lenient else value
        return [_item(item, shape[0], f"{path}[{index}]", lenient) for index, item in enumerate(items)]
    if isinstance(shape, dict):
        return {name: _member(item, shape, name, path, lenient) for name, item in value.items()}
    return value


def _item(value: Any, shape: Any, path: str, lenient: bool) -> Any:
    if value is None:
        raise errors.invalid(f"Invalid value at '{path}': not of the expected type")
    return check(value, shape, path, lenient=lenient)


def _flat(items: list[Any]) -> list[Any]:
    """The items of a list and of all lists inside it."""
    return [inner for item in items for inner in (_flat(item) if isinstance(item, list) else [item])]


def _member(value: Any, shape: JSON, name: str, path: str, lenient: bool) -> Any:
    inner = shape.get(name, shape.get("*"))
    return value if inner is None else check(value, inner, f"{path}.{name}".lstrip("."), lenient=lenient)


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 19


def shaped(handler: Handler, shape: JSON, *, lenient: bool = False) -> Handler:
    """Wrap a handler so that its body is checked first."""

    def checked(call: Call) -> JSON | Reply | None:
        call.body = check(call.body, shape, lenient=lenient)
        return handler(call)

    return checked
