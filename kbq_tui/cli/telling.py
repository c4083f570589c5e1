"""`status --on-change CMD`: what changed is told to the operator's own command, each change once."""

from kbq_tui.cli.console import Console
from kbq_tui.cli.runner import Teller
from kbq_tui.engine.alerts import Alert, Told, ToldStep, earlier, steps
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.looks import Looked
from kbq_tui.engine.ports import Clock
from kbq_tui.engine.status_row import StatusRow
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.text import inert

_MOST_FAILURES = 3
"""Failures after which a look tells the command no more."""


class Telling:
    """Tells of changes, look after look.

    Args:
        teller: tells them, and remembers.
        console: where a command that fails is told.
        clock: tells when.
    """

    def __init__(self, teller: Teller, console: Console, clock: Clock) -> None:
        self._teller = teller
        self._console = console
        self._clock = clock
        self._told: dict[str, Told] = dict(teller.told())
        self._due: list[tuple[StatusRow, ToldStep]] = []

    def earlier(self, name: str) -> LookHistory:
        """Return what a connection was like when its last change was told."""
        return earlier(self._told.get(name, {}))

    def take(self, row: StatusRow, looked: Looked) -> None:
        """Note what is to be told of one look."""
        self._due += ((row, step) for step in steps(self._told.get(row.name, {}), row, looked))

    def tell(self) -> bool:
        """Tell what is due. Returns whether all of it was told; what was not is due again after the next look.

        Raises:
            ProblemError: what was told cannot be remembered.
        """
        due, self._due = self._due, []
        before, failures = dict(self._told), 0
        try:
            for row, step in due:
                if step.alert is not None:
                    if failures == _MOST_FAILURES:
                        continue  # it is the command that is wrong, not the change
                    change = step.alert.to_json(row, self._clock.now())
                    if why := self._teller.tell(change):
                        failures += 1
                        self._say(row, step.alert, render(why))
                        continue
                self._told[row.name] = step.after(self._told.get(row.name, {}))
        finally:
            if self._told != before:
                self._teller.remember(self._told)
        return not failures

    def _say(self, row: StatusRow, alert: Alert, why: str) -> None:
        what, name = alert.kind.value, inert(row.name)
        self._console.say(
            translate(
                "{name}: the command could not be told of {event}: {why}. The next look tries it again.",
                name=name,
                event=what,
                why=inert(why, 400),
            )
        )
