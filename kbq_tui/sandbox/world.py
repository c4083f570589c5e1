"""The state of the sandbox: projects, policies, accounts, keys, datasets, and the log of calls.

Everything is guarded by one lock, `World.lock`. Handlers run with it held, and release it while a query is parsed and
runs. Times are seconds since the epoch by the world's own clock, so that tests and clock-skew scenarios can move it.
"""

import base64
import copy
import itertools
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

from kbq_tui.sandbox.admin_activity import ActivityLog
from kbq_tui.sandbox.lock import Lock
from kbq_tui.sandbox.resources import JSON, Account, CallRecord, Dataset, Policy, Project, Routine, Table

Kind = Literal[
    "account",
    "account_get",
    "account_list",
    "key",
    "key_create",
    "key_get",
    "key_list",
    "project_grant",
    "dataset_grant",
    "api",
    "org_policy",
    "dataset_read",
    "policy_read",
    "audit_log",
    "key_metric",
    "key_activity",
]
AccountState = Literal["ready", "pending", "deleted", "missing"]
KINDS: tuple[Kind, ...] = get_args(Kind)


# Service agents and the accounts that Google creates with a project (https://cloud.google.com/iam/docs/service-agents):
# their names contain the project's number, and they always exist.
_GOOGLES_OWN = re.compile(r"([a-z]+-)?\d+(-compute)?@")


