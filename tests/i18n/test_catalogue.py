"""The lazy reader of compiled catalogues says what Python's gettext says."""

import gettext
from pathlib import Path

import pytest

from kbq_tui.i18n import language, messages
from kbq_tui.i18n.catalogue import Catalogue, spelled_out
from kbq_tui.i18n.messages import translate

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


@pytest.mark.parametrize("size", [0, 10, 30, 5_000, 150_000, -2])
def test_a_catalogue_that_is_cut_short_is_refused_as_gettext_does(size: int) -> None:
    with pytest.raises(OSError, match="Invalid"):
        Catalogue(GERMAN.read_bytes()[:size])


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(OSError, match="Invalid"):
        Catalogue(b"msgid" + GERMAN.read_bytes()[5:])


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("für Ärzte", "fuer Aerzte"),
        ("SCHLÜSSEL", "SCHLUESSEL"),
        ("Übersicht, groß", "Uebersicht, gross"),
        ("„so“ und ‚so‘", "\"so\" und 'so'"),
        ("Ä", "Ae"),
        ("", ""),
    ],
)
def test_german_is_spelled_out_for_a_terminal_without_its_letters(text: str, spelled: str) -> None:
    assert spelled_out(text) == spelled


def test_only_texts_of_the_catalogue_are_spelled_out() -> None:
    language.speak("de", spelled=True)
    try:
        told = translate("Replace the key of {account}?", account="Müller")
    finally:
        language.speak("en")
    assert told == "Den Schluessel von Müller ersetzen?"


def test_without_a_usable_catalogue_the_language_is_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / f"{language.DOMAIN}.mo").write_bytes(GERMAN.read_bytes()[:5_000])
    monkeypatch.setattr(language, "FOLDER", str(tmp_path))
    language.speak("de")
    assert messages.language() == "en"
