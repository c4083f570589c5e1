"""The account's keys: list, create, delete."""

from kbq_tui.core.actions import Action, Change, CreateKey, DeleteKey, Operation, Step
from kbq_tui.core.observed import KeyInfo, LocalKey, value_of
from kbq_tui.core.spec import ConnectionSpec
from kbq_tui.core.text import inert
from kbq_tui.engine.apply import Outcome, Patience, Runner
from kbq_tui.engine.observe import inspect_key
from kbq_tui.engine.ports import Ports
from kbq_tui.headless.commands import status_of
from kbq_tui.headless.face import Face
from kbq_tui.headless.lines import EventLines


async def _look(spec: ConnectionSpec, ports: Ports) -> tuple[tuple[KeyInfo, ...], LocalKey | None]:
    keys = await ports.cloud.keys(spec.project, spec.account_email)
    return keys, value_of(await inspect_key(spec, ports))


def list_command(face: Face, spec: ConnectionSpec, *, as_json: bool) -> int:
    """List the account's user-managed keys, oldest first, and say which one is kept here."""
    keys, local = face.with_ports(spec.name, lambda ports: _look(spec, ports))
    now = face.desk.clock.now()
    rows = [
        {
            "id": key.id,
            "created": key.created.isoformat(),
            "age_days": (now - key.created).days,
            "expires": key.expires.isoformat() if key.expires else None,
            "disabled": key.disabled,
            "here": local is not None and local.key_id == key.id,
        }
        for key in keys
    ]
    if as_json:
        path = local.path or None if local is not None else None
        account = spec.account_email
        face.paper.json({"schema": "kbq-tui/keys/v1", "service_account": account, "key_path": path, "keys": rows})
        return 0
    for row in rows:
        notes = [f"{row['age_days']} days old"]
        if row["expires"]:
            notes.append(f"expires {str(row['expires'])[:10]}")
        if row["disabled"]:
            notes.append("disabled")
        if row["here"] and local is not None:
            notes.append(f"kept in {local.path or 'the system keyring'}")
        face.paper.result(f"{inert(str(row['id']))}  {inert(', '.join(notes))}")
    for warning in local.warnings if local is not None else ():
        face.paper.say("note: " + inert(warning))
    face.paper.say(f"{len(rows)} of 10 keys of {spec.account_email}")
    return 0


def create_command(face: Face, spec: ConnectionSpec) -> int:
    """Create a key and keep it here. The place must be free: a key that cannot be kept is never made."""
    summary = f"Create a key for {spec.account_email}"
    status, outcome = _act(face, spec, summary, Change.CREATE, CreateKey(spec.account_email, spec.key_file))
    if outcome.key is not None:
        face.paper.result(outcome.key.path)
    return status


def delete_command(face: Face, spec: ConnectionSpec, key_id: str, *, agreed: bool) -> int:
    """Delete one key at Google, after a yes. Whatever signs in with it stops working at once.

    Args:
        face: the face.
        spec: the connection.
        key_id: the key's id, or the beginning of it where that names one key only.
        agreed: `--yes`.
    """
    keys, local = face.with_ports(spec.name, lambda ports: _look(spec, ports))
    found = [k.id for k in keys if k.id.startswith(key_id)]
    if len(found) != 1:
        what = "no key" if not found else f"{len(found)} keys"
        face.paper.say(f"error: {spec.account_email} has {what} whose id begins with {inert(key_id)}: kbq-tui key list")
        return 1
    ours = local is not None and local.key_id == found[0]
    if not agreed:
        warning = "This is the key that is kept here. Klaviyo stops working with it. " if ours else ""
        if face.confirm is None or not face.confirm(f"{warning}Delete key {inert(found[0])}?"):
            face.paper.say("Nothing was changed.")
            return 1
    op = DeleteKey(spec.account_email, found[0])
    status, _ = _act(face, spec, f"Delete key {found[0]}", Change.DELETE, op)
    if status == 0 and ours and local is not None and local.path:
        face.paper.say(f"The file {inert(local.path)} is of no use any more: kbq-tui key shred")
    return status


def _act(face: Face, spec: ConnectionSpec, summary: str, change: Change, op: Operation) -> tuple[int, Outcome]:
    action = Action("key", change, spec.account_email, summary, Step.ACCOUNT, op)

    async def work(ports: Ports) -> Outcome:
        runner = Runner(spec, ports, EventLines(face.paper), Patience(limit=face.desk.patience or Patience().limit))
        await runner.run([action])
        return runner.outcome

    outcome = face.with_ports(spec.name, work)
    for problem in outcome.problems:
        face.paper.problem(problem)
    return status_of(outcome.problems), outcome