class World:
    """The state behind every service.

    Args:
        clock: seconds since the epoch; ``time.time`` unless a test moves it.
        delays: seconds until a change of a kind becomes effective; missing kinds are immediate.
    """

    def __init__(self, clock: Callable[[], float] = time.time, delays: dict[Kind, float] | None = None) -> None:
        self.lock = Lock()
        self.clock = clock
        self.delays: dict[Kind, float] = dict(delays or {})
        # HTTP statuses for what is not visible yet, one after the other; 404 by default
        self.refusals: dict[Kind, list[int]] = {}
        self._refused: Counter[Kind] = Counter()
        self.dataset_updates = 5  # the most changes of one dataset in ten seconds; a test with thousands sets more
        self.projects: dict[str, Project] = {}
        self.shared: dict[str, Callable[[World], Project]] = {}  # by id; created when they are first needed
        self.deleted_accounts: dict[str, Account] = {}  # by unique id, for undelete and tombstones
        self.calls: list[CallRecord] = []
        self.admin_activity = ActivityLog(lambda: self.clock())  # noqa: PLW0108 - the clock may be replaced
        self.operations: dict[str, JSON] = {}
        self.state: dict[str, Any] = {}  # what services store for themselves: the SQL engine, its jobs
        self.on_close: list[Callable[[], object]] = []
        self._effective: dict[tuple[str, ...], float] = {}
        self._later: list[tuple[float, Callable[[], object]]] = []
        self._seen: dict[tuple[Kind, str], list[tuple[float, Any]]] = {}
        self._serial = itertools.count(1)
        self._uid = itertools.count(100_000_000_000_000_000_001)

    # -- time and numbers

    def now_ms(self) -> int:
        """The world's clock in milliseconds, BigQuery's unit."""
        return int(self.clock() * 1000)

    def new_etag(self) -> str:
        """A new etag in base64, because IAM's etags are bytes in gRPC's messages."""
        return base64.b64encode(b"BW" + next(self._serial).to_bytes(7, "big")).decode()

    def new_unique_id(self) -> str:
        """A new numeric account id that was never used before."""
        return str(next(self._uid))

    # -- propagation

    def effective(self, kind: Kind, at: float | None = None) -> float:
        """When a change of this kind, made `at` (None: now), takes effect, in epoch seconds."""
        return (self.clock() if at is None else at) + self.delays.get(kind, 0.0)

    def changed(self, kind: Kind, *key: str) -> None:
        """Note a change that was just made; `ready` is false until it has taken effect."""
        if self.delays.get(kind, 0.0) > 0:
            self._effective[(kind, *key)] = self.effective(kind)

    def ready(self, kind: Kind, *key: str) -> bool:
        """Whether a change has taken effect. This is so for whatever was never noted (the scenario's own state)."""
        at = self._effective.get((kind, *key))
        return at is None or self.clock() >= at

    def refusal(self, kind: Kind) -> int:
        """The HTTP status of the next refusal of something that is not visible yet."""
        statuses = self.refusals.get(kind) or [404]
        self._refused[kind] += 1
        return statuses[(self._refused[kind] - 1) % len(statuses)]

    def later(self, kind: Kind, change: Callable[[], object]) -> None:
        """Make a change after the delay of its kind; at once if there is none."""
        self._later.append((self.effective(kind), change))
        self.settle()

    def settle(self) -> None:
        """Make the changes that are due; every call begins with this."""
        due = [change for at, change in self._later if at <= self.clock()]
        self._later = [(at, change) for at, change in self._later if at > self.clock()]
        for change in due:
            change()

    def outdate(self, kind: Kind, key: str, before: Any) -> None:
        """Keep an old state before a change: readers see it for a while longer.

        Args:
            kind: the kind of read, for which `delays` has the time.
            key: what changes.
            before: its old state; None if it did not exist.
        """
        if self.delays.get(kind, 0.0) > 0:
            self._seen.setdefault((kind, key), []).append((self.effective(kind), before))

    def seen(self, kind: Kind, key: str, now: Any) -> Any:
        """What a reader sees: the old state, until the change has taken effect, else `now`."""
        return next((before for until, before in self._seen.get((kind, key), ()) if until > self.clock()), now)

    # -- look-ups

    def project(self, id_or_number: str) -> Project | None:
        """A project by id or number, including deleted ones; None if it does not exist."""
        found = self.projects.get(id_or_number)
        if found is None and id_or_number in self.shared:
            found = self.projects[id_or_number] = self.shared.pop(id_or_number)(self)
        if found is None and id_or_number.isdigit():
            found = next((p for p in self.projects.values() if p.number == id_or_number), None)
        return found

    def account(self, email_or_id: str) -> Account | None:
        """An account that is not deleted, by address or unique id, whether or not its creation has taken effect."""
        _, _, domain = email_or_id.partition("@")
        owner = domain.removesuffix(".iam.gserviceaccount.com")
        candidates = [self.projects[owner]] if owner in self.projects else list(self.projects.values())
        for project in candidates:
            found = project.service_accounts.get(email_or_id)
            if found:
                return found
            if not domain:
                for account in project.service_accounts.values():
                    if account.unique_id == email_or_id:
                        return account
        return None

    def dataset(self, project_id: str, dataset_id: str) -> Dataset | None:
        """A dataset, by its exact (case-sensitive) name."""
        project = self.project(project_id)
        return project.dataset(dataset_id) if project else None

    def account_state(self, email: str) -> AccountState:
        """Whether a grant may name this service account. Addresses of people, groups and domains are always "ready"."""
        if not email.endswith(".gserviceaccount.com") or _GOOGLES_OWN.match(email):
            return "ready"
        account = self.account(email)
        if account is not None:
            return "ready" if self.ready("account", account.unique_id) else "pending"
        if any(a.email == email for a in self.deleted_accounts.values()):
            return "deleted"
        return "missing" if email.endswith(".iam.gserviceaccount.com") else "ready"

    # -- changes

    def set_policy(self, project: Project, bindings: list[JSON], version: int, extra: JSON | None = None) -> None:
        """Replace a project's policy, with a new etag; new grants take effect after `project_grant`.

        If `extra` is None, the rest of the policy is kept.
        """
        before = project.policy.pairs()
        self.outdate("policy_read", project.id, project.policy)
        kept = project.policy.extra if extra is None else copy.deepcopy(extra)
        project.policy = Policy(copy.deepcopy(bindings), self.new_etag(), version, kept)
        for role, member in project.policy.pairs() - before:
            self.changed("project_grant", project.id, role, member)

    def set_access(self, dataset: Dataset, access: list[JSON]) -> None:
        """Replace a dataset's access list, with a new etag; new entries take effect after `dataset_grant`."""
        before = {access_key(entry) for entry in dataset.access}
        dataset.access = copy.deepcopy(access)
        self.touch(dataset)
        for entry in dataset.access:
            if access_key(entry) not in before:
                self.changed("dataset_grant", dataset.project_id, dataset.dataset_id, *access_key(entry))

    def touch(self, thing: Dataset | Table | Routine) -> None:
        """Set a new etag and modification time; called after every change of a dataset, table or routine."""
        thing.etag = self.new_etag()
        thing.modified_ms = self.now_ms()

    def remove_account(self, account: Account) -> None:
        """Delete an account: grants to it become grants to a deleted principal."""
        del self.projects[account.project_id].service_accounts[account.email]
        self.deleted_accounts[account.unique_id] = account
        tombstone = f"deleted:serviceAccount:{account.email}?uid={account.unique_id}"
        for project in self.projects.values():
            self._rename_member(project, account, account.member, tombstone)

    def restore_account(self, account: Account) -> None:
        """Undelete an account: the same identity again, with its grants."""
        tombstone = f"deleted:serviceAccount:{account.email}?uid={account.unique_id}"
        del self.deleted_accounts[account.unique_id]
        self.projects[account.project_id].service_accounts[account.email] = account
        for project in self.projects.values():
            self._rename_member(project, account, tombstone, account.member)

    def _rename_member(self, project: Project, account: Account, old: str, new: str) -> None:
        for binding in project.policy.bindings:
            if old in binding.get("members", []):
                binding["members"] = [new if m == old else m for m in binding["members"]]
                project.policy.etag = self.new_etag()
        dead = new.startswith("deleted:")
        for dataset in project.datasets.values():
            for entry in dataset.access:
                if dead and entry.get("userByEmail") == account.email:
                    del entry["userByEmail"]
                    entry["iamMember"] = new
                    dataset.etag = self.new_etag()
                elif entry.get("iamMember") == old:
                    del entry["iamMember"]
                    entry.update({"iamMember": new} if dead else {"userByEmail": account.email})
                    dataset.etag = self.new_etag()

    def close(self) -> None:
        """Free what services store."""
        while self.on_close:
            self.on_close.pop()()

    # -- the log of calls

    def record(self, call: CallRecord) -> None:
        """Append to the log."""
        with self.lock:
            self.calls.append(call)

    def writes(self, *, succeeded: bool = True) -> list[CallRecord]:
        """The calls that changed something; with `succeeded` False, also those that failed to."""
        with self.lock:
            return [c for c in self.calls if c.is_write and (c.status < 400 or not succeeded)]


def access_key(entry: JSON) -> tuple[str, ...]:
    """What identifies an access entry: member, role and condition; hashable. E-mail addresses are compared without
    case."""
    known = {k: str(v).lower() if k.endswith("ByEmail") else v for k, v in entry.items()}
    if known.get("iamMember") == "allAuthenticatedUsers":
        known["specialGroup"] = known.pop("iamMember")
    parts: Iterable[str] = (f"{k}={known[k]!r}" for k in sorted(known))
    return tuple(parts)
