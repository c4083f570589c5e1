"""The server: for each module or script it keeps a process that runs nothing, and forks that for every run.

The server learns from the runs which modules they load, and imports them before the next run of the same module or
script. See `tests.support.warm`. This file runs in gcloud's interpreter, too: it imports the standard library only.
"""

import atexit
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Order:
    """A program to run.

    Attributes:
        arguments: the interpreter's arguments.
        line: passes on signals, and gets the result of the run.
        streams: standard input, output and errors, as far as they are open.
    """

    arguments: list
    env: dict
    cwd: str
    line: socket.socket
    streams: list

    @property
    def key(self):
        """The module or the script."""
        words = [word for word in self.arguments if word == "-m" or not word.startswith("-")]
        return tuple(words[:2] if words[:1] == ["-m"] else words[:1])

    def drop(self):
        """Close what a fork of this process has inherited."""
        self.line.close()
        for fd in self.streams:
            os.close(fd)


class RunRequested(Exception):
    """Leaves the loops of a server for the program that is to be run.

    Args:
        order: the program.
        report: where the names of its modules are sent.
    """

    def __init__(self, order, report):
        super().__init__()
        self.order, self.report = order, report


def serve(listening, program):
    """Pass each run to the process for its module or script, until standard input ends.

    Args:
        listening: where runs are requested.
        program: what the programs should call as their interpreter.
    """
    kept: dict[tuple, socket.socket] = {}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready = select.select([0, listening], [], [])[0]
        if 0 in ready:
            return
        line = listening.accept()[0]
        fds = []
        try:
            head, fds = _head(line)
            parts = _parts(line, head)
            order = _order(parts, line, fds)
        except (OSError, struct.error, ValueError):
            line.close()
            continue
        if order.key not in kept:
            ours, theirs = socket.socketpair()
            if os.fork() == 0:
                order.drop()
                for other in (*kept.values(), ours, listening):
                    other.close()
                Keeper(theirs, program).serve()
                os._exit(0)
            theirs.close()
            kept[order.key] = ours
        rights = struct.pack(f"{1 + len(fds)}i", line.fileno(), *fds)
        kept[order.key].sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        kept[order.key].sendall(b"".join(parts))
        order.drop()


def _head(line):
    """Read the beginning: the lengths of the parts, and the files that are passed."""
    head, ancillary, _, _ = line.recvmsg(12, socket.CMSG_SPACE(16))
    return head, [fd for _, _, data in ancillary for fd in struct.unpack(f"{len(data) // 4}i", data)]


def _parts(line, head):
    found = []
    for size in struct.unpack("3I", head):
        data = b""
        while len(data) < size:
            piece = line.recv(size - len(data))
            if not piece:
                raise OSError("the line is closed")
            data += piece
        found.append(data)
    return found


def _order(parts, line, streams):
    arguments, variables, cwd = parts
    env = dict(each.split(b"=", 1) for each in variables.split(b"\0"))
    return Order(
        [os.fsdecode(each) for each in arguments.split(b"\0")],
        {os.fsdecode(k): os.fsdecode(v) for k, v in env.items()},
        os.fsdecode(cwd),
        line,
        streams,
    )


