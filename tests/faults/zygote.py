"""Runs the program in separate processes, many times, without importing everything each time.

A helper process imports everything, and forks for each run: the child is the real command line, with separate
environment, files and exit. Read `Zygote` for how to use it.

In the child, `points` marks every call to Google and every write of the journal, before and after; each is a point at
which it can be killed. `disk` makes the disk fail. Both are in this module: the program knows nothing of them.
"""

import errno
import importlib
import json
import os
import pkgutil
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.outputs import output
from tests.support.polling import PATIENCE, wait_until

KILL = "KBQ_TEST_KILL"
"""The name of the point at which to die. The value of `RECORD` is a file for the names of all points."""
RECORD = "KBQ_TEST_RECORD"
DISK = "KBQ_TEST_DISK"
"""Which operations on the disk fail: see `disk`."""
KEYRING = "KBQ_TEST_KEYRING"
"""The kind of system keyring: see `keyring`."""
UMASK = "KBQ_TEST_UMASK"
"""The umask, octal."""


# -- the test's side


@dataclass
class Ran:
    """The result of a run.

    Attributes:
        status: exit status; -9 if it was killed.
        out, err: what it printed.
        peak: the most memory it had, in MiB.
    """

    status: int
    out: str
    err: str
    peak: float

    @property
    def json(self) -> Any:
        return output(self.out)


@dataclass
class Zygote:
    """Runs `kbq-tui ARGS` in forked children. A context manager."""

    process: subprocess.Popen[str] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> "Zygote":
        env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TMPDIR")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**env, "GRPC_ENABLE_FORK_SUPPORT": "0", "GRPC_VERBOSITY": "NONE"},
            cwd=Path(__file__).parents[2],
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)

    def start(self, *args: str, env: dict[str, str], cwd: Path) -> tuple[int, Path]:
        """Start a run; returns its process id, and the file for its result."""
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self.lock:
            done = cwd / f"ran-{time.monotonic_ns()}"
            self.process.stdin.write(json.dumps({"args": args, "env": env, "done": str(done)}) + "\n")
            self.process.stdin.flush()
            return int(self.process.stdout.readline()), done

    def finish(self, started: tuple[int, Path], timeout: float = PATIENCE) -> Ran:
        """Wait for a run's end.

        Raises:
            AssertionError: it does not end in time; it is killed then.
        """
        pid, done = started
        try:
            wait_until(done.exists, lambda: "it hangs: " + done.with_suffix(".err").read_text(), timeout)
        except AssertionError:
            os.kill(pid, signal.SIGKILL)
            raise
        body = json.loads(done.read_text())
        out, err = (done.with_suffix(suffix).read_text(errors="replace") for suffix in (".out", ".err"))
        return Ran(body["status"], out, err, body["peak"])


# -- the helper's side


def serve() -> None:
    """Read runs from standard input, one on each line; fork for each; a thread for each child writes its result."""
    _import_everything()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(order)
        print(pid, flush=True)
        threading.Thread(target=_wait, args=(pid, Path(order["done"])), daemon=False).start()


_NOT_NEEDED = ("kbq_tui.tui", "kbq_tui.sandbox", "kbq_tui.__main__", "kbq_tui.cli.start")


def _import_everything() -> None:
    import google.cloud.bigquery
    import google.cloud.iam_admin_v1
    import google.oauth2.credentials
    import google.oauth2.service_account
    import grpc
    import keyring
    import tomlkit

    import kbq_tui

    for found in pkgutil.walk_packages(kbq_tui.__path__, "kbq_tui."):
        if not found.name.startswith(_NOT_NEEDED):
            importlib.import_module(found.name)
    del google, grpc, keyring, tomlkit


def _wait(pid: int, done: Path) -> None:
    _, status, usage = os.wait4(pid, 0)
    body = {"status": os.waitstatus_to_exitcode(status), "peak": usage.ru_maxrss / 1024}
    draft = done.with_suffix(".draft")
    draft.write_text(json.dumps(body))
    draft.rename(done)


