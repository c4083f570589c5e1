"""What the screens remember from one run to the next."""

import json
import stat
from pathlib import Path

import pytest

from kbq_tui.local.ui_state import (
    ConnectionState,
    SavedPreferences,
    SetupPosition,
    read_preferences,
    scrubbed,
    write_preferences,
)
from kbq_tui.model.problem import ProblemError

PEM = "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----"


def test_the_last_screen_and_what_was_typed_come_back(tmp_path: Path) -> None:
    state = ConnectionState(tmp_path / "prod")
    assert state.wizard() is None
    state.save_wizard(SetupPosition("datasets", {"location": "EU", "project": "ümläut \x1b"}))
    assert state.wizard() == SetupPosition("datasets", {"location": "EU", "project": "ümläut \x1b"})
    assert stat.S_IMODE((tmp_path / "prod" / "wizard.json").stat().st_mode) == 0o600
    state.forget()
    state.forget()
    assert state.wizard() is None


def test_the_last_verification_comes_back(tmp_path: Path) -> None:
    state = ConnectionState(tmp_path)
    assert state.verification() is None
    state.save_verification({"schema": "kbq-tui/verify/v1", "ok": True, "checks": [{"id": "key.auth"}]})
    assert state.verification() == {"schema": "kbq-tui/verify/v1", "ok": True, "checks": [{"id": "key.auth"}]}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"screen": 3, "checks": 1}', b"\xff", b"[" * 100_000])
def test_a_damaged_file_counts_as_empty(content: bytes, tmp_path: Path) -> None:
    for name in ("wizard.json", "verify.json", "ui.json"):
        (tmp_path / name).write_bytes(content)
    assert ConnectionState(tmp_path).wizard() is None
    assert ConnectionState(tmp_path).verification() is None
    assert read_preferences(tmp_path / "ui.json") == SavedPreferences()


def test_what_was_chosen_for_the_screen_comes_back(tmp_path: Path) -> None:
    look = (
        SavedPreferences(ascii=True, theme="dark", welcomed=True)
        .visited("acme-one")
        .visited("acme-two")
        .visited("acme-one")
    )
    assert look.recent == ("acme-one", "acme-two")
    write_preferences(tmp_path / "ui.json", look)
    assert read_preferences(tmp_path / "ui.json") == look
    for number in range(30):
        look = look.visited(f"acme-{number}")
    assert len(look.recent) == 10


def test_nothing_that_looks_like_a_secret_is_kept(tmp_path: Path) -> None:
    state = ConnectionState(tmp_path)
    state.save_wizard(SetupPosition("account", {"pasted": PEM, "other": "kept"}))
    state.save_verification({"checks": [{"evidence": [PEM]}]})
    state.save_report(tmp_path / "reports" / "verify.md", f"# Report\n{PEM}\n")
    everything = "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    assert "CANARY" not in everything
    assert state.wizard() == SetupPosition("account", {"pasted": "[secret]", "other": "kept"})
    assert json.dumps(scrubbed({"a": [PEM, 1, None, {"b": PEM}]})) == '{"a": ["[secret]", 1, null, {"b": "[secret]"}]}'


def test_a_folder_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProblemError):
        ConnectionState(tmp_path / "file" / "prod").save_wizard(SetupPosition("x"))
