#!/usr/bin/env bash
# clevercsv 0.8.5: a file with one column of e-mail addresses is read as two columns, divided at the @.
# Behaviour: Sniffer().sniff() of "email" and three addresses gives the delimiter "@", and read_table the rows ["ann", "example.com"]. One column
# of telephone numbers is divided at its blanks, one of timestamps at the ":". csv.Sniffer of the standard library raises an error. A column of
# URLs, or of 12-34, is one column.
# Expected: one column; the delimiter is none, as for the URLs.
# Why it matters: a list of addresses to import or to suppress is the file of one column that everybody has; clevercsv is what one takes because
# the standard library's sniffer fails there. Every address is lost, without an error. Give the delimiter where it is known.
# Source: https://clevercsv.readthedocs.io/en/latest/ ("drop-in replacement" with "improved dialect detection")
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check clevercsv==0.8.5 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import csv
import pathlib
import sys
from importlib.metadata import version

import clevercsv

FILES = {
    "addresses": "email\nann@example.com\nbob@example.org\ncy.d@mail.example.net\n",
    "numbers": "phone\n+49 30 1234\n+49 40 5555\n",
    "times": "at\n2025-01-05 10:00:00\n2025-01-06 11:00:00\n",
    "links": "url\nhttps://a.example/x?y=1\nhttps://b.example/z?y=2\n",
}
print("clevercsv", version("clevercsv"))
seen = []
for name, text in FILES.items():
    pathlib.Path("list.csv").write_text(text)
    try:
        standard = csv.Sniffer().sniff(text).delimiter
    except csv.Error as error:
        standard = type(error).__name__
    seen.append((clevercsv.Sniffer().sniff(text).delimiter, clevercsv.read_table("list.csv")[1]))
    print(f"  {name}: clevercsv {seen[-1][0]!r}, {seen[-1][1]}; the standard library {standard!r}")
if [s[0] for s in seen] != ["@", " ", ":", ""] or seen[0][1] != ["ann", "example.com"]:
    sys.exit("this has changed")
PY
