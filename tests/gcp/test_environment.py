"""Wrong settings of this machine are found before a call is made, and reported with the variable's name."""

import os
import sys
from pathlib import Path

import certifi
import pytest

from kbq_tui.gcp.credentials import CredentialOptions, CredentialsFileError, find
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.environment import faults, problem_of
from kbq_tui.model.problem import Kind

GOOGLE = Endpoints()
HERE = Endpoints.from_env(
    {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{x}": "http://127.0.0.1:1/" for x in ("BIGQUERY", "CLOUDRESOURCEMANAGER")}
)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"])
def test_a_file_of_certificates_has_to_be_there_and_hold_some(variable: str, tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    os.mkfifo(tmp_path / "pipe")
    for path, words in ((missing, "No such file"), (empty, "no certificate"), (tmp_path / "pipe", "not a file")):
        problem = problem_of({variable: str(path)}, GOOGLE)
        assert problem is not None
        assert problem.kind is Kind.USAGE
        assert variable in str(problem.cause)
        assert str(path) in str(problem.cause)
        assert words in str(problem.cause)
    assert problem_of({variable: certifi.where()}, GOOGLE) is None


def test_requests_reads_the_first_of_its_variables_only(tmp_path: Path) -> None:
    env = {"REQUESTS_CA_BUNDLE": certifi.where(), "CURL_CA_BUNDLE": str(tmp_path / "missing.pem")}
    assert problem_of(env, GOOGLE) is None


def test_an_empty_universe_domain_is_named_also_on_this_machine() -> None:
    for endpoints in (GOOGLE, HERE):
        problem = problem_of({"GOOGLE_CLOUD_UNIVERSE_DOMAIN": ""}, endpoints)
        assert problem is not None
        assert str(problem.cause).startswith("GOOGLE_CLOUD_UNIVERSE_DOMAIN: ")
    assert problem_of({}, GOOGLE) is None


@pytest.mark.parametrize("value", ["", "true", "Always"])
def test_an_mtls_setting_that_the_clients_refuse_is_named_also_on_this_machine(value: str) -> None:
    for endpoints in (GOOGLE, HERE):
        problem = problem_of({"GOOGLE_API_USE_MTLS_ENDPOINT": value}, endpoints)
        assert problem is not None
        assert str(problem.cause).startswith(f"GOOGLE_API_USE_MTLS_ENDPOINT: It is {value!r}")
    assert problem_of({"GOOGLE_API_USE_MTLS_ENDPOINT": "never"}, GOOGLE) is None


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_socks_proxy_needs_a_package(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    env = {variable: "socks5h://user:secret@proxy:1080"}
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    problem = problem_of(env, GOOGLE)
    assert problem is not None
    assert variable in str(problem.cause)
    assert "secret" not in repr(problem)
    assert problem_of(env, HERE) is None, "a sandbox is reached without a proxy"
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    assert faults(env) == []


def test_credentials_that_are_no_file_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(CredentialsFileError, match="is not a file"):
            find(CredentialOptions(credentials_file=str(path)))
