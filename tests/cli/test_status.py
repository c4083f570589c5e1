"""`status` of many connections: one line each, none blocks the others, and a watch reports changes."""

import io
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kbq_tui.cli import live
from kbq_tui.engine import looks
from kbq_tui.engine.drift import DriftKind, Item
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.local.paths import Paths
from kbq_tui.sandbox.faults import Rule

PROJECT = "acme-klaviyo-demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "kbq-tui" / "connections"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def three(google, folder: Path):
    """One connection in order except for its key, one without anything, one whose file cannot be used."""
    there = google("existing")
    key = there.env["KBQ_TUI_SANDBOX_KEY"]
    (folder / "shop-eu.toml").write_text(f'project = "{PROJECT}"\nkey_file = "{key}"\n')
    (folder / "shop-us.toml").write_text(f'project = "{PROJECT}"\naccount_id = "klaviyo-other"\n')
    (folder / "broken.toml").write_text("project = 7\n")
    return there


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Run something between two readings of a watch, and end it after the last."""

    def between(*acts: Callable[[], object]) -> list[float]:
        slept: list[float] = []
        left = iter(acts)

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            act = next(left, None)
            if act is None:
                raise SystemExit(0)
            act()

        monkeypatch.setattr("time.sleep", sleep)
        return slept

    return between


def test_alone_it_is_a_line_for_each_connection_the_worst_first(call, three):
    ended = call("status")
    lines = ended.out.splitlines()
    assert ended.status == 6
    assert lines[0].split() == ["NAME", "STATE", "PROJECT", "KEY", "VERIFIED", "NEXT"]
    assert [line.split()[0] for line in lines[1:4]] == ["shop-us", "broken", "shop-eu"]
    assert lines[1].split()[1:3] == ["x", "fail"] or lines[1].split()[1:3] == ["\u2717", "fail"]
    assert "kbq-tui apply shop-us" in lines[1]
    assert lines[2].split()[1:4] == ["?", "unknown", "?"], "what could not be read is no dash"
    assert "kbq-tui verify shop-eu" in lines[3]
    assert lines[4].startswith("? broken: A connection file has a mistake")
    assert lines[5] == "1 warning, 1 unknown, 1 fail. Details: kbq-tui status NAME"


def test_a_name_or_v_gives_the_details(call, three, folder: Path):
    assert "Service account" in call("status", "shop-eu").out
    (folder / "broken.toml").unlink()
    detailed = call("status", "-v").out
    assert "shop-eu: ok" in detailed
    assert "shop-us: NOT OK" in detailed
    (folder / "shop-us.toml").unlink()
    assert call("status").out.splitlines()[-1] == "1 warning. Details: kbq-tui status shop-eu"


def test_what_is_told_of_every_connection_is_told_once(call, three):
    assert call("status", "shop-eu", "shop-us").err.count("Talking to 127.0.0.1, not to Google") == 1


def test_json_of_many_is_an_object_a_line_in_the_order_of_names(call, three):
    ended = call("status", "--all", "--json")
    assert ended.status == 6
    assert [body["connection"] for body in ended.lines] == ["broken", "shop-eu", "shop-us"]
    broken = ended.lines[0]
    assert (broken["healthy"], broken["project_id"], broken["as_of"]) == (False, None, None)
    assert broken["lines"][0]["problem"]["code"] == "KBQ-CONFIG-INVALID"
    assert [body["healthy"] for body in ended.lines[1:]] == [True, False]
    assert [(body["complete"], body["left_out"]) for body in ended.lines[:2]] == [(False, ["look"]), (True, [])]


def test_one_cause_for_all_is_told_once_with_its_exit_status(call, three, folder: Path, monkeypatch):
    (folder / "broken.toml").unlink()
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    ended = call("status")
    assert ended.status == 3
    assert ended.err.count("KBQ-NO-CREDENTIALS") == 1
    assert "? shop-eu: Nobody is signed in" in ended.out


def test_the_operator_signs_in_once_for_all(call, google, folder: Path):
    there = google("existing")
    for n in range(5):
        (folder / f"client-{n}.toml").write_text(f'project = "{PROJECT}"\n')
    before = len([c for c in there.sandbox.world.calls if c.method == "oauth2.token"])
    assert len(call("status", "--json").lines) == 5
    assert len([c for c in there.sandbox.world.calls if c.method == "oauth2.token"]) - before == 1


def test_no_more_than_so_many_are_looked_at_at_a_time_and_few_are_held(google, call, folder: Path, monkeypatch):
    google("existing")
    for n in range(12):
        (folder / f"client-{n:02}.toml").write_text(f'project = "{PROJECT}"\n')
    monkeypatch.setattr(looks, "_AHEAD", 4)
    now, most = 0, 0
    from kbq_tui.engine.status import status

    async def counting(*arguments):
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            return await status(*arguments)
        finally:
            now -= 1

    monkeypatch.setattr(looks, "status", counting)
    monkeypatch.setattr(looks.Looks.__init__, "__defaults__", (3,))
    assert [b["connection"] for b in call("status", "--all", "--json").lines] == [f"client-{n:02}" for n in range(12)]
    assert most == 3


def test_where_google_cannot_be_reached_not_everyone_is_waited_for(google, call, folder: Path, monkeypatch):
    there = google("existing")
    for n in range(9):
        (folder / f"client-{n}.toml").write_text(f'project = "{PROJECT}"\n')
    monkeypatch.setattr(looks.Looks.__init__, "__defaults__", (2,))
    there.sandbox.context.faults.replace([Rule("*", "content-type", every=1)])
    asked = len(there.sandbox.world.calls)
    ended = call("status", "--all")
    assert ended.status != 0
    assert ended.out.count("unknown") >= 9
    few = len(there.sandbox.world.calls) - asked
    there.sandbox.context.faults.replace([])
    call("status", "client-0")
    assert few <= 4 * (len(there.sandbox.world.calls) - asked - few)


def test_over_a_pipe_a_watch_prints_a_line_for_each_change(call, three, folder: Path, naps):
    slept = naps(
        lambda: None,
        lambda: (folder / "broken.toml").write_text(f'project = "{PROJECT}"\naccount_id = "klaviyo-other"\n'),
    )
    ended = call("status", "--watch", "--interval", "30s")
    lines = [line.partition(" ")[2] for line in ended.out.splitlines()]
    assert [line.partition(":")[0] for line in lines[:3]] == ["broken unknown", "shop-eu warning", "shop-us fail"]
    assert [line.partition(":")[0] for line in lines[3:]] == ["broken unknown -> fail"]
    assert slept == [30, 30, 30]


def test_on_a_terminal_a_watch_is_drawn_again_in_place(three, folder: Path, naps, monkeypatch):
    import pyte

    from kbq_tui.cli.commands.status.status_table import lines_of
    from kbq_tui.cli.commands.status.watching import Watching
    from kbq_tui.cli.console import Console
    from kbq_tui.engine.status_row import State, StatusRow
    from kbq_tui.i18n.messages import verbatim
    from kbq_tui.local.clock import SystemClock

    class TerminalText(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = TerminalText()
    monkeypatch.setattr("kbq_tui.cli.commands.status.watching.size_of", lambda _: (60, 8))
    console = Console(out, out, out_colour=True, live=live.LiveLines(out, lambda: (60, 8)))
    shown = Watching(console, 60)
    rows = [StatusRow(f"client-{n}", "acme-001", State.OK, key_days=n) for n in range(9)]
    now = SystemClock().now()
    shown.show(rows, now)
    rows[3] = StatusRow("client-3", "acme-001", State.FAILING, verbatim("Grants: " + "missing " * 20))
    shown.show(rows, now)
    assert len(lines_of(rows, console, now)) == 10
    screen = pyte.Screen(60, 8)
    stream = pyte.Stream(screen)
    stream.feed(out.getvalue().replace("\n", "\r\n"))
    drawn = [line.rstrip() for line in screen.display]
    assert "8 ok, 1 fail. Next look in 60 s" in drawn[0]
    assert drawn[1].split()[:2] == ["NAME", "STATE"]
    assert drawn[2].split()[0] == "client-3"
    assert [line for line in drawn if "more" in line] == ["\u2026 6 more"]
    assert "client-3 ok -> fail: Grants: missing" in drawn[6]
    assert drawn[7] == ""


@pytest.mark.parametrize("typed", ["0", "4s", "2d", "-5", "x", "25h", "1.5h", ""])
def test_an_interval_that_cannot_be_right_is_refused(call, typed: str):
    ended = call("status", "--watch", "--interval", typed)
    assert ended.status == 2
    assert "--interval" in ended.err


def test_an_interval_without_a_watch_is_refused(call):
    assert call("status", "--interval", "30s").status == 2


def test_an_old_key_is_warned_of_with_the_command_that_replaces_it(google, call):
    there = google("klaviyo-never-changes")
    assert call("apply", "--yes", *there.key_options).status == 0
    assert call("verify").status == 0
    seen = call("status", "--json").json
    (age,) = (line for line in seen["lines"] if line["id"] == "key-age")
    assert (age["health"], age["problem"]["code"]) == ("warning", "KBQ-KEY-OLD")
    assert "kbq-tui key rotate default" in age["problem"]["remedy"][0]
    (row,) = (line for line in call("status").out.splitlines() if line.startswith("default"))
    assert row.endswith("kbq-tui key rotate default")


def test_a_key_that_others_can_read_is_warned_of_with_the_command_that_mends_it(google, call):
    google("fresh")
    assert call("apply", "shop", "--yes").status == 0
    assert call("verify", "shop").status == 0
    (path,) = (line.split("  ")[-1] for line in call("values", "shop").out.splitlines() if line.endswith(".json"))
    Path(path).chmod(0o644)
    seen = call("status", "shop")
    assert "others on this machine can read the key" in " ".join(seen.out.split())
    assert "Next: kbq-tui status -v shop" in seen.err
    told = call("status", "shop", "-v")
    assert "kbq-tui key mend shop" in told.err
    assert "Next: kbq-tui status --watch shop" in told.err
    assert "KBQ-KEY-FILE-MODE" in call("key", "list", "shop").err
    verified = call("verify", "shop", "--json")
    (signed_in,) = (check for check in verified.json["checks"] if check["id"] == "key.auth")
    assert (verified.status, signed_in["verdict"]) == (0, "pass")
    assert signed_in["problem"]["code"] == "KBQ-KEY-FILE-MODE"
    assert call("key", "mend", "shop", "--yes").status == 0
    (key,) = (line for line in call("status", "shop", "--json").json["lines"] if line["id"] == "key")
    assert (key["health"], key["problem"]) == ("ok", None)


def test_what_differs_from_the_dashboard_s_last_look_is_told_with_who_did_it(google, call):
    there = google("existing")
    assert call("apply", "--yes", *there.key_options).status == 0
    role = Item(DriftKind.GRANT, "KLAVIYO_TMP", "roles/bigquery.dataOwner")
    world, email = there.sandbox.world, f"klaviyo-data-transfer-user@{PROJECT}.iam.gserviceaccount.com"
    dataset = world.dataset(PROJECT, "KLAVIYO_TMP")
    seen = {Item(DriftKind.LOCATION, "KLAVIYO_TMP"): dataset.location}
    kept = LookHistory(values=seen, values_at=datetime.fromtimestamp(world.clock(), UTC))
    folder = Paths.from_env(os.environ).of_connection("default")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "looks.json").write_text(json.dumps(kept.to_json()))
    with world.lock:
        world.set_access(dataset, [*dataset.access, {"role": "OWNER", "userByEmail": email}])
        world.admin_activity.dataset("infra-bot@acme.example", "Patch", dataset)
    (drift,) = (d for d in call("status", "--json").json["drift"] if d["name"] == role.name)
    assert (drift["dataset"], drift["before"], drift["now"]) == ("KLAVIYO_TMP", None, "held")
    assert "infra-bot@acme.example" in drift["changed_by"]
    assert drift["changed_by_source"] == "audit_log"
    told = call("status", "default").out
    assert "Changed since an earlier look of the dashboard:" in told
    assert "bigquery.dataOwner on dataset KLAVIYO_TMP was granted, by infra-bot@acme.example" in told


def test_of_a_connection_that_could_not_be_read_no_verification_is_claimed_or_denied():
    from kbq_tui.cli.commands.status.status_table import lines_of
    from kbq_tui.cli.console import Console
    from kbq_tui.engine.status_row import State, StatusRow
    from kbq_tui.local.clock import SystemClock

    console, now = Console(io.StringIO(), io.StringIO()), SystemClock().now()
    unread = StatusRow("one", "acme-001", State.UNREAD, key_unread=True, looked=False)
    assert lines_of([unread], console, now)[1].split() == ["one", "?", "unknown", "acme-001", "?", "?"]
    never = StatusRow("one", "acme-001", State.WARNING)
    assert lines_of([never], console, now)[1].split()[-1] == "never"
