"""The installed `bq`, unmodified, against the sandbox."""

import os
import shutil
import subprocess

import pytest

from kbq_tui.sandbox.server import Sandbox
from tests.support import warm
from tests.support.polling import PATIENCE

P = "acme-klaviyo-demo"
BQ = shutil.which("bq") or "/usr/bin/bq"

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(
        not os.access(BQ, os.X_OK),
        reason="LEFT OUT: `bq` is not installed here, so nothing shows that it works with the sandbox",
    ),
]


@pytest.fixture(scope="module")
def bq():
    """Run `bq` with the sandbox's environment; returns its exit code and everything it printed, as one line."""
    with Sandbox("fresh") as sandbox:
        env = {**os.environ, **sandbox.env(), **warm.for_sdk()}

        def run(*words):
            done = subprocess.run(
                [BQ, *words], env=env, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL
            )
            return done.returncode, " ".join((done.stdout + done.stderr).split())

        yield run


QUERY = ("query", "--use_legacy_sql=false")


def test_bq_creates_reads_and_deletes(bq):
    """One test, because each call of the tool takes seconds and the calls build on each other."""
    tmp = f"{P}:KLAVIYO_TMP"
    for words, code, text in [
        (("mk", "--dataset", "--location=EU", tmp), 0, f"Dataset '{tmp}' successfully created."),
        (("ls",), 0, "KLAVIYO_TMP"),
        (("show", tmp), 0, "operator@kbq-sandbox-ops.iam.gserviceaccount.com, projectOwners Writers:"),
        ((*QUERY, "SELECT 40 + 2 AS answer"), 0, "42"),
        ((*QUERY, f"CREATE TABLE `{P}.KLAVIYO_TMP.t` (id INT64)"), 0, f"Created {P}.KLAVIYO_TMP.t"),
        ((*QUERY, "INSERT INTO KLAVIYO_TMP.t VALUES (4711)"), 0, "Number of affected rows: 1"),
        (("head", "KLAVIYO_TMP.t"), 0, "4711"),
        # as in the article, with its flags
        ((f"--project_id={P}", "--dataset_id=KLAVIYO_TMP", *QUERY, "SELECT COUNT(*) FROM t LIMIT 1"), 0, "| 1 |"),
        ((*QUERY, "SELEC 1"), 1, 'Syntax error: Unexpected identifier "SELEC" at [1:1]'),
        (("update", "--default_table_expiration", "3600", tmp), 0, "successfully updated"),
        (("show", "--format=json", tmp), 0, '"defaultTableExpirationMs":"3600000"'),
        (("update", "--default_table_expiration", "0", tmp), 0, "successfully updated"),
        (("rm", "-d", "-f", tmp), 1, "is still in use"),
        (("rm", "-r", "-d", "-f", tmp), 0, ""),
        (("show", tmp), 2, "Not found: Dataset"),
    ]:
        found = bq(*words)
        assert found[0] == code, (words, found)
        assert text in found[1].replace("acme- klaviyo", "acme-klaviyo"), (words, found)
