"""Decodes the bytes that a terminal sends."""

import codecs
import re
from collections.abc import Iterator

from kbq_tui.model.lazy_pattern import pattern


class InputDecoder:
    """Decodes any bytes that a terminal sends. Textual ends on bytes that are not UTF-8 (Textualize/textual#6668).

    If another program has enabled mouse reports before a re-attach, the terminal sends them in the X10 form: three
    bytes of any value, which would be typed into the field with the focus. They are left out.

    So is everything in pasted text that is not text. After the first escape character in it, Textual takes the rest for
    keys: a coloured error message would press Enter on the button with the focus.
    """

    _REPORT = pattern(rb"\x1b\[M[\x20-\xff]{3}", re.DOTALL)
    _BEGUN = pattern(rb"\x1b\[M[\x20-\xff]{0,2}\Z", re.DOTALL)

    _PASTE = ("\x1b[200~", "\x1b[201~")
    _NO_TEXT = pattern(
        r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\r\n]{0,200}(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]?"
        r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
    )
    _UNFINISHED = pattern(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b\r\n]{0,200}\x1b?|[ -/]*)\Z")

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = b""
        self._pasting = False
        self._tail = ""
        """While pasting, what was not passed on yet; else the end of what was."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text that is complete so far."""
        read = self._REPORT.sub(b"", self._held + data)
        begun = self._BEGUN.search(read)
        cut = begun.start() if begun and not final else len(read)
        self._held = read[cut:]
        return "".join(self._calmed(self._text.decode(read[:cut], final), final))

    def _calmed(self, text: str, final: bool) -> Iterator[str]:
        """Yield the text unchanged, except that pasted text is reduced to text."""
        begin, end = self._PASTE
        while text:
            if not self._pasting:
                known = len(self._tail)  # a key is passed on at once, because the mark may come in two parts
                before, mark, after = (self._tail + text).partition(begin)
                yield (before + mark)[known:]
                self._pasting, text = bool(mark), after
                self._tail = "" if mark else before[1 - len(begin) :]
                continue
            pasted, mark, text = (self._tail + text).partition(end)
            unfinished = None if mark or final else self._UNFINISHED.search(pasted)
            cut = unfinished.start() if unfinished else len(pasted)
            yield self._NO_TEXT.sub("", pasted[:cut]) + mark
            self._pasting, self._tail = not mark, pasted[cut:]