def _child(order: dict[str, Any]) -> None:
    """Become the program; never returns."""
    status = 1
    try:
        done = Path(order["done"])
        os.environ.clear()
        os.environ.update(order["env"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for fd, suffix in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(done.with_suffix(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), fd)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if KILL in os.environ or RECORD in os.environ:
            points()
        if DISK in os.environ:
            disk(os.environ[DISK])
        if KEYRING in os.environ:
            keyring(os.environ[KEYRING])
        os.umask(int(os.environ.get(UMASK, "022"), 8))
        from kbq_tui.cli.click_app import main
        from kbq_tui.cli.process import stand_in

        stand_in()
        main(order["args"])
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
        status = 99
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def points() -> None:
    """Mark every point at which a process can be killed: `before` or `after`, what, and how many times so far."""
    from google.cloud.iam_admin_v1 import IAMClient

    from kbq_tui.gcp.session import Session
    from kbq_tui.local.journal import FileJournal
    from kbq_tui.local.keys.key_files import KeyFiles

    wanted, record = os.environ.get(KILL), os.environ.get(RECORD)
    seen: Counter[str] = Counter()
    lock, project = threading.Lock(), os.environ.get("GOOGLE_CLOUD_PROJECT", "")

    def reached(point: str) -> None:
        point = re.sub(r"\b[0-9a-f]{40}\b", "KEY", point)  # ids differ from run to run
        point = point.replace(project, "PROJECT") if project else point
        with lock:
            seen[point] += 1
            name = f"{point} #{seen[point]}"
            if record:
                with Path(record).open("a") as file:
                    file.write(name + "\n")
            if name == wanted:
                os.kill(os.getpid(), signal.SIGKILL)

    def wrap(owner: type, attribute: str, name: Callable[..., str]) -> None:
        real = getattr(owner, attribute)

        def call(*args: Any, **more: Any) -> Any:
            what = name(*args, **more)
            reached(f"before {what}")
            result = real(*args, **more)
            reached(f"after {what}")
            return result

        setattr(owner, attribute, call)

    wrap(Session, "plain", lambda _, verb, url, *a, **k: f"{verb} {_path(url, project)}")
    for rpc in (n for n in dir(IAMClient) if n.endswith(("service_account", "service_account_key", "account_keys"))):
        wrap(IAMClient, rpc, lambda *a, _rpc=rpc, **k: f"rpc {_rpc}")
    wrap(KeyFiles, "shred", lambda *a: "key file shredded")
    wrap(KeyFiles, "promote", lambda *a: "key file moved into place")
    wrap(FileJournal, "intend", lambda _, action, resource: f"journal intend {action}")
    wrap(FileJournal, "settle", lambda _, event: f"journal settle {event.action}")


def _path(url: str, project: str) -> str:
    """The path without what differs from run to run."""
    from urllib.parse import urlsplit

    path = urlsplit(url).path.replace(project, "PROJECT")
    return re.sub("/operations/.*", "/operations/ID", path)


def disk(kind: str) -> None:
    """Make the disk fail from now on, below the `HOME` folder.

    Args:
        kind: `read-only`: nothing can be created or changed; `full`: no byte can be written; `full-at-key`: no byte of
            the key can be written.
    """
    home = os.path.realpath(os.environ["HOME"])

    def ours(path: object) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and str(Path(os.fsdecode(path)).absolute()).startswith(home)

    if kind == "read-only":
        changing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

        def watch(event: str, args: tuple[Any, ...]) -> None:
            if event == "open" and ours(args[0]) and (args[2] or 0) & changing:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fsdecode(args[0]))
            if event in ("os.mkdir", "os.rename", "os.remove", "os.truncate") and ours(args[0]):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fsdecode(args[0]))

        sys.addaudithook(watch)
        return
    real = os.write

    def write(fd: int, data: bytes) -> int:
        path = str(Path(f"/proc/self/fd/{fd}").readlink())
        if path.startswith(home) and (kind == "full" or path.endswith(".json.part")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, data)

    os.write = write  # type: ignore[assignment]


def keyring(kind: str) -> None:
    """Simulate a system keyring that is `locked`, `absent`, `hanging` or too `small` for a key."""
    import keyring as library
    from keyring.backends.fail import Keyring as Absent
    from keyring.errors import KeyringLocked

    values: dict[tuple[str, str], str] = {}

    class UnusableKeyring(library.backend.KeyringBackend):
        priority = 5  # type: ignore[assignment]

        def get_password(self, service: str, username: str) -> str | None:
            self.answer()
            return values.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.answer()
            values[service, username] = password[:1_000]

        def delete_password(self, service: str, username: str) -> None:
            self.answer()
            del values[service, username]

        def answer(self) -> None:
            if kind == "hanging":
                threading.Event().wait()
            if kind == "locked":
                raise KeyringLocked("Failed to unlock the collection!")

    library.set_keyring(Absent() if kind == "absent" else UnusableKeyring())


if __name__ == "__main__":
    serve()
