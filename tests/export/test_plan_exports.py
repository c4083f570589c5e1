"""A plan written as a shell script, as SQL and as Terraform."""

import re
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.export.gcloud import to_gcloud
from kbq_tui.export.sql import to_sql
from kbq_tui.export.terraform import hcl_string, to_terraform
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.operations import CreateDataset, CreateKey, GrantProjectRole
from kbq_tui.model.plan import Blocked, Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.refs import DatasetRef, ProjectRef
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import diff
from tests.export.conftest import ACCOUNT, P

from .conftest import EMAIL, MEMBER, ONE_OF_EACH, action, seen

HOSTILE = "x\nrm -rf / #\x1b[2J\u202e`${var.x}\"'"
EVERYTHING = Plan("prod", ONE_OF_EACH, location="EU")
NASTY = Plan(
    "prod",
    (
        replace(ONE_OF_EACH[0], summary=verbatim(HOSTILE)),
        action(GrantProjectRole(HOSTILE, HOSTILE), ProjectRef(P), summary=HOSTILE),
        action(CreateKey(EMAIL, HOSTILE), ACCOUNT, summary=HOSTILE),
    ),
    (Blocked(replace(ONE_OF_EACH[1], summary=verbatim(HOSTILE)), Problem(None, verbatim(HOSTILE), verbatim(HOSTILE))),),
    location="EU",
)

FAKE = """\
#!/bin/sh
printf '%s %s\\n' "$(basename "$0")" "$*" >> calls
case "$*" in
  *"service-accounts describe"*) test -e account ;;
  *"service-accounts create"*) touch account ;;
  *"keys create"*)
    # Refused the first time, as by a Google that has not heard of the account yet.
    if test -e heard; then echo '{}' > klaviyo-data-transfer-user.json; else touch heard; exit 1; fi ;;
esac
"""


