"""`kbq-tui connections`: what this machine knows of its connections. Google is not called, and nothing there
changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from kbq_tui.cli.bootstrap import Adapters
from kbq_tui.cli.commands.connections import DiffOptions, ListOptions, NamesOptions, ShowOptions
from kbq_tui.cli.commands.connections.machine import Known, Machine
from kbq_tui.cli.console import Console
from kbq_tui.cli.runner import status_of
from kbq_tui.cli.table import table
from kbq_tui.i18n.messages import N_, render, translate
from kbq_tui.local.connection_csv import to_list
from kbq_tui.local.connection_file import Connections, line_of, read_text
from kbq_tui.local.connection_values import KEYS, NOT_SETTINGS, Connection
from kbq_tui.local.settings_resolution import DEFAULT, ENVIRONMENT, FROM_FILE, ResolvedSetting
from kbq_tui.model.age import ago
from kbq_tui.model.text import inert

_MARKS: Final = {"ok": "pass", "failing": "fail", "unverified": "warning", "unread": "unknown"}
_HEADING: Final = (
    N_("NAME"),
    N_("STATE"),
    N_("PROJECT"),
    N_("DIRECTION"),
    N_("KEY AGE"),
    N_("VERIFIED"),
    N_("NEXT"),
)
_VALUE, _FROM = N_("VALUE"), N_("FROM")


def _left_out(known: Sequence[Known]) -> dict[str, object]:
    """Return the part of a list's JSON about what is not in it."""
    left = [
        {"connection": k.name, "problem": k.problem.to_json() if k.problem else None}
        for k in known
        if k.connection is None
    ]
    return {"complete": not left, "left_out": left}


def _tell_left_out(known: Sequence[Known], console: Console) -> int:
    """Print why connections could not be read. Returns the exit status: that of the first of them, else 0."""
    problems = [k.problem for k in known if k.problem is not None]
    for problem in problems:
        console.say()
        console.problem(problem)
    return status_of(problems)


def list_command(options: ListOptions, machine: Machine, console: Console) -> int:
    """Print a line for each connection. What cannot be read is `?`, and reported below, with its exit status."""
    known = [machine.known(name) for name in machine.connections.names()]
    if options.output.as_json:
        rows = [_row(k, k.connection, machine.clock.now()) for k in known if k.connection is not None]
        console.json({"schema": "kbq-tui/connections/v1", **_left_out(known), "connections": rows})
        return status_of([k.problem for k in known if k.problem is not None])
    if not known:
        console.say(translate("There is no connection yet: {command}", command="kbq-tui setup"))
        return 0
    for line in table([translate(word) for word in _HEADING], [_cells(k, machine, console) for k in known], right=(4,)):
        console.result(line)
    return _tell_left_out(known, console)


def _row(known: Known, connection: Connection, now: datetime) -> dict[str, object]:
    written, connected = known.key_written, connection.connected_at
    return {
        "connection": known.name,
        "state": known.state,
        "project_id": connection.spec.project,
        "direction": connection.spec.direction.value,
        "key_age_days": (now - written).days if written is not None else None,
        "verified_at": known.verified_at.isoformat() if known.verified_at is not None else None,
        "connected_at": connected.isoformat() if connected is not None else None,
        "production": connection.production,
        "next": known.next or None,
    }


def _cells(known: Known, machine: Machine, console: Console) -> list[str]:
    state = console.mark(_MARKS[known.state], result=True)
    if known.connection is None:
        return [known.name, state, "?", "?", "?", "?", known.next]
    spec, now, written = known.connection.spec, machine.clock.now(), known.key_written
    return [
        known.name,
        state,
        inert(spec.project),
        spec.direction.value,
        translate("{n} d", n=(now - written).days) if written is not None else "-",
        render(ago(known.verified_at, now)) if known.verified_at is not None else translate("never"),
        known.next,
    ]


def show_command(options: ShowOptions, adapters: Adapters, console: Console) -> int:
    """Print each value of a connection and its source, as `git config --show-origin` does."""
    rows = _origins(adapters, options.connection.config)
    if options.output.as_json:
        console.json({"schema": "kbq-tui/connection/v1", "connection": adapters.name, "values": rows})
        return 0
    cells = [
        (str(r["name"]), "-" if r["value"] is None else inert(str(r["value"])), inert(str(r["origin"] or "")))
        for r in rows
    ]
    for line in table((translate(_HEADING[0]), translate(_VALUE), translate(_FROM)), cells):
        console.result(line)
    return 0


