"""Every scenario with `kbq-tui demo` without a terminal: how it ends, and that it ends with a message."""

import os
import subprocess
from pathlib import Path

import pytest

from kbq_tui.sandbox.keys import PAIR
from kbq_tui.sandbox.scenario import names
from tests.support import canary, warm
from tests.support.polling import PATIENCE

ENDS = {
    "account-creation-blocked": (4, "iam.managed.disableServiceAccountCreation"),
    "busy-policy": (0, "Verified"),
    "owner-only": (6, "roles/bigquery.metadataViewer"),
    "apis-off": (0, "Verified"),
    "captive-portal": (5, "remedy"),
    "cmek": (6, "KBQ-CMEK-KEY"),
    "eventual": (0, "Verified"),
    "fine-grained-acls": (4, "KBQ-ACCESS-LIST-DENIED"),
    "concurrent-editor": (0, "Verified"),
    "expiring": (6, "KBQ-TABLES-EXPIRE"),
    "existing": (0, "Everything is in place already."),
    "flaky": (0, "Verified"),
    "foreign-table": (6, "the account has access to: payroll.salaries"),
    "fresh": (0, "Verified"),
    "hostile-text": (0, "Verified"),
    "key-creation-blocked": (4, "iam.disableServiceAccountKeyCreation"),
    "klaviyo-changes-over": (0, "Everything is in place already."),
    "klaviyo-never-changes": (0, "Everything is in place already."),
    "large": (0, "Verified"),
    "location-forbidden": (4, "KBQ-LOCATION-FORBIDDEN"),
    "log-not-readable": (0, "Everything is in place already."),
    "lost-answers": (5, "kbq-tui key delete"),
    "no-billing": (6, "KBQ-BILLING-OFF"),
    "no-permission": (4, "bigquery.datasets.create"),
    "old-key-still-used": (0, "Everything is in place already."),
    "over-granted": (6, "KBQ-OVER-GRANT"),
    "partial": (0, "in EU"),
    "public": (6, "KBQ-PUBLIC-DATASET"),
    "row-policies": (6, "KBQ-ROW-POLICY"),
    "skewed-clock": (3, "KBQ-CLOCK-SKEW"),
    "slow-propagation": (0, "waiting"),
    "source-bad": (6, "cannot be read"),
    "source-good": (0, "Everything is in place already."),
    "sync-failing": (0, "Verified"),
    "sync-healthy": (0, "Everything is in place already."),
    "sync-silent": (0, "Everything is in place already."),
    "table-grant": (6, "the account can change: orders"),
    "ten-keys": (1, "KBQ-TOO-MANY-KEYS"),
    "tombstones": (0, "Remove the dead access entry"),
    "unreadable-tables": (6, "cannot be read"),
    "vpc-sc": (4, "kbqDemo_4f1-Zq7R2s9T"),
}


# reading each of the 3,000 tables of `source-large` takes a minute: its test is tests/sandbox/test_scenarios.py's
@pytest.mark.parametrize("scenario", [name for name in names() if name != "source-large"])
def test_a_scenario_ends_as_it_should_and_in_words(scenario: str, tmp_path: Path) -> None:
    status, words = ENDS[scenario]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", PAIR: str(canary.path())}
    run = subprocess.run(
        [warm.python(), "-m", "kbq_tui", "demo", "--scenario", scenario],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    said = run.stdout + run.stderr
    assert run.returncode == status, said
    assert words in said
    assert "Traceback" not in said
    assert "\x1b" not in said
    canary.none_in(said, f"what the demo of {scenario} printed")
    if status == 0:
        assert run.stdout.startswith("Project ID")
