"""One row for each kind of operation: the call to Google that carries it out, and what must have taken effect
before."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from kbq_tui.engine.ports import Cloud
from kbq_tui.model.changes import ACCOUNT, KEY, SERVICE, Subject, making_of
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import (
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
)
from kbq_tui.model.spec import LABELS
from kbq_tui.shell.sql import drop_view

DESCRIPTIONS: Final = {
    "import": "Tables and views that Klaviyo reads. Made by kbq-tui.",
    "staging": "Klaviyo's working space. Made by kbq-tui.",
    "export": "Tables that Klaviyo writes. Made by kbq-tui.",
}
"""The descriptions of new datasets, by their purpose."""

O = TypeVar("O")  # noqa: E741  an operation


@dataclass(frozen=True, slots=True)
class OperationCall:
    """How one kind of operation is carried out.

    Attributes:
        run: makes the call, with Google, the project and the operation; returns whether anything was changed. None for
            a new key, which takes more than a call: its place on this machine is reserved first.
        waits_for: our own changes that must have taken effect everywhere before the call can succeed.
    """

    run: Callable[[Cloud, str, Any], Awaitable[bool]] | None
    waits_for: Callable[[Any], tuple[Subject, ...]]


def _on_services(_op: object) -> tuple[Subject, ...]:
    return (SERVICE,)


def _on_account(_op: object) -> tuple[Subject, ...]:
    return ACCOUNT, KEY, SERVICE


def _on_dataset(op: GrantDatasetRole | RevokeDatasetRole | RevokeTableRole) -> tuple[Subject, ...]:
    return ACCOUNT, making_of(op.dataset), SERVICE


async def _enable(cloud: Cloud, project: str, op: EnableService) -> bool:
    await cloud.enable_services(project, (op.service,))
    return True


async def _switch(cloud: Cloud, project: str, op: DisableKey | EnableKey) -> bool:
    await cloud.switch_key(project, op.email, op.key_id, on=isinstance(op, EnableKey))
    return True


async def _drop_view(cloud: Cloud, project: str, op: DropView) -> bool:
    await cloud.query(project, drop_view(project, op.dataset, op.view), op.location)
    return True


def _row(
    kind: Callable[..., O],
    run: Callable[[Cloud, str, O], Awaitable[bool]],
    waits_for: Callable[[O], tuple[Subject, ...]] = _on_services,
) -> tuple[type[Operation], OperationCall]:
    """Return a row whose parts fit the operation's class, as mypy sees it."""
    return kind, OperationCall(run, waits_for)  # type: ignore[return-value]


CALLS: Final[Mapping[type[Operation], OperationCall]] = dict(
    [
        _row(EnableService, _enable),
        _row(
            CreateDataset,
            lambda cloud, project, op: cloud.create_dataset(
                project, op.dataset, op.location, DESCRIPTIONS.get(op.purpose, ""), LABELS
            ),
        ),
        _row(CreateAccount, lambda cloud, project, op: cloud.create_account(project, op.account_id, op.display_name)),
        (CreateKey, OperationCall(None, _on_account)),
        _row(
            GrantProjectRole,
            lambda cloud, project, op: cloud.add_project_binding(project, op.role, op.member),
            _on_account,
        ),
        _row(
            GrantDatasetRole,
            lambda cloud, project, op: cloud.grant_dataset(project, op.dataset, op.role, op.member),
            _on_dataset,
        ),
        _row(
            RevokeProjectRole,
            lambda cloud, project, op: cloud.remove_project_binding(project, op.role, op.member),
            _on_account,
        ),
        _row(
            RevokeDatasetRole,
            lambda cloud, project, op: cloud.revoke_dataset(project, op.dataset, op.role, op.member),
            _on_dataset,
        ),
        _row(
            RevokeTableRole,
            lambda cloud, project, op: cloud.revoke_table(project, op.dataset, op.table, op.role, op.member),
            _on_dataset,
        ),
        _row(DeleteKey, lambda cloud, project, op: cloud.delete_key(project, op.email, op.key_id), _on_account),
        _row(DisableKey, _switch, _on_account),
        _row(EnableKey, _switch, _on_account),
        _row(DeleteAccount, lambda cloud, project, op: cloud.delete_account(project, op.email), _on_account),
        _row(DeleteDataset, lambda cloud, project, op: cloud.delete_dataset(project, op.dataset)),
        _row(DropDataset, lambda cloud, project, op: cloud.delete_dataset(project, op.dataset, with_tables=True)),
        _row(DropView, _drop_view),
    ]
)
"""By the class of the operation."""
