"""A value that must not be shown, and a filter for text that might contain one."""

import re
from collections.abc import Iterable
from typing import Final, NoReturn

from kbq_tui.model.lazy_pattern import pattern

MASK: Final = "[secret]"

_PATTERNS: Final = (
    # For each expression, what a text must contain (in lower case) for it to be worth trying; and the expression: a PEM
    # block, also if a JSON dump has turned its line ends into the two characters "\n", or if it is cut short.
    (
        ("-----begin ",),
        pattern(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    ),
    (
        ("private_key", "privatekeydata"),
        pattern(r"""((?:private_key(?:_data)?|privateKeyData)["']?\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)"""),
    ),
    # The beginning of a key without its PEM header: base64 of the first bytes, which are the same in every key.
    (("mii",), pattern(r"(?<![\w+/-])MII[A-Za-z0-9+/]{50,}(?:(?:\\+n|\s){1,4}[A-Za-z0-9+/]{20,})*={0,2}")),
    # A key file as Google returns it on creation: JSON in base64.
    (("ewo", "eyj0", "eyai"), pattern(r"(?<![\w+/-])(?:ewog|ewoJ|eyJ0|eyAi)[A-Za-z0-9+/_-]{200,}={0,2}")),
    (("ya29.",), pattern(r"\bya29\.[\w.\-]+")),
    (("eyj",), pattern(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")),
    (
        ("bearer", "authorization"),
        pattern(r"(?i)\b(bearer\s+|authorization[\"']?\s*[:=]\s*[\"']?basic\s+)[\w.~+/=\-]{12,}"),
    ),
    (("://",), pattern(r"(://[^\s/:@]{1,200}:)[^\s/@]{1,500}(?=@)")),
    (
        ("_token", "client_secret", "assertion"),
        pattern(
            r"(?i)\b((?:access_token|refresh_token|id_token|client_secret|assertion)[\\\"']{0,4}\s*[=:]\s*[\\\"']{0,4})"
            r"[^\s\\\"'&,}]{8,}"
        ),
    ),
)

_END: Final = pattern(r"-----END [A-Z ]{0,40}PRIVATE KEY-----")
_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\\r\n")


_PIECE: Final = pattern(r"(?<![A-Za-z0-9+/=\\])[A-Za-z0-9+/\\]{60,}={0,2}(?![A-Za-z0-9+/=\\])")
_LINE: Final = pattern(r"[A-Za-z0-9+/]{64}")
_MIXED: Final = (pattern("[a-z]"), pattern("[A-Z]"), pattern("[0-9]"))


class Secret:
    """Bytes that are never shown: `repr`, `str`, `format`, pickling and dataclass dumps give a mask.

    Args:
        value: the bytes to protect. Text is stored as UTF-8.
    """

    __slots__ = ("__value",)

    def __init__(self, value: bytes | str) -> None:
        self.__value = value.encode() if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """Return the bytes. Only `local` (to write them) and `gcp` (to sign with them) call this."""
        return self.__value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __len__(self) -> int:
        return len(self.__value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.__value

    __hash__ = None  # type: ignore[assignment]  # a hash in a log would identify the value

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied to another process")


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` with everything that looks like a credential replaced by a mask.

    Args:
        text: any text on its way to a log, a report, a screen or a file. Text without secrets is returned unchanged.
        known: further exact values to remove, longest first.
    """
    scrubbed = text
    for value in sorted((k for k in known if k), key=len, reverse=True):
        scrubbed = scrubbed.replace(value, MASK)
    folded = scrubbed.casefold()
    for marks, credential in _PATTERNS:
        # running an expression costs twenty times as much as looking for its mark
        if any(mark in folded for mark in marks):
            scrubbed = credential.sub(lambda m: (m.group(1) if m.lastindex else "") + MASK, scrubbed)
    if "-----END " in scrubbed:
        scrubbed = _without_tails(scrubbed)
    return text if scrubbed == text else scrubbed


def scrub_typed(text: str) -> str:
    """Return typed or pasted text, scrubbed; unmarked lines from the middle of a key are removed, too.

    This is not done elsewhere, because it would remove more than keys: paths consist of the same characters.
    """
    return _PIECE.sub(lambda m: MASK if all(kind.search(m[0]) for kind in _MIXED) else m[0], scrub(text))


def is_key_line(text: str) -> bool:
    """Return whether a text is like a whole line of a private key, though it may begin as a path does.

    Source: https://www.rfc-editor.org/rfc/rfc7468#section-2 (64 characters of base64)
    """
    return _LINE.fullmatch(text) is not None and all(kind.search(text) for kind in _MIXED)


def _without_tails(text: str) -> str:
    """Remove the last lines of a private key whose first lines were not copied."""
    parts: list[str] = []
    begin = 0
    for end in _END.finditer(text):
        start = end.start()
        while start > begin and text[start - 1] in _BASE64:
            start -= 1
        parts += (text[begin:start], MASK)
        begin = end.end()
    return "".join((*parts, text[begin:]))
