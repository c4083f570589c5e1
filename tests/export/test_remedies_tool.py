"""The commands of remedies and hand-offs, parsed by the installed gcloud and run by the installed bq."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbq_tui.diagnosis import admin_request, catalogue
from kbq_tui.diagnosis.all_entries import CODES
from kbq_tui.model.problem import Context, Problem
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.sandbox.server import Sandbox
from tests.support import warm
from tests.support.polling import PATIENCE

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
    "project_number": "123456",
    "vpc_sc_id": "Xq9f-2",
}
# Other programs that a command to be pasted may use: those that every system has.
TOOLS = {"gcloud", "bq", "kbq-tui", "export", "cat", "chmod", "cp", "curl", "date", "df", "env", "findmnt", "getent"}
TOOLS |= {
    "echo",
    "printenv",
    "python3",
    "ulimit",
    "umask",
    "unset",
    "grep",
    "ls",
    "mv",
    "namei",
    "openssl",
    "dirname",
    "printf",
    "sed",
    "sudo",
    "${EDITOR:-vi}",
}
RULES = """\
  - ingressFrom:
      identities:
      - user:jo@example.com
      sources:
      - accessLevel: '*'
    ingressTo:
      resources:
      - '*'
"""
PARSE = """
import json, sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/third_party"]
from googlecloudsdk import gcloud_main
from tests.support.polling import PATIENCE
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
"""gcloud parses commands with its own parser, and runs none of them."""


def commands() -> Iterator[str]:
    """Every command that a remedy or a hand-off may have, with all fields filled in."""
    problems: list[Problem] = [catalogue.problem(code, HERE, **DETAILS) for code in CODES]
    problems += [catalogue.permission_missing(name, HERE) for name in catalogue.PERMISSIONS]
    for problem in problems:
        for step in problem.remedy:
            yield from step.lines
        for steps in admin_request.commands_of(problem, HERE):
            yield from admin_request.lines_of(steps)


def simple(line: str) -> list[list[str]]:
    """Return the simple commands of a line, without redirections, including one inside "$(…)"."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;<>&")
    lexer.whitespace_split, lexer.commenters = True, ""
    found: list[list[str]] = [[]]
    words = list(lexer)
    for before, word in zip(["", *words], words, strict=False):
        if word in ("|", ";", "&&"):
            found.append([])
        elif not {word, before} & {">", "<"}:
            found[-1].append(word)
    inner = [match[1] for words in found for word in words for match in re.finditer(r"\$\((.*)\)", word)]
    return found + [words for each in inner for words in simple(each)]


EVERY = tuple(dict.fromkeys(commands()))


def gcloud_knows(lines: list[list[str]], home: Path) -> list[list[str]]:
    """Return the commands that gcloud refuses."""
    env = {**os.environ, "CLOUDSDK_CONFIG": str(home)}
    ran = subprocess.run(
        [sys.executable, "-c", PARSE, str(LIB)],
        input=json.dumps(lines),
        env=env,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


def test_gcloud_takes_every_command_that_is_advised(tmp_path: Path) -> None:
    parts = [part for line in EVERY for part in simple(line) if part[:1] == ["gcloud"]]
    wrong = ["gcloud", "projects", "add-iam-policy-binding", SPEC.project, "--dataset=KLAVIYO_TMP"]
    assert len(parts) > 90
    # gcloud reads the rules for a perimeter at once: the existing ones, in its own form, with ours below them.
    tmp_path.joinpath("klaviyo-before.yaml").write_text(RULES, "utf-8")
    (add,) = (line for line in EVERY if line.endswith(" > klaviyo-ingress.yaml"))
    subprocess.run(["sh", "-c", add], cwd=tmp_path, check=True, timeout=PATIENCE)
    assert gcloud_knows([*parts, wrong], tmp_path) == [wrong]
    tools = {words[0].removeprefix("(") for line in EVERY for words in simple(line)}
    assert tools - TOOLS == set()


def test_a_line_of_a_shell_is_taken_apart_into_its_commands() -> None:
    line = "gcloud a --b='c | d' | sed 1,2d > e; bq f --g=\"$(gcloud h --i='j')\""
    assert simple(line) == [
        ["gcloud", "a", "--b=c | d"],
        ["sed", "1,2d"],
        ["bq", "f", "--g=$(gcloud h --i='j')"],
        ["gcloud", "h", "--i=j"],
    ]


def test_bq_does_what_is_advised(tmp_path: Path) -> None:
    """Those that no other test runs; in this order, because the dataset's description is written back from a file."""
    some = (" > dataset.json", "--source", "--default_table_expiration", "--row_access_policies")
    seconds = "SECONDS"  # what the operator has noted before removing an expiration
    lines = [line for line in EVERY if line.startswith("bq ") and any(part in line for part in some)]
    assert {part for line in lines for part in some if part in line} == set(some)
    with Sandbox("fresh") as sandbox:
        env = {**os.environ, **sandbox.env(), "HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(tmp_path / "gcloud")}
        env |= warm.for_sdk()
        for line in (
            f"bq --project_id={SPEC.project} --location=EU mk --dataset {SPEC.project}:KLAVIYO_TMP",
            f"bq query --use_legacy_sql=false 'CREATE TABLE `{SPEC.project}.KLAVIYO_TMP.people` (id INT64)'",
            *(line.replace(seconds, "3600") for line in lines),
        ):
            ran = subprocess.run(
                ["sh", "-c", line],
                env=env,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                stdin=subprocess.DEVNULL,
            )
            assert ran.returncode == 0, (line, ran.stdout + ran.stderr)
