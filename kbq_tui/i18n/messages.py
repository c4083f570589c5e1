"""Messages for people, as values: a template and its parameters, rendered in a language only where they are shown.

Everything below the faces creates `Message`s. A face renders them in the person's language; JSON, logs and scripts get
the English of `str(message)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

_END_OF_CONTEXT = "\x04"
"""gettext's separator between a context and a text. Source:
https://www.gnu.org/software/gettext/manual/html_node/Contexts.html"""

Translate = Callable[[str], str]
TranslateMany = Callable[[str, str, int], str]


class Message:
    """A sentence, or a part of one, that can be rendered in any language.

    It is not a `str`, so that text operations cannot lose its template unnoticed. Two messages are equal if their
    templates and values are.

    Attributes:
        template: the English text with fields as in `str.format`; the key in the catalogue of translations.
        plural: the template for several; empty if the message does not depend on a number.
        params: the fields' values; a value may be a `Message` itself. With `plural`, `n` is the number.
    """

    __slots__ = ("params", "plural", "template")

    template: str
    plural: str
    params: Mapping[str, object]

    def __init__(self, template: str, params: Mapping[str, object] | None = None, plural: str = "") -> None:
        self.template = template
        self.plural = plural
        self.params = params or {}

    def __str__(self) -> str:
        """Return the message in English, as JSON and logs have it."""
        return _filled(self, _as_it_is, _english_many)

    def __repr__(self) -> str:
        return f"Message({str(self)!r})"

    def __bool__(self) -> bool:
        return bool(self.template)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return (self.template, self.plural, self.params) == (other.template, other.plural, other.params)

    def __hash__(self) -> int:
        return hash((self.template, self.plural, str(self)))

    def with_params(self, change: Callable[[object], object]) -> Message:
        """Return the message with `change` applied to its values, also in messages among them; templates stay."""
        params = {
            name: value.with_params(change) if isinstance(value, Message) else change(value)
            for name, value in self.params.items()
        }
        return Message(self.template, params, self.plural)

    def replacing(self, old: str, new: str) -> Message:
        """Return the message with `new` instead of `old` in its values; the template stays."""
        return self.with_params(lambda value: value.replace(old, new) if isinstance(value, str) else value)


EMPTY = Message("")
"""The empty message: false, and rendered as an empty string."""


def message(template: str, /, **params: object) -> Message:
    """Return a message. For a template that is data, or marked with `N_` elsewhere, use `Message(template, params)`.

    Args:
        template: a literal, so that it is found for translation.
        params: the values of its fields; they are not parsed.
    """
    return Message(template, params)


def message_n(one: str, many: str, n: int, /, **params: object) -> Message:
    """Return a message that depends on the number `n`, filled with `params` and `n`."""
    return Message(one, {**params, "n": n}, many)


def verbatim(text: str) -> Message:
    """Return text from outside, or one that is the same in all languages, as a message."""
    return Message("{text}", {"text": text}) if text else EMPTY


def as_message(text: str | Message) -> Message:
    """Return a text that may be a message already as a message."""
    return text if isinstance(text, Message) else verbatim(text)


def joined(separator: str, *parts: str | Message) -> Message:
    """Return parts with a separator between them; each that is a message is rendered by itself."""
    template = separator.replace("{", "{{").replace("}", "}}").join(f"{{p{i}}}" for i in range(len(parts)))
    return Message(template, {f"p{i}": part for i, part in enumerate(parts)})


def grouped(n: int) -> Message:
    """Return a number with its digits in groups, as the language does that: 1,500 or 1.500."""
    return Message("{n:,}", {"n": n})


def row(label: Message, value: str | Message, width: int) -> Message:
    """Return a label, padded to `width` in whatever language it is rendered, and a value after a space."""
    return Message(f"{{label:<{width}}} {{value}}", {"label": label, "value": value})


def N_(text: str, /) -> str:  # gettext's name for this function
    """Return `text` unchanged: a literal that is marked for translation here and rendered elsewhere."""
    return text


def in_context(context: str, text: str, /) -> str:
    """Return a template that has a separate translation in a context: gettext's `msgctxt`.

    For short texts with two translations: a "Key" on a keyboard is "Taste" in German, that of an account "Schlüssel".
    Both arguments are literals; the result can be used wherever a template can, also in `N_`.

    Args:
        context: where the text is shown, such as `button`; translators see it, users do not.
        text: the English text.
    """
    return f"{context}{_END_OF_CONTEXT}{text}"


def render(text: Message) -> str:
    """Return a message in the person's language."""
    if _translate is None:
        return str(text)
    return _filled(text, _of, _translate_many, comma=_name in _COMMA)


def translate(template: str, /, **params: object) -> str:
    """Return a text in the person's language at once: `render(message(template, **params))`."""
    return render(Message(template, params))


def translate_n(one: str, many: str, n: int, /, **params: object) -> str:
    """Return the form that fits the number `n`, in the person's language, filled with `params` and `n`."""
    return render(message_n(one, many, n, **params))


def use(translate: Translate | None, translate_many: TranslateMany | None = None, name: str = "en") -> None:
    """Render in another language from now on.

    Args:
        translate: returns the translation of a template; None for English.
        translate_many: returns it for two templates and a number.
        name: the language's name, for texts in separate files.
    """
    global _translate, _translate_many, _name
    _translate, _translate_many, _name = translate, translate_many or _english_many, name


def language() -> str:
    """Return the name of the language that messages are rendered in."""
    return _name


_COMMA = frozenset({"de"})
"""The languages with a comma before decimals."""
_SWAPPED = str.maketrans(",.", ".,")


class _Number:
    """A number whose decimal separator is a comma, and whose digits are grouped with points."""

    __slots__ = ("value",)

    def __init__(self, value: float) -> None:
        self.value = value

    def __format__(self, spec: str) -> str:
        return format(self.value, spec).translate(_SWAPPED)


def _filled(text: Message, translate: Translate, translate_many: TranslateMany, *, comma: bool = False) -> str:
    if text.plural:
        template = translate_many(text.template, text.plural, int(str(text.params["n"])))
    else:
        template = translate(text.template)
    if not text.params:
        return template

    def shown(value: object) -> object:
        if isinstance(value, Message):
            return _filled(value, translate, translate_many, comma=comma)
        return _Number(value) if comma and isinstance(value, int | float) else value

    return template.format(**{name: shown(value) for name, value in text.params.items()})


def _as_it_is(text: str) -> str:
    return text if _END_OF_CONTEXT not in text else text.partition(_END_OF_CONTEXT)[2]


def _of(text: str) -> str:
    return _as_it_is(_translate(text)) if _translate is not None and text else text


def _english_many(one: str, many: str, n: int) -> str:
    return one if n == 1 else many


_translate: Translate | None = None
_translate_many: TranslateMany = _english_many
_name = "en"