class Keeper:
    """The process for one module or script.

    Args:
        orders: where runs come from.
        program: what the programs should call as their interpreter.
    """

    def __init__(self, orders, program):
        self.orders, self.program = orders, program
        self.lines = {}  # by process id: the connection that gets the exit status
        self.reports = {}  # what runs have reported about their modules so far

    def serve(self):
        """Run what is requested, until no more requests can come."""
        woken, wake = os.pipe()
        for fd in (woken, wake):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            asking = {line: pid for pid, line in self.lines.items()}
            for each in select.select([self.orders, woken, *asking, *self.reports], [], [])[0]:
                if each is self.orders:
                    head, fds = _head(self.orders)
                    if not head:
                        for pid in self.lines:
                            os.kill(pid, signal.SIGKILL)
                        return
                    line, streams = socket.socket(fileno=fds[0]), fds[1:]
                    self.fork(_order(_parts(self.orders, head), line, streams), (woken, wake))
                elif each == woken:
                    os.read(woken, 4096)
                    self.reap()
                elif each in self.reports:
                    self.listen(each)
                elif asking[each] in self.lines:
                    self.pass_on(asking[each], each)

    def fork(self, order, own):
        """Start a run."""
        report, told = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (self.orders, report, *self.lines.values(), *self.reports):
                each.close()
            for fd in own:
                os.close(fd)
            for target in (0, 1, 2):
                os.close(target)
            for target, fd in enumerate(order.streams):
                os.dup2(fd, target)
            order.drop()
            sys.executable = self.program
            raise RunRequested(order, told)
        told.close()
        for fd in order.streams:
            os.close(fd)
        os.environ.clear()
        os.environ.update(order.env)  # modules that are imported here may read it
        self.lines[pid] = order.line
        self.reports[report] = b""

    def pass_on(self, pid, line):
        """Pass signals on to a run. It is killed if its requester is gone."""
        try:
            numbers = line.recv(64)
        except OSError:
            numbers = b""
        for number in numbers or bytes([signal.SIGKILL]):
            os.kill(pid, number)
        if not numbers:
            del self.lines[pid]
            line.close()

    def reap(self):
        """Report how runs have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            line = self.lines.pop(pid, None)
            if line is not None:
                with suppress(OSError):  # nobody waits for it any more
                    line.send(struct.pack("i", os.waitstatus_to_exitcode(status)))
                line.close()

    def listen(self, report):
        """Read a run's report, and import what it has imported."""
        piece = report.recv(65536)
        self.reports[report] += piece
        if piece:
            return
        data = self.reports.pop(report)
        report.close()
        told = json.loads(data or b'{"path": [], "modules": []}')
        if told["modules"]:
            sys.path[:] = told["path"]
        for name in told["modules"]:
            if name not in sys.modules and not name.endswith("__main__"):
                try:
                    importlib.import_module(name)
                except BaseException:
                    sys.modules.pop(name, None)


def begin(order, report):
    """Become the program: do what an interpreter does before it runs one."""
    os.environ.clear()
    os.environ.update(order.env)
    os.chdir(order.cwd)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=stream is sys.stderr or stream.isatty())  # type: ignore[union-attr]
    _tell_at_the_end(order, report)
    if order.key[0] == "-m":
        sys.argv[:] = order.arguments[order.arguments.index("-m") + 1 :]
        sys.path.insert(0, order.cwd)
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        script = order.key[0]
        sys.argv[:] = order.arguments[order.arguments.index(script) :]
        sys.path.insert(0, str(Path(script).parent))
        runpy.run_path(script, run_name="__main__")


def _tell_at_the_end(order, report):
    """Report which modules were imported, however the program ends, unless it is killed."""
    before, process, leave = set(sys.modules), os.getpid(), os._exit

    def tell():
        if report.fileno() < 0 or os.getpid() != process:
            return
        new = [name for name in sys.modules if name not in before]
        files = [str(getattr(sys.modules[name], "__file__", "")) for name in new]
        used = any(file.startswith(order.cwd + "/") for file in files)
        path = [each for each in dict.fromkeys(sys.path) if each != order.cwd or used]
        if new:
            with suppress(OSError):  # the server has ended
                report.sendall(json.dumps({"path": path, "modules": new}).encode())
        report.close()

    def tell_and_leave(status):
        tell()
        leave(status)

    atexit.register(tell)
    os._exit = tell_and_leave


def main():
    """Serve; in a fork, run the program and end as it ends."""
    sys.path.pop(0)  # this file's folder
    try:
        serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
    except RunRequested as run:
        order, report = run.order, run.report
    else:
        return
    begin(order, report)


if __name__ == "__main__":
    main()
