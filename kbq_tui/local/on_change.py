"""`--on-change CMD`: runs the operator's own command, and remembers which changes it was given."""

import hashlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.files import FileKind, read_regular, write_atomic
from kbq_tui.local.lock import ConnectionLock
from kbq_tui.local.os_errors import os_problem, words_of
from kbq_tui.local.paths import Paths
from kbq_tui.local.ui_state import json_object, scrubbed
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.text import inert

if TYPE_CHECKING:
    from kbq_tui.engine.ports import Clock

DEADLINE: Final = 30.0
"""The most seconds that a command may take for one change."""
_SCHEMA: Final = "kbq-tui/told/"
_LIMIT: Final = 64 * 1024 * 1024
_MOST_SAID: Final = 2_000


def _is_told(data: bytes) -> bool:
    return str(json_object(data).get("schema", "")).startswith(_SCHEMA)


TOLD = FileKind(message("a note of what was told"), _is_told)


class OnChange:
    """Reports changes to a command, one at a time, and remembers what was reported. Each command has its own memory.

    Args:
        command: for the shell.
        paths: the folders.
        clock: the time, for the lock.
        deadline: the most seconds that the command may take.
    """

    def __init__(self, command: str, paths: Paths, clock: "Clock", deadline: float = DEADLINE) -> None:
        self._command = command
        self._deadline = deadline
        folder = paths.state / "on-change"
        self._path = folder / f"{hashlib.sha256(command.encode(errors='replace')).hexdigest()[:16]}.json"
        self.lock = ConnectionLock(self._path.with_suffix(".lock"), clock)

    def told(self) -> dict[str, dict[str, Any]]:
        """Return what was reported, by connection; what cannot be understood counts as nothing."""
        try:
            body = json_object(read_regular(self._path, _LIMIT))
        except OSError:
            return {}
        found = body.get("connections")
        if body.get("schema") != f"{_SCHEMA}v1" or not isinstance(found, dict):
            return {}
        return {name: told for name, told in found.items() if isinstance(told, dict)}

    def remember(self, told: Mapping[str, Mapping[str, object]]) -> None:
        """Remember what was reported. Raises ProblemError."""
        body = {"schema": f"{_SCHEMA}v1", "connections": scrubbed(told)}
        try:
            write_atomic(self._path, json.dumps(body).encode(), TOLD)
        except OSError as error:
            raise os_problem(error, self._path, Code.STATE_UNWRITABLE) from error

    def tell(self, change: Mapping[str, object]) -> Message | None:
        """Run the command with a change as JSON on its standard input. Returns why that failed, or None."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(json.dumps(scrubbed(change)).encode() + b"\n")
            given.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603  the operator's own command
                    ["/bin/sh", "-c", self._command], stdin=given, stdout=said, stderr=said, start_new_session=True
                )
            except (OSError, ValueError) as error:
                return words_of(error) if isinstance(error, OSError) else message("This is no command.")
            try:
                status = process.wait(self._deadline)
            except BaseException as error:
                _end(process)
                if isinstance(error, subprocess.TimeoutExpired):
                    return message("it took longer than {n:.0f} s", n=self._deadline)
                raise
            if status == 0:
                return None
            said.seek(0)
            words = inert(said.read(_MOST_SAID).decode(errors="replace").strip(), 300)
            return (
                message("exit status {n}: {words}", n=status, words=words)
                if words
                else message("exit status {n}", n=status)
            )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command and all processes that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
