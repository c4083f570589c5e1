"""Replaces the key that Klaviyo uses, so that a working key exists at any time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine import event_log
from kbq_tui.engine.apply import Runner
from kbq_tui.engine.key_use import last_uses, log_readable
from kbq_tui.engine.observe import beside_of
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.rotation_state import HandOver, RotationOptions, RotationOutcome, look
from kbq_tui.engine.threads import offload
from kbq_tui.engine.verify.checks import key_auth, query_run
from kbq_tui.engine.verify.runner import Told, verify
from kbq_tui.engine.waiting import Emit, Patience
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.age import ago
from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.key_use import IDLE, KLAVIYO_ADDRESSES, KeyCall
from kbq_tui.model.operations import Action, ActionKey, ActionKind, Change, CreateKey, DisableKey, EnableKey
from kbq_tui.model.problem import Problem, ProblemError, RemedyStep
from kbq_tui.model.refs import AccountRef
from kbq_tui.model.rotation import Rotation, mark
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.steps import Step
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.removals import key_deletion
from kbq_tui.planning.rotation import (
    QUIET,
    RotationStep,
    RotationView,
    ends,
    next_step,
    old_key,
    spare_keys,
)

LOOK_EVERY = 10.0
"""Seconds between two readings of the audit log while waiting for Klaviyo."""
_NEEDED = (key_auth.id, query_run.id)
"""The checks that show whether a key works; the others are about the account's permissions, whichever key it uses."""


async def rotate(
    spec: ConnectionSpec,
    ports: Ports,
    emit: Emit,
    patience: Patience,
    options: RotationOptions,
    hand_over: HandOver,
    told: Told | None = None,
    stepping: Callable[[RotationOutcome], None] = lambda _: None,
) -> RotationOutcome:
    """Continue the rotation from its present state, as far as possible.

    Args:
        spec: the connection.
        ports: the outside world.
        emit: called with each event.
        patience: how long to wait for changes to take effect.
        options: how it is done.
        hand_over: called with the new key's file when it has to be uploaded to Klaviyo.
        told: called with the results of the checks with the new key.
        stepping: called before each step, with the state so far.

    Raises:
        ProblemError: the keys cannot be read, or nothing can be done.
    """
    return await _Rotating(spec, ports, emit, patience, options, hand_over, told).run(stepping)


async def roll_back(
    spec: ConnectionSpec, ports: Ports, emit: Emit, patience: Patience, *, confirmed: bool = False
) -> RotationOutcome:
    """Delete the new key while Klaviyo still uses the old one; or, later, enable the old key again.

    Args:
        spec: the connection.
        ports: the outside world.
        emit: called with each event.
        patience: how long to wait for changes to take effect.
        confirmed: the operator says that Klaviyo uses the old key.

    Raises:
        ProblemError: there is nothing to roll back, or Klaviyo would be cut off; nothing was changed.
    """
    rotating = _Rotating(spec, ports, emit, patience, RotationOptions(confirmed=confirmed), lambda _: None, None)
    return await rotating.back()


