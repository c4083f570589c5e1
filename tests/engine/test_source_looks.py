"""What is saved about tables between two source checks."""

import json
from datetime import timedelta

import pytest

from kbq_tui.engine.source_looks import SourceLooks
from kbq_tui.model.source import Seen
from tests.source.facts import NOW

SEEN = Seen(NOW, 7, {"email": "STRING"}, NOW - timedelta(microseconds=1), True)


def test_looks_are_kept_as_json_and_read_back() -> None:
    looks = SourceLooks("acme.IMPORT", {"t": SEEN, "u": Seen(NOW, 0, {})})
    assert SourceLooks.from_json(json.loads(json.dumps(looks.to_json()))) == looks


@pytest.mark.parametrize("change", [{"schema": "x"}, {"tables": 1}, {"tables": {"t": 1}}, {"tables": {"t": {"at": 1}}}])
def test_what_cannot_be_understood_counts_as_not_seen(change: dict) -> None:
    body = {**SourceLooks("acme.IMPORT", {"t": SEEN}).to_json(), **change}
    assert SourceLooks.from_json(body).of("acme.IMPORT") == {}


def test_a_look_at_another_dataset_says_nothing() -> None:
    assert SourceLooks("acme.IMPORT", {"t": SEEN}).of("acme.OTHER") == {}


def test_newer_looks_replace_older_ones_and_tables_that_are_gone_are_forgotten() -> None:
    looks = SourceLooks("acme.IMPORT", {"t": SEEN, "gone": SEEN, "left": SEEN})
    newer = Seen(NOW, 8, {})
    after = looks.after("acme.IMPORT", {"t": newer}, frozenset({"t", "left"}))
    assert after.of("acme.IMPORT") == {"t": newer, "left": SEEN}
