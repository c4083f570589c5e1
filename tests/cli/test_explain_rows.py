"""`kbq-tui explain` for every row of Google's errors."""

import pytest
from click.testing import CliRunner

from kbq_tui.cli.click_app import cli
from tests.diagnosis.google_says import SAID, Said
from tests.support.outputs import output


def test_a_code_that_does_not_exist_is_refused_and_near_ones_are_named() -> None:
    ran = CliRunner().invoke(cli, ["explain", "kbq-key-in-gitt"])
    assert ran.exit_code == 2
    assert "There is no problem KBQ-KEY-IN-GITT. See KBQ-KEY-IN-GIT" in ran.output
    far = CliRunner().invoke(cli, ["explain", "KBQ-0"])
    assert far.exit_code == 2
    assert "kbq-tui explain --list" in far.output


@pytest.mark.parametrize("said", SAID, ids=lambda s: s.row)
def test_explain_names_cause_remedy_and_who(said: Said, tmp_path, monkeypatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    ran = CliRunner().invoke(cli, ["explain", "--json", "-"], input=said.message)
    assert ran.exit_code == 0, ran.output
    body = output(ran.stdout)
    assert body["schema"] == "kbq-tui/explain/v1"
    assert body["remedy"]
    assert body["link"].startswith("https://")
    assert body["wait"] >= 0
    if not said.violation and not said.info:  # the text alone is enough
        assert body["code"] == said.code
        assert body["who"]
    plain = CliRunner().invoke(cli, ["explain", "-"], input=said.message)
    assert plain.exit_code == 0
    assert body["title"] in plain.stdout
