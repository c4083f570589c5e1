"""Reads the product's JSON; only here, so that all of it is checked against the published schemas."""

import json
from datetime import datetime
from functools import cache
from typing import Any

from kbq_tui.cli.commands.schema.body import names, schema_of


def output(text: str) -> Any:
    """Return the one JSON object that a command printed.

    Raises:
        AssertionError: it does not match its schema, or has something that the schema does not describe.
    """
    return _checked(json.loads(text))


def output_lines(text: str) -> list[Any]:
    """Return the JSON objects that a command printed, one on each line. Raises AssertionError as `output` does."""
    return [output(line) for line in text.splitlines()]


def _checked(body: Any) -> Any:
    name = str(body["schema"]).removeprefix("kbq-tui/").rpartition("/")[0]
    assert name in names(), f"no kbq_tui/schemas/{name}.json describes this output: {sorted(body)}"
    wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in _validator(name).iter_errors(body)]
    assert not wrong, f"kbq_tui/schemas/{name}.json and the output differ: {wrong}"
    return body


@cache
def _validator(name: str) -> Any:
    try:
        import jsonschema
    except ImportError:
        raise AssertionError("jsonschema is not installed here; `make check` installs what tests need") from None
    formats = jsonschema.FormatChecker(())
    formats.checks("date-time", raises=ValueError)(_is_time)
    return jsonschema.Draft202012Validator(_closed(schema_of(name)), format_checker=formats)


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def _closed(schema: Any) -> Any:
    """Return a schema under which an object has only described fields, because readers may rely on nothing else."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: value if key in ("if", "then") else _closed(value) for key, value in schema.items()}
    if "properties" in schema and schema.get("type") is not None:
        closed.setdefault("additionalProperties", False)
    return closed
