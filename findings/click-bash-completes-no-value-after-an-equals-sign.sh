#!/usr/bin/env bash
# click 8.5.1: in bash the value of an option is completed after a space, and not after an equals sign.
# Behaviour: bash divides words at `=` (COMP_WORDBREAKS), so `tool --to=exp` arrives as `--to`, `=`, `exp`. The script that click installs
# joins them with spaces, the `=` becomes the option's value, and `exp` an argument: nothing is offered. `tool --to exp` gives `export`.
# Expected: the same for both, as with `_init_completion -s` of bash-completion, which joins what was divided at `=`.
# Why it matters: `--option=value` is how people write it in scripts and documents, and TAB does nothing there.
# Source: https://click.palletsprojects.com/en/stable/shell-completion/, click/shell_completion.py (BashComplete),
# https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html (COMP_WORDBREAKS)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  click==8.5.1 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
export HOME="$dir"
cd "$dir"
cat >tool.py <<'PY'
import click

@click.command()
@click.option("--to", type=click.Choice(["import", "export"]))
def tool(to):
    pass

tool(prog_name="tool", complete_var="_TOOL_COMPLETE")
PY
printf '#!/bin/sh\nexec "%s/venv/bin/python" "%s/tool.py" "$@"\n' "$dir" "$dir" >tool
chmod +x tool
PATH="$dir:$PATH" bash --norc <<'SH'
eval "$(_TOOL_COMPLETE=bash_source tool)"
offered() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _tool_completion tool
  echo "${COMPREPLY[*]}"
}
space=$(offered tool --to exp) equals=$(offered tool --to = exp)
echo "bash ${BASH_VERSION%%(*}, click $("$HOME/venv/bin/python" -c 'from importlib.metadata import version; print(version("click"))')"
echo "tool --to exp: '$space'"
echo "tool --to=exp: '$equals'"
[ "$space" = export ] && [ -z "$equals" ] || { echo "this has changed" >&2; exit 1; }
SH
