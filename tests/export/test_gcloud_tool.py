"""The exported script, run by the installed gcloud and bq against the sandbox."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kbq_tui.export.gcloud import to_gcloud
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import diff
from kbq_tui.sandbox.server import Sandbox
from tests.support import warm
from tests.support.polling import PATIENCE

from .conftest import seen

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(
        not (shutil.which("gcloud") and shutil.which("bq")),
        reason="LEFT OUT: gcloud and bq are not installed here, so nothing shows that the exported script works",
    ),
]


def test_the_script_sets_everything_up_and_twice_is_once(tmp_path: Path) -> None:
    with Sandbox("fresh") as sandbox:
        env = {**os.environ, **sandbox.env(), "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"), "HOME": str(tmp_path)}
        env |= {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1", **warm.for_sdk()}
        if "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE" not in env:
            env["CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"] = env["GOOGLE_APPLICATION_CREDENTIALS"]
        spec = ConnectionSpec(env["GOOGLE_CLOUD_PROJECT"], location="EU")
        script = to_gcloud(diff(spec, seen(spec)))

        def run() -> None:
            done = subprocess.run(
                ["sh", "-s"], input=script, text=True, capture_output=True, cwd=tmp_path, env=env, timeout=5 * PATIENCE
            )
            assert done.returncode == 0, done.stdout + done.stderr

        run()
        key = (tmp_path / f"{spec.account_id}.json").read_bytes()
        assert spec.account_email.encode() in key
        run()
        assert (tmp_path / f"{spec.account_id}.json").read_bytes() == key
        world = sandbox.world
        assert ("roles/bigquery.jobUser", spec.member) in world.projects[spec.project].policy.pairs()
        account = world.account(spec.account_email)
        assert account is not None
        assert len(account.keys) == 1
        for wish in spec.datasets():
            made = world.dataset(spec.project, wish.name)
            assert made is not None
            assert made.location == "EU"
            assert any(entry.get("userByEmail") == spec.account_email for entry in made.access)
