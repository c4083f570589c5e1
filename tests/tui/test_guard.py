"""Only one process sets up a connection at a time, wherever it started; reading blocks nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, ProblemError
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import build
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.modals.problem import ProblemSheet
from kbq_tui.tui.running import run
from kbq_tui.tui.screens.dashboard import DashboardScreen
from tests.stories.scene import MemoryJournal
from tests.tui import fakes
from tests.tui.screens import looked, on, until


class Guard:
    """Counts who holds which lock, or refuses."""

    def __init__(self, holder: str = "") -> None:
        self.holder = holder
        self.held: list[str] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        if self.holder:
            raise ProblemError(catalogue.problem(Code.LOCK_HELD, Context(), holder=self.holder, connection=name))
        self.held.append(name)
        yield
        self.held.remove(name)


async def test_a_set_up_opened_from_the_dashboard_is_guarded_until_the_dashboard_is_back() -> None:
    guard = Guard()
    app = build(
        replace(fakes.resumed(Step.CONNECT, fakes.complete()).services(), guard=guard),
        DisplayOptions(),
        start="dashboard",
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(DashboardScreen))
        assert not guard.held
        app.navigation.open_setup("default", Step.DATASETS)
        await until(pilot, on(Step.DATASETS))
        assert guard.held == ["default"]
        app.navigation.show_dashboard()
        await until(pilot, looked())
        assert not guard.held


async def test_where_another_process_is_at_it_the_dashboard_stays_and_says_who() -> None:
    app = build(
        replace(fakes.resumed(Step.CONNECT, fakes.complete()).services(), guard=Guard("process 4711")),
        DisplayOptions(),
        start="dashboard",
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, looked())
        app.navigation.open_setup("default", Step.DATASETS)
        assert "4711" in await until(pilot, on(ProblemSheet))


async def test_a_journal_that_cannot_be_used_is_told_with_its_remedy_when_the_checks_are_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def damaged(_: MemoryJournal) -> NoReturn:
        details = {"path": "/home/olga/journal.jsonl", "reason": "line 15: kbq-tui did not write this."}
        raise ProblemError(catalogue.problem(Code.JOURNAL_DAMAGED, Context(), **details))

    app = build(fakes.complete_left_at_verify().services(), DisplayOptions())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(Step.VERIFY))
        await until(pilot, lambda: not app.wizard.busy)
        monkeypatch.setattr(MemoryJournal, "changes", damaged)
        await pilot.press("r")
        shown = await until(pilot, on(ProblemSheet))
        assert "line 15" in shown
        assert "Keep the damaged file aside" in shown


def test_a_set_up_does_not_even_start_beside_another() -> None:
    with pytest.raises(ProblemError) as caught:
        run(replace(fakes.fresh().services(), guard=Guard("process 4711")), DisplayOptions())
    assert caught.value.problem.code == "KBQ-LOCK-HELD"
