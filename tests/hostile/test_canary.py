"""Private keys are only in their files: not in anything that is written, printed, drawn, copied, passed on or
dumped."""

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from kbq_tui.engine.apply import apply
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.engine.services import ConnectionDraft
from kbq_tui.engine.verify.runner import verify
from kbq_tui.gcp.cloud import GoogleCloud, KeyImpersonator
from kbq_tui.gcp.credentials import CredentialOptions, find, from_key
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.session import Token
from kbq_tui.local.clock import SystemClock
from kbq_tui.local.connection_file import Connections
from kbq_tui.local.journal import FileJournal
from kbq_tui.local.keys.key_files import KeyFiles
from kbq_tui.local.keys.keyring_copy import KeyringCopy
from kbq_tui.local.paths import Paths
from kbq_tui.local.store import FileStore
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.sandbox.server import Sandbox
from kbq_tui.tui.plain_terminal import CLEAR
from tests.journeys.test_wizard_tmux import Tmux, pytestmark
from tests.journeys.walk import Walk
from tests.support import warm
from tests.support.canary import WINDOW, Search, canary
from tests.support.polling import PATIENCE
from tests.support.pty import Terminal
from tests.support.sandbox import Served, served

PROGRAM = [sys.executable, "-m", "kbq_tui"]
NEEDS_TMUX = pytestmark[1]

BOOM = """
import sys
import time
import {module} as module
from kbq_tui.cli.click_app import main
from kbq_tui.cli.process import stand_in
from tests.support.polling import PATIENCE

def boom(key, *more):
    raw = key.reveal()
    text = raw.decode()
    if {shown}:
        raise RuntimeError("it holds " + text)
    raise RuntimeError("boom")

module.{name} = boom
stand_in()
main({arguments})
"""


