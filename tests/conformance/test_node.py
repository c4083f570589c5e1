"""Google's client for Node, unmodified, from npm's cache; if it is not in there, nothing is fetched."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.polling import PATIENCE

PACKAGE = "@google-cloud/bigquery@8.3.1"
CALLS = Path(__file__).with_name("calls.js")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client in it."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("LEFT OUT: npm or node is not there, so Google's client for Node was not tried")
    folder = tmp_path_factory.mktemp("node")
    arguments = [npm, "install", "--offline", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
    made = subprocess.run(arguments, check=False, capture_output=True, timeout=PATIENCE)
    if made.returncode:
        pytest.skip(f"LEFT OUT: npm's cache has no {PACKAGE}: fill it by `npm install {PACKAGE}` in any folder")
    return folder


def test_the_client_for_node(modules, sandbox, client):
    next(iter(client.list_datasets()), None)
    shutil.copy(CALLS, modules)
    arguments = ["node", "calls.js", sandbox.url, sandbox.project, client._credentials.token]
    made = subprocess.run(arguments, check=False, capture_output=True, text=True, cwd=modules, timeout=PATIENCE)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout) == {
        "rows": [{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": []}],
        "found": [{"id": 2}],
        "page": [{"x": 1}],
        "more": True,
        "dryBytes": "16",
        "described": ["changed", {"team": "data"}],
        "listed": True,
        "missing": [404, "notFound"],
        "wrong": [400, "invalidQuery"],
        "twice": [409, "duplicate"],
        "gone": False,
    }
