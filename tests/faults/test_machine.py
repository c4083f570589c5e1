"""Faults of this machine during a set-up, from the command line: no traceback, no key lost, no key left over."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from kbq_tui.sandbox.faults import Rule
from tests.faults.field import ProjectPool
from tests.faults.machine import ProjectMachine
from tests.faults.zygote import DISK, KEYRING, UMASK, Ran, Zygote


@pytest.fixture
def one(field: ProjectPool, zygote: Zygote, tmp_path: Path) -> ProjectMachine:
    return ProjectMachine(field, zygote, tmp_path)


def refused(ran: Ran, *codes: str) -> None:
    """Check that it ended in a Problem with a remedy, in words."""
    assert ran.status not in (0, 99), ran.err
    assert "Traceback" not in ran.err + ran.out
    found = re.findall(r"KBQ-[A-Z-]+", ran.err)
    assert found, ran.err
    assert not codes or set(found) & set(codes), ran.err
    assert ran.out == ""


@pytest.mark.parametrize("kind", ["read-only", "full"])
def test_on_a_disk_that_takes_nothing_nothing_is_changed_at_google(kind: str, one: ProjectMachine) -> None:
    before = one.spot.state()
    refused(one.apply(**{DISK: kind}))
    assert one.spot.state() == before
    assert one.apply().status == 0


def test_a_disk_that_is_full_when_the_key_comes_costs_the_key_and_leaves_none_at_google(one: ProjectMachine) -> None:
    ran = one.apply(**{DISK: "full-at-key"})
    assert ran.status == 1, ran.err
    assert "deleted at Google again" in ran.err
    assert one.remote_keys() == set()
    assert not list(one.key_file.parent.glob("*.json")), "nothing is left in the key's place"
    assert one.apply().status == 0
    assert one.remote_keys() == {one.held()}


def test_where_that_key_cannot_be_deleted_either_it_is_named_and_found_later(one: ProjectMachine) -> None:
    one.spot.fail(Rule("iam.serviceAccountKeys.delete", "status", every=1, status=403))
    ran = one.apply(**{DISK: "full-at-key"})
    (left,) = one.remote_keys()
    assert f"kbq-tui key delete {left}" in ran.err
    one.spot.mend()
    assert one.apply().status == 0
    assert one.sweep() == 1


def test_without_a_home_folder_it_is_said(one: ProjectMachine) -> None:
    one.env = {k: v for k, v in one.env.items() if not k.startswith("XDG_")} | {"HOME": "/dev/null/nobody"}
    before = one.spot.state()
    refused(one.apply())
    assert one.spot.state() == before


def test_a_home_folder_that_is_a_file_is_said(one: ProjectMachine) -> None:
    one.home.joinpath("data").write_text("")
    ran = one.apply()
    refused(ran)
    assert one.remote_keys() == set()


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="needs a second file system")
def test_a_key_path_on_another_file_system_works_too(one: ProjectMachine, tmp_path: Path) -> None:
    other = Path("/dev/shm") / f"kbq-test-{os.getpid()}-{one.spot.project}"
    other.mkdir(mode=0o700)
    try:
        assert other.stat().st_dev != tmp_path.stat().st_dev
        ran = one.run("apply", "--yes", "--location", "EU", "--key-file", str(other / "key.json"))
        assert ran.status == 0, ran.err
        assert stat.S_IMODE((other / "key.json").stat().st_mode) == 0o600
    finally:
        for path in other.iterdir():
            path.unlink()
        other.rmdir()


def as_file(path: Path) -> None:
    path.write_text("mine")


def as_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def as_dangling_link_into_nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("missing") / "place")


def as_folder(path: Path) -> None:
    path.mkdir()


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def written(path: Path) -> tuple[int, ...]:
    """What a change would modify; reading may modify the rest."""
    found = path.lstat()
    return found.st_ino, found.st_mode, found.st_uid, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@pytest.mark.parametrize("make", [as_file, as_link, as_dangling_link_into_nowhere, as_folder, as_pipe])
def test_a_key_s_place_that_is_taken_is_left_alone_and_no_key_is_made(
    make: Callable[[Path], None], one: ProjectMachine
) -> None:
    path = one.home / "key.json"
    make(path)
    before = written(path)
    refused(one.run("apply", "--yes", "--location", "EU", "--key-file", str(path)))
    assert written(path) == before
    assert not path.with_name("elsewhere").exists()
    assert one.remote_keys() == set()


def test_a_home_folder_behind_a_link_works_too(one: ProjectMachine, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(one.home)
    one.env |= {k: str(link / v) for k, v in (("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"))}
    assert one.apply().status == 0
    assert one.remote_keys() == {one.held()}


@pytest.mark.parametrize("umask", ["000", "777"])
def test_whatever_the_umask_all_that_is_kept_is_private(umask: str, one: ProjectMachine) -> None:
    ran = one.apply(**{UMASK: umask})
    assert ran.status == 0, ran.err
    for path in one.home.rglob("*"):
        if path.name.startswith("ran-"):
            continue
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("locked", "is locked"),
        ("absent", "no system keyring"),
        ("hanging", "did not answer within"),
        ("small", "did not keep the whole key"),
    ],
)
def test_a_keyring_of_no_use_is_said_and_the_file_is_what_counts(kind: str, said: str, one: ProjectMachine) -> None:
    one.env.pop("KBQ_TUI_KEYRING")
    ran = one.apply(**{KEYRING: kind})
    assert ran.status == 0, ran.err
    assert one.remote_keys() == {one.held()}
    assert said in ran.err
    assert one.run("verify", **{KEYRING: kind}).status == 0
