"""The command line's options as values: those that commands share, and how a command's own class is filled.

Each command has a frozen class beside its body in `cli/commands/`, with `output` and `connection` if it takes those
options, and a field for each other option, with click's name of the parameter.
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
"""Seconds for one call to Google with all its retries, by default."""


class UsageError(ValueError):
    """An option or a variable is not valid. The text names it."""


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """The options for a command's output.

    Attributes:
        no_color: no colours.
        ascii_: ASCII only or not; None for what was chosen on the screens, or fits the terminal.
        theme: the colours of the screens; None for what was chosen there.
        mouse: whether the screens use the mouse; None for what fits the terminal.
        log_file: the path of the log; None for the state folder.
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
    """The options for the connection; None for those that were not given.

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
        """Whether a connection is chosen by its name, its file or any of its values."""
        own = [field for field in fields(self) if field.name not in _OF_SIGN_IN]
        return any(getattr(self, field.name) != field.default for field in own)


OF_FILE = (
    *("project", "location", "direction", "import_dataset", "staging_dataset", "export_dataset", "key_file"),
    *("credentials", "impersonate", "quota_project"),
)
"""Options that are values of the connection's file, with the same names."""

_OF_SIGN_IN = ("credentials", "impersonate", "quota_project", "timeout")
"""Options about who calls Google and how, not about the connection."""

_SHARED: Mapping[str, type] = {"output": OutputOptions, "connection": ConnectionOptions}


def fill(kind: type[T], parameters: Mapping[str, Any]) -> T:
    """Create an options class from click's parameters. Those without a field are left out.

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
    """The options of the command line.

    Attributes:
        values: by the keys of the connection file (`project`, `account_id`, `credentials` …); None if not given.
        account_email: the service account, if it was given as an e-mail.
        name: the connection; None for the only one there is, or `default`.
        config: one connection file instead of those in the config folder.
        timeout: seconds for one call to Google.
        log_file: the log, instead of the one in the state folder.
        verbose: how often `-v` was given.
        as_filed: whether a connection file's project takes precedence over the environment's, because with several
            connections one variable cannot be meant for all.
        may_create: whether the command may create the named connection (`setup`, `apply`); every other command refuses
            a name, or a `--config FILE`, that does not exist.
        despite_files: whether connection files that cannot be used are left out, for a command that reports on them.
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
