"""Whatever Google, or somebody writing there, puts into a name or a message: it is shown, and has no effect."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kbq_tui.model.spec import IMPORT_DATASET, STAGING_DATASET
from kbq_tui.model.text import inert
from kbq_tui.sandbox.bigquery import seed
from kbq_tui.sandbox.bigquery.engine import engine_of
from kbq_tui.sandbox.faults import Rule
from kbq_tui.sandbox.resources import Dataset, Table
from kbq_tui.sandbox.server import Sandbox
from tests.journeys.walk import Walk
from tests.support import warm
from tests.support.outputs import output
from tests.support.polling import PATIENCE
from tests.support.pty import Terminal

POISON = (
    "\x1b]0;owned\x07\x1b[31mred\x1b]52;c;cm0gLXJmIC8=\x07\x9b5m[bold red]BOLD[/] [@click=app.quit]quit[/] "
    "\u202eomed\u202c\u2066\u200f\r\nFAKE ok every check passed\n<script>alert(1)</script> $(reboot) `id` "
    "\x00\x7f\ud7ff\ufeff {name} {0} {why!r:>9999} %(x)s {"
)
LONG = POISON + "<b>x</b>" * 1_250
TOUCHED = "[bold red]BOLD[/]"
"""A part of it that must be visible unchanged: markup that was not read as markup."""

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Everything that can move a cursor or reverse a line; a line feed is the only one that we write ourselves."""

PAYLOADS = (
    b"\x1b]0;owned",
    b"\x1b]52;c;cm0g",
    b"\xc2\x9b",
    "\u202e".encode(),
    "\u2066".encode(),
    b"\x1b[31mred",
    b"\x00",
)

REFUSED = (
    "cloudbilling.projects.getBillingInfo",
    "orgpolicy.*",
    "cloudresourcemanager.projects.get",
    "cloudresourcemanager.projects.getIamPolicy",
    "iam.*",
    "serviceusage.*",
    "bigquery.jobs.*",
    "bigquery.datasets.list",
    "bigquery.tables.list",
)


@dataclass
class HostileScene:
    """A sandbox in this process, and a home for the program in others."""

    sandbox: Sandbox
    home: Path

    def env(self) -> dict[str, str]:
        base = {k: os.environ[k] for k in ("PATH", "LANG", "PYTHONPATH") if k in os.environ}
        folders = {f"XDG_{k}_HOME": str(self.home / k.lower()) for k in ("CONFIG", "STATE", "DATA", "CACHE")}
        more = {"HOME": str(self.home), "KBQ_TUI_KEYRING": "off", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        return {**base, **self.sandbox.env(), **folders, **more}

    def run(self, *args: str, stdin: str = "", language: str = "en") -> tuple[str, str]:
        # The texts of options are translated when they are imported, which a warm interpreter has done in English.
        command = [warm.python() if language == "en" else sys.executable, "-m", "kbq_tui", *args]
        done = subprocess.run(
            command,
            env=self.env() | {"KBQ_TUI_LANG": language},
            input=stdin.encode(),
            capture_output=True,
            timeout=PATIENCE,
        )
        return done.stdout.decode(), done.stderr.decode()

    def dataset(self, name: str) -> Dataset:
        found = self.sandbox.world.dataset(self.sandbox.project, name)
        assert found is not None
        return found

    def poison(self) -> None:
        """Write hostile text into everything that has a text."""
        world, project = self.sandbox.world, self.sandbox.world.projects[self.sandbox.project]
        project.name, project.labels = POISON, {"team": POISON}
        more: list[dict[str, Any]] = [
            {"role": "roles/viewer", "members": [f"user:{POISON}@acme.example"]},
            {"role": "roles/" + POISON, "members": [f"serviceAccount:{self.account}"]},
            {
                "role": "roles/browser",
                "members": [f"serviceAccount:{self.account}"],
                "condition": {"title": POISON, "description": LONG, "expression": POISON},
            },
        ]
        world.set_policy(project, [*project.policy.bindings, *more], 3)
        for dataset in project.datasets.values():
            dataset.description, dataset.friendly_name, dataset.labels = LONG, POISON, {"x": POISON}
            entry = {"role": "READER", "userByEmail": f"{POISON}@acme.example"}
            world.set_access(dataset, [*dataset.access, entry, {"role": POISON, "userByEmail": self.account}])
        for account in project.service_accounts.values():
            account.display_name, account.description = POISON, LONG
        for name in (POISON, "[bold red]BOLD[/] t", "x`; DROP SCHEMA y; --", "../../etc/passwd", "z" * 10_000):
            table = Table(self.sandbox.project, IMPORT_DATASET, name, schema=[{"name": "x", "type": "INTEGER"}])
            engine_of(self.sandbox.context).create(table, {})
            self.dataset(IMPORT_DATASET).tables[name] = table

    @property
    def account(self) -> str:
        return f"klaviyo-data-transfer-user@{self.sandbox.project}.iam.gserviceaccount.com"

    def refuse(self, message: str) -> None:
        rules = [Rule(m, "status", every=1, status=403, message=message) for m in REFUSED]
        self.sandbox.context.faults.replace(rules)

    def written(self) -> dict[str, str]:
        """Every text that the program has written, except the key file (which is Google's own JSON)."""
        files = [p for p in self.home.rglob("*") if p.is_file() and "private_key_id" not in p.read_text()]
        return {str(p.relative_to(self.home)): p.read_text() for p in files}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileScene]:
    """The scenario, set up, and then with hostile text everywhere."""
    with Sandbox("hostile-text") as sandbox:
        home = tmp_path_factory.mktemp("hostile")
        home.chmod(0o700)
        made = HostileScene(sandbox, home)
        assert "Done." in made.run("apply", "--yes", "-v")[1]
        seed(sandbox.context, sandbox.project, [f"CREATE TABLE `{sandbox.project}.{IMPORT_DATASET}.people` (x INT64)"])
        made.poison()
        yield made


