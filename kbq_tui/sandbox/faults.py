"""Fault plans: which calls fail, and how.

A rule says *which* calls fail (`method`, a pattern; then one of `nth`, `every`, or `probability` with `seed`), *when*
(before the server acts, or after it, which the caller cannot distinguish) and *how* (`kind`). The same rules apply to
REST and gRPC.
"""

import random
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from google.protobuf.json_format import ParseError

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.validate import Anything, Either, Number, Path, SchemaError, Several, Shape, TableShape, Text
from kbq_tui.sandbox.world import World

JSON = dict[str, Any]
When = Literal["before", "after"]
Fault = Literal["status", "reset", "hang", "malformed", "truncated", "content-type"]
FAULTS: tuple[Fault, ...] = ("status", "reset", "hang", "malformed", "truncated", "content-type")


_CALLS = Number(1, 1_000_000, whole=True)
_COUNT = Number(0, 1_000_000, whole=True)
_SECONDS = Number(0, 86_400)
_RULE: dict[str, Shape] = {
    "method": Text(),
    "kind": Text(FAULTS),
    "when": Text(("before", "after")),
    "nth": Either({int: _CALLS, list: Several(_CALLS)}, "a whole number or an array of them"),
    "every": _CALLS,
    "probability": Number(0, 1),
    "seed": Number(-(2**63), 2**63, whole=True),
    "times": _COUNT,
    "max_in_row": _COUNT,
    "status": Number(300, 599, whole=True),
    "google_status": Text(errors.GRPC_CODES),
    "reason": Text(),
    "message": Text(),
    "details": Several(Anything()),
    "retry_after": Number(0, 86_400, whole=True),
    "seconds": _SECONDS,
}
RULE = TableShape(_RULE | {key.replace("_", "-"): shape for key, shape in _RULE.items()}, required=("method", "kind"))
_EDIT_KEYS: dict[str, Shape] = {"after": Text(), "project": Text(), "dataset": Text(), "times": _COUNT}
_MEMBER = TableShape({"role": Text(), "member": Text()}, required=("role", "member"))
EDIT = TableShape(_EDIT_KEYS | {"add": Anything(), "remove": Anything()}, required=("after", "project"))
EDIT_OF_POLICY = TableShape(_EDIT_KEYS | {"add": _MEMBER, "remove": _MEMBER}, required=("after", "project"))


@dataclass
class Rule:
    """One rule of a fault plan.

    Args:
        method: the method's name, with ``*`` and ``?`` as in a shell: ``bigquery.*``.
        kind: the effect. ``reset`` closes the connection with RST; ``hang`` does not answer for `seconds`, then resets;
            ``malformed`` and ``truncated`` break the JSON; ``content-type`` sends a proxy's HTML page.
        when: ``before`` or ``after`` the server acts.
        nth: only the nth call, counted from 1; may be a list.
        every: every nth call; 1 is all of them.
        probability: the chance of each call, by a generator with `seed`.
        times: the most calls that fail in all; 0 is no limit.
        max_in_row: after so many failures in a row of one method on one resource (by any rule) the next call does not
            fail, so that bounded retries always succeed; 0 is no limit.
        status: the HTTP status for kind ``status``.
        google_status, reason, message, details: further parts of Google's error.
        retry_after: seconds for a ``Retry-After`` header.
        seconds: how long to hang.
    """

    method: str
    kind: Fault
    when: When = "before"
    nth: int | list[int] = 0
    every: int = 0
    probability: float = 0.0
    seed: int = 1
    times: int = 0
    max_in_row: int = 0
    status: int = 503
    google_status: str = ""
    reason: str = ""
    message: str = ""
    details: list[JSON] = field(default_factory=list)
    retry_after: int | None = None
    seconds: float = 3600.0

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ValueError(f"kind: {self.kind!r} is not one of {', '.join(FAULTS)}")
        if self.when not in ("before", "after"):
            raise ValueError(f"when: {self.when!r} is neither before nor after")
        if not (self.nth or self.every or self.probability):
            raise ValueError("a fault needs nth, every or probability")

    @classmethod
    def from_data(cls, data: Any, path: Path = ()) -> "Rule":
        """A rule from TOML or JSON, where ``retry-after`` and ``retry_after`` are the same.

        Args:
            data: a table.
            path: its place in the file, for the error.

        Raises:
            SchemaError: names the key that is unknown, missing or wrong.
        """
        RULE.check(data, path)
        try:
            rule = cls(**{key.replace("-", "_"): value for key, value in data.items()})
        except ValueError as error:
            raise SchemaError(path, str(error)) from None
        if rule.details:
            try:
                rule.error().proto_status()
            except (ParseError, TypeError) as error:
                raise SchemaError((*path, "details"), f"no google.rpc details: {error}") from None
        return rule

    def error(self) -> errors.ApiError:
        """The error that kind ``status`` sends."""
        status, reason = errors.BY_HTTP.get(self.status, ("UNKNOWN", "backendError"))
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        text = self.message or errors.from_http(self.status).message
        return errors.ApiError(
            self.status, self.google_status or status, text, self.reason or reason, list(self.details), headers
        )


