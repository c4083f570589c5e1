"""Step 3: the service account, its keys, and the key that is kept here."""

from datetime import datetime

from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.core.demands import MAX_KEYS
from kbq_tui.core.observed import Absent, KeyInfo, LocalKey, Observed, Present, Unknown
from kbq_tui.core.spec import check_account
from kbq_tui.core.steps import Step
from kbq_tui.core.words import told
from kbq_tui.tui.changing import Changing
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.text import columns, plain, status
from kbq_tui.tui.widgets.bars import Quiet
from kbq_tui.tui.widgets.field import Field


class AccountScreen(Changing):
    """The account's ID, its keys with their age, and where the key is kept."""

    step = Step.ACCOUNT
    warnings = ("KBQ-KEY-UNHELD",)
    help_name = "account"

    def fields(self) -> ComposeResult:
        draft = self.host.wizard.draft
        yield Field("account_id", told("Account ID"), draft.account_id, check_account)
        yield Field(
            "key_file",
            told("Key file"),
            draft.key_file,
            lambda _: None,
            placeholder=told("empty: a private folder of kbq-tui"),
            optional=True,
        )
        yield Quiet(id="state")

    def doing(self, n: int, *, again: bool) -> str:
        if n > 1:
            return told("Retry: create account and key" if again else "Create account and key")
        if "account" in self.host.wizard.todo(self.step):
            return told("Retry: create account" if again else "Create account")
        return told("Retry: create key" if again else "Create key")

    def draw_body(self) -> None:
        super().draw_body()
        wizard = self.host.wizard
        self.query_one("#state", Quiet).show(
            Content("\n").join(self._state(wizard.observed)) if wizard.observed and wizard.current else Content("")
        )

    def _state(self, seen: Observed) -> list[Content]:
        spec = self.host.wizard.looked
        email = spec.account_email if spec else ""
        lines: list[Content] = []
        match seen.account:
            case Present(value=info):
                tone, text = (Tone.FAIL, told("is disabled")) if info.disabled else (Tone.OK, told("exists"))
                lines.append(_state(tone, told("Account"), text))
            case Absent():
                made = "account" in self.host.wizard.made
                text = told("made just now" if made else "will be created")
                lines.append(_state(Tone.DONE if made else Tone.CREATE, told("Account"), text))
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, told("Account"), problem.title))
        lines.append(plain(f"  {email}", "$text-quiet"))
        match seen.keys:
            case Present(value=keys) if keys:
                count = told("{n} of {most}: {ages}", n=len(keys), most=MAX_KEYS, ages=_ages(keys, seen.at))
                lines.append(_state(Tone.OK, told("Keys at Google"), count))
            case Present():
                lines.append(_state(Tone.OK, told("Keys at Google"), told("none of {most}", most=MAX_KEYS)))
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, told("Keys at Google"), problem.title))
        match seen.key:
            case Present(value=local):
                lines.append(_state(Tone.OK, told("Key here"), _kept(local)))
                lines.append(plain(f"  {local.path}", "$text-quiet", limit=1_000))
                lines += [_state(Tone.WARN, "", warning) for warning in local.warnings]
            case Absent():
                lines.append(
                    _state(Tone.TODO, told("Key here"), told("none yet; it will be readable by you only (0600)"))
                )
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, told("Key here"), problem.title))
        return lines


def _state(tone: Tone, title: str, text: str) -> Content:
    return columns((status(tone), 0), (Content(title), 16), (plain(text), 0))


def _kept(key: LocalKey) -> str:
    match key.in_keyring:
        case True:
            return told("{key}, copy in the keyring", key=key.key_id[:12])
        case False:
            return told("{key}, no keyring copy", key=key.key_id[:12])
    return key.key_id[:12]


def _ages(keys: tuple[KeyInfo, ...], now: datetime) -> str:
    said = [_age(key, (now - key.created).days) for key in keys[:3]]
    return ", ".join([*said, "…"] if len(keys) > 3 else said)


def _age(key: KeyInfo, days: int) -> str:
    age = told("today") if days <= 0 else told("{n} d old", n=days)
    return f"{key.id[:8]} {age} {told('disabled')}" if key.disabled else f"{key.id[:8]} {age}"
