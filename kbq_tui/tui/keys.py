"""One table of keys. Footer, help and the bindings themselves are made from it.

Never bound: ctrl+{a,b,s,z,m,i,h,j,[} (terminals, tmux and screen keep them) and ctrl+p (Docker's detach).
"""

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding, BindingType

FORBIDDEN: Final = frozenset(
    {
        "ctrl+a",
        "ctrl+b",
        "ctrl+s",
        "ctrl+z",
        "ctrl+m",
        "ctrl+i",
        "ctrl+h",
        "ctrl+j",
        "ctrl+left_square_bracket",
        "ctrl+p",
    }
)
HINT_WIDTH: Final = 78
"""Cells that the footer may take on a screen of 80 columns."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does.

    Attributes:
        id: stable; the name under which it can be given another key.
        scope: `app` for everywhere, else the screen it belongs to.
        keys: as Textual spells them, comma separated.
        action: Textual's action.
        label: what the footer says; empty to stay out of it.
        help: what F1 says.
        shown: how the key is written; empty for the first of `keys`.
        priority: before the focused field sees it.
    """

    id: str
    scope: str
    keys: str
    action: str
    label: str
    help: str
    shown: str = ""
    priority: bool = False

    @property
    def face(self) -> str:
        return self.shown or self.keys.split(",")[0].replace("escape", "Esc").replace("enter", "Enter").capitalize()


KEYS: Final = (
    Key("next", "app", "down", "app.focus_next", "", "To the next field, row or button (also Tab)", "Down"),
    Key("previous", "app", "up", "app.focus_previous", "", "To the one before (also Shift+Tab)", "Up"),
    Key("page-down", "app", "pagedown", "scroll_page(1)", "", "Scroll down", "PgDn"),
    Key("page-up", "app", "pageup", "scroll_page(-1)", "", "Scroll up", "PgUp"),
    Key("back", "app", "escape", "step_back", "Back", "One step back; undoes nothing, never quits", "Esc"),
    Key("help", "app", "f1", "help", "Help", "This screen and its keys"),
    Key("palette", "app", "f2", "command_palette", "", "Every action by name", "F2"),
    Key("commands", "app", "f3", "commands", "Commands", "What this step does, as gcloud, bq and SQL", "F3"),
    Key("ascii", "app", "f4", "toggle_ascii", "", "Signs in ASCII, or not", "F4"),
    Key("refresh", "app", "f5", "refresh_now", "Refresh", "Look again at what is there", "F5"),
    Key("theme", "app", "f6", "next_theme", "", "Dark, light, high contrast", "F6"),
    Key("dashboard", "app", "f8", "dashboard", "", "To the dashboard", "F8"),
    Key(
        "quit",
        "app",
        "f10,ctrl+q",
        "quit",
        "Quit",
        "Quit; everything typed is kept (also ctrl+q, ctrl+c twice)",
        "F10",
        True,
    ),
    Key("interrupt", "app", "ctrl+c", "interrupt", "", "Twice: quit", "Ctrl+C", True),
    Key("pick", "project", "f7", "pick", "Pick", "Pick from a list: projects, locations"),
    Key(
        "stop", "working", "x", "stop_waiting", "Stop waiting", "Stop waiting for Google; what was done stays done", "x"
    ),
    Key("nudge", "working", "r", "nudge", "Try now", "Try again now instead of waiting", "r"),
    Key("save", "verify", "s", "save_report", "Save report", "Save the report as Markdown and JSON", "s"),
    Key("verify", "verify", "r", "verify", "Run again", "Run all checks again", "r"),
    Key("go-on", "verify", "g", "go_on", "Go on", "Go on while checks still wait", "g"),
    Key("copy-project", "connect", "1", "copy('project')", "", "Copy the project ID", "1"),
    Key("copy-dataset", "connect", "2", "copy('dataset')", "", "Copy the dataset", "2"),
    Key("copy-key", "connect", "3", "copy('key')", "1-3 Copy", "Copy the key file's path", "3"),
    Key("copy-row", "connect", "c", "copy_row", "", "Copy the row under the cursor", "c"),
    Key(
        "view",
        "connect",
        "v",
        "view",
        "View",
        "Show the values on the plain terminal, where its own selection works",
        "v",
    ),
    Key("write", "connect", "w", "write", "Write", "Write the values to a file", "w"),
    Key("explain", "dashboard", "e", "explain", "Explain", "Paste an error, get its cause and remedy", "e"),
    Key("copy", "problem", "c", "copy", "Copy", "Copy the text for whoever can help", "c"),
    Key("view-text", "problem", "v", "view", "View", "Show that text on the plain terminal", "v"),
    Key("write-text", "problem", "w", "write", "Write", "Write that text to a file", "w"),
)


def bindings(*scopes: str) -> list[BindingType]:
    """Return the bindings of some scopes, for a `BINDINGS` class variable."""
    return [
        Binding(k.keys, k.action, k.label or k.help, show=False, priority=k.priority, id=k.id, key_display=k.face)
        for k in KEYS
        if k.scope in scopes
    ]


def hints(*scopes: str, without: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Return what the footer shows for some scopes: the key and what it does, in the order of the scopes."""
    found: list[tuple[str, str]] = []
    for scope in scopes:
        for key in KEYS:
            if key.scope == scope and key.label and key.id not in without:
                first, _, rest = key.label.partition(" ")
                face = first if first == "1-3" else key.face
                found.append((face, rest if first == "1-3" else key.label))
    return found


def help_lines(*scopes: str) -> list[tuple[str, str]]:
    """Return every key of some scopes with its help."""
    return [(k.face, k.help) for scope in scopes for k in KEYS if k.scope == scope]
