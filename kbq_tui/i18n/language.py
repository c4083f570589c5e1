"""The language of texts for people: German or English. Codes, JSON and logs are always English."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

LANGUAGES: Final = ("en", "de")
DOMAIN: Final = "kbq_tui"
VARIABLE: Final = "KBQ_TUI_LANG"
FOLDER: Final = os.path.join(os.path.dirname(__file__), "locale")  # noqa: PTH118, PTH120  pathlib is late here


def chosen(arguments: Sequence[str], env: Mapping[str, str]) -> tuple[str, str]:
    """Return the language to use, and its source: `--lang`, else `KBQ_TUI_LANG`, else the locale, else nothing.

    It is read before the command line is parsed, because the help is in that language too. An unsupported language
    falls through to the next source; the parser reports a wrong `--lang`.

    Args:
        arguments: as typed, without the program's name.
        env: the environment.
    """
    typed = ""
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--lang" and place + 1 < len(arguments):
            typed = arguments[place + 1]
        elif word.startswith("--lang="):
            typed = word.removeprefix("--lang=")
    locale = next((name for name in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(name)), "")
    for source, tag in (("--lang", typed), (VARIABLE, env.get(VARIABLE, "")), (locale, env.get(locale, ""))):
        language = _language(tag)
        if language in LANGUAGES:
            return language, source
    return "en", ""


def unheard(env: Mapping[str, str]) -> str:
    """Return the value of `KBQ_TUI_LANG` if it is not a supported language; else an empty string."""
    tag = env.get(VARIABLE, "")
    return "" if not tag or _language(tag) in LANGUAGES else tag


def _language(tag: str) -> str:
    return tag.lower().replace("-", "_").partition(".")[0].partition("_")[0]


def wanted(arguments: Sequence[str], env: Mapping[str, str]) -> str:
    """Return the language to use: see `chosen`."""
    return chosen(arguments, env)[0]


def speak(language: str, *, spelled: bool = False) -> None:
    """Set the language from now on; English if there is no catalogue of the language.

    Args:
        language: one of `LANGUAGES`.
        spelled: write its own letters with others (`ae`), for a terminal that cannot show them. Names and values from
            elsewhere stay as they are.
    """
    from kbq_tui.i18n import messages

    if language != "en":
        from kbq_tui.i18n.catalogue import Catalogue

        with suppress(OSError):
            with open(f"{FOLDER}/{language}/LC_MESSAGES/{DOMAIN}.mo", "rb") as file:  # noqa: PTH123  as above
                found = Catalogue(file.read(), spelled=spelled)
            messages.use(found.gettext, found.ngettext, language)
            return
    messages.use(None)


def tell_click() -> None:
    """Let click speak the language in use. It calls gettext itself, for a domain and a language looked up each time."""
    from kbq_tui.i18n import messages

    if messages.language() != "en":
        import gettext

        gettext.bindtextdomain(DOMAIN, FOLDER)
        gettext.textdomain(DOMAIN)
        os.environ["LANGUAGE"] = messages.language()
