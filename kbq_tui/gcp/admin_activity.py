"""Who changed what: the Admin Activity audit log, which every project has (Cloud Logging, `entries.list`).

Sources: https://cloud.google.com/logging/docs/audit#admin-activity,
https://cloud.google.com/iam/docs/audit-logging/examples-service-accounts,
https://cloud.google.com/bigquery/docs/reference/auditlogs
"""

from datetime import datetime
from typing import Final

from kbq_tui.gcp.key_use import inner, parsed_time, stamp
from kbq_tui.gcp.rest_client import JSON, RestClient, items, text, url
from kbq_tui.model.admin_change import AdminChange
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef

MOST: Final = 200
"""The most entries of one resource that are read, the newest first."""


class AdminActivity:
    """The changes of any project, as one principal sees them.

    Args:
        wire: the principal's connection.
    """

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire

    async def changes(self, of: ProjectRef | DatasetRef | AccountRef, *, since: datetime) -> tuple[AdminChange, ...]:
        """Return the changes that were made to a resource, newest first; refused ones are left out.

        Args:
            of: a project's policy, a dataset, or a service account with its keys.
            since: how far back, aware UTC.
        """
        terms = [
            f'logName="projects/{of.project}/logs/cloudaudit.googleapis.com%2Factivity"',
            *_of(of),
            f'timestamp>="{stamp(since)}"',
        ]
        found = await self._wire.ask(
            "POST",
            url(self._wire.endpoints.logging, "/v2/entries:list"),
            lambda answer: items(answer, "entries"),
            body={
                "resourceNames": [f"projects/{of.project}"],
                "filter": " AND ".join(terms),
                "orderBy": "timestamp desc",
                "pageSize": MOST,
            },
            method="logging.entries.list",
            context=self._wire.context(of.project),
        )
        return tuple(_change(entry) for entry in found if not inner(entry, "protoPayload", "status", "code"))


def _of(ref: ProjectRef | DatasetRef | AccountRef) -> list[str]:
    """Return the terms of a filter for entries about a resource."""
    match ref:
        case ProjectRef(project=project):
            return [f'protoPayload.resourceName="projects/{project}"', 'protoPayload.methodName:"SetIamPolicy"']
        case DatasetRef(project=project, dataset=dataset):
            return [f'protoPayload.resourceName="projects/{project}/datasets/{dataset}"']
        case AccountRef(email=email):
            return ['resource.type="service_account"', f'resource.labels.email_id="{email}"']


def _change(entry: JSON) -> AdminChange:
    payload = entry.get("protoPayload")
    deltas = inner(payload, "serviceData", "policyDelta", "bindingDeltas")
    roles = None
    if isinstance(deltas, list):
        roles = frozenset((text(delta, "role"), text(delta, "member")) for delta in deltas)
    names = (text(inner(payload, "response"), "name"), text(payload, "resourceName"))
    key_id = next((name.rpartition("/keys/")[2] for name in names if "/keys/" in name), "")
    who = text(inner(payload, "authenticationInfo"), "principalEmail")
    return AdminChange(parsed_time(text(entry, "timestamp")), who, text(payload, "methodName"), roles, key_id)
