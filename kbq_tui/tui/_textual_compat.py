"""Everything here uses private names of Textual 8.2; each has a test, so that an upgrade that changes one is
noticed."""

import asyncio
import logging
import select
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.console import Console, ConsoleRenderable
from rich.text import Text
from textual import on
from textual import screen as textual_screen
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.command import CommandPalette
from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Compose, Mount, Resize, ScreenResume
from textual.geometry import Size, Spacing
from textual.layout import DockArrangeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from kbq_tui.i18n.messages import translate
from kbq_tui.model.text import inert
from kbq_tui.tui.input_decoder import InputDecoder
from kbq_tui.tui.screen_diff import Painter

if TYPE_CHECKING:
    from textual.scroll_view import ScrollView

RESIZE_SETTLE_SECONDS = 0.25
"""Seconds after which the size of a resized terminal is read again."""

_LOG = logging.getLogger("kbq_tui.tui")


def terminal_write(app: App[Any], data: str) -> None:
    """Send bytes to the terminal, bypassing the screen (for OSC 52). Does nothing if there is no terminal."""
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write(data)
        driver.flush()


def set_title(app: App[Any], title: str) -> None:
    """Set the title of the terminal's window; nothing is sent if it is the same. The old one is restored at the end.

    Sequences: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, OSC 2 and XTWINOPS 22 and 23.
    """
    if not isinstance(app, SparingApp) or not app.titles or title == app.shown_title:
        return
    keep = "\x1b[22;2t" if app.shown_title is None else ""
    app.shown_title = title
    terminal_write(app, f"{keep}\x1b]2;{inert(title, 200)}\x07")


def restore_title(app: App[Any]) -> None:
    """Restore the title of the terminal's window."""
    if isinstance(app, SparingApp) and app.shown_title is not None:
        app.shown_title = None
        terminal_write(app, "\x1b[23;2t")


def set_lines(view: "ScrollView", width: int, lines: int) -> None:
    """Set the size of a list's content, which shows or hides its scroll bar.

    Textual checks the bar only when the widget's own size changes; its OptionList does this by hand, too.
    """
    size = Size(width, lines)
    if view.virtual_size != size or view.show_vertical_scrollbar != (lines > view.container_size.height):
        view.virtual_size = size
        view._scroll_update(size)


def forget_size(widget: Widget) -> None:
    """Measure a widget again at the next layout. Textual keeps its size if a layout was requested before (8.2.8)."""
    widget._box_model_cache.clear()


def screen_text(app: App[Any]) -> str:
    """Return the text on the screen, line by line."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def begin_with_theme(app: App[Any], name: str) -> None:
    """Set the theme of an app that has not started, without the second pass over the styles that a change costs.

    Does what `App._watch_theme` does, before there is anything to restyle.
    """
    app.set_reactive(App.theme, name)
    theme = app.current_theme
    app.set_class(True, f"-theme-{theme.name}", update=False)
    app.set_class(theme.dark, "-dark-mode", update=False)
    app.set_class(not theme.dark, "-light-mode", update=False)
    app._refresh_truecolor_filter(app.ansi_theme)
    if isinstance(app, SparingApp):
        app.themed = True
    app.stylesheet.set_variables(app.get_css_variables())


def read_styles(app: App[Any], paths: Iterable[Path]) -> None:
    """Add style sheets to those that the app has read, without parsing these again.

    Does what `App._load_screen_css` does, which then finds them there.
    """
    for path in paths:
        if not app.stylesheet.has_source(str(path)):
            app.stylesheet.add_source(path.read_text(encoding="utf-8"), read_from=(str(path), ""))


def limit_frames(most: int) -> None:
    """Limit the paintings per second in this process, as TEXTUAL_FPS does before Textual is imported."""
    textual_screen.UPDATE_PERIOD = 1 / most  # type: ignore[misc]


def is_ending(app: App[Any]) -> bool:
    """Return whether `App.exit` was called.

    A screen that is mounted just then does not find its widgets any more. Such a failure is not a crash, and the exit
    status is not that of one.
    """
    return app._exit


def stop_after_crash(app: App[Any], log_path: str, *, kept: bool) -> None:
    """End the app after an unexpected exception, showing a short message instead of a traceback with local variables.

    Textual's own `_fatal_error` prints locals, and a local may hold a key.

    Args:
        app: the app that is ending.
        log_path: where the details are; may be empty.
        kept: whether what was typed is saved.
    """
    if app._exit_renderables:
        return  # a failure while the app is ending already adds nothing
    error = app._exception
    name = type(error).__name__ if error is not None else translate("unknown error")
    if error is not None:
        _LOG.critical("unexpected exception in the screen", exc_info=error)
    message = [translate("kbq-tui stopped because of an unexpected error ({name}).", name=name)]
    if log_path:
        message.append(translate("Details are in {path}.", path=log_path))
    if kept:
        message.append(translate("Everything typed so far is kept."))
    app._exit_renderables.append(Text(" ".join(message)))
    app._close_messages_no_wait()


class Changes(CompositorUpdate):
    """One of Textual's updates, reduced to what the terminal does not show yet.

    Args:
        drawing: what Textual would send.
        painter: knows what the terminal shows.
        size: columns and rows of the terminal.
    """

    def __init__(self, drawing: CompositorUpdate, painter: Painter, size: tuple[int, int]) -> None:
        self._drawing = drawing
        self._painter = painter
        self._size = size

    def render_segments(self, console: Console) -> str:
        """Return what to send. Textual calls this only when it sends it, so that the painter's state is always true."""
        segments = console.render(cast("ConsoleRenderable", self._drawing))
        return self._painter.changes(segments, *self._size, console._color_system)


