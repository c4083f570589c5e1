"""The JSON Schema of each output. They are in `kbq_tui/schemas`, one file each."""

import json
from importlib.resources import files
from typing import Any

from kbq_tui.cli.command_options import UsageError
from kbq_tui.cli.commands.schema import SchemaOptions
from kbq_tui.cli.console import Console
from kbq_tui.i18n.messages import message


def names() -> tuple[str, ...]:
    """Return the names of the outputs that have a schema, sorted."""
    folder = files("kbq_tui") / "schemas"
    return tuple(sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json")))


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of an output (JSON Schema, draft 2020-12). Raises OSError if there is none."""
    body: dict[str, Any] = json.loads((files("kbq_tui") / "schemas" / f"{name}.json").read_text("utf-8"))
    return body


def schema_command(options: SchemaOptions, console: Console) -> int:
    """Print the schema of an output, or the list of schemas.

    Raises:
        UsageError: no schema has that name.
    """
    known = names()
    if options.schema_name is None:
        bodies = {name: schema_of(name) for name in known}
        rows = [{"name": name, "id": body["$id"], "title": body["title"]} for name, body in bodies.items()]
        if options.output.as_json:
            console.json({"schema": "kbq-tui/schemas/v1", "schemas": rows})
        else:
            width = max(map(len, known))
            for row in rows:
                console.result(f"{row['name']:<{width}}  {row['title']}")
        return 0
    if options.schema_name not in known:
        there = ", ".join(known)
        raise UsageError(
            message("There is no schema {name}. There are: {names}.", name=options.schema_name, names=there)
        )
    for line in json.dumps(schema_of(options.schema_name), indent=2).splitlines():
        console.result(line)
    return 0
