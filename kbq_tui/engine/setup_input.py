"""What was typed, which step is shown, and what this machine remembers of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.engine.services import AppServices, ConnectionDraft, SavedConnection
from kbq_tui.engine.setup_phase import Note
from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import Message, as_message, joined, message
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import ConnectionSpec, InvalidValueError
from kbq_tui.model.steps import Step

STEPS = tuple(Step)


class SetupInput:
    """What was typed and which step is shown.

    For an existing connection this is saved on this machine, so that the next start continues there. A new one exists
    once the operator has agreed to a change or has adopted an existing key; before that nothing is saved.

    Args:
        services: everything a face needs.
        changed: called after each change of state, on the event loop; draws the screen.
        strict: whether a store that cannot be read or written raises ProblemError; otherwise a note says so, and the
            set-up continues.
    """

    def __init__(self, services: AppServices, changed: Callable[[], None], *, strict: bool) -> None:
        self.services = services
        self.changed = changed
        self._strict = strict
        self.draft: ConnectionDraft = services.draft
        self.record: ConnectionRecord | None = None
        self._opened: ConnectionDraft = services.draft
        self.step = Step.PROJECT
        self.furthest = Step.PROJECT
        self.note: Note | None = None
        self.interrupted: tuple[str, ...] = ()

    @property
    def saved(self) -> SavedConnection | None:
        """What is remembered of the connection; None if nothing is, or it was not read yet."""
        return self.record.saved if self.record is not None else None

    def restore(self, draft: ConnectionDraft | None = None) -> None:
        """Continue where the operator left.

        Args:
            draft: the values to begin with; by default those of the services, which include what was typed before.
        """
        self.draft = self._opened = draft or self.draft
        try:
            self.record = ConnectionRecord(self.services.store, self.draft.name)
            self.interrupted = self.services.store.unfinished(self.draft.name)
        except ProblemError as error:
            self.store_failed(error)
        if self.saved is not None and self.saved.screen is not None:
            self.step = self.furthest = self.saved.screen
        self.say_interrupted()

    def say_interrupted(self) -> None:
        """Say that the last run was interrupted, if it was."""
        if self.interrupted:
            self.say(message("The last run was interrupted; what is there now is looked up afresh."))

    @property
    def fresh(self) -> bool:
        """Whether nothing is remembered of this connection."""
        return self.saved is None

    @property
    def begun(self) -> SavedConnection | None:
        """The new connection that is being set up in this run and does not exist yet; None if there is none."""
        if self.record is None or self.record.filed or self.spec() is None:
            return None
        return replace(self.record.state, draft=self.draft, screen=self.step)

    def spec(self) -> ConnectionSpec | None:
        """Return the connection as typed, or None while a value is not valid."""
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
        """Keep what was typed, valid or not."""
        if any(getattr(self.draft, k) != v for k, v in values.items()):
            self.draft = self.draft.replace(**values)
            self.changed()

    def adopt(self, **values: str) -> None:
        """Take over what Google shows; it was not typed, so it is no reason to save."""
        self.draft = self.draft.replace(**values)
        self._opened = self._opened.replace(**values)

    @property
    def filed(self) -> bool:
        """Whether the connection exists, so that what is typed is saved."""
        return self.record is not None and self.record.filed

    @property
    def keeping(self) -> bool:
        """Whether quitting now loses nothing: the connection exists, or its set-up was never opened."""
        return self.filed or (self.record is None and not self.typed)

    @property
    def typed(self) -> dict[str, str]:
        """What was typed since it was last saved, by field."""
        new, given = asdict(self.draft), asdict(self._opened)
        return {field: value for field, value in new.items() if value != given[field]}

    def save(self) -> None:
        """Save what was typed; values from options, the environment or Google are not saved just by showing them."""
        typed = self.typed
        if typed and self.record is not None and self.record.filed:
            self._opened = self._opened.replace(**typed)
            self._keep(draft=self.record.state.draft.replace(**typed))

    def confirm(self, **more: Any) -> None:
        """Save the whole connection: the operator has agreed to something, so from now on it exists.

        Args:
            more: what else is to be saved, as `ConnectionRecord.keep` takes it.
        """
        if not self.filed:
            more = {"screen": self.step, **more}
        self._opened = self.draft
        self._keep(draft=self.draft, confirmed=True, **more)

    def stand_on(self, step: Step) -> None:
        """Show another step, without saving it."""
        self.step = step
        if STEPS.index(step) > STEPS.index(self.furthest):
            self.furthest = step
        self.note = None

    def go(self, step: Step) -> None:
        """Go to another step. Until the set-up is finished, the next start begins there."""
        moved = step is not self.step
        self.stand_on(step)
        if not moved or (self.saved is not None and self.saved.finished):
            self.save()
        elif step is Step.CONNECT:
            self.confirm(screen=step, finished=True)
        elif self.filed:
            self._opened = self.draft
            self._keep(draft=self.draft, screen=step)

    def _keep(self, **changes: Any) -> None:
        """Save through the record; if the store cannot be read or written, a note says so."""
        try:
            if self.record is None:
                self.record = ConnectionRecord(self.services.store, self.draft.name)
            self.record.keep(**changes)
        except ProblemError as error:
            self.store_failed(error)

    async def others_with(self, key_id: str) -> tuple[str, ...]:
        """Return the names of other connections of this machine whose key file has a given key."""

        def look() -> tuple[str, ...]:
            return tuple(n for n in self.services.store.names() if n != self.draft.name and self._holds(n, key_id))

        try:
            return await offload(look)
        except ProblemError:
            return ()

    def _holds(self, name: str, key_id: str) -> bool:
        try:
            saved = self.services.store.load(name)
            spec = saved.draft.spec() if saved is not None else None
            local = self.services.keys.inspect(spec.key_file, spec.project, spec.account_email) if spec else None
        except (ProblemError, ValueError):
            return False  # nothing can be said about a connection that cannot be read here
        return local is not None and local.key_id == key_id

    def store_failed(self, error: ProblemError) -> None:
        """Note that something could not be saved; raise it if the set-up is strict."""
        if self._strict:
            raise error
        problem, what = error.problem, error.problem.title
        if problem.code is not None:  # a note has no room for the remedy
            from kbq_tui.shell.commands import EXPLAIN  # imported late: the first frame does not need it

            what = joined("", what, " (", str(EXPLAIN.filled({"code": problem.code})), ")")
        self.say(joined(": ", what, problem.cause), bad=True)

    def say(self, text: str | Message, *, bad: bool = False, done: bool = False, passing: bool = False) -> None:
        """Set the one-line note for the face to show; see `Note`."""
        self.note = Note(as_message(text), bad=bad, done=done, passing=passing)
        self.changed()
