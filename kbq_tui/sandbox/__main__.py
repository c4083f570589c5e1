"""``python -m kbq_tui.sandbox``: run the sandbox by itself until it is told to stop."""

import argparse
import contextlib
import ctypes
import fcntl
import os
import re
import resource
import select
import shlex
import signal
import stat
import sys
import threading
from pathlib import Path

from kbq_tui.sandbox.scenario import ScenarioError, names

_MARK = "export KBQ_TUI_SANDBOX="
_LINE = re.compile(r"export (?:GOOGLE|CLOUDSDK|KBQ_TUI)_[A-Z0-9_]+=[^\n]*")
_MOST = 64 * 1024
"""Most bytes that an existing env file is read to; ours have about 2,000."""


def run(
    *,
    scenario: str = "fresh",
    port: int = 0,
    grpc_port: int = 0,
    env_file: Path | None = None,
    latency_ms: float | None = None,
    key_dir: Path | None = None,
    exit_with_parent: bool = False,
) -> int:
    """Serve until SIGTERM, SIGINT, SIGHUP or SIGQUIT (or until standard input ends, with `exit_with_parent`).

    Args:
        scenario: name, or path of a TOML file.
        port, grpc_port: where to listen; 0 takes a free port.
        env_file: where to write shell ``export`` lines once the sandbox answers; removed at the end.
        latency_ms: milliseconds added to every call; None leaves it to the scenario.
        key_dir: folder for the key files of the scenario's accounts; None takes a private folder that is removed at the
            end.
        exit_with_parent: stop when standard input reaches its end.

    Returns:
        Exit code: 128 + the signal, 0 after end of input, 1 if it could not start, 2 for an unknown scenario or an env
        file that cannot be used.
    """
    from kbq_tui.sandbox.server import Sandbox, write_private

    try:
        Path.cwd()
    except FileNotFoundError:  # DuckDB opens no database in a folder that does not exist, not even one in memory
        sys.stderr.write("kbq-tui sandbox: the working directory is gone; change to another\n")
        return 2
    told = _Told(exit_with_parent)
    if env_file is not None and (reason := _not_ours(env_file)):
        sys.stderr.write(f"kbq-tui sandbox: --env-file {env_file}: {reason}\n")
        return 2
    written = False
    try:
        sandbox = Sandbox(scenario, port=port, grpc_port=grpc_port, latency_ms=latency_ms, key_dir=key_dir)
    except ScenarioError as error:
        sys.stderr.write(f"kbq-tui sandbox: {error}\n")
        return 2
    try:
        with sandbox:
            where = ""
            if env_file is not None:
                lines = [f"export {key}={shlex.quote(value)}\n" for key, value in sandbox.env().items()]
                if reason := _not_ours(env_file):
                    raise FileExistsError(f"--env-file {env_file}: {reason}")
                write_private(env_file, "".join(lines))
                written = True
                where = f", environment in {env_file}"
            sys.stdout.write(f"sandbox {sandbox.scenario.name}: {sandbox.url}, gRPC {sandbox.grpc_address}{where}\n")
            sys.stdout.flush()
            return told.wait()
    except ScenarioError as error:
        sys.stderr.write(f"kbq-tui sandbox: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"kbq-tui sandbox: {error}\n")
        return 1
    finally:
        if written and env_file is not None and not _not_ours(env_file):
            env_file.unlink(missing_ok=True)


def _not_ours(env_file: Path) -> str:
    """Say why the lines must not be written to this path, which is overwritten now and removed at the end; empty if
    they may."""
    if not env_file.parent.is_dir():
        return "there is no such folder"
    try:
        if not stat.S_ISREG(env_file.lstat().st_mode):  # not opened: opening a pipe would block
            return "exists already, and is not a regular file"
        with os.fdopen(os.open(env_file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            text = file.read(_MOST + 1).decode("utf-8", errors="replace")
            if not text:  # a locked file of this form is one that another program is going to write
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return "exists already, and is locked by another process"
    except FileNotFoundError:
        return ""
    except OSError as error:
        return error.strerror or str(error)
    lines = text.split("\n")
    ours = len(text) <= _MOST and all(_LINE.fullmatch(line) for line in lines[:-1]) and lines[-1] == ""
    if text and not (ours and any(line.startswith(_MARK) for line in lines)):
        return "exists already, and was not written by a sandbox"
    return ""


class _Told:
    """Notices, from its creation on, that the sandbox has to end.

    The handler of a signal writes to a pipe. Setting a `threading.Event` there could block for ever: the main thread
    holds the event's lock for a moment when it begins to wait, and the handler runs in the main thread.

    Args:
        by_input: the end of standard input counts as well.
    """

    def __init__(self, by_input: bool) -> None:
        self._by_input = by_input
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
                signal.signal(number, self._signalled)

    def _signalled(self, number: int, frame: object) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, bytes([number]))

    def wait(self) -> int:
        """Wait for the end; returns the exit code, 128 + the first signal or 0."""
        while True:
            ready, _, _ = select.select([self._woken, *([0] if self._by_input else [])], [], [])
            if self._woken in ready:
                return 128 + os.read(self._woken, 1)[0]
            if not os.read(0, 4096):  # the bare descriptor: what comes before its end has no meaning
                return 0


def _forbid_core_dumps() -> None:
    """Keep the keys in this process's memory out of core dumps on disk. Linux's PR_SET_DUMPABLE is 4."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line's options and `run`."""
    parser = argparse.ArgumentParser(
        prog="python -m kbq_tui.sandbox", description="a small imitation of Google Cloud on loopback"
    )
    parser.add_argument("--port", type=int, default=0, help="HTTP port; 0 takes a free one")
    parser.add_argument("--grpc-port", type=int, default=0, help="gRPC port; 0 takes a free one")
    parser.add_argument("--env-file", type=Path, help="shell export lines go here once the sandbox is ready")
    parser.add_argument("--scenario", default="fresh", help=f"one of {', '.join(names())}, or a TOML file")
    parser.add_argument("--latency-ms", type=float, help="milliseconds added to every call")
    parser.add_argument("--key-dir", type=Path, help="folder for the key files of the scenario's accounts")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when standard input ends")
    _forbid_core_dumps()
    return run(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
