"""Key files: how they are written, found, described and removed."""

import errno
import fcntl
import gc
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kbq_tui.i18n.messages import verbatim
from kbq_tui.local import files
from kbq_tui.local.keys import key_files, reservation
from kbq_tui.local.keys.key_files import KeyFiles
from kbq_tui.local.keys.keyring_copy import KeyringCopy
from kbq_tui.local.keys.keyring_entries import PlainEntries
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.secret import Secret
from tests.local.conftest import CANARY, EMAIL, PROJECT, FakeKeyring, key_json
from tests.support.polling import PATIENCE


def mode(path: Path | str) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o177])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def code_of(error: pytest.ExceptionInfo[ProblemError]) -> str | None:
    return error.value.problem.code


def test_a_key_is_kept_0600_in_0700_folders_whatever_the_umask(store: KeyFiles, umask: int, key: Secret) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)
    assert mode(slot.path) == 0o600
    kept = slot.commit(key)
    assert mode(kept.path) == 0o600
    assert Path(kept.path).read_bytes() == key.reveal()
    for folder in (Path(kept.path).parent, Path(kept.path).parent.parent, Path(kept.path).parent.parent.parent):
        assert mode(folder) == 0o700
    assert names(Path(kept.path).parent) == ["klaviyo-data-transfer-user.json"]


def test_the_default_place_spells_a_domain_scoped_project_without_a_colon(store: KeyFiles, folder: Path) -> None:
    path = store.default_path("example.com:proj-one", "someone@proj-one.example.com.iam.gserviceaccount.com")
    assert path == str(folder / "example.com_proj-one" / "someone.json")


@pytest.mark.parametrize("evil", ["../../etc", "..", ".", "a/b", "a\0b", "\N{FULLWIDTH SOLIDUS}x"])
def test_no_name_leads_out_of_the_folder(evil: str, store: KeyFiles, folder: Path) -> None:
    path = Path(os.path.normpath(store.default_path(evil, evil + "@x")))
    assert path.is_relative_to(folder)
    assert len(path.relative_to(folder).parts) == 2


def test_what_was_kept_is_found_and_read_again(store: KeyFiles, key: Secret) -> None:
    kept = store.reserve(None, PROJECT, EMAIL).commit(key)
    seen = store.inspect(None, PROJECT, EMAIL)
    assert seen is not None
    assert (seen.path, seen.key_id, seen.email, seen.project) == (kept.path, kept.key_id, EMAIL, PROJECT)
    assert seen.warnings == ()
    assert seen.in_keyring is False
    assert store.load(None, PROJECT, EMAIL) == key


def test_when_the_file_was_written_is_told(store: KeyFiles, key: Secret) -> None:
    kept = store.reserve(None, PROJECT, EMAIL).commit(key)
    os.utime(kept.path, (86_400, 86_400))
    seen = store.inspect(None, PROJECT, EMAIL)
    assert seen is not None
    assert seen.written == datetime(1970, 1, 2, tzinfo=UTC)


def test_nothing_is_none(store: KeyFiles) -> None:
    assert store.inspect(None, PROJECT, EMAIL) is None
    with pytest.raises(ProblemError) as error:
        store.load(None, PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-MISSING"


def test_a_place_that_is_taken_is_refused_and_left_alone(store: KeyFiles, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text("precious")
    with pytest.raises(ProblemError) as error:
        store.reserve(str(path), PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-TAKEN"
    assert path.read_text() == "precious"


def test_a_place_reserved_by_a_living_process_is_refused(store: KeyFiles) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)
    with pytest.raises(ProblemError) as error:
        store.reserve(None, PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-BUSY"
    slot.abandon()
    store.reserve(None, PROJECT, EMAIL).abandon()


def test_an_abandoned_place_is_free_and_abandoning_after_a_commit_keeps_the_key(store: KeyFiles, key: Secret) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)
    slot.abandon()
    assert not Path(slot.path).exists()
    slot = store.reserve(None, PROJECT, EMAIL)
    slot.commit(key)
    slot.abandon()
    assert Path(slot.path).read_bytes() == key.reveal()


def test_a_slot_that_was_forgotten_gives_its_place_back(store: KeyFiles) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)
    path = Path(slot.path)
    del slot
    gc.collect()
    assert not path.exists()
    store.reserve(None, PROJECT, EMAIL).abandon()


@pytest.mark.parametrize("path", ["~nobody-of-that-name/key.json", "/tmp/a\0b", "/"])
def test_a_path_that_cannot_be_one_is_a_problem(path: str, store: KeyFiles) -> None:
    for use in (store.inspect, store.reserve, store.load):
        with pytest.raises(ProblemError):
            use(path, PROJECT, EMAIL)


@pytest.mark.parametrize("path", ["/", "/tmp/"])
def test_of_a_folder_s_own_modes_nothing_is_advised(path: str, store: KeyFiles) -> None:
    with pytest.raises(ProblemError) as error:
        store.inspect(path, PROJECT, EMAIL)
    assert "chmod" not in " ".join(map(str, error.value.problem.remedy))


def test_a_reservation_that_was_replaced_meanwhile_is_not_written_over(store: KeyFiles, key: Secret) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)
    other = Path(slot.path + ".other")
    other.write_text("somebody else's")
    other.rename(slot.path)
    with pytest.raises(ProblemError) as error:
        slot.commit(key)
    assert code_of(error) == "KBQ-KEY-FILE-TAKEN"
    slot.abandon()
    assert Path(slot.path).read_text() == "somebody else's"


