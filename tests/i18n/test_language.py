"""The language that is used, and the German catalogue: complete, up to date, with the right fields and words."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import babel.messages.extract
import click
import pytest
from babel.messages.catalog import Message

from kbq_tui.cli.commands.doctor import body as doctor
from kbq_tui.cli.console import Console
from kbq_tui.cli.prompts import FromLines
from kbq_tui.i18n import language
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Problem, RemedyStep
from tests.support.commands import commands_and_groups
from tests.support.outputs import output
from tests.tools import messages


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


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program with a separate locale, on a machine where nothing is set up."""
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("GOOGLE_", "CLOUDSDK_", "KBQ_TUI_", "LC_", "LANG"))
    }
    folders = {f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "STATE", "DATA")}
    own = {"HOME": str(tmp_path), "KBQ_TUI_KEYRING": "off", "NO_GCE_CHECK": "true", "PYTHONUTF8": "1"}

    def call(*arguments: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kbq_tui", *arguments]
        whole = {**clean, **folders, **own, **env}
        return subprocess.run(command, env=whole, input=typed, capture_output=True, text=True, timeout=300)

    return call


def test_every_command_takes_the_language():
    for path, command in commands_and_groups():
        context = click.Context(command, info_name=" ".join(path))
        assert "--lang [en|de]" in command.get_help(context), path


@pytest.mark.parametrize("arguments", [("--lang", "xx"), ("plan", "--lang", "xx"), ("key", "--lang=xx", "list")])
def test_a_language_there_is_not_is_a_usage_error(run, arguments):
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Invalid value for '--lang': 'xx' is not one of 'en', 'de'." in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("--lang", "de", "plan", "--help"), {}),
        (("plan", "--lang=de", "--help"), {"KBQ_TUI_LANG": "en"}),
        (("plan", "--help"), {"KBQ_TUI_LANG": "de"}),
        (("plan", "-h"), {"LANG": "de_CH.UTF-8"}),
    ],
)
def test_help_is_in_the_language_with_what_click_says_in_it(run, arguments, env):
    ended = run(*arguments, **env)
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert lines[0] == "Zeigen, was zu tun wäre. Ändert nichts."
    assert "Aufruf:  kbq-tui plan [NAME] [Optionen]" in lines
    assert {"Beispiele:", "Optionen:"} <= set(lines)
    assert any(line.endswith("Diese Hilfe zeigen.") for line in lines)


def test_usage_errors_are_in_the_language_and_exit_with_2(run):
    ended = run("plan", "--lang", "de")
    assert ended.returncode == 2
    assert ended.stderr.startswith("Aufruf: kbq-tui plan [NAME] [Optionen]")
    assert "Fehler: " in ended.stderr
    ended = run("plna", LANG="de_DE.UTF-8")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Fehler: Den Befehl 'plna' gibt es nicht." in ended.stderr


def test_the_whole_set_up_is_told_in_german_and_json_stays_english(run):
    ended = run("demo", "--lang", "de")
    assert ended.returncode == 0, ended.stderr
    assert "+ anlegen   " in ended.stderr
    assert "Prüfung mit dem Schlüssel:" in ended.stderr
    assert "Geprüft: 18 ok" in ended.stderr
    english, german = (run("demo", "--json", "--lang", code) for code in language.LANGUAGES)
    assert german.returncode == 0, german.stderr
    assert "Prüfung mit dem Schlüssel:" in german.stderr
    theirs, ours = output(english.stdout), output(german.stdout)
    assert {**ours, "key_path": ""} == {**theirs, "key_path": ""}


def test_what_is_no_language_of_ours_is_known() -> None:
    assert language.unheard({"KBQ_TUI_LANG": "xx"}) == "xx"
    assert not any(language.unheard({"KBQ_TUI_LANG": tag}) for tag in ("de", "de_AT.UTF-8", "en-GB"))


def test_a_variable_without_effect_is_said_by_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KBQ_TUI_LANG", "xx")
    assert [(f.name, f.ok) for f in doctor._language()][1:] == [("KBQ_TUI_LANG", False)]
    monkeypatch.setenv("KBQ_TUI_LANG", "de")
    assert len(doctor._language()) == 1


def test_doctor_says_which_language_and_why(run):
    def spoken(*arguments: str, **env: str) -> str:
        found = output(run("doctor", "--json", *arguments, **env).stdout)["findings"]
        return next(f["text"] for f in found if f["section"] == "Language")

    unreachable = {"HTTPS_PROXY": "http://127.0.0.1:9"}
    assert spoken(**unreachable) == "English, because nothing says otherwise"
    assert spoken("--lang", "de", **unreachable) == "Deutsch, because of --lang"
    assert spoken(LANG="de_DE.UTF-8", **unreachable) == "Deutsch, because of LANG"


