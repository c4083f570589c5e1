"""The ``fields`` parameter: which part of an answer is left."""

import pytest

from kbq_tui.sandbox import masks
from kbq_tui.sandbox.errors import ApiError

ANSWER = {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}, "items": [{"id": 1, "x": 2}, {"id": 2}]}


@pytest.mark.parametrize(
    ("mask", "left"),
    [
        ("a", {"a": 1}),
        ("*", ANSWER),
        ("a, b/c", {"a": 1, "b": {"c": 2}}),
        ("b(c,d/e)", {"b": {"c": 2, "d": {"e": 3}}}),
        ("b/d(e)", {"b": {"d": {"e": 3}}}),
        ("items/id", {"items": [{"id": 1}, {"id": 2}]}),
        ("items(x)", {"items": [{"x": 2}, {}]}),
        ("*/id", {"a": 1, "b": {}, "items": [{"id": 1}, {"id": 2}]}),
        ("nothing", {}),
    ],
)
def test_what_a_mask_leaves(mask, left):
    assert masks.apply(ANSWER, masks.parse(mask)) == left


@pytest.mark.parametrize("mask", ["", "a,", "a(b", "a)", "a//b", "(a)", "a b;c"])
def test_an_invalid_mask_is_refused(mask):
    with pytest.raises(ApiError, match="Invalid field selection"):
        masks.parse(mask)


def test_an_answer_holds_what_was_asked_for(operator, sandbox):
    path = f"/bigquery/v2/projects/{sandbox.project}/datasets"
    operator.post(path, {"datasetReference": {"datasetId": "d"}})
    asked = {"fields": "kind,datasets(datasetReference/datasetId)"}
    assert operator.get(path, params=asked).json() == {
        "kind": "bigquery#datasetList",
        "datasets": [{"datasetReference": {"datasetId": "d"}}],
    }
    assert operator.get(path, params={"fields": "a("}).status_code == 400
