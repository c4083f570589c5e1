"""Files that are written completely or not at all: private folders, atomic writes, reads that cannot be misdirected.

Every file that this program writes, except keys (`local.keys.key_files`), goes through `write_atomic`, `open_ours` or
`remove_ours`. They touch an existing file only if it is empty or has what this program wrote as the same kind of file.
The content decides, not the name or the place.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kbq_tui.i18n.messages import N_, Message, message
from kbq_tui.model.lean_dataclass import dataclass

_ODD = N_("not a regular file")
_LINK = N_("a symbolic link")
_FOREIGN = N_("a symbolic link of another user")
_TOO_LARGE = N_("the file is too large")
_HELD = N_("another process holds it")
_LOST = 4096
"""Bytes: a file of zeros up to this size counts as empty; a power loss leaves such files."""
_READ = 8 * 1024 * 1024
"""The bytes of a file that are read to recognise its kind."""

FOLDER_MODE = 0o700
FILE_MODE = 0o600

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""Errors of file systems that cannot sync a folder; not a failure of ours."""


def make_folder(path: Path) -> None:
    """Create a folder and its parents, each 0700 whatever the umask; existing folders are not changed.

    Raises:
        OSError: it cannot be created, or something else has its name.
    """
    missing: list[Path] = []
    here = path
    while not here.exists():
        missing.append(here)
        if here.parent == here:
            break
        here = here.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(FOLDER_MODE)
        except FileExistsError:
            continue  # another process was faster
        folder.chmod(FOLDER_MODE)  # the umask may have removed bits that the owner needs
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


@contextmanager
def folder_fd(path: Path) -> Iterator[int]:
    """Yield a descriptor of a folder, so that later operations cannot be redirected by a rename."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield fd
    finally:
        os.close(fd)


def sync_folder(fd: int) -> None:
    """Make renames in a folder survive a power loss, if the file system can.

    Raises:
        OSError: the disk fails.
    """
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`; a short write is continued."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def create_private(name: str, folder: int, flags: int = os.O_RDWR) -> int:
    """Create a new file, 0600 whatever the umask, and return its descriptor."""
    fd = os.open(name, flags | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE, dir_fd=folder)
    try:
        os.fchmod(fd, FILE_MODE)
    except OSError:
        os.close(fd)
        raise
    return fd


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that this program writes.

    Attributes:
        name: its name with an article, for messages.
        is_ours: whether content (not empty, and more than zeros) is of this kind; it is given the first 8 MiB.
        follows_links: whether a symbolic link is followed, for files that operators keep elsewhere, for example with a
            dot-file manager.
        may_be_held: whether another process may hold a lock on it. Otherwise an empty file with a lock is a place
            reserved for a key.
        mode: the mode of a new file.
    """

    name: Message
    is_ours: Callable[[bytes], bool]
    follows_links: bool = False
    may_be_held: bool = False
    mode: int = FILE_MODE


class NotOursError(OSError):
    """An existing file that this program may not touch. `filename` names it, `strerror` says what it is."""

    def __init__(self, path: Path, reason: str | Message) -> None:
        super().__init__(errno.EEXIST, reason, str(path))


def check_output(path: Path, kind: FileKind) -> None:
    """Check that a file may be written, before the work whose result it gets. Changes nothing.

    Raises:
        NotOursError: the file exists, and is neither empty nor of this kind.
        OSError: this cannot be determined.
    """
    target = _end_of(path, kind)
    with suppress(FileNotFoundError), folder_fd(target.parent) as folder:
        _look(folder, target, kind)


