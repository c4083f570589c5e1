"""The command that copies the key file to the machine with the browser."""

import shlex


def scp_line(host: str, path: str) -> str:
    """Return the command that copies a file from this machine, to be run on another one.

    Args:
        host: this machine, as `user@host`.
        path: the file on this machine.
    """
    return f"scp {shlex.quote(f'{host}:{path}')} ."
