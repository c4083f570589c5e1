"""Which language is spoken, and the German catalogue: complete, up to date, with blanks and words as they should be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from kbq_tui import language
from tests import messages

LOCALES = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": ""}


@pytest.mark.parametrize(
    ("arguments", "env", "expected"),
    [
        ((), {}, ("en", "")),
        ((), {"LANG": "de_DE.UTF-8"}, ("de", "LANG")),
        ((), {"LANG": "de"}, ("de", "LANG")),
        ((), {"LANG": "fr_FR.UTF-8"}, ("en", "")),
        ((), {"LANG": "C.UTF-8"}, ("en", "")),
        ((), {"LANG": "den_XX"}, ("en", "")),
        ((), {"LANG": "en_GB.UTF-8", "LC_MESSAGES": "de_AT.UTF-8"}, ("de", "LC_MESSAGES")),
        ((), {"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, ("en", "")),
        ((), {"LANG": "de_DE.UTF-8", "LC_ALL": ""}, ("de", "LANG")),
        ((), {"LANG": "de_DE.UTF-8", "KBQ_TUI_LANG": "en"}, ("en", "KBQ_TUI_LANG")),
        ((), {"LANG": "de_DE.UTF-8", "KBQ_TUI_LANG": "fr"}, ("de", "LANG")),
        ((), {"KBQ_TUI_LANG": "de-CH"}, ("de", "KBQ_TUI_LANG")),
        ((), {"KBQ_TUI_LANG": "DE"}, ("de", "KBQ_TUI_LANG")),
        (("--lang", "de"), {"KBQ_TUI_LANG": "en"}, ("de", "--lang")),
        (("plan", "--lang=de"), {}, ("de", "--lang")),
        (("--lang", "de", "plan", "--lang=en"), {}, ("en", "--lang")),
        (("explain", "--", "--lang", "de"), {}, ("en", "")),
        (("--lang",), {"LANG": "de_DE"}, ("de", "LANG")),
        (("--lang", "xx"), {"LANG": "de_DE"}, ("de", "LANG")),
        (("--lang", "xx"), {}, ("en", "")),
    ],
)
def test_the_language_is_that_of_the_option_else_the_variable_else_the_locale(arguments, env, expected):
    assert language.chosen(arguments, env) == expected
    assert language.wanted(arguments, env) == expected[0]


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kbq_tui", *arguments],
        env={**os.environ, **LOCALES, "PYTHONUTF8": "1", **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


def message(id_: str | tuple[str, str], text: str | tuple[str, str]) -> Message:
    return Message(id_, text)


@pytest.mark.parametrize(
    ("id_", "text", "why"),
    [
        ("{name} is gone", "{nam} ist weg", "other blanks"),
        ("{name} is gone", "weg", "other blanks"),
        ("{n:.1f} s", "{n} s", "other blanks"),
        ("{name!r} is gone", "{name} ist weg", "other blanks"),
        ("Gone.", "Weg", "another mark"),
        ("Gone", "Weg.", "another mark"),
        ("Looking ...", "Sehe nach .", "another mark"),
        (" gone", "weg", "other space"),
        ("gone\n", "weg", "other space"),
        ("The dataset", "Das Dataset", "not our word"),
        ("A service account", "Ein Service-Konto", "not our word"),
        ("Do you have it", "Haben Sie ihn", "not our word"),
        (("{n} key", "{n} keys"), ("{n} Schlüssel", "Schlüssel"), "other blanks"),
        (("{n} key", "{n} keys"), ("{n} Schlüssel", ""), "plural form is missing"),
    ],
)
def test_what_is_wrong_with_a_translation_is_found(id_, text, why):
    (found,) = messages.faults([message(id_, text)])
    assert why in found


@pytest.mark.parametrize(
    ("id_", "text"),
    [
        ("{name} is gone", "Weg ist {name}"),
        ("Not there yet", ""),
        ("Choose Dataset {x}", "Wähle „Dataset“ {x}"),
        ("They stay. They do.", "Sie bleiben. Sie tun es."),
        (("One key", "{n} keys"), ("Ein Schlüssel", "{n} Schlüssel")),
        (("{n} key", "{n} keys"), ("{n} Schlüssel", "{n} Schlüssel")),
    ],
)
def test_what_is_right_is_let_through(id_, text):
    assert messages.faults([message(id_, text)]) == []


def test_a_text_that_is_put_together_is_found(tmp_path: Path):
    found = messages.Found()
    source = (
        'told(f"no {x}")\nsaid("a" + b)\nsaid(x)\ntold(x)\ntold("a" if x else "b")\nwords.mark("c")\nself.told("d")'
    )
    messages._of_module(source, "x.py", *messages.OURS, found)
    assert [line.partition(": ")[0] for line in found.wrong] == ["x.py:1", "x.py:2", "x.py:3"]
    assert set(found.texts) == {"a", "b", "c"}


def test_every_text_can_be_translated():
    assert messages.sources().wrong == []


def test_the_translations_are_as_they_should_be():
    assert messages.faults(messages.read(messages.PO.read_text("utf-8")).values()) == []


def test_the_catalogue_is_up_to_date_and_compiled():
    assert messages.stale(messages.sources()) == []
