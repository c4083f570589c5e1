"""Quitting by F10 or Ctrl+C, and the questions before."""

from kbq_tui.i18n.messages import translate
from kbq_tui.tui import keyboard
from kbq_tui.tui.host import Host

_AGAIN_WITHIN = 2.0
"""Seconds within which a second Ctrl+C quits."""


class Quitting:
    """Ends the app when the operator wants to leave.

    Args:
        app: the app.
    """

    def __init__(self, app: Host) -> None:
        self._app = app
        self._interrupted_at = float("-inf")

    def interrupt(self) -> None:
        """Quit at the second Ctrl+C; the first one says so."""
        app = self._app
        now = app.services.clock.monotonic()
        if now - self._interrupted_at < _AGAIN_WITHIN:
            app.leave()
            return
        self._interrupted_at = now
        key = keyboard.face("interrupt")
        app.tell(
            translate("{key} once more quits; everything typed is kept.", key=key)
            if app.wizard.keeping
            else translate("{key} once more quits; nothing is kept before the first change.", key=key),
            passing=True,
        )

    def ask(self) -> None:
        """Quit; ask first while a change is being made, or if what was typed would be lost."""
        app, wizard = self._app, self._app.wizard
        writing = app.writing
        if not writing and (wizard.keeping or not wizard.typed):
            app.leave()
            return
        from kbq_tui.tui.modals.confirm import Confirm

        if isinstance(app.screen, Confirm):
            return
        if writing:
            asked = translate("Quit in the middle of a change?")
            lines = [
                translate("A change is being made at Google right now; quitting does not take it back."),
                translate("What has been sent may still happen, and what has not been begun will not."),
                translate("The journal knows what was begun; the next start looks at what is there and goes on."),
            ]
        else:
            asked = translate("Quit the set-up?")
            lines = [
                translate("No change has been made yet, so nothing of what was typed is kept."),
                translate("The next start asks for it again."),
            ]
        goes_on = (lambda: app.writing) if writing else None
        yes, no = translate("Quit"), translate("Stay")
        question = Confirm(asked, lines, yes=yes, no=no, harmless=not writing, while_=goes_on)
        app.push_screen(question, self._answered)

    def _answered(self, agreed: bool | None) -> None:
        if agreed:
            self._app.leave()
