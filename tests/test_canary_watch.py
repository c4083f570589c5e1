"""The checks of the whole suite find what they are for."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kbq_tui.sandbox.keys import PAIR, generate, pem_of
from kbq_tui.sandbox.server import Sandbox
from tests.conftest import pytest_configure_node, shows_a_key, strays, take_key
from tests.support import canary
from tests.support.pty import Terminal
from tests.support.sandbox import served


def test_a_key_is_seen_in_text_and_in_files_but_not_in_its_own(tmp_path: Path) -> None:
    pem = pem_of(generate())
    key = json.dumps({"type": "service_account", "private_key": pem})
    assert shows_a_key(pem)
    assert shows_a_key(f"boom {key}")
    assert not shows_a_key("Access Denied: Project p")
    own, log = tmp_path / "key.json", tmp_path / "log"
    own.write_text(key)
    log.write_text("said: " + key)
    assert list(strays(tmp_path)) == [log]
    log.unlink()


@pytest.mark.parametrize("at", [0, 1, 19, 20, 21, 777, -canary.WINDOW])
def test_any_forty_characters_of_the_runs_key_are_seen(at: int) -> None:
    body = "".join(canary.pem().splitlines()[1:-1])
    piece = body[at:][: canary.WINDOW]
    assert len(piece) == canary.WINDOW
    # nothing that may be part of a key, or it would lengthen the piece
    for before in ("", "." * 7, "-" * 20, "é" * 33):
        assert shows_a_key(before + piece)
        assert shows_a_key(before + piece[:13] + "\\n" + piece[13:29] + "\n   " + piece[29:] + "!")
        assert not canary.canary().found_in(before + piece[:-1] + "-")
        assert not canary.canary().found_in(before + "-" + piece[1:])


@pytest.mark.parametrize(
    "written", [str, json.dumps, lambda pem: json.dumps({"x": [pem]})], ids=["pem", "json", "deep"]
)
def test_the_runs_key_is_seen_through_base64(written: object) -> None:
    whole = written(canary.pem())  # type: ignore[operator]
    for shift in range(3):
        carried = base64.b64encode(b" " * shift + whole.encode()).decode()
        assert shows_a_key(carried[300 : 300 + canary.WINDOW])
        assert shows_a_key(f"\x1b]52;c;{carried}\x07")


def test_a_key_that_is_not_the_runs_is_checked_when_it_is_read() -> None:
    lines = canary.pem().splitlines()
    swapped = [*lines[:9], lines[9].swapcase(), *lines[10:]]
    load_pem_private_key(canary.pem().encode(), None)
    with pytest.raises(ValueError, match="key"):
        load_pem_private_key("\n".join(swapped).encode(), None)


def test_every_sandbox_gives_out_the_runs_key_under_different_ids() -> None:
    with Sandbox("existing") as sandbox, served("existing") as other:
        files = [sandbox.key_file, Path(other.env["GOOGLE_APPLICATION_CREDENTIALS"])]
        keys = [json.loads(path.read_text()) for path in files]
        own = [
            key.id
            for p in sandbox.world.projects.values()
            for a in p.service_accounts.values()
            for key in a.keys.values()
        ]
        assert other.environ()[PAIR] == str(canary.path())
    assert {key["private_key"] for key in keys} == {canary.pem()}
    assert keys[0]["private_key_id"] != keys[1]["private_key_id"]
    assert len(own) == len(set(own)) > 1


def test_its_file_is_private_and_alone() -> None:
    path = canary.path()
    assert path.stat().st_mode & 0o777 == 0o600
    found = subprocess.run(["git", "ls-files", "*.pem"], cwd=Path(__file__).parent, capture_output=True, text=True)
    assert found.stdout == ""


def test_what_a_terminal_or_a_program_shows_of_it_fails_the_test() -> None:
    middle = "".join(canary.pem().splitlines()[5:7])
    program = f"import os; print(''.join(open(os.environ['{PAIR}']).read().splitlines()[5:7]))"
    env = {PAIR: str(canary.path())}
    with (
        pytest.raises(AssertionError, match="private key") as caught,
        Terminal([sys.executable, "-c", program], env) as shown,
    ):
        shown.wait()
    assert middle not in str(caught.value)


def test_a_folder_that_vanishes_while_it_is_searched_is_passed_over(tmp_path: Path) -> None:
    pem = pem_of(generate())
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log").write_text("said: " + pem)

    found = strays(tmp_path)
    first = next(found)
    other = tmp_path / ("b" if first.parent.name == "a" else "a")
    (other / "log").unlink()
    other.rmdir()
    assert list(found) == []
    first.unlink()


def test_xdists_workers_look_for_the_key_of_the_one_that_started_them(monkeypatch: pytest.MonkeyPatch) -> None:
    node = SimpleNamespace(workerinput={})
    pytest_configure_node(node)
    monkeypatch.setenv(PAIR, "/elsewhere")
    take_key(SimpleNamespace(workerinput=node.workerinput))  # type: ignore[arg-type]
    assert str(canary.path()) == node.workerinput[PAIR] != "/elsewhere"
