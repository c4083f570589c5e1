"""Which value of a setting is used: the option's, the environment's, the file's, gcloud's or the default."""

from pathlib import Path

import pytest

from kbq_tui.i18n.messages import message
from kbq_tui.local.connection_values import Connection
from kbq_tui.local.gcloud_settings import GcloudSettings, read_gcloud
from kbq_tui.local.settings_resolution import ResolvedSetting, resolve_settings
from kbq_tui.model.spec import ConnectionSpec

FILE = Connection(ConnectionSpec("from-file", location="EU"), credentials="/file.json")
GCLOUD = GcloudSettings("work", project="from-gcloud", quota_project="quota-gcloud")


def test_typed_goes_before_environment_before_file_before_gcloud_before_default() -> None:
    typed = {"project": "typed-one"}
    env = {"GOOGLE_CLOUD_PROJECT": "from-env", "GOOGLE_APPLICATION_CREDENTIALS": "/env.json"}
    assert resolve_settings(typed, env, FILE, GCLOUD)["project"] == ResolvedSetting("typed-one", "--project")
    assert resolve_settings({"project": None}, env, FILE, GCLOUD)["project"] == ResolvedSetting(
        "from-env", "GOOGLE_CLOUD_PROJECT"
    )
    empty = {"GOOGLE_CLOUD_PROJECT": ""}
    assert resolve_settings({}, empty, FILE, GCLOUD)["project"] == ResolvedSetting(
        "from-file", message("connection file")
    )
    assert resolve_settings({}, {}, None, GCLOUD)["project"] == ResolvedSetting(
        "from-gcloud", message("gcloud configuration {name}", name="work")
    )
    assert "project" not in resolve_settings({}, {})
    assert resolve_settings({}, env, FILE)["credentials"].value == "/env.json"
    assert resolve_settings({}, {}, FILE)["location"] == ResolvedSetting("EU", message("connection file"))
    assert resolve_settings({}, {}, FILE)["import_dataset"].source == message("default")
    assert resolve_settings({"key_file": "/k"}, {}, FILE)["key_file"].source == "--key-file"


@pytest.fixture
def gcloud(tmp_path: Path) -> Path:
    folder = tmp_path / ".config" / "gcloud"
    (folder / "configurations").mkdir(parents=True)
    (folder / "configurations" / "config_default").write_text("[core]\nproject = acme-default\naccount = me@acme.com\n")
    (folder / "configurations" / "config_work").write_text(
        "[core]\nproject = acme-work\n[billing]\nquota_project = acme-quota\n"
        "[auth]\nimpersonate_service_account = sa@acme-work.iam.gserviceaccount.com\n"
    )
    return folder


def test_gcloud_settings_come_from_the_active_configuration(gcloud: Path, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert read_gcloud(home).project == "acme-default"
    assert read_gcloud(home).account == "me@acme.com"
    (gcloud / "active_config").write_text("work\n")
    work = read_gcloud(home)
    assert (work.configuration, work.project, work.quota_project) == ("work", "acme-work", "acme-quota")
    assert work.impersonate == "sa@acme-work.iam.gserviceaccount.com"
    assert read_gcloud({"CLOUDSDK_CONFIG": str(gcloud)}).project == "acme-work"
    assert read_gcloud(home | {"CLOUDSDK_ACTIVE_CONFIG_NAME": "default"}).project == "acme-default"
    assert read_gcloud(home | {"CLOUDSDK_CORE_PROJECT": "acme-env"}).project == "acme-env"


@pytest.mark.parametrize("content", ["[core\nproject=x", "\x00\xff", "[core]\nproject = 123456\n", "[core]\nproject\n"])
def test_settings_that_make_no_sense_are_no_settings(content: str, gcloud: Path, tmp_path: Path) -> None:
    (gcloud / "configurations" / "config_default").write_text(content)
    assert read_gcloud({"HOME": str(tmp_path)}).project is None


def test_a_configuration_s_name_leads_nowhere_else(gcloud: Path, tmp_path: Path) -> None:
    (tmp_path / "config_x").write_text("[core]\nproject = acme-evil\n")
    (gcloud / "active_config").write_text("../../../config_x")
    assert read_gcloud({"HOME": str(tmp_path)}) == GcloudSettings("default")
    assert read_gcloud({}) == GcloudSettings("default")
