"""The small program: lets the server run a program, and ends as that ends. See `tests.support.warm`.

It imports as little as it can, and runs in gcloud's interpreter, too.
"""

import os
import signal
import socket
import struct
import sys

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_NO_ANSWER = 70
"""The exit status if the server is gone."""


def ask(path, arguments):
    """Send the run to the server, and wait for its end. Never returns."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        variables = b"\0".join(k + b"=" + v for k, v in os.environb.items())
        parts = (b"\0".join(map(os.fsencode, arguments)), variables, os.getcwdb())  # noqa: PTH109  pathlib loads slowly
        streams = [fd for fd in (0, 1, 2) if _is_open(fd)]
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(streams)}i", *streams))
        line.sendmsg([struct.pack("3I", *map(len, parts))], [rights])
        line.sendall(b"".join(parts))
        for number in _PASSED_ON:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda n, _: line.send(bytes([n])))
        if 0 in streams:
            os.close(0)  # only the program reads from it: a writer is told by this that it has ended
        answer = line.recv(4)
    status = struct.unpack("i", answer)[0] if len(answer) == 4 else _NO_ANSWER
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def _is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    ask(sys.argv[1], sys.argv[2:])
