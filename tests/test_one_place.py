"""What CONTRIBUTING says of adding something is so: each is added here in its one place, in a fresh interpreter, and
whatever shows, lists, explains or runs such things has it without another change.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import kbq_tui.sandbox
from tests.support.sandbox import served

START = """
import sys
from kbq_tui.cli.main import run
sys.argv = ["kbq-tui", *{arguments!r}]
run()
"""


def run(added: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Return what kbq-tui prints for arguments, with something more than it has."""
    code = added + START.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


PROBLEM = """
from kbq_tui.diagnosis.entries import tables
from kbq_tui.diagnosis.entry import Entry, Stage
from kbq_tui.model.codes import ProblemCode

tables.ENTRIES += (
    Entry(
        ProblemCode("KBQ-MADE-UP"),
        "The flux is too low",
        "Table {table} needs more flux.",
        ("Add flux.",),
        "You.",
        "https://cloud.google.com/bigquery/docs/tables",
        matchers=((Stage.WORDS, r"flux of (table|view) \\S+ is too low"),),
    ),
)
"""


def test_a_problem_is_recognised_explained_and_listed_by_its_entry_alone() -> None:
    told = run(PROBLEM, "explain", "400 The flux of table customers is too low")
    assert "KBQ-MADE-UP" in told
    assert "Add flux." in told
    assert "The flux is too low" in run(PROBLEM, "explain", "kbq-made-up")
    assert "KBQ-MADE-UP" in run(PROBLEM, "explain", "--list")


CHECK = """
from kbq_tui.engine.verify import checks
from kbq_tui.i18n.messages import message
from kbq_tui.model.checks import Check, CheckGroup, Verdict
from kbq_tui.model.judgements import Judged


@checks.CHECKS.once(
    Check("flux.enough", message("There is enough flux"), "9", message("The guide forgets it."), CheckGroup.KEY),
    call=lambda context: message("a look at the flux"),
    fails=lambda problem: False,
)
async def flux_enough(context):
    return Judged(Verdict.PASS, message("flux 11"))
"""


def test_a_check_is_run_shown_and_reported_by_its_function_alone(tmp_path: Path) -> None:
    with served("fresh") as sandbox:
        home = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CONFIG", "STATE", "DATA")}
        env = {**sandbox.environ(), **home}
        run(CHECK, "apply", "shop", "--yes", env=env)
        report = tmp_path / "report.md"
        lines = run(CHECK, "verify", "shop", "--report", str(report), env=env)
        assert "There is enough flux" in lines
        assert "There is enough flux" in report.read_text("utf-8")
        printed = run(CHECK, "verify", "shop", "--json", env=env)
    body = json.loads(next(line for line in printed.splitlines() if line.startswith("{")))
    (added,) = (check for check in body["checks"] if check["id"] == "flux.enough")
    assert (added["verdict"], added["evidence"]) == ("pass", "flux 11")


COMMAND = """
from dataclasses import dataclass

import click

from kbq_tui.cli.click_options import json_option, output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import OutputOptions
from kbq_tui.i18n.messages import N_


@dataclass(frozen=True, slots=True)
class FluxOptions:
    output: OutputOptions
    depth: int


@command(
    FluxOptions,
    help="Measure the flux.",
    examples=(("", N_("of here")), ("--depth 2", N_("of below")), ("--json", N_("for a program to read"))),
    next_step=("status", ""),
)
@click.option("--depth", type=click.IntRange(0, 9), default=0, help="How far below.")
@output_options
@json_option
def flux(options):
    from kbq_tui.cli.context import console_of

    console = console_of(options.output)
    if options.output.as_json:
        console.json({"flux": options.depth})
    else:
        console.result(f"flux {options.depth}")
    return 0
"""


def test_a_command_has_help_completion_options_and_a_next_step_by_its_file_alone(tmp_path: Path) -> None:
    (tmp_path / "flux.py").write_text(COMMAND)
    added = f"import kbq_tui.cli.commands; kbq_tui.cli.commands.__path__.append({str(tmp_path)!r})\n"
    assert "Measure the flux." in run(added, "--help")
    shown = run(added, "flux", "--help")
    assert "kbq-tui flux [options]" in shown
    assert "of below" in shown
    done = run(added, "flux", "--depth", "2")
    assert "flux 2" in done
    assert "Next: kbq-tui status" in done
    assert json.loads(run(added, "flux", "--json")) == {"flux": 0}
    assert "Invalid value for '--depth'" in run(added, "flux", "--depth", "10")
    assert "--lang" in run(added, "flux", "--help")
    asked = {"_KBQ_TUI_COMPLETE": "bash_complete", "COMP_WORDS": "kbq-tui fl", "COMP_CWORD": "1"}
    completed = run(added, env={**os.environ, **asked})
    assert completed.split() == ["plain,flux"]


def test_a_scenario_is_listed_and_read_by_its_file_alone(tmp_path: Path) -> None:
    shutil.copytree(Path(kbq_tui.sandbox.__file__).parent / "scenarios", tmp_path / "scenarios")
    shutil.copy(tmp_path / "scenarios" / "fresh.toml", tmp_path / "scenarios" / "made-up.toml")
    elsewhere = f"""
from pathlib import Path
from types import SimpleNamespace
from kbq_tui.sandbox import scenario

scenario.resources = SimpleNamespace(files=lambda package: Path({str(tmp_path)!r}))
"""
    assert "made-up" in run(elsewhere, "demo", "--list")
    found = run(elsewhere + "print(scenario.load('made-up').name)", "--version")
    assert found.startswith("made-up")
