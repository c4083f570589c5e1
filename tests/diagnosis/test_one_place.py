"""A problem is its entry alone: whatever finds, lists and explains problems reads the entries."""

import subprocess
import sys

ADDED = """
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

from kbq_tui.cli.main import run as main
"""


def run(*arguments: str) -> str:
    """Return what kbq-tui prints for arguments, with an entry more than it has."""
    code = f"{ADDED}\nimport sys\nsys.argv = ['kbq-tui', *{list(arguments)!r}]\nsys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_an_entry_is_recognised_explained_and_listed_without_another_change() -> None:
    told = run("explain", "400 The flux of table customers is too low")
    assert "KBQ-MADE-UP" in told
    assert "Add flux." in told
    assert "The flux is too low" in run("explain", "kbq-made-up")
    assert "KBQ-MADE-UP" in run("explain", "--list")
