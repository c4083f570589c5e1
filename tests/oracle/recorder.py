"""Judges every exchange of every sandbox of a test run, in any process, and prints a summary at its end."""

import atexit
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kbq_tui.sandbox import exchanges
from tests.oracle.judge import judge

FOLDER = "KBQ_TEST_ORACLE"
"""The environment variable with the folder for findings. A sandbox in a process without it is not watched."""


@dataclass
class Findings:
    """What was seen.

    Attributes:
        methods: how often each was called.
        sent, answered: fields in requests and in answers, as ``Schema.field``.
        faults: "METHOD: FAULT", and the first test with it.
    """

    methods: Counter[str] = field(default_factory=Counter)
    sent: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Findings") -> None:
        """Add what another process has seen."""
        self.methods += other.methods
        self.sent |= other.sent
        self.answered |= other.answered
        self.faults = {**other.faults, **self.faults}

    def dump(self, path: Path) -> None:
        """Write it, for the process that prints the summary."""
        data = {"methods": self.methods, "sent": sorted(self.sent), "answered": sorted(self.answered)}
        with suppress(OSError):  # the run is over
            path.write_text(json.dumps({**data, "faults": self.faults}))

    @classmethod
    def load(cls, path: Path) -> "Findings":
        data: dict[str, Any] = json.loads(path.read_text())
        return cls(Counter(data["methods"]), set(data["sent"]), set(data["answered"]), data["faults"])


class Recorder:
    """Watches the sandboxes of this process."""

    def __init__(self) -> None:
        self.findings = Findings()
        self.lock = threading.Lock()
        self.off = 0

    def __call__(self, exchange: exchanges.Exchange) -> None:
        if self.off:
            return
        try:
            verdict = judge(exchange)
        except Exception as error:
            self.fault(exchange.method, f"the oracle failed: {error!r}")
            return
        with self.lock:
            if verdict.method:
                self.findings.methods[verdict.method] += 1
            self.findings.sent |= verdict.sent
            self.findings.answered |= verdict.answered
        for fault in verdict.faults:
            self.fault(verdict.method or exchange.method, fault)

    def fault(self, method: str, text: str) -> None:
        """Note a fault, and at once, because a process that is killed cannot do it later."""
        with self.lock:
            if f"{method}: {text}" in self.findings.faults:
                return
            self.findings.faults[f"{method}: {text}"] = os.environ.get("PYTEST_CURRENT_TEST", "no test").split(" ")[0]
        self.dump()

    def dump(self) -> None:
        """Write the findings of this process down."""
        folder = os.environ.get(FOLDER)
        if folder and (self.findings.methods or self.findings.faults):
            with self.lock:
                self.findings.dump(Path(folder) / f"{os.getpid()}.json")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not judge what is wrong on purpose."""
        self.off += 1
        try:
            yield
        finally:
            self.off -= 1


RECORDER = Recorder()


def watch() -> None:
    """Watch the sandboxes of this process from now on."""
    if RECORDER not in exchanges.WATCHERS:
        exchanges.WATCHERS.append(RECORDER)
        atexit.register(RECORDER.dump)


def collected(folder: Path) -> Findings:
    """The findings of all processes."""
    found = Findings()
    for path in sorted(folder.glob("*.json")):
        found.add(Findings.load(path))
    return found
