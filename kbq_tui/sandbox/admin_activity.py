"""The Admin Activity audit log: who changed what. Google always writes it, and it cannot be turned off.

Logged are changes of a project's policy, of datasets, and of service accounts and their keys, whoever makes them:
callers, statements of queries, and the editors of a scenario. Refused changes are left out.
(https://cloud.google.com/logging/docs/audit#admin-activity,
https://cloud.google.com/iam/docs/audit-logging/examples-service-accounts,
https://cloud.google.com/bigquery/docs/reference/auditlogs)
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kbq_tui.sandbox.resources import Account, Dataset, Policy, Project

JSON = dict[str, Any]
MOST = 5_000
"""The number of changes that are kept."""
_AUDIT_DATA = "type.googleapis.com/google.iam.v1.logging.AuditData"
_VERBS = {"create": "Create", "delete": "Delete", "enable": "Enable", "disable": "Disable", "undelete": "Undelete"}


@dataclass(frozen=True)
class LoggedChange:
    """One logged change.

    Args:
        project: id of the project whose log it is in.
        service: such as ``iam.googleapis.com``.
        method: the method's name as the log writes it.
        resource_name: what was changed.
        who: e-mail address of the caller.
        at: epoch seconds.
        kind: the type of the monitored resource.
        labels: the labels of the monitored resource.
        more: further fields of the payload.
    """

    project: str
    service: str
    method: str
    resource_name: str
    who: str
    at: float
    kind: str
    labels: JSON
    more: JSON = field(default_factory=dict)


class ActivityLog:
    """The logged changes, oldest first. Callers hold the world's lock.

    Args:
        clock: gives the time in epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._found: deque[LoggedChange] = deque(maxlen=MOST)

    def __iter__(self) -> Iterator[LoggedChange]:
        return iter(self._found)

    def policy(self, who: str, project: Project, before: Policy) -> None:
        """Log that a project's policy was written.

        Args:
            who: e-mail address of the caller.
            project: the project, with its new policy.
            before: the policy as it was.
        """
        old, new = before.pairs(), project.policy.pairs()
        deltas = [{"action": "ADD", "role": role, "member": member} for role, member in sorted(new - old)]
        deltas += [{"action": "REMOVE", "role": role, "member": member} for role, member in sorted(old - new)]
        more = {"serviceData": {"@type": _AUDIT_DATA, "policyDelta": {"bindingDeltas": deltas}}}
        self._note(
            project.id,
            "cloudresourcemanager.googleapis.com",
            "SetIamPolicy",
            f"projects/{project.id}",
            who,
            "project",
            {},
            more,
        )

    def dataset(self, who: str, verb: str, dataset: Dataset) -> None:
        """Log that a dataset was created, changed or deleted.

        Args:
            who: e-mail address of the caller.
            verb: ``Insert``, ``Patch``, ``Update`` or ``Delete``.
            dataset: the dataset.
        """
        self._note(
            dataset.project_id,
            "bigquery.googleapis.com",
            f"google.cloud.bigquery.v2.DatasetService.{verb}Dataset",
            f"projects/{dataset.project_id}/datasets/{dataset.dataset_id}",
            who,
            "bigquery_dataset",
            {"dataset_id": dataset.dataset_id},
        )

    def account(self, who: str, method: str, account: Account, key_id: str = "") -> None:
        """Log that a service account or one of its keys was changed.

        Args:
            who: e-mail address of the caller.
            method: such as ``iam.serviceAccountKeys.create``.
            account: the account.
            key_id: the key, if it is about one.
        """
        _, kind, verb = method.split(".")
        name = f"projects/-/serviceAccounts/{account.unique_id}"
        more: JSON = {}
        if key_id and verb == "create":  # the request cannot name the key yet, so its name is in the answer
            full = f"projects/{account.project_id}/serviceAccounts/{account.email}/keys/{key_id}"
            more = {"response": {"@type": "type.googleapis.com/google.iam.admin.v1.ServiceAccountKey", "name": full}}
        elif key_id:
            name += f"/keys/{key_id}"
        what = "ServiceAccountKey" if kind == "serviceAccountKeys" else "ServiceAccount"
        method_name = f"google.iam.admin.v1.{_VERBS.get(verb, verb.capitalize())}{what}"
        labels = {"email_id": account.email, "unique_id": account.unique_id}
        self._note(account.project_id, "iam.googleapis.com", method_name, name, who, "service_account", labels, more)

    def _note(
        self,
        project: str,
        service: str,
        method: str,
        name: str,
        who: str,
        kind: str,
        labels: JSON,
        more: JSON | None = None,
    ) -> None:
        at = self._clock()
        labels = {"project_id": project, **labels}
        self._found.append(LoggedChange(project, service, method, name, who, at, kind, labels, more or {}))


def row(change: LoggedChange, stamp: str) -> dict[str, str]:
    """A change's values by the field names that filters use.

    Args:
        change: the change.
        stamp: its time as text.
    """
    return {
        "logName": f"projects/{change.project}/logs/cloudaudit.googleapis.com%2Factivity",
        "timestamp": stamp,
        "serviceName": change.service,
        "methodName": change.method,
        "resourceName": change.resource_name,
        "principalEmail": change.who,
        "resourceType": change.kind,
        "emailId": change.labels.get("email_id", ""),
    }


def entry(change: LoggedChange, stamp: str) -> JSON:
    """A change in the form that ``entries.list`` gives.

    Args:
        change: the change.
        stamp: its time as text.
    """
    return {
        "logName": f"projects/{change.project}/logs/cloudaudit.googleapis.com%2Factivity",
        "timestamp": stamp,
        "receiveTimestamp": stamp,
        "insertId": hashlib.sha1(repr(change).encode(), usedforsecurity=False).hexdigest()[:13],
        "severity": "NOTICE",
        "resource": {"type": change.kind, "labels": change.labels},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": change.who},
            "serviceName": change.service,
            "methodName": change.method,
            "resourceName": change.resource_name,
            **change.more,
        },
    }
