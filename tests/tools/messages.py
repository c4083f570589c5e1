"""The German catalogue, made from the sources. `make messages` brings it up to date and compiles it.

python -m tests.tools.messages                  the same
python -m tests.tools.messages --check          say what is wrong with it; exit status 1 where something is
python -m tests.tools.messages --missing        print what is not translated yet, as a .po to be filled in
python -m tests.tools.messages --merge FILE...  take over translations from such files, in place of former ones
"""

import argparse
import ast
import fcntl
import gettext
import io
import re
import string
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from kbq_tui.i18n import language
from kbq_tui.i18n.messages import in_context
from tests.tools import extract

ROOT = Path(__file__).parents[2]
PO = Path(language.FOLDER) / "de" / "LC_MESSAGES" / f"{language.DOMAIN}.po"
MO = PO.with_suffix(".mo")
Id = str | tuple[str, str]

TERMS = """\
access entry               Zugriffseintrag
audit log                  Audit-Log
billing                    Abrechnung
binding                    Rollenbindung
connection                 Verbindung
credentials                Anmeldedaten
custom role                benutzerdefinierte Rolle
dashboard                  Übersicht
dataset                    Datensatz
grant, to grant            (Berechtigung) erteilen
guided set-up              geführte Einrichtung
hand-off text              Übergabetext
key file                   Schlüsseldatei
location                   Speicherort
look (of the dashboard)    Abruf
organization policy        Organisationsrichtlinie
over-grant                 Berechtigung zu viel
owner                      Inhaber
permission                 Berechtigung
plain view                 Klartextansicht
principal                  Hauptkonto
project ID                 Projekt-ID
role                       Rolle
service account            Dienstkonto
service account key        Dienstkontoschlüssel
staging dataset            Staging-Datensatz
to apply                   anwenden
to verify                  prüfen
view (of BigQuery)         View
"""
COMMENT = f"""\
# German for kbq-tui. Made by `make messages`; only the msgstr are written by hand.
# Informal "du", short sentences. Blanks stay as they are. One word for one thing:
#
{"".join(f"#   {line}" for line in TERMS.splitlines(keepends=True))}"""
HEADERS = [
    ("Language", "de"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "8bit"),
    ("Plural-Forms", "nplurals=2; plural=(n != 1);\n"),
]
FORBIDDEN = re.compile(
    r"\b(Datasets?|Service[- ]?[Kk]ont(?:o|en|os)|Service[- ]?Accounts?|Projekt ID|ProjektID|Key-Datei|Keyfile"
    r"|Permissions?|Principals?|Bindings?|Billing|Dashboards?|Over-?[Gg]rants?|Org(?:anization)?[- ]Polic(?:y|ies)"
    r"|Wizard|Lokation|Übergabe-Text|Schlüssel-Datei|(?:[Aa]n)?[Ss]icht(?:en)?|(?:Projekt)?[Ee]igentümer"
    r"|Audit-Protokoll|Zugangsdaten|Blicken?)\b|(?<=[a-zäöüß,] )(?:Sie|Ihnen|Ihre?[mnrs]?)\b"
)
QUOTED = re.compile(
    r"`[^`]*`|„[^“]*“|\"[^\"]*\"|'[^']*'|\{[^}]*\}|(?:[A-Z][a-z]+ )+(?:Admin|Administrator|Creator|Manager|User)\b"
)
"""Texts that are only names, such as a field on somebody else's screen, or one of Google's roles."""


@dataclass
class FoundTexts:
    """Texts with their files and comments, and those that cannot be translated as they are written."""

    texts: dict[Id, set[str]] = field(default_factory=dict)
    comments: dict[Id, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, text: Id, place: str, comments: Iterable[str] = ()) -> None:
        self.texts.setdefault(text, set()).add(place)
        self.comments.setdefault(text, set()).update(comments)


