"""The journal: what was intended and how it ended, on disk before and after each change.

One JSON object on each line, appended and synced. A power loss can only cut the last line short; it is skipped when
read, and ended before the next one is written. Any other line that cannot be read was changed by something else.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kbq_tui.i18n.messages import message
from kbq_tui.local.files import FileKind, folder_fd, open_ours, read_regular, sync_folder, write_all, write_atomic
from kbq_tui.local.os_errors import os_problem, problem
from kbq_tui.local.ui_state import scrubbed
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.text import inert, time_in

if TYPE_CHECKING:
    from kbq_tui.engine.ports import Clock
    from kbq_tui.model.changes import OwnChange

MAX_SIZE = 256 * 1024
"""The size in bytes from which a settled journal is reduced to its newest lines."""
_KEPT = 200
_READ_LIMIT = 64 * 1024 * 1024
_log = logging.getLogger(__name__)
_OUTCOMES = (EventKind.FINISHED, EventKind.FAILED, EventKind.SKIPPED)


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that was intended and whose outcome is unknown: the process died in between.

    Attributes:
        action: the action's id.
        resource: what it was to change.
        at: when it was intended, aware UTC; None if the line does not say.
    """

    action: str
    resource: str
    at: datetime | None


class FileJournal:
    """Implements `engine.ports.Journal` in a file. The writer must hold the connection's lock.

    Args:
        path: the file, `Paths.of_connection(name)
        "journal.jsonl"`.
        clock: the time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._guard = threading.Lock()

    def intend(self, action: str, resource: str) -> None:
        """Record what is about to be done. On disk when this returns.

        Raises:
            ProblemError: then the change must not be made.
        """
        at = self._clock.now().isoformat()
        self._append({"event": "intended", "action": action, "resource": resource, "at": at})

    def settle(self, event: Event) -> None:
        """Record how it ended (finished, failed or skipped; other events are not kept). On disk when this returns.

        Raises:
            ProblemError: it cannot be recorded.
        """
        if event.kind not in _OUTCOMES:
            return
        self._append(event.to_json())
        with self._guard:
            self._compact()

    def pending(self) -> tuple[Pending, ...]:
        """Return what was intended and has no outcome, oldest first.

        Raises:
            ProblemError: the journal cannot be read.
        """
        return tuple(self._open(self.history()).values())

    def changes(self) -> tuple[OwnChange, ...]:
        """Return the changes that were made, or may have been, oldest first.

        Raises:
            ProblemError: the journal cannot be read, has a line that is not ours (`KBQ-JOURNAL-DAMAGED`), or a newer
                version wrote it (`KBQ-JOURNAL-NEWER`).
        """
        from kbq_tui.diagnosis.journal_changes import from_journal, unknown_in

        data = self._read()
        if (number := _first_damaged(data)) is not None:
            reason = message("line {n}: kbq-tui did not write this.", n=number)
            raise problem(Code.JOURNAL_DAMAGED, path=self._path, reason=reason)
        lines = list(_objects(data))
        for number, line in lines:
            if unknown := unknown_in(line):
                reason = message(
                    "line {n}: this version does not know {unknown}.", n=number, unknown=inert(unknown, 60)
                )
                raise problem(Code.JOURNAL_NEWER, path=self._path, reason=reason)
        return from_journal(line for _, line in lines)

    def history(self) -> tuple[dict[str, Any], ...]:
        """Return every readable line, oldest first.

        Raises:
            ProblemError: the journal cannot be read.
        """
        return tuple(_lines(self._read()))

    def _read(self) -> bytes:
        """Return the file's content; nothing if there is no file."""
        try:
            return read_regular(self._path, _READ_LIMIT)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise os_problem(error, self._path, Code.JOURNAL_UNWRITABLE) from error

    @staticmethod
    def _open(lines: tuple[dict[str, Any], ...]) -> dict[str, Pending]:
        out: dict[str, Pending] = {}
        for line in lines:
            action = line["action"]
            out.pop(action, None)
            if line["event"] == "intended":
                out[action] = Pending(action, str(line.get("resource", "")), time_in(line.get("at")))
        return out

    def _append(self, body: Mapping[str, object]) -> None:
        data = json.dumps(scrubbed(body)).encode(errors="replace") + b"\n"
        try:
            with self._guard:
                fd, new = open_ours(self._path, JOURNAL, append=True)
                try:
                    size = os.fstat(fd).st_size
                    if size and os.pread(fd, 1, size - 1) != b"\n":
                        data = b"\n" + data
                    try:
                        write_all(fd, data)
                        os.fsync(fd)
                    except OSError:
                        os.ftruncate(fd, size)  # an incomplete line is removed
                        raise
                finally:
                    os.close(fd)
                if new:
                    with folder_fd(self._path.parent) as folder:
                        sync_folder(folder)
        except OSError as error:
            raise os_problem(error, self._path, Code.JOURNAL_UNWRITABLE) from error

    def _compact(self) -> None:
        """Reduce a journal without open changes to its newest lines and the last time of each change. A failure here
        only costs space."""
        try:
            if self._path.stat().st_size <= MAX_SIZE:
                return
            lines = self.history()
            if self._open(lines):
                return
            newest = [json.dumps(line).encode() + b"\n" for line in lines[-_KEPT:]]
            older = [json.dumps(line).encode() + b"\n" for line in _last_of_each(lines[:-_KEPT])]
            while len(newest) > 1 and sum(map(len, (*older, *newest))) > MAX_SIZE:
                (older or newest).pop(0)
            write_atomic(self._path, b"".join((*older, *newest)), JOURNAL)
        except (OSError, ProblemError) as error:
            _log.warning("%s could not be shortened: %s", self._path, error)


def _last_of_each(lines: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """Return how each change was last made, both its intent and its end: a teardown needs it after years."""
    begun: dict[str, dict[str, Any]] = {}
    made: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        action = line["action"]
        if line["event"] == "intended":
            begun[action] = line
        elif (first := begun.pop(action, None)) is not None and line["event"] == EventKind.FINISHED:
            made.pop(action, None)  # in the order in which they were last made
            made[action] = [first, line]
    return [line for pair in made.values() for line in pair]


def is_journal(data: bytes) -> bool:
    """Return whether content is a journal's: it begins with a line of ours, which a power loss may have damaged."""
    lines = data.lstrip(b"\0\r\n ").split(b"\n", 2)[:2]
    if len(lines) == 1:
        return bool(lines[0]) and _HEAD.startswith(lines[0][: len(_HEAD)])
    return any(_lines(b"\n".join(lines)))


_HEAD = b'{"event": "'
JOURNAL = FileKind(message("a journal"), is_journal)


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the lines that say what happened to which action."""
    for _, line in _objects(data):
        if isinstance(line.get("event"), str) and isinstance(line.get("action"), str):
            yield line


def _objects(data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines that are undamaged JSON objects, with their numbers, from 1."""
    for number, raw in enumerate(data.split(b"\n"), 1):
        if (line := _object(raw)) is not None:
            yield number, line


def _object(raw: bytes) -> dict[str, Any] | None:
    """Return a line as a JSON object; None if it is none."""
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def _first_damaged(data: bytes) -> int | None:
    """Return the number of the first line that is no JSON object, nor the beginning of one, as a power loss leaves it.

    A file system may have filled with zeros what was never written.
    """
    for number, raw in enumerate(data.split(b"\n"), 1):
        written = raw.strip(b"\0\r ")
        cut_short = _HEAD.startswith(written[: len(_HEAD)]) or written.startswith(_HEAD)
        if not cut_short and _object(raw) is None:
            return number
    return None
