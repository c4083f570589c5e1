"""Where credentials come from, where they may be sent, and that they are shown nowhere."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import DefaultCredentialsError, RefreshError

from kbq_tui.gcp import credentials
from kbq_tui.gcp.cloud import GoogleCloud
from kbq_tui.gcp.credentials import CredentialOptions, CredentialsFileError, find, from_key, gcloud_available
from kbq_tui.gcp.errors import judge
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Kind
from kbq_tui.model.secret import Secret
from kbq_tui.sandbox.server import Sandbox
from tests.gcp.conftest import Play, problem

USER = {
    "type": "authorized_user",
    "client_id": "1.apps.googleusercontent.com",
    "client_secret": "sesame-sesame",
    "refresh_token": "1//refresh-me",
    "quota_project_id": "quota-in-file",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment without any credentials, on a machine that is not Google's."""
    monkeypatch.setattr(credentials, "_at_google", lambda env: False)
    return {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}


def write(path: Path, content: object) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def fake_gcloud(home: dict[str, str], script: str) -> None:
    program = Path(home["PATH"]) / "gcloud"
    write(program, "#!/bin/sh\n" + script)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    write(Path(home["HOME"]) / ".config/gcloud/credentials.db", "")


@pytest.fixture(scope="module")
def key_file() -> Any:
    with Sandbox("fresh") as sandbox:
        yield json.loads(sandbox.key_file.read_text())


def test_without_any_credentials_the_operator_is_told_how_to_sign_in(home: dict[str, str]) -> None:
    with pytest.raises(DefaultCredentialsError) as caught:
        find(CredentialOptions(env=home))
    found = judge(caught.value, "find", Context()).problem
    assert found.code == "KBQ-NO-CREDENTIALS"
    assert found.kind is Kind.CREDENTIALS


def test_the_file_the_operator_names_goes_before_the_environment(home: dict, tmp_path: Path, key_file: dict) -> None:
    named = write(tmp_path / "named.json", key_file)
    other = write(tmp_path / "other.json", {**key_file, "client_email": "other@p.iam.gserviceaccount.com"})
    found = find(CredentialOptions(named, env={**home, "GOOGLE_APPLICATION_CREDENTIALS": other}))
    assert found.identity.principal == key_file["client_email"]
    assert str(found.identity.source) == f"service account key {named}"
    found = find(CredentialOptions(env={**home, "GOOGLE_APPLICATION_CREDENTIALS": other}))
    assert found.identity.principal == "other@p.iam.gserviceaccount.com"


@pytest.mark.parametrize("variable", ["HOME", "CLOUDSDK_CONFIG"])
def test_gclouds_application_default_login_is_found(home: dict, tmp_path: Path, variable: str) -> None:
    folder = tmp_path / ".config/gcloud" if variable == "HOME" else tmp_path / "elsewhere"
    write(folder / "application_default_credentials.json", USER)
    env = home if variable == "HOME" else {**home, "CLOUDSDK_CONFIG": str(folder)}
    found = find(CredentialOptions(env=env))
    assert str(found.identity.source) == "gcloud application default login"
    assert found.identity.principal == ""
    assert found.identity.quota_project == "quota-in-file"


def test_a_login_that_cannot_be_looked_at_is_told_and_no_other_taken_for_it(home: dict[str, str]) -> None:
    """With an error that root meets too; a folder without permissions is the usual one."""
    fake_gcloud(home, "echo another-account")
    unreadable = home | {"CLOUDSDK_CONFIG": "/" + "x" * 5_000}
    with pytest.raises(
        CredentialsFileError, match=r"application_default_credentials\.json cannot be read: File name too"
    ):
        find(CredentialOptions(env=unreadable, allow_gcloud=True))


def test_the_quota_project_that_is_named_wins(home: dict, tmp_path: Path) -> None:
    file = write(tmp_path / "adc.json", USER)
    env = {**home, "GOOGLE_CLOUD_QUOTA_PROJECT": "from-env"}
    assert find(CredentialOptions(file, env=env)).identity.quota_project == "from-env"
    options = CredentialOptions(file, quota_project="typed", env=env)
    assert find(options).identity.quota_project == "typed"