@dataclass
class CanaryHome:
    """A sandbox, and a home in which the program has set up a connection."""

    sandbox: Served
    home: Path
    search: Search
    said: list[str]

    @property
    def key_file(self) -> Path:
        return next((self.home / "data").rglob("*.json"))

    def run(self, *args: str, stdin: str = "") -> str:
        done = subprocess.run(
            [warm.python(), "-m", "kbq_tui", *args],
            env=self.sandbox.environ(self.home),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.said += [done.stdout, done.stderr]
        return done.stdout + done.stderr

    def files(self) -> list[Path]:
        return [p for p in self.home.rglob("*") if p.is_file() and p != self.key_file]


def step_in(text: str) -> int:
    """Return the number of the step on the screen; 1 for the welcome."""
    found = re.search(r"Step (\d)|\[ Begin \]", text)
    assert found is not None, text
    return int(found[1] or 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CanaryHome]:
    with served("fresh") as sandbox:
        home = tmp_path_factory.mktemp("canary")
        home.chmod(0o700)
        made = CanaryHome(sandbox, home, Search(), [])
        assert "Done." in made.run("apply", "--yes", "-vv")
        made.search.learn_file(made.key_file)
        made.search.learn_file(Path(sandbox.env["GOOGLE_APPLICATION_CREDENTIALS"]))
        yield made


def test_the_search_itself_finds_a_key(place: CanaryHome) -> None:
    text = place.key_file.read_text()
    pem = json.loads(text)["private_key"]
    body = "".join(pem.splitlines()[1:-1])
    for hidden in (text, pem, json.dumps(json.dumps(text)), body[300 : 300 + WINDOW], pem.replace("\n", "\r\n   ")):
        assert place.search.found_in(hidden)
    assert place.search.found_in(b"\x1b]52;c;" + base64.b64encode(pem.encode()) + b"\x07")
    assert not place.search.found_in(body[300 : 300 + WINDOW - 1])


def test_no_command_prints_or_writes_any_of_it(place: CanaryHome) -> None:
    reports = place.home / "reports"
    reports.mkdir(exist_ok=True)
    for kind in ("md", "html", "json"):
        assert "Report written" in place.run("verify", "-vv", "--report", str(reports / f"r.{kind}"))
    place.run("verify", "-vv", "--json")
    place.run("status", "-vv", "--json")
    place.run("doctor", "-vv", "--json")
    place.run("plan", "--json")
    place.run("key", "list", "--json")
    for tool in ("gcloud", "sql", "terraform"):
        place.run("export", tool)
    assert len(list(reports.iterdir())) == 3
    assert not any(place.search.found_in(text) for text in place.said)
    leaking = [p for p in place.files() if place.search.found_in(p.read_bytes())]
    assert leaking == []
    assert any(p.suffix == ".log" for p in place.files()), "there is a log to be searched"
    assert any("journal" in p.name for p in place.files()), "there is a journal to be searched"


@pytest.mark.parametrize("how", ["argument", "input", "json"])
def test_a_pasted_key_is_explained_without_being_shown(place: CanaryHome, how: str) -> None:
    text = "Error loading " + place.key_file.read_text()
    if how == "argument":
        place.run("explain", text)
    else:
        place.run("explain", "-", *(["--json"] if how == "json" else []), stdin=text)
    assert not any(place.search.found_in(text) for text in place.said)
    assert [p for p in place.files() if place.search.found_in(p.read_bytes())] == []


@pytest.mark.parametrize("args", [(), ("--json",)])
def test_a_demo_by_itself_keeps_it_to_its_files(place: CanaryHome, tmp_path: Path, args: tuple[str, ...]) -> None:
    kept = tmp_path / "kept"
    said = place.run("demo", "--keep", str(kept), "-vv", *args)
    keys = [p for p in kept.rglob("*.json") if b"private_key_id" in p.read_bytes() and b"BEGIN" in p.read_bytes()]
    assert len(keys) == 1
    search = Search()
    search.learn_file(keys[0])
    assert not search.found_in(said)
    assert [p for p in kept.rglob("*") if p.is_file() and p not in keys and search.found_in(p.read_bytes())] == []


def processes(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        children = task / "children"
        if children.exists():
            found += [p for child in children.read_text().split() for p in processes(int(child))]
    return found


def to_the_last_step(terminal: Terminal) -> None:
    walk = Walk(terminal)
    terminal.until_text("F10")
    terminal.settle(0.3)
    if "[ Begin ]" in terminal.text():
        walk.enter()
    number = step_in(terminal.text())  # where it was left
    for step in range(number, 5):
        walk.step(step, "[ Continue ]")
    if number < 6:  # the checks have run, or are still to be run
        run = "[ Run the checks ]"
        walk.step(5, run if run in terminal.text() else "[ Continue ]")
    walk.at(6)


def ask_for_the_key(terminal: Terminal) -> None:
    """Press `p` until the question is shown: while the project is being read, a note is shown instead."""
    ends = time.monotonic() + PATIENCE
    while "[ Copy the key ]" not in terminal.text():
        assert time.monotonic() < ends, terminal.text()
        terminal.send("p")
        terminal.settle(0.3)


def test_the_key_goes_to_the_clipboard_after_a_yes_and_nowhere_else(place: CanaryHome) -> None:
    with Terminal([*PROGRAM, "setup", "-vv"], place.sandbox.environ(place.home)) as terminal:
        to_the_last_step(terminal)
        for answer in ("\x1b", "\r"):  # Esc, and Enter on the focused widget
            ask_for_the_key(terminal)
            terminal.send(answer)
            terminal.until(lambda: "[ Copy the key ]" not in terminal.text())
        assert not place.search.found_in(bytes(terminal.raw))
        ask_for_the_key(terminal)
        terminal.send("h\r")
        terminal.until_text("Key: Sent to your terminal's clipboard.")
        copy = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07")
        assert [base64.b64decode(c) for c in copy.findall(terminal.raw)] == [place.key_file.read_bytes()]
        terminal.raw[:] = copy.sub(b"", terminal.raw)
        terminal.send("v")
        terminal.until_text("Enter goes back")
        terminal.send("\r")
        _print_the_key(place, terminal)
        terminal.send("w")
        terminal.until_text("[ Write the file ]")
        terminal.send("\x15")  # Ctrl+U empties the line
        terminal.until_text("It takes a name.")
        terminal.send(str(place.home / "values.txt"))
        terminal.until(lambda: "/values.txt" in terminal.text())
        terminal.send("\r")
        terminal.until_text("Written to")
        assert "KLAVIYO_IMPORT_FROM_DWH" in (place.home / "values.txt").read_text()
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0
        assert not place.search.found_in(bytes(terminal.raw))
    assert [p for p in place.files() if place.search.found_in(p.read_bytes())] == []


def _print_the_key(place: CanaryHome, terminal: Terminal) -> None:
    """Print the key, which is then cleared from the terminal; remove it from the terminal's recorded input."""
    terminal.until_text("Step 6", "F10")
    ask_for_the_key(terminal)
    before = len(terminal.raw)
    terminal.send("hh\r")
    terminal.until_text("Enter goes back")
    printed = len(terminal.raw)
    assert place.search.found_in(bytes(terminal.raw[before:printed]))
    terminal.send("\r")
    terminal.until_text("Once pasted, copy something else.")
    assert CLEAR.encode() in terminal.raw[printed:]
    del terminal.raw[before:printed]


def test_screens_and_the_process_table_hold_none_of_it(place: CanaryHome) -> None:
    with Terminal([*PROGRAM, "setup", "-vv"], place.sandbox.environ(place.home)) as terminal:
        to_the_last_step(terminal)
        for key in "123":
            terminal.send(key)
            terminal.settle(0.3)
        tables = []
        for pid in processes(terminal.pid):
            tables.append(Path(f"/proc/{pid}/cmdline").read_bytes())
            with suppress(PermissionError):  # a process that cannot be dumped shows this to root only
                tables.append(Path(f"/proc/{pid}/environ").read_bytes())
        assert any(b"kbq_tui" in table for table in tables)
        assert not any(place.search.found_in(table) for table in tables)
        terminal.send("\x1b[21~")
        terminal.wait()
        assert b"\x1b]52;" in terminal.raw, "something was copied"
        assert not place.search.found_in(bytes(terminal.raw))
    assert [p for p in place.files() if place.search.found_in(p.read_bytes())] == []


@NEEDS_TMUX
def test_what_is_copied_in_tmux_holds_none_of_it(place: CanaryHome) -> None:
    exports = " ".join(f"{k}='{v}'" for k, v in place.sandbox.environ(place.home).items() if k not in ("TERM", "PATH"))
    tmux = Tmux(f"env {exports} {' '.join(PROGRAM)} setup", place.home, 100, 30)
    try:
        text = tmux.until("F10")
        if "[ Begin ]" in text:
            tmux.keys("Enter")
        for step in range(step_in(text), 6):
            shown = tmux.until(f"Step {step} of 6", "F10")
            if step == 5 and "[ Run the checks ]" in shown:  # they have not run yet
                tmux.keys("Enter")
            tmux.until(f"Step {step} of 6", "[ Continue ]", "F10")
            tmux.keys("Enter")
        tmux.until("Step 6 of 6", ".json", "F10")  # the key has been searched for
        copied = []
        for key, what in (("1", "Project ID:"), ("2", "Dataset:"), ("3", "Path of the key file:")):
            tmux.keys(key)
            tmux.until(what, "clipboard")
            copied.append(tmux.buffer())
        assert "acme-klaviyo-demo" in copied
        assert not any(place.search.found_in(text) for text in [*copied, tmux.text()])
        tmux.keys("p")
        tmux.until("paste buffer", "[ Copy the key ]")
        tmux.keys("h")
        tmux.keys("Enter")
        tmux.until("Key: Sent to your terminal's clipboard.")
        assert tmux.buffer() == copied[-1], "the key has not stayed behind in tmux"
        assert not place.search.found_in(tmux.text())
    finally:
        tmux.end()


@pytest.mark.parametrize("shown", [False, True], ids=["held in a frame", "in the message"])
@pytest.mark.parametrize(
    ("module", "name", "command"),
    [
        ("kbq_tui.gcp.cloud", "from_key", ["verify", "-vv"]),
        ("kbq_tui.local.keys.key_files", "key_facts", ["status", "-vv"]),
        ("kbq_tui.local.keys.key_files", "key_facts", ["setup", "-vv"]),
    ],
    ids=["signing in", "looking", "on the screens"],
)
def test_a_crash_with_the_key_in_hand_shows_none_of_it(
    place: CanaryHome, module: str, name: str, command: list[str], shown: bool
) -> None:
    logs = [p for p in place.files() if p.suffix == ".log"]
    before = sum(p.read_text().count("RuntimeError") for p in logs)
    code = BOOM.format(module=module, name=name, shown=shown, arguments=command)
    with Terminal([sys.executable, "-c", code], place.sandbox.environ(place.home)) as terminal:
        if command[0] == "setup":
            failed, unchecked = "Unexpected failure", "runs the checks"
            terminal.until(lambda: failed in terminal.text() or unchecked in terminal.text())
            if failed not in terminal.text():  # step 5; once all checks have passed, step 6 looks at the key itself
                terminal.send("r")
                terminal.until_text(failed)
            terminal.send("\x1b[21~")
        terminal.wait()
        assert not place.search.found_in(bytes(terminal.raw))
        said = terminal.raw.decode(errors="replace")
    logged = sum(p.read_text().count("RuntimeError") for p in logs)
    assert logged > before, said[-2000:]
    assert [p for p in place.files() if place.search.found_in(p.read_bytes())] == []


async def test_nothing_that_a_run_holds_shows_it_in_its_repr(tmp_path: Path) -> None:
    with Sandbox("fresh") as sandbox:
        env = {**sandbox.env(), "KBQ_TUI_KEYRING": "off"}
        endpoints, clock = Endpoints.from_env(env), SystemClock()
        (tmp_path / "keys").mkdir(mode=0o700)
        keys = KeyFiles(tmp_path / "keys", KeyringCopy(env))
        found = find(CredentialOptions(env=env))
        cloud = GoogleCloud(Token(lambda: found), endpoints)
        ports = Ports(cloud, KeyImpersonator(endpoints), keys, FileJournal(tmp_path / "journal.jsonl", clock), clock)
        events: list[object] = []
        spec = ConnectionSpec(project=sandbox.project, location="EU")
        outcome = await apply(spec, ports, events.append)
        assert outcome.complete, outcome.problems
        results = await verify(spec, ports)
        secret = keys.load(None, spec.project, spec.account_email)
        held = [secret, from_key(secret), found, ports, cloud, keys, outcome, *events, *results]
        await cloud.close()
    assert canary().found_in(secret.reveal()), "there is a key to be seen"
    for thing in held:
        inner = [*vars(thing).values()] if hasattr(thing, "__dict__") else []
        for text in (repr(thing), str(thing), f"{thing}", repr(inner)):
            assert not canary().found_in(text), type(thing).__name__


def test_nothing_in_the_environment_of_a_child_names_it(place: CanaryHome) -> None:
    assert not any(place.search.found_in(value) for value in place.sandbox.environ(place.home).values())
    assert not any(place.search.found_in(value) for value in os.environ.values())


def pasted(place: CanaryHome) -> dict[str, str]:
    """What somebody may have copied of a key: all of it, or a part."""
    text = place.key_file.read_text()
    pem = json.loads(text)["private_key"]
    return {
        "the file": text,
        "the file on one line": json.dumps(json.loads(text)),
        "the key": pem,
        "the key on one line": pem.replace("\n", "\\n"),
        "without its frame": "".join(pem.splitlines()[1:-1]),
        "a line of it": pem.splitlines()[5],
        "in base64": base64.b64encode(text.encode()).decode(),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "--direction"),
        ("plan", "--timeout"),
        ("plan", "--project"),
        ("plan", "--key-file"),
        ("plan", "--credentials"),
        ("plan", "--quota-project"),
        ("plan", "-vv", "--log-file"),
        ("setup", "--answers"),
        ("demo", "--keep"),
        ("demo", "--scenario"),
        ("sandbox", "--scenario"),
        ("key", "delete"),
        ("export",),
        (),
    ],
    ids=" ".join,
)
def test_a_key_on_the_command_line_is_refused_and_not_repeated(place: CanaryHome, arguments: tuple[str, ...]) -> None:
    for form, value in pasted(place).items():
        said = place.run(*arguments, value)
        assert not place.search.found_in(said), form
        assert [p for p in place.home.rglob("*") if place.search.found_in(str(p))] == [], form
    assert [p for p in place.files() if place.search.found_in(p.read_bytes())] == []


@pytest.mark.parametrize("confirmed", [False, True], ids=["typed", "confirmed"])
@pytest.mark.parametrize("field", ["project", "location", "import_dataset", "export_dataset", "account_id", "key_file"])
def test_a_key_pasted_into_a_field_is_not_remembered(
    place: CanaryHome, field: str, tmp_path: Path, *, confirmed: bool
) -> None:
    paths = Paths(tmp_path / "config", tmp_path / "state", tmp_path / "data")
    store = FileStore(paths, Connections(paths.connections), SystemClock())
    first = ConnectionDraft(project="acme-klaviyo-demo")
    ConnectionRecord(store, first.name).keep(draft=first, confirmed=True)  # nothing is kept of what does not exist
    for form, value in pasted(place).items():
        for typed in (value.partition("\n")[0], value):
            draft = ConnectionDraft(**{"project": "acme-klaviyo-demo", field: typed})
            ConnectionRecord(store, draft.name).keep(draft=draft, confirmed=confirmed)
        kept = [p for p in tmp_path.rglob("*") if p.is_file()]
        assert [p for p in kept if place.search.found_in(p.read_bytes())] == [], form
        assert store.load("default") is not None, "and what is remembered can be read again"
