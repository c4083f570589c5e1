"""The new key's file during a rotation: it is beside the old one, until it takes its place."""

from pathlib import Path

from kbq_tui.i18n.messages import message
from kbq_tui.local.keys.part import destroy, recover, sync
from kbq_tui.local.keys.place import Place, key_facts
from kbq_tui.local.os_errors import os_problem, problem
from kbq_tui.model.codes import ProblemCode as Code


def path_beside(path: str) -> str:
    """Return where the new key is stored while the old one is at `path`: `NAME.next.json` for `NAME.json`."""
    whole = Path(path)
    return str(whole.with_name(f"{whole.stem}.next{whole.suffix}"))


def move_in(place: Place, beside: Place, email: str) -> None:
    """Move the new key into the place of the old one, which has been shredded.

    Raises:
        ProblemError: the place is in use, or the system refuses; both are unchanged.
    """
    key = beside.read()
    if not key:
        return  # it was moved already
    key_facts(key, beside.path, email)
    if place.read() is not None:
        raise problem(Code.KEY_FILE_TAKEN, path=place.path, reason=message("There is a file already."))
    try:
        beside.path.rename(place.path)
        sync(place)
    except OSError as error:
        raise os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE) from error


def discard(beside: Place, email: str) -> None:
    """Destroy the new key's file after the key was deleted at Google. Does nothing if there is none.

    Raises:
        ProblemError: the file is not a key of the account, or the system refuses.
    """
    recover(beside)
    key = beside.read()
    if key is None:
        return
    if key:
        key_facts(key, beside.path, email)
    destroy(beside, beside.name)
