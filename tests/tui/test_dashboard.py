"""The dashboard: a line for each connection, sorted and filtered; one of them in detail; readings on a timer."""

import asyncio
import gc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine import overview
from kbq_tui.engine.health import Health
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.overview import Overview, SortBy
from kbq_tui.engine.services import ConnectionDraft, Login, SavedConnection
from kbq_tui.engine.status import Status
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.admin_change import AdminChange
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, ProblemError
from kbq_tui.model.refs import ProjectRef
from kbq_tui.model.spec import JOB_USER
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp, build
from kbq_tui.tui.connection_list import Columns
from kbq_tui.tui.connection_parts import to_do
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals.ask import Ask
from kbq_tui.tui.modals.confirm import Confirm
from kbq_tui.tui.screens.connection import ConnectionScreen
from kbq_tui.tui.screens.rotation import RotationScreen
from kbq_tui.tui.screens.source import SourceScreen
from kbq_tui.tui.screens.watching import countdown
from kbq_tui.tui.status_poller import AT_ONCE, StatusPoller
from kbq_tui.tui.widgets.table import ConnectionTable
from tests.stories.scene import MemorySignIn
from tests.tui import fakes
from tests.tui.screens import ScreenState, app_for, looked, on, opened, text_of, until

READS = ("project", "services", "billing_enabled", "policy_enforced", "test_permissions", "dataset", "account")
UNREACHABLE = catalogue.problem(Code.NETWORK_UNREACHABLE, Context())
OTHER = "acme-other"
"""A project in which the account of `fakes.complete` has no grants: a connection to it fails."""


def many(ok: int, bad: int = 0) -> fakes.Scene:
    """Return verified connections `ok-000` and so on, and `bad-000` and so on, whose grants are missing."""
    scene = fakes.complete()
    for kind, n, project in (("ok", ok, fakes.PROJECT), ("bad", bad, OTHER)):
        for i in range(n):
            name = f"{kind}-{i:03}"
            scene.store.saved[name] = SavedConnection(ConnectionDraft(name, project), Step.CONNECT, finished=True)
            scene.store.verified[name] = {"at": (fakes.NOW - timedelta(hours=i)).isoformat(), "ok": True}
    return scene


def board(scene: fakes.Scene, look: DisplayOptions | None = None) -> KbqApp:
    return app_for(scene, look, start="dashboard")


def names(app: KbqApp) -> list[str]:
    """Return the connections in the list, from the top."""
    return list(app.screen.query_one("#connections", ConnectionTable).rows)


async def test_one_line_each_the_worst_first_with_totals_and_what_is_wrong_below() -> None:
    app = board(many(30, 2))
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, "✗ 2 fail")
        assert "✓ 30 ok" in shown.splitlines()[0]
        assert "32 connections" in shown
        assert names(app)[:3] == ["bad-000", "bad-001", "ok-000"]
        lines = [line for line in shown.splitlines() if "-0" in line and " d " in line]
        assert len(lines) > 10
        assert all(len(line) <= 80 for line in shown.splitlines())
        assert lines[0].count("✗") == 2, "the state, and the latest look beside the scroll bar"
        assert "bad-000: Grants: missing" in shown
        assert app.shown_title == "kbq-tui: 30 ok, 2 fail"


async def test_capitals_sort_again_reverses_and_the_header_has_the_mark() -> None:
    app = board(many(3, 2))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "STATE↓" in await until(pilot, "✗ 2 fail")
        await pilot.press("N")
        await until(pilot, "NAME↓")
        assert names(app) == ["bad-000", "bad-001", "ok-000", "ok-001", "ok-002"]
        await pilot.press("N")
        await until(pilot, "NAME↑")
        assert names(app) == ["ok-002", "ok-001", "ok-000", "bad-001", "bad-000"]
        await pilot.press("V")
        await until(pilot, "VERIFIED↓")
        assert names(app)[0] == "ok-002"


