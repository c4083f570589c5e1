"""How the key file gets to the machine with the browser."""

import shlex


def scp_line(host: str, path: str) -> str:
    """Return the command that fetches a file of this machine, to be run on another one.

    Args:
        host: this machine, as `user@host`.
        path: the file here.
    """
    return f"scp {shlex.quote(f'{host}:{path}')} ."
