"""Step 3: the service account, its keys, and the key that is stored here."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.i18n.messages import translate
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import MAX_KEYS, KeyInfo, LocalKey, Observed, Present, Unknown, handed_key
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.spec import check_account, check_key_file
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard, side_panel
from kbq_tui.tui.changes import carried_out
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.plan_table import PlanLine
from kbq_tui.tui.screens.plan_step import PlanStepScreen
from kbq_tui.tui.text import plain, status
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.field import Field


class AccountScreen(PlanStepScreen):
    """Step 3: the service account, its keys with their age, and where the key file is stored.

    Keys: F7 deletes a key at Google whose private key is not on this machine.
    """

    BINDINGS = keyboard.bindings("account")
    scopes: ClassVar = ("account",)
    step = Step.ACCOUNT
    warnings = (Code.KEY_UNHELD,)
    help_name = "account"

    def fields(self) -> ComposeResult:
        """Lay out the fields for the account's id and the key file."""
        draft = self.host.wizard.draft
        yield Field("account_id", translate("Account ID"), draft.account_id, check_account)
        yield Field(
            "key_file",
            translate("Key file"),
            draft.key_file,
            lambda value: check_key_file(value) if value else None,
            placeholder=translate("empty: a private folder of kbq-tui"),
            optional=True,
        )

    def offers(self) -> ComposeResult:
        """Lay out the button that deletes a key whose private key is not on this machine."""
        yield Button(translate("Delete a key"), id="leftover", danger=True)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys; F7 (delete a key) only if there is one to delete."""
        found = super().hints()
        return found if self.host.wizard.leftovers() else [h for h in found if h[0] != keyboard.face("delete-key")]

    def doing(self, n: int, *, again: bool) -> str:
        """Return the label of the main button: create the account, the key, or both."""
        if n > 1:
            return translate("Retry: create account and key" if again else "Create account and key")
        if ActionKind.ACCOUNT in self.host.wizard.pending(self.step):
            return translate("Retry: create account" if again else "Create account")
        return translate("Retry: create key" if again else "Create key")

    def draw_body(self) -> None:
        """Draw the table: the account and its keys."""
        wizard = self.host.wizard
        self.query_one("#leftover").display = not wizard.busy and bool(wizard.leftovers())
        super().draw_body()

    def lines(self) -> list[PlanLine]:
        """Return the account with its address, the keys that Google has, and the local one with its path."""
        lines, wizard = super().lines(), self.host.wizard
        seen = wizard.observed
        if seen is None or not lines:
            return lines
        below: dict[ActionKind, tuple[Content, ...]] = {
            ActionKind.ACCOUNT: (plain(wizard.looked.account_email, "$text-quiet"),) if wizard.looked else ()
        }
        if isinstance(seen.key, Present):
            local = seen.key.value
            below[ActionKind.KEY] = (
                plain(_kept(local)),
                plain(local.path, "$text-quiet", limit=1_000),
                *(Content.assemble(status(Tone.WARN), plain(warning.title)) for warning in local.warnings),
            )
        elif handed := handed_key(seen):
            below[ActionKind.KEY] = (plain(translate("{key}, handed over (shredded here)", key=handed[:12])),)
        lines = [
            replace(line, below=below.get(line.action.key.kind, ())) if line.action is not None else line
            for line in lines
        ]
        at = 1 + next((n for n, x in enumerate(lines) if x.action and x.action.key.kind is ActionKind.ACCOUNT), -1)
        return [*lines[:at], *_at_google(seen), *lines[at:]]

    # -- actions ----------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#leftover")
    def action_delete_key(self) -> None:
        """F7 and the button: let the operator choose a key to delete, unless something is running."""
        wizard = self.host.wizard
        if not wizard.busy and not wizard.leftovers():
            wizard.say(translate("Google has no key of this account that is not kept here."), passing=True)
        elif not wizard.busy:
            self.host.launch(self._delete_leftover(), "delete a key that is not kept here")

    async def _delete_leftover(self) -> None:
        from kbq_tui.tui.modals.leftovers import PickKey

        wizard = self.host.wizard
        left = wizard.leftovers()
        wanted: str | None = left[0].id
        if len(left) > 1:
            wanted = await self.app.push_screen_wait(PickKey(left, self.host.services.clock.now()))
        again = True
        while again:
            key = next((k for k in wizard.leftovers() if k.id == wanted), None)
            again = key is not None and await self._delete(key)

    async def _delete(self, key: KeyInfo) -> bool:
        """Ask, and delete a key. Returns whether that failed and another attempt is wanted."""
        from kbq_tui.planning.removals import key_deletion
        from kbq_tui.tui.modals.destroying import destroying
        from kbq_tui.tui.modals.leftovers import age

        wizard = self.host.wizard
        if wizard.looked is None:
            return False
        action = key_deletion(wizard.looked, key.id)
        lines = [
            translate("Key {key}", key=key.id),
            translate("of {account},", account=wizard.looked.account_email),
            translate("{age}. It is not the key of this connection.", age=age(key, self.host.services.clock.now())),
            *(
                translate("It is kept here for the connection {name}, which would stop working.", name=name)
                for name in await wizard.others_with(key.id)
            ),
            "",
            translate(
                "When it was last used cannot be seen from here. Whoever signs in with it is shut out at once: "
                "another machine, another connection, Klaviyo if it was given this one. A deleted key cannot be "
                "brought back."
            ),
            "",
            side_panel.command(action, None),
        ]
        question = destroying(
            translate("Delete this key at Google?"),
            lines,
            yes=translate("Delete the key"),
            name=wizard.looked.name,
            production=wizard.production,
        )
        work = partial(carried_out, self.host, lambda: wizard.delete_key(key.id))
        return await self.confirmed(question, work, (action,))


def _at_google(seen: Observed) -> list[PlanLine]:
    """Return the line on the keys that Google has; none if there is no account."""
    title = translate("keys at Google")
    match seen.keys:
        case Present(value=keys):
            if not isinstance(seen.account, Present):
                return []
            below = (plain(_ages(keys, seen.at), "$text-quiet"),) if keys else ()
            count = translate("{n} of {most}", n=len(keys), most=MAX_KEYS)
            return [PlanLine("keys", title, count, "", Tone.OK, below=below)]
        case Unknown(problem=problem):
            return [PlanLine("keys", title, "?", "", Tone.UNKNOWN, problem.title, problem)]
    return []


def _kept(key: LocalKey) -> str:
    match key.in_keyring:
        case True:
            return translate("{key}, copy in the keyring", key=key.key_id[:12])
        case False:
            return translate("{key}, no keyring copy", key=key.key_id[:12])
    return key.key_id[:12]


def _ages(keys: tuple[KeyInfo, ...], now: datetime) -> str:
    message = [_age(key, (now - key.created).days) for key in keys[:3]]
    return ", ".join([*message, "…"] if len(keys) > 3 else message)


def _age(key: KeyInfo, days: int) -> str:
    age = translate("today") if days <= 0 else translate("{n} d old", n=days)
    return f"{key.id[:12]} {age} {translate('disabled')}" if key.disabled else f"{key.id[:12]} {age}"
