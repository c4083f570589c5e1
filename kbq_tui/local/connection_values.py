"""The keys and values of a connection file, whether in TOML or in a list: checks, and the connection they make."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.secret import scrub
from kbq_tui.model.spec import ConnectionSpec, Direction, InvalidValueError, check_operator

_PATHS: Final = ("key_file", "credentials")
_SPEC: Final = tuple(f.name for f in fields(ConnectionSpec) if f.name != "name")
_TEXT: Final = (*_SPEC, "credentials", "impersonate", "quota_project")
NOT_SETTINGS: Final = ("operator", "production", "connected_at")
"""Keys about the connection that are not settings, so that options or the environment cannot override them."""
KEYS: Final = (*_TEXT, *NOT_SETTINGS)
"""All keys of a connection file, in the order in which they are written."""

Wrong = Callable[[str, Message], ProblemError]
"""Creates the exception for a key and its fault; it knows the file and the line."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The content of a connection file.

    Attributes:
        spec: the wanted connection.
        credentials: the operator's credentials file, or None to search the usual places.
        impersonate: the service account the operator acts as, or None.
        quota_project: the project that calls are charged to, or None.
        operator: the e-mail of the only login that may change things without a question; None for any.
        production: whether the connection's name must be typed before something is destroyed.
        connected_at: when the operator said that Klaviyo is connected, aware UTC, or None.
    """

    spec: ConnectionSpec
    credentials: str | None = None
    impersonate: str | None = None
    quota_project: str | None = None
    operator: str | None = None
    production: bool = False
    connected_at: datetime | None = None

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.spec.name

    @property
    def connected(self) -> bool:
        """Whether the operator has said that Klaviyo is connected."""
        return self.connected_at is not None

    def values(self) -> dict[str, str | bool | datetime]:
        """Return the values in the file, by key; values that are not set, or are the default, are left out."""
        out: dict[str, str | bool | datetime] = {}
        for field in fields(ConnectionSpec):
            value = getattr(self.spec, field.name)
            if field.name in _SPEC and value is not None and (field.name == "project" or value != field.default):
                out[field.name] = str(value)
        for key in ("credentials", "impersonate", "quota_project", "operator", "connected_at"):
            if (value := getattr(self, key)) is not None:
                out[key] = value
        if self.production:
            out["production"] = True
        return out


def connection_of(values: Mapping[str, Any], name: str, folder: Path, wrong: Wrong) -> Connection:
    """Return the connection with these values.

    Args:
        values: by key, as TOML has them.
        name: the connection's name.
        folder: the folder for relative paths; absolute.
        wrong: creates the exception for a value that is not valid.

    Raises:
        ProblemError: from `wrong`.
    """
    given = dict(values)
    for key, value in given.items():
        if reason := _wrong_kind(key, value):
            raise wrong(key, reason)
    for key in _PATHS:
        if given.get(key):
            try:
                given[key] = str(folder / Path(given[key]).expanduser())
            except RuntimeError:
                raise wrong(key, message("There is no such home folder.")) from None
    if "project" not in given:
        raise wrong("project", message("The file does not say which project."))
    wanted = {key: given[key] for key in _SPEC if key in given}
    try:
        if "direction" in wanted:
            wanted["direction"] = _direction(wanted["direction"])
        spec = ConnectionSpec(**wanted, name=name)
    except InvalidValueError as error:
        raise wrong(error.field, error.reason) from None
    connected = given.get("connected_at")
    try:
        connected_at = connected.astimezone(UTC) if connected else None
    except OverflowError:  # in UTC it would be before the year 1 or after 9999
        raise wrong("connected_at", _TIME) from None
    return Connection(
        spec,
        given.get("credentials"),
        given.get("impersonate"),
        given.get("quota_project"),
        given.get("operator"),
        given.get("production", False),
        connected_at,
    )


_TIME: Final = message("It takes a time with an offset, such as 2026-01-31T09:00:00Z.")


def _wrong_kind(key: str, value: object) -> Message | None:
    """Return why a key cannot have such a value, as far as the value alone shows."""
    if key not in KEYS:
        return message("There is no such setting. There are: {names}.", names=", ".join(KEYS))
    if key == "connected_at":
        return None if isinstance(value, datetime) and value.tzinfo is not None else _TIME
    if key == "production":
        return None if isinstance(value, bool) else message("It takes true or false, without quotes.")
    if not isinstance(value, str):
        return message("It takes text in quotes.")
    if scrub(value) != value:
        return message("This looks like a secret. Name the file that holds it instead.")
    return check_operator(value) if key == "operator" else None


def _direction(value: str) -> Direction:
    try:
        return Direction(value)
    except ValueError:
        raise InvalidValueError("direction", message("It takes import, export or both.")) from None