def check_inert(text: str) -> None:
    found = CONTROL.search(text)
    assert found is None, repr(text[max(0, found.start() - 60) : found.end() + 30])


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(key)
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


PLAIN = (
    ["plan"],
    ["apply", "--yes", "-vv"],
    ["verify", "-vv"],
    ["status", "-vv"],
    ["plan", "--remove-over-grants"],
    ["export", "gcloud"],
)
AS_JSON = (["plan"], ["apply", "--yes"], ["verify"], ["status"])
TOOLS = (["doctor"], ["doctor", "--json"], ["key", "list"], ["key", "list", "--json"], ["export", "terraform"])


@pytest.fixture(params=["names", "refusals"])
def world(request: pytest.FixtureRequest, ground: HostileScene) -> Iterator[HostileScene]:
    """Names are always hostile; refusals as well, and endless, in one of two cases."""
    if request.param == "refusals":
        for journal in ground.home.rglob("journal.jsonl"):
            journal.unlink()  # what was made just now would be waited for
        ground.refuse(LONG)
    yield ground
    ground.sandbox.context.faults.replace([])


@pytest.mark.parametrize("command", TOOLS, ids=" ".join)
def test_every_other_command_is_as_careful(ground: HostileScene, command: list[str]) -> None:
    for text in ground.run(*command):
        check_inert(text)


@pytest.mark.parametrize("command", PLAIN, ids=" ".join)
def test_plain_output_holds_nothing_that_a_terminal_obeys(world: HostileScene, command: list[str]) -> None:
    out, err = world.run(*command)
    check_inert(out)
    check_inert(err)
    assert "FAKE ok" not in {line[:7] for line in (out + err).splitlines()}, "no line of its own"
    assert len(out + err) < 60_000


@pytest.mark.parametrize("command", [*PLAIN[:4], ["key", "list"], ["doctor"]], ids=" ".join)
def test_in_german_it_is_no_different(world: HostileScene, command: list[str]) -> None:
    """A value put into a translated sentence is not itself read as a template."""
    out, err = world.run(*command, language="de")
    check_inert(out)
    check_inert(err)
    assert "Traceback" not in err
    assert re.search(r"\b(und|ist|nicht|von|Schlüsseln?|Dienstkonto|Sprache)\b", out + err), "it is German"
    assert "FAKE ok" not in {line[:7] for line in (out + err).splitlines()}, "no line of its own"


@pytest.mark.parametrize("command", AS_JSON, ids=" ".join)
def test_json_is_json_and_ascii(world: HostileScene, command: list[str]) -> None:
    out, err = world.run(*command, "--json")
    check_inert(err)
    assert out.isascii()
    assert "\x1b" not in out
    for line in out.splitlines():
        for text in strings(output(line)):
            check_inert(text)


@pytest.mark.parametrize("kind", ["md", "html", "json"])
def test_reports_hold_it_as_text(world: HostileScene, kind: str) -> None:
    path = world.home / f"r.{kind}"
    world.run("verify", "--report", str(path))
    text = path.read_text()
    check_inert(text)
    assert kind != "html" or "<script" not in text
    assert kind != "json" or text.isascii()


def test_the_text_is_shown_as_it_is_and_not_left_out(ground: HostileScene) -> None:
    out, _ = ground.run("verify", "-vv")
    assert TOUCHED in out
    assert inert("\x1b]0;owned\x07") in out


def test_logs_journal_and_state_hold_nothing_that_a_terminal_obeys(world: HostileScene) -> None:
    world.run("verify", "-vv")
    for name, text in world.written().items():
        assert "\x1b" not in text, name
        check_inert(text)


@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_a_pasted_error_is_explained_without_being_obeyed(ground: HostileScene, flag: list[str]) -> None:
    out, err = ground.run("explain", "-", *flag, stdin=LONG)
    check_inert(out)
    check_inert(err)


def test_screens_draw_it_and_obey_none_of_it(world: HostileScene) -> None:
    with Terminal([sys.executable, "-m", "kbq_tui", "setup"], world.env(), 120, 40) as terminal:
        walk = Walk(terminal)
        terminal.until_text("F10", seconds=30)
        terminal.settle(0.5)
        if "[ Begin ]" in terminal.text():
            walk.enter()
        for _ in range(5):
            terminal.settle(0.8, 60)
            assert "Step" in terminal.text()
            if "[ Continue ]" in terminal.text():
                walk.enter()
            else:
                terminal.send("\x1b[B\x1b[B\r")  # into the table, and everything that a row offers
        terminal.settle(0.8, 60)
        raw = bytes(terminal.raw)
        assert [p for p in PAYLOADS if p in raw] == []
        assert not terminal.ended(), "[@click=app.quit] must not be a button"


@pytest.mark.parametrize("dataset", [IMPORT_DATASET, STAGING_DATASET])
def test_what_was_there_is_untouched_by_all_this(ground: HostileScene, dataset: str) -> None:
    assert ground.dataset(dataset).description == LONG
    assert any(POISON in e.get("userByEmail", "") for e in ground.dataset(dataset).access)
