"""An answers file: the answers to the plain set-up's questions, as TOML."""

import re
import tomllib
from collections.abc import Callable, Sequence
from typing import Final

from kbq_tui.cli.console import Console
from kbq_tui.cli.prompts import Check
from kbq_tui.i18n.messages import Message, joined, message, render, translate
from kbq_tui.model.secret import scrub
from kbq_tui.model.text import inert

TEXTS: Final = (
    "project",
    "location",
    "direction",
    "import_dataset",
    "staging_dataset",
    "export_dataset",
    "account_id",
    "key_file",
    "credentials",
    "impersonate",
)
"""Answers that are texts. A missing one keeps its default."""

DECISIONS: Final = ("gcloud_login", "apply", "go_on", "retry", "report", "connected")
"""Answers that are true or false: use gcloud's login, make the changes shown, continue if a step could not be finished,
try again after an error (once), save the report, Klaviyo is connected. A missing one is false."""


class AnswersError(ValueError):
    """The file cannot be used; the text names file, line and key."""


class FromFile:
    """Answers from a file; shows each question with its answer.

    Args:
        console: where they are shown.
        text: the file's text.
        name: the file's name, for messages.

    Raises:
        AnswersError: it is not TOML, has an unknown key, or an answer of the wrong type.
    """

    def __init__(self, console: Console, text: str, name: str) -> None:
        self._console = console
        self._name = name
        self._text = text
        self._number = 0
        self._retried: set[str] = set()
        try:
            self._answers = tomllib.loads(text)
        except ValueError as error:  # not TOML, or a number that is too long for Python
            raise AnswersError(f"{name}: {error}") from None
        except RecursionError:
            raise AnswersError(joined("", name, ": ", message("It is nested too deeply."))) from None
        for key, value in self._answers.items():
            if key not in TEXTS + DECISIONS:
                known = ", ".join(TEXTS + DECISIONS)
                raise self._error(key, message("There is no such question. There are: {known}.", known=known))
            if not isinstance(value, str if key in TEXTS else bool):
                wrong = message("It takes text in quotes.") if key in TEXTS else message("It takes true or false.")
                raise self._error(key, wrong)
            if isinstance(value, str) and scrub(value) != value:
                raise self._error(key, message("This looks like a secret. Name the file that holds it instead."))

    def text(self, key: str, question: str, default: str, check: Check) -> str:
        """Return the answer. Raises AnswersError if it is not valid, or is missing and needed."""
        answer = str(self._answers.get(key, default))
        if reason := check(answer):
            raise self._error(key, reason)
        self._show(question, answer)
        return answer

    def choice(self, key: str, question: str, choices: Sequence[str], default: str) -> str:
        """Return the answer. Raises AnswersError."""
        listed = _one_of(choices)
        return self.text(key, question, default, listed)

    def yes(self, key: str, question: str, *, default: bool) -> bool:
        """Return the answer; no if the file has none. A retry is answered yes once for each question."""
        answer = bool(self._answers.get(key, False))
        if key == "retry":
            answer = answer and question not in self._retried
            self._retried.add(question)
        self._show(question, translate("yes") if answer else translate("no"))
        return answer

    def confirm(self, question: str) -> bool:
        """Return whether gcloud's own login may be used, the only thing that is asked this way during a set-up."""
        return self.yes("gcloud_login", question, default=False)

    def _show(self, question: str, answer: str) -> None:
        self._number += 1
        self._console.say(f"{self._number}. {question}: {inert(answer)}")

    def _error(self, key: str, reason: Message) -> AnswersError:
        line = _line_of(self._text, key)
        key = inert(key, 100)
        if not line:
            return AnswersError(f"{self._name}: {key}: {render(reason)}")
        return AnswersError(
            translate("{file}: line {line}, {key}: {reason}", file=self._name, line=line, key=key, reason=reason)
        )


def _one_of(choices: Sequence[str]) -> Callable[[str], Message | None]:
    return lambda value: None if value in choices else message("It takes {choices}.", choices=", ".join(choices))


def _line_of(text: str, key: str) -> int:
    """Return the line on which a key is set, or 0."""
    found = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((n for n, line in enumerate(text.splitlines(), 1) if found.match(line)), 0)
