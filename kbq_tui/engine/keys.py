"""The account's keys: lists them together with the local one, creates one, deletes one."""

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.apply import Outcome, Runner
from kbq_tui.engine.observe import handed_over, inspect_key, part_of
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.threads import offload
from kbq_tui.engine.waiting import Emit, Patience, Waits, own_changes
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.changes import ACCOUNT, KEY
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.observed import KeyInfo, LocalKey, Present, Unknown, value_of
from kbq_tui.model.operations import Action, ActionKey, ActionKind, Change, CreateKey
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.refs import AccountRef
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.steps import Step
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.removals import key_deletion


async def keys_of(
    spec: ConnectionSpec, ports: Ports, emit: Emit, patience: Patience
) -> tuple[tuple[KeyInfo, ...], LocalKey | None, tuple[str, ...]]:
    """Return the keys that Google has, oldest first, the one that is stored here, if it can be read, and the ids of
    those that were handed over and shredded here. Waits if we have just created the account.

    Raises:
        ProblemError: the keys cannot be listed.
    """
    waits = Waits(ports.clock, patience, emit, await own_changes(spec, ports))
    emit(Event(EventKind.STARTED, "keys", ports.clock.now(), message("List the keys")))
    email = spec.account_email
    keys = await waits.called("keys", lambda: ports.cloud.keys(spec.project, email), email, ACCOUNT, KEY)
    return keys, value_of(await inspect_key(spec, ports)), value_of(await handed_over(spec, ports)) or ()


async def create_key(spec: ConnectionSpec, ports: Ports, emit: Emit, patience: Patience) -> Outcome:
    """Create a key and store it here. The place must be free, so that no key is created that cannot be stored.

    Raises:
        ProblemError: a key of the account is stored there already; nothing was changed.
    """
    email = spec.account_email
    local = await inspect_key(spec, ports)
    if isinstance(local, Present) and local.value.path and not await _is_dead(local.value, spec, ports):
        known = {"path": local.value.path, "key_id": local.value.key_id}
        raise ProblemError(ports.named(catalogue.problem(Code.KEY_ALREADY_HERE, context_of(spec), **known)))
    summary = message("Create a key for {email}", email=email)
    key = ActionKey(ActionKind.KEY, AccountRef(spec.project, email))
    action = Action(key, Change.CREATE, summary, Step.ACCOUNT, CreateKey(email, spec.key_file))
    return await _run(spec, ports, emit, patience, action)


async def _is_dead(local: LocalKey, spec: ConnectionSpec, ports: Ports) -> bool:
    """Return whether Google is known not to have a key any more: then its file is only in the way."""
    keys = await part_of(ports.cloud.keys(spec.project, spec.account_email))
    return isinstance(keys, Present) and local.key_id not in {k.id for k in keys.value}


async def delete_key(
    spec: ConnectionSpec, ports: Ports, emit: Emit, patience: Patience, key_id: str, *, unheld_only: bool = False
) -> tuple[Outcome, tuple[Message, ...]]:
    """Delete a key at Google; if it is the local one, the copy in the keyring, too.

    Args:
        spec: the connection.
        ports: the outside world.
        emit: called with each event.
        patience: how long to wait for changes to take effect.
        key_id: the key.
        unheld_only: refuse if the key is stored here or handed over by now, or if that is not known.

    Returns:
        The result, and sentences about what is left on this machine.

    Raises:
        ProblemError: refused; nothing was changed.
    """
    local = await inspect_key(spec, ports)
    held = local.value if isinstance(local, Present) and local.value.key_id == key_id else None
    if unheld_only:
        handed = await handed_over(spec, ports)
        for part in (local, handed):
            if isinstance(part, Unknown):
                raise ProblemError(part.problem)
        if held is not None or key_id in (value_of(handed) or ()):
            raise ProblemError(ports.named(catalogue.problem(Code.STALE_PLAN, context_of(spec))))
    outcome = await _run(spec, ports, emit, patience, key_deletion(spec, key_id))
    if held is None or not outcome.complete:
        return outcome, ()
    notes: list[Message] = []
    if held.in_keyring:
        why = await offload(lambda: ports.keys.forget_copy(spec.project, spec.account_email))
        notes.append(
            message(
                "The copy in the system keyring is of no use any more, and could not be deleted: {reason}",
                reason=why,
            )
            if why
            else message("The copy in the system keyring is deleted too.")
        )
    if held.path:
        command = ports.ours("key shred")
        notes.append(message("The file {path} is of no use any more: {command}", path=held.path, command=command))
    return outcome, tuple(notes)


async def _run(spec: ConnectionSpec, ports: Ports, emit: Emit, patience: Patience, action: Action) -> Outcome:
    runner = Runner(spec, ports, emit, patience)
    await runner.run([action])
    return runner.outcome
