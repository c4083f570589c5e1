"""Questions on lines: numbered, one line each, nothing is ever redrawn."""

from collections.abc import Callable, Sequence
from typing import Protocol

from kbq_tui.cli.console import Console
from kbq_tui.i18n.messages import Message, render, translate
from kbq_tui.model.text import inert

Check = Callable[[str], Message | None]

MAX_PASTED = 256 * 1024
"""The most characters of pasted text, and of answers, that are read."""


def means_yes(answer: str) -> bool:
    """Return whether an answer means yes, in the current language or in English."""
    return answer.lower() in ("y", "yes", translate("yes"), translate("yes")[0])


def means_no(answer: str) -> bool:
    """Return whether an answer means no, in the current language or in English."""
    return answer.lower() in ("n", "no", translate("no"), translate("no")[0])


class NoAnswerError(Exception):
    """The input has ended, or the answers file has no answer. The text is the question."""


class Asker(Protocol):
    """Answers questions: a person, or a file."""

    def text(self, key: str, question: str, default: str, check: Check) -> str:
        """Return a text that passes `check` (which returns why one does not, or None)."""

    def choice(self, key: str, question: str, choices: Sequence[str], default: str) -> str:
        """Return one of the choices."""

    def yes(self, key: str, question: str, *, default: bool) -> bool:
        """Return the answer to a yes-or-no question."""

    def confirm(self, question: str) -> bool:
        """Return the answer to a yes-or-no question that no step identifies by a key. No by default."""


class FromLines:
    """Asks a person.

    Args:
        console: where questions are printed.
        read: returns the next line with its line end, or an empty text at the end of the input.
    """

    def __init__(self, console: Console, read: Callable[[], str]) -> None:
        self._console = console
        self._read = read
        self._number = 0

    def text(self, key: str, question: str, default: str, check: Check) -> str:
        """Ask until the answer is valid. An empty line takes the default."""
        while True:
            answer = self._ask(f"{question}{f' [{inert(default)}]' if default else ''}: ") or default
            reason = check(answer)
            if reason is None:
                return answer
            self._console.say("   " + render(reason))

    def choice(self, key: str, question: str, choices: Sequence[str], default: str) -> str:
        """Ask for a number or the word itself."""
        for number, word in enumerate(choices, 1):
            self._console.say(f"   {number}) {inert(word)}")
        while True:
            answer = self._ask(f"{question} [{inert(default)}]: ") or default
            if answer in choices:
                return answer
            if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(choices):
                return choices[int(answer) - 1]
            self._console.say(
                "   " + translate("Type a number from 1 to {most}, or the word itself.", most=len(choices))
            )

    def yes(self, key: str, question: str, *, default: bool) -> bool:
        """Ask for yes or no."""
        while True:
            answer = self._ask(f"{question} [{translate('Y/n' if default else 'y/N')}]: ")
            if not answer:
                return default
            if means_yes(answer) or means_no(answer):
                return means_yes(answer)
            self._console.say("   " + translate("Type y or n."))

    def confirm(self, question: str) -> bool:
        """Ask for yes or no; no by default."""
        return self.yes("", question, default=False)

    def _ask(self, question: str) -> str:
        self._number += 1
        self._console.ask(f"{self._number}. {question}")
        line = self._read()
        if not line:
            self._console.say()
            raise NoAnswerError(question.strip())
        return line.strip()
