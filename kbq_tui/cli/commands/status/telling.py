"""`status --on-change CMD`: passes changes to the operator's own command, each change once."""

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
"""The number of failures after which a reading does not call the command any more."""


class Telling:
    """Reports changes, reading after reading.

    Args:
        teller: passes them on, and remembers.
        console: where a command's failure is reported.
        clock: the time.
    """

    def __init__(self, teller: Teller, console: Console, clock: Clock) -> None:
        self._teller = teller
        self._console = console
        self._clock = clock
        self._told: dict[str, Told] = dict(teller.told())
        self._due: list[tuple[StatusRow, ToldStep]] = []

    def earlier(self, name: str) -> LookHistory:
        """Return the state of a connection when its last change was reported."""
        return earlier(self._told.get(name, {}))

    def take(self, row: StatusRow, looked: Looked) -> None:
        """Note what is to be reported of one reading."""
        self._due += ((row, step) for step in steps(self._told.get(row.name, {}), row, looked))

    def tell(self) -> bool:
        """Report what is due. Returns whether all of it was reported; the rest is due again after the next reading.

        Raises:
            ProblemError: what was reported cannot be saved.
        """
        due, self._due = self._due, []
        before, failures = dict(self._told), 0
        try:
            for row, step in due:
                if step.alert is not None:
                    if failures == _MOST_FAILURES:
                        continue  # the command is wrong, not the change
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
