"""Every file below some folders, to see what a command has left behind."""

import stat
from pathlib import Path

Files = dict[str, tuple[int, bytes]]


def snapshot(*folders: Path) -> Files:
    """Return mode and bytes of every file below the folders, by path, without the log."""
    return {
        str(path): (stat.S_IMODE(path.lstat().st_mode), path.read_bytes())
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("kbq-tui.log")
    }


LOOKS = "looks.json"
"""The dashboard's history, which is the only file that a dashboard writes."""


def differences(before: Files, after: Files) -> list[str]:
    """Return the paths of the files that were added, deleted or changed, except the dashboard's history."""
    paths = (path for path in before.keys() | after.keys() if Path(path).name != LOOKS)
    return sorted(path for path in paths if before.get(path) != after.get(path))
