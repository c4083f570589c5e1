"""The lazy reader of compiled catalogues says what Python's gettext says."""

import gettext
from pathlib import Path

import pytest

from kbq_tui.i18n import language
from kbq_tui.i18n.catalogue import Catalogue

GERMAN = Path(language.FOLDER) / "de" / "LC_MESSAGES" / f"{language.DOMAIN}.mo"


@pytest.fixture(scope="module")
def reference() -> gettext.GNUTranslations:
    with GERMAN.open("rb") as file:
        return gettext.GNUTranslations(file)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(GERMAN.read_bytes())


def _entries() -> tuple[list[str], list[tuple[str, str]]]:
    """Return the keys of the file: plain texts, with their context, and those with a plural."""
    keys = [key.decode() for key in Catalogue(GERMAN.read_bytes())._places if key]
    return [k for k in keys if "\0" not in k], [(k.split("\0")[0], k.split("\0")[1]) for k in keys if "\0" in k]


def test_every_text_has_the_translation_that_gettext_reads(
    catalogue: Catalogue, reference: gettext.GNUTranslations
) -> None:
    texts, _ = _entries()
    assert len(texts) > 2_000
    assert any("\4" in text for text in texts)
    assert {text: catalogue.gettext(text) for text in texts} == {text: reference.gettext(text) for text in texts}


@pytest.mark.parametrize("n", [0, 1, 2, 5, 21, 100])
def test_every_plural_has_the_form_that_gettext_chooses(
    catalogue: Catalogue, reference: gettext.GNUTranslations, n: int
) -> None:
    _, plurals = _entries()
    assert plurals
    said = {one: catalogue.ngettext(one, many, n) for one, many in plurals}
    assert said == {one: reference.ngettext(one, many, n) for one, many in plurals}


def test_what_is_not_in_it_stays_as_it_is(catalogue: Catalogue) -> None:
    assert catalogue.gettext("Not in any catalogue.") == "Not in any catalogue."
    assert [catalogue.ngettext("one nothing", "many nothings", n) for n in (0, 1, 2)] == [
        "many nothings",
        "one nothing",
        "many nothings",
    ]
