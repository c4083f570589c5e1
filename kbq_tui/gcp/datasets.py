"""Datasets: finds, creates, deletes and lists them, and changes their access lists."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from kbq_tui import __version__
from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import TableInfo
from kbq_tui.gcp.access_lists import (
    access_entry,
    entries_of,
    is_plain,
    is_same,
    last_owner,
    member_of,
    principal_of,
    role_of,
)
from kbq_tui.gcp.errors import fault_of
from kbq_tui.gcp.exceptions import MalformedError
from kbq_tui.gcp.policies import permissions_in
from kbq_tui.gcp.rest_client import JSON, RestClient, items, part, text, url
from kbq_tui.gcp.retry import Attempt, import_whole
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import DatasetInfo
from kbq_tui.model.problem import Fault, Problem, ProblemError
from kbq_tui.model.spec import normal_location

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

# Version 3 includes conditions; without it a conditional entry would be written back without its condition. Source:
# https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/get (accessPolicyVersion) Google's own client has no
# argument for it in get_dataset, and update_dataset puts it into the body.
_POLICY: Final[Mapping[str, str | int]] = {"accessPolicyVersion": 3}
# A write in this mode changes only the access list, and if datasets' access lists are fine-grained, it needs only that
# permission. Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/patch (updateMode)
_ACL_ONLY: Final[Mapping[str, str | int]] = {**_POLICY, "updateMode": "UPDATE_ACL"}
_PAGE: Final = 1_000
_REMEMBERED: Final = 8
"""The most datasets that are remembered as last read: enough for a connection, not for a project's thousands."""
_MAX_DATASETS: Final = 100_000
_LONGEST_TIME: Final = 14  # digits; enough for some years after 5000
_LONGEST_LIFE: Final = 10**13  # milliseconds; some 300 years


