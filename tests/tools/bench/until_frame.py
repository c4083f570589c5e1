"""In a separate process: run a Textual program until it has passed its first complete frame to the driver, then exit.

    python -m tests.tools.bench.until_frame MARKS (bare | kbq-tui [ARGUMENT ...])

MARKS are words, separated by commas, that the frame is complete with. Nothing is imported early: Textual's driver is
patched when the program imports it, so that instructions and loaded modules are those of the program.

With KBQ_TEST_FRAME_FACTS in the environment, facts about the start are written to the file of that name as JSON.
"""

import os
import sys
from typing import Any

DRIVER = "textual.drivers.linux_driver"
FACTS = "KBQ_TEST_FRAME_FACTS"


class Patching:
    """Finds the driver's module as Python does, and patches it once it is loaded.

    Args:
        marks: what the complete frame shows.
    """

    def __init__(self, marks: list[str]) -> None:
        self._marks = marks
        self._loader: Any = None

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find the driver's module, and no other."""
        if name != DRIVER:
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        for finder in sys.meta_path:
            if (spec := finder.find_spec(name, path, target)) is not None:
                self._loader, spec.loader = spec.loader, self  # type: ignore[assignment]
                return spec
        return None

    def create_module(self, spec: Any) -> Any:
        """Leave it to Python."""
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """Load the module, then watch what its driver writes."""
        self._loader.exec_module(module)
        driver, marks = module.LinuxDriver, self._marks
        write = driver.write
        written = ""
        looking = bool(os.environ.get(FACTS))
        facts: dict[str, Any] = {}

        def watched(self: Any, data: str) -> None:
            nonlocal written
            if not facts:
                written += data
                if all(mark in written for mark in marks):
                    if not looking:
                        os._exit(0)  # without running anything else
                    facts.update(_facts(self._app), paints=0)
                    self._app.call_later(_settle, self._app, facts)
            if facts and _shows(data):
                facts["paints"] += 1
            write(self, data)

        driver.write = watched


def _facts(app: Any) -> dict[str, Any]:
    """Return what the start cost: loaded modules, widgets on the screen, style rules of our own."""
    app.launch = lambda work, what: work.close()  # what comes from outside is not counted
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] != "tests")
    widgets = sum(1 for _ in app.screen.walk_children())
    rules = sum(not rule.is_default_rules for rule in app.stylesheet.rules)
    return {"modules": loaded, "widgets": widgets, "rules": rules, "compiled": _compiled()}


def _compiled() -> list[str]:
    """Return the classes of ours whose methods were compiled from text, and the patterns compiled at the start."""
    import re

    found: set[str] = set()
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "kbq_tui"]
    spaces = [(module.__name__, vars(module)) for module in ours]
    for name, space in spaces:
        for key, value in space.items():
            if isinstance(value, type) and value.__module__ == name:
                spaces.append((f"{name}.{key}", dict(vars(value))))
            elif isinstance(value, re.Pattern):
                found.add(f"{name}.{key}")
            code = getattr(value, "__code__", None)
            if code is not None and code.co_filename == "<string>":
                found.add(name)
    return sorted(found)


def _shows(data: str) -> bool:
    """Return whether some output changes the screen: it is more than a movement of the cursor."""
    import re

    return bool(re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", data))


async def _settle(app: Any, facts: dict[str, Any]) -> None:
    """Wait until nothing is left to be done, write the facts, and exit."""
    import asyncio
    import json

    idle = 0
    while idle < 3:
        await asyncio.sleep(1 / 60)
        screen = app.screen
        pumps = [app, screen, *screen.walk_children()]
        due = screen._layout_required or screen._repaint_required or screen._dirty_widgets or screen._callbacks
        idle = 0 if due or any(not pump._message_queue.empty() for pump in pumps[1:]) else idle + 1
    with open(os.environ[FACTS], "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib need not be imported
        json.dump(facts, file)
    os._exit(0)


def main() -> None:
    """Run the program that the command line names."""
    marks, program = sys.argv[1].split(","), sys.argv[2:]
    sys.meta_path.insert(0, Patching(marks))  # type: ignore[arg-type]
    if program == ["bare"]:
        from textual.app import App, ComposeResult
        from textual.widgets import Static

        class Bare(App[None]):
            def compose(self) -> ComposeResult:
                yield Static("READY")

        Bare().run()
        return
    sys.argv[:] = program
    from kbq_tui.cli.main import run

    run()


if __name__ == "__main__":
    main()
