"""What Google has in memory, for stories and tests, and what they share."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import TableInfo
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.admin_change import AdminChange
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import KeyCall
from kbq_tui.model.observed import AccountInfo, DatasetInfo, KeyInfo, ProjectInfo, RoleBinding
from kbq_tui.model.problem import Context, Kind, Problem, RemedyStep, Retry
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef
from kbq_tui.model.secret import Secret
from kbq_tui.model.spec import REQUIRED_SERVICES, ConnectionSpec
from tests.support.codes import made_up

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PROJECT = "acme-analytics-prod"
CANARY = "CANARY-PRIVATE-KEY-MATERIAL"
"""Used in place of a private key; it must never be shown."""
SPEC = ConnectionSpec(PROJECT)
CONTEXT = Context(project=PROJECT)


def refused(permission: str, project: str = PROJECT) -> Problem:
    return catalogue.permission_missing(permission, Context(project=project))


def fault(code: str = "KBQ-TEST", retry: Retry = Retry.NEVER, kind: Kind = Kind.FAILED) -> Problem:
    """Return a problem of a made-up code, for a call to end with."""
    return Problem(
        made_up(code),
        verbatim(f"{code} happened"),
        verbatim("The test wanted it."),
        (RemedyStep(verbatim("Do nothing.")),),
        verbatim("the test"),
        kind,
        retry,
    )


def key_json(project: str, email: str, key_id: str) -> Secret:
    """Return a key file as Google returns it; its private key is `CANARY`."""
    body = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": key_id,
        "private_key": CANARY,
        "client_email": email,
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return Secret(json.dumps(body))


def not_found() -> Problem:
    return Problem(
        made_up("KBQ-TEST-NOT-FOUND"), verbatim("Not found"), verbatim("It is not there."), kind=Kind.NOT_FOUND
    )


@dataclass
class MemoryWorld:
    """Google's state. Tests change it to set a scene.

    A call is named by its method, or by its method and its subject ("grant_dataset:KLAVIYO_TMP", "query:CREATE").

    Attributes:
        allowed: the permissions that are held; None for all except those in `lacking`.
        tables: by DATASET.TABLE, the policy of each table.
        table_infos: by DATASET.TABLE, what a list says of a table beyond its name.
        inherited_write: the account may write in every dataset, by a role on the project or above.
        key_calls: by the id of a key, the entries of the audit log that its calls left.
        key_metric: by the id of a key, its last use as the metric counts it.
        admin_changes: by resource, the entries of the Admin Activity log, newest first.
        key_days: by the id of a key, the day of its last use as Policy Analyzer knows it.
        faults: by call, the problems of the next calls, one each; None for a call that succeeds.
        forever: by call, the problem of each call after those.
        gates: by call, an event that it waits for.
        running: the calls that are running.
        calls: the calls that were made.
        writes: those among them that changed something.
        statements: SQL that made, filled or dropped a table.
    """

    projects: list[ProjectInfo] = field(
        default_factory=lambda: [ProjectInfo(PROJECT, "123456789012", "Acme Analytics", "ACTIVE")]
    )
    services: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(REQUIRED_SERVICES, True))
    billing: bool = True
    constraints: dict[str, bool] = field(default_factory=dict)
    allowed: frozenset[str] | None = None
    lacking: set[str] = field(default_factory=set)
    datasets: dict[str, DatasetInfo] = field(default_factory=dict)
    tables: dict[str, tuple[RoleBinding, ...]] = field(default_factory=dict)
    table_infos: dict[str, TableInfo] = field(default_factory=dict)
    inherited_write: bool = False
    account: AccountInfo | None = None
    keys: list[KeyInfo] = field(default_factory=list)
    made_keys: int = 0
    key_calls: dict[str, list[KeyCall]] = field(default_factory=lambda: defaultdict(list))
    admin_changes: dict[ProjectRef | DatasetRef | AccountRef, list[AdminChange]] = field(default_factory=dict)
    key_metric: dict[str, datetime] = field(default_factory=dict)
    key_days: dict[str, datetime] = field(default_factory=dict)
    bindings: list[RoleBinding] = field(default_factory=list)
    jobs: Sequence[JobInfo] = ()
    faults: dict[str, list[Problem | None]] = field(default_factory=dict)
    forever: dict[str, Problem] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
