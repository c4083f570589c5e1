#!/usr/bin/env bash
# pex 2.105.2: a virtual environment with one universal wheel cannot be a repository under interpreter constraints.
# Behaviour: `pex --venv-repository VENV ... --python PYTHON` ends with "not resolvable for the given virtual
# environment" as soon as any wheel installed in VENV, asked for or not, also has tags of Python 2 (py2.py3-none-any).
# Expected: a wheel fits if one of its tags does, as PEP 425 says; and what was not asked for does not matter.
# Why it matters: six, python-dateutil and many others are such wheels, so most real environments are refused. The
# message names the interpreters, not the wheel. A way around: without a target first, then --pex-repository with one.
# Source: https://packaging.python.org/specifications/platform-compatibility-tags/, pex/resolve/venv_resolver.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" PEX_ROOT="$dir/root"
python3 -m venv "$dir/tool"
python3 -m venv "$dir/venv"
pip=(-m pip install --quiet --disable-pip-version-check)
"$dir/tool/bin/python" "${pip[@]}" pex==2.105.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
"$dir/venv/bin/python" "${pip[@]}" cowsay==6.1 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
python=$(python3 -c 'import sys; print(sys.executable)')

build() {
  "$dir/tool/bin/pex" --venv-repository "$dir/venv" cowsay --python "$python" -o "$dir/out.pex" >"$dir/out" 2>&1
}

build || { cat "$dir/out" >&2; echo "this has changed: refused without such a wheel" >&2; exit 1; }
echo "cowsay alone: built"
"$dir/venv/bin/python" "${pip[@]}" six==1.17.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
if build || ! grep -q "not resolvable" "$dir/out"; then
  echo "this has changed: six beside it does not matter" >&2
  exit 1
fi
echo "cowsay with six beside it: $(grep -o 'not resolvable for the given virtual environment' "$dir/out")"
