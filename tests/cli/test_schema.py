"""The published JSON Schemas are valid and complete, and the product's output is checked against them."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

import kbq_tui
from kbq_tui.cli.commands.schema.body import names, schema_of
from tests.support.outputs import output

PACKAGE = Path(kbq_tui.__file__).parent
KEPT = {"kbq-tui/looks/v1", "kbq-tui/source-looks/v1"}
"""Formats that are only used in files of ours."""
TESTS = Path(__file__).parents[1]
PRINTED = re.compile(r'"(kbq-tui/[a-z-]+/v\d+)"')
AROUND = re.compile(r"json\.loads\([^)]*(?:\.stdout|\.out\b|\bsaid\b)")


@pytest.mark.parametrize("name", names())
def test_each_schema_is_one_and_says_what_it_is(name: str) -> None:
    schema = schema_of(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert re.fullmatch(rf"kbq-tui/{name}/v\d+", schema["$id"])
    assert schema["properties"]["schema"] == {"const": schema["$id"]}
    assert "schema" in schema["required"]
    assert schema["title"]


def test_a_problem_is_the_same_in_each_schema() -> None:
    problems = [schema["$defs"]["problem"] for schema in map(schema_of, names()) if "$defs" in schema]
    assert len(problems) > 5
    assert all(problem == problems[0] for problem in problems)


def test_whatever_is_printed_has_a_schema_and_each_schema_is_of_something_printed() -> None:
    printed = {id_ for path in PACKAGE.rglob("*.py") for id_ in PRINTED.findall(path.read_text("utf-8"))}
    assert printed - KEPT == {schema_of(name)["$id"] for name in names()}


def test_no_test_reads_what_the_product_printed_without_its_schema() -> None:
    found = [
        f"{path.name}: {line.strip()}"
        for path in TESTS.rglob("test_*.py")
        if path.parent.name not in ("keys", "sandbox", "conformance") and path != Path(__file__)
        for line in path.read_text("utf-8").splitlines()
        if AROUND.search(line) and "splitlines()[-1]" not in line
    ]
    assert found == [], "use tests.support.outputs"


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"location": 7},
        {"dataset": None},
        {"schema": "kbq-tui/summary/v2"},
        {"schema": "kbq-tui/nothing/v1"},
    ],
    ids=str,
)
def test_an_output_that_is_not_as_described_fails_the_test_that_reads_it(change: dict[str, object]) -> None:
    body: dict[str, object] = {
        "schema": "kbq-tui/summary/v1",
        "project_id": "acme-prod",
        "dataset": "D",
        "key_path": None,
        "service_account": "a@b",
        "location": "EU",
    }
    assert output(json.dumps(body)) == body
    with pytest.raises(AssertionError, match="schemas"):
        output(json.dumps(body | change))
    del body["location"]
    with pytest.raises(AssertionError, match="'location' is a required property"):
        output(json.dumps(body))


def test_the_summary_of_apply_has_to_be_whole() -> None:
    event = {"schema": "kbq-tui/apply/v1", "event": "finished", "action": "key", "at": "2026-01-31T09:00:00+00:00"}
    assert output(json.dumps(event)) == event
    with pytest.raises(AssertionError, match="'blocked' is a required property"):
        output(json.dumps({**event, "event": "summary", "action": None}))
    with pytest.raises(AssertionError, match="date-time"):
        output(json.dumps({**event, "at": "2026-01-31T09:00:00"}))


def test_schemas_are_listed_and_printed(call) -> None:
    listed = call("schema")
    assert listed.status == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == list(names())
    assert [row["name"] for row in call("schema", "--json").json["schemas"]] == list(names())
    for arguments in (("schema", "plan"), ("schema", "plan", "--json")):
        assert json.loads(call(*arguments).out) == schema_of("plan")
    missing = call("schema", "plam")
    assert (missing.status, missing.out) == (2, "")
    assert "There is no schema plam. There are: activity, apply, " in missing.err
