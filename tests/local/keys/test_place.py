"""The length of a key file's name: with our temporary names around it, it has to fit its file system."""

import os
from pathlib import Path

import pytest

from kbq_tui.local.keys.place import Place, name_max, too_long
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import ConnectionSpec, InvalidValueError, check_key_file


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("k" * 248, True),
        ("k" * 249, False),
        ("k" * 250, False),
        ("ü" * 124, True),
        ("ü" * 125, False),
        ("k" * 5000, False),
    ],
)
def test_a_name_and_the_temporary_names_beside_it_have_to_fit(tmp_path: Path, name: str, fits: bool) -> None:
    path = f"{tmp_path}/{name}"
    assert (check_key_file(path) is None) is fits
    if fits:
        place = Place.at(path)
        for beside in (place.name, place.part, place.doomed):
            (tmp_path / beside).touch()
        assert ConnectionSpec(project="acme-prod-123", key_file=path).key_file == path
    else:
        with pytest.raises(InvalidValueError, match="bytes"):
            ConnectionSpec(project="acme-prod-123", key_file=path)


def test_a_path_that_no_system_takes_is_refused() -> None:
    assert check_key_file("/" + "/".join(["folder"] * 700)) is not None
    assert check_key_file(f"/{'f' * 256}/k.json") is not None
    assert check_key_file(f"/{'f' * 255}/k.json") is None


def test_the_file_system_is_asked_how_long_a_name_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert name_max(tmp_path / "not" / "there") == os.pathconf(tmp_path, "PC_NAME_MAX")
    monkeypatch.setattr(os, "pathconf", lambda path, what: 143)  # as in eCryptfs
    assert too_long(f"{tmp_path}/{'k' * 136}") is None
    assert "136 fit here" in str(too_long(f"{tmp_path}/{'k' * 137}"))
    with pytest.raises(ProblemError) as raised:
        Place.at(f"{tmp_path}/{'k' * 137}")
    assert raised.value.problem.exit_code == 2


def test_a_file_system_that_cannot_be_asked_is_taken_for_a_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object, what: str) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "pathconf", refuse)
    assert too_long(f"{tmp_path}/{'k' * 248}") is None
    assert too_long(f"{tmp_path}/{'k' * 249}") is not None