async def test_the_cursor_stays_on_its_connection_when_the_order_changes() -> None:
    app = board(many(30, 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "✗ 1 fail")
        await pilot.press("down", "down", "N", "N")
        table = app.screen.query_one("#connections", ConnectionTable)
        await until(pilot, lambda: names(app)[0] == "ok-029")
        assert table.row == "ok-001"
        assert 0 <= table.point().y < table.size.height


_WITHOUT_ROWS = ["/", "Filter", "n", "New", "Esc", "Back", "F1", "Help", "F5", "Refresh", "F10", "Quit"]
"""The footer of a dashboard on which no connection is shown."""


async def test_a_filter_says_how_many_of_them_are_shown_and_escape_ends_it() -> None:
    app = board(many(30, 3))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "✗ 3 fail")
        await pilot.press("slash", *"OK-01")
        await until(pilot, "Connections: 10 of 33, /OK-01")
        await pilot.press("enter", "down")
        assert app.screen.query_one("#connections", ConnectionTable).row == "ok-011"
        await pilot.press("escape")
        await until(pilot, "33 connections")
        await pilot.press("exclamation_mark")
        await until(pilot, "Connections: 3 of 33, only what is not ok")
        assert names(app) == ["bad-000", "bad-001", "bad-002"]
        await pilot.press("slash", *"nowhere")
        shown = await until(pilot, "Connections: 0 of 33")
        assert "Esc shows all" in shown
        await pilot.press("enter")  # the filter's field is left; there is no row that a key could be for
        await until(pilot, lambda: text_of(app).splitlines()[-1].split() == _WITHOUT_ROWS)


async def test_what_could_not_be_read_is_a_question_mark_and_named_under_the_table() -> None:
    scene = many(2)
    scene.world.forever["keys"] = catalogue.permission_missing("iam.serviceAccountKeys.list", Context())
    app = board(scene)
    async with app.run_test(size=(120, 24)) as pilot:
        shown = await until(pilot, "2 could not be read: ok-000, ok-001 (You may not")
        line = next(line for line in shown.splitlines() if "ok-000" in line)
        sign, word, name, project, key = line.strip("│ ").split()[:5]
        assert (sign, word, name, key) == ("?", "unknown", "ok-000", "?")
        assert project.startswith(fakes.PROJECT[:15])
        assert "? 2 unknown" in shown


async def test_enter_shows_a_connection_in_detail_and_escape_goes_up_to_the_list() -> None:
    app = board(many(3, 1))
    async with app.run_test(size=(80, 50)) as pilot:
        await until(pilot, "✗ 1 fail")
        await pilot.press("enter")
        shown = await until(pilot, opened("bad-000"))
        assert "Service account" in shown
        assert "What to do" in shown
        assert "The last look, at 12:00 UTC: 1 fail." in shown
        await pilot.press("escape")
        await until(pilot, "4 connections")
        await pilot.press("enter")
        await until(pilot, opened("bad-000"))
        await pilot.press("s")
        await until(pilot, on(Step.PERMISSIONS))


async def test_the_list_is_as_it_was_when_one_comes_back_to_it_and_nothing_is_asked_again() -> None:
    scene = many(30, 3)
    app = board(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "✗ 3 fail")
        await until(pilot, looked())
        await pilot.press("N", "N", "slash", *"ok-0", "enter", *["down"] * 25)
        await until(pilot, "Connections: 30 of 33, /ok-0")
        looks = scene.world.calls.count("recent_jobs")
        await pilot.press("enter")
        await until(pilot, opened("ok-004"))
        await pilot.press("escape")
        shown = await until(pilot, "Connections: 30 of 33, /ok-0")
        assert "NAME↑" in shown
        table = app.screen.query_one("#connections", ConnectionTable)
        await until(pilot, lambda: table.row == "ok-004" and 0 <= table.point().y < table.size.height)
        assert scene.world.calls.count("recent_jobs") == looks
        await pilot.press("escape")
        await until(pilot, "33 connections")


