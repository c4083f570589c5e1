"""The command that copies a file from this machine to the operator's own computer."""

import getpass
import socket

from kbq_tui.shell.hand_over import scp_line


def fetch_line(path: str) -> str:
    """Return the command, to be run on the other machine.

    Args:
        path: the file, on this machine.
    """
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "USER"
    return scp_line(f"{user}@{socket.gethostname()}", path)
