"""Killed at any change of a teardown, the next run continues; afterwards everything is as before the set-up."""

import json
import re
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from kbq_tui.sandbox.bigquery import seed
from tests.faults.field import ProjectPool
from tests.faults.machine import ProjectMachine
from tests.faults.zygote import KILL, RECORD, Zygote

CHANGES = re.compile(r"after (journal settle|rpc delete|key file)")
"""The points at which something has changed, at Google, in the journal or in the key's folder."""


def state(one: ProjectMachine) -> dict[str, object]:
    """The project without its APIs: one that was enabled stays enabled."""
    found = one.spot.state()
    return {key: value for key, value in found.items() if key != "services"}


def with_view(one: ProjectMachine) -> None:
    """A view that `source --view` has created, as in sandbox and journal."""
    project, view = one.spot.project, f"{one.spot.project}.KLAVIYO_IMPORT_FROM_DWH.ready"
    context = one.spot.field.sandbox.context
    with context.world.lock:
        seed(context, project, [f'CREATE VIEW `{view}` OPTIONS(labels=[("created-by", "kbq-tui")]) AS SELECT 1 AS x'])
    action, at = "view:table:KLAVIYO_IMPORT_FROM_DWH.ready", datetime.now(UTC).isoformat()
    lines = (
        {"event": "intended", "action": action, "resource": f"{project}:KLAVIYO_IMPORT_FROM_DWH.ready", "at": at},
        {"event": "finished", "action": action, "at": at},
    )
    with one.journal.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def test_killed_at_any_change_of_a_teardown_the_next_run_goes_on(
    field: ProjectPool, zygote: Zygote, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    def begin() -> ProjectMachine:
        one = ProjectMachine(field, zygote, tmp_path)
        assert one.apply().status == 0
        with_view(one)
        return one

    whole = begin()
    record = tmp_path / "points"
    assert whole.run("teardown", "--yes", **{RECORD: str(record)}).status == 0
    known = state(whole)
    assert (known["service_accounts"], set(whole.spot.world.datasets)) == ({}, {"KLAVIYO_TMP"})
    points = [point for point in sorted(record.read_text().splitlines()) if CHANGES.match(point)]
    assert len(points) > 6
    wrong: list[str] = []
    for point in points:
        one = begin()
        killed = one.run("teardown", "--yes", **{KILL: point})
        assert killed.status == -signal.SIGKILL, f"{point}: {killed}"
        again = one.run("teardown", "--yes")
        left = state(one) != known or one.key_file.exists()
        if again.status != 0 or left or "Traceback" in again.err:
            wrong.append(f"{point}: {again.status} {left} {again.err}")
    record_property("figures", f"killed in a teardown: {len(points)} points, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)
