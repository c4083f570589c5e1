"""When keys were used: Cloud Logging, Cloud Monitoring, Policy Analyzer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from kbq_tui.gcp.exceptions import MalformedError
from kbq_tui.gcp.rest_client import JSON, RestClient, items, part, text, url
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import OUR_AGENT, KeyCall

_METRIC: Final = "iam.googleapis.com/service_account/key/authn_events_count"
_ACTIVITY: Final = "/locations/global/activityTypes/serviceAccountKeyLastAuthentication/activities:query"
_PAGE: Final = 1000
_AUTHENTICATION: Final = "protoPayload.authenticationInfo"
_METADATA: Final = "protoPayload.requestMetadata"
_JOB_METHODS: Final = tuple(f"google.cloud.bigquery.v2.JobService.{name}" for name in ("InsertJob", "Query"))


class KeyUsage:
    """The use of keys in any project, as one principal sees it.

    Args:
        wire: the principal's connection.
    """

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire

    async def calls(
        self,
        project: str,
        email: str,
        key_id: str,
        *,
        since: datetime,
        addresses: Sequence[str] = (),
        limit: int = 1,
    ) -> tuple[KeyCall, ...]:
        """Return the newest calls with a key that were not ours, newest first.

        Sources: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list,
        https://cloud.google.com/iam/docs/audit-logging/examples-service-accounts
        """
        key = f"//iam.googleapis.com/projects/{project}/serviceAccounts/{email}/keys/{key_id}"
        terms = [
            f'logName="projects/{project}/logs/cloudaudit.googleapis.com%2Fdata_access"',
            f'{_AUTHENTICATION}.serviceAccountKeyName="{key}"',
            f'timestamp>="{stamp(since)}"',
            f'NOT {_METADATA}.callerSuppliedUserAgent:"{OUR_AGENT}"',
        ]
        if addresses:
            quoted = " OR ".join(f'"{address}"' for address in addresses)
            terms.append(f"{_METADATA}.callerIp=({quoted})")
        return await self._wire.ask(
            "POST",
            url(self._wire.endpoints.logging, "/v2/entries:list"),
            lambda answer: tuple(map(_call, items(answer, "entries"))),
            body={
                "resourceNames": [f"projects/{project}"],
                "filter": " AND ".join(terms),
                "orderBy": "timestamp desc",
                "pageSize": limit,
            },
            method="logging.entries.list",
            context=self._wire.context(project, account=email),
        )

    async def jobs(self, project: str, email: str, *, since: datetime, limit: int) -> tuple[JobInfo, ...]:
        """Return an account's jobs that were not ours, newest first: when they ran, and why they failed.

        BigQuery may write two entries for one job, when it begins and when it ends; they name the same resource.

        Source: https://cloud.google.com/bigquery/docs/reference/auditlogs
        """
        terms = [
            f'logName="projects/{project}/logs/cloudaudit.googleapis.com%2Fdata_access"',
            f'{_AUTHENTICATION}.principalEmail="{email}"',
            "protoPayload.methodName=(" + " OR ".join(f'"{method}"' for method in _JOB_METHODS) + ")",
            f'timestamp>="{stamp(since)}"',
            f'NOT {_METADATA}.callerSuppliedUserAgent:"{OUR_AGENT}"',
        ]
        entries: list[JSON] = []
        token = ""
        while len(entries) < limit:
            body: JSON = {
                "resourceNames": [f"projects/{project}"],
                "filter": " AND ".join(terms),
                "orderBy": "timestamp desc",
                "pageSize": min(_PAGE, limit),
                **({"pageToken": token} if token else {}),
            }
            some, token = await self._wire.ask(
                "POST",
                url(self._wire.endpoints.logging, "/v2/entries:list"),
                lambda answer: (items(answer, "entries"), text(answer, "nextPageToken")),
                body=body,
                method="logging.entries.list",
                context=self._wire.context(project, account=email),
            )
            entries += some
            if not token:
                break
        found: dict[str, JobInfo] = {}
        for number, entry in enumerate(entries[:limit]):
            name = text(entry.get("protoPayload"), "resourceName") or str(number)
            job, other = _logged(entry), found.get(name)
            if other is None:
                found[name] = job
            else:
                found[name] = replace(job, created=min(job.created, other.created), error=other.error or job.error)
        return tuple(sorted(found.values(), key=lambda job: job.created, reverse=True))

    async def counted(self, project: str, unique_id: str, since: datetime, until: datetime) -> Mapping[str, datetime]:
        """Return, by key id, the end of the last period in which a key of the account authenticated.

        Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
        """
        found = await self._wire.pages(
            f"{self._wire.endpoints.monitoring}/v3/projects/{part(project)}/timeSeries",
            {
                "filter": f'metric.type="{_METRIC}" AND resource.labels.unique_id="{unique_id}"',
                "interval.startTime": stamp(since),
                "interval.endTime": stamp(until),
                "pageSize": _PAGE,
            },
            lambda answer: items(answer, "timeSeries"),
            limit=_PAGE,
            method="monitoring.projects.timeSeries.list",
            context=self._wire.context(project),
        )
        last: dict[str, datetime] = {}
        for series in found:
            key_id = text(inner(series, "metric", "labels"), "key_id")
            ends = [parsed_time(text(point.get("interval"), "endTime")) for point in items(series, "points")]
            if key_id and ends:
                last[key_id] = max(ends)
        return last

    async def days(self, project: str) -> Mapping[str, datetime]:
        """Return, by key id, the last day on which each key of the project authenticated.

        Source: https://cloud.google.com/policy-intelligence/docs/reference/policyanalyzer/rest
        """
        found = await self._wire.pages(
            f"{self._wire.endpoints.policyanalyzer}/v1/projects/{part(project)}{quote(_ACTIVITY, safe='/:')}",
            {"pageSize": _PAGE},
            lambda answer: items(answer, "activities"),
            limit=20 * _PAGE,
            method="policyanalyzer.projects.locations.activityTypes.activities.query",
            context=self._wire.context(project),
        )
        last: dict[str, datetime] = {}
        for activity in found:
            at = text(activity.get("activity"), "lastAuthenticatedTime")
            if at:
                last[text(activity, "fullResourceName").rpartition("/keys/")[2]] = parsed_time(at)
        return last


def _logged(entry: JSON) -> JobInfo:
    status = inner(entry, "protoPayload", "status")
    error = text(status, "message") or ("?" if status else "")
    return JobInfo(parsed_time(text(entry, "timestamp")), "DONE", "", error)


def _call(entry: JSON) -> KeyCall:
    metadata = inner(entry, "protoPayload", "requestMetadata")
    return KeyCall(
        parsed_time(text(entry, "timestamp")),
        text(metadata, "callerIp"),
        text(metadata, "callerSuppliedUserAgent"),
        text(entry.get("protoPayload"), "methodName"),
    )


def inner(source: object, *keys: str) -> object:
    """Return a value in nested objects; None if one of them is missing."""
    for key in keys:
        source = source.get(key) if isinstance(source, dict) else None
    return source


def stamp(at: datetime) -> str:
    """Return an aware time in the form of filters: UTC, in seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parsed_time(value: str) -> datetime:
    """Return a time in an answer. Raises MalformedError if it is not a time, or has no time zone."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise MalformedError(f"{value!r} is no time") from None
    if found.tzinfo is None:
        raise MalformedError(f"{value!r} has no time zone")
    return found.astimezone(UTC)