class _Rotating:
    def __init__(
        self,
        spec: ConnectionSpec,
        ports: Ports,
        emit: Emit,
        patience: Patience,
        options: RotationOptions,
        hand_over: HandOver,
        told: Told | None,
    ) -> None:
        self.spec, self.ports, self.patience, self.options = spec, ports, patience, options
        self.emit, self.unlogged = event_log.events(emit), emit  # `Runner` and `verify` log what they are given
        self.hand_over, self.told = hand_over, told
        self.context = context_of(spec)
        self.outcome = RotationOutcome()
        self.view: RotationView

    async def run(self, stepping: Callable[[RotationOutcome], None]) -> RotationOutcome:
        out = self.outcome
        while True:
            await self._look()
            try:
                out.step = next_step(self.view, self.spec, self.options.grace)
            except ProblemError as error:
                if error.problem.code == Code.TOO_MANY_KEYS:
                    raise ProblemError(await self._with_candidates(error.problem)) from error
                raise ProblemError(self.ports.named(error.problem)) from error
            stepping(out)
            if not await self._take(out.step):
                return out

    async def _look(self) -> None:
        self.view = await look(self.spec, self.ports, self.emit, self.patience)
        rotation = self.view.rotation
        self.outcome.old = rotation.old if rotation is not None else self.outcome.old
        self.outcome.new = self.view.new or self.outcome.new
        self.outcome.key = self.view.beside or self.outcome.key

    @property
    def rotation(self) -> Rotation:
        assert self.view.rotation is not None
        return self.view.rotation

    async def _take(self, step: RotationStep) -> bool:
        """Take one step. Returns whether to continue."""
        match step:
            case RotationStep.BEGIN:
                return await self._begin()
            case RotationStep.CREATE:
                return await self._create()
            case RotationStep.VERIFY:
                return await self._verify_new()
            case RotationStep.HAND_OVER:
                return await self._taken()
            case RotationStep.PROMOTE:
                if self.view.beside is not None and not await self._verified(beside_of(self.spec, self.ports)):
                    return False
                keys, spec, new = self.ports.keys, self.spec, self.view.new
                await offload(lambda: keys.promote(spec.key_file, spec.project, spec.account_email, new))
                return True
            case RotationStep.DISABLE:
                return await self._disable()
            case RotationStep.GRACE:
                self.outcome.until = ends(self.rotation, self.options.grace)
                self.outcome.why = message("The old key is disabled, and can be enabled again until it is deleted.")
                return False
            case RotationStep.DELETE:
                return await self._act(key_deletion(self.spec, self.rotation.old))
            case RotationStep.FINISH:
                await self._end()
                return False

    async def _act(self, action: Action, spec: ConnectionSpec | None = None) -> bool:
        """Carry out one change as `apply` does. Returns whether it succeeded."""
        runner = Runner(spec or self.spec, self.ports, self.unlogged, self.patience)
        await runner.run([action])
        self.outcome.done += runner.outcome.done
        self.outcome.problems = runner.outcome.problems
        self.outcome.key = runner.outcome.key or self.outcome.key
        return runner.outcome.complete

    async def _reached(self, kind: ActionKind, key_id: str, text: Message) -> bool:
        """Record that a point was reached."""
        journal, action = self.ports.journal, mark(kind, self.spec, key_id)
        event = Event(EventKind.FINISHED, action, self.ports.clock.now(), text)
        await offload(lambda: journal.intend(action, self.spec.account_email))
        await offload(lambda: journal.settle(event))
        self.outcome.done.append(action)
        self.emit(event)
        return True

    async def _end(self) -> None:
        """End the rotation in the journal: it is finished, or rolled back."""
        action = mark(ActionKind.ROTATE, self.spec, self.rotation.old)
        text = message("Key {key} is replaced", key=self.rotation.old[:12])
        event = Event(EventKind.FINISHED, action, self.ports.clock.now(), text, changed=not self.outcome.rolled_back)
        await offload(lambda: self.ports.journal.settle(event))
        if not self.outcome.rolled_back:
            self.emit(event)

    async def _begin(self) -> bool:
        """Record which key is replaced. Raises ProblemError if the log shows that Klaviyo uses another one."""
        old, now = old_key(self.view, self.spec), self.ports.clock.now()
        if await log_readable(self.spec, self.ports.cloud) is None:
            active = [key.id for key in self.view.keys if self.view.works(key.id)]
            calls = {id_: await self._call(id_, now - IDLE, klaviyo=True) for id_ in active}
            last = max(((call.at, id_) for id_, call in calls.items() if call is not None), default=None)
            if last is not None and last[1] != old:
                raise self._error(Code.ROTATION_OTHER_KEY, key_id=last[1][:12], when=ago(last[0], now))
        begun = mark(ActionKind.ROTATE, self.spec, old)
        await offload(lambda: self.ports.journal.intend(begun, self.spec.account_email))
        return True

    async def _create(self) -> bool:
        spec, keys = self.spec, self.ports.keys
        if self.view.lost:
            await offload(lambda: keys.discard_beside(spec.key_file, spec.project, spec.account_email))
        beside = beside_of(spec, self.ports)
        email = spec.account_email
        key = ActionKey(ActionKind.KEY, AccountRef(spec.project, email))
        known = tuple(sorted(each.id for each in self.view.keys))
        summary = message("Create a key for {email}", email=email)
        op = CreateKey(email, beside.key_file, known)
        if not await self._act(Action(key, Change.CREATE, summary, Step.ACCOUNT, op), beside):
            return False
        made = self.outcome.key
        if made is not None:
            text = message("The new key is {key}", key=made.key_id[:12])
            await self._reached(ActionKind.ROTATE_CREATED, made.key_id, text)
        return True

    async def _verify_new(self) -> bool:
        new = self.view.new
        if self.rotation.new != new:  # it was created by a run that died before it could report that
            await self._reached(ActionKind.ROTATE_CREATED, new, message("The new key is {key}", key=new[:12]))
        if not await self._verified(beside_of(self.spec, self.ports)):
            return False
        return await self._reached(ActionKind.ROTATE_VERIFIED, new, message("The new key {key} works", key=new[:12]))

    async def _verified(self, spec: ConnectionSpec) -> bool:
        """Run the checks with the new key. Returns whether Google accepts it; other failures are reported, but do not
        stop the rotation."""
        results = await verify(spec, self.ports, told=self.told, emit=self.unlogged, patience=self.patience)
        bad = [r for r in results if r.check.id in _NEEDED and r.verdict is not Verdict.PASS]
        self.outcome.problems = tuple(map(_reason, bad[:1]))  # the other failures follow from the first
        return not bad

    async def _taken(self) -> bool:
        """Wait until a call that the new key signed comes from Klaviyo."""
        new, told = self.view.new, ActionKind.ROTATE_TAKEN
        if self.options.confirmed and mark(ActionKind.ROTATE_VERIFIED, self.spec, new) not in self.outcome.done:
            return await self._reached(told, new, message("Klaviyo uses the new key, as you say"))
        if self.view.beside is not None:
            self.hand_over(self.view.beside)
        unreadable = await log_readable(self.spec, self.ports.cloud)
        if unreadable is not None:
            self._refuse(Code.ROTATION_UNCONFIRMED, reason=unreadable.cause)
            return False
        clock, began = self.ports.clock, self.ports.clock.monotonic()
        action, next_look = mark(told, self.spec, new), began
        other: KeyCall | None = None
        self.emit(Event(EventKind.STARTED, action, clock.now(), message("Klaviyo's first call with the new key")))
        while True:
            if clock.monotonic() >= next_look:
                if call := await self._call(new, self.rotation.begun, klaviyo=True):
                    return await self._reached(
                        told, new, message("Klaviyo called with the new key ({who})", who=call.who)
                    )
                if self.view.missing:
                    path = beside_of(self.spec, self.ports).key_file
                    self._refuse(Code.ROTATION_FILE_GONE, key_id=new[:12], path=path or "")
                    return False
                other = await self._call(new, self.rotation.begun)
                next_look = clock.monotonic() + LOOK_EVERY
            elapsed = clock.monotonic() - began
            if elapsed >= self.options.wait:
                self.outcome.why = _waited_for(other)
                return False
            text = _waited_for(other)
            self.emit(Event(EventKind.WAITING, action, clock.now(), text, elapsed=elapsed, limit=self.options.wait))
            await clock.sleep(1.0)

    async def _call(self, key_id: str, since: datetime, *, klaviyo: bool = False) -> KeyCall | None:
        addresses = tuple(sorted(KLAVIYO_ADDRESSES)) if klaviyo else ()
        found = await self.ports.cloud.key_calls(
            self.spec.project, self.spec.account_email, key_id, since=since, addresses=addresses
        )
        return found[0] if found else None

    async def _disable(self) -> bool:
        """Disable the old key after nobody has used it for an hour."""
        old, now, taken = self.rotation.old, self.ports.clock.now(), self.rotation.taken
        unreadable = await log_readable(self.spec, self.ports.cloud)
        if unreadable is not None and not self.options.confirmed:
            self._refuse(Code.ROTATION_UNCONFIRMED, reason=unreadable.cause)
            return False
        call = await self._call(old, now - QUIET) if unreadable is None else None
        if call is not None:
            self.outcome.until = call.at + QUIET
            if call.is_klaviyo and taken is not None and call.at < taken:
                self.outcome.why = message("Klaviyo used the old key within the last hour, before it took the new one.")
            else:
                self._refuse(Code.KEY_IN_USE, key_id=old, who=call.who, when=ago(call.at, now))
            return False
        return await self._act(self._switching(old, on=False))

    def _switching(self, key_id: str, *, on: bool) -> Action:
        email = self.spec.account_email
        kind = ActionKind.ENABLE_KEY if on else ActionKind.DISABLE_KEY
        summary = message("Enable key {key}" if on else "Disable key {key}", key=key_id[:12])
        op = EnableKey(email, key_id) if on else DisableKey(email, key_id)
        key = ActionKey(kind, AccountRef(self.spec.project, email), detail=key_id)
        return Action(key, Change.UPDATE, summary, Step.ACCOUNT, op)

    def _refuse(self, code: Code, **details: str | Message) -> None:
        self.outcome.problems = (self.ports.named(catalogue.problem(code, self.context, **details)),)

    async def _with_candidates(self, problem: Problem) -> Problem:
        """Return "ten keys" with the keys that can be deleted first: nobody can use them, or nobody does."""
        view = self.view
        uses = await last_uses(self.spec, self.ports.cloud, view.keys, view.now)
        steps = tuple(
            RemedyStep(
                message("Key {key} is disabled, expired or unused; delete it:", key=key.id[:12]),
                (self.ports.ours(f"key delete {key.id}"),),
            )
            for key in spare_keys(view, uses)[:3]
        )
        return self.ports.named(replace(problem, steps=(*steps, *problem.steps)))

    # -- rolling back

    async def back(self) -> RotationOutcome:
        await self._look()
        rotation, out = self.view.rotation, self.outcome
        if rotation is None:
            raise self._error(Code.ROTATION_NONE)
        old, new = self.view.key(rotation.old), self.view.new
        if old is None:
            raise self._error(Code.ROTATION_TAKEN_OVER, key_id=new)
        out.rolled_back = True
        if old.disabled and not await self._act(self._switching(rotation.old, on=True)):
            return out
        if rotation.taken is not None and (self.view.works(new) or not self.options.confirmed):
            if not old.disabled:
                raise self._error(Code.ROTATION_TAKEN_OVER, key_id=new)
            out.step = RotationStep.DISABLE
            return out
        if new:
            await self._klaviyo_has_the_old_one(new)
            if self.view.key(new) is not None and not await self._act(key_deletion(self.spec, new)):
                return out
        spec, keys = self.spec, self.ports.keys
        await offload(lambda: keys.discard_beside(spec.key_file, spec.project, spec.account_email))
        await self._end()
        out.step = RotationStep.FINISH
        return out

    async def _klaviyo_has_the_old_one(self, new: str) -> None:
        """Make sure that Klaviyo does not use the new key. Raises ProblemError."""
        unreadable = await log_readable(self.spec, self.ports.cloud)
        if unreadable is None:
            if await self._call(new, self.rotation.begun) is not None and not self.options.confirmed:
                raise self._error(Code.ROTATION_TAKEN_OVER, key_id=new)
        elif not self.options.confirmed:
            raise self._error(Code.ROTATION_UNCONFIRMED, reason=unreadable.cause)

    def _error(self, code: Code, **details: str | Message) -> ProblemError:
        return ProblemError(self.ports.named(catalogue.problem(code, self.context, **details)))


def _reason(result: CheckResult) -> Problem:
    """Return why a check did not pass."""
    return result.problem or Problem(None, result.title, result.evidence)


def _waited_for(other: KeyCall | None) -> Message:
    """Return what is waited for, and who else has used the new key in the meantime."""
    if other is None:
        return message("Klaviyo has not called with it yet; both keys work.")
    return message(
        "Klaviyo has not called with it yet. {who} has used the new key, and is not one of Klaviyo's known addresses: "
        "if that is Klaviyo, run it again with --confirmed.",
        who=other.who,
    )
