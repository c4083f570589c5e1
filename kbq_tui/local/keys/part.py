"""The temporary files of a key: `.NAME.part` while it is written, `.NAME.shred` while it is destroyed.

A process may die at any point, so both have fixed names, and what a dead process left is finished by the next
inspection.
"""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from kbq_tui.i18n.messages import EMPTY, joined, message
from kbq_tui.local.files import create_private, folder_fd, sync_folder, write_all
from kbq_tui.local.keys.place import Place, key_facts, open_own
from kbq_tui.local.keys.reservation import reserve
from kbq_tui.local.os_errors import os_problem, problem, words_of
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import ProblemError, RemedyStep
from kbq_tui.model.secret import Secret

_BEGINNING = '{"type":"service_account"'


def try_out(place: Place) -> None:
    """Check, before a key is created, that a file can be written and deleted in its place.

    In an append-only folder (`chattr +a`) a key could be written, but neither moved into place nor deleted again.

    Raises:
        OSError: it cannot; `cannot_replace` reports that.
        ProblemError: KBQ-KEY-FILE-TAKEN if a file of the operator's has the name.
    """
    path = place.folder / place.part
    left = place.read(place.part)
    if left and not _may_be_a_key(left):
        raise problem(Code.KEY_FILE_TAKEN, path=path, reason=message("There is a file already."))
    with folder_fd(place.folder) as folder:
        if left is None:
            os.close(create_private(place.part, folder))
        os.unlink(place.part, dir_fd=folder)


def cannot_replace(place: Place, error: OSError) -> ProblemError:
    """Return KBQ-KEY-FILE-UNWRITABLE for an error of `try_out`, naming the empty files that could not be deleted again.

    Args:
        place: the key's place; its reservation was released, as far as possible.
        error: the system's error.
    """
    empty = [path for path in (place.folder / place.part, place.path) if path.exists()]
    if not empty:
        return os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE)
    reason = message(
        "files can be created there, but not moved or deleted ({why}); these stay, empty: {paths}",
        why=words_of(error),
        paths=", ".join(map(str, empty)),
    )
    return problem(Code.KEY_FILE_UNWRITABLE, path=place.path, reason=joined("", reason, "."))


def put(place: Place, key: Secret) -> None:
    """Write a key beside its reservation, sync it, and rename it over the reservation.

    Raises:
        ProblemError: the key is not in place. If its bytes could not be removed again, a step of the remedy names the
            file with them.
    """
    with folder_fd(place.folder) as folder:
        try:
            with suppress(FileNotFoundError):
                os.unlink(place.part, dir_fd=folder)
            fd = create_private(place.part, folder)
        except OSError as error:
            raise os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE) from error
        try:
            write_all(fd, key.reveal())
            os.fsync(fd)
            os.rename(place.part, place.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            failed = os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE)
            emptied = _emptied(fd)
            try:
                os.unlink(place.part, dir_fd=folder)
            except FileNotFoundError:
                emptied = True
            except OSError:
                failed = failed if emptied else _with_leftover(failed, place.folder / place.part)
            raise failed from error
        finally:
            os.close(fd)


def recover(place: Place) -> None:
    """Finish what a process that died had begun: a key not yet moved into place, a shredding. Half a key is deleted.

    Raises:
        ProblemError: a complete key cannot be moved into its place.
    """
    with suppress(OSError, ProblemError):
        doomed = place.read(place.doomed)
        if doomed is not None and _may_be_a_key(doomed):
            destroy(place, place.doomed)
    try:
        part = place.read(place.part)
        if part is None or not _may_be_a_key(part):
            return
        fd = reserve(place)
    except ProblemError:
        return  # a living process is using it, or the place is not as we left it: reserve and read report that
    try:
        key_facts(part, place.path, "")
        (place.folder / place.part).rename(place.path)
    except ProblemError:
        with suppress(OSError, ProblemError):
            destroy(place, place.part)
            place.path.unlink()
    except OSError as error:
        raise os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE) from error
    finally:
        os.close(fd)


def destroy(place: Place, name: str) -> None:
    """Overwrite and delete a file in the key's folder.

    Raises:
        FileNotFoundError: there is none.
        ProblemError: the system refuses.
    """
    path = place.folder / name
    try:
        with open_own(path, os.O_RDWR) as fd:
            size = os.fstat(fd).st_size
            for filler in (os.urandom(size), bytes(size)):
                os.lseek(fd, 0, os.SEEK_SET)
                write_all(fd, filler)
                os.fsync(fd)
            os.ftruncate(fd, 0)
            os.fsync(fd)
        path.unlink()
        sync(place)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise os_problem(error, path, Code.KEY_FILE_UNWRITABLE) from error


def sync(place: Place) -> None:
    """Make renames and deletions in the key's folder survive a power loss. Raises OSError."""
    with folder_fd(place.folder) as folder:
        sync_folder(folder)


def _may_be_a_key(data: Secret) -> bool:
    """Return whether content may be a key of ours, or a part of one: half written, half overwritten, empty.

    Text that does not begin as Google's keys begin is a file of the operator's.
    """
    try:
        key_facts(data, EMPTY, "")
    except ProblemError:
        pass
    else:
        return True
    try:
        text = data.reveal().decode()
    except UnicodeDecodeError:
        return True  # random bytes, with which a file is overwritten
    return "\0" in text or _BEGINNING.startswith("".join(text.split())[: len(_BEGINNING)])


def _emptied(fd: int) -> bool:
    """Overwrite and truncate a file; return whether nothing of it is left."""
    try:
        size = os.fstat(fd).st_size
        os.lseek(fd, 0, os.SEEK_SET)
        write_all(fd, bytes(size))
        os.ftruncate(fd, 0)
        os.fsync(fd)
    except OSError:
        with suppress(OSError):  # a full disk may refuse to overwrite, but allow this
            os.ftruncate(fd, 0)
            return True
        return False
    return True


def _with_leftover(error: ProblemError, path: Path) -> ProblemError:
    """Return the error with a step that says where the key's bytes still are."""
    from kbq_tui.model.command import Command  # imported late: seldom needed

    step = RemedyStep(
        message(
            "The key is still in {path}, which could neither be emptied nor deleted. Delete it; where the folder can "
            "only be added to, lift that first:",
            path=path,
        ),
        (
            Command("sudo chattr -a {path}", values={"path": str(path.parent)}),
            Command("rm {path}", values={"path": str(path)}),
        ),
    )
    known = error.problem
    return ProblemError(replace(known, steps=(step, *known.steps), details={**known.details, "left": str(path)}))
