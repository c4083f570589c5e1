"""Plans that the exports are tried on."""

from datetime import UTC, datetime

import pytest

from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.observed import Absent, Identity, Observed, Present, ProjectInfo, Unknown
from kbq_tui.model.operations import (
    Action,
    ActionKey,
    ActionKind,
    Change,
    CreateAccount,
    CreateDataset,
    CreateKey,
    DeleteAccount,
    DeleteDataset,
    DeleteKey,
    DisableKey,
    DropDataset,
    DropView,
    EnableKey,
    EnableService,
    GrantDatasetRole,
    GrantProjectRole,
    Operation,
    RevokeDatasetRole,
    RevokeProjectRole,
    RevokeTableRole,
    Step,
)
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef, Ref, ServiceRef, TableRef
from kbq_tui.model.spec import ConnectionSpec, Direction
from kbq_tui.planning.diff import diff

EMAIL = "klaviyo-data-transfer-user@acme-prod.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{EMAIL}"
P = "acme-prod"
ACCOUNT, TMP = AccountRef(P, EMAIL), DatasetRef(P, "KLAVIYO_TMP")
DEAD = f"deleted:{MEMBER}?uid=123456789012345678901"


def action(op: Operation, resource: Ref, change: Change = Change.CREATE, summary: str = "what it does") -> Action:
    """Return an action; its kind does not matter for its command."""
    return Action(ActionKey(ActionKind.DATASET, resource), change, verbatim(summary), Step.DATASETS, op)


ONE_OF_EACH = (
    action(EnableService("bigquery.googleapis.com"), ServiceRef(P, "bigquery.googleapis.com")),
    action(CreateDataset("KLAVIYO_TMP", "EU", "staging"), TMP),
    action(CreateAccount("klaviyo-data-transfer-user", "KLAVIYO_DATA_TRANSFER_USER"), ACCOUNT),
    action(CreateKey(EMAIL, None), ACCOUNT),
    action(GrantProjectRole("roles/bigquery.jobUser", MEMBER), ProjectRef(P)),
    action(GrantDatasetRole("KLAVIYO_TMP", "roles/bigquery.dataEditor", MEMBER), TMP),
    action(RevokeProjectRole("roles/bigquery.dataEditor", MEMBER), ProjectRef(P), Change.DELETE),
    action(RevokeDatasetRole("KLAVIYO_TMP", "roles/bigquery.dataViewer", DEAD), TMP, Change.DELETE),
    action(
        RevokeTableRole("KLAVIYO_IMPORT_FROM_DWH", "orders", "roles/bigquery.dataEditor", MEMBER),
        TableRef(P, "KLAVIYO_IMPORT_FROM_DWH", "orders"),
        Change.DELETE,
    ),
    action(DeleteKey(EMAIL, "0123abcd"), ACCOUNT, Change.DELETE),
    action(DisableKey(EMAIL, "0123abcd"), ACCOUNT, Change.UPDATE),
    action(EnableKey(EMAIL, "0123abcd"), ACCOUNT, Change.UPDATE),
    action(DeleteAccount(EMAIL), ACCOUNT, Change.DELETE),
    action(DeleteDataset("KLAVIYO_TMP"), TMP, Change.DELETE),
    action(DropDataset("KLAVIYO_TMP"), TMP, Change.DELETE),
    action(DropView("KLAVIYO_TMP", "ready", "EU"), TableRef(P, "KLAVIYO_TMP", "ready"), Change.DELETE),
)


def seen(spec: ConnectionSpec, problem: Problem | None = None) -> Observed:
    """A project in which nothing of the connection exists; with a problem, one whose policy cannot be read."""
    return Observed(
        at=datetime(2026, 1, 31, tzinfo=UTC),
        identity=Present(Identity("me@acme.com", verbatim("test"))),
        project=Present(ProjectInfo(spec.project, "1", "Acme", "ACTIVE")),
        services={"iam.googleapis.com": Present(True), "bigquery.googleapis.com": Present(False)},
        billing=Present(True),
        constraints={},
        permissions=Unknown(Problem(None, verbatim("x"), verbatim("x"))),
        datasets={w.name: Absent() for w in spec.datasets()},
        names=Present(()),
        account=Absent(),
        keys=Present(()),
        bindings=Unknown(problem) if problem else Present(()),
        key=Absent(),
    )


@pytest.fixture(params=["acme-prod", "example.com:proj-one"])
def spec(request: pytest.FixtureRequest) -> ConnectionSpec:
    return ConnectionSpec(request.param, location="EU", direction=Direction.BOTH, export_dataset="KLAVIYO_EXPORT")


@pytest.fixture
def plan(spec: ConnectionSpec) -> Plan:
    return diff(spec, seen(spec))
