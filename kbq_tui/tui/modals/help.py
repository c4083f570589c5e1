"""F1: what this screen does, and its keys. Markdown is loaded when it is first asked for."""

from pathlib import Path

from textual.app import ComposeResult
from textual.widget import Widget

from kbq_tui.tui import keys
from kbq_tui.tui.modals.base import Modal

_FOLDER = Path(__file__).parent.parent / "help"


def help_text(name: str, scopes: tuple[str, ...]) -> str:
    """Return the help of a screen, with the table of its keys.

    Args:
        name: the help file's name, without its suffix.
        scopes: the scopes of the key table.
    """
    lines = [(_FOLDER / f"{name}.md").read_text(encoding="utf-8").strip(), "", "## Keys", ""]
    lines += [f"- **{key}** {text}" for key, text in keys.help_lines(*scopes, "app")]
    return "\n".join(lines)


class Help(Modal[None]):
    """Help of one screen.

    Args:
        name: the help file's name.
        scopes: the scopes of the screen's keys.
    """

    heading = "Help"

    def __init__(self, name: str, scopes: tuple[str, ...]) -> None:
        super().__init__()
        self._topic, self._scopes = name, scopes

    def fill(self) -> ComposeResult:
        from textual.widgets import Markdown

        sheet: Widget = Markdown(help_text(self._topic, self._scopes), open_links=False)
        yield sheet

    def hints(self) -> list[tuple[str, str]]:
        return [("Up/Down", "Scroll"), ("Esc", "Close")]

    def key_up(self) -> None:
        self.query_one("#sheet").scroll_up(animate=False)

    def key_down(self) -> None:
        self.query_one("#sheet").scroll_down(animate=False)
