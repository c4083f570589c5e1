"""State that is kept between runs and can be lost without harm: the last screen, the last verification, preferences."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kbq_tui.i18n.messages import message
from kbq_tui.local.files import FileKind, read_regular, remove_ours, write_atomic, write_new
from kbq_tui.local.os_errors import os_problem
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.secret import scrub, scrub_typed

if TYPE_CHECKING:
    from kbq_tui.engine.look_history import LookHistory
    from kbq_tui.engine.source_looks import SourceLooks

_LIMIT = 8 * 1024 * 1024
_RECENT = 10
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SetupPosition:
    """The place where the operator left the set-up.

    Attributes:
        screen: the screen's id.
        inputs: what was typed and not yet saved, by field.
    """

    screen: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedPreferences:
    """The operator's preferences for the screens; None for what was not chosen.

    Attributes:
        ascii: ASCII glyphs instead of Unicode.
        theme: the theme's name.
        welcomed: whether the welcome has been seen.
        recent: project ids, newest first.
    """

    ascii: bool | None = None
    theme: str | None = None
    welcomed: bool = False
    recent: tuple[str, ...] = ()

    def visited(self, project: str) -> "SavedPreferences":
        """Return the same with a project first in the list of recent ones."""
        return replace(self, recent=(project, *(p for p in self.recent if p != project))[:_RECENT])


class ConnectionState:
    """The state of one connection.

    Args:
        folder: `Paths.of_connection(name)`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wizard(self) -> SetupPosition | None:
        """Return where the operator left, or None."""
        body = _read(self._folder / "wizard.json")
        inputs = body.get("inputs")
        if not isinstance(body.get("screen"), str) or not isinstance(inputs, dict):
            return None
        return SetupPosition(body["screen"], {str(k): v for k, v in inputs.items() if isinstance(v, str)})

    def save_wizard(self, wizard: SetupPosition) -> None:
        """Save where the operator is. Raises ProblemError."""
        inputs = {name: scrub_typed(text) for name, text in wizard.inputs.items()}
        _write(self._folder / "wizard.json", {"screen": wizard.screen, "inputs": inputs}, WIZARD)

    def verification(self) -> dict[str, Any] | None:
        """Return the last verification in its schema, or None."""
        body = _read(self._folder / "verify.json")
        return body if isinstance(body.get("checks"), list) else None

    def save_verification(self, body: Mapping[str, object]) -> None:
        """Save a verification. Raises ProblemError."""
        _write(self._folder / "verify.json", body, VERIFICATION)

    def save_report(self, path: Path, text: str) -> Path:
        """Write a report, 0600, under a free name, and return its path. Raises ProblemError."""
        try:
            return write_new(path, scrub(text).encode())
        except OSError as error:
            raise os_problem(error, path, Code.STATE_UNWRITABLE) from error

    def looks(self) -> "LookHistory":
        """Return the last looks; none if there are none, or they cannot be understood."""
        from kbq_tui.engine.look_history import LookHistory  # imported late: the set-up's first frame does not need it

        return LookHistory.from_json(_read(self._folder / "looks.json"))

    def save_looks(self, history: "LookHistory") -> None:
        """Save the last looks. Raises ProblemError."""
        _write(self._folder / "looks.json", history.to_json(), LOOKS)

    def source_looks(self) -> "SourceLooks":
        """Return the last result for each table; none if there are none, or they cannot be understood."""
        from kbq_tui.engine.source_looks import SourceLooks

        return SourceLooks.from_json(_read(self._folder / "source.json"))

    def save_source_looks(self, looks: "SourceLooks") -> None:
        """Save the last result for each table. Raises ProblemError."""
        _write(self._folder / "source.json", looks.to_json(), SOURCE_LOOKS)

    def forget(self) -> None:
        """Delete the last screen, the last verification and the last looks. Raises ProblemError."""
        kinds = {"wizard.json": WIZARD, "verify.json": VERIFICATION, "looks.json": LOOKS, "source.json": SOURCE_LOOKS}
        for name, kind in kinds.items():
            path = self._folder / name
            try:
                remove_ours(path, kind)
            except OSError as error:
                raise os_problem(error, path, Code.STATE_UNWRITABLE) from error


def json_object(data: bytes) -> dict[str, Any]:
    """Return content as a JSON object; an empty one if it is anything else."""
    import json

    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _is_wizard(data: bytes) -> bool:
    body = json_object(data)
    return isinstance(body.get("screen"), str) and isinstance(body.get("inputs"), dict)


def _is_verification(data: bytes) -> bool:
    body = json_object(data)
    known = body.get("schema") == "kbq-tui/verify/v1" and isinstance(body.get("checks"), list)
    return known and "tool" not in body  # a field that a report has


def _is_looks(data: bytes) -> bool:
    from kbq_tui.engine.look_history import SCHEMA

    return json_object(data).get("schema") == SCHEMA


def _is_source_looks(data: bytes) -> bool:
    from kbq_tui.engine.source_looks import SCHEMA

    return SCHEMA.encode() in data[:200] and (len(data) >= _LIMIT or json_object(data).get("schema") == SCHEMA)


def _is_look(data: bytes) -> bool:
    return {"ascii", "theme", "welcomed", "recent"} <= json_object(data).keys()


WIZARD = FileKind(message("the last screen of a set-up"), _is_wizard)
VERIFICATION = FileKind(message("the last verification"), _is_verification)
LOOKS = FileKind(message("the last looks of the dashboard"), _is_looks)
SOURCE_LOOKS = FileKind(message("the last looks of the source check"), _is_source_looks)
PREFERENCES = FileKind(message("what was chosen for the screens"), _is_look)


def read_preferences(path: Path) -> SavedPreferences:
    """Read the operator's preferences (`Paths.ui`); what cannot be understood counts as not chosen."""
    body = _read(path)
    types = {"ascii": bool, "theme": str, "welcomed": bool, "recent": list}
    known = {f.name: body[f.name] for f in fields(SavedPreferences) if isinstance(body.get(f.name), types[f.name])}
    if "recent" in known:
        known["recent"] = tuple(p for p in known["recent"] if isinstance(p, str))[:_RECENT]
    return SavedPreferences(**known)


def write_preferences(path: Path, look: SavedPreferences) -> None:
    """Save the operator's preferences. Raises ProblemError."""
    _write(path, asdict(look), PREFERENCES)


def scrubbed(value: object) -> object:
    """Return a JSON value with every text in it scrubbed, so that the result is still JSON."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {str(k): scrubbed(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(v) for v in value]
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        data = read_regular(path, _LIMIT)
    except FileNotFoundError:
        return {}
    except OSError as error:
        return _unusable(path, error)
    import json  # at the first start there is nothing to read

    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        return _unusable(path, error)
    return body if isinstance(body, dict) else {}


def _unusable(path: Path, error: Exception) -> dict[str, Any]:
    _log.warning("%s cannot be used and counts as empty: %s", path, type(error).__name__)
    return {}


def _write(path: Path, body: Mapping[str, object], kind: FileKind) -> None:
    """Write a file, unless it has the same content already. Raises ProblemError."""
    import json

    data = json.dumps(scrubbed(body), indent=1).encode()
    with suppress(OSError):
        if read_regular(path, _LIMIT) == data:
            return
    try:
        write_atomic(path, data, kind)
    except OSError as error:
        raise os_problem(error, path, Code.STATE_UNWRITABLE) from error
