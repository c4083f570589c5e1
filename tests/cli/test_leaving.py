"""What is printed after the screens."""

import io
from dataclasses import replace

import pytest

from kbq_tui.cli.console import Console
from kbq_tui.cli.leaving import say_goodbye
from kbq_tui.engine.services import ConnectionDraft, SavedConnection
from kbq_tui.model.steps import Step
from kbq_tui.model.summary import Summary
from tests.stories import scene as fakes

VALUES = Summary.of(fakes.SPEC, "/keys/key.json", "EU")


def printed(summary: Summary | None, **saved: object) -> str:
    """What is printed for a connection with this saved state, both streams together."""
    scene = fakes.fresh()
    scene.store.saved["default"] = SavedConnection(ConnectionDraft.of(fakes.SPEC), **saved)  # type: ignore[arg-type]
    both = io.StringIO()
    services = scene.services()
    say_goodbye(replace(services, draft=ConnectionDraft(name="default")), summary, Console(both, both))
    return both.getvalue()


@pytest.mark.parametrize(
    ("saved", "where", "command"),
    [
        ({"filed": True, "screen": Step.ACCOUNT}, "default stands at step 3 of 6.", "kbq-tui setup default"),
        (
            {"filed": True, "finished": True},
            "Klaviyo still has to be given the three values.",
            "kbq-tui values default",
        ),
        ({"filed": True, "finished": True, "connected": True}, "Klaviyo is connected.", "kbq-tui status default"),
    ],
)
def test_the_last_two_lines_say_where_it_stands_and_what_is_next(saved, where: str, command: str) -> None:
    lines = printed(None, **saved).splitlines()
    assert where in lines[-2]
    assert lines[-1] == f"Next: {command}"


def test_the_values_have_a_blank_line_around_them_and_both_menus() -> None:
    lines = printed(VALUES, filed=True, finished=True).splitlines()
    assert lines[0] == ""
    assert lines[1].startswith("Project ID")
    assert lines[-3] == ""
    assert "Advanced > Syncing > Create sync" in lines[-5]
    assert lines[-4].endswith("Advanced KDP > Data management > Syncing")


def test_of_what_was_never_made_nothing_is_printed() -> None:
    assert printed(None, filed=False) == ""
