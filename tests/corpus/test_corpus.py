"""Errors that operators of BigQuery and Klaviyo really paste, and what `explain` says about them.

Each text is an error message quoted from the public place that `source` names (repository and number, a file of a
repository, or a page of documentation); people's addresses and folders were replaced. `code` is what the text means; it
was written down before the text was tried. A text without a code is another system's, and must stay unrecognised.

About three in ten texts are held back, chosen by their hash: they are not read while the rules are changed, so that
their share shows how well the rules work for unknown texts. `later.toml` and `general.toml` were collected after the
rules had been corrected; their first lines say how many of their texts were recognised at first.
"""

import hashlib
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from kbq_tui.diagnosis.all_entries import CODES
from kbq_tui.diagnosis.recognise import recognise_text
from kbq_tui.model.problem import Context
from tests.faults.figures import CORPUS

TARGET: Final = 0.95
"""The share of Google's and Klaviyo's texts that must be recognised correctly."""
_HERE: Final = Path(__file__).parent


class CorpusText(NamedTuple):
    """One text of the corpus."""

    file: str
    source: str
    words: str
    code: str | None

    @property
    def held_back(self) -> bool:
        """Whether the text is held back while the rules are changed."""
        return self.file not in ("later", "general") and hashlib.sha256(self.words.encode()).digest()[0] < 77

    @property
    def found(self) -> str | None:
        """The code that `explain` gives for it."""
        return recognise_text(self.words, Context()).code


def _texts() -> list[CorpusText]:
    return [
        CorpusText(path.stem, entry["source"], entry["words"], entry.get("code"))
        for path in sorted(_HERE.glob("*.toml"))
        for entry in tomllib.loads(path.read_text("utf-8"))["text"]
    ]


TEXTS: Final = _texts()
OURS: Final = [text for text in TEXTS if text.code is not None]
FOREIGN: Final = [text for text in TEXTS if text.code is None]


def _wrong(texts: Iterable[CorpusText]) -> list[str]:
    return [
        f"{text.file}: {text.source}: wanted {text.code}, found {found}\n    {text.words[:160]!r}"
        for text in texts
        if (found := text.found) != text.code
    ]


def test_the_corpus_is_large_enough_and_a_third_of_it_is_foreign() -> None:
    assert len(TEXTS) >= 250
    assert len(FOREIGN) * 3 >= len(TEXTS)
    assert len({(text.source, text.words) for text in TEXTS}) == len(TEXTS)
    assert {text.code for text in OURS} <= set(CODES)


@pytest.mark.parametrize("held_back", [False, True], ids=["looked at", "held back"])
def test_what_operators_paste_is_recognised(held_back: bool, record_property: Callable[[str, str], None]) -> None:
    texts = [text for text in OURS if text.held_back == held_back]
    wrong = _wrong(texts)
    share = 1 - len(wrong) / len(texts)
    kind = "held back" if held_back else "looked at"
    record_property(CORPUS, f"{kind}: {len(texts) - len(wrong)} of {len(texts)} texts recognised, {share:.1%}")
    assert share >= TARGET, "\n".join(wrong)


def test_no_foreign_text_is_claimed(record_property: Callable[[str, str], None]) -> None:
    wrong = _wrong(FOREIGN)
    record_property(CORPUS, f"foreign: {len(wrong)} of {len(FOREIGN)} texts claimed")
    assert not wrong, "\n".join(wrong)
