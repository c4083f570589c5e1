"""Text that can be said in another language.

Below the faces everything speaks English, because JSON, logs and scripts read it; `said` keeps beside the English
sentence the form and the values it was made from. A face says it to a person with `told`, in that person's language.
"""

from collections.abc import Callable

Translate = Callable[[str], str]
TranslateMany = Callable[[str, str, int], str]


class Said(str):
    """An English text that remembers its form and its values. Everywhere but in `told` it is that text.

    Attributes:
        form: with blanks, as the catalogue of translations has it.
        many: the form for several; empty where there is none.
        values: what fills the blanks; a value may be a `Said` itself.
    """

    form: str
    many: str
    values: dict[str, object]

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)


def said(form: str, /, **values: object) -> Said:
    """Return `form` filled with `values`, in English; translatable.

    Args:
        form: a literal, so that it is found for translation; blanks as in `str.format`.
        values: never parsed themselves.
    """
    return _made(form.format(**values) if values else form, form, "", values)


def said_many(one: str, many: str, n: int, /, **values: object) -> Said:
    """Return the form that fits the number `n`, filled with `values` and `n`; translatable."""
    values["n"] = n
    return _made((one if n == 1 else many).format(**values), one, many, values)


def filled(form: str, /, **values: object) -> Said:
    """Return what `said` does, for a form that is data: an entry of the catalogue, or something marked."""
    return said(form, **values)


def joined(separator: str, *parts: str) -> Said:
    """Return parts with a separator between them; each that was said is translated by itself."""
    form = separator.replace("{", "{{").replace("}", "}}").join(f"{{p{i}}}" for i in range(len(parts)))
    return said(form, **{f"p{i}": part for i, part in enumerate(parts)})


def parts(text: str, separator: str = "\n") -> tuple[str, ...]:
    """Return what `joined` put together with that separator; a text that it did not make is one part."""
    if isinstance(text, Said):
        names = [f"p{i}" for i in range(len(text.values))]
        if names and text.form == separator.join(f"{{{name}}}" for name in names):
            return tuple(str(v) if not isinstance(v, Said) else v for name in names for v in (text.values[name],))
    return (text,)


def row(label: str, value: str, width: int) -> Said:
    """Return a label, padded to `width` in whatever language it is told, and a value after a space."""
    return said(f"{{label:<{width}}} {{value}}", label=label, value=value)


def reworked(text: str, change: Callable[[str], str]) -> str:
    """Return a text with `change` made to the values it was filled with, or to all of it where it was not said."""
    if not isinstance(text, Said):
        return change(text)
    values = {name: reworked(v, change) if isinstance(v, str) else v for name, v in text.values.items()}
    return (
        said_many(text.form, text.many, int(str(values.pop("n"))), **values) if text.many else said(text.form, **values)
    )


def mark(text: str, /) -> str:
    """Return `text` as it is: a literal that is found for translation here, and told elsewhere."""
    return text


def told(text: str, /, **values: object) -> str:
    """Return a text in the person's language.

    Args:
        text: a literal, something marked or something said; anything else comes back as it is.
        values: what fills the blanks.
    """
    if isinstance(text, Said):
        if _translate is None and not values:
            return str(text)
        form = _translate_many(text.form, text.many, int(str(text.values["n"]))) if text.many else _of(text.form)
        return form.format(**_told_values(text.values)) if text.values else form
    return _of(text).format(**_told_values(values)) if values else _of(text)


def told_many(one: str, many: str, n: int, /, **values: object) -> str:
    """Return the form that fits the number `n`, in the person's language, filled with `values` and `n`."""
    return told(said_many(one, many, n, **values))


def use(translate: Translate | None, translate_many: TranslateMany | None = None, name: str = "en") -> None:
    """Say things in another language from now on.

    Args:
        translate: gives the text for a form; None for English.
        translate_many: gives it for two forms and a number.
        name: the language's, for texts that are files of their own.
    """
    global _translate, _translate_many, _name
    _translate, _translate_many, _name = translate, translate_many or _english_many, name


def language() -> str:
    """Return the name of the language that things are said in."""
    return _name


def _made(text: str, form: str, many: str, values: dict[str, object]) -> Said:
    made = Said(text)
    made.form, made.many, made.values = form, many, values
    return made


def _of(text: str) -> str:
    return str(text) if _translate is None or not text else _translate(text)


def _told_values(values: dict[str, object]) -> dict[str, object]:
    return {name: told(v) if isinstance(v, Said) else v for name, v in values.items()}


def _english_many(one: str, many: str, n: int) -> str:
    return one if n == 1 else many


_translate: Translate | None = None
_translate_many: TranslateMany = _english_many
_name = "en"