@dataclass
class _Count:
    calls: int = 0
    hits: int = 0


@dataclass
class Edit:
    """A concurrent editor: after a call of `after`, somebody else changes a policy.

    Args:
        after: the method after whose success the edit happens, usually one that reads.
        project: the project whose policy (or dataset) is edited.
        dataset: edit this dataset's access list instead of the project's policy.
        add, remove: a binding ``{"role", "member"}``, or an access entry if `dataset` is set.
        times: the number of edits in all.
    """

    after: str
    project: str
    dataset: str = ""
    add: JSON = field(default_factory=dict)
    remove: JSON = field(default_factory=dict)
    times: int = 1

    @classmethod
    def from_data(cls, data: Any, path: Path = ()) -> "Edit":
        """Read an edit from TOML or JSON.

        Args:
            data: a table.
            path: its place in the file, for the error.

        Raises:
            SchemaError: names the key that is unknown, missing or wrong.
        """
        EDIT.check(data, path)
        if not data.get("dataset"):
            EDIT_OF_POLICY.check(data, path)
        return cls(**data)


class Faults:
    """A fault plan in use: counts the calls and decides which of them fail."""

    def __init__(self, rules: list[Rule] | None = None, edits: list[Edit] | None = None) -> None:
        self._lock = threading.Lock()
        self.replace(rules or [])
        self.edits = list(edits or [])

    def replace(self, rules: list[Rule]) -> None:
        """Set a new plan; all counters start again."""
        self.rules = list(rules)
        self._counts: defaultdict[tuple[int, str], _Count] = defaultdict(_Count)
        self._row: defaultdict[tuple[str, str], int] = defaultdict(int)  # failures in a row
        self._chance = {i: random.Random(rule.seed) for i, rule in enumerate(self.rules)}

    def next(self, method: str, when: When, resource: str = "") -> Rule | None:
        """The rule by which this call fails, if any. Every matching rule counts the call, whether it fails or not.

        Args:
            method: its name.
            when: before or after the server acts; each call asks once for either.
            resource: the resource, so that `max_in_row` holds for each caller when calls interleave.
        """
        with self._lock:
            return self._next(method, when, resource)

    def _next(self, method: str, when: When, resource: str) -> Rule | None:
        found: Rule | None = None
        in_row = self._row[method, resource]
        for i, rule in enumerate(self.rules):
            if rule.when != when or not fnmatchcase(method, rule.method):
                continue
            count = self._counts[i, method]
            count.calls += 1
            if found is None and self._hits(i, rule, count, in_row):
                count.hits += 1
                found = rule
        if found:
            self._row[method, resource] += 1
        elif when == "after":
            self._row[method, resource] = 0
        return found

    def _hits(self, i: int, rule: Rule, count: _Count, row: int) -> bool:
        wanted = rule.nth if isinstance(rule.nth, list) else [rule.nth]
        hit = (
            count.calls in wanted
            or bool(rule.every and count.calls % rule.every == 0)
            or bool(rule.probability and self._chance[i].random() < rule.probability)
        )
        if rule.times and count.hits >= rule.times:
            return False
        return hit and not (rule.max_in_row and row >= rule.max_in_row)

    def foreign_editor(self, world: World, method: str) -> None:
        """Make the edits that follow a method. Called after a successful call, with the world's lock held."""
        for edit in self.edits:
            if edit.times > 0 and fnmatchcase(method, edit.after):
                edit.times -= 1
                _apply(world, edit)


def _apply(world: World, edit: Edit) -> None:
    if edit.dataset:
        dataset = world.dataset(edit.project, edit.dataset)
        if dataset is not None:
            entries = [e for e in dataset.access if e != edit.remove]
            world.set_access(dataset, entries + ([edit.add] if edit.add else []))
            world.admin_activity.dataset(_editor(edit.project), "Patch", dataset)
        return
    project = world.project(edit.project)
    if project is None:
        return
    bindings = [{**b, "members": list(b["members"])} for b in project.policy.bindings]
    for binding in bindings:
        if binding["role"] == edit.remove.get("role") and edit.remove.get("member") in binding["members"]:
            binding["members"].remove(edit.remove["member"])
    if edit.add:
        bindings.append({"role": edit.add["role"], "members": [edit.add["member"]]})
    before = project.policy
    world.set_policy(project, [b for b in bindings if b["members"]], project.policy.version)
    world.admin_activity.policy(_editor(edit.project), project, before)


def _editor(project: str) -> str:
    """The caller whom the audit log names for the edits of a scenario."""
    return f"infra-bot@{project}.iam.gserviceaccount.com"
