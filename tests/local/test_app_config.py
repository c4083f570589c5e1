"""The program's configuration file."""

from pathlib import Path

import pytest

from kbq_tui.local.app_config import SettingsError, read_settings


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "config.toml").keys == {}


def test_keys_are_read_one_or_several(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('# mine\n[keys]\nhelp = "f9"\npick = ["?", "ctrl+o"]\n')
    assert read_settings(path).keys == {"help": ("f9",), "pick": ("?", "ctrl+o")}


@pytest.mark.parametrize(("text", "seconds"), [('interval = "30s"', 30.0), ("interval = 300", 300.0), ("", None)])
def test_the_time_between_two_checks_is_read(text: str, seconds: float | None, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert read_settings(path).interval == seconds


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[keys]\nhelp = "f9"\n[colours]\n', 3, "colours: There is no such setting"),
        ('# keys\n\nkeys = "f9"\n', 3, "keys: It is a table"),
        ('[keys]\n# help = 1\nquit = "f12"\nhelp = 9\n', 4, "keys.help: It takes a key in quotes"),
        ('[keys]\nhelp = ["f9", 1]\n', 2, "keys.help: It takes a key in quotes"),
        ('[keys]\nhelp = "f9\n', 2, "syntax"),
        ('\ninterval = "1s"\n', 2, "interval: It takes a time such as 30s"),
        ("interval = true\n", 1, "interval: It takes a time such as 30s"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_line(text: str, line: int, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert str(caught.value).startswith(f"{path}, line {line}, ")
    assert said in str(caught.value)
