"""Asks for another way to sign in: with a credentials file, as a service account, or both."""

from textual.app import ComposeResult
from textual.containers import Horizontal

from kbq_tui.engine.services import Login
from kbq_tui.i18n.messages import N_, Message, translate
from kbq_tui.model.spec import check_impersonated, check_key_file
from kbq_tui.shell.commands import ADC_FILE, LOGIN
from kbq_tui.tui.modals.form import Form
from kbq_tui.tui.text import block
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.field import Field
from kbq_tui.tui.widgets.static import QuietStatic


class SignInOtherwise(Form[Login]):
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

    def _file(self, value: str) -> Message | None:
        return check_key_file(value) or self.host.wizard.services.sign_in.check_file(value)

    def answer(self) -> Login | None:
        """Return the file and the account; None if both are empty."""
        file, account = (field.value.strip() for field in self.query(Field))
        return Login(file or None, account or None) if file or account else None
