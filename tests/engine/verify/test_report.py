"""The report of a real verification: complete, about the key that was used, the same for the same answers."""

import json
from datetime import UTC, datetime

import pytest

from kbq_tui import __version__
from kbq_tui.cli.report import about_of
from kbq_tui.engine.verify.checks import expected
from kbq_tui.engine.verify.runner import verify
from kbq_tui.export.report import report
from kbq_tui.model.spec import IMPORT_DATASET
from kbq_tui.model.text import inert
from tests.engine.verify.bench import Bench
from tests.support.outputs import output

KINDS = ("md", "html", "json")


@pytest.fixture
async def reports(bench: Bench) -> tuple[Bench, dict[str, str]]:
    """Reports of a set-up with two faults."""
    bench.bind("roles/logging.viewer")
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='EU')", "CREATE TABLE `P.payroll.t` (x INT64)")
    bench.also("payroll", "READER")
    with bench.ports() as ports:
        results = await verify(bench.spec, ports)
        about = await about_of(bench.spec, ports)
    made = {kind: report(results, about, kind) for kind in KINDS}
    assert made == {kind: report(tuple(results), about, kind) for kind in KINDS}, "the same answers, the same bytes"
    return bench, made


async def test_it_names_tool_time_operator_account_and_the_key_that_was_used(
    reports: tuple[Bench, dict[str, str]],
) -> None:
    bench, made = reports
    key = json.loads(bench.key_file.read_text())
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for kind, text in made.items():
        for part in (
            __version__,
            today,
            bench.spot.field.sandbox.operator,
            bench.spec.account_email,
            key["private_key_id"],
        ):
            assert part in text, (kind, part)
        body = "".join(key["private_key"].splitlines()[1:-1])
        assert not any(body[i : i + 40] in text for i in range(len(body) - 40))


async def test_it_holds_every_check_with_its_evidence_and_what_removes_what_is_too_much(
    reports: tuple[Bench, dict[str, str]],
) -> None:
    bench, made = reports
    said = output(made["json"])
    assert [c["id"] for c in said["checks"]] == [c.id for c in expected(bench.spec)]
    assert [c["id"] for c in said["checks"] if c["verdict"] != "pass"] == [
        "permissions.minimal",
        "permissions.isolated",
    ]
    assert all(c["evidence"] and c["command"] for c in said["checks"])
    for check in said["checks"]:
        assert inert(check["evidence"]) in made["md"]
        assert check["id"] in made["html"]
    for text in made.values():
        assert "--role=roles/logging.viewer" in text
        assert "payroll" in text
    assert f"ON SCHEMA `{bench.project}.payroll`" in made["md"]
    assert IMPORT_DATASET in made["html"]
    assert "<script" not in made["html"]
    assert "http://" not in made["html"]
