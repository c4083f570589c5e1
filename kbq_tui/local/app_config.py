"""`<config>/config.toml`: the operator's settings for the program itself, written for people to read and edit."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.connection_file import line_of, parse, read_text, there
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import ProblemError


class SettingsError(ValueError):
    """The file is not valid. The text names the file, the line and the key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in the file.

    Attributes:
        path: the file.
        interval: seconds between two readings of the dashboard; None for the default.
        keys: the keys for each action; not checked further here.
        text: the file's text, for `wrong`.
    """

    path: Path
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text: str = ""
    interval: float | None = None

    def wrong(self, reason: Message, *key: str) -> SettingsError:
        """Return the error to raise for a key.

        Args:
            reason: a sentence.
            key: the tables it is in, and the key.
        """
        name, line = ".".join(key), line_of(self.text, *key)
        return SettingsError(
            message("{path}, line {line}, {key}: {reason}", path=self.path, line=line, key=name, reason=reason)
        )


def read_settings(path: Path) -> Settings:
    """Read the settings; a missing file sets nothing.

    Raises:
        SettingsError: a value is not valid.
        ProblemError: the file cannot be read.
    """
    if not there(path):
        return Settings(path)
    text = read_text(path)
    settings = Settings(path, text=text)
    try:
        values = parse(path, text)
    except ProblemError as error:
        raise SettingsError(error.problem.cause) from None
    for name in values:
        if name not in ("keys", "interval"):
            raise settings.wrong(message("There is no such setting. There are: interval, keys."), name)
    interval = _interval(values["interval"], settings) if "interval" in values else None
    table = values.get("keys", {})
    if not isinstance(table, dict):
        raise settings.wrong(message("It is a table: [keys]."), "keys")
    wanted: dict[str, tuple[str, ...]] = {}
    for name, value in table.items():
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(key, str) for key in listed):
            raise settings.wrong(message('It takes a key in quotes, or several: ["f9", "?"].'), "keys", name)
        wanted[name] = tuple(listed)
    return Settings(path, wanted, text, interval)


def _interval(value: object, settings: Settings) -> float:
    """Return the seconds between two readings. Raises SettingsError."""
    from kbq_tui.model.interval import REFUSED, interval_seconds  # imported late: most files do not set it

    found = interval_seconds(str(value)) if isinstance(value, str | int) else None
    if found is None:
        raise settings.wrong(Message(REFUSED), "interval")
    return found