def sources() -> FoundTexts:
    """All texts to translate, as `pybabel extract` finds them with `babel.cfg`, and those of click."""
    found = FoundTexts()
    with Path(__file__).with_name("babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    for name, _, id_, comments, context in extract_from_dir(ROOT / "kbq_tui", *_below(methods, options)):
        text = (id_[0], id_[1]) if isinstance(id_, tuple) else in_context(context, id_) if context else id_
        found.add(text, f"kbq_tui/{name}", comments)
    for path in sorted((ROOT / "kbq_tui").rglob("*.py")):
        if path.name != "messages.py":
            found.wrong += wrong(path.read_text("utf-8"), str(path.relative_to(ROOT)))
    for name in ("core", "decorators", "exceptions", "formatting", "parser", "types"):
        file = Path(click.__file__).with_name(f"{name}.py")
        for _, id_, comments, _ in extract_from_file("tests.tools.extract.python", file):
            found.add((id_[0], id_[1]) if isinstance(id_, tuple) else id_, f"click/{file.name}", comments)
    return found


def _below(methods: list[tuple[str, str]], options: dict[str, Any]) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """The mapping for Babel when it is started in the package's folder, so that it reads no other."""
    return [(pattern.removeprefix("kbq_tui/"), method) for pattern, method in methods], {
        pattern.removeprefix("kbq_tui/"): given for pattern, given in options.items()
    }


def wrong(source: str, place: str) -> list[str]:
    """Marked texts in a module that cannot be found, because they are composed."""
    out: list[str] = []
    for call in extract.calls(ast.parse(source)):
        name = extract.name_of(call.func)
        if name in extract.SINGLE:
            literals = list(extract.literals(call.args[0]))
            if None in literals or (name in ("message", "N_") and not literals):
                out.append(f"{place}:{call.lineno}: {name}() takes a literal with blanks, nothing made")
        elif [*map(type, call.args[:2])] != [ast.Constant, ast.Constant]:
            out.append(f"{place}:{call.lineno}: {name}() takes two literals")
    return out


def take_over(known: dict[Id, Message], given: dict[Id, Message], found: FoundTexts) -> list[Id]:
    """Add translations to those that are known; a text that has one gets the new one.

    Returns:
        The texts among them that the sources do not have.
    """
    known |= {id_: message for id_, message in given.items() if id_ in found.texts and any(strings(message))}
    return [id_ for id_ in given if id_ not in found.texts]


class German(Catalog):
    """A catalogue with the same few headers everywhere: no dates, no versions."""

    mime_headers = property(lambda _: HEADERS, lambda *_: None)


def read(content: str) -> dict[Id, Message]:
    """The messages of a .po by their ids, without the header."""
    catalog = read_po(io.StringIO(content), locale="de", ignore_obsolete=True)
    return {_id(message): message for message in catalog if message.id}


def _id(message: Message) -> Id:
    if not isinstance(message.id, str):
        return (message.id[0], message.id[1])
    return in_context(message.context, message.id) if message.context else message.id


def _split(text: str) -> tuple[str | None, str]:
    """The context of a text, or None, and the text."""
    context, mark, rest = text.partition("\4")
    return (context, rest) if mark else (None, text)


def strings(message: Message) -> tuple[str, ...]:
    """The translations of a message: two if it has a plural; empty ones if there are none."""
    given = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return (*given, "", "")[: 2 if message.pluralizable else 1]


def catalogue(found: FoundTexts, known: dict[Id, Message]) -> German:
    """The catalogue of the sources' texts, with the known translations."""
    made = German(locale="de", header_comment=COMMENT, fuzzy=False)
    plurals = {text[0] for text in found.texts if not isinstance(text, str)}
    for text, places in found.texts.items():
        if text in plurals:  # gettext finds the singular form by its own text
            continue
        translated = strings(known[text]) if text in known else ()
        if isinstance(text, str):
            context, plain = _split(text)
            message = made.add(plain, "".join(translated), context=context)
        else:
            message = made.add(text, translated)
        message.flags.clear()
        message.locations = [(place, 0) for place in sorted(places)]
        message.auto_comments = sorted(found.comments[text])
    return made


def po_text(catalog: German) -> str:
    """A catalogue as a .po, with the file of each text: without the line, which would change with every edit."""
    out = io.BytesIO()
    write_po(out, catalog, width=100, sort_output=True, include_lineno=False)
    return out.getvalue().decode().rstrip("\n") + "\n"


def mo_bytes(catalog: German) -> bytes:
    """A catalogue as a .mo."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def unwritten(catalog: German) -> list[Message]:
    """Messages without a translation, or without one of its forms."""
    return [m for m in catalog if m.id and not all(strings(m))]


def faults(messages: Iterable[Message]) -> list[str]:
    """What is wrong with translations, one line each; a missing one is not wrong."""
    out: list[str] = []
    for message in messages:
        ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        if message.fuzzy:
            out.append(f"fuzzy: {ids[0]!r}")
        if any(strings(message)) and not all(strings(message)):
            out.append(f"a plural form is missing: {ids[0]!r}")
        for number, text in enumerate(strings(message)):
            if text:
                out += [f"{why}: {ids[number]!r} -> {text!r}" for why in _faults(ids, number, text)]
    return out


def _faults(ids: tuple[str, ...], number: int, text: str) -> Iterator[str]:
    said = ids[number]
    # The singular form may leave out the number, or have it where English does not.
    if blanks(text) not in [blanks(id_) for id_ in (ids if number == 0 else (said,))]:
        yield "other blanks"
    if _edge(said) != _edge(text):
        yield "begins or ends with other space"
    if _stop(said) != _stop(text):
        yield "ends with another mark"
    if match := FORBIDDEN.search(QUOTED.sub("", text)):
        yield f"not our word: {match[0]}"


def blanks(text: str) -> list[tuple[str, str, str]]:
    """The fields of a form, in any order: name, format and conversion."""
    try:
        parts = [(n, s or "", c or "") for _, n, s, c in string.Formatter().parse(text) if n is not None]
    except ValueError:  # a brace that is meant
        parts = []
    return sorted(parts + [(old, "%", "") for old in re.findall(r"%\(\w+\)[a-z]", text)])


def _edge(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _stop(text: str) -> str:
    end = text.rstrip()[-3:]
    return "..." if end == "..." else end[-1:] if end[-1:] in ".:;,!?…" else ""


def stale(found: FoundTexts) -> list[str]:
    """The files that differ from what the sources give."""
    before = PO.read_text("utf-8")
    made = catalogue(found, read(before))
    out = [] if po_text(made) == before else [f"{PO.name} is out of date with the sources: make messages"]
    with MO.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    fresh = gettext.GNUTranslations(io.BytesIO(mo_bytes(made)))
    return out if vars(compiled)["_catalog"] == vars(fresh)["_catalog"] else [*out, f"{MO.name} is out of date"]


def write(catalog: German) -> None:
    PO.write_text(po_text(catalog), "utf-8")
    MO.write_bytes(mo_bytes(catalog))


@contextmanager
def alone() -> Iterator[None]:
    """Only one process at a time."""
    with PO.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.messages")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--merge", nargs="+", metavar="FILE", default=())
    options = parser.parse_args()
    found = sources()
    with alone():
        known = read(PO.read_text("utf-8"))
        for name in options.merge:
            for id_ in take_over(known, read(Path(name).read_text("utf-8")), found):
                print(f"{name}: no such text: {id_!r}", file=sys.stderr)
        made = catalogue(found, known)
        missing = unwritten(made)
        if options.missing:
            left = German(locale="de", header_comment=COMMENT, fuzzy=False)
            for message in missing:
                left[message.id] = message
            print(po_text(left), end="")
            return 0
        wrong = found.wrong + faults(known.values())
        if options.check:
            wrong += stale(found) + (["not everything is translated: --missing"] if missing else [])
        else:
            write(made)
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    print(f"{len(list(made)) - 1} texts, {len(missing)} not translated", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
