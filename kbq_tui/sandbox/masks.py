"""Partial responses: the ``fields`` parameter (https://developers.google.com/discovery/v1/performance#partial-response)."""

import re
from typing import Any

from kbq_tui.sandbox import errors

JSON = dict[str, Any]
_TOKEN = re.compile(r"[A-Za-z0-9_$@.*-]+|[/(),]")


def parse(mask: str) -> JSON:
    """Parse a mask such as ``a,items(id,b/c)`` into nested names; an empty dict stands for everything below.

    Raises:
        ApiError: 400 for a mask that is not valid.
    """
    tokens = _TOKEN.findall(mask)
    if "".join(tokens) != re.sub(r"\s", "", mask):
        raise _invalid(mask)
    tree, rest = _list(tokens, mask)
    if rest:
        raise _invalid(mask)
    return tree


def _list(tokens: list[str], mask: str) -> tuple[JSON, list[str]]:
    tree: JSON = {}
    while True:
        node = tree
        while True:
            if not tokens or tokens[0] in "/(),":
                raise _invalid(mask)
            name, tokens = tokens[0], tokens[1:]
            node = node.setdefault(name, {})
            if tokens[:1] != ["/"]:
                break
            tokens = tokens[1:]
        if tokens[:1] == ["("]:
            below, tokens = _list(tokens[1:], mask)
            if tokens[:1] != [")"]:
                raise _invalid(mask)
            node.update(below)
            tokens = tokens[1:]
        if tokens[:1] != [","]:
            return tree, tokens
        tokens = tokens[1:]


def _invalid(mask: str) -> errors.ApiError:
    return errors.invalid(f"Invalid field selection {mask}")


def apply(answer: Any, tree: JSON) -> Any:
    """The part of an answer that a mask selects; in lists, of every item."""
    if not tree:
        return answer
    if isinstance(answer, list):
        return [apply(item, tree) for item in answer]
    if not isinstance(answer, dict):
        return answer
    every = tree.get("*")
    wanted = ((key, tree.get(key, every)) for key in answer)
    return {key: apply(answer[key], below) for key, below in wanted if below is not None}
