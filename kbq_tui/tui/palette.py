"""The command palette: one line for each button and key of the present screen, and for each place to go to."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from kbq_tui.engine.setup import STEPS
from kbq_tui.i18n.messages import translate
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.tui import keyboard
from kbq_tui.tui.host import Host, host_of
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.step_help import STEP_HELP
from kbq_tui.tui.widgets.button import Button

_LEFT_OUT = frozenset({"palette", "interrupt", "next", "previous", "left", "right", "new-connection"})
"""Keys that do nothing useful from the palette, or have another entry."""
WIDEST = 78
"""The most cells of the palette."""
_AROUND = 8
"""Cells of it that are not available to an entry."""


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line of the palette.

    Attributes:
        title: what it does: a verb, and what it is done to.
        key: the key that does the same; empty for none.
        run: does it.
    """

    title: str
    key: str
    run: Callable[[], Any]


def entries(app: Host, screen: Screen[Any]) -> Iterator[PaletteEntry]:
    """Yield an entry for each button that can be pressed, each place to go to, and each key that has an effect.

    Args:
        app: runs the actions of keys that work everywhere.
        screen: the present screen.
    """
    for button in screen.query(Button):
        if button.display and not button.off:
            yield PaletteEntry(button.label, "", button.action_press)
    scopes = ("app", *(("working",) if app.wizard.waiting else ()))
    if isinstance(screen, BaseScreen):
        scopes = (*scopes, *screen.scopes)
        if not app.writing:
            yield from _places(app, screen)
    for key in keyboard.KEYS:
        if key.scope in scopes and key.action and key.id not in _LEFT_OUT:
            target = app if key.scope == "app" and not key.action.startswith("scroll") else screen
            yield PaletteEntry(translate(key.help), key.face, partial(app.run_action, key.action, target))


def _places(app: Host, screen: BaseScreen) -> Iterator[PaletteEntry]:
    """Yield an entry for each step that was reached, and one for a new connection."""
    if screen.step is not None:
        for step in STEPS[: STEPS.index(app.wizard.furthest) + 1]:
            if step is not screen.step:
                title = translate("Go to: {title}", title=translate(STEP_HELP[step].title))
                yield PaletteEntry(title, "", partial(app.navigation.goto, step))
    key = keyboard.face("new-connection") if "dashboard" in screen.scopes else ""
    yield PaletteEntry(translate("New connection…"), key, partial(_ask_new_connection, app))


def _ask_new_connection(app: Host) -> None:
    """Go to the dashboard, and ask there for a name."""
    app.navigation.show_dashboard()
    app.call_later(app.run_action, "screen.new")


class PaletteEntries(Provider):
    """Finds entries for the palette: without a query, recent choices come first."""

    def _found(self) -> list[PaletteEntry]:
        app = host_of(self.screen)
        found = list(entries(app, self.screen))
        recent = app.recent_commands
        return sorted(found, key=lambda entry: recent.index(entry.title) if entry.title in recent else len(recent))

    async def discover(self) -> Hits:
        """Yield all entries."""
        for entry in self._found():
            yield DiscoveryHit(self._line(Content(entry.title), entry.key), self._remembered(entry), text=entry.title)

    async def search(self, query: str) -> Hits:
        """Yield the entries that match what was typed, the best first."""
        matcher = self.matcher(query)
        for entry in self._found():
            if (score := matcher.match(entry.title)) > 0:
                line = self._line(matcher.highlight(entry.title), entry.key)
                yield Hit(score, line, self._remembered(entry), text=entry.title)

    def _line(self, title: Content, key: str) -> Content:
        """Return an entry in one line, with its key at the right."""
        width = min(WIDEST, self.app.size.width) - _AROUND
        room = width - len(key) - 2
        title = title.truncate(room, ellipsis=True) if title.cell_length > room else title
        return Content.assemble(title.pad_right(room - title.cell_length), "  ", (key, "bold $primary"))

    def _remembered(self, entry: PaletteEntry) -> Callable[[], Any]:
        recent = host_of(self.screen).recent_commands

        def run() -> Any:
            if entry.title in recent:
                recent.remove(entry.title)
            recent.insert(0, entry.title)
            return entry.run()

        return run
