"""The question before something is destroyed: in production the connection's name is typed, else a yes is enough."""

from collections.abc import Sequence

from kbq_tui.i18n.messages import Message, message, translate
from kbq_tui.tui.modals.ask import Ask
from kbq_tui.tui.modals.confirm import Confirm


def destroying(asked: str, lines: Sequence[str], *, yes: str, name: str, production: bool) -> Confirm | Ask:
    """Return the question; its result is true if the operator agrees.

    Args:
        asked: the heading.
        lines: what is destroyed.
        yes: the answer that does it.
        name: the connection.
        production: whether it is in production.
    """
    if not production:
        return Confirm(asked, lines, yes=yes, no=translate("Cancel"), harmless=False)

    def check(typed: str) -> Message | None:
        return None if typed.strip() == name else message("It is called {name}.", name=name)

    more = translate("It is in production: type its name to go ahead.")
    return Ask(asked, [more, "", *lines], label=translate("Name"), yes=yes, check=check, danger=True)
