#!/usr/bin/env bash
# Babel 2.19.0: pybabel compile checks %-placeholders only, and writes the catalogue in spite of what it finds.
# Behaviour: a translation with {m} for {n}, flagged python-brace-format, compiles without a word (exit 0). One with %(m)d for %(n)d is an
# error (exit 1), and the .mo file is written all the same.
# Expected: both formats are checked, as Babel's extractor sets both flags; no catalogue where there is an error, as with msgfmt.
# Why it matters: the sentence raises KeyError in that language alone. A build that goes on after the error ships it.
# Source: https://babel.pocoo.org/en/latest/cmdline.html#compile, https://www.gnu.org/software/gettext/manual/html_node/msgfmt-Invocation.html
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  babel==2.19.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import pathlib, subprocess, sys
import babel

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: de\\n"\n\n'

def compile_catalogue(entry):
    folder = pathlib.Path("l/de/LC_MESSAGES")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "messages.mo").unlink(missing_ok=True)
    (folder / "messages.po").write_text(HEAD + entry)
    run = subprocess.run([str(pathlib.Path(sys.executable).parent / "pybabel"), "compile", "-d", "l"], capture_output=True, text=True)
    return run.returncode, (folder / "messages.mo").exists(), "error" in run.stderr

brace = compile_catalogue('#, python-brace-format\nmsgid "{n} rows"\nmsgstr "{m} Zeilen"\n')
percent = compile_catalogue('#, python-format\nmsgid "%(n)d rows"\nmsgstr "%(m)d Zeilen"\n')
print("Babel", babel.__version__)
print("exit status, catalogue written, error told - brace format:", brace, "- percent format:", percent)
if (brace, percent) != ((0, True, False), (1, True, True)):
    sys.exit("this has changed")
PY
