"""The installed gcloud against the sandbox, unmodified, with only the environment file."""

import json
import os
import shutil
import subprocess

import pytest

from kbq_tui.cli.click_app import main
from kbq_tui.cli.commands.permissions.body import permissions_of
from tests.support import warm
from tests.support.polling import PATIENCE

GCLOUD = shutil.which("gcloud")
pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(GCLOUD is None, reason="LEFT OUT: gcloud is not installed, so nothing here was tried with it"),
]
P = "acme-klaviyo-demo"
ACCOUNT = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"


class Tool:
    def __init__(self, sandbox):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSDK_", "GOOGLE_", "KBQ_"))}
        self.env = keep | sandbox.env() | warm.for_sdk()

    def __call__(self, *arguments, fails=False):
        command = [GCLOUD, *arguments]
        done = subprocess.run(
            command, env=self.env, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL
        )
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails else done.stdout

    def json(self, *arguments):
        return json.loads(self(*arguments, "--format=json"))


@pytest.fixture
def gcloud(sandbox):
    return Tool(sandbox)


def test_projects(gcloud):
    assert {p["projectId"] for p in gcloud.json("projects", "list")} == {P, "acme-analytics"}
    assert gcloud.json("projects", "describe", P)["lifecycleState"] == "ACTIVE"
    assert "does not have permission" in gcloud("projects", "describe", "no-such-project", fails=True)


def test_service_accounts_and_keys(gcloud, sandbox, tmp_path):
    gcloud(
        "iam", "service-accounts", "create", "klaviyo-data-transfer-user", "--display-name=KLAVIYO_DATA_TRANSFER_USER"
    )
    (listed,) = gcloud.json("iam", "service-accounts", "list")
    assert listed["email"] == ACCOUNT
    assert gcloud.json("iam", "service-accounts", "describe", ACCOUNT)["displayName"] == "KLAVIYO_DATA_TRANSFER_USER"
    path = tmp_path / "key.json"
    gcloud("iam", "service-accounts", "keys", "create", str(path), f"--iam-account={ACCOUNT}")
    assert json.loads(path.read_text())["client_email"] == ACCOUNT
    keys = ("iam", "service-accounts", "keys")
    (key,) = gcloud.json(*keys, "list", f"--iam-account={ACCOUNT}", "--managed-by=user")
    gcloud(*keys, "delete", key["name"].rpartition("/")[2], f"--iam-account={ACCOUNT}")
    assert gcloud.json(*keys, "list", f"--iam-account={ACCOUNT}", "--managed-by=user") == []
    gcloud("iam", "service-accounts", "delete", ACCOUNT)
    assert gcloud.json("iam", "service-accounts", "list") == []


def test_the_project_policy(gcloud, sandbox):
    gcloud("iam", "service-accounts", "create", "klaviyo-data-transfer-user")
    member = f"serviceAccount:{ACCOUNT}"
    add = ("projects", "add-iam-policy-binding", P, f"--member={member}", "--role=roles/bigquery.jobUser")
    gcloud(*add, "--condition=None")
    bindings = gcloud.json("projects", "get-iam-policy", P)["bindings"]
    assert {"role": "roles/bigquery.jobUser", "members": [member]} in bindings
    assert any("condition" in b for b in bindings)  # another team's conditional binding was not changed
    ghost = ("projects", "add-iam-policy-binding", P, f"--member=serviceAccount:ghost@{P}.iam.gserviceaccount.com")
    assert "does not exist" in gcloud(*ghost, "--role=roles/viewer", "--condition=None", fails=True)


def test_services(gcloud):
    enabled = gcloud.json("services", "list", "--enabled")
    assert "bigquery.googleapis.com" in {s["config"]["name"] for s in enabled}
    gcloud("services", "enable", "secretmanager.googleapis.com")
    enabled = gcloud.json("services", "list", "--enabled")
    assert "secretmanager.googleapis.com" in {s["config"]["name"] for s in enabled}


def test_policies_and_billing(gcloud):
    policy = gcloud.json(
        "org-policies", "describe", "iam.disableServiceAccountKeyCreation", "--effective", f"--project={P}"
    )
    assert policy["spec"]["rules"] == [{"enforce": False}]
    assert gcloud.json("billing", "projects", "describe", P)["billingEnabled"] is True


def test_the_articles_own_mistakes_fail_as_at_google(gcloud):
    refused = gcloud("iam", "service-accounts", "create", "KLAVIYO_DATA_TRANSFER_USER", fails=True)
    assert "INVALID_ARGUMENT" in refused
    command = (
        "projects",
        "add-iam-policy-binding",
        P,
        "--member=user:a@acme.example",
        "--role=roles/bigquery.dataEditor",
    )
    assert "unrecognized arguments: --dataset" in gcloud(*command, "--dataset=KLAVIYO_TMP", fails=True)


def test_a_blocked_key_says_which_constraint(start):
    gcloud = Tool(start("key-creation-blocked"))
    gcloud("iam", "service-accounts", "create", "klaviyo-data-transfer-user")
    refused = gcloud("iam", "service-accounts", "keys", "create", "/dev/null", f"--iam-account={ACCOUNT}", fails=True)
    assert "Key creation is not allowed on this service account" in refused
    assert "constraints/iam.disableServiceAccountKeyCreation" in refused


def test_an_access_token(gcloud, sandbox):
    assert gcloud("auth", "print-access-token").strip().startswith("ya29.")
    assert {c.status for c in sandbox.world.calls} == {200}  # gcloud asks for an identity token first


def test_an_administrator_lifts_and_restores_a_policy(start, tmp_path):
    sandbox = start("key-creation-blocked")
    member = f"serviceAccount:{sandbox.operator}"
    sandbox.world.projects[P].policy.bindings.append({"role": "roles/orgpolicy.policyAdmin", "members": [member]})
    gcloud = Tool(sandbox)
    constraint = "iam.disableServiceAccountKeyCreation"
    path = tmp_path / "policy.yaml"
    path.write_text(f"name: projects/{P}/policies/{constraint}\nspec:\n  rules:\n  - enforce: false\n")
    gcloud("org-policies", "set-policy", str(path))
    effective = ("org-policies", "describe", constraint, f"--project={P}", "--effective")
    assert gcloud.json(*effective)["spec"]["rules"] == [{"enforce": False}]
    assert "unknown" not in {c.method for c in sandbox.world.calls}
    gcloud("org-policies", "delete", constraint, f"--project={P}")
    assert gcloud.json(*effective)["spec"]["rules"] == [{"enforce": True}]


def test_gcloud_makes_a_role_of_the_file_that_permissions_prints(gcloud, sandbox, tmp_path, capsys):
    for command in ("apply", "key rotate", "status"):
        with pytest.raises(SystemExit) as left:
            main(("permissions", *command.split(), "--format", "yaml"))
        assert left.value.code == 0
        printed = capsys.readouterr()
        path = tmp_path / "role.yaml"
        path.write_text(printed.out)
        (shown,) = (line for line in printed.err.splitlines() if "gcloud iam roles create" in line)
        role_id = shown.split("create ")[1].split()[0]
        made = gcloud.json("iam", "roles", "create", role_id, f"--project={P}", f"--file={path}")
        assert made["name"] == f"projects/{P}/roles/{role_id}"
        assert made["title"] == f"kbq-tui {command}"
        assert sandbox.world.projects[P].roles[role_id] == frozenset(permissions_of([command]))
