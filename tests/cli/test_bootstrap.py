"""What is built for a command: with whose credentials each of many connections is read."""

from pathlib import Path

import pytest

from kbq_tui.cli.bootstrap import build
from kbq_tui.cli.command_options import CliOptions
from kbq_tui.engine.services import Login, SavedConnection

FILES = {
    "ours": "",
    "ours-too": "",
    "theirs": 'credentials = "/keys/theirs.json"\n',
    "theirs-too": 'credentials = "/keys/theirs.json"\n',
    "acting": 'impersonate = "robot@acme-ops.iam.gserviceaccount.com"\n',
}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "config" / "kbq-tui" / "connections"
    folder.mkdir(parents=True)
    for name, more in FILES.items():
        (folder / f"{name}.toml").write_text(f'project = "acme-klaviyo-demo"\n{more}', encoding="utf-8")
    homes = {"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_DATA_HOME": "data"}
    return {"HOME": str(tmp_path), **{variable: str(tmp_path / name) for variable, name in homes.items()}}


def test_connections_share_a_sign_in_where_their_files_say_the_same(env: dict[str, str]) -> None:
    services = build(CliOptions(name="ours"), env).services
    found = {name: services.operator_of(services.store.load(name)) for name in FILES}
    assert found["ours"] is found["ours-too"] is services.sign_in
    assert found["theirs"] is found["theirs-too"]
    assert len({id(sign_in) for sign_in in found.values()}) == 3
    assert services.operator_of(None) is services.sign_in


@pytest.mark.parametrize(
    ("values", "more"),
    [
        ({"credentials": "/keys/mine.json"}, {}),
        ({}, {"GOOGLE_APPLICATION_CREDENTIALS": "/keys/mine.json"}),
    ],
    ids=["typed", "environment"],
)
def test_what_is_typed_or_in_the_environment_counts_for_all(
    env: dict[str, str], values: dict[str, str], more: dict[str, str]
) -> None:
    services = build(CliOptions(name="ours", values=values), {**env, **more}).services
    theirs = services.store.load("theirs")
    assert isinstance(theirs, SavedConnection)
    assert theirs.login == Login(credentials="/keys/theirs.json")
    assert services.operator_of(theirs) is services.sign_in
