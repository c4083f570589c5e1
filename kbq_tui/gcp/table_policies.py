"""The policies of single tables and views."""

import asyncio
from collections import defaultdict
from typing import Final

from kbq_tui.gcp.errors import fault_of
from kbq_tui.gcp.exceptions import MalformedError
from kbq_tui.gcp.policies import bindings_in, without
from kbq_tui.gcp.rest_client import JSON, RestClient, items, part, text
from kbq_tui.gcp.retry import Attempt
from kbq_tui.model.observed import RoleBinding
from kbq_tui.planning.row_policies import RowPolicy

# Version 3 includes conditions. Source: https://cloud.google.com/iam/docs/policies#specifying-version-get
_VERSION: Final = 3
_PAGE: Final = 100
_MAX_ROW_POLICIES: Final = 400  # BigQuery's limit for a table (https://cloud.google.com/bigquery/quotas)


class TablePolicies:
    """Tables of any project, as one principal sees them.

    Sources: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/getIamPolicy and .../setIamPolicy

    Args:
        wire: the principal's connection.
    """

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire
        self._writing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def bindings(self, project: str, dataset: str, table: str) -> tuple[RoleBinding, ...]:
        """Return the role bindings of a table itself; none if BigQuery says that it does not exist."""

        def read(attempt: Attempt) -> tuple[RoleBinding, ...]:
            policy = self._read(project, dataset, table, attempt)
            return () if policy is None else bindings_in(policy)

        context = self._wire.context(project, dataset=dataset)
        return await self._wire.call(read, method="bigquery.tables.getIamPolicy", context=context)

    async def rows(self, project: str, dataset: str, table: str) -> tuple[RowPolicy, ...]:
        """Return the row access policies of a table. The members of each are only in its IAM policy.

        Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/rowAccessPolicies (grantees: input only)
        """
        base = self._url(project, dataset, table, "/rowAccessPolicies")
        context = self._wire.context(project, dataset=dataset)
        found = await self._wire.pages(
            base,
            {"pageSize": _PAGE},
            lambda answer: items(answer, "rowAccessPolicies"),
            limit=_MAX_ROW_POLICIES,
            method="bigquery.rowAccessPolicies.list",
            context=context,
        )
        policies: list[RowPolicy] = []
        for policy in found:
            name = text(policy.get("rowAccessPolicyReference"), "policyId")
            bindings = await self._wire.ask(
                "POST",
                f"{base}/{part(name)}:getIamPolicy",
                bindings_in,
                body={"options": {"requestedPolicyVersion": _VERSION}},
                method="bigquery.rowAccessPolicies.getIamPolicy",
                context=context,
            )
            members = tuple(member for binding in bindings for member in binding.members)
            policies.append(RowPolicy(name, text(policy, "filterPredicate"), members))
        return tuple(policies)

    async def remove(self, project: str, dataset: str, table: str, role: str, member: str) -> bool:
        """Remove a member from the unconditional binding of a role; False if it was not in it.

        The rest of the policy is written back unchanged; if it was changed by others meanwhile, it starts again.
        """
        context = self._wire.context(project, dataset=dataset, account=member.partition(":")[2])
        unsure = False

        def attempt_change(attempt: Attempt) -> bool:
            nonlocal unsure
            # An earlier attempt may have written; then finding nothing to do means that it succeeded.
            unsure = unsure or attempt.unsure
            policy = self._read(project, dataset, table, attempt)
            if policy is None or not without(policy.setdefault("bindings", []), role, member):
                return unsure
            policy["version"] = _VERSION
            self._wire.send(
                "POST", self._url(project, dataset, table, ":setIamPolicy"), attempt.timeout, {"policy": policy}
            )
            return True

        async with self._writing[f"{project}:{dataset}.{table}"]:
            return await self._wire.caller.retry_on_conflict(
                lambda: self._wire.call(attempt_change, method="bigquery.tables.setIamPolicy", context=context)
            )

    def _read(self, project: str, dataset: str, table: str, attempt: Attempt) -> JSON | None:
        body = {"options": {"requestedPolicyVersion": _VERSION}}
        try:
            policy = self._wire.send("POST", self._url(project, dataset, table, ":getIamPolicy"), attempt.timeout, body)
        except Exception as error:
            fault = fault_of(error, "")
            if fault is not None and fault.http == 404 and fault.message.lower().startswith("not found: table"):
                return None  # a proxy's 404, or that of a project, says nothing about the table
            raise
        items(policy, "bindings")
        if not text(policy, "etag"):
            raise MalformedError("a policy without an etag")  # an empty answer is not an empty policy
        return policy

    def _url(self, project: str, dataset: str, table: str, verb: str) -> str:
        base = f"{self._wire.endpoints.bigquery}/bigquery/v2/projects/{part(project)}"
        return f"{base}/datasets/{part(dataset)}/tables/{part(table)}{verb}"