def write_atomic(path: Path, data: bytes, kind: FileKind) -> None:
    """Replace a whole file: temporary file beside it, sync, rename, sync the folder.

    A new file has its kind's mode, usually 0600; a replaced one keeps its mode. Another user's link is never followed,
    as the kernel refuses this in world-writable folders: it could make us overwrite another file of ours. Source:
    proc_sys_fs(5), protected_symlinks.

    Raises:
        NotOursError: the file exists, and is neither empty nor of this kind.
        OSError: the system's error. The old file is unchanged in either case.
    """
    target = _end_of(path, kind)
    make_folder(target.parent)
    name = f".{target.name[:50]}.{os.urandom(6).hex()}.tmp"
    with folder_fd(target.parent) as folder:
        before = _look(folder, target, kind)
        fd = create_private(name, folder)
        try:
            try:
                mode = stat.S_IMODE(before.st_mode) & 0o777 if before is not None else kind.mode
                os.fchmod(fd, mode)
                write_all(fd, data)
                os.fsync(fd)
            finally:
                os.close(fd)
            _look(folder, target, kind)  # checked again: it may have been replaced meanwhile
            os.rename(name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
            raise
        sync_folder(folder)


def write_new(path: Path, data: bytes) -> Path:
    """Write a file under a free name (`NAME-2.SUFFIX` and so on if `path` is in use), and return its path.

    Raises:
        OSError: the system's error; an incomplete file is removed.
    """
    make_folder(path.parent)
    with folder_fd(path.parent) as folder:
        number = 1
        while True:
            target = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
            try:
                fd = create_private(target.name, folder)
                break
            except FileExistsError:
                number += 1
        try:
            write_all(fd, data)
            os.fsync(fd)
        except BaseException:
            with suppress(OSError):
                os.unlink(target.name, dir_fd=folder)
            raise
        finally:
            os.close(fd)
        sync_folder(folder)
    return target


def open_ours(path: Path, kind: FileKind, *, append: bool = False) -> tuple[int, bool]:
    """Open a file for reading and writing in place; it is created (0600) if it does not exist.

    Returns:
        The descriptor, and whether the file is new. The mode of an existing one is not changed.

    Raises:
        NotOursError: the file exists, and is neither empty nor of this kind.
        OSError: the system's error.
    """
    make_folder(path.parent)
    flags = os.O_RDWR | (os.O_APPEND if append else 0)
    with folder_fd(path.parent) as folder:
        try:
            fd = _open_there(folder, path, flags, kind)
        except FileNotFoundError:
            try:
                return create_private(path.name, folder, flags), True
            except FileExistsError:  # another process was faster
                fd = _open_there(folder, path, flags, kind)
    return fd, False


def remove_ours(path: Path, kind: FileKind) -> bool:
    """Delete a file of this kind. Returns False if there is none.

    Raises:
        NotOursError: the file exists, and is neither empty nor of this kind.
        OSError: the system's error.
    """
    try:
        with folder_fd(path.parent) as folder:
            _look(folder, path, kind)
            os.unlink(path.name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _end_of(path: Path, kind: FileKind) -> Path:
    """Return the real file: the path itself, or the target of its link if links of this kind are followed."""
    if not path.is_symlink():
        return path
    if path.lstat().st_uid not in (0, os.geteuid()):
        raise NotOursError(path, _FOREIGN)
    if not kind.follows_links:
        raise NotOursError(path, _LINK)
    try:
        target = path.resolve()
        target.is_file()
    except RuntimeError:  # Python's exception before 3.13 for a link that leads to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from None
    if target.is_symlink():  # Python's exception from 3.13 on for such a link
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _look(folder: int, path: Path, kind: FileKind) -> os.stat_result | None:
    """Return the state of an existing file, or None if there is none. Raises NotOursError, OSError."""
    try:
        fd = _open_there(folder, path, os.O_RDONLY, kind)
    except FileNotFoundError:
        return None
    try:
        return os.fstat(fd)
    finally:
        os.close(fd)


def _open_there(folder: int, path: Path, flags: int, kind: FileKind) -> int:
    """Open an existing file that may be touched. Raises NotOursError, FileNotFoundError, OSError."""
    info = os.stat(path.name or ".", dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(info.st_mode):
        raise NotOursError(path, _LINK)
    if not stat.S_ISREG(info.st_mode):  # not opened: opening alone can block for ever, or rewind a tape
        raise NotOursError(path, _ODD)
    fd = os.open(path.name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise NotOursError(path, _ODD)
        if (data := _head(fd)).strip(b"\0") or len(data) > _LOST:
            if not kind.is_ours(data):
                raise NotOursError(path, message("it holds something other than {kind} of kbq-tui", kind=kind.name))
        elif not kind.may_be_held and is_held(fd):
            raise NotOursError(path, _HELD)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _head(fd: int) -> bytes:
    """Return the first bytes of a file, enough to recognise its kind."""
    parts: list[bytes] = []
    size = 0
    while size < _READ and (part := os.pread(fd, min(_READ - size, 1 << 20), size)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def is_held(fd: int) -> bool:
    """Return whether another open file holds a lock on this one; False if the file system has no locks."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def read_regular(path: Path, limit: int) -> bytes:
    """Read a regular file; a pipe or device is refused, because reading it could block.

    Args:
        path: the file; a symbolic link is followed.
        limit: the most bytes.

    Raises:
        OSError: `FileNotFoundError` and the like; `EFBIG` if the file is longer than `limit`.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, _ODD, str(path))
        return read_all(fd, limit)
    finally:
        os.close(fd)


def read_all(fd: int, limit: int) -> bytes:
    """Read from a descriptor up to its end.

    Raises:
        OSError: `EFBIG` if there are more than `limit` bytes.
    """
    parts: list[bytes] = []
    size = 0
    while part := os.read(fd, 65_536):
        size += len(part)
        if size > limit:
            raise OSError(errno.EFBIG, _TOO_LARGE)
        parts.append(part)
    return b"".join(parts)
