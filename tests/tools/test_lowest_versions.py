"""The lowest declared versions, as constraints for the weekly run."""

import subprocess
import sys

import pytest

from tests.tools.lowest_versions import ROOT, lowest


@pytest.mark.parametrize(
    ("requirement", "constraint"),
    [
        ("click>=8.1", "click==8.1"),
        ("textual>=8.2.8,<9", "textual==8.2.8"),
        ("google-auth[requests]>=2.40", "google-auth==2.40"),
    ],
)
def test_a_requirement_is_held_at_its_lower_bound(requirement: str, constraint: str) -> None:
    assert list(lowest([requirement])) == [constraint]


def test_a_requirement_without_a_lower_bound_is_an_error() -> None:
    with pytest.raises(ValueError, match="rich"):
        list(lowest(["rich"]))


def test_each_dependency_is_printed_once_and_what_only_tests_stays_pinned() -> None:
    command = [sys.executable, str(ROOT / "tests/tools/lowest_versions.py")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    names = [line.partition("==")[0] for line in printed]
    assert len(names) == len(set(names))
    assert {"textual", "google-cloud-bigquery", "grpcio", "pytest"} <= set(names)
    pinned = set((ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    assert [line for line in printed if line.startswith("pytest==")] == [line for line in pinned if "pytest==" in line]
