"""What screens may call on their app, so that they need not import it."""

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.geometry import Size
from textual.widget import Widget

from kbq_tui.engine.services import AppServices, UiPreferences
from kbq_tui.engine.setup import SetupSession
from kbq_tui.model.problem import Problem
from kbq_tui.model.steps import Step
from kbq_tui.tui._textual_compat import SparingApp
from kbq_tui.tui.display_options import DisplayOptions

if TYPE_CHECKING:
    from kbq_tui.engine.activity_session import ActivitySession
    from kbq_tui.model.operations import Action
    from kbq_tui.tui.status_poller import StatusPoller

LEAST = Size(60, 16)
"""The smallest window, in columns and rows, that has room for the widgets."""
STYLES = Path(__file__).parent / "styles"
"""The folder of the style sheets."""


class Navigator(ABC):
    """Shows other screens, and remembers where the operator came from."""

    @abstractmethod
    def goto(self, step: Step) -> None:
        """Show a step of the set-up."""

    @abstractmethod
    def show_dashboard(self) -> None:
        """Show the dashboard."""

    @abstractmethod
    def open_connection(self, name: str) -> None:
        """Show one connection of the dashboard in detail."""

    @abstractmethod
    def open_source(self, name: str) -> None:
        """Show whether the tables of a connection are ready for Klaviyo."""

    @abstractmethod
    def activity(self, name: str) -> "ActivitySession | None":
        """Return Klaviyo's activity for a connection; None if there is no such connection."""

    @property
    @abstractmethod
    def source_came_from_setup(self) -> bool:
        """Whether the set-up led to the tables, so that it can be continued from there."""

    @abstractmethod
    def leave_source(self, *, forward: bool) -> None:
        """Leave the tables: back to the previous screen, or `forward` to the set-up's next step."""

    @abstractmethod
    def open_rotation(self, name: str) -> None:
        """Open the key rotation of a connection, under the connection's lock."""

    @abstractmethod
    def new_connection(self, name: str) -> None:
        """Begin the set-up of a new connection, under its lock."""

    @abstractmethod
    def back(self) -> None:
        """Go one step back; while something is being read, stop waiting for it instead."""

    @abstractmethod
    def open_setup(self, name: str, step: Step | None, *, checks: bool = False) -> None:
        """Open the set-up of a connection, at a step or where the operator left it.

        Args:
            name: the connection.
            step: the step; None for the one that the operator left.
            checks: whether the operator has asked for the checks, which the verify step then runs.
        """


class Exporter(ABC):
    """Sends texts from the screens to a clipboard, the plain terminal or a file."""

    @abstractmethod
    def copy_text(self, text: str, what: str) -> None:
        """Send text to the terminal's clipboard, and show what is known about the result."""

    @abstractmethod
    def copy_key(self) -> None:
        """Send the private key to a clipboard, and show what is known about the result. Only after a yes."""

    @abstractmethod
    def print_key(self) -> None:
        """Print the private key on the plain terminal, and clear it afterwards. Only after a yes."""

    @abstractmethod
    def write_values(self, path: str, text: str) -> None:
        """Write the values for Klaviyo to a file that the operator names, and say where it is."""

    @abstractmethod
    def view_text(self, text: str) -> None:
        """Show text on the plain terminal for a moment, where the terminal's own selection works."""

    @abstractmethod
    def save_text(self, kind: str, texts: Mapping[str, str]) -> None:
        """Write texts to files of this connection, by their suffix, and say where the last one is."""


class Host(SparingApp):
    """The app, as screens see it.

    Attributes:
        services: everything a face needs.
        look: how the screen should look here.
        wizard: the present set-up.
        recent_commands: titles of recent choices in the palette, the latest first.
        held: the connection locks that are held.
        navigation: shows other screens.
    """

    services: AppServices
    look: DisplayOptions
    wizard: SetupSession
    recent_commands: list[str]
    held: ExitStack
    navigation: Navigator

    @property
    @abstractmethod
    def monitor(self) -> "StatusPoller":
        """The connections of the dashboard."""

    @property
    @abstractmethod
    def exports(self) -> Exporter:
        """Sends texts to a clipboard, the plain terminal or a file."""

    @property
    @abstractmethod
    def writing(self) -> bool:
        """Whether a change is being made, so that leaving asks first."""

    @abstractmethod
    def launch(self, work: Coroutine[Any, Any, object], what: str) -> None:
        """Run something in the background. An unexpected failure becomes one line with the path of the log.

        Args:
            work: the coroutine.
            what: a few plain words for the log; never a value from outside.
        """

    @abstractmethod
    def redraw(self) -> None:
        """Draw the present screen soon; many changes at once are one drawing."""

    @abstractmethod
    def leave(self) -> None:
        """Save what was typed, and end."""

    @abstractmethod
    def tell(self, text: str, *, bad: bool = False, done: bool = False, passing: bool = False) -> None:
        """Show one line on the message line."""

    @abstractmethod
    def preferences(self) -> UiPreferences:
        """Return the display preferences; the defaults if they cannot be read."""

    @abstractmethod
    def show_title(self, text: str) -> None:
        """Show something in the terminal's title, after the program's name."""

    @abstractmethod
    def open_problem(self, problem: Problem, actions: "tuple[Action, ...]" = ()) -> None:
        """Show a problem with cause, remedy, who can help, and a text to send them."""

    @abstractmethod
    def choose(self, **chosen: Any) -> None:
        """Save what was chosen on the screens, by the fields of `engine.services.UiPreferences`."""


def host_of(widget: Widget) -> Host:
    """Return the app of a widget."""
    app = widget.app
    assert isinstance(app, Host)
    return app
