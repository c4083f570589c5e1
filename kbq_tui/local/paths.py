"""The folders of this program's files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import platformdirs

from kbq_tui.i18n.messages import message
from kbq_tui.local.files import make_folder
from kbq_tui.local.os_errors import os_problem, problem
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass

APP = "kbq-tui"


@dataclass(frozen=True, slots=True)
class Paths:
    """The three folders, and the paths in them. Nothing is created before it is needed.

    Attributes:
        config: connection files, written for people to read and edit.
        state: journals, locks, the log, reports, the last screen: can be lost without harm.
        data: keys.
    """

    config: Path
    state: Path
    data: Path

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Find the folders: `XDG_CONFIG_HOME`, `XDG_STATE_HOME`, `XDG_DATA_HOME` on every system if they are set and
        absolute (https://specifications.freedesktop.org/basedir-spec/latest/), else the system's own places.

        Raises:
            ProblemError: KBQ-NO-HOME if there is no home folder.
        """
        own = platformdirs.PlatformDirs(APP, appauthor=False)

        def folder(variable: str, default: Path) -> Path:
            value = env.get(variable, "")
            path = Path(value) / APP if value.startswith("/") else default
            if not path.is_absolute():  # what is left of "~" if there is no home folder
                raise problem(Code.NO_HOME, path=path, reason=message("The home folder is not known."))
            return path

        return cls(
            config=folder("XDG_CONFIG_HOME", own.user_config_path),
            state=folder("XDG_STATE_HOME", own.user_state_path),
            data=folder("XDG_DATA_HOME", own.user_data_path),
        )

    @property
    def connections(self) -> Path:
        """Connection files, `NAME.toml`."""
        return self.config / "connections"

    @property
    def settings(self) -> Path:
        """The operator's settings for the program itself, for all connections."""
        return self.config / "config.toml"

    @property
    def keys(self) -> Path:
        """Key files, `PROJECT/ACCOUNT-ID.json`."""
        return self.data / "keys"

    @property
    def log(self) -> Path:
        """The log file."""
        return self.state / "kbq-tui.log"

    @property
    def ui(self) -> Path:
        """The operator's preferences for the screens."""
        return self.state / "ui.json"

    def of_connection(self, name: str) -> Path:
        """Return the state folder of one connection: journal, lock, last screen, last verification, reports."""
        return self.state / "connections" / name

    def ready(self, *folders: Path) -> None:
        """Create folders, 0700.

        Raises:
            ProblemError: KBQ-NO-HOME, KBQ-READ-ONLY, KBQ-DISK-FULL.
        """
        for folder in folders:
            try:
                make_folder(folder)
            except OSError as error:
                raise os_problem(error, folder, Code.NO_HOME) from error