async def test_escape_goes_up_to_where_one_came_from_at_whichever_step() -> None:
    app = board(many(3, 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "✗ 1 fail")
        await pilot.press("s")
        await until(pilot, on(Step.PERMISSIONS))
        await until(pilot, lambda: not app.wizard.busy)
        await pilot.press("escape")
        await until(pilot, "4 connections")
        await pilot.press("enter")
        await until(pilot, opened("bad-000"))
        await pilot.press("s")
        await until(pilot, on(Step.PERMISSIONS))
        await until(pilot, lambda: not app.wizard.busy)
        app.navigation.goto(Step.VERIFY)
        await until(pilot, on(Step.VERIFY))
        await until(pilot, lambda: not app.wizard.busy)
        await pilot.press("escape")
        await until(pilot, opened("bad-000"))


@pytest.mark.parametrize(
    ("notices", "width"), [((), 120), ((), 80), (("Talking to 127.0.0.1, not to Google",), 80), ((), 60)]
)
async def test_name_and_project_stand_at_the_top_right(notices: tuple[str, ...], width: int) -> None:
    scene = fakes.resumed(Step.PERMISSIONS, fakes.complete())
    scene.notices = tuple(map(verbatim, notices))
    app = app_for(scene)
    async with app.run_test(size=(width, 24)) as pilot:
        await until(pilot, on(Step.PERMISSIONS))
        shown = await until(pilot, lambda: not app.wizard.busy)
        assert shown.splitlines()[1].rstrip().endswith(f"default · {fakes.PROJECT}")
        assert not notices or notices[0] in shown


async def test_every_screen_of_a_connection_has_its_name_and_project_at_the_top_right() -> None:
    scene = fakes.complete()
    saved = SavedConnection(scene.draft, Step.CONNECT, finished=True, connected=True)
    scene.store.saved[scene.draft.name] = saved
    app = board(scene)
    place = f"{scene.draft.name} · {fakes.PROJECT}"

    def placed(state: ScreenState) -> Callable[[], bool]:
        return lambda: state.holds(app) and any(line.rstrip().endswith(place) for line in text_of(app).splitlines()[:2])

    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        for key, screen in (("enter", ConnectionScreen), ("t", SourceScreen), ("r", RotationScreen)):
            await pilot.press(key)
            await until(pilot, placed(on(screen)))
            if screen is not ConnectionScreen:
                await pilot.press("escape")
                await until(pilot, on(ConnectionScreen))
        app.navigation.open_setup(scene.draft.name, Step.PROJECT)
        for step in Step:
            app.navigation.goto(step)
            await until(pilot, placed(on(step)))
            await until(pilot, lambda: not app.wizard.busy)


async def test_a_key_touches_the_visible_rows_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that are drawn, and the rows whose health or sort value is read, of 300 at each key press."""
    drawn, asked = 0, 0
    real = Columns.line

    def line(self: Columns, *args: Any) -> Any:
        nonlocal drawn
        drawn += 1
        return real(self, *args)

    def shown(row: Overview) -> Health | None:
        nonlocal asked
        asked += 1
        return Health.UNKNOWN if row.stale else row.health

    def name(row: Overview) -> tuple[str]:
        nonlocal asked
        asked += 1
        return (row.name,)

    app = board(many(290, 10))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("N", "S", "slash", "o", "escape")
        await until(pilot, "300 connections")
        monkeypatch.setattr(Columns, "line", line)
        monkeypatch.setattr(Overview, "shown", property(shown))
        monkeypatch.setitem(overview._VALUES, SortBy.NAME, name)
        keys = ("down", "pagedown", "end", "home", "N", "S", "slash", "o", "k")
        for key in keys:
            await pilot.press(key)
        await until(pilot, "Connections: 290 of 300, /ok")
        height = app.screen.query_one("#connections", ConnectionTable).size.height
    assert asked <= 2 * drawn, (drawn, asked)  # a line that is drawn asks for its row's health, too
    # A key that changes the layout, such as the one that opens the filter, draws what is visible twice.
    assert drawn <= 2 * (height + 3) * len(keys), (drawn, height)


async def test_what_was_seen_is_out_of_the_garbage_collector_s_way_until_the_next_look() -> None:
    scene = many(5)
    poller = StatusPoller(scene.services())
    gate = scene.world.gates["billing_enabled"] = asyncio.Event()
    gate.set()

    def collectable() -> int:
        return sum(isinstance(each, Status) for each in gc.get_objects())

    try:
        await poller.look()
        assert all(watched.status is not None for watched in poller.connections)
        assert collectable() == 0
        gate.clear()
        look = asyncio.ensure_future(poller.look())
        while scene.world.calls.count("billing_enabled") < 10:
            await asyncio.sleep(0)
        assert collectable() >= 5  # during a look, garbage is found as ever
        gate.set()
        await look
        assert collectable() == 0
    finally:
        gc.unfreeze()


async def test_n_asks_for_a_name_that_is_free_and_opens_the_first_step() -> None:
    app = board(many(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("n")
        await until(pilot, on(Ask))
        await pilot.press(*"OK-000", "enter")
        await until(pilot, "There is a connection OK-000 already.")
        await pilot.press("2", "enter")
        await until(pilot, on(Step.PROJECT))
        assert app.wizard.draft.name == "OK-0002"
        await until(pilot, lambda: not app.wizard.busy)
        await pilot.press("escape")
        await until(pilot, "1 connection")
    assert app.services.store.names() == ("ok-000",)


async def test_d_forgets_a_connection_once_that_is_agreed_to() -> None:
    scene = many(2)
    app = board(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("d")
        await until(pilot, on(Confirm))
        await pilot.press("enter")  # the harmless answer has the focus
        await until(pilot, "2 connections")
        assert app.services.store.names() == ("ok-000", "ok-001")
        await pilot.press("d")
        await until(pilot, on(Confirm))
        await pilot.press("left", "enter")
        await until(pilot, "ok-000 is forgotten on this machine. What stays:")
        await until(pilot, "1 connection")
    assert list(scene.store.saved) == ["ok-001"]
    assert scene.world.writes == []


async def test_in_production_a_connection_is_forgotten_only_when_its_name_is_typed() -> None:
    scene = many(2)
    scene.store.saved["ok-000"] = replace(scene.store.saved["ok-000"], production=True)
    app = board(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("d")
        await until(pilot, on(Ask))
        await pilot.press(*"ok-00", "enter")
        await until(pilot, "It is called ok-000.")
        assert "ok-000" in scene.store.saved
        await pilot.press("0", "enter")
        await until(pilot, "ok-000 is forgotten on this machine")
    assert list(scene.store.saved) == ["ok-001"]


async def test_the_values_of_a_connection_are_copied() -> None:
    scene = many(1)
    app = board(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        await pilot.press("y")
        await until(pilot, "Values of ok-000")
    assert "KLAVIYO_IMPORT_FROM_DWH" in scene.copied[0]
    assert fakes.CANARY not in scene.copied[0]


async def test_the_next_look_comes_when_it_is_due_and_not_while_paused_or_without_the_focus() -> None:
    scene = many(1)
    app = board(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "next look in 60 s")

        def looks() -> int:
            return scene.world.calls.count("billing_enabled")

        scene.clock.seconds += 35
        await until(pilot, "next look in 30 s")
        await pilot.press("p")
        await until(pilot, "paused: p goes on")
        scene.clock.seconds += 60
        assert not app.monitor.due
        await pilot.press("p")
        await until(pilot, lambda: looks() == 2)
        await until(pilot, "next look in 60 s")
        app.app_focus = False
        await until(pilot, "resting: another window has the focus")
        scene.clock.seconds += 60
        assert not app.monitor.due
        app.app_focus = True
        await until(pilot, lambda: looks() == 3)


async def test_no_more_than_so_many_connections_are_looked_at_at_once() -> None:
    scene = many(AT_ONCE + 9)
    gate = scene.world.gates["billing_enabled"] = asyncio.Event()
    poller = StatusPoller(scene.services())
    poller.load()
    look = asyncio.ensure_future(poller.look())
    while scene.world.calls.count("billing_enabled") < AT_ONCE:
        await asyncio.sleep(0)
    for _ in range(200):
        await asyncio.sleep(0)
    assert scene.world.calls.count("billing_enabled") == AT_ONCE
    scene.world.gates.clear()
    gate.set()
    await look
    assert scene.world.calls.count("billing_enabled") == AT_ONCE + 9


async def test_once_as_many_got_no_answer_no_more_are_asked() -> None:
    scene = many(AT_ONCE * 3)
    scene.world.forever = dict.fromkeys(
        (*READS, "dataset_names", "keys", "project_bindings", "recent_jobs"), UNREACHABLE
    )
    poller = StatusPoller(scene.services())
    poller.load()
    await poller.look()
    assert poller.failures == 1
    assert scene.world.calls.count("billing_enabled") <= AT_ONCE * 2
    assert all(watched.problem is not None for watched in poller.connections)


async def test_of_a_connection_that_was_never_read_the_reason_and_the_remedy_are_shown() -> None:
    scene = many(1)
    scene.sign_in.problem = catalogue.problem(
        Code.JOURNAL_DAMAGED, Context(), path="/state/journal.jsonl", reason="line 3: kbq-tui did not write this."
    )
    poller = StatusPoller(scene.services())
    await poller.look()
    (watched,) = poller.connections
    shown = to_do(watched).plain
    assert "has a line that cannot be read" in shown
    assert "line 3: kbq-tui did not write this." in shown
    assert "mv /state/journal.jsonl /state/journal.jsonl.damaged" in shown
    listed = Columns(80).line(watched.overview, fakes.NOW).plain
    assert "never" not in listed  # whether it was verified is not known


async def test_each_connection_is_looked_at_as_its_own_operator_signs_in() -> None:
    scene = many(3)
    _, second, third = sorted(scene.store.saved)
    theirs = Login(credentials="/keys/theirs.json")
    for name in (second, third):
        scene.store.saved[name] = replace(scene.store.saved[name], login=theirs)
    denied = MemorySignIn(scene.sign_in.cloud)
    denied.problem = UNREACHABLE
    services = replace(scene.services(), sign_in_as=lambda login: denied if login == theirs else scene.sign_in)
    poller = StatusPoller(services)
    await poller.look()
    assert [w.problem for w in poller.connections] == [None, UNREACHABLE, UNREACHABLE]
    assert (poller.failures, poller.problem) == (0, None)
    denied.problem = None
    await poller.look()
    assert [w.problem for w in poller.connections] == [None, None, None]


async def test_where_no_operator_can_sign_in_the_reason_is_that_of_the_first() -> None:
    scene = many(2)
    scene.sign_in.problem = UNREACHABLE
    poller = StatusPoller(scene.services())
    await poller.look()
    assert (poller.failures, poller.problem) == (1, UNREACHABLE)


async def test_the_set_up_of_another_connection_signs_in_as_its_operator() -> None:
    scene = many(2)
    _, second = sorted(scene.store.saved)
    scene.store.saved[second] = replace(scene.store.saved[second], login=Login(credentials="/keys/theirs.json"))
    theirs = MemorySignIn(scene.sign_in.cloud)
    services = replace(scene.services(), sign_in_as=lambda login: theirs if login.credentials else scene.sign_in)
    app = build(services, DisplayOptions(), start="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        app.navigation.open_setup(second, None)
        await until(pilot, lambda: app.wizard.services.sign_in is theirs)


async def test_one_connection_that_gets_no_answer_does_not_keep_the_others_from_being_looked_at() -> None:
    scene = many(2)
    poller = StatusPoller(scene.services())
    poller.load()
    await poller.look()
    scene.world.faults["project"] = [UNREACHABLE]
    for read in (*READS[1:], "dataset_names", "keys", "project_bindings", "recent_jobs"):
        scene.world.faults[read] = [UNREACHABLE]
    await poller.look()
    assert poller.failures == 0
    assert poller.wait() == 60.0


async def test_the_looks_are_kept_and_say_since_when_it_is_broken() -> None:
    scene = many(1)
    app = board(scene)
    async with app.run_test(size=(80, 40)) as pilot:
        await until(pilot, "✓ 1 ok")
        scene.clock.seconds += 60
        scene.world.bindings = []
        await until(pilot, "✗ 1 fail")
    scene.clock.seconds += 600
    history = scene.store.looked["ok-000"]
    assert [look.health for look in history.looks] == [Health.OK, Health.BROKEN]
    again = board(scene)
    async with again.run_test(size=(80, 40)) as pilot:
        await until(pilot, looked())
        await pilot.press("enter")
        shown = await until(pilot, opened("ok-000"))
        assert "fail since 12:01 UTC (10 min)" in shown
        assert "The last 3 looks, from 12:00 to 12:11 UTC: 2 fail, 1 ok." in shown


async def test_what_was_taken_away_behind_our_back_is_told_and_can_be_put_back_or_accepted() -> None:
    scene = many(2)
    app = board(scene)
    async with app.run_test(size=(80, 50)) as pilot:
        await until(pilot, "✓ 2 ok")
        scene.clock.seconds += 60
        binding = scene.world.bindings.pop()
        scene.world.keys.append(replace(scene.world.keys[0], id="f" * 40))
        entry = AdminChange(
            scene.clock.now(), "infra-bot@acme.example", "SetIamPolicy", frozenset({(JOB_USER, fakes.SPEC.member)})
        )
        scene.world.admin_changes[ProjectRef(fakes.PROJECT)] = [entry]
        shown = await until(pilot, "✗ 2 fail")
        assert "≠" in next(line for line in shown.splitlines() if "ok-001" in line)
        await pilot.press("enter")
        shown = await until(pilot, "bigquery.jobUser on the project was taken away · seen at 12:01 UTC")
        assert "by infra-bot@acme.example, 2026-11-23 12:01 UTC" in shown
        assert "key ffffffffffff was added" in shown
        assert "by whom is unknown: the audit log has no entry of it" in shown
        await pilot.press("b")
        await until(pilot, on(Step.ACCOUNT))
        await until(pilot, lambda: not app.wizard.busy)
        await pilot.press("escape")
        await until(pilot, opened("ok-000"))
        scene.world.bindings.append(binding)
        await pilot.press("f5")
        await until(pilot, lambda: "was taken away" not in text_of(app))
        assert "was added" in text_of(app)
        await pilot.press("a")
        await until(pilot, lambda: "was added" not in text_of(app))
    assert scene.store.looked["ok-000"].drift == ()


async def test_a_history_is_written_when_something_changed_and_else_every_ten_minutes() -> None:
    scene = many(1)
    poller = StatusPoller(scene.services())
    poller.load()
    saved: list[LookHistory] = []
    save = scene.store.save_looks
    scene.store.save_looks = lambda name, history: (saved.append(history), save(name, history))[1]  # type: ignore[method-assign, func-returns-value]
    for _ in range(11):
        await poller.look()
        scene.clock.seconds += 60
    assert [len(history.looks) for history in saved] == [1, 11]
    scene.world.bindings = []
    await poller.look()
    assert saved[-1].health is Health.BROKEN


async def test_a_connection_that_came_or_went_meanwhile_is_seen_by_the_next_look() -> None:
    scene = many(2)
    poller = StatusPoller(scene.services())
    poller.load()
    await poller.look()
    saved = scene.store.saved.pop("ok-000")
    scene.store.saved["new"] = replace(saved, draft=saved.draft.replace(name="new"))
    await poller.look()
    assert [(w.name, w.health) for w in poller.connections] == [("ok-001", Health.OK), ("new", Health.WARNING)]


async def test_nothing_is_remembered_of_a_connection_that_does_not_exist_yet() -> None:
    scene = many(0)
    begun = SavedConnection(ConnectionDraft("new", fakes.PROJECT), filed=False)
    poller = StatusPoller(scene.services(), begun=lambda: begun)
    poller.load()
    await poller.look()
    assert poller.connections[0].history.looks
    assert scene.store.looked == {}


async def test_a_connection_whose_file_cannot_be_read_is_named_and_the_others_are_shown() -> None:
    scene = many(2)
    load = scene.store.load

    def broken(name: str) -> SavedConnection | None:
        if name == "ok-001":
            raise ProblemError(catalogue.problem(Code.STATE_UNWRITABLE, Context(), path="/x", reason="broken"))
        return load(name)

    scene.store.load = broken  # type: ignore[method-assign]
    app = board(scene)
    async with app.run_test(size=(100, 24)) as pilot:
        shown = await until(pilot, "1 could not be read: ok-001 (")
        assert "✓ 1 ok" in shown
        assert "? 1 unknown" in shown


@pytest.mark.parametrize(
    ("left", "words"),
    [(0.2, "15 s"), (15, "15 s"), (15.1, "30 s"), (60, "60 s"), (119, "2 min"), (121, "3 min"), (3600, "60 min")],
)
def test_the_countdown_changes_seldom(left: float, words: str) -> None:
    assert countdown(left) == words


async def test_ascii_signs_alone() -> None:
    app = board(many(2, 1), DisplayOptions(ascii=True))
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, "x 1 fail")
        assert "STATEv" in shown
        assert "* ok" in shown
        assert text_of(app).isascii()
