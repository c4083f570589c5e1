"""Many processes at once on one project: no change is lost or reverted, and the result is one set-up."""

import asyncio
import os
import random
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from kbq_tui.engine.apply import apply
from kbq_tui.engine.ports import Cloud
from kbq_tui.engine.status import status
from kbq_tui.engine.waiting import Patience
from kbq_tui.model.spec import JOB_USER
from kbq_tui.sandbox.faults import Rule
from tests.faults.field import ProjectPool, Spot
from tests.faults.machine import ProjectMachine
from tests.faults.zygote import Zygote
from tests.support.polling import PATIENCE, wait_until

RUNS = 8
LATENCY = 0.008
"""Seconds of every call, so that others have time to write between a read and its write."""
EDITS = 200
ROLES = ("roles/bigquery.jobUser", "roles/viewer", "roles/bigquery.dataEditor")


class Editor(threading.Thread):
    """Another client, which adds and removes bindings and access entries correctly through the REST API.

    Args:
        spot: the project.
        url: the sandbox's address.
        token: an access token of the project's owner.
    """

    def __init__(self, spot: Spot, url: str, token: str) -> None:
        super().__init__(daemon=True)
        self.spot, self.url = spot, url
        self.http = requests.Session()
        self.http.headers["authorization"] = f"Bearer {token}"
        self.chance = random.Random(7)
        self.bindings: set[tuple[str, str]] = set()
        self.entries: set[tuple[str, str]] = set()
        self.edits = self.conflicts = 0
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while self.edits < EDITS:
                (self.edit_policy if self.edits % 2 else self.edit_dataset)()
                self.edits += 1
        except Exception as error:
            self.failure = error

    def edit_policy(self) -> None:
        held = self.bindings
        pair = self.pick(held, lambda n: (self.chance.choice(ROLES), f"user:editor-{n}@acme.example"))
        base = f"{self.url}/crm/v3/projects/{self.spot.project}"

        def change() -> int:
            options = {"options": {"requestedPolicyVersion": 3}}
            policy = self.http.post(f"{base}:getIamPolicy", json=options, timeout=PATIENCE).json()
            role, member = pair
            plain = [b for b in policy["bindings"] if b["role"] == role and "condition" not in b]
            if pair in held:
                for binding in plain:
                    binding["members"] = [m for m in binding["members"] if m != member]
                policy["bindings"] = [b for b in policy["bindings"] if b["members"]]
            elif plain:
                plain[0]["members"].append(member)
            else:
                policy["bindings"].append({"role": role, "members": [member]})
            return self.http.post(f"{base}:setIamPolicy", json={"policy": policy}, timeout=PATIENCE).status_code

        self.until_done(change, 409)
        held ^= {pair}

    def edit_dataset(self) -> None:
        held = self.entries
        pair = self.pick(held, lambda n: (self.chance.choice(("READER", "WRITER")), f"editor-{n}@acme.example"))
        url = f"{self.url}/bigquery/v2/projects/{self.spot.project}/datasets/KLAVIYO_TMP?accessPolicyVersion=3"

        def change() -> int:
            found = self.http.get(url, timeout=PATIENCE).json()
            entry = {"role": pair[0], "userByEmail": pair[1]}
            access = [e for e in found["access"] if e != entry] if pair in held else [*found["access"], entry]
            headers = {"If-Match": found["etag"]}
            return self.http.patch(url, json={"access": access}, headers=headers, timeout=PATIENCE).status_code

        self.until_done(change, 412)
        held ^= {pair}

    def pick(self, held: set[tuple[str, str]], new: Any) -> tuple[str, str]:
        """Return one to add, or one of ours to remove."""
        if held and self.chance.random() < 0.4:
            return self.chance.choice(sorted(held))
        return new(self.edits)

    def until_done(self, change: Any, conflict: int) -> None:
        while (status := change()) != 200:
            assert status == conflict, status
            self.conflicts += 1

    def agrees(self) -> None:
        """Check that the editor's entries are exactly those that it left."""
        policy = self.spot.world.policy.pairs()
        assert {p for p in policy if p[1].startswith("user:editor-")} == self.bindings
        access = self.spot.world.datasets["KLAVIYO_TMP"].access
        mine = {(e["role"], e["userByEmail"]) for e in access if e.get("userByEmail", "").startswith("editor-")}
        assert mine == self.entries


def without_editor(state: dict[str, Any]) -> dict[str, Any]:
    """The state without what the editor left."""
    for binding in state["bindings"]:
        binding["members"] = [m for m in binding["members"] if not m.startswith("user:editor-")]
    state["bindings"] = [b for b in state["bindings"] if b["members"]]
    for dataset in state["datasets"].values():
        dataset["access"] = [e for e in dataset["access"] if not e.get("userByEmail", "").startswith("editor-")]
    return state


