"""The oracle in pytest: the sandbox's exchanges are compared with Google's discovery documents as they pass.

The end of the run has a summary, and a fault fails the run. A test that is wrong on purpose is marked
``@pytest.mark.not_google("why")``.
"""

import os
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.oracle import recorder


class Oracle:
    """Hooks of one run; `folder` is None in xdist's workers and in runs within a run."""

    def __init__(self, folder: Path) -> None:
        self.missing = find_spec("googleapiclient") is None
        self.ours = recorder.FOLDER not in os.environ and not self.missing
        if self.ours:
            folder.mkdir(exist_ok=True)
            os.environ[recorder.FOLDER] = str(folder)
        self.folder = folder
        self.findings: recorder.Findings | None = None
        if not self.missing:
            recorder.watch()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if item.get_closest_marker("not_google") is None:
            return (yield)
        with recorder.RECORDER.paused():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        recorder.RECORDER.dump()
        if self.ours:
            self.findings = recorder.collected(self.folder)
            if self.findings.faults:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        found = self.findings
        if self.missing:  # tests/oracle/test_judge.py fails then
            terminalreporter.write_line("google-api-python-client is missing, which `make check` installs: no oracle")
        if found is None or not (found.methods or found.faults):
            return
        terminalreporter.section("held against Google's discovery documents")
        apis: dict[str, list[str]] = {}
        for method in found.methods:
            apis.setdefault(method.partition(".")[0], []).append(method.partition(".")[2])
        for api, methods in sorted(apis.items()):
            terminalreporter.write_line(f"{api}: {len(methods)} methods: {', '.join(sorted(methods))}")
        terminalreporter.write_line(
            f"{found.methods.total()} exchanges, {len(found.sent)} fields in requests, {len(found.answered)} in"
            f" answers, {len(found.faults)} faults"
        )
        for fault, test in sorted(found.faults.items()):
            terminalreporter.write_line(f"FAULT {fault} ({test})", red=True)
