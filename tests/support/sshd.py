"""A real sshd on loopback, for the tests' user, with separate keys."""

import contextlib
import getpass
import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.polling import PATIENCE, wait_until

SSHD = Path("/usr/sbin/sshd")
SEPARATION = Path("/run/sshd")
"""A folder that sshd needs if root starts it."""


def why_not() -> str:
    """Why no sshd can be started here; empty if one can."""
    if not SSHD.exists():
        return f"LEFT OUT: {SSHD} is not installed, nothing was tried over SSH"
    if missing := [name for name in ("ssh", "ssh-keygen") if shutil.which(name) is None]:
        return f"LEFT OUT: {' and '.join(missing)} not installed, nothing was tried over SSH"
    if os.geteuid() == 0:
        try:
            SEPARATION.mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            return f"LEFT OUT: {SEPARATION} cannot be made ({error.strerror}), nothing was tried over SSH"
    return ""


@dataclass(frozen=True)
class Sshd:
    """A running sshd.

    Attributes:
        port: on loopback.
        folder: with the keys.
    """

    port: int
    folder: Path

    def command(self, env: Mapping[str, str], program: Sequence[str], pid_file: Path) -> list[str]:
        """Return the command that logs in and runs a program on a terminal of the host, with an environment of the
        host.

        Args:
            env: added to what sshd gives.
            program: runs in place of the login's shell.
            pid_file: where the host notes its process.
        """
        script = self.folder / "program.sh"
        lines = [f"export {k}={shlex.quote(v)}" for k, v in env.items()]
        script.write_text(
            "\n".join([*lines, f"echo $$ > {shlex.quote(str(pid_file))}", f"exec {shlex.join(program)}\n"])
        )
        known, key = self.folder / "known_hosts", self.folder / "user"
        options = ["-F", "none", "-o", f"UserKnownHostsFile={known}", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        where = ["-p", str(self.port), f"{getpass.getuser()}@127.0.0.1"]
        return ["ssh", "-tt", "-i", str(key), *options, *where, f"exec /bin/sh {shlex.quote(str(script))}"]


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """Start sshd on a free port, yield it, and end it."""
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host = (folder / "host.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host[0]} {host[1]}\n")
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "user.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "PrintMotd": "no",
        "PrintLastLog": "no",
    }
    (folder / "config").write_text("".join(f"{k} {v}\n" for k, v in options.items()))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stdin=subprocess.DEVNULL, stderr=log)
    try:
        wait_until(
            lambda: process.poll() is not None or answers(port),
            lambda: f"sshd did not start: {(folder / 'log').read_text()}",
        )
        assert process.poll() is None, f"sshd did not start: {(folder / 'log').read_text()}"
        yield Sshd(port, folder)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answers(port: int) -> bool:
    """Return whether a port of this machine accepts connections."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def ended(pid_file: Path) -> bool:
    """Return whether the host's process is gone."""
    try:
        os.kill(int(pid_file.read_text()), 0)
    except ProcessLookupError:
        return True
    return False