def test_a_link_in_place_of_the_file_is_refused_everywhere(store: KeyFiles, tmp_path: Path) -> None:
    target = tmp_path / "target.json"
    target.write_bytes(key_json())
    link = tmp_path / "link.json"
    link.symlink_to(target)
    dangling = tmp_path / "dangling.json"
    dangling.symlink_to(tmp_path / "not-there")
    for path in (link, dangling):
        for use in (store.reserve, store.inspect, store.load, store.fix_permissions, store.shred):
            with pytest.raises(ProblemError) as error:
                use(str(path), PROJECT, EMAIL)
            assert code_of(error) == "KBQ-KEY-FILE-SYMLINK"
    assert target.read_bytes().startswith(b"{")
    assert not (tmp_path / "not-there").exists()


def test_a_link_on_the_way_is_followed_when_it_is_ours_and_refused_when_not(
    store: KeyFiles, key: Secret, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir(0o700)
    (tmp_path / "way").symlink_to(tmp_path / "real")
    kept = store.reserve(str(tmp_path / "way" / "key.json"), PROJECT, EMAIL).commit(key)
    assert kept.path == str(tmp_path / "real" / "key.json")
    if os.geteuid() != 0:
        pytest.skip("only root can give a link away")
    os.lchown(tmp_path / "way", 4321, 4321)
    with pytest.raises(ProblemError) as error:
        store.inspect(str(tmp_path / "way" / "key.json"), PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-SYMLINK"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_or_folder_of_another_user_is_refused(store: KeyFiles, tmp_path: Path) -> None:
    path = tmp_path / "theirs" / "key.json"
    path.parent.mkdir()
    path.write_bytes(key_json())
    os.chown(path, 4321, 4321)
    for use in (store.inspect, store.load, store.shred, store.fix_permissions):
        with pytest.raises(ProblemError) as error:
            use(str(path), PROJECT, EMAIL)
        assert code_of(error) == "KBQ-KEY-FILE-OWNER"
    os.chown(path.parent, 4321, 4321)
    with pytest.raises(ProblemError) as error:
        store.reserve(str(path.parent / "new.json"), PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-OWNER"


def test_wider_modes_are_reported_and_mended(store: KeyFiles, key: Secret, folder: Path) -> None:
    kept = store.reserve(None, PROJECT, EMAIL).commit(key)
    Path(kept.path).chmod(0o644)
    Path(kept.path).parent.chmod(0o777)
    seen = store.inspect(None, PROJECT, EMAIL)
    assert seen is not None
    assert any("0644" in str(w.cause) for w in seen.warnings)
    assert any("0777" in str(w.cause) for w in seen.warnings)
    assert len(store.fix_permissions(None, PROJECT, EMAIL)) == 2
    assert (mode(kept.path), mode(Path(kept.path).parent)) == (0o600, 0o700)
    assert store.fix_permissions(None, PROJECT, EMAIL) == ()
    mended = store.inspect(None, PROJECT, EMAIL)
    assert mended is not None
    assert mended.warnings == ()


def test_folders_of_ours_that_others_may_look_into_are_reported_and_mended(
    store: KeyFiles, key: Secret, folder: Path
) -> None:
    kept = store.reserve(None, PROJECT, EMAIL).commit(key)
    folder.chmod(0o777)
    Path(kept.path).parent.chmod(0o755)
    seen = store.inspect(None, PROJECT, EMAIL)
    assert seen is not None
    assert any("0755" in str(w.cause) for w in seen.warnings)
    assert any("0777" in str(w.cause) for w in seen.warnings)
    assert len(store.fix_permissions(None, PROJECT, EMAIL)) == 2
    assert (mode(folder), mode(Path(kept.path).parent)) == (0o700, 0o700)
    mended = store.inspect(None, PROJECT, EMAIL)
    assert mended is not None
    assert mended.warnings == ()


def test_a_folder_that_is_none_of_ours_is_neither_reported_for_being_read_nor_mended(
    store: KeyFiles, key: Secret, tmp_path: Path
) -> None:
    (tmp_path / "shared").mkdir(0o755)
    path = str(tmp_path / "shared" / "key.json")
    store.reserve(path, PROJECT, EMAIL).commit(key)
    seen = store.inspect(path, PROJECT, EMAIL)
    assert seen is not None
    assert seen.warnings == ()
    assert store.fix_permissions(path, PROJECT, EMAIL) == ()


def test_a_key_in_a_git_work_tree_gets_a_warning(store: KeyFiles, key: Secret, tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    kept = store.reserve(str(tmp_path / "repo" / "sub" / "key.json"), PROJECT, EMAIL).commit(key)
    assert [w.code for w in kept.warnings] == ["KBQ-KEY-IN-GIT"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not json " + CANARY.encode(), "KBQ-KEY-FILE-INVALID"),
        (b"[" * 50_000, "KBQ-KEY-FILE-INVALID"),
        (b'{"type": "authorized_user"}', "KBQ-KEY-FILE-INVALID"),
        (b'{"type": "service_account", "client_email": 3}', "KBQ-KEY-FILE-INVALID"),
        (b" " * 70_000, "KBQ-KEY-FILE-INVALID"),
        (key_json("other@acme-prod.iam.gserviceaccount.com"), "KBQ-KEY-FILE-OTHER-ACCOUNT"),
    ],
)
def test_what_is_not_a_key_of_the_account_is_refused_without_quoting_it(
    content: bytes, code: str, store: KeyFiles, tmp_path: Path
) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(content)
    for use in (store.inspect, store.load, store.shred):
        with pytest.raises(ProblemError) as error:
            use(str(path), PROJECT, EMAIL)
        assert code_of(error) == code
        shown = "".join(traceback.format_exception(error.value)) + str(error.value.problem)
        assert CANARY not in shown
    assert path.read_bytes() == content


def test_pipes_and_folders_are_refused_without_waiting(store: KeyFiles, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dir").mkdir()
    for name in ("pipe", "dir", "dir/"):
        with pytest.raises(ProblemError):
            store.inspect(f"{tmp_path}/{name}", PROJECT, EMAIL)
        with pytest.raises(ProblemError):
            store.reserve(f"{tmp_path}/{name}", PROJECT, EMAIL)


def test_a_full_disk_leaves_the_slot_standing_and_no_part_of_the_key(
    store: KeyFiles, key: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)
    real = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[: len(data) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(ProblemError) as error:
            slot.commit(key)
    assert code_of(error) == "KBQ-DISK-FULL"
    assert names(Path(slot.path).parent) == ["klaviyo-data-transfer-user.json"]
    assert Path(slot.path).read_bytes() == b""
    assert slot.commit(key).key_id  # there is room again


def test_a_key_that_its_place_does_not_take_is_not_called_one_that_was_never_made(
    store: KeyFiles, key: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)

    def too_large(fd: int, data: bytes) -> int:
        raise OSError(errno.EFBIG, "File too large")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", too_large)
        with pytest.raises(ProblemError) as error:
            slot.commit(key)
    assert code_of(error) == "KBQ-KEY-FILE-UNWRITABLE"
    assert not any("Nothing was created" in str(step) for step in error.value.problem.remedy)


@pytest.mark.parametrize(
    ("number", "code"), [(errno.EROFS, "KBQ-READ-ONLY"), (errno.EACCES, "KBQ-KEY-FILE-UNWRITABLE")]
)
def test_a_folder_that_cannot_be_written_is_said_before_a_key_is_made(
    number: int, code: str, store: KeyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(reservation, "create_private", refuse)
    with pytest.raises(ProblemError) as error:
        store.reserve(None, PROJECT, EMAIL)
    assert code_of(error) == code


def test_a_file_in_place_of_a_folder_is_said(store: KeyFiles, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProblemError) as error:
        store.reserve(str(tmp_path / "file" / "key.json"), PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-UNWRITABLE"


def test_a_key_that_cannot_be_synced_is_not_kept(store: KeyFiles, key: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)

    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(ProblemError):
            slot.commit(key)
    assert Path(slot.path).read_bytes() == b""
    slot.abandon()
    assert names(Path(slot.path).parent) == []


def test_a_key_of_another_account_is_not_committed(store: KeyFiles) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)
    with pytest.raises(ProblemError) as error:
        slot.commit(Secret(key_json("other@acme-prod.iam.gserviceaccount.com")))
    assert code_of(error) == "KBQ-KEY-FILE-OTHER-ACCOUNT"
    slot.abandon()


CRASH = """
    import os, sys
    from pathlib import Path
    from kbq_tui.model.secret import Secret
    from kbq_tui.local.keys import part as key_part, key_files as keys
    from kbq_tui.local.keys.keyring_copy import KeyringCopy

    folder, where, email, key = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.stdin.buffer.read()

    def die(*args, **kwargs):
        os.kill(os.getpid(), 9)

    def half(fd, data):
        os.write(fd, data[: len(data) // 2])
        die()

    store = keys.KeyFiles(folder, KeyringCopy({"KBQ_TUI_KEYRING": "off"}))
    slot = store.reserve(None, "acme-prod", email)
    if where == "reserved":
        die()
    if where == "half":
        key_part.write_all = half
    if where == "written":
        os.fsync = die
    if where == "synced":
        os.rename = die
    if where == "renamed":
        keys.sync = die
    if where == "noted":
        keys.KeyFiles.keep_copy = die
    slot.commit(Secret(key))
"""


@pytest.mark.parametrize(
    ("where", "survives"),
    [
        ("reserved", False),
        ("half", False),
        ("written", True),
        ("synced", True),
        ("renamed", True),
        ("noted", True),
    ],
)
def test_after_a_kill_the_key_is_whole_or_the_place_is_free(
    where: str, survives: bool, store: KeyFiles, folder: Path, key: Secret
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CRASH), str(folder), where, EMAIL], input=key.reveal(), check=False
    )
    assert done.returncode == -signal.SIGKILL
    seen = store.inspect(None, PROJECT, EMAIL)
    if survives:
        assert seen is not None
        assert store.load(None, PROJECT, EMAIL) == key
        with pytest.raises(ProblemError):
            store.reserve(None, PROJECT, EMAIL)
    else:
        assert seen is None
        store.reserve(None, PROJECT, EMAIL).commit(key)
    assert names(folder / PROJECT) == ["klaviyo-data-transfer-user.json"]
    assert mode(folder / PROJECT / "klaviyo-data-transfer-user.json") == 0o600


def test_a_key_is_on_disk_before_it_takes_its_place(
    store: KeyFiles, key: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state after a power loss depends on this order, which no kill can show."""
    slot = store.reserve(None, PROJECT, EMAIL)
    happened: list[str] = []
    sync, rename = os.fsync, os.rename

    def synced(fd: int) -> None:
        info = os.fstat(fd)
        happened.append("sync folder" if stat.S_ISDIR(info.st_mode) else f"sync {info.st_size}")
        sync(fd)

    def renamed(*args: object, **more: object) -> None:
        happened.append("rename")
        rename(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    slot.commit(key)
    assert happened[:3] == [f"sync {len(key.reveal())}", "rename", "sync folder"]


def test_shredding_overwrites_before_it_deletes(
    ringed: KeyFiles, key: Secret, backend: FakeKeyring, tmp_path: Path
) -> None:
    kept = ringed.reserve(None, PROJECT, EMAIL).commit(key)
    assert kept.in_keyring is True
    witness = tmp_path / "same-inode"
    witness.hardlink_to(kept.path)
    assert "keyring stays" in str(ringed.shred(None, PROJECT, EMAIL))
    assert not Path(kept.path).exists()
    assert witness.read_bytes() == b""
    left = ringed.inspect(None, PROJECT, EMAIL)
    assert left is not None
    assert (left.path, left.key_id, left.in_keyring) == ("", kept.key_id, True)
    assert json.loads(ringed.load(None, PROJECT, EMAIL).reveal()) == json.loads(key.reveal())
    assert str(ringed.forget_copy(PROJECT, EMAIL)) == ""
    assert backend.values == {}
    assert ringed.inspect(None, PROJECT, EMAIL) is None


def test_a_shredding_that_was_killed_half_way_is_finished_by_the_next_look(store: KeyFiles, folder: Path) -> None:
    script = """
        import os, sys
        from pathlib import Path
        from kbq_tui.local.keys import key_files as keys
        from kbq_tui.local.keys.keyring_copy import KeyringCopy
        store = keys.KeyFiles(Path(sys.argv[1]), KeyringCopy({"KBQ_TUI_KEYRING": "off"}))
        os.ftruncate = lambda fd, size: os.kill(os.getpid(), 9)
        store.shred(None, "acme-prod", sys.argv[2])
    """
    store.reserve(None, PROJECT, EMAIL).commit(Secret(key_json()))
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(folder), EMAIL], check=False)
    assert done.returncode == -signal.SIGKILL
    assert sorted(names(folder / PROJECT)) == [
        ".klaviyo-data-transfer-user.json.shred",
        "klaviyo-data-transfer-user.handed",
    ]
    assert store.inspect(None, PROJECT, EMAIL) is None
    assert names(folder / PROJECT) == ["klaviyo-data-transfer-user.handed"]


def test_the_ids_of_shredded_keys_are_remembered_and_nothing_else_of_them(store: KeyFiles, folder: Path) -> None:
    assert store.handed_over(PROJECT, EMAIL) == ()
    given: list[str] = []
    for path in (None, None, str(folder.parent / "elsewhere" / "k.json")):
        given.append(store.reserve(path, PROJECT, EMAIL).commit(Secret(key_json())).key_id)
        store.shred(path, PROJECT, EMAIL)
    assert store.handed_over(PROJECT, EMAIL) == tuple(given)
    note = folder / PROJECT / "klaviyo-data-transfer-user.handed"
    assert mode(note) == 0o600
    assert CANARY not in note.read_text()
    assert store.handed_over(PROJECT, "klaviyo-data-transfer-user@elsewhere.iam.gserviceaccount.com") == ()


@pytest.mark.parametrize("text", ["", "[]", '{"keys": 1}', "[" * 60_000])
def test_a_note_of_shredded_keys_that_cannot_be_read_is_not_taken_for_none(
    store: KeyFiles, folder: Path, key: Secret, text: str
) -> None:
    store.reserve(None, PROJECT, EMAIL).commit(key)
    (folder / PROJECT / "klaviyo-data-transfer-user.handed").write_text(text)
    with pytest.raises(ProblemError) as error:
        store.handed_over(PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-UNREADABLE"
    if text:  # a file that is not ours is not overwritten, and so the key stays
        with pytest.raises(ProblemError) as error:
            store.shred(None, PROJECT, EMAIL)
        assert code_of(error) == "KBQ-FILE-NOT-OURS"
        assert store.load(None, PROJECT, EMAIL) == key
    else:
        store.shred(None, PROJECT, EMAIL)
        assert len(store.handed_over(PROJECT, EMAIL)) == 1


def test_a_note_of_a_copy_that_cannot_be_read_is_none(store: KeyFiles, folder: Path, key: Secret) -> None:
    store.reserve(None, PROJECT, EMAIL).commit(key)
    for text in ("", "[]", "[" * 60_000):
        (folder / PROJECT / "klaviyo-data-transfer-user.keyring").write_text(text)
        local = store.inspect(None, PROJECT, EMAIL)
        assert local is not None
        assert not local.in_keyring


def test_where_its_id_cannot_be_noted_a_key_is_not_shredded(
    store: KeyFiles, key: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = store.reserve(None, PROJECT, EMAIL).commit(key)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(key_files, "note_handed_over", full)
    with pytest.raises(ProblemError):
        store.shred(None, PROJECT, EMAIL)
    assert Path(kept.path).read_bytes() == key.reveal()


def test_shredding_says_when_nothing_is_left(store: KeyFiles, key: Secret) -> None:
    store.reserve(None, PROJECT, EMAIL).commit(key)
    assert "no other copy" in str(store.shred(None, PROJECT, EMAIL))
    with pytest.raises(ProblemError) as error:
        store.shred(None, PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-HANDED-OVER", "it is known where the key is"
    with pytest.raises(ProblemError) as error:
        store.shred(None, "acme-other", EMAIL.replace(PROJECT, "acme-other"))
    assert code_of(error) == "KBQ-KEY-FILE-MISSING"


def test_a_new_key_replaces_the_note_of_an_older_copy(
    ringed: KeyFiles, folder: Path, backend: FakeKeyring, tmp_path: Path
) -> None:
    ringed.reserve(None, PROJECT, EMAIL).commit(Secret(key_json()))
    backend.limit = 10
    later = ringed.reserve(str(tmp_path / "new.json"), PROJECT, EMAIL).commit(Secret(key_json()))
    assert later.in_keyring is False
    seen = ringed.inspect(str(tmp_path / "new.json"), PROJECT, EMAIL)
    assert seen is not None
    assert seen.in_keyring is False


def test_the_copy_of_a_new_key_takes_the_place_of_the_older_ones(
    ringed: KeyFiles, backend: FakeKeyring, tmp_path: Path
) -> None:
    ringed.reserve(None, PROJECT, EMAIL).commit(Secret(key_json()))
    later = ringed.reserve(str(tmp_path / "new.json"), PROJECT, EMAIL).commit(Secret(key_json()))
    assert later.in_keyring is True
    assert [json.loads(value)["private_key_id"] for value in backend.values.values()] == [later.key_id]


def test_an_older_copy_that_cannot_be_deleted_is_said(
    ringed: KeyFiles, backend: FakeKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = ringed.reserve(None, PROJECT, EMAIL).commit(Secret(key_json()))

    def refuse(service: str, username: str) -> None:
        raise RuntimeError("read-only")

    monkeypatch.setattr(backend, "delete_password", refuse)
    later = ringed.reserve(str(tmp_path / "new.json"), PROJECT, EMAIL).commit(Secret(key_json()))
    assert later.in_keyring is True
    told = [note for note in later.notes if older.key_id in str(note)]
    assert len(told) == 1
    assert f"keyring del kbq-tui:{PROJECT}:{older.key_id} {EMAIL}" in str(told[0])


def test_a_copy_that_cannot_be_read_is_not_a_copy_that_is_missing(folder: Path, ringed: KeyFiles, key: Secret) -> None:
    def broken() -> list[PlainEntries]:
        raise RuntimeError("no bus")

    ringed.reserve(None, PROJECT, EMAIL).commit(key)
    ringed.shred(None, PROJECT, EMAIL)
    for copies in (KeyringCopy({}, find=broken), KeyringCopy({"KBQ_TUI_KEYRING": "off"})):
        with pytest.raises(ProblemError) as error:
            KeyFiles(folder, copies).load(None, PROJECT, EMAIL)
        assert code_of(error) == "KBQ-KEYRING"
    with pytest.raises(ProblemError) as error:
        KeyFiles(folder / "empty", KeyringCopy({"KBQ_TUI_KEYRING": "off"})).load(None, PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-MISSING"


def test_a_keyring_that_fails_never_loses_the_file(folder: Path, key: Secret) -> None:
    def broken() -> list[PlainEntries]:
        raise RuntimeError(f"no bus; value was {key.reveal().decode()}")

    store = KeyFiles(folder, KeyringCopy({}, find=broken))
    kept = store.reserve(None, PROJECT, EMAIL).commit(key)
    assert kept.in_keyring is False
    assert any("No copy in the system keyring" in str(note) for note in kept.notes)
    assert CANARY not in repr(kept)
    assert store.load(None, PROJECT, EMAIL) == key


def test_nothing_shows_the_key(store: KeyFiles, key: Secret) -> None:
    slot = store.reserve(None, PROJECT, EMAIL)
    assert CANARY not in repr(slot) + repr(key) + repr(slot.commit(key)) + repr(store.inspect(None, PROJECT, EMAIL))


def test_two_processes_never_reserve_the_same_place(folder: Path) -> None:
    """Many at once reserve and release one place; whoever holds it is alone."""
    script = """
        import sys, os
        from pathlib import Path
        from kbq_tui.model.problem import ProblemError
        from kbq_tui.local.keys.key_files import KeyFiles
        from kbq_tui.local.keys.keyring_copy import KeyringCopy
        folder = Path(sys.argv[1])
        store = KeyFiles(folder, KeyringCopy({"KBQ_TUI_KEYRING": "off"}))
        held = folder / "held"
        for _ in range(300):
            try:
                slot = store.reserve(None, "acme-prod", sys.argv[2])
            except ProblemError:
                continue
            os.close(os.open(held, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            held.unlink()
            slot.abandon()
    """
    folder.mkdir(parents=True)
    runs = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(script), str(folder), EMAIL], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for run in runs:
        _, said = run.communicate(timeout=PATIENCE)
        assert run.returncode == 0, said.decode()


ANY = files.FileKind(verbatim("any"), lambda _: True, follows_links=True)


def test_an_atomic_write_leaves_the_old_file_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    files.write_atomic(path, b"old", ANY)

    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            files.write_atomic(path, b"new", ANY)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_an_atomic_write_never_replaces_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dir").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "dir", "link"):
        with pytest.raises(OSError, match="not a regular file"):
            files.write_atomic(tmp_path / name, b"x", ANY)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_an_atomic_write_over_a_link_that_leads_to_itself_is_an_error_of_the_system_s(tmp_path: Path) -> None:
    path = tmp_path / "loop"
    path.symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        files.write_atomic(path, b"x", ANY)


def test_a_default_place_behind_a_link_that_leads_to_itself_takes_nothing_from_a_key_elsewhere(
    tmp_path: Path, key: Secret
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    store = KeyFiles(loop / "keys", KeyringCopy({"KBQ_TUI_KEYRING": "off"}))
    path = str(tmp_path / "mine" / "key.json")
    store.reserve(path, PROJECT, EMAIL).commit(key)
    local = store.inspect(path, PROJECT, EMAIL)
    assert local is not None
    assert local.path == path


def test_a_link_of_another_user_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, link = tmp_path / "ours", tmp_path / "report.md"
    ours.write_bytes(b"mine")
    link.symlink_to(ours)
    if os.geteuid() == 0:
        os.lchown(link, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(OSError, match="symbolic link of another user"):
        files.write_atomic(link, b"report", ANY)
    assert ours.read_bytes() == b"mine"


@pytest.mark.parametrize("what", ["keep_copy", "exposures"])
def test_what_fails_after_the_key_is_in_place_is_a_warning(
    store: KeyFiles, key: Secret, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO)) if what == "exposures" else RuntimeError("no")

    monkeypatch.setattr(KeyFiles, what, fail)
    kept = store.reserve(None, PROJECT, EMAIL).commit(key)
    assert any(str(note).startswith(("No copy in the system keyring", "Who else may reach")) for note in kept.notes)
    assert Path(kept.path).read_bytes() == key.reveal()


# The behaviour of an append-only folder (`chattr +a`): files can be created in it, but neither renamed nor deleted.


def only_added_to(monkeypatch: pytest.MonkeyPatch, *, truncate: bool = True) -> None:
    """Make renaming or deleting files fail in this process, and, without `truncate`, emptying them."""

    def refuse(path: str | int, *_: object, **how: int) -> None:
        folder = how.get("dir_fd", how.get("src_dir_fd"))
        if not isinstance(path, int):
            os.stat(path, dir_fd=folder, follow_symlinks=False)  # a missing file is reported first
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    for call in ("rename", "replace", "unlink", *(() if truncate else ("ftruncate", "lseek"))):
        monkeypatch.setattr(os, call, refuse)


def test_a_folder_that_can_only_be_added_to_is_found_out_before_a_key_is_made(
    store: KeyFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "k.json"
    only_added_to(monkeypatch)
    with pytest.raises(ProblemError) as error:
        store.reserve(str(path), PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-UNWRITABLE"
    assert "not moved or deleted" in str(error.value.problem.cause)
    assert {p.stat().st_size for p in tmp_path.iterdir()} == {0}
    assert len(list(tmp_path.iterdir())) == 2
    told = str(error.value.problem.cause).partition("these stay, empty: ")[2]
    assert all(str(p) in told for p in tmp_path.iterdir())
    assert store.inspect(str(path), PROJECT, EMAIL) is None


@pytest.mark.parametrize("truncate", [True, False])
def test_a_key_that_cannot_be_moved_into_place_is_emptied_or_its_file_is_named(
    store: KeyFiles, key: Secret, tmp_path: Path, truncate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, part = tmp_path / "k.json", tmp_path / ".k.json.part"
    slot = store.reserve(str(path), PROJECT, EMAIL)
    with monkeypatch.context() as patch:
        only_added_to(patch, truncate=truncate)
        with pytest.raises(ProblemError) as error:
            slot.commit(key)
        slot.abandon()
    assert code_of(error) == "KBQ-KEY-FILE-UNWRITABLE"
    told = "\n".join(map(str, error.value.problem.remedy))
    if truncate:
        assert part.read_bytes() == b""
        assert "still in" not in told
        assert store.inspect(str(path), PROJECT, EMAIL) is None
    else:
        assert CANARY.encode() in part.read_bytes()
        assert f"The key is still in {part}" in told
        assert f"rm {part}" in told
        assert error.value.problem.detail("left") == str(part)
        assert CANARY not in told


@pytest.mark.parametrize("name", [".k.json.part", ".k.json.shred"])
@pytest.mark.parametrize(
    ("content", "ours"),
    [
        (b"my notes, half a download", False),
        (b'{"downloaded": 3}', False),
        (b'{\n  "type": "service_acc', True),
        (b"{", True),
        (b"", True),
        (bytes(500), True),
        (bytes(range(256)) * 3, True),
    ],
)
def test_a_temporary_file_that_is_not_ours_is_left_alone(
    store: KeyFiles, key: Secret, tmp_path: Path, name: str, content: bytes, ours: bool
) -> None:
    path, other = str(tmp_path / "k.json"), tmp_path / name
    other.write_bytes(content)
    assert store.inspect(path, PROJECT, EMAIL) is None
    assert other.exists() == (not ours)
    if ours:
        store.reserve(path, PROJECT, EMAIL).commit(key)
        return
    if name.endswith(".part"):
        with pytest.raises(ProblemError) as error:
            store.reserve(path, PROJECT, EMAIL)
        assert code_of(error) == "KBQ-KEY-FILE-TAKEN"
        assert error.value.problem.detail("path") == str(other)
        assert not Path(path).exists()
    assert other.read_bytes() == content


def test_a_key_that_is_being_made_is_neither_missing_nor_there(store: KeyFiles, key: Secret, tmp_path: Path) -> None:
    path = str(tmp_path / "k.json")
    slot = store.reserve(path, PROJECT, EMAIL)
    with pytest.raises(ProblemError) as error:
        store.inspect(path, PROJECT, EMAIL)
    assert code_of(error) == "KBQ-KEY-FILE-BUSY"
    kept = slot.commit(key)
    seen = store.inspect(path, PROJECT, EMAIL)
    assert seen is not None
    assert seen.key_id == kept.key_id
    Path(path).write_bytes(b"")  # left by a dead process: nobody holds it
    assert store.inspect(path, PROJECT, EMAIL) is None


def test_being_looked_at_does_not_keep_a_place_from_being_reserved(
    store: KeyFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "k.json"
    path.write_bytes(b"")
    with path.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        store.reserve(str(path), PROJECT, EMAIL).abandon()


def above(path: Path, store: KeyFiles, key: Secret) -> list[str]:
    """Store a key in a folder and return the warnings about its parents."""
    kept = store.reserve(str(path / "k.json"), PROJECT, EMAIL).commit(key)
    return [text for w in kept.warnings if "Others may put a folder" in (text := str(w.cause))]


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o700, False), (0o755, False), (0o777, True), (0o1777, False), (0o702, True), (0o770, False)]
)
@pytest.mark.parametrize("depth", [1, 3])
def test_a_folder_above_the_key_s_that_all_may_write_to_is_warned_of(
    store: KeyFiles, key: Secret, tmp_path: Path, mode: int, warned: bool, depth: int
) -> None:
    top = tmp_path / "top"
    folder = top.joinpath(*["in"] * depth)
    folder.mkdir(parents=True, mode=0o700)
    top.chmod(mode)
    said = above(folder, store, key)
    assert len(said) == warned
    if warned:
        assert str(top / "in") in said[0]
        assert f"everybody may write to {top} (mode {mode:04o})" in said[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize(
    ("owners", "mode", "why"),
    [
        ((12345, 0, 0), 0o700, "belongs to 12345"),  # its owner may rename its contents
        ((0, 12345, 0), 0o1777, "it belongs to 12345"),  # in a sticky folder: the owner of the contents
        ((0, 12345, 0), 0o755, "belongs to 12345"),
        ((0, 0, 12345), 0o770, "its group may write"),
        ((0, 0, 12345), 0o1770, ""),
        ((0, 0, 0), 0o1777, ""),
    ],
)
def test_of_a_folder_above_it_counts_who_may_rename_what_lies_in_it(
    store: KeyFiles, key: Secret, tmp_path: Path, owners: tuple[int, int, int], mode: int, why: str
) -> None:
    top, inner = tmp_path / "top", tmp_path / "top" / "in"
    (inner / "mine").mkdir(parents=True)
    os.chown(top, owners[0], owners[2])
    os.chown(inner, owners[1], 0)
    top.chmod(mode)
    said = above(inner / "mine", store, key)
    assert bool(said) == bool(why)
    assert not why or any(why in text for text in said)


def test_a_link_on_the_way_lies_in_a_folder_that_counts_too(store: KeyFiles, key: Secret, tmp_path: Path) -> None:
    (tmp_path / "safe").mkdir(mode=0o700)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open" / "way").symlink_to(tmp_path / "safe")
    (said,) = above(tmp_path / "open" / "way", store, key)
    assert f"everybody may write to {tmp_path / 'open'}" in said
