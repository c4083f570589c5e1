"""`make screenshots`: every screen as SVG at 80x24 and 120x36, drawn over the sandbox by the program itself."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from kbq_tui.core.problems import Problem
from kbq_tui.tui.app import KbqApp, build
from kbq_tui.tui.look import Look
from kbq_tui.wiring import Options
from kbq_tui.wiring import build as build_desk
from tests.support.sandbox import Served, served
from tests.tui.screens import text_of, until

FOLDER = Path(__file__).parent.parent / "screenshots"
SIZES = ((80, 24), (120, 36))
HOME = Path("/tmp/kbq-tui-shot")
# The pictures show an operator's paths, not those of the machine that drew them; as long, so that nothing moves.
PATHS = (
    ("/tmp/kbq-tui-shot/data", "/home/ada/.local/share"),
    ("/tmp/kbq-sandbox-________", "/home/ada/.config/klaviyo"),
)
Shot = Callable[[str], Awaitable[None]]


def _app(sandbox: Served, start: str = "setup") -> KbqApp:
    env = sandbox.environ(HOME)
    desk = build_desk(Options(values={"key_file": sandbox.env.get("KBQ_TUI_SANDBOX_KEY")}), env).desk
    return build(desk, Look(host=""), start=start)  # type: ignore[arg-type]


async def _ready(pilot: Pilot[object], *marks: str) -> None:
    for mark in marks:
        await until(pilot, mark, 30.0)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def wizard(pilot: Pilot[object], shot: Shot) -> None:
    """The six steps of a fresh project."""
    await _ready(pilot, "[ Begin ]", "Signed in as")
    await shot("welcome")
    await pilot.press("enter")
    await _ready(pilot, "[ Continue ]", "Preflight")
    await shot("project")
    await pilot.press("f1")
    await pilot.pause()
    await shot("help")
    await pilot.press("escape")
    await pilot.press("f7")
    await _ready(pilot, "acme-analytics")
    await shot("project-picker")
    await pilot.press("escape")
    await pilot.pause()
    await pilot.press("enter")
    for name, button in (
        ("datasets", "[ Create 2 datasets ]"),
        ("account", "[ Create account and key ]"),
        ("permissions", "[ Grant 3 roles ]"),
    ):
        await _ready(pilot, button)
        await shot(f"{name}-ready")
        await pilot.press("enter")
        await _ready(pilot, "[ Continue ]")
        await shot(f"{name}-done")
        await pilot.press("enter")
    await _ready(pilot, "[ Continue ]", "All is well")
    await shot("verify")
    await pilot.press("enter")
    await _ready(pilot, "Proven")
    await shot("connect")


async def dashboard(pilot: Pilot[object], shot: Shot) -> None:
    """The dashboard of the connection that has just been made, and the screen that explains errors."""
    await _ready(pilot, "Grants", "Key")
    await shot("dashboard")
    await pilot.press("e")
    await pilot.pause()
    await pilot.press(*"Access Denied: Project p: User does not have bigquery.jobs.create permission in project p.")
    await pilot.press("tab", "enter")
    await _ready(pilot, "Job User")
    await shot("explain")


async def refused(pilot: Pilot[object], shot: Shot) -> None:
    """What an operator without permissions sees."""
    await _ready(pilot, "[ Begin ]", "Signed in as")
    await pilot.press("enter")
    await _ready(pilot, "in the way")
    await shot("project-refused")
    app = pilot.app
    assert isinstance(app, KbqApp)
    plan = app.wizard.plan
    assert plan is not None
    problem: Problem = plan.blocked[0].problem
    app.open_problem(problem)
    await pilot.pause()
    await shot("problem")


async def _draw(
    sandbox: Served, scene: Callable[[Pilot[object], Shot], Awaitable[None]], start: str, size: tuple[int, int]
) -> None:
    app = _app(sandbox, start)
    pilot: Pilot[object]

    async def shot(name: str) -> None:
        await until(pilot, lambda: not any(line.strip().startswith("… ") for line in text_of(app).splitlines()), 5.0)
        svg = app.export_screenshot(title="kbq-tui")
        svg = re.sub(r"terminal-\d+", "terminal", svg)
        for real, shown in PATHS:
            pattern = re.escape(real).replace("_" * 8, r"[a-z0-9_]{0,8}")
            svg = re.sub(pattern, lambda m, shown=shown: shown[: len(m[0])], svg)
            for cut in range(len(real) - 1, 4, -1):  # cut short on the screen
                svg = svg.replace(real[:cut] + "…", shown[:cut] + "…")
        path = FOLDER / f"{name}-{size[0]}x{size[1]}.svg"
        path.write_text(svg)
        print(path.name, file=sys.stderr)

    async with app.run_test(size=size) as pilot:
        await scene(pilot, shot)


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    os.environ.pop("NO_COLOR", None)
    for size in SIZES:
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(mode=0o700)
        with served("fresh") as sandbox:
            asyncio.run(_draw(sandbox, wizard, "setup", size))
            asyncio.run(_draw(sandbox, dashboard, "dashboard", size))
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(mode=0o700)
        with served("no-permission") as sandbox:
            asyncio.run(_draw(sandbox, refused, "setup", size))
    shutil.rmtree(HOME, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
