"""A home folder for the whole run: no test reads or writes what somebody keeps in theirs."""

import os
from pathlib import Path

FOLDERS = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
NAME = "home-of-the-run"


def take(base: Path) -> None:
    """Make a folder the home of this process and of those it starts.

    What is no setting of ours stays where it is: npm's cache and registry, and git's settings.

    Args:
        base: the process's folder for temporary files.
    """
    before, home = Path.home(), base / NAME
    home.mkdir(0o700)
    os.environ["HOME"] = str(home)
    for variable in FOLDERS:
        os.environ.pop(variable, None)
    os.environ.setdefault("npm_config_cache", str(before / ".npm"))
    os.environ.setdefault("npm_config_userconfig", str(before / ".npmrc"))
    os.environ.setdefault("GIT_CONFIG_GLOBAL", str(before / ".gitconfig"))


def written(base: Path) -> list[Path]:
    """Return what the program has written there: a test names its own folders, so there is nothing.

    Args:
        base: the folder for temporary files of the process that started the others.
    """
    return sorted(path for home in base.rglob(NAME) for path in home.rglob("kbq-tui/**/*"))