class Datasets:
    """Datasets of any project, as one principal sees them.

    Args:
        wire: the principal's connection.
    """

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire
        self._client: Client | None = None
        self._writing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._seen: dict[str, JSON] = {}
        """Datasets as they were last read or created, until a role is granted: the grant then need not read them
        again."""

    async def names(self, project: str) -> tuple[tuple[str, str], ...]:
        """Return every dataset's name and location."""
        found = await self._wire.pages(
            f"{self._base(project)}/datasets",
            {"maxResults": _PAGE, "fields": "kind,datasets(datasetReference,location),nextPageToken"},
            _names,
            limit=_MAX_DATASETS,
            method="bigquery.datasets.list",
            context=self._wire.context(project),
        )
        self._wire.locations.update({(project, name): location for name, location in found})
        return tuple(found)

    async def get(self, project: str, name: str) -> DatasetInfo | None:
        """Return a dataset, or None if BigQuery says that it does not exist."""

        def read(attempt: Attempt) -> DatasetInfo | None:
            found = self._read(project, name, attempt.timeout)
            if found is None:
                return None
            self._remember(project, name, found)
            return _info(name, found)

        context = self._wire.context(project, dataset=name)
        return await self._wire.call(read, method="bigquery.datasets.get", context=context)

    async def create(self, project: str, name: str, location: str, description: str, labels: Mapping[str, str]) -> bool:
        """Create a dataset; False if it existed in the same location."""

        def create(attempt: Attempt) -> str | None:
            import_whole("google.cloud.bigquery")
            from google.cloud.bigquery import Dataset

            resource = {
                "datasetReference": {"projectId": project, "datasetId": name},
                "location": location,
                "description": description,
                "labels": dict(labels),
            }
            try:
                made = self._bigquery(project).create_dataset(
                    Dataset.from_api_repr(resource), retry=None, timeout=attempt.timeout
                )
                self._remember(project, name, made.to_api_repr())
            except Exception as error:
                if not _is(fault_of(error, ""), 409):
                    raise
                there = self._read(project, name, attempt.timeout)
                if there is None:
                    raise
                if normal_location(text(there, "location")) != normal_location(location) or not attempt.unsure:
                    return text(there, "location")
            return None

        context = self._wire.context(project, dataset=name, location=location)
        there = await self._wire.call(create, method="bigquery.datasets.insert", context=context)
        if there is None:
            return True
        if normal_location(there) != normal_location(location):
            problem = catalogue.problem(
                Code.LOCATION_FIXED, replace(context, location=there), dataset=name, wanted=location
            )
            raise ProblemError(problem)
        return False

    async def delete(self, project: str, name: str, *, with_tables: bool) -> bool:
        """Delete a dataset, one that is not empty only with `with_tables`; False if it did not exist."""

        def delete(attempt: Attempt) -> bool:
            import_whole("google.cloud.bigquery")
            from google.cloud.bigquery import DatasetReference

            try:
                self._bigquery(project).delete_dataset(
                    DatasetReference(project, name), delete_contents=with_tables, retry=None, timeout=attempt.timeout
                )
            except Exception as error:
                if _gone(fault_of(error, "")):
                    return attempt.unsure
                raise
            return True

        context = self._wire.context(project, dataset=name)
        return await self._wire.call(delete, method="bigquery.datasets.delete", context=context)

    async def tables(self, project: str, name: str, limit: int) -> tuple[TableInfo, ...]:
        """Return up to `limit` tables and views."""
        found = await self._wire.pages(
            f"{self._base(project)}/datasets/{part(name)}/tables",
            {
                "maxResults": min(limit, _PAGE),
                "fields": "kind,nextPageToken,"
                "tables(tableReference,type,creationTime,labels,expirationTime,timePartitioning)",
            },
            _tables,
            limit=limit,
            method="bigquery.tables.list",
            context=self._wire.context(project, dataset=name),
        )
        return tuple(found)

    async def test_table(self, project: str, name: str, table: str, permissions: Sequence[str]) -> frozenset[str]:
        """Return which of the permissions are held on a table or view.

        Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/testIamPermissions
        """
        held = await self._wire.ask(
            "POST",
            f"{self._base(project)}/datasets/{part(name)}/tables/{part(table)}:testIamPermissions",
            permissions_in,
            body={"permissions": list(permissions)},
            method="bigquery.tables.testIamPermissions",
            context=self._wire.context(project, dataset=name),
        )
        return frozenset(held.intersection(permissions))

    async def grant(self, project: str, name: str, role: str, member: str) -> bool:
        """Add an access entry; False if it existed."""

        def add(entries: list[JSON]) -> list[JSON] | None:
            if any(
                role_of(entry) == role and is_same(member_of(entry), member) and is_plain(entry) for entry in entries
            ):
                return None
            return [*entries, {"role": role, **principal_of(member)}]

        return await self._change(project, name, member, add, seen_ok=True)

    async def revoke(self, project: str, name: str, role: str, member: str) -> bool:
        """Remove the unconditional entry of a role, or every entry of the member; False if there was none."""

        def remove(entries: list[JSON]) -> list[JSON] | None:
            kept = [
                entry
                for entry in entries
                if not is_same(member_of(entry), member) or (role and (role_of(entry) != role or not is_plain(entry)))
            ]
            return kept if len(kept) < len(entries) else None

        return await self._change(project, name, member, remove, missing_ok=True)

    async def _change(
        self,
        project: str,
        name: str,
        member: str,
        change: Callable[[list[JSON]], list[JSON] | None],
        *,
        missing_ok: bool = False,
        seen_ok: bool = False,
    ) -> bool:
        """Read the access list, change it, write it back with its etag; start again if it was changed by others
        meanwhile.

        With `seen_ok`, the first attempt uses the list that was last read. Its etag is refused if it has changed since.

        Raises:
            ProblemError: also if the answer had no access list, or the change would remove the last owner.
        """
        wire = self._wire
        context = wire.context(project, dataset=name, account=member.partition(":")[2])
        unsure = False

        def attempt_change(attempt: Attempt) -> bool | Problem:
            nonlocal unsure
            # An earlier attempt may have written; then finding nothing to do means that it succeeded.
            unsure = unsure or attempt.unsure
            found = self._seen.pop(f"{project}:{name}", None) if seen_ok else None
            if found is None or not _serves(found, change):
                found = self._read(project, name, attempt.timeout, missing_ok=missing_ok)
            if found is None:
                return unsure
            entries = entries_of(found)
            if entries is None:
                return catalogue.problem(Code.ACCESS_UNREAD, context, dataset=name)
            wanted = change(entries)
            if wanted is None:
                return unsure
            if owner := last_owner(entries, wanted):
                return catalogue.problem(Code.LAST_OWNER, context, dataset=name, member=owner)
            etag = text(found, "etag")
            if not etag:
                raise MalformedError("a dataset without an etag")
            to = self._url(project, name, _ACL_ONLY)
            wire.send("PATCH", to, attempt.timeout, {"access": wanted}, headers={"If-Match": etag})
            return True

        async with self._writing[f"{project}:{name}"]:
            done = await wire.caller.retry_on_conflict(
                lambda: wire.call(attempt_change, method="bigquery.datasets.patch", context=context)
            )
        if isinstance(done, Problem):
            raise ProblemError(done)
        return done

    def _remember(self, project: str, name: str, found: JSON) -> None:
        if len(self._seen) >= _REMEMBERED and self._seen:
            self._seen.pop(next(iter(self._seen)), None)
        self._seen[f"{project}:{name}"] = found

    def _read(self, project: str, name: str, timeout: float, *, missing_ok: bool = True) -> JSON | None:
        try:
            found = self._wire.send("GET", self._url(project, name), timeout)
        except Exception as error:
            if missing_ok and _gone(fault_of(error, "")):
                return None
            raise
        if text(found.get("datasetReference"), "datasetId") != name:
            raise MalformedError("not the dataset that was asked for")
        if not text(found, "location"):
            raise MalformedError("a dataset without a location")
        return found

    def _base(self, project: str) -> str:
        return f"{self._wire.endpoints.bigquery}/bigquery/v2/projects/{part(project)}"

    def _url(self, project: str, name: str, query: Mapping[str, str | int] = _POLICY) -> str:
        return url(self._base(project), f"/datasets/{part(name)}", query)

    def _bigquery(self, project: str) -> Any:
        if self._client is None:
            import_whole("google.cloud.bigquery")
            from google.api_core.client_info import ClientInfo
            from google.auth.credentials import AnonymousCredentials
            from google.cloud.bigquery import Client

            # The session signs the requests, so that REST, gRPC and this client share one token.
            self._client = Client(
                project=project,
                credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
                _http=self._wire.session,  # type: ignore[arg-type]
                client_options={"api_endpoint": self._wire.endpoints.bigquery},
                client_info=ClientInfo(user_agent=f"kbq-tui/{__version__}"),  # type: ignore[no-untyped-call]
            )
        return self._client


