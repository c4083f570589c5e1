"""The commands of remedies and hand-offs, read by the installed gcloud and run by the installed bq."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbq_tui.core import catalogue, handoff
from kbq_tui.core.problems import Context, Problem
from kbq_tui.core.spec import ConnectionSpec
from kbq_tui.sandbox.server import Sandbox

GCLOUD, BQ = shutil.which("gcloud"), shutil.which("bq")
LIB = Path(GCLOUD or "/").resolve().parent.parent / "lib"

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(
        not (GCLOUD and BQ and LIB.joinpath("googlecloudsdk").is_dir()),
        reason="LEFT OUT: gcloud and bq are not installed here, so nothing shows that remedies are commands of theirs",
    ),
]

SPEC = ConnectionSpec("acme-klaviyo-demo", location="EU")
HERE = Context(SPEC.project, SPEC.account_email, "KLAVIYO_TMP", "EU", "jo@example.com")
DETAILS = {
    "constraint": "iam.disableServiceAccountKeyCreation",
    "key_id": "0123456789abcdef",
    "role": "roles/bigquery.dataEditor",
    "source_dataset": "OTHER",
    "table": "people",
}
PARSE = """
import json, sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/third_party"]
from googlecloudsdk import gcloud_main
cli = gcloud_main.CreateCLI([])
parser = cli._CLI__parser if hasattr(cli, "_CLI__parser") else cli._parser
wrong = []
for words in json.load(sys.stdin):
    try:
        parser.parse_args(words[1:])
    except SystemExit:
        wrong.append(words)
json.dump(wrong, sys.stdout)
"""
"""gcloud reads commands with its own parser, and carries none of them out."""


def commands() -> Iterator[str]:
    """Every command that a remedy or a hand-off may name, with all blanks filled."""
    problems: list[Problem] = [catalogue.problem(code, HERE, **DETAILS) for code in catalogue.CODES]
    problems += [catalogue.permission_missing(name, HERE) for name in catalogue.PERMISSIONS]
    for problem in problems:
        for step in problem.remedy:
            yield from str(step).split("\n")[1:]
    for deed in (*handoff.Deed, *catalogue.PERMISSIONS):
        for each in handoff.commands_for(deed, HERE, **DETAILS):
            yield from each


EVERY = tuple(dict.fromkeys(commands()))


def gcloud_knows(lines: list[list[str]], home: Path) -> list[list[str]]:
    """Return the commands that gcloud does not take."""
    env = {**os.environ, "CLOUDSDK_CONFIG": str(home)}
    ran = subprocess.run(
        [sys.executable, "-c", PARSE, str(LIB)],
        input=json.dumps(lines),
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


def test_gcloud_takes_every_command_that_is_advised(tmp_path: Path) -> None:
    parts = [part for line in EVERY for part in line.split(" | ") if part.startswith("gcloud ")]
    wrong = ["gcloud", "projects", "add-iam-policy-binding", SPEC.project, "--dataset=KLAVIYO_TMP"]
    assert len(parts) > 40
    assert gcloud_knows([*map(shlex.split, parts), wrong], tmp_path) == [wrong]


def test_bq_does_what_is_advised(tmp_path: Path) -> None:
    """Those that no other test runs; in this order, for the dataset's description is written back from a file."""
    some = (" > dataset.json", "--source", "--default_table_expiration", "--row_access_policies")
    lines = [line for line in EVERY if line.startswith("bq ") and any(part in line for part in some)]
    assert len(lines) == len(some)
    with Sandbox("fresh") as sandbox:
        env = {**os.environ, **sandbox.env(), "HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(tmp_path / "gcloud")}
        for line in (
            f"bq --project_id={SPEC.project} --location=EU mk --dataset {SPEC.project}:KLAVIYO_TMP",
            f"bq query --use_legacy_sql=false 'CREATE TABLE `{SPEC.project}.KLAVIYO_TMP.people` (id INT64)'",
            *lines,
        ):
            ran = subprocess.run(
                ["sh", "-c", line],
                env=env,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=120,
                stdin=subprocess.DEVNULL,
            )
            assert ran.returncode == 0, (line, ran.stdout + ran.stderr)
