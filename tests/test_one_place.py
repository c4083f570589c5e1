"""What CONTRIBUTING says of adding something is so: each is added here in its one place, in a fresh interpreter, and
whatever shows, lists, explains or runs such things has it without another change.
"""

import json
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
from kbq_tui.cli import click_app
from kbq_tui.cli.click_running import handled
from kbq_tui.i18n.messages import N_


@click_app.cli.command(
    "flux",
    help="Measure the flux.",
    examples=(("", N_("of here")), ("--deep", N_("of below")), ("--lang de", N_("in German"))),
    next_step=("status", ""),
)
@handled
def flux(**parameters):
    click_app.click.echo("flux 11")
    return 0
"""


def test_a_command_has_help_completion_and_a_next_step_by_its_declaration() -> None:
    assert "Measure the flux." in run(COMMAND, "--help")
    shown = run(COMMAND, "flux", "--help")
    assert "kbq-tui flux [options]" in shown
    assert "of below" in shown
    done = run(COMMAND, "flux")
    assert "flux 11" in done
    assert "Next: kbq-tui status" in done


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
