"""The commands in README that undo a set-up do so, exactly as written, with the installed gcloud and bq."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import warm
from tests.support.polling import PATIENCE
from tests.support.sandbox import Served, served
from tests.tools.readme import README

TOOLS = [name for name in ("gcloud", "bq") if not shutil.which(name)]
pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(
        bool(TOOLS), reason="LEFT OUT: gcloud or bq is not installed, so README's undoing was not tried"
    ),
]


def commands() -> list[str]:
    """The commands of the table, from the top down."""
    table = README.read_text().split("| it makes | to undo it by hand |")[1].split("\n\n")[0]
    found: list[str] = []
    for row in table.splitlines()[2:]:
        cell = row.split(" | ")[-1].removesuffix(" |")
        found += [cell.strip("`")] if cell.startswith("``") else cell.strip("`").split("`, `")
    return found


def untouched(state: Any) -> Any:
    """A world without values that count changes: etags and times."""
    if isinstance(state, dict):
        kept = {k: untouched(v) for k, v in state.items() if k not in ("etag", "created_ms", "modified_ms")}
        return {k: v for k, v in kept.items() if v not in ({}, [])}
    return [untouched(v) for v in state] if isinstance(state, list) else state


def filled(command: str, sandbox: Served, home: Path, key_id: str) -> list[str]:
    account = f"klaviyo-data-transfer-user@{sandbox.project}.iam.gserviceaccount.com"
    folders = {"~/.config": "config", "~/.local/state": "state", "~/.local/share": "data"}
    values = {"ACCOUNT": account, "PROJECT": sandbox.project, "KEY_ID": key_id, "API": "bigquery.googleapis.com"}
    for name, value in {**values, **{k: str(home / v) for k, v in folders.items()}}.items():
        command = command.replace(name, value)
    return shlex.split(command)


def test_the_commands_in_readme_undo_a_set_up() -> None:
    with served("fresh") as sandbox:
        before = untouched(sandbox.ask("state"))
        assert sandbox.run("apply", "--yes").returncode == 0
        assert untouched(sandbox.ask("state")) != before
        view = f"CREATE VIEW `{sandbox.project}.KLAVIYO_IMPORT_FROM_DWH.VIEW` AS SELECT 1 AS one"
        made = ["bq", f"--project_id={sandbox.project}", "query", "--use_legacy_sql=false", view]
        subprocess.run(made, env=sandbox.environ() | warm.for_sdk(), check=True, capture_output=True, timeout=PATIENCE)
        key_id = json.loads(sandbox.run("key", "list", "--json").stdout)["keys"][0]["id"]
        for command in commands():
            words = filled(command, sandbox, sandbox.home, key_id)
            if words[0] == "kbq-tui":
                words = [warm.python(), "-m", "kbq_tui", *words[1:], *(["--yes"] if words[1] == "key" else [])]
            elif "disable" in words:
                continue  # they were enabled before
            done = subprocess.run(
                words,
                env=sandbox.environ() | warm.for_sdk(),
                input="y\n",
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert untouched(sandbox.ask("state")) == before
        assert sorted(p.name for p in sandbox.home.rglob("*") if "kbq-tui" in str(p)) == []
