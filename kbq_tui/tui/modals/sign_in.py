"""Asks for another way to sign in: with a credentials file, as a service account, or both."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from kbq_tui.engine.services import Login
from kbq_tui.i18n.messages import N_, Message, translate
from kbq_tui.model.spec import check_impersonated, check_key_file
from kbq_tui.shell.commands import ADC_FILE, LOGIN
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.text import block
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.field import Field
from kbq_tui.tui.widgets.static import QuietStatic


class SignInOtherwise(Modal[Login | None]):
    """Asks for a credentials file and for a service account to act as; one of them is enough. None for neither."""

    heading = N_("Sign in otherwise")

    def fill(self) -> ComposeResult:
        """Lay out the explanations of both."""
        lines = [
            translate("A file: a service account's key (JSON), or what gcloud's login has written on another machine:"),
            f"   {LOGIN}",
            translate("writes it to {path} there. Bring it here by scp.", path=ADC_FILE),
            "",
            translate("To act as a service account, the login or file needs Service Account Token Creator on it."),
        ]
        yield QuietStatic(block("\n".join(lines)))

    def foot(self) -> ComposeResult:
        """Lay out the two input lines, and the answers."""
        yield Field("credentials", translate("Credentials file"), "", self._file, optional=True)
        yield Field("impersonate", translate("Act as"), "", check_impersonated, optional=True)
        with Horizontal(id="buttons"):
            yield Button(translate("Sign in"), id="yes")
            yield Button(translate("Cancel"), id="no")

    def on_mount(self) -> None:
        """Put the focus on the file."""
        self.query_one("#field-credentials LineInput").focus(scroll_visible=False)

    def _file(self, value: str) -> Message | None:
        return check_key_file(value) or self.host.wizard.services.sign_in.check_file(value)

    @on(Field.Left)
    def _entered(self, event: Field.Left) -> None:
        if event.entered:
            self._answer()

    @on(Button.Pressed, "#yes")
    def _answer(self) -> None:
        fields = [*self.query(Field)]
        wrong = [field for field in fields if field.fault() is not None]
        file, account = (field.value.strip() for field in fields)
        if not wrong and (file or account):
            self.dismiss(Login(file or None, account or None))
        else:
            (wrong or fields)[0].query_one("LineInput").focus()

    @on(Button.Pressed, "#no")
    def action_close(self) -> None:
        """Escape and the button: no answer."""
        self.dismiss(None)
