"""Connections for monitoring systems: a line with exit status for Nagios, a file of metrics for Prometheus."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kbq_tui.engine.status_row import State, StatusRow, ordered

OK, WARNING, CRITICAL, UNKNOWN = range(4)
_WORDS: Final = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_STATUS: Final = {State.OK: OK, State.WARNING: WARNING, State.FAILING: CRITICAL, State.UNREAD: UNKNOWN}
_NAMED: Final = 5


def nagios(rows: Sequence[StatusRow]) -> tuple[str, int]:
    """Return the line that a monitoring plugin prints, and its exit status: the worst of all connections.

    Source: https://www.monitoring-plugins.org/doc/guidelines.html (output, exit status, performance data).
    """
    counts = {state: sum(row.state is state for row in rows) for state in State}
    status = next((_STATUS[state] for state in State if counts[state]), UNKNOWN)
    wrong = [row for row in ordered(rows) if row.state is not State.OK]
    named = "; ".join(f"{row.name}: {row.reason}" for row in wrong[:_NAMED])
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    text = f"{counts[State.OK]} of {len(rows)} connections ok" + (f" - {named}{more}" if named else "")
    most = len(rows)
    limits = {State.WARNING: "1;", State.FAILING: ";1"}
    data = " ".join(f"{state.value}={counts[state]};{limits.get(state, ';')};0;{most}" for state in reversed(State))
    ages = [row.key_days for row in rows if row.key_days is not None]
    if ages:
        data += f" oldest_key_days={max(ages)};;;0"
    return f"{nagios_line(status, text)} | {data}", status


def nagios_line(status: int, text: str) -> str:
    """Return the text part of a plugin's line; a bar in it would begin the performance data."""
    return f"KBQ-TUI {_WORDS[status]} - " + " ".join(text.replace("|", "/").split())


def metrics(rows: Sequence[StatusRow], now: datetime) -> bytes:
    """Return connections as metrics in Prometheus' text format.

    What could not be read has no value, except that `kbq_tui_connection_read` is 0 then.

    Args:
        rows: the connections.
        now: when they were read, aware.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    labels = ("connection", "project")

    def gauge(name: str, help_: str, names: Sequence[str] = labels) -> Gauge:
        return Gauge(f"kbq_tui_{name}", help_, names, registry=registry)

    read = gauge("connection_read", "1 where everything of the connection could be read, 0 where not.")
    healthy = gauge("connection_healthy", "1 where nothing of the connection fails, 0 where something does.")
    warning = gauge("connection_warning", "1 where something of the connection is worth a look.")
    key = gauge("key_age_days", "Days since the key in use was created.")
    verified = gauge("last_verification_timestamp_seconds", "When the connection was last verified, in Unix time.")
    for row in rows:
        values = (row.name, row.project)
        read.labels(*values).set(row.state is not State.UNREAD)
        if row.state is not State.UNREAD:
            healthy.labels(*values).set(row.state is not State.FAILING)
            warning.labels(*values).set(row.state is State.WARNING)
        if row.key_days is not None:
            key.labels(*values).set(row.key_days)
        if row.verified is not None:
            verified.labels(*values).set(row.verified.timestamp())
    gauge("last_look_timestamp_seconds", "When all connections were looked at, in Unix time.", ()).set(now.timestamp())
    return generate_latest(registry, escaping="underscores")
