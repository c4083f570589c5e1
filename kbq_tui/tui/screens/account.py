"""Step 3: the service account, its keys, and the key that is kept here."""

from datetime import datetime

from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.core.demands import MAX_KEYS
from kbq_tui.core.observed import Absent, KeyInfo, Observed, Present, Unknown
from kbq_tui.core.spec import check_account
from kbq_tui.core.steps import Step
from kbq_tui.tui.changing import Changing
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.text import columns, plain, status
from kbq_tui.tui.widgets.bars import Quiet
from kbq_tui.tui.widgets.field import Field


class AccountScreen(Changing):
    """The account's ID, its keys with their age, and where the key is kept."""

    step = Step.ACCOUNT
    warnings = ("KBQ-KEY-UNHELD",)
    verb = "Do"
    noun = ("step: create what is marked +", "steps: create what is marked +")
    help_name = "account"

    def fields(self) -> ComposeResult:
        draft = self.host.wizard.draft
        yield Field("account_id", "Account ID", draft.account_id, check_account)
        yield Field(
            "key_file",
            "Key file",
            draft.key_file,
            lambda _: None,
            placeholder="empty: a private folder of kbq-tui",
            optional=True,
        )
        yield Quiet(id="state")

    def primary_label(self) -> tuple[str, bool]:
        label, able = super().primary_label()
        todo = self.host.wizard.todo(self.step)
        if todo and label.startswith(("Do", "Retry: ")):
            what = "account and key" if len(todo) > 1 else "account" if "account" in todo else "key"
            label = ("Retry: create " if label.startswith("Retry") else "Create ") + what
        return label, able

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
                tone, text = (Tone.FAIL, "is disabled") if info.disabled else (Tone.OK, "exists")
                lines.append(_state(tone, "Account", text))
            case Absent():
                made = "account" in self.host.wizard.made
                text = "made just now" if made else "will be created"
                lines.append(_state(Tone.DONE if made else Tone.CREATE, "Account", text))
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, "Account", problem.title))
        lines.append(plain(f"  {email}", "$text-quiet"))
        match seen.keys:
            case Present(value=keys) if keys:
                lines.append(_state(Tone.OK, "Keys at Google", f"{len(keys)} of {MAX_KEYS}: {_ages(keys, seen.at)}"))
            case Present():
                lines.append(_state(Tone.OK, "Keys at Google", f"none of {MAX_KEYS}"))
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, "Keys at Google", problem.title))
        match seen.key:
            case Present(value=local):
                copy = {True: ", copy in the keyring", False: ", no keyring copy", None: ""}[local.in_keyring]
                lines.append(_state(Tone.OK, "Key here", f"{local.key_id[:12]}{copy}"))
                lines.append(plain(f"  {local.path}", "$text-quiet", limit=1_000))
                lines += [_state(Tone.WARN, "", warning) for warning in local.warnings]
            case Absent():
                lines.append(_state(Tone.TODO, "Key here", "none yet; it will be readable by you only (0600)"))
            case Unknown(problem=problem):
                lines.append(_state(Tone.UNKNOWN, "Key here", problem.title))
        return lines


def _state(tone: Tone, title: str, text: str) -> Content:
    return columns((status(tone), 0), (Content(title), 16), (plain(text), 0))


def _ages(keys: tuple[KeyInfo, ...], now: datetime) -> str:
    said = []
    for key in keys[:3]:
        days = (now - key.created).days
        said.append(f"{key.id[:8]} {'today' if days <= 0 else f'{days} d old'}{' disabled' if key.disabled else ''}")
    return ", ".join(said) + (", …" if len(keys) > 3 else "")
