"""However much Google sends: nothing hangs, memory is limited, and the answer is readable."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kbq_tui.sandbox.bigquery import api
from kbq_tui.sandbox.faults import Rule
from kbq_tui.sandbox.resources import Dataset, Key
from kbq_tui.sandbox.scenario import default_access
from tests.faults.field import ProjectPool
from tests.faults.machine import ProjectMachine
from tests.faults.zygote import Ran, Zygote
from tests.support.polling import PATIENCE

MORE = 64.0
"""The MiB that a flood may cost more than a normal run."""
READABLE = 250
"""Lines on a terminal: some thirteen for each check."""


@pytest.fixture
def one(field: ProjectPool, zygote: Zygote, tmp_path: Path) -> ProjectMachine:
    made = ProjectMachine(field, zygote, tmp_path)
    assert made.apply().status == 0
    return made


@pytest.fixture
def quiet(one: ProjectMachine) -> float:
    """The memory of `status` with little data, in MiB."""
    return one.run("status").peak


def bounded(ran: Ran, quiet: float, record_property: Any, what: str) -> None:
    assert "Traceback" not in ran.err
    assert ran.peak - quiet < MORE, f"{ran.peak:.0f} MiB instead of {quiet:.0f}"
    lines = (ran.out + ran.err).count("\n")
    assert lines < READABLE, f"{lines} lines"
    record_property(
        "figures",
        f"endless: {what}: exit {ran.status}, {lines} lines, {ran.peak - quiet:+.0f} MiB to {quiet:.0f}",
    )


def fill(one: ProjectMachine, many: int) -> None:
    for n in range(many):
        name = f"other_{n:05d}"
        one.spot.world.datasets[name] = Dataset(one.spot.project, name, "EU", access=default_access())


def in_small_pages(monkeypatch: pytest.MonkeyPatch, size: int, *, for_ever: bool = False) -> list[int]:
    """Make the sandbox return smaller pages than it is asked for, as Google may; returns where each page began."""
    began: list[int] = []
    real = vars(api)["page"]

    def page(call: Any, items: Sequence[Any], default: int) -> tuple[Sequence[Any], dict[str, Any]]:
        if call.method != "bigquery.datasets.list":
            return real(call, items, default)
        start = int(call.query.get("pageToken") or 0)
        began.append(start)
        more = for_ever or start + size < len(items)
        shown = [items[i % len(items)] for i in range(start, start + size)] if for_ever else items[start : start + size]
        return shown, ({"nextPageToken": str(start + size)} if more else {})

    monkeypatch.setattr(api, "page", page)
    return began


def test_ten_thousand_datasets_in_a_hundred_pages(
    one: ProjectMachine, quiet: float, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    fill(one, 10_000)
    pages = in_small_pages(monkeypatch, 101)
    ran = one.run("status", "--timeout", str(PATIENCE))
    assert ran.status == 0, ran.err
    assert len(pages) == 100
    bounded(ran, quiet, record_property, "10,000 datasets in 100 pages")


@pytest.mark.parametrize(("command", "status"), [("verify", 6), ("plan --remove-over-grants", 0)])
def test_of_ten_thousand_other_datasets_some_are_searched_and_that_is_said(
    command: str, status: int, one: ProjectMachine, quiet: float, record_property: Any
) -> None:
    fill(one, 10_000)
    ran = one.run(*command.split())
    assert ran.status == status, ran.err
    assert "KBQ-NOT-SEARCHED" in ran.out + ran.err
    bounded(ran, quiet, record_property, f"10,000 other datasets, {command}")


def test_a_listing_that_never_ends_is_left(
    one: ProjectMachine, quiet: float, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    fill(one, 100)
    pages = in_small_pages(monkeypatch, 100, for_ever=True)
    ran = one.run("status")
    assert 0 < len(pages) < 1_000
    bounded(ran, quiet, record_property, "a listing without an end")


@pytest.mark.parametrize("command", ["status", "plan", "verify"])
def test_error_bodies_of_five_megabytes_are_cut(
    command: str, one: ProjectMachine, quiet: float, record_property: Any
) -> None:
    one.spot.fail(Rule("*", "status", every=1, status=403, message="no! " * 1_250_000))
    one.journal.unlink()  # what was made just now would be waited for
    ran = one.run(command)
    assert ran.status in (4, 6, 1), ran.err[:2_000]
    bounded(ran, quiet, record_property, f"5 MB in every error, {command}")


@pytest.mark.parametrize("command", ["status", "plan", "apply --yes"])
def test_a_thousand_keys_are_not_a_thousand_messages(
    command: str, one: ProjectMachine, quiet: float, record_property: Any
) -> None:
    account = one.spot.world.service_accounts[one.spot.spec.account_email]
    (ours,) = account.keys.values()
    for n in range(1_000):
        account.keys[f"{n:040x}"] = Key(f"{n:040x}", ours.public_pem, ours.created, ours.expires)
    ran = one.run(*command.split())
    bounded(ran, quiet, record_property, f"1,000 keys, {command}")
    assert len(one.run("key", "list", "--json").json["keys"]) == 1_001
