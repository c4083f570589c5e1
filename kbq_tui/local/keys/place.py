"""The place of a key on this machine, and whether it can be trusted."""

import errno
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.files import make_folder, read_all
from kbq_tui.local.os_errors import os_problem, problem
from kbq_tui.model import key_file
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.secret import Secret
from kbq_tui.model.spec import NAME_MAX, check_lengths

MAX_KEY = 64 * 1024
"""The most bytes of a key file; Google's have about 2,400."""

_ODD = pattern(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Facts:
    """A key file's fields, without the secret."""

    key_id: str
    email: str
    project: str


def too_long(path: str) -> Message | None:
    """Return why a key file's path is too long for its file system, or None. Accesses the disk."""
    try:
        whole = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100
    except (RuntimeError, ValueError):  # no such home folder
        return None
    return check_lengths(str(whole), name_max(whole.parent))


def name_max(folder: Path) -> int:
    """Return how many bytes a file's name may have in a folder (which need not exist yet), according to its file
    system."""
    for there in (folder, *folder.parents):
        try:
            return os.pathconf(there, "PC_NAME_MAX")
        except FileNotFoundError:
            continue
        except (OSError, ValueError):  # the file system does not say
            break
    return NAME_MAX


@dataclass(frozen=True, slots=True)
class Place:
    """A path for a key: its folder (with links resolved, all ours or the system's) and the file's name.

    A folder on the path may be a link if the operator or root created it (home folders often are); the file itself must
    never be one.
    """

    folder: Path
    name: str
    asked: Path
    """The folder as it was given: without resolving links."""

    @classmethod
    def at(cls, path: str) -> Self:
        """Resolve a path.

        Raises:
            ProblemError: it names no file, or has another user's link in it.
        """
        try:
            # Not resolve(), which would follow the file itself if it is a link.
            whole = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100
        except RuntimeError:
            reason = message("There is no such home folder.")
            raise problem(Code.KEY_FILE_UNREADABLE, path=path, reason=reason) from None
        if "\0" in path:
            raise problem(Code.KEY_FILE_UNREADABLE, path=path, reason=message("This is no file name."))
        if long := too_long(path):
            raise problem(Code.VALUE_INVALID, field="key_file", reason=long)
        if not whole.name or path.endswith("/"):
            raise problem(Code.KEY_FILE_UNWRITABLE, path=path, reason=message("This is a folder."))
        for folder in reversed(whole.parents):
            try:
                info = folder.lstat()
            except FileNotFoundError:
                break
            except OSError as error:
                raise os_problem(error, folder, Code.KEY_FILE_UNREADABLE) from error
            if stat.S_ISLNK(info.st_mode) and info.st_uid not in (0, os.geteuid()):
                raise problem(Code.KEY_FILE_SYMLINK, path=folder)
        try:
            return cls(whole.parent.resolve(), whole.name, whole.parent)
        except (OSError, RuntimeError) as error:  # a loop of links
            raise problem(Code.KEY_FILE_SYMLINK, path=whole.parent) from error

    @property
    def path(self) -> Path:
        """The file's path."""
        return self.folder / self.name

    @property
    def part(self) -> str:
        """The name of the temporary file: always the same, so that a key in it is found after a crash."""
        return f".{self.name}.part"

    @property
    def doomed(self) -> str:
        """The name of a file that is being shredded, so that half a shredding is found and finished."""
        return f".{self.name}.shred"

    def make_folder(self) -> None:
        """Create the folder if it is missing.

        Raises:
            ProblemError: it cannot be created or belongs to another user.
        """
        try:
            make_folder(self.folder)
            info = self.folder.stat()
        except OSError as error:
            raise os_problem(error, self.path, Code.KEY_FILE_UNWRITABLE) from error
        if info.st_uid not in (0, os.geteuid()):
            raise problem(Code.KEY_FILE_OWNER, path=self.folder, owner=user_name(info.st_uid))

    def read(self, name: str | None = None) -> Secret | None:
        """Read a key file (or its temporary file `name`), or return None if there is none.

        Raises:
            ProblemError: for a link, another owner, a pipe, a folder, too much data, or an error of the system's.
        """
        path = self.folder / (name or self.name)
        try:
            with open_own(path, os.O_RDONLY) as fd:
                return Secret(read_all(fd, MAX_KEY))
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.EFBIG:
                reason = message("The file is too large for a key.")
                raise problem(Code.KEY_FILE_INVALID, path=path, reason=reason) from None
            raise os_problem(error, path, Code.KEY_FILE_UNREADABLE) from error

    def written(self) -> datetime | None:
        """Return when the file was written, aware UTC; None if not known."""
        try:
            return datetime.fromtimestamp(self.path.stat(follow_symlinks=False).st_mtime, UTC)
        except (OSError, OverflowError, ValueError):
            return None


@contextmanager
def open_own(path: Path, flags: int) -> Iterator[int]:
    """Open a regular file of ours, never through a link, never waiting for a pipe.

    Raises:
        ProblemError: it is a link, belongs to another user, or is not a regular file.
        OSError: any other error of the system.
    """
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise problem(Code.KEY_FILE_SYMLINK, path=path) from None
        raise
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise problem(Code.KEY_FILE_INVALID, path=path, reason=message("It is not a regular file."))
        if info.st_uid != os.geteuid():
            raise problem(Code.KEY_FILE_OWNER, path=path, owner=user_name(info.st_uid))
        yield fd
    finally:
        os.close(fd)


def key_facts(key: Secret, path: Path | Message, email: str) -> Facts:
    """Read a key's fields, and check that it is a key of the account.

    Args:
        key: the JSON.
        path: its source, for the Problem.
        email: the service account it has to belong to; empty for any.

    Raises:
        ProblemError: KBQ-KEY-FILE-INVALID, KBQ-KEY-FILE-ENCODING or KBQ-KEY-FILE-OTHER-ACCOUNT. Never quotes the
            content.
    """
    try:
        found = key_file.parse(key)
    except key_file.NotAKeyError as error:
        raise problem(error.code, path=path, reason=error.reason) from None
    if email and found["client_email"].lower() != email.lower():
        raise problem(Code.KEY_FILE_OTHER_ACCOUNT, path=path, found=found["client_email"], expected=email)
    return Facts(found["private_key_id"], found["client_email"], found["project_id"])


def safe_name(value: str) -> str:
    """Turn a project or account id into a file name: `example.com:proj` becomes `example.com_proj`. Ids have no
    underscore, so names stay different."""
    name = _ODD.sub("_", value)
    return name if name.strip(".") else f"_{name}"


def user_name(uid: int) -> str:
    """Return a user's name, or the number if there is no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
