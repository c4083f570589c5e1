"""F1: what this screen does, and its keys. Markdown is imported when it is first needed."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.widget import Widget

from kbq_tui.i18n.messages import N_, language, translate
from kbq_tui.tui import keyboard
from kbq_tui.tui.modals.base import Modal

_FOLDER = Path(__file__).parent.parent / "help"
"""The folder of the English texts; those in another language are in a subfolder with its name."""


def help_text(name: str, scopes: tuple[str, ...]) -> str:
    """Return the help of a screen, with the table of its keys.

    Args:
        name: the help file's name, without its suffix.
        scopes: the scopes of the key table.
    """
    file = (_FOLDER if language() == "en" else _FOLDER / language()) / f"{name}.md"
    lines = [file.read_text(encoding="utf-8").strip(), "", f"## {translate('Keys')}", ""]
    lines += [f"- **{key}** {text}" for key, text in keyboard.help_lines(*scopes, "app")]
    return "\n".join(lines)


class Help(Modal[None]):
    """Help of one screen.

    Args:
        name: the help file's name.
        scopes: the scopes of the screen's keys.
    """

    BINDINGS: ClassVar = [keyboard.bound("previous", "line(-1)"), keyboard.bound("next", "line(1)")]
    heading = N_("Help")

    def __init__(self, name: str, scopes: tuple[str, ...]) -> None:
        super().__init__()
        self._topic, self._scopes = name, scopes

    def fill(self) -> ComposeResult:
        """Lay out the help text as Markdown."""
        from textual.widgets import Markdown

        sheet: Widget = Markdown(help_text(self._topic, self._scopes), open_links=False)
        yield sheet

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: up and down scroll, Escape closes."""
        return [(translate("Up/Down"), translate("Scroll")), ("Esc", translate("Close"))]

    def action_line(self, by: int) -> None:
        """Up and Down: scroll by some lines."""
        self.query_one("#sheet").scroll_relative(y=by, animate=False)
