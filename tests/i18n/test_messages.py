"""A message is a value: English for JSON and logs, rendered in the person's language where it is shown."""

import copy
import pickle
from collections.abc import Iterator

import pytest

from kbq_tui.i18n import messages
from kbq_tui.i18n.messages import (
    EMPTY,
    as_message,
    grouped,
    joined,
    message,
    message_n,
    render,
    row,
    translate,
    translate_n,
    verbatim,
)

GERMAN = {
    "The dataset {name} is missing": "Der Datensatz {name} fehlt",
    "Not yet: {why}": "Noch nicht: {why}",
    "Apply": "Anwenden",
}


@pytest.fixture
def german() -> Iterator[None]:
    messages.use(
        lambda text: GERMAN.get(text, text),
        lambda one, many, n: f"{{n}} {'Schlüssel' if n == 1 else 'Schlüssel(mehrere)'}",
        "de",
    )
    yield
    messages.use(None)


def test_what_is_said_is_english_everywhere_else(german: None):
    text = message("The dataset {name} is missing", name="X")
    assert str(text) == "The dataset X is missing"
    assert f"{text}" == "The dataset X is missing"
    assert render(text) == "Der Datensatz X fehlt"


def test_values_are_told_too_and_never_parsed(german: None):
    inner = message("The dataset {name} is missing", name="{why}")
    assert render(message("Not yet: {why}", why=inner)) == "Noch nicht: Der Datensatz {why} fehlt"


def test_literals_and_what_has_no_translation(german: None):
    assert translate("Apply") == "Anwenden"
    assert translate("Acme {x} shop") == "Acme {x} shop"
    assert translate("The dataset {name} is missing", name=3) == "Der Datensatz 3 fehlt"
    assert translate("") == ""


def test_numbers(german: None):
    assert str(message_n("{n} key", "{n} keys", 2)) == "2 keys"
    assert translate_n("{n} key", "{n} keys", 1) == "1 Schlüssel"
    assert translate_n("{n} key", "{n} keys", 2) == "2 Schlüssel(mehrere)"


def test_the_separators_in_numbers_are_those_of_the_language(german: None):
    text = message("{rows} rows in {seconds:.1f} s, {hours:g} h, {part:.0%}", rows=grouped(1500000), seconds=1234.5,
                   hours=2.5, part=0.25)  # fmt: skip
    assert str(text) == "1,500,000 rows in 1234.5 s, 2.5 h, 25%"
    assert render(text) == "1.500.000 rows in 1234,5 s, 2,5 h, 25%"
    assert render(message("{version} {n:>4}", version="1.2,3", n=7)) == "1.2,3    7"  # text stays as it is
    assert render(row(message("n"), grouped(1000), 3)) == "n   1.000"


def test_parts_are_told_one_by_one(german: None):
    both = joined("; {", "Apply", message("The dataset {name} is missing", name="X"))
    assert str(both) == "Apply; {The dataset X is missing"
    assert render(both) == "Apply; {Der Datensatz X fehlt"


def test_english_needs_no_catalogue():
    assert render(message("{n} of {m}", n=1, m=2)) == "1 of 2"
    assert translate("{n} of {m}", n=1, m=2) == "1 of 2"
    assert translate_n("{n} key", "{n} keys", 1) == "1 key"


def test_it_is_no_text():
    assert not isinstance(message("Apply"), str)
    with pytest.raises(TypeError):
        "" + message("Apply")  # type: ignore[operator]


def test_it_is_equal_where_template_and_values_are():
    assert message("{a}!", a="x") == message("{a}!", a="x")
    assert hash(message("{a}!", a="x")) == hash(message("{a}!", a="x"))
    assert message("{a}!", a="x") != message("{a}!", a="y")
    assert message("x!") != message("{a}!", a="x")
    assert message_n("{n} key", "{n} keys", 1) != message("{n} key", n=1)
    assert message("x!").__eq__("x!") is NotImplemented


def test_it_survives_being_pickled_and_copied():
    text = message_n("{n} {a}", "{n} {a}s", 2, a=message("key"))
    assert pickle.loads(pickle.dumps(text)) == text
    assert copy.deepcopy(text) == text


def test_nothing_is_false_and_shown_as_nothing(german: None):
    assert not EMPTY
    assert not verbatim("")
    assert render(EMPTY) == ""
    assert str(EMPTY) == ""


def test_what_comes_from_outside_is_not_looked_up_and_not_parsed(german: None):
    assert render(verbatim("Apply")) == "Apply"
    assert render(verbatim("{name}")) == "{name}"
    assert as_message("Apply") == verbatim("Apply")
    assert as_message(message("Apply")) == message("Apply")


def test_one_english_text_has_a_translation_for_each_context() -> None:
    """As gettext's `msgctxt`: the key of a catalogue is the context, an end-of-transmission sign, and the text."""
    german = {"keyboard\4Key {key}": "Taste {key}", "Key {key}": "Schlüssel {key}"}
    messages.use(lambda text: german.get(text, text), None, "de")
    try:
        assert messages.translate(messages.in_context("keyboard", "Key {key}"), key="F3") == "Taste F3"
        assert messages.translate("Key {key}", key="abc") == "Schlüssel abc"
        assert messages.translate(messages.in_context("button", "Copy")) == "Copy"
    finally:
        messages.use(None)
    assert str(messages.message(messages.in_context("keyboard", "Key {key}"), key="F3")) == "Key F3"
    assert messages.translate(messages.in_context("button", "Copy")) == "Copy"