@pytest.fixture
def shell(tmp_path: Path) -> Path:
    """A folder with programs that replace gcloud, bq and sleep."""
    for name, text in (("gcloud", FAKE), ("bq", FAKE), ("sleep", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(script: str, folder: Path) -> list[str]:
    (folder / "calls").write_text("")
    subprocess.run(
        ["sh", "-s"], input=script, text=True, check=True, cwd=folder, env={"PATH": f"{folder}:/usr/bin:/bin"}
    )
    return (folder / "calls").read_text().splitlines()


def test_the_script_does_every_change_in_order_and_the_second_time_makes_nothing_anew(plan: Plan, shell: Path) -> None:
    script = to_gcloud(plan)
    first = run(script, shell)
    created = [i for i, call in enumerate(first) if "service-accounts create" in call]
    keys = [i for i, call in enumerate(first) if "keys create" in call]
    grants = [i for i, call in enumerate(first) if "add-iam-policy-binding" in call or "GRANT" in call]
    assert len(created) == 1
    assert len(keys) == 2  # refused once, done once
    assert len(grants) == 4
    assert created[0] < keys[0] < grants[0]
    second = run(script, shell)
    assert not any("service-accounts create" in call or "keys create" in call for call in second)
    assert stat.S_IMODE((shell / "klaviyo-data-transfer-user.json").stat().st_mode) == 0o600


def test_the_script_ends_at_the_first_failure(plan: Plan, shell: Path) -> None:
    (shell / "bq").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        run(to_gcloud(plan), shell)
    assert not any("service-accounts" in line for line in (shell / "calls").read_text().splitlines())


@pytest.mark.parametrize("what", [EVERYTHING, NASTY, Plan("prod", ())])
def test_every_script_is_a_script(what: Plan) -> None:
    script = to_gcloud(what)
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert "\x1b" not in script
    assert "\u202e" not in script


def test_a_hostile_name_runs_nothing(shell: Path) -> None:
    calls = run(to_gcloud(NASTY), shell)
    assert calls == ["gcloud services enable bigquery.googleapis.com --project=acme-prod"]


def test_what_is_in_place_or_blocked_is_said_and_not_done(spec: ConnectionSpec) -> None:
    blocked = diff(spec, seen(spec, Problem(Code.UNEXPECTED, verbatim("Policy unreadable"), verbatim("why"))))
    for write in (to_gcloud, to_sql, to_terraform):
        text = write(blocked)
        assert "API iam.googleapis.com is on" in text
        assert "in place already" in text
        assert "NOT INCLUDED: Grant roles/bigquery.jobUser" in text
        assert "KBQ-UNEXPECTED: Policy unreadable" in text
    assert "add-iam-policy-binding" not in to_gcloud(blocked)
    assert "google_project_iam_member" not in to_terraform(blocked)


def statements(sql: str) -> list[str]:
    return [line for line in sql.splitlines() if line and not line.startswith("--")]


def test_sql_holds_one_statement_for_each_dataset_and_grant(plan: Plan, spec: ConnectionSpec) -> None:
    found = statements(to_sql(plan))
    wishes = spec.datasets()
    assert [s for s in found if s.startswith("CREATE")] == [
        f'CREATE SCHEMA IF NOT EXISTS `{spec.project}.{w.name}` OPTIONS(location="EU");' for w in wishes
    ]
    assert [s for s in found if s.startswith("GRANT")] == [
        f'GRANT `{w.role}` ON SCHEMA `{spec.project}.{w.name}` TO "{spec.member}";' for w in wishes
    ]
    assert len(found) == 2 * len(wishes)
    for statement in found[: len(wishes)]:
        assert len(sqlglot.parse(statement, read="bigquery")) == 1
    assert "gcloud iam service-accounts create" in to_sql(plan)


def test_hostile_text_stays_in_comments_of_sql_and_terraform() -> None:
    assert statements(to_sql(NASTY)) == []
    text = to_terraform(NASTY)
    assert not any(line.startswith("rm ") for line in text.splitlines())
    assert "\x1b" not in text


def test_terraform_adds_members_and_never_replaces_a_policy(plan: Plan) -> None:
    text = to_terraform(plan)
    kinds = re.findall(r'^resource "(\w+)"', text, re.MULTILINE)
    assert set(kinds) == {
        "google_project_service",
        "google_bigquery_dataset",
        "google_service_account",
        "google_project_iam_member",
        "google_bigquery_dataset_iam_member",
    }
    assert "google_service_account_key would put the private key into the state file" in text
    assert "member     = google_service_account.klaviyo.member" in text
    assert "google_bigquery_dataset.klaviyo_tmp.dataset_id" in text


def test_datasets_that_differ_only_in_case_get_different_names() -> None:
    create = ONE_OF_EACH[1]
    assert isinstance(create.op, CreateDataset)
    op = replace(create.op, dataset="klaviyo_tmp")
    twin = replace(create, op=op, key=replace(create.key, ref=DatasetRef(P, "klaviyo_tmp")))
    names = re.findall(r'^resource "google_bigquery_dataset" "(\w+)"', to_terraform(Plan("p", (create, twin))), re.M)
    assert names == ["klaviyo_tmp", "klaviyo_tmp_2"]


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_itself_reads_every_configuration_and_finds_it_well_formed(plan: Plan) -> None:
    for what in (plan, EVERYTHING, NASTY):
        done = subprocess.run(
            ["terraform", "fmt", "-check", "-diff", "-"], input=to_terraform(what), text=True, capture_output=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@given(st.text())
def test_an_hcl_string_is_one_line_without_interpolation(value: str) -> None:
    quoted = hcl_string(value)
    assert quoted.isprintable()
    inner = quoted[1:-1]
    assert not re.search(r'(?<!\\)(?:\\\\)*"', inner)
    assert not re.search(r"(?<!\$)(?:\$\$)*\$\{", inner.replace("$${", ""))


def test_the_grants_go_to_the_account_by_name_when_it_is_there_already() -> None:
    text = to_terraform(Plan("prod", ONE_OF_EACH[4:6], location="EU"))
    assert f'member  = "{MEMBER}"' in text
    assert 'dataset_id = "KLAVIYO_TMP"' in text
