"""Text below the faces is English and remembers how it was made; `told` says it in the person's language."""

import pickle
from collections.abc import Iterator

import pytest

from kbq_tui.i18n import messages
from kbq_tui.i18n.messages import joined, said, said_many, told, told_many

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
    )
    yield
    messages.use(None)


def test_what_is_said_is_english_everywhere_else(german: None):
    text = said("The dataset {name} is missing", name="X")
    assert text == "The dataset X is missing"
    assert f"{text}" == "The dataset X is missing"
    assert told(text) == "Der Datensatz X fehlt"


def test_values_are_told_too_and_never_parsed(german: None):
    inner = said("The dataset {name} is missing", name="{why}")
    assert told(said("Not yet: {why}", why=inner)) == "Noch nicht: Der Datensatz {why} fehlt"


def test_literals_and_what_has_no_translation(german: None):
    assert told("Apply") == "Anwenden"
    assert told("Acme {x} shop") == "Acme {x} shop"
    assert told("The dataset {name} is missing", name=3) == "Der Datensatz 3 fehlt"
    assert told("") == ""


def test_numbers(german: None):
    assert said_many("{n} key", "{n} keys", 2) == "2 keys"
    assert told_many("{n} key", "{n} keys", 1) == "1 Schlüssel"
    assert told_many("{n} key", "{n} keys", 2) == "2 Schlüssel(mehrere)"


def test_parts_are_told_one_by_one(german: None):
    both = joined("; {", "Apply", said("The dataset {name} is missing", name="X"))
    assert both == "Apply; {The dataset X is missing"
    assert told(both) == "Apply; {Der Datensatz X fehlt"


def test_english_needs_no_catalogue():
    assert told(said("{n} of {m}", n=1, m=2)) == "1 of 2"
    assert told("{n} of {m}", n=1, m=2) == "1 of 2"
    assert told_many("{n} key", "{n} keys", 1) == "1 key"


def test_it_survives_being_pickled_as_plain_text():
    assert pickle.loads(pickle.dumps(said("{a}!", a="x"))) == "x!"
