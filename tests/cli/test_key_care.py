"""The keyring's copy of a deleted key is deleted, or the output says that it stays; against the sandbox."""

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

EMAIL = "klaviyo-data-transfer-user@acme-klaviyo-demo.iam.gserviceaccount.com"


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 9  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[f"{service} {username}"] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.locked:
            raise PasswordDeleteError("it is locked")
        del self.held[f"{service} {username}"]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    ring = Ring()
    monkeypatch.delenv("KBQ_TUI_KEYRING")
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    return ring


def test_the_keyring_s_copy_of_a_deleted_key_goes_with_it(google, call, ring: Ring):
    google("fresh")
    assert call("apply", "--yes").status == 0
    (key,) = call("key", "list", "--json").json["keys"]
    assert list(ring.held) == [f"kbq-tui:acme-klaviyo-demo:{key['id']} {EMAIL}"]
    deleted = call("key", "delete", key["id"], "--yes")
    assert deleted.status == 0, deleted.err
    assert "copy in the system keyring is deleted too" in deleted.err
    assert "kbq-tui key shred" in deleted.err
    assert ring.held == {}


def test_a_copy_that_cannot_be_deleted_is_named_with_the_way_to_do_it(google, call, ring: Ring):
    google("fresh")
    assert call("apply", "--yes").status == 0
    ring.locked = True
    (key,) = call("key", "list", "--json").json["keys"]
    deleted = call("key", "delete", key["id"], "--yes")
    assert deleted.status == 0, deleted.err
    assert "it is locked" in deleted.err
    assert f"keyring del kbq-tui:acme-klaviyo-demo:{key['id']} {EMAIL}" in deleted.err
    assert call("key", "list", "--json").json["keys"] == []


def test_a_key_beside_our_own_is_not_made_but_rotation_is_explained(google, call, tmp_path):
    there = google("fresh")
    assert call("apply", "--yes").status == 0
    before = there.writes()
    again = call("key", "create")
    assert again.status == 1
    assert "KBQ-KEY-ALREADY-HERE" in again.err
    assert "rotation" in again.err
    assert there.writes() == before
    assert call("key", "create", "--key-file", str(tmp_path / "new.json")).status == 0


@pytest.mark.parametrize("length", [249, 250, 255, 300])
def test_a_name_that_is_too_long_for_a_key_file_is_refused_before_anything_is_made(
    google, call, tmp_path: Path, length: int
):
    world = google("fresh")
    path = tmp_path / ("k" * length)
    for command in (("apply", "--yes"), ("key", "create"), ("plan",)):
        ended = call(*command, "--key-file", str(path))
        assert ended.status == 2
        assert "--key-file" in ended.err
        assert f"has {length} bytes; 248 fit here" in ended.err
    asked = call("setup", "--plain", typed=f"\n\n\n\n\ny\n\n{path}\n\n")
    assert f"has {length} bytes; 248 fit here" in asked.out
    assert not [m for m in world.writes() if "serviceAccounts" in m]


def test_the_longest_name_that_fits_is_taken(google, call, tmp_path: Path):
    google("fresh")
    path = tmp_path / ("k" * 248)
    assert call("apply", "--yes", "--key-file", str(path)).status == 0
    assert path.exists()
