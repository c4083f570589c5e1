"""Reads a compiled catalogue of translations without decoding all of it.

`gettext.GNUTranslations` decodes every sentence when it is opened, which takes 7 ms for the 3,000 of this program; a
first screen shows some 80.
"""

import errno
import os
import struct
from collections.abc import Callable

_MAGIC = 0x950412DE


_SPELLED = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "„": '"',
        "“": '"',
        "‚": "'",
        "‘": "'",
    }
)
"""How German is written without its letters. Source: ICAO Doc 9303, part 3, section 6."""


_CAPITALS = {"Ä": "AE", "Ö": "OE", "Ü": "UE"}


def spelled_out(text: str) -> str:
    """Return German with ASCII's letters: `für` as `fuer`, `SCHLÜSSEL` as `SCHLUESSEL`."""
    for letter, both in _CAPITALS.items():
        for at in [place for place, c in enumerate(text[:-1]) if c == letter and text[place + 1].isupper()][::-1]:
            text = text[:at] + both + text[at + 1 :]
    return text.translate(_SPELLED)


class Catalogue:
    """The translations of a `.mo` file, little-endian and in UTF-8, as `make messages` writes it.

    Its order does not matter: Babel 2.19.0 does not sort texts with a context as the format demands.

    Source of the format: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html

    Args:
        data: the file's content.
        spelled: write letters that ASCII does not have with others, for a terminal that cannot show them.

    Raises:
        OSError: the file is cut short or of another kind, as `gettext` raises it.
    """

    def __init__(self, data: bytes, *, spelled: bool = False) -> None:
        try:
            magic, _, count, originals, translations = struct.unpack_from("<5I", data)
            numbers = struct.unpack_from(f"<{2 * count}I", data, originals)
            size, start = struct.unpack_from("<2I", data, translations + 8 * (count - 1))  # the last one ends the file
        except struct.error:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from None
        if magic != _MAGIC or start + size > len(data):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._data = data
        self._spelled = spelled
        self._translations = translations
        spans = iter(numbers)
        self._places = {data[start : start + size]: place for place, (size, start) in enumerate(zip(spans, spans))}  # noqa: B905  a zip of one iterator
        self._plural: Callable[[int], int] | None = None

    def gettext(self, text: str) -> str:
        """Return the translation of a text; the text itself if there is none."""
        found = self._found(text)
        return text if found is None else found

    def ngettext(self, one: str, many: str, n: int) -> str:
        """Return the translation of a text that depends on a number; without one, `one` for 1 and else `many`."""
        found = self._found(f"{one}\0{many}")
        if found is None:
            return one if n == 1 else many
        return found.split("\0")[self._form(n)]

    def _found(self, text: str) -> str | None:
        place = self._places.get(text.encode(errors="surrogatepass"))  # a file name may hold such
        if place is None:
            return None
        size, start = struct.unpack_from("<2I", self._data, self._translations + 8 * place)
        text = self._data[start : start + size].decode()
        return spelled_out(text) if self._spelled else text

    def _form(self, n: int) -> int:
        """Return the place of the form for a number, by the rule in the catalogue's header."""
        if self._plural is None:
            from gettext import c2py  # what gettext itself uses

            header = self.gettext("")
            rule = header.partition("Plural-Forms:")[2].partition("plural=")[2].partition(";")[0]
            self._plural = c2py(rule)
        return self._plural(n)