def _listed(answer: JSON, kind: str, key: str) -> list[JSON]:
    """Return the items of a list. Raises MalformedError for any other answer, which would look like an empty list."""
    if text(answer, "kind") != kind:
        raise MalformedError(f"not a {kind}")
    return items(answer, key)


def _tables(answer: JSON) -> list[TableInfo]:
    found: list[TableInfo] = []
    for item in _listed(answer, "bigquery#tableList", "tables"):
        created, labels = text(item, "creationTime"), item.get("labels")
        found.append(
            TableInfo(
                name=text(item.get("tableReference"), "tableId"),
                kind=text(item, "type"),
                created=_moment(created),
                labels={str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {},
                expires=_moment(text(item, "expirationTime")),
                partition_life=_life(text(item.get("timePartitioning"), "expirationMs")),
            )
        )
    return [table for table in found if table.name]


def _names(answer: JSON) -> list[tuple[str, str]]:
    found = (
        (text(item.get("datasetReference"), "datasetId"), text(item, "location"))
        for item in _listed(answer, "bigquery#datasetList", "datasets")
    )
    return [(name, location) for name, location in found if name]


def _info(name: str, found: JSON) -> DatasetInfo:
    labels = found.get("labels")
    return DatasetInfo(
        name=name,
        location=normal_location(text(found, "location")),
        access=None if (entries := entries_of(found)) is None else tuple(access_entry(entry) for entry in entries),
        description=text(found, "description"),
        labels={str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {},
        created=_moment(text(found, "creationTime")),
        table_life=_life(text(found, "defaultTableExpirationMs")),
        partition_life=_life(text(found, "defaultPartitionExpirationMs")),
    )


def _life(milliseconds: str) -> timedelta | None:
    """Return an expiration, or None if there is none; Google writes int64 as text."""
    plain = milliseconds.isascii() and milliseconds.isdigit() and int(milliseconds) > 0
    return timedelta(milliseconds=min(int(milliseconds), _LONGEST_LIFE)) if plain else None


def _moment(milliseconds: str) -> datetime | None:
    """Return a time that Google gives in milliseconds, or None if it is not a valid time."""
    plain = milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) <= _LONGEST_TIME
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if plain else None


def _serves(seen: JSON, change: Callable[[list[JSON]], list[JSON] | None]) -> bool:
    """Return whether a dataset that was read earlier is enough to write a change of it.

    That nothing has to be changed can only be decided by a dataset that was just read.
    """
    entries = entries_of(seen)
    return entries is not None and change(entries) is not None and bool(text(seen, "etag"))


def _is(fault: Fault | None, status: int) -> bool:
    return fault is not None and fault.http == status


def _gone(fault: Fault | None) -> bool:
    """Return whether BigQuery itself says that the dataset does not exist.

    A proxy's 404 says nothing about the dataset, nor does one for a project that does not exist.
    """
    return fault is not None and fault.http == 404 and fault.message.lower().startswith("not found: dataset")
