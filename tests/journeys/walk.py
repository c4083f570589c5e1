"""Walks through the screens as an operator does: with the keyboard, waiting for texts on the screen."""

import re
from dataclasses import dataclass

from tests.support.polling import PATIENCE
from tests.support.pty import Terminal

STEPS = ("Project", "Datasets", "Service account", "Permissions", "Verify", "Connect")
BODIES = (
    "Preflight",
    "Klaviyo's own",
    "Account ID",
    "Job User",
    "Least privilege",
    "In Klaviyo, go to",
)
"""A text in the body of each screen, because a title may be drawn before the body changes."""


@dataclass
class Walk:
    """A program in a pty, and the texts of its screens.

    Attributes:
        seen: the settled text of each step's screen, before anything was pressed on it.
    """

    terminal: Terminal

    def __post_init__(self) -> None:
        self.seen: dict[str, str] = {}

    def at(self, step: int, *marks: str, seconds: float = PATIENCE) -> str:
        """Wait for a step's screen to be drawn and settled with these marks; return its text."""
        title = f"Step {step} of 6: {STEPS[step - 1]}"
        self.terminal.until_text(title, BODIES[step - 1], "F10", *marks, seconds=seconds)
        self.terminal.settle(0.3)
        text = self.terminal.text()
        self.seen.setdefault(STEPS[step - 1], text)
        return text

    def enter(self) -> None:
        self.terminal.send("\r")

    def begin(self) -> None:
        """From the welcome to the first step."""
        self.terminal.until_text("[ Begin ]", "F10")
        self.terminal.settle(0.3)
        self.enter()

    def on(self, button: str) -> None:
        """Wait until a button has the focus: then the terminal's cursor is in it."""

        def there() -> bool:
            lines, cursor = self.terminal.text().splitlines(), self.terminal.screen.cursor
            at = lines[cursor.y].find(button) if cursor.y < len(lines) else -1
            return 0 <= at <= cursor.x <= at + len(button)

        self.terminal.until(there)

    def step(self, number: int, to_do: str, done: str = "[ Continue ]") -> None:
        """Carry out one step: press its button, and wait for `done`."""
        self.at(number, to_do)
        self.on(to_do)
        self.enter()
        if to_do != done:
            self.at(number, done)
            self.on(done)
            self.enter()

    def values(self) -> tuple[str, str, str]:
        """Read the three values from the last screen; the path may continue over several lines."""
        text = "\n".join(line.strip("│| ") for line in self.terminal.text().splitlines())
        project = re.search(r"1\s+Project ID\s+(\S+)", text)
        dataset = re.search(r"2\s+Dataset\s+(\S+)", text)
        path = re.search(r"3\s+Service Account Key \(JSON\)((?:\s*\S+\n)+?)\s*It belongs to", text)
        if not (project and dataset and path):
            raise AssertionError(f"not all three values are there:\n{text}")
        return project[1], dataset[1], "".join(path[1].split())
