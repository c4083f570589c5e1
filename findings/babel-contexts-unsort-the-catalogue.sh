#!/usr/bin/env bash
# Babel 2.19.0: in a catalogue with contexts (msgctxt) that Babel has compiled, the GNU C library finds only some of the texts.
# Behaviour: write_mo and pybabel compile sort by text, then context; the file holds "context, EOT, text", so its table is not in order.
# The C library searches it by bisection, there being no hash table: it finds 4 of the 10 texts below, and misses one without a context, too.
# Python's gettext reads the whole file, and finds all of them.
# Expected: the strings of a .mo file are sorted by their bytes, as the format demands and msgfmt does, so that every reader finds them.
# Why it matters: a catalogue that works in Python loses half its sentences in a program in C, PHP or a shell script, without an error.
# Source: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html ("sorted in lexicographical order")
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  babel==2.19.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" LANGUAGE=de LC_ALL=C.UTF-8
cd "$dir"
venv/bin/python - <<'PY'
import ctypes, gettext, pathlib, platform, sys
import babel
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

if platform.libc_ver()[0] != "glibc":
    sys.exit("this needs the GNU C library")
catalogue = Catalog(locale="de")
keys = []
for text in ("Apply", "Copy", "Open"):
    for context in ("button", "menu", "note"):
        catalogue.add(text, f"{text} ({context})", context=context)
        keys.append(f"{context}\x04{text}")
catalogue.add("Zebra", "das Zebra")
keys.append("Zebra")
path = pathlib.Path("l/de/LC_MESSAGES/app.mo")
path.parent.mkdir(parents=True)
with path.open("wb") as file:
    write_mo(file, catalogue)

with path.open("rb") as file:
    python = gettext.GNUTranslations(file)
c = ctypes.CDLL(None)
c.dgettext.restype = ctypes.c_char_p
c.setlocale(6, b"")
c.bindtextdomain(b"app", str(pathlib.Path("l").absolute()).encode())
in_python = sum(python.gettext(key) != key for key in keys)
in_c = sum(c.dgettext(b"app", key.encode()) != key.encode() for key in keys)
print("Babel", babel.__version__, *platform.libc_ver())
print(f"of {len(keys)} texts, Python finds {in_python} and the C library {in_c}")
if (in_python, in_c) != (10, 4):
    sys.exit("this has changed")
PY
