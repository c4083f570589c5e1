"""The whole suite is checked for private keys: in what tests print and report, and in every file they leave behind.
It has a separate home folder, in which nothing may be left.

All sandboxes of a run give out one key pair, created here, so that any piece of it can be recognised.
"""

import gc
import json
import os
import re
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Not in the folder's own conftest: under xdist the process that prints the summary collects nothing, and reads only
# this one.
from tests.faults.figures import pytest_terminal_summary
from tests.oracle.plugin import Oracle
from tests.support import canary, home, lookups, warm

__all__ = ["pytest_terminal_summary"]

# The beginning of the base64 of every RSA key in PKCS #8, including those that are not the sandbox's.
KEY = re.compile(rb"MII[A-Za-z0-9+/]{3}IBADANBgkqhkiG9w0BAQEFAAS[A-Za-z0-9+/]{20}")
# A shell that runs us in the background ignores SIGINT, and nohup ignores SIGHUP. The programs under test would inherit
# that, and a mask of blocked signals, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
    signal.signal(_number, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, ())

# The same examples in every run, so that failures are the same for everybody; --hypothesis-profile=default takes new
# ones. There is no time limit for an example, because the machine may be busy.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
# Texts are compared in English, whatever the machine's language; programs under test are usually started with these.
os.environ.update(LC_ALL="C.UTF-8", LANG="C.UTF-8", KBQ_TUI_LANG="en")
# Sandboxes of tests serve gRPC in threads of ours. Its handlers for fork() may abort a child that is about to exec.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# Nothing that is imported and collected becomes garbage; `pytest_collection_finish` starts the collector.
gc.disable()

LOOKED_UP = pytest.StashKey[Path | None]()
WARM = pytest.StashKey[list[warm.Server]]()
LARGEST = 16 * 1024 * 1024


def shows_a_key(text: str | bytes) -> bool:
    data = text.encode(errors="replace") if isinstance(text, str) else text
    return KEY.search(data) is not None or canary.canary().found_in(data)


@pytest.hookimpl(trylast=True)  # the folder for temporary files is known then
def pytest_configure(config: pytest.Config) -> None:
    take_key(config)
    home.take(config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
    config.pluginmanager.register(Oracle(config._tmp_path_factory.getbasetemp() / "oracle"))  # type: ignore[attr-defined]
    config.stash[LOOKED_UP] = lookups.start(config._tmp_path_factory.getbasetemp() / "lookups")  # type: ignore[attr-defined]

    config.stash[WARM] = warm.start(shutil.which("gcloud"))


def pytest_unconfigure(config: pytest.Config) -> None:
    for server in config.stash.get(WARM, []):
        server.stop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, those that start gcloud and bq many times and those of faults: at the end the other
    workers would wait for one of them."""
    items.sort(key=lambda item: (item.get_closest_marker("tools") is None, "faults" not in item.path.parts))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the garbage collector, without what stays to the end, and less often than for a small program."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def take_key(config: pytest.Config) -> None:
    """Create the run's key pair, or take that of the process which started this worker."""
    given = getattr(config, "workerinput", {}).get(canary.PAIR)
    os.environ[canary.PAIR] = given or str(canary.create(config._tmp_path_factory.getbasetemp()))  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Make xdist's workers search for the same key."""
    node.workerinput[canary.PAIR] = os.environ[canary.PAIR]


def encodable(text: str) -> str:
    """Return a text without lone surrogates: hostile text has some, and xdist ends on a report that cannot be sent."""
    return text.encode(errors="backslashreplace").decode()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    report.sections = [(name, encodable(text)) for name, text in report.sections]
    if report.longrepr is not None and (said := encodable(report.longreprtext)) != report.longreprtext:
        report.longrepr = said
    if shows_a_key("".join(text for _, text in report.sections) + report.longreprtext):
        report.sections.clear()
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: a private key was printed or reported (not repeated here)"
    return report


def strays(folder: Path, shown: Callable[[bytes], bool] = shows_a_key) -> Iterator[Path]:
    """Files that contain a private key and are not key files. What another run deletes meanwhile is skipped."""
    for parent, _folders, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            try:
                status = path.lstat()
                if path == canary.path() or not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                    continue
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            if shown(content) and not _is_key_file(content):
                yield path


def _is_key_file(content: bytes) -> bool:
    """A key as Google returns it, and nothing else. A damaged one is a test's intention."""
    try:
        found: Any = json.loads(content)
    except ValueError:
        return content.lstrip().startswith(b"{") and b'"type": "service_account"' in content[:200]
    return isinstance(found, dict) and found.get("type") == "service_account"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return  # the workers' folders are in that of the process that started them
    factory = getattr(session.config, "_tmp_path_factory", None)
    if factory is None:
        return
    found = list(strays(factory.getbasetemp()))
    for folder in Path(tempfile.gettempdir()).glob("kbq-*"):  # created by programs under test, or by another run's
        with suppress(OSError):  # which deletes its own
            found += strays(folder, canary.canary().found_in)
    canary.path().unlink(missing_ok=True)
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nPRIVATE KEYS outside key files: {[str(p) for p in found[:10]]}")
    if written := home.written(factory.getbasetemp()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nA TEST WROTE into the home folder instead of its own:", *written[:10], sep="\n  ")
    looked_up = session.config.stash.get(LOOKED_UP, None)
    if looked_up is not None and (asked := lookups.notes(looked_up)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nNAMES OF OTHER MACHINES were looked up:", *asked[:50], sep="\n  ")
