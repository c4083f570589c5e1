"""Step 3: the service account, its keys, and the key that is kept here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.i18n.messages import Message, translate
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import MAX_KEYS, Absent, KeyInfo, LocalKey, Observed, Present, Unknown, handed_key
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.spec import check_account, check_key_file
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard, side_panel
from kbq_tui.tui.changes import carried_out
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.screens.plan_step import PlanStepScreen
from kbq_tui.tui.text import HANGING_INDENT, columns, plain, status, wrapped
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.field import Field
from kbq_tui.tui.widgets.rows import Row
from kbq_tui.tui.widgets.static import QuietStatic


class AccountScreen(PlanStepScreen):
    """Step 3: the service account, its keys with their age, and where the key file is kept.

    Keys: F7 deletes a key at Google whose private half is not on this machine.
    """

    BINDINGS = keyboard.bindings("account")
    scopes: ClassVar = ("account",)
    step = Step.ACCOUNT
    warnings = (Code.KEY_UNHELD,)
    help_name = "account"

    def fields(self) -> ComposeResult:
        """Lay out the fields for the account's id and the key file, and the panel on the account's state."""
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
        yield QuietStatic(id="state")

    def offers(self) -> ComposeResult:
        """Lay out the button that deletes a key whose private half is not on this machine."""
        yield Button(translate("Delete a key"), id="leftover")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys; F7 (delete a key) only where there is one to delete."""
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
        """Draw the plan and the account's state."""
        wizard = self.host.wizard
        self.query_one("#leftover").display = not wizard.busy and bool(wizard.leftovers())
        super().draw_body()
        self.query_one("#state", QuietStatic).show(
            self._panel(wizard.observed) if wizard.observed and wizard.current else Content("")
        )

    def rows(self) -> list[Row]:
        """Return the plan's rows; the panel above has address and path in full."""
        spec, seen = self.host.wizard.looked, self.host.wizard.observed
        short = {spec.account_email: spec.account_id} if spec else {}
        if seen is not None and isinstance(seen.key, Present):
            short[seen.key.value.path] = PurePath(seen.key.value.path).name
        return [replace(row, content=_shorter(row.content, short)) for row in super().rows()]

    def _panel(self, seen: Observed) -> Content:
        width = self.query_one("#state").size.width
        return Content("\n").join(part for line in self._state(seen) for part in wrapped(line, width, HANGING_INDENT))

    def _state(self, seen: Observed) -> list[Content]:
        spec = self.host.wizard.looked
        email = spec.account_email if spec else ""
        lines: list[Content] = []
        match seen.account:
            case Present(value=info):
                tone, text = (Tone.FAIL, translate("is disabled")) if info.disabled else (Tone.OK, translate("exists"))
                lines.append(_state(tone, translate("Account"), text))
            case Absent():
                made = ActionKind.ACCOUNT in self.host.wizard.applied
                text = translate("made just now" if made else "will be created")
                lines.append(_state(Tone.DONE if made else Tone.CREATE, translate("Account"), text))
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, translate("Account"), problem.title))
        lines.append(plain(f"  {email}", "$text-quiet"))
        match seen.keys:
            case Present(value=keys) if keys:
                count = translate("{n} of {most}: {ages}", n=len(keys), most=MAX_KEYS, ages=_ages(keys, seen.at))
                lines.append(_state(Tone.OK, translate("Keys at Google"), count))
            case Present():
                lines.append(_state(Tone.OK, translate("Keys at Google"), translate("none of {most}", most=MAX_KEYS)))
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, translate("Keys at Google"), problem.title))
        match seen.key:
            case Present(value=local):
                lines.append(_state(Tone.OK, translate("Key here"), _kept(local)))
                lines.append(plain(f"  {local.path}", "$text-quiet", limit=1_000))
                lines += [_state(Tone.WARN, "", warning) for warning in local.warnings]
            case Absent() if handed := handed_key(seen):
                text = translate("{key}, handed over (shredded here)", key=handed[:12])
                lines.append(_state(Tone.OK, translate("Key"), text))
            case Absent():
                lines.append(
                    _state(
                        Tone.TODO, translate("Key here"), translate("none yet; it will be readable by you only (0600)")
                    )
                )
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, translate("Key here"), problem.title))
        return lines

    # -- what the operator does --------------------------------------------------------------------------------------

    @on(Button.Pressed, "#leftover")
    def action_delete_key(self) -> None:
        """F7 and the button: let the operator choose a key to delete, unless something is running."""
        wizard = self.host.wizard
        if not wizard.busy and not wizard.leftovers():
            wizard.say(translate("Google has no key of this account that is not kept here."))
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
        """Ask, and delete a key. Returns whether that failed and another try is wanted."""
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


def _shorter(content: Content, short: Mapping[str, str]) -> Content:
    for long, brief in short.items():
        if (at := content.plain.find(long)) >= 0:
            content = Content.assemble(content[:at], brief, content[at + len(long) :])
    return content


def _state(tone: Tone, title: str, text: str | Message) -> Content:
    return columns((status(tone), 0), (Content(title), 16), (plain(text), 0))


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
    return f"{key.id[:8]} {age} {translate('disabled')}" if key.disabled else f"{key.id[:8]} {age}"