def test_german_is_spelled_out_where_the_locale_has_no_letters_for_it(run) -> None:
    plain = run("keys", "--lang", "de", LC_ALL="C").stdout
    assert plain.isascii()
    assert "SCHLUESSEL" in plain
    assert "SCHLÜSSEL" in run("keys", "--lang", "de", LC_ALL="C.UTF-8").stdout


@pytest.fixture
def german() -> Iterator[None]:
    language.speak("de")
    yield
    language.speak("en")


@pytest.mark.parametrize(
    ("answer", "yes"),
    [("j", True), ("Ja", True), ("y", True), ("yes", True), ("n", False), ("nein", False), ("no", False)],
)
def test_yes_and_no_are_understood_in_both_languages(german, answer, yes):
    out = io.StringIO()
    asker = FromLines(Console(out, out), iter(["vielleicht\n", answer + "\n"]).__next__)
    assert asker.yes("apply", "So ausführen", default=False) is yes
    assert out.getvalue() == "1. So ausführen [j/N]:    Tippe j oder n.\n2. So ausführen [j/N]: "


def test_a_problem_stands_in_columns_as_wide_as_the_words(german):
    out = io.StringIO()
    problem = Problem(
        Code.UNEXPECTED,
        verbatim("A"),
        verbatim("why"),
        (RemedyStep(verbatim("do"), (Command("command"),)),),
        verbatim("me"),
        wait=5,
        link="https://example.com",
        original="no",
    )
    Console(out, out).problem(problem)
    assert out.getvalue().splitlines() == [
        "Fehler: A [KBQ-UNEXPECTED]",
        "  Ursache: why",
        "  Meldung: no",
        "  Abhilfe: do",
        "             command",
        "  Wer:     me",
        "  Warten:  bis zu 5 s können helfen",
        "  Mehr:    https://example.com",
    ]


def test_what_is_installed_has_the_catalogue():
    """What git ignores is not in the wheel either."""
    ended = subprocess.run(["git", "check-ignore", messages.PO, messages.MO], cwd=messages.ROOT, capture_output=True)
    assert ended.returncode != 0, ended.stdout


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
        ("A view", "Eine Ansicht", "not our word"),
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


def test_a_text_that_is_put_together_is_found() -> None:
    source = (
        'translate(f"no {x}")\nmessage("a" + b)\nmessage(x)\ntranslate(x)\ntranslate("a" if x else "b")\n'
        'messages.N_("c")\nself.translate("d")\nmessage_n(one, "many", 2)'
    )
    found = messages.wrong(source, "x.py")
    assert [line.partition(": ")[0] for line in found] == ["x.py:1", "x.py:2", "x.py:3", "x.py:8"]


def test_what_babel_extracts() -> None:
    source = b"""
translate("a" if x else "b")
messages.N_(in_context("button", "Copy"))
message_n("{n} key", "{n} keys", n)
self.translate("no call of ours")
"""
    assert list(extracted(source)) == [
        (2, "a", [], None),
        (2, "b", [], None),
        (3, "Copy", [], "button"),
        (4, ("{n} key", "{n} keys"), [], None),
    ]


def extracted(source: bytes) -> Iterator[tuple[Any, ...]]:
    """What Babel finds in a module, with our extractor."""
    return babel.messages.extract.extract("tests.tools.extract.python", io.BytesIO(source))


def test_a_translation_that_is_taken_over_replaces_the_former_one() -> None:
    found = messages.FoundTexts()
    for text in ("Back", "Next"):
        found.add(text, "x.py")
    known: dict[messages.Id, Message] = {
        text: message(text, german) for text, german in (("Back", "Rückwärts"), ("Next", "Weiter"))
    }
    given: dict[messages.Id, Message] = {
        text: message(text, german) for text, german in (("Back", "Zurück"), ("Next", ""), ("Gone", "Weg"))
    }
    assert messages.take_over(known, given, found) == ["Gone"]
    assert {text: each.string for text, each in known.items()} == {"Back": "Zurück", "Next": "Weiter"}


def test_a_sentence_of_the_catalogue_names_its_file_and_its_code() -> None:
    known = messages.read(messages.PO.read_text("utf-8"))
    message = known["Queries are not allowed: the role Job User is missing"]
    assert [place for place, _ in message.locations] == ["kbq_tui/diagnosis/entries/access.py"]
    assert message.auto_comments == ["KBQ-JOB-USER-MISSING"]


def test_every_text_can_be_translated():
    assert messages.sources().wrong == []


def test_the_translations_are_as_they_should_be():
    assert messages.faults(messages.read(messages.PO.read_text("utf-8")).values()) == []


def test_the_catalogue_is_up_to_date_and_compiled():
    assert messages.stale(messages.sources()) == []


def test_everything_is_translated():
    """Last, because a new text fails this one: write its German with `--missing` and `--merge`."""
    known = messages.read(messages.PO.read_text("utf-8"))
    left = messages.unwritten(messages.catalogue(messages.sources(), known))
    assert [message.id for message in left] == []
