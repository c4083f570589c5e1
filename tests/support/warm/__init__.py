"""Starts Python programs by forking an interpreter that has imported their modules already.

Most of the cost of a short program is the import of its libraries: gcloud, bq and the sandbox need up to two seconds of
CPU for that, and a test run starts them hundreds of times. `start` starts a server and provides a small program that is
called like a Python interpreter (``PROGRAM -m MODULE …``, ``PROGRAM SCRIPT …``). It passes its arguments, environment,
working folder and standard streams to the server, passes signals on, and ends as the program ends.

Not for tests of how a process starts, of what it imports, or of its terminal: the program has no controlling terminal.
"""

import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PYTHON = "KBQ_TEST_WARM_PYTHON"
"""The environment variable with the path of that program for this interpreter."""
SDK = "KBQ_TEST_WARM_SDK"
"""The same for the interpreter of the installed gcloud and bq."""
_HERE = Path(__file__).parent


def python() -> str:
    """Return what to call instead of `sys.executable`."""
    return os.environ.get(PYTHON, sys.executable)


def for_sdk() -> dict[str, str]:
    """Return the environment in which gcloud and bq start quickly (`gcloud topic startup`)."""
    program = os.environ.get(SDK)
    return {"CLOUDSDK_PYTHON": program, "CLOUDSDK_PYTHON_SITEPACKAGES": "1"} if program else {}


@dataclass
class Server:
    """The running server for one interpreter.

    Attributes:
        place: the folder of its socket and of the program that asks it.
    """

    process: subprocess.Popen[bytes]
    place: tempfile.TemporaryDirectory[str]

    def stop(self) -> None:
        """End it, and what it has started."""
        said = b"".join(self.process.communicate())
        sys.stderr.buffer.write(said)  # nothing, unless the server itself has failed
        self.place.cleanup()


def start(gcloud: str | None) -> list[Server]:
    """Start the servers of a test run, for all its processes; without Linux, or within another run, there are none.

    Args:
        gcloud: the installed gcloud, if there is one. It is started quickly if it brings its own Python.
    """
    if not sys.platform.startswith("linux") or PYTHON in os.environ:
        return []
    running = [_serve(sys.executable, PYTHON)]
    own = Path(gcloud).resolve().parents[1] / "platform/bundledpythonunix/bin/python3" if gcloud else None
    if own is not None and own.exists():
        running.append(_serve(str(own), SDK))
    return running


def _serve(interpreter: str, name: str) -> Server:
    place = tempfile.TemporaryDirectory(prefix="kbqw-", dir="/tmp")  # the path of a socket must be short
    program, path = Path(place.name, "python"), f"{place.name}/socket"
    program.write_text(f'#!/bin/sh\nexec "{interpreter}" -I -S "{_HERE / "ask.py"}" "{path}" "$@"\n')
    program.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        command = [interpreter, str(_HERE / "server.py"), str(listening.fileno()), str(program)]
        # Pipes for all three: at its start, Python notes what a stream cannot do, such as seeking, and every stream can
        # do what a pipe can.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[listening.fileno()],
            start_new_session=True,
            cwd="/",
        )
    os.environ[name] = str(program)
    return Server(process, place)
