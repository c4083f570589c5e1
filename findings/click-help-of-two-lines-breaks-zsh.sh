#!/usr/bin/env bash
# click 8.5.1: a line break in an option's help shifts what zsh offers for all options after it.
# Behaviour: completion for zsh is written as three lines an item (type, value, help), and the help is written as it is: with a line break
# four lines. The script click installs reads threes, so the second line of the help is taken for the type of the next item.
# Expected: the line break is escaped or cut, as click does for fish.
# Why it matters: a long help text, wrapped in the source, takes the options behind it out of completion in one shell only.
# Source: https://click.palletsprojects.com/en/stable/shell-completion/, click/shell_completion.py (ZshComplete.format_completion)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  click==8.5.1 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
import click
from click.shell_completion import get_completion_class

@click.command()
@click.option("--role", help="The role to grant.\nSee the list.")
@click.option("--project", help="The project.")
def tool(role, project):
    pass

def written(shell):
    completion = get_completion_class(shell)(tool, {}, "tool", "_TOOL_COMPLETE")
    return [completion.format_completion(item) for item in completion.get_completions([], "--")]

lines = "\n".join(written("zsh")).split("\n")
items = [lines[i:i + 3] for i in range(0, len(lines), 3)]
fish = written("fish")
print("click", version("click"))
print("as zsh reads it:", *items, "fish:", *fish, sep="\n  ")
if items[0][1] != "--role" or items[1][1] == "--project" or any("\n" in item for item in fish):
    sys.exit("this has changed")
PY