def _origins(adapters: Adapters, config: str | None) -> list[dict[str, object]]:
    """Return every value with its origin; None for both if it is not set."""
    connections = Connections(adapters.paths.connections, Path(config) if config is not None else None)
    filed = connections.read(adapters.name)
    path = connections.path(adapters.name)
    text = read_text(path) if filed is not None else ""
    rows: list[dict[str, object]] = []
    for key in KEYS:
        place = f"{path}:{line_of(text, key)}"
        setting = adapters.settings.get(key)
        if key in NOT_SETTINGS:
            kept = filed.values().get(key) if filed is not None else None
            value: object = kept if kept is None or isinstance(kept, bool) else str(kept)
            rows.append(_origin(key, value, "file", place) if kept is not None else _origin(key, None, None, None))
        elif setting is None:
            rows.append(_origin(key, None, None, None))
        else:
            kind = _kind(setting)
            rows.append(_origin(key, setting.value, kind, place if kind == "file" else _words(setting)))
    return rows


def _origin(name: str, value: object, kind: str | None, origin: str | None) -> dict[str, object]:
    return {"name": name, "value": value, "from": kind, "origin": origin}


def _kind(setting: ResolvedSetting) -> str:
    """Return the kind of a setting's source, as in JSON."""
    if setting.source == FROM_FILE:
        return "file"
    if setting.source == DEFAULT:
        return "default"
    if str(setting.source).startswith("--"):
        return "option"
    return "environment" if setting.source in ENVIRONMENT.values() else "gcloud"


def _words(setting: ResolvedSetting) -> str:
    return setting.source if isinstance(setting.source, str) else render(setting.source)


def validate_command(options: NamesOptions, machine: Machine, console: Console) -> int:
    """Check that connection files can be used. Exit status 0, or that of the first one that cannot."""
    known = [machine.known(name) for name in machine.meant(*options.names)]
    problems = [k.problem for k in known if k.problem is not None]
    if options.output.as_json:
        rows = [
            {
                "connection": k.name,
                "file": str(machine.connections.path(k.name)),
                "ok": k.connection is not None,
                "problem": k.problem.to_json() if k.problem else None,
            }
            for k in known
        ]
        head = {"schema": "kbq-tui/connections-validate/v1", "ok": not problems, "complete": True, "left_out": []}
        console.json({**head, "connections": rows})
        return status_of(problems)
    for k in known:
        mark = console.mark("fail" if k.problem else "pass", result=True)
        console.result(f"{mark}  {k.name}  {inert(str(machine.connections.path(k.name)))}")
    return _tell_left_out(known, console)


def diff_command(options: DiffOptions, machine: Machine, console: Console) -> int:
    """Print the values of two connections; those that differ come first. Exit status 0 in either case."""
    one, other = (machine.known(name) for name in machine.meant(options.one, options.other))
    if one.connection is None or other.connection is None:
        return _tell_left_out((one, other), console)
    rows = _differences(one.connection, other.connection)
    if options.output.as_json:
        head = {"schema": "kbq-tui/connections-diff/v1", "one": options.one, "other": options.other}
        console.json({**head, "same": not any(r["differs"] for r in rows), "values": rows})
        return 0
    cells = [
        (
            "~" if r["differs"] else "=",
            str(r["name"]),
            *("-" if r[w] is None else inert(str(r[w])) for w in ("one", "other")),
        )
        for r in rows
    ]
    for line in table(("", translate(_HEADING[0]), options.one, options.other), cells):
        console.result(line)
    return 0


def _differences(one: Connection, other: Connection) -> list[dict[str, object]]:
    """Return each value of two connections with its defaults; those that differ first."""
    values = [_whole(one), _whole(other)]
    rows: list[dict[str, object]] = [
        {
            "name": key,
            "one": values[0].get(key),
            "other": values[1].get(key),
            "differs": values[0].get(key) != values[1].get(key),
        }
        for key in KEYS
        if any(v.get(key) is not None for v in values)
    ]
    return sorted(rows, key=lambda row: not row["differs"])


def _whole(connection: Connection) -> Mapping[str, object]:
    """Return all values of a connection, including defaults."""
    whole = {key: getattr(connection.spec, key, None) for key in KEYS}
    filed = {k: v if isinstance(v, bool) else str(v) for k, v in connection.values().items()}
    return {k: str(v) for k, v in whole.items() if v is not None} | {"production": False} | filed


def export_command(options: NamesOptions, machine: Machine, console: Console) -> int:
    """Print connections as CSV that `connections import` takes, or as JSON."""
    known = [machine.known(name) for name in machine.meant(*options.names)]
    whole = [k.connection for k in known if k.connection is not None]
    if options.output.as_json:
        rows = [{"connection": c.name, "values": {**_whole(c)}} for c in whole]
        console.json({"schema": "kbq-tui/connections-export/v1", **_left_out(known), "connections": rows})
        return status_of([k.problem for k in known if k.problem is not None])
    for line in to_list(whole).splitlines():
        console.result(line)
    return _tell_left_out(known, console)
