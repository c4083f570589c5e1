"""Who else can reach a key on this machine: by modes, other names, folders above it, or a git work tree around it."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.keys.place import Place, user_name
from kbq_tui.local.os_errors import problem
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Problem


def exposures(place: Place, own_folders: Iterable[Path]) -> tuple[Problem, ...]:
    """Return how others could read a key, or replace it.

    Args:
        place: the key's place; the file is there.
        own_folders: those of its folders that are ours alone, into which nobody else has to look.

    Raises:
        OSError: that cannot be seen.
    """
    return tuple(problem(code, **details).problem for code, details in _exposures(place, own_folders))


def _exposures(place: Place, own_folders: Iterable[Path]) -> Iterator[tuple[Code, dict[str, object]]]:
    info = place.path.stat(follow_symlinks=False)
    mode = stat.S_IMODE(info.st_mode)
    if mode & 0o077:
        yield Code.KEY_FILE_MODE, {"path": place.path, "mode": f"{mode:04o}"}
    if info.st_nlink > 1:
        yield Code.KEY_FILE_LINKS, {"path": place.path, "n": info.st_nlink}
    mode = stat.S_IMODE(place.folder.stat().st_mode)
    writable = bool(mode & 0o022 and not mode & stat.S_ISVTX)
    if writable:
        reason = message(
            "Others may put files into {path}, the key's folder: its mode is {mode}.",
            path=place.folder,
            mode=f"{mode:04o}",
        )
        yield Code.KEY_FOLDER, {"path": place.folder, "reason": reason}
    for below, reason in _replaceable(place.folder, place.asked):
        yield Code.KEY_FOLDER, {"path": below.parent, "reason": reason}
    tree = git_tree(place.folder)
    if tree is not None:
        yield Code.KEY_IN_GIT, {"path": place.path, "tree": tree}
    for folder in own_folders:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & 0o077 and not (folder == place.folder and writable):  # that one was reported already
            reason = message(
                "Others may look into the folder {path}: its mode is {mode}.", path=folder, mode=f"{mode:04o}"
            )
            yield Code.KEY_FOLDER, {"path": folder, "reason": reason}


def _replaceable(*folders: Path) -> Iterator[tuple[Path, Message]]:
    """Yield the folders above a key's that others could replace by their own, or by an older one of ours, and why.

    Whoever may write to a folder may rename and replace its contents, whatever their modes are: the key would be lost,
    or another one would be in its place. In a sticky folder such as /tmp only the contents' owner may, and the
    folder's. Source: unlink(2), rename(2) (EPERM).
    """
    safe = {0, os.geteuid(), _unmapped_user()}
    for below in dict.fromkeys(path for folder in folders for path in (folder, *folder.parents)):
        above = below.parent
        if above == below:
            continue
        try:
            info, inner = above.stat(), below.lstat()
        except OSError:
            continue
        mode = stat.S_IMODE(info.st_mode)
        if info.st_uid not in safe:
            who = message("{above} belongs to {owner}", above=above, owner=user_name(info.st_uid))
        elif mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            who = message("everybody may write to {above} (mode {mode})", above=above, mode=f"{mode:04o}")
        elif mode & stat.S_IWGRP and not mode & stat.S_ISVTX and info.st_gid not in (0, os.getegid()):
            who = message("its group may write to {above} (mode {mode})", above=above, mode=f"{mode:04o}")
        elif mode & 0o022 and inner.st_uid not in safe:
            who = message("it belongs to {owner}", owner=user_name(inner.st_uid))
        else:
            continue
        yield (
            below,
            message(
                "Others may put a folder of their own in the place of {path}, above the key: {who}.",
                path=below,
                who=who,
            ),
        )


def _unmapped_user() -> int:
    """Return the id that stands for every user whom a container does not know, such as the host's root."""
    try:
        return int(Path("/proc/sys/kernel/overflowuid").read_text("ascii"))
    except (OSError, ValueError):
        return 0


def git_tree(folder: Path) -> Path | None:
    """Return the git work tree that contains a folder, or None."""
    for here in (folder, *folder.parents):
        if (here / ".git").exists():
            return here
    return None
