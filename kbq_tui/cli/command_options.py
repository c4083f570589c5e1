"""What was typed, as values: the options that commands share, and how a command's own class is filled.

Each command has a frozen class beside its body in `cli/commands/`, with `output` and `connection` where it takes
those options, and a field for each other option, named as click names the parameter.
"""

from __future__ import annotations

from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")

CALL_TIMEOUT = 60.0
"""Seconds for one call to Google with all its repetitions, where nothing else is said."""


class UsageError(ValueError):
    """What was typed, or what the environment says, cannot be right. The text names the option or variable."""


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How a command looks and what it says.

    Attributes:
        no_color: no colours.
        ascii_: ASCII signs or not; None for what was chosen on the screens, or fits the terminal.
        theme: the colours of the screens; None for what was chosen there.
        mouse: whether the screens take the mouse; None for what fits the terminal.
        log_file: where the log goes; None for the state folder.
        verbose: how often `-v` was given.
        as_json: JSON on standard output.
    """

    no_color: bool = False
    ascii_: bool | None = None
    theme: str | None = None
    mouse: bool | None = None
    log_file: str | None = None
    verbose: int = 0
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """Which connection, and what of it was typed; None if something was not.

    Attributes:
        name: the connection.
        service_account: its id or its e-mail.
        config: the path of one connection file.
        timeout: seconds for one call to Google.
    """

    name: str | None = None
    project: str | None = None
    location: str | None = None
    direction: str | None = None
    import_dataset: str | None = None
    staging_dataset: str | None = None
    export_dataset: str | None = None
    service_account: str | None = None
    key_file: str | None = None
    credentials: str | None = None
    impersonate: str | None = None
    quota_project: str | None = None
    config: str | None = None
    timeout: float = CALL_TIMEOUT

    @property
    def chosen(self) -> bool:
        """Whether one connection is meant by its name, its file or any of its values."""
        own = [field for field in fields(self) if field.name not in _OF_SIGN_IN]
        return any(getattr(self, field.name) != field.default for field in own)


OF_FILE = (
    *("project", "location", "direction", "import_dataset", "staging_dataset", "export_dataset", "key_file"),
    *("credentials", "impersonate", "quota_project"),
)
"""Options that are values of the connection's file, under the same names."""

_OF_SIGN_IN = ("credentials", "impersonate", "quota_project", "timeout")
"""Options that say who asks and how, and nothing of the connection."""

_SHARED: Mapping[str, type] = {"output": OutputOptions, "connection": ConnectionOptions}


def fill(kind: type[T], parameters: Mapping[str, Any]) -> T:
    """Make an options class of click's parameters. Those that it has no field for are left out.

    Args:
        kind: the class; its fields `output` and `connection` are filled in the same way.
        parameters: by name.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    values = {name: parameters[name] for name in names if name in parameters}
    values.update({name: fill(shared, parameters) for name, shared in _SHARED.items() if name in names})
    return kind(**values)


@dataclass(frozen=True, slots=True)
class CliOptions:
    """What was typed on the command line.

    Attributes:
        values: by the keys of the connection file (`project`, `account_id`, `credentials` …); None if not typed.
        account_email: the service account, where it was typed as an e-mail.
        name: the connection; None for the only one there is, or `default`.
        config: one connection file instead of those in the config folder.
        timeout: seconds for one call to Google.
        log_file: the log, instead of the one in the state folder.
        verbose: how often `-v` was given.
        as_filed: where there is a connection file, its project counts before the environment's: among several
            connections one variable cannot be meant for all.
        may_create: the command may make the connection that is named (`setup`, `apply`); every other command refuses a
            name, or a `--config FILE`, that is not there.
        despite_files: connection files that cannot be used are left out, for a command that reports on them.
    """

    values: Mapping[str, str | None] = field(default_factory=dict)
    account_email: str | None = None
    name: str | None = None
    config: Path | None = None
    timeout: float = CALL_TIMEOUT
    log_file: Path | None = None
    verbose: int = 0
    as_filed: bool = False
    may_create: bool = False
    despite_files: bool = False
