"""Files that are either whole or not there: private folders, atomic writes, reads that are not led astray."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kbq_tui.core.words import mark

_ODD = mark("not a regular file")
_FOREIGN = mark("a symbolic link of another user")
_TOO_LARGE = mark("the file is too large")

FOLDER_MODE = 0o700
FILE_MODE = 0o600

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What file systems answer that cannot sync a folder; not a failure of ours."""


def make_folder(path: Path) -> None:
    """Create a folder and those above it, each 0700 whatever the umask; folders that exist are left as they are.

    Raises:
        OSError: where it cannot be made, or something else stands in the way.
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
            continue  # another process was quicker
        folder.chmod(FOLDER_MODE)  # the umask may have taken away bits that the owner needs
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


@contextmanager
def folder_fd(path: Path) -> Iterator[int]:
    """Give a descriptor of a folder, so that what follows cannot be led elsewhere by a rename."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield fd
    finally:
        os.close(fd)


def sync_folder(fd: int) -> None:
    """Make renames in a folder last through a power loss, where the file system can.

    Raises:
        OSError: where the disk fails.
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


def create_private(name: str, folder: int) -> int:
    """Create a file that was not there, 0600 whatever the umask, and return its descriptor (read and write)."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    fd = os.open(name, flags, FILE_MODE, dir_fd=folder)
    try:
        os.fchmod(fd, FILE_MODE)
    except OSError:
        os.close(fd)
        raise
    return fd


def write_atomic(path: Path, data: bytes) -> None:
    """Replace a file as a whole: temporary file beside it, sync, rename, sync the folder.

    A symbolic link at `path` is followed, so that files kept elsewhere (by a dot-file manager) stay there. Not for
    keys. The new file has mode 0600. Another user's link is refused, as the kernel refuses it in folders that all may
    write to: it would have us write over a file of ours. Source: proc_sys_fs(5), protected_symlinks.

    Raises:
        OSError: the old file is untouched then.
    """
    if path.is_symlink() and path.lstat().st_uid not in (0, os.geteuid()):
        raise OSError(errno.EACCES, _FOREIGN, str(path))
    try:
        target = path.resolve()
    except RuntimeError:  # what Python before 3.13 makes of a link that leads to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from None
    if target.exists() and not target.is_file():  # /dev/null as a report's name must not become a file
        raise OSError(errno.EINVAL, _ODD, str(target))
    make_folder(target.parent)
    name = f".{target.name[:200]}.{os.urandom(6).hex()}.tmp"
    with folder_fd(target.parent) as folder:
        fd = create_private(name, folder)
        try:
            try:
                write_all(fd, data)
                os.fsync(fd)
            finally:
                os.close(fd)
            os.rename(name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
            raise
        sync_folder(folder)


def read_regular(path: Path, limit: int) -> bytes:
    """Read a regular file; a pipe or device is refused rather than waited for.

    Args:
        path: the file; a symbolic link is followed.
        limit: bytes.

    Raises:
        OSError: `FileNotFoundError` and the like; `EFBIG` where the file is longer than `limit`.
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
        OSError: `EFBIG` where there are more than `limit` bytes.
    """
    parts: list[bytes] = []
    size = 0
    while part := os.read(fd, 65_536):
        size += len(part)
        if size > limit:
            raise OSError(errno.EFBIG, _TOO_LARGE)
        parts.append(part)
    return b"".join(parts)
