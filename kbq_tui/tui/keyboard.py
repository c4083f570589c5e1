"""The table of all keys. Bindings, footer, help, palette and `kbq-tui keys` are made from it.

Never bound: ctrl+{a,b,s,z,m,i,h,j,[} (used by terminals, tmux and screen), ctrl+p (Docker's detach), and F3 together
with Shift or Ctrl: xterm's sequence for it is that of a cursor position report, and Textual 8.2.8 reads it as one.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from textual.binding import Binding, BindingType
from textual.keys import Keys

from kbq_tui.i18n.messages import EMPTY, N_, Message, in_context, message, translate
from kbq_tui.model.lean_dataclass import dataclass

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
        "shift+f3",
        "ctrl+f3",
        "ctrl+shift+f3",
    }
)
RESERVED: Final = frozenset({"enter", "return", "space", "tab", "shift+tab", "backspace", "delete"})
"""Keys that fields, buttons and lists need themselves."""
HINT_WIDTH: Final = 78
"""The most cells of the footer on a screen of 80 columns."""


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """One action with its keys.

    Attributes:
        id: stable; the name by which it can be given another key.
        scope: `app` for everywhere, else the screen it belongs to.
        keys: as Textual spells them, comma separated.
        action: Textual's action; empty if each widget has its own (see `bound`).
        label: its text in the footer; empty to leave it out.
        help: its text in F1's help.
        kept: those of `keys` that stay whatever is chosen.
        priority: whether it comes before the focused field.
    """

    id: str
    scope: str
    keys: str
    action: str
    label: str
    help: str
    kept: str = ""
    priority: bool = False

    @property
    def now(self) -> tuple[str, ...]:
        """Its present keys: the chosen ones (`use`), else those of the table."""
        chosen = _chosen.get(self.id)
        return _split(self.keys) if chosen is None else _with(self, chosen)

    @property
    def face(self) -> str:
        """Its first key, as people write it."""
        return written(self.now[0])

    @property
    def faces(self) -> str:
        """All its keys, as people write them, separated by commas."""
        return ", ".join(written(key) for key in self.now)


KEYS: Final = (
    KeyBinding(
        "next",
        "app",
        "down,j",
        "app.focus_next",
        "",
        N_("To the next row, field or button (also Tab)"),
        "down",
    ),
    KeyBinding("previous", "app", "up,k", "app.focus_previous", "", N_("To the one before (also Shift+Tab)"), "up"),
    KeyBinding("left", "app", "left,h", "", "", N_("To the choice or button on the left"), "left"),
    KeyBinding("right", "app", "right,l", "", "", N_("To the choice or button on the right"), "right"),
    KeyBinding("first", "app", "home,g", "", "", N_("To the first row"), "home"),
    KeyBinding("last", "app", "end,G", "", "", N_("To the last row"), "end"),
    KeyBinding("page-down", "app", "pagedown", "scroll_page(1)", "", N_("Scroll down"), "pagedown"),
    KeyBinding("page-up", "app", "pageup", "scroll_page(-1)", "", N_("Scroll up"), "pageup"),
    KeyBinding(
        "back", "app", "escape", "step_back", N_("Back"), N_("One step back; undoes nothing, never quits"), "escape"
    ),
    KeyBinding("help", "app", "f1", "help", N_("Help"), N_("This screen and its keys")),
    KeyBinding("dashboard", "app", "f8", "dashboard", N_("Dashboard"), N_("Go to the dashboard")),
    KeyBinding("palette", "app", "f2", "command_palette", "", N_("Every action by name")),
    KeyBinding("commands", "app", "f3", "commands", N_("Commands"), N_("What this step does, as gcloud, bq and SQL")),
    KeyBinding("ascii", "app", "f4", "toggle_ascii", "", N_("ASCII characters only, or not; remembered")),
    KeyBinding("refresh", "app", "f5", "refresh_now", N_("Refresh"), N_("Look again at what is there")),
    KeyBinding("theme", "app", "f6", "next_theme", "", N_("Dark, light, high contrast; remembered")),
    KeyBinding(
        "quit",
        "app",
        "f10,ctrl+q",
        "quit",
        N_("Quit"),
        N_("Quit; from the first change on, what is typed is kept"),
        priority=True,
    ),
    KeyBinding("interrupt", "app", "ctrl+c", "interrupt", "", N_("Twice: quit"), "ctrl+c", priority=True),
    KeyBinding("pick", "project", "f7", "pick", N_("Pick"), N_("Pick from a list: projects, locations")),
    KeyBinding("delete-key", "account", "f7", "delete_key", N_("Delete key"), N_("Delete a key that is not kept here")),
    KeyBinding("remove", "permissions", "f7", "remove", N_("Remove"), N_("Take away what the account does not need")),
    KeyBinding(
        "stop",
        "working",
        "x",
        "stop_waiting",
        N_("Stop waiting"),
        N_("Stop waiting for Google; what was done stays done"),
    ),
    KeyBinding("nudge", "working", "r", "nudge", N_("Try now"), N_("Try again now instead of waiting")),
    KeyBinding(
        "mend", "verify", "f7", "mend", N_("Fix"), N_("To the step that can take away what the check has found")
    ),
    KeyBinding("verify", "verify", "r", "verify", N_("Run again"), N_("Run all checks again")),
    KeyBinding("go-on", "verify", "n", "go_on", N_("Go on"), N_("Go on while checks still wait")),
    KeyBinding("check-tables", "verify", "t", "tables", N_("Tables"), N_("Whether the tables are ready for Klaviyo")),
    KeyBinding("save", "verify", "s", "save_report", N_("Save report"), N_("Save the report as Markdown and JSON")),
    KeyBinding("source-again", "source", "r", "again", N_("Check again"), N_("Look at the tables again")),
    KeyBinding("source-all", "source", "a", "all", "", N_("Look at every table, however many there are")),
    KeyBinding(
        "source-map",
        "source",
        "m",
        "mapping",
        N_("Mapping"),
        N_("What each column of the table is for; a choice is kept with the connection"),
    ),
    KeyBinding(
        "source-view",
        "source",
        "v",
        "propose_view",
        N_(in_context("noun", "View")),
        N_("Show the SQL of a view of the table that Klaviyo can use, and make it after a yes"),
    ),
    KeyBinding(
        "source-save", "source", "s", "save_report", N_("Save report"), N_("Save the report as Markdown and JSON")
    ),
    KeyBinding("copy-project", "connect", "1", "copy('project')", "", N_("Copy the project ID")),
    KeyBinding("copy-dataset", "connect", "2", "copy('dataset')", "", N_("Copy the dataset")),
    KeyBinding(
        "copy-key", "connect", "3", "copy('key')", N_(in_context("button", "Copy")), N_("Copy the key file's path")
    ),
    KeyBinding(
        "copy-json",
        "connect",
        "p",
        "copy_json",
        N_("Copy key"),
        N_("Copy or print the private key itself, to be pasted into Klaviyo; asks first"),
    ),
    KeyBinding("copy-row", "connect", "c", "copy_row", "", N_("Copy the row under the cursor")),
    KeyBinding(
        "view",
        "connect",
        "v",
        "view",
        N_(in_context("button", "View")),
        N_("Show the values on the plain terminal, where its own selection works"),
    ),
    KeyBinding(
        "write",
        "connect",
        "w",
        "write",
        N_(in_context("button", "Write")),
        N_("Write the values to a file; asks where"),
    ),
    KeyBinding(
        "filter",
        "dashboard",
        "/",
        "filter",
        N_("Filter"),
        N_("Only what holds a text in its name or project; Esc ends it"),
    ),
    KeyBinding("not-ok", "dashboard", "!", "not_ok", "", N_("Only what is not ok, or everything again")),
    KeyBinding("sort-state", "dashboard", "S", "sort('state')", "", N_("Order by state, worst first; again: reversed")),
    KeyBinding("sort-name", "dashboard", "N", "sort('name')", "", N_("Order by name; again: reversed")),
    KeyBinding("sort-project", "dashboard", "P", "sort('project')", "", N_("Order by project; again: reversed")),
    KeyBinding("sort-key", "dashboard", "K", "sort('key')", "", N_("Order by the key's age; again: reversed")),
    KeyBinding(
        "sort-verified", "dashboard", "V", "sort('verified')", "", N_("Order by the last verification; again: reversed")
    ),
    KeyBinding("verify-connection", "connection", "v", "verify", N_("Verify"), N_("Run all checks with the key")),
    KeyBinding(
        "connection-tables",
        "connection",
        "t",
        "tables",
        N_("Tables"),
        N_("Whether the tables are ready for Klaviyo"),
    ),
    KeyBinding("activity", "connection", "u", "activity", "", N_("What Klaviyo has done: jobs, errors, cost")),
    KeyBinding("rotate-key", "connection", "r", "rotate", N_("Rotate"), N_("Replace the key that Klaviyo holds")),
    KeyBinding("new-connection", "dashboard", "n", "new", N_("New"), N_("Set up a new connection")),
    KeyBinding(
        "remove-connection", "connection", "d", "remove", "", N_("Forget the connection on this machine; asks first")
    ),
    KeyBinding(
        "put-back",
        "connection",
        "b",
        "put_back",
        "",
        N_("To the plan that puts back what has changed since an earlier look"),
    ),
    KeyBinding("accept", "connection", "a", "accept", "", N_("Take what has changed since an earlier look as it is")),
    KeyBinding("set-up", "connection", "s", "set_up", N_("Set-up"), N_("To the step where something is left to do")),
    KeyBinding("copy-values", "connection", "y", "copy_values", N_("Copy values"), N_("Copy the values for Klaviyo")),
    KeyBinding(
        "copy-scp", "rotation", "y", "copy_path", N_("Copy scp"), N_("Copy the command that fetches the new key's file")
    ),
    KeyBinding("pause", "connection", "p", "pause", N_("Pause"), N_("Pause the looks, or go on with them")),
    KeyBinding("explain", "connection", "e", "explain", N_("Explain"), N_("Paste an error, get its cause and remedy")),
    KeyBinding("copy", "text", "c", "copy", N_(in_context("button", "Copy")), N_("Copy the text for whoever can help")),
    KeyBinding(
        "view-text", "text", "v", "view", N_(in_context("button", "View")), N_("Show that text on the plain terminal")
    ),
    KeyBinding("write-text", "text", "w", "write", N_(in_context("button", "Write")), N_("Write that text to a file")),
)

_BY_ID: Final = {key.id: key for key in KEYS}
_TOGETHER: Final = ("copy-project", "copy-dataset", "copy-key")
"""Three keys that share one footer hint: `1-3 Copy`."""


def _is_beyond_f12(name: str) -> bool:
    """Return whether it is one of f13 to f24, with or without Ctrl."""
    key = name.rpartition("+")[2]
    return key[0] == "f" and key[1:].isdigit() and int(key[1:]) > 12


_NAMES: Final = frozenset(
    {
        *(k.value for k in Keys if k.value[0] != "<" and k.value != "ctrl-at" and not _is_beyond_f12(k.value)),
        *(f"{held}f{n}" for held in ("", "shift+", "ctrl+", "ctrl+shift+") for n in range(1, 13)),
    }
)
"""The names that arrive. Terminals send Shift+F1 for Textual's f13 (xterm, "PC-style function keys":
https://invisible-island.net/xterm/ctlseqs/ctlseqs.html)."""
_WRITTEN: Final = {"escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "delete": "Del", "insert": "Ins"}

_chosen: dict[str, tuple[str, ...]] = {}


def use(keymap: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Give some actions other keys from now on; all others have those of the table.

    Args:
        keymap: ids of `KEYS` to keys, without `fault`.

    Returns:
        The same for Textual's `App.set_keymap`.
    """
    _chosen.clear()
    _chosen.update({id_: tuple(wanted) for id_, wanted in keymap.items()})
    return {id_: ",".join(_BY_ID[id_].now) for id_ in _chosen}


def fault(keymap: Mapping[str, Sequence[str]]) -> tuple[str, Message] | None:
    """Return the id of the first action that cannot have the wanted keys, and why; None if all can."""
    for id_, wanted in keymap.items():
        if id_ not in _BY_ID:
            return id_, message("There is no such action. There are: {ids}.", ids=", ".join(_BY_ID))
        if reason := _refused(_BY_ID[id_], wanted):
            return id_, reason
    now = {key.id: set(_with(key, keymap[key.id]) if key.id in keymap else _split(key.keys)) for key in KEYS}
    for one, other in combinations(KEYS, 2):
        both = now[one.id] & now[other.id] - (set(_split(one.keys)) & set(_split(other.keys)))
        if both and _meet(one.scope, other.scope):
            mine, theirs = (one, other) if one.id in keymap else (other, one)
            return mine.id, message("{key} is taken: {id}.", key=min(both), id=theirs.id)
    return None


def face(id_: str) -> str:
    """Return an action's key as people write it, for a sentence about it."""
    return _BY_ID[id_].face


def written(key: str) -> str:
    """Return a key as people write it: `F10`, `Ctrl+Q`, `Esc`, `x`."""
    *held, name = key.split("+") if len(key) > 1 else [key]
    if not held and len(name) == 1:
        return name
    return "+".join([*(h.capitalize() for h in held), _WRITTEN.get(name, name.replace("_", " ").capitalize())])


def bindings(*scopes: str) -> list[BindingType]:
    """Return the bindings of some scopes, for a `BINDINGS` class variable."""
    return [bound(k.id, k.action) for k in KEYS if k.scope in scopes and k.action]


def bound(id_: str, action: str) -> Binding:
    """Return the binding for an id of the table with a widget's own action."""
    key = _BY_ID[id_]
    return Binding(key.keys, action, str(Message(key.label or key.help)), show=False, priority=key.priority, id=key.id)


def hints(
    *scopes: str, without: frozenset[str] = frozenset(), labels: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return the footer's hints for some scopes: each key and its label, in the order of the scopes.

    Args:
        scopes: the scopes.
        without: ids of keys that are left out.
        labels: for some ids, another label than the table's.
    """
    return [
        (_three() if key.id == _TOGETHER[-1] else key.face, (labels or {}).get(key.id) or translate(key.label))
        for scope in scopes
        for key in KEYS
        if key.scope == scope and key.label and key.id not in without
    ]


def named_hints(*ids: str) -> list[tuple[str, str]]:
    """Return what a footer shows for some actions of the table, by their ids."""
    return [(_BY_ID[id_].face, translate(_BY_ID[id_].label)) for id_ in ids]


def help_lines(*scopes: str) -> list[tuple[str, str]]:
    """Return every key of some scopes with its help."""
    return [(k.faces, translate(k.help)) for scope in scopes for k in KEYS if k.scope == scope]


def _three() -> str:
    faces = [face(id_) for id_ in _TOGETHER]
    return "1-3" if faces == ["1", "2", "3"] else "/".join(faces)


def _split(keys: str) -> tuple[str, ...]:
    return tuple(keys.split(",")) if keys else ()


def _with(key: KeyBinding, wanted: Sequence[str]) -> tuple[str, ...]:
    return (*_split(key.kept), *(k for k in wanted if k not in _split(key.kept)))


def _refused(key: KeyBinding, wanted: Sequence[str]) -> Message:
    """Return why an action cannot have some keys, whatever the others have; empty if it can."""
    if not wanted:
        return message("It takes at least one key.")
    for name in wanted:
        if name in FORBIDDEN:
            return message("{key} never arrives everywhere: terminals, tmux, screen or Docker keep it.", key=name)
        if name in RESERVED:
            return message("{key} is what fields, buttons and lists need for themselves.", key=name)
        if name not in _NAMES and (len(name) != 1 or not name.isprintable() or name in ", "):
            return message("There is no key {key}. Keys are written like f9, ctrl+o, shift+up, x or ?.", key=name)
        if len(name) == 1 and key.priority:
            return message("{key} could not be typed into a field any more.", key=name)
    return EMPTY


def _meet(one: str, other: str) -> bool:
    """Return whether keys of two scopes can be active at the same time."""
    scopes = {one, other}
    return len(scopes) == 1 or "app" in scopes or scopes == _BOTH or ("working" in scopes and "text" not in scopes)


_BOTH: Final = {"dashboard", "connection"}
"""Scopes that the dashboard uses together."""
