"""Figures from the tests of this folder and of tests/corpus, printed at the end of the run; with xdist, too."""

from collections import Counter, defaultdict

import pytest

FIGURES = "figures"
CORPUS = "corpus"
MATRIX = "fault-matrix"
KILLS = "kill-matrix"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests have put into `record_property`."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, []) if r.when == "call"]
    found = defaultdict(list)
    for report in reports:
        for name, value in report.user_properties:
            found[name].append(value)
    if found[MATRIX]:
        _matrix(terminalreporter, [row for rows in found[MATRIX] for row in rows])
    if found[KILLS]:
        points, journal, left = (sum(row[i] for row in found[KILLS]) for i in range(3))
        terminalreporter.section("kill matrix")
        terminalreporter.write_line(
            f"A fresh apply was killed at {points} points, {journal} at lines of the journal and the others at calls to"
            f" Google. All went on to one set-up with one key; {left} left another key, found and deleted."
        )
    if found[CORPUS]:
        terminalreporter.section("corpus of real errors")
        for line in sorted(found[CORPUS]):
            terminalreporter.write_line(line)
    if found[FIGURES]:
        terminalreporter.section("faults: figures")
        for line in sorted(found[FIGURES]):
            terminalreporter.write_line(line)


def _matrix(reporter: pytest.TerminalReporter, rows: list[list[str]]) -> None:
    """One line for each method: how many of its cells succeeded at once, and the Problems of the others."""
    reporter.section("fault matrix")
    methods, ways = sorted({row[1] for row in rows}), {row[0] for row in rows}
    good = sum(row[3] == "success" for row in rows)
    reporter.write_line(
        f"{len(rows)} cells: {len(methods)} methods x {len(ways)} ways to fail, at the first call of apply, of verify,"
        " of an errand (a search, a deletion, a sign-in), at every call."
    )
    reporter.write_line(f"{good} succeeded after bounded retries, {len(rows) - good} ended in a Problem with a remedy.")
    reporter.write_line(
        "'unrecognised' is one, too: a status without words that are known, shown as it came, with the nearest general"
        " advice; nothing is guessed."
    )
    reporter.write_line("")
    reporter.write_line(f"{'method':45}{'cells':>6}{'success':>9}  Problems")
    for method in methods:
        own = [row[3] for row in rows if row[1] == method]
        counts = Counter(outcome.split(",")[0] for outcome in own if outcome != "success")
        text = ", ".join(f"{n} {code}" for code, n in counts.most_common())
        reporter.write_line(f"{method:45}{len(own):6}{own.count('success'):9}  {text}")
    reporter.write_line("")
    reporter.write_line(f"{'way to fail':25}{'cells':>6}{'success':>9}{'a key left over':>17}")
    for way in dict.fromkeys(row[0] for row in sorted(rows)):
        own = [row[3] for row in rows if row[0] == way]
        over = sum("a key to delete" in outcome for outcome in own)
        reporter.write_line(f"{way:25}{len(own):6}{sum(o.startswith('success') for o in own):9}{over:17}")