@pytest.mark.parametrize(
    "content",
    [None, "", "not json", "[]", "{}", '{"type": "service_account"}', '{"type": "x"}', "[" * 100_000, "x" * 2_000_000],
    ids=["missing", "empty", "text", "list", "no type", "no key", "unknown", "deep", "huge"],
)
def test_a_file_that_is_no_credentials_file_is_said_to_be_so(home: dict, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "broken.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises((CredentialsFileError, DefaultCredentialsError)) as caught:
        find(CredentialOptions(str(path), env=home))
    assert judge(caught.value, "find", Context()).problem.kind is Kind.CREDENTIALS


def test_a_damaged_key_is_not_quoted(home: dict, tmp_path: Path, key_file: dict) -> None:
    whole = json.dumps(key_file)
    middle = key_file["private_key"].splitlines()[5]
    broken = {**key_file, "private_key": key_file["private_key"].replace("-----END", "-----ENDE")}
    for content in (whole[:-20], whole.replace('"private_key": "', '"private_key": '), json.dumps(broken)):
        file = write(tmp_path / "key.json", content)
        with pytest.raises(CredentialsFileError) as caught:
            find(CredentialOptions(file, env=home))
        text = str(caught.value) + repr(judge(caught.value, "find", Context()))
        assert middle not in text
        with pytest.raises(CredentialsFileError) as caught:
            from_key(Secret(content))
        assert middle not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{}", "[]", "no", json.dumps(USER), '{"type": "service_account"}'])
def test_what_is_not_a_key_is_not_taken_for_one(content: str) -> None:
    with pytest.raises(CredentialsFileError) as caught:
        from_key(Secret(content))
    found = judge(caught.value, "oauth2.token", Context()).problem
    assert found.code == "KBQ-KEY-FILE-INVALID"
    assert "REASON" not in str(found.cause)
    assert "sesame" not in repr(found)


def test_found_credentials_do_not_show_in_a_repr(home: dict, tmp_path: Path) -> None:
    found = find(CredentialOptions(write(tmp_path / "adc.json", USER), env=home))
    assert "sesame" not in repr(found)
    assert "refresh-me" not in repr(found)


def test_gclouds_own_login_is_used_only_when_agreed_and_nothing_else_is_there(home: dict, tmp_path: Path) -> None:
    fake_gcloud(home, 'echo "$*" >&2; echo ya29.token-of-gcloud')
    assert gcloud_available(home)
    with pytest.raises(DefaultCredentialsError):
        find(CredentialOptions(env=home))
    found = find(CredentialOptions(allow_gcloud=True, env=home))
    found.credentials.refresh(None)
    assert found.credentials.token == "ya29.token-of-gcloud"
    assert found.credentials.valid
    file = write(tmp_path / "adc.json", USER)
    found = find(CredentialOptions(file, allow_gcloud=True, env=home))
    assert str(found.identity.source) != "gcloud's own login"


def test_gcloud_without_a_login_is_not_available(home: dict) -> None:
    assert not gcloud_available(home)
    fake_gcloud(home, "echo never")
    (Path(home["HOME"]) / ".config/gcloud/credentials.db").unlink()
    assert not gcloud_available(home)


def test_what_gcloud_says_when_the_login_has_expired_is_recognised(home: dict) -> None:
    fake_gcloud(
        home,
        "echo 'ERROR: (gcloud.auth.print-access-token) Reauthentication is needed. "
        "Please run gcloud auth login to reauthenticate.' >&2; exit 1",
    )
    found = find(CredentialOptions(allow_gcloud=True, env=home))
    with pytest.raises(RefreshError) as caught:
        found.credentials.refresh(None)
    assert judge(caught.value, "oauth2.token", Context()).problem.code == "KBQ-LOGIN-EXPIRED"


async def test_a_key_file_that_names_a_foreign_token_address_gets_no_signature(play: Play, tmp_path: Path) -> None:
    async with play() as ground:
        info = json.loads(ground.sandbox.key_file.read_text())
        for address in ("https://oauth2.googleapis.com.evil.example/token", "http://token.example/"):
            file = write(tmp_path / "key.json", {**info, "token_uri": address})
            cloud = GoogleCloud.for_operator(CredentialOptions(file, env={}), ground.endpoints, 5)
            with problem(Code.ENDPOINT_REFUSED) as found:
                await cloud.project(ground.project)
            assert "example" in str(found[0].cause)
        assert ground.sandbox.world.calls == []


async def test_acting_as_another_account(play: Play) -> None:
    async with play() as ground:
        await ground.key()
        account = ground.sandbox.world.account(ground.email)
        options = CredentialOptions(impersonate=ground.email, env=ground.sandbox.env())
        cloud = GoogleCloud.for_operator(options, ground.endpoints, 5)
        identity = await cloud.identity()
        assert identity.principal == ground.email
        assert ground.sandbox.operator in str(identity.source)
        with problem() as found:
            await cloud.authenticate()
        assert found[0].kind in (Kind.CREDENTIALS, Kind.NOT_PERMITTED)
        role = {
            "role": "roles/iam.serviceAccountTokenCreator",
            "members": [f"serviceAccount:{ground.sandbox.operator}"],
        }
        assert account is not None
        account.policy.bindings.append(role)
        with problem() as found:
            await cloud.project(ground.project)
        assert found[0].kind is Kind.NOT_PERMITTED
        assert ground.sandbox.world.calls[-1].principal == ground.email
        await cloud.close()


async def test_a_file_of_an_impersonated_account_keeps_to_the_overrides(play: Play, tmp_path: Path) -> None:
    """It has Google's own addresses, and so does the library for the login in it."""
    async with play() as ground:
        await ground.key()
        account = ground.sandbox.world.account(ground.email)
        role = {
            "role": "roles/iam.serviceAccountTokenCreator",
            "members": [f"serviceAccount:{ground.sandbox.operator}"],
        }
        assert account is not None
        account.policy.bindings.append(role)
        own = json.loads(Path(ground.sandbox.env()["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
        google = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
        file = write(
            tmp_path / "impersonated.json",
            {
                "type": "impersonated_service_account",
                "source_credentials": {**own, "token_uri": "https://oauth2.googleapis.com/token"},
                "service_account_impersonation_url": f"{google}/{ground.email}:generateAccessToken",
            },
        )
        cloud = GoogleCloud.for_operator(CredentialOptions(file, env={}), ground.endpoints, 5)
        try:
            with problem() as found:
                await cloud.project(ground.project)
        finally:
            Path(file).unlink()  # it contains the key, but is not a key file
        assert found[0].kind is Kind.NOT_PERMITTED
        assert ground.sandbox.world.calls[-1].principal == ground.email
        await cloud.close()
