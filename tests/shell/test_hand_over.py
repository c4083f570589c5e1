"""The command that copies the key file, and that the last screen shows it completely if the session is remote."""

import pytest

from kbq_tui.model.steps import Step
from kbq_tui.shell.hand_over import scp_line
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.widgets.static import QuietStatic
from tests.stories import scene as fakes
from tests.tui.screens import app_for, until

HOST = "olga@bastion-2"


def test_a_path_with_blanks_is_quoted() -> None:
    assert scp_line(HOST, "/keys/a key.json") == "scp 'olga@bastion-2:/keys/a key.json' ."


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_over_ssh_the_last_screen_has_the_whole_line(width: int) -> None:
    scene = fakes.resumed(Step.CONNECT, fakes.complete())
    app = app_for(scene, DisplayOptions(host=HOST))
    async with app.run_test(size=(width, 36)) as pilot:
        await until(pilot, "Fetch it to the machine with the browser:")
        summary = app.wizard.summary()
        assert summary is not None
        assert summary.key_path
        lines = app.screen.query_one("#more", QuietStatic).shown.plain.splitlines()
    assert max(map(len, lines)) <= width
    assert scp_line(HOST, summary.key_path).replace(" ", "") in "".join(lines).replace(" ", "")


async def test_on_the_machine_with_the_browser_the_path_is_what_is_uploaded() -> None:
    app = app_for(fakes.resumed(Step.CONNECT, fakes.complete()))
    async with app.run_test(size=(80, 36)) as pilot:
        shown = await until(pilot, "Service Account Key (JSON)")
        summary = app.wizard.summary()
    assert summary is not None
    assert summary.key_path
    assert "scp " not in shown
    assert "".join(shown.replace("│", "").split()).count(summary.key_path) == 1
