"""The account's keys: list, create, delete."""

from kbq_tui.core.spec import ConnectionSpec
from kbq_tui.core.text import inert
from kbq_tui.core.words import told
from kbq_tui.engine.apply import Patience
from kbq_tui.engine.keys import create_key, delete_key, keys_of
from kbq_tui.headless.commands import status_of
from kbq_tui.headless.face import Face
from kbq_tui.headless.lines import EventLines


def list_command(face: Face, spec: ConnectionSpec, *, as_json: bool) -> int:
    """List the account's user-managed keys, oldest first, and say which one is kept here."""
    keys, local = face.with_ports(spec.name, lambda ports: keys_of(spec, ports))
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
    emit = EventLines(face.paper)
    outcome = face.with_ports(spec.name, lambda ports: create_key(spec, ports, emit, _patience(face)))
    for problem in outcome.problems:
        face.paper.problem(problem)
    if outcome.key is not None:
        face.paper.result(outcome.key.path)
    return status_of(outcome.problems)


def delete_command(face: Face, spec: ConnectionSpec, key_id: str, *, agreed: bool) -> int:
    """Delete one key at Google, after a yes. Whatever signs in with it stops working at once.

    Of the key that is kept here, the copy in the keyring goes too; the file stays until it is shredded.

    Args:
        face: the face.
        spec: the connection.
        key_id: the key's id, or the beginning of it where that names one key only.
        agreed: `--yes`.
    """
    keys, local = face.with_ports(spec.name, lambda ports: keys_of(spec, ports))
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
    emit = EventLines(face.paper)
    outcome, notes = face.with_ports(spec.name, lambda ports: delete_key(spec, ports, emit, _patience(face), found[0]))
    for problem in outcome.problems:
        face.paper.problem(problem)
    for note in notes:
        face.paper.say(inert(told(note), 1_000))
    return status_of(outcome.problems)


def _patience(face: Face) -> Patience:
    return Patience() if face.desk.patience is None else Patience(limit=face.desk.patience)
