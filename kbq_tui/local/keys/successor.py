"""The new key's file while a key is being replaced: beside the old one, until it takes its place."""

from pathlib import Path

from kbq_tui.i18n.messages import message
from kbq_tui.local.keys.part import destroy, recover, sync
from kbq_tui.local.keys.place import Place, key_facts
from kbq_tui.local.os_errors import os_problem, problem
from kbq_tui.model.codes import ProblemCode as Code


def path_beside(path: str) -> str:
    """Return where the new key lies while the old one is at `path`: `NAME.next.json` for `NAME.json`."""
    whole = Path(path)
    return str(whole.with_name(f"{whole.stem}.next{whole.suffix}"))


def move_in(place: Place, beside: Place, email: str) -> None:
    """Move the new key into the place of the old one, which has been shredded.

    Raises:
        ProblemError: something is in the place, or the system refuses; both are as they were.
    """
    key = beside.read()
    if not key:
        return  # it is there already
    key_facts(key, beside.path, email)
    if place.read() is not None:
        raise problem(Code.KEY_FILE_TAKEN, path=place.path, reason=message("There is a file already."))
    try:
        beside.path.rename(place.path)
        sync(place)
    except OSError as error:
        raise os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE) from error


def discard(beside: Place, email: str) -> None:
    """Destroy the new key's file, whose key is gone at Google. Does no harm if there is none.

    Raises:
        ProblemError: what is there is no key of the account, or the system refuses.
    """
    recover(beside)
    key = beside.read()
    if key is None:
        return
    if key:
        key_facts(key, beside.path, email)
    destroy(beside, beside.name)
