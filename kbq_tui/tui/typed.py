"""What was typed, where the operator stands, and what this machine remembers of both."""

from __future__ import annotations

from collections.abc import Callable

from kbq_tui.core.problems import ProblemError
from kbq_tui.core.spec import ConnectionSpec, InvalidValueError
from kbq_tui.core.steps import Step
from kbq_tui.core.words import told
from kbq_tui.engine.desk import Desk, Draft, Saved
from kbq_tui.engine.offload import offload

STEPS = tuple(Step)


class Typed:
    """What was typed and where the operator stands; kept on this machine, so that the next start goes on from there.

    Args:
        desk: everything a face needs.
        changed: called after each change of state, on the event loop; draws the screen.
    """

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self.desk = desk
        self.changed = changed
        self.draft: Draft = desk.draft
        self.saved: Saved | None = None
        self.step = Step.PROJECT
        self.furthest = Step.PROJECT
        self.note = ""
        self.note_bad = False
        self.interrupted: tuple[str, ...] = ()

    def restore(self) -> None:
        """Take up where the operator left. What was typed is in the desk's draft already."""
        try:
            self.saved = self.desk.store.load(self.draft.name)
            self.interrupted = self.desk.store.unfinished(self.draft.name)
        except ProblemError as error:
            self.say(f"{told(error.problem.title)}: {told(error.problem.cause)}", bad=True)
        if self.saved is not None and self.saved.screen is not None:
            self.step = self.furthest = self.saved.screen
        self.say_interrupted()

    def say_interrupted(self) -> None:
        """Say that the last run did not come to its end; nothing where it did."""
        if self.interrupted:
            self.say(told("The last run was interrupted; what is there now is looked up afresh."))

    @property
    def fresh(self) -> bool:
        """Whether nothing is remembered of this connection."""
        return self.saved is None

    def spec(self) -> ConnectionSpec | None:
        """Return the connection as typed, or None while something typed cannot be right."""
        try:
            return self.draft.spec()
        except (InvalidValueError, ValueError):
            return None

    def fault(self) -> InvalidValueError | None:
        """Return what is wrong with what was typed."""
        try:
            self.draft.spec()
        except InvalidValueError as error:
            return error
        return None

    def set(self, **values: str) -> None:
        """Keep what was typed, right or wrong."""
        if any(getattr(self.draft, k) != v for k, v in values.items()):
            self.draft = self.draft.but(**values)
            self.changed()

    def save(self, *, finished: bool | None = None, connected: bool | None = None) -> None:
        """Remember screen and inputs; a store that cannot be written is said, and stops nothing."""
        before = self.saved
        saved = Saved(
            self.draft,
            self.step,
            finished if finished is not None else bool(before and before.finished),
            connected if connected is not None else bool(before and before.connected),
        )
        try:
            self.desk.store.save(saved)
        except ProblemError as error:
            self.say(f"{told(error.problem.title)}: {told(error.problem.cause)}", bad=True)
        self.saved = saved

    def go(self, step: Step) -> None:
        """Stand on another step, and remember it."""
        self.step = step
        if STEPS.index(step) > STEPS.index(self.furthest):
            self.furthest = step
        self.note = ""
        self.save()

    async def others_with(self, key_id: str) -> tuple[str, ...]:
        """Return the names of other connections of this machine whose key file holds a key."""

        def look() -> tuple[str, ...]:
            return tuple(n for n in self.desk.store.names() if n != self.draft.name and self._holds(n, key_id))

        try:
            return await offload(look)
        except ProblemError:
            return ()

    def _holds(self, name: str, key_id: str) -> bool:
        try:
            saved = self.desk.store.load(name)
            spec = saved.draft.spec() if saved is not None else None
            local = self.desk.keys.inspect(spec.key_file, spec.project, spec.account_email) if spec else None
        except (ProblemError, ValueError):
            return False  # a connection that cannot be read here holds nothing that could be told
        return local is not None and local.key_id == key_id

    def say(self, text: str, *, bad: bool = False) -> None:
        """Put one line under the screen, in the person's language."""
        self.note, self.note_bad = text, bad
        self.changed()
