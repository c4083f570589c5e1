"""The new key's file: beside the old one, then in its place; whenever a process dies, the next one continues."""

import json
from pathlib import Path

import pytest

from kbq_tui.local.keys.key_files import KeyFiles
from kbq_tui.local.keys.successor import path_beside
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.secret import Secret
from tests.local.conftest import EMAIL, PROJECT, key_json

OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def two(store: KeyFiles) -> tuple[Path, Path]:
    """The old key in its place, and the new one beside it."""
    place = Path(store.default_path(PROJECT, EMAIL))
    store.reserve(None, PROJECT, EMAIL).commit(Secret(key_json(key_id=OLD)))
    beside = store.path_beside(None, PROJECT, EMAIL)
    store.reserve(beside, PROJECT, EMAIL).commit(Secret(key_json(key_id=NEW)))
    return place, Path(beside)


def held(path: Path) -> str:
    return str(json.loads(path.read_text())["private_key_id"])


def test_the_name_tells_what_it_is() -> None:
    assert path_beside("/k/account.json") == "/k/account.next.json"
    assert path_beside("/k/account") == "/k/account.next"


def test_the_new_key_takes_the_place_and_the_old_one_is_remembered(store: KeyFiles, two: tuple[Path, Path]) -> None:
    place, beside = two
    store.promote(None, PROJECT, EMAIL, NEW)
    assert held(place) == NEW
    assert place.stat().st_mode & 0o777 == 0o600
    assert not beside.exists()
    assert store.handed_over(PROJECT, EMAIL) == (OLD,)
    store.promote(None, PROJECT, EMAIL, NEW)
    assert held(place) == NEW


def test_it_goes_on_after_the_old_file_was_shredded(store: KeyFiles, two: tuple[Path, Path]) -> None:
    place, beside = two
    store.shred(None, PROJECT, EMAIL)
    store.promote(None, PROJECT, EMAIL, NEW)
    assert held(place) == NEW
    assert not beside.exists()


@pytest.mark.parametrize("shredded", [False, True])
def test_a_new_key_without_a_file_counts_as_handed_over(
    store: KeyFiles, two: tuple[Path, Path], *, shredded: bool
) -> None:
    place, beside = two
    beside.unlink()
    if shredded:  # the run before died there
        store.shred(None, PROJECT, EMAIL)
    for _ in range(2):
        store.promote(None, PROJECT, EMAIL, NEW)
        assert not place.exists()
        assert store.handed_over(PROJECT, EMAIL) == (OLD, NEW)


def test_nothing_is_put_over_a_file_that_is_no_key(store: KeyFiles, two: tuple[Path, Path]) -> None:
    place, beside = two
    place.write_text("mine")
    with pytest.raises(ProblemError):
        store.promote(None, PROJECT, EMAIL, NEW)
    assert place.read_text() == "mine"
    assert held(beside) == NEW


def test_the_new_file_is_destroyed_alone(store: KeyFiles, two: tuple[Path, Path]) -> None:
    place, beside = two
    store.discard_beside(None, PROJECT, EMAIL)
    store.discard_beside(None, PROJECT, EMAIL)
    assert held(place) == OLD
    assert not beside.exists()
    assert store.handed_over(PROJECT, EMAIL) == ()


def test_what_is_no_key_of_the_account_is_not_destroyed(store: KeyFiles, two: tuple[Path, Path]) -> None:
    _, beside = two
    beside.write_text("mine")
    with pytest.raises(ProblemError) as caught:
        store.discard_beside(None, PROJECT, EMAIL)
    assert caught.value.problem.code == Code.KEY_FILE_INVALID
    assert beside.read_text() == "mine"