class Fitting:
    """A screen that handles only resizes to the terminal's size, and is styled and drawn once when it opens.

    Textual's screens post each resize to themselves once more. With many resizes in a row, that repetition comes after
    a newer one: the screen stayed at an older size, or alternated between two for ever.

    While the window is too small nothing has the focus, so no key reaches a widget that cannot be seen. The widget that
    had it, or was given it meanwhile, gets it as soon as there is room again.
    """

    _opened = False
    _waits_for_focus: Widget | None = None

    least: ClassVar = Size(0, 0)
    """Columns and rows that the widgets need."""

    def too_small(self, size: Size) -> bool:
        """Return whether a window of that size has no room for the widgets."""
        return size.width < self.least.width or size.height < self.least.height

    async def _on_resize(self: Any, event: Resize) -> None:
        if event.size != self.app.size:
            event.prevent_default()
        elif self.too_small(event.size):
            self.set_focus(self.focused)
        elif self._waits_for_focus is not None:
            self.set_focus(self._waits_for_focus, scroll_visible=False)

    @property
    def has_no_focus(self: Any) -> bool:
        """Whether no widget that is displayed has the focus, or will have it once the window is large enough."""
        widget = self.focused or self._waits_for_focus
        return widget is None or not widget.is_attached or not widget.display

    def set_focus(self: Any, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Give a widget the focus; if the window is too small, as soon as it is not."""
        if widget is not None and self.too_small(self.app.size):
            if widget.focusable:
                self._waits_for_focus = widget
            widget = None
        elif widget is not None:
            self._waits_for_focus = None
        super().set_focus(widget, scroll_visible, from_app_focus)  # type: ignore[misc]

    def _reset_focus(self: Any, widget: Widget, avoiding: list[Widget] | None = None) -> None:
        """Remove the focus from a widget that was removed or is not displayed, but not from one that has no room.

        Textual informs a widget of this by a message, which may come when there is room again.
        """
        if avoiding or not (widget.is_attached and all(node.display for node in widget.ancestors_with_self)):
            super()._reset_focus(widget, avoiding)  # type: ignore[misc]

    def arrange(self: Any, size: Size, _optimal: bool = False) -> DockArrangeResult:
        """Return the widgets' places; none while the window is too small."""
        if self.too_small(size):
            return DockArrangeResult([], set(), Spacing())
        return super().arrange(size, _optimal)  # type: ignore[misc, no-any-return]

    def _post_register(self: Any, app: App[Any]) -> None:
        """Read the screen's style sheets before it is styled. Textual does so afterwards, and then parses all of them
        again."""
        super()._post_register(app)  # type: ignore[misc]
        read_styles(app, self.css_path)

    async def _on_compose(self: Any, event: Compose) -> None:
        """Set the breakpoints' classes before there are widgets: afterwards they would cost another pass over all
        styles."""
        _, here = max(point for point in self.HORIZONTAL_BREAKPOINTS if point[0] <= self.app.size.width)
        for _, name in self.HORIZONTAL_BREAKPOINTS:
            self.set_class(name == here, name, update=False)

    def _on_screen_resume(self: Any, event: ScreenResume) -> None:
        """Skip the second pass over the styles when the screen opens: each widget was styled when it was mounted."""
        if not self._opened:
            self._opened = True
            event.refresh_styles = False

    def focus_first(self: Any, selector: str) -> None:
        """Give a widget the focus before anything is drawn. `Widget.focus` does so after the first painting.

        Args:
            selector: of a widget that can have the focus.
        """
        widget = self.query_one(selector)
        widget.has_focus = True
        self.set_focus(widget)


class SparingApp(App[int]):
    """An app that sends the terminal only what it does not show yet."""

    titles = True
    """Whether the terminal has a title: consoles would print the sequence that sets it."""
    shown_title: str | None = None
    """The title that was set; None before one was."""
    themed = False
    """Whether `begin_with_theme` was called."""

    def __init__(self) -> None:
        self.painter = Painter()
        super().__init__()
        self._disable_tooltips = self._disable_notifications = True  # two widgets on each screen that show nothing

    def exit(self, *args: Any, **kwargs: Any) -> None:
        """End, and restore the title of the terminal's window."""
        restore_title(self)
        super().exit(*args, **kwargs)

    def get_css_variables(self) -> dict[str, str]:
        """Return the theme's variables; none before there is a theme: Textual would create its default ones."""
        return super().get_css_variables() if self.themed else {}

    def get_driver_class(self) -> type[Driver]:
        """Return Textual's driver, with a decoder that accepts input that is not UTF-8."""
        linux_driver.getincrementaldecoder = lambda _: InputDecoder  # type: ignore[attr-defined, assignment]
        return super().get_driver_class()

    @on(Mount)
    def _heed_resume(self) -> None:
        self.app_resume_signal.subscribe(self, self.repaint, immediate=True)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            renderable = Changes(renderable, self.painter, self.size)
        super()._display(screen, renderable)
        if screen.outer_size != self.size:
            self.call_later(self._follow, screen)

    def _follow(self, screen: Screen[Any]) -> None:
        """Give a screen the terminal's size. Textual's own repetition of a resize may come after a newer one."""
        if self._running and screen.is_attached and screen.outer_size != self.size:
            self.painter.forget()
            screen._screen_resized(self.size)

    def repaint(self, _: object = None) -> None:
        """Draw the whole screen again, because the terminal may show something else by now."""
        self.painter.forget()
        self.refresh(layout=True)

    @on(Resize)
    def _resized(self) -> None:
        if self.painter.began:  # the first size comes before anything is drawn
            self.repaint()
        self.set_timer(RESIZE_SETTLE_SECONDS, self._measure)

    def _measure(self) -> None:
        """Read the terminal's size again: if many resizes follow each other, the last one may not be reported."""
        if not self.is_headless and isinstance(self._driver, LinuxDriver):
            size = Size(*self._driver._get_terminal_size())
            if size != self.size:
                self.post_message(Resize(size, size))

    @on(CommandPalette.Opened)
    def _keep_palette_still(self) -> None:
        for field in self.screen.query(Input):
            field.cursor_blink = False
            field.placeholder = translate("Search for commands…")


def watch_terminal(app: App[Any], gone: Callable[[], None]) -> None:
    """Call `gone` on the event loop once the terminal has hung up. SIGHUP may be blocked, or go to another process.

    Textual reads from a closed terminal without a pause, and its writing blocks once nothing reads it.
    """
    driver = app._driver
    if not isinstance(driver, LinuxDriver):
        return
    loop = asyncio.get_running_loop()

    def mute(data: str) -> None:
        return None

    def wait() -> None:
        poll = select.poll()
        poll.register(driver.fileno, 0)  # events that are reported without being requested: hang-up, error, not open
        if not any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
            return  # on macOS, poll does not work on some terminals; SIGHUP remains
        driver.write = mute  # type: ignore[method-assign]
        driver.close = lambda: None  # type: ignore[method-assign]
        writer = driver._writer_thread
        with suppress(Empty):
            while writer is not None:
                writer._queue.get_nowait()
        with suppress(RuntimeError):  # the app has ended meanwhile
            loop.call_soon_threadsafe(gone)

    with suppress(RuntimeError):  # no more threads available: SIGHUP remains
        threading.Thread(target=wait, name="hang-up", daemon=True).start()