async def grant_and_revoke(clouds: list[Cloud], spot: Spot, editor: Editor) -> int:
    """While the editor works: one process removes our grants, all restore them at once. Returns how often."""
    project, member, rounds = spot.project, spot.spec.member, 0
    role = "roles/bigquery.dataEditor"
    while editor.is_alive():
        rounds += 1
        assert await clouds[0].remove_project_binding(project, JOB_USER, member)
        assert await clouds[0].revoke_dataset(project, "KLAVIYO_TMP", role, member)
        gave = await asyncio.gather(
            *(cloud.add_project_binding(project, JOB_USER, member) for cloud in clouds),
            *(cloud.grant_dataset(project, "KLAVIYO_TMP", role, member) for cloud in clouds),
        )
        assert sum(gave[:RUNS]) == sum(gave[RUNS:]) == 1, "one gave it, and the others saw that it was there"
    return rounds


async def test_eight_at_once_beside_a_foreign_editor_make_one_set_up_and_lose_nothing(
    field: ProjectPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    monkeypatch.setattr(field.sandbox.world, "dataset_updates", 100_000)  # this is about who writes, not how often
    calm = field.spot(tmp_path)
    with calm.ports() as ports:
        assert (await apply(calm.spec, ports, lambda _: None)).complete
    spot = field.spot(tmp_path)
    operator = field.sandbox.world.account(field.sandbox.operator)
    assert operator is not None
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    editor = Editor(spot, field.sandbox.url, field.context.auth.issue(operator, scopes, 3600))
    monkeypatch.setattr(field.context, "latency", LATENCY)
    views = [spot.ports() for _ in range(RUNS)]
    editor.start()
    try:
        all_ports = [view.__enter__() for view in views]
        found = await asyncio.gather(
            *(apply(spot.spec, ports, lambda _: None, patience=Patience(limit=20)) for ports in all_ports)
        )
        rounds = await grant_and_revoke([ports.cloud for ports in all_ports], spot, editor)
    finally:
        for view in views:
            view.__exit__(None, None, None)
    await asyncio.to_thread(editor.join, 60)
    assert editor.failure is None
    assert editor.edits == EDITS
    editor.agrees()
    assert editor.conflicts, "they never met"
    # One created the key; the others either found it, or were told that another process was creating it.
    told = [p.code for outcome in found for p in outcome.problems]
    assert set(told) <= {"KBQ-KEY-FILE-BUSY", "KBQ-KEY-FILE-TAKEN"}, [o.problems for o in found]
    assert sum(o.key is not None for o in found) == 1
    with spot.ports() as ports:
        seen = await status(spot.spec, ports)
        assert seen.healthy
        assert not seen.plan.changes
    assert without_editor(spot.state()) == calm.state()
    editor.agrees()
    redone = sum(c.status in (409, 412) for c in spot.calls())
    record_property(
        "figures",
        f"concurrency: {RUNS} apply at once, then {rounds} rounds of revoking and granting, beside {EDITS} foreign"
        f" edits: {redone} writes refused and redone"
        f" ({editor.conflicts} of them the editor's), {len(editor.bindings)} bindings and {len(editor.entries)} access"
        f" entries of the editor's in place, none lost, none brought back; 1 key, {len(told)} runs told of it.",
    )


def test_a_second_process_is_told_who_is_at_work_and_a_dead_one_s_lock_is_taken_over(
    field: ProjectPool, zygote: Zygote, tmp_path: Path
) -> None:
    one = ProjectMachine(field, zygote, tmp_path)
    one.spot.fail(Rule("bigquery.datasets.insert", "hang", nth=1, seconds=60))
    first = one.start("apply", "--yes", "--location", "EU")
    journal = one.journal
    wait_until(lambda: journal.exists() and '"intended"' in journal.read_text())
    before = one.spot.state()
    for command in (("apply", "--yes"), ("key", "create"), ("key", "delete", "0123", "--yes")):
        second = one.run(*command)
        assert second.status == 1, second.err
        assert "KBQ-LOCK-HELD" in second.err
        assert f"process {first[0]} on " in second.err
    assert one.run("status").status == 6, "looking needs no lock"
    assert before["datasets"].keys() == one.spot.state()["datasets"].keys()
    os.kill(first[0], signal.SIGKILL)
    one.spot.mend()
    assert zygote.finish(first).status == -signal.SIGKILL
    again = one.apply()
    assert again.status == 0, again.err
    assert one.remote_keys() >= {one.held()}


def test_eight_processes_with_one_home_make_one_key(
    field: ProjectPool, zygote: Zygote, tmp_path: Path, record_property: Any
) -> None:
    """Eight connections of the same project and account: each has its own lock, but the key has only one place."""
    one = ProjectMachine(field, zygote, tmp_path)
    started = [one.start("apply", f"c{n}", "--yes", "--location", "EU") for n in range(RUNS)]
    ended = [zygote.finish(s, 120) for s in started]
    told = [e for e in ended if e.status]
    assert all("KBQ-KEY-FILE-" in e.err for e in told), [e.err for e in told]
    assert len(one.remote_keys()) == 1
    assert one.remote_keys() == {one.held()}
    for n in range(RUNS):
        assert one.run("apply", f"c{n}", "--yes").status == 0
    assert one.remote_keys() == {one.held()}
    record_property(
        "figures", f"concurrency: {RUNS} processes at once on one home: 1 key, {len(told)} told that it is being made."
    )
