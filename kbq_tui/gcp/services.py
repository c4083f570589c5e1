"""Which APIs are enabled, enabling them, and billing."""

from collections.abc import Mapping, Sequence
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.gcp.errors import from_status, recognised
from kbq_tui.gcp.exceptions import MalformedError
from kbq_tui.gcp.rest_client import JSON, RestClient, items, part, text, url
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.query_quota import QueryQuota

# Sources: https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchGet and …/batchEnable
_MAX_GET: Final = 30
_MAX_ENABLE: Final = 20
_ENABLE_SECONDS: Final = 180.0
_QUOTA_PAGE: Final = 200
_MAX_QUOTAS: Final = 1_000
_QUERY_USAGE: Final = "bigquery.googleapis.com/quota/query/usage"
"""The metric of the bytes that queries read; its limits are in MiB."""
_PER_DAY: Final = "1/d/{project}"
_PER_USER: Final = "1/d/{project}/{user}"
_MIB: Final = 1 << 20
_UNLIMITED: Final = (1 << 63) - 1
_FIRST_LOOK: Final = 0.5
_LONGEST_LOOK: Final = 5.0


class Services:
    """APIs of any project, as one principal sees them.

    Args:
        wire: the principal's connection.
    """

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire

    async def enabled(self, project: str, names: Sequence[str]) -> Mapping[str, bool]:
        """Return for each API whether it is enabled."""
        wanted = list(dict.fromkeys(names))
        state: dict[str, bool] = {}
        for start in range(0, len(wanted), _MAX_GET):
            query = [("names", f"projects/{project}/services/{name}") for name in wanted[start : start + _MAX_GET]]
            state |= await self._wire.ask(
                "GET",
                url(self._wire.endpoints.serviceusage, f"/v1/projects/{part(project)}/services:batchGet", query),
                _states,
                method="serviceusage.services.batchGet",
                context=self._wire.context(project),
            )
        return {name: state[name] for name in wanted if name in state}

    async def enable(self, project: str, names: Sequence[str]) -> None:
        """Enable APIs, and wait for the operation to end."""
        for start in range(0, len(names), _MAX_ENABLE):
            await self._enable(project, list(names[start : start + _MAX_ENABLE]))

    async def _enable(self, project: str, names: list[str]) -> None:
        wire, context = self._wire, self._wire.context(project)
        base, method = wire.endpoints.serviceusage, "serviceusage.services.batchEnable"
        operation = await wire.ask(
            "POST",
            url(base, f"/v1/projects/{part(project)}/services:batchEnable"),
            _operation,
            body={"serviceIds": names},
            method=method,
            context=context,
        )
        waited, pause = 0.0, _FIRST_LOOK
        while operation.get("done") is not True:
            if waited >= _ENABLE_SECONDS:
                raise ProblemError(catalogue.problem(Code.DEADLINE, context, method=method))
            await wire.caller.pause(pause)
            waited, pause = waited + pause, min(pause * 1.5, _LONGEST_LOOK)
            operation = await wire.ask(
                "GET",
                url(base, f"/v1/operations/{part(text(operation, 'name').removeprefix('operations/'))}"),
                _operation,
                method="serviceusage.operations.get",
                context=context,
            )
        error = operation.get("error")
        if isinstance(error, dict):
            raise ProblemError(recognised(from_status(error, method), context))

    async def query_quota(self, project: str) -> QueryQuota:
        """Return how many bytes the project's queries may read in a day.

        Source: https://cloud.google.com/service-usage/docs/reference/rest/v1beta1/services.consumerQuotaMetrics/list
        """
        found = await self._wire.pages(
            f"{self._wire.endpoints.serviceusage}/v1beta1/projects/{part(project)}/services/bigquery.googleapis.com/"
            "consumerQuotaMetrics",
            {"pageSize": _QUOTA_PAGE},
            lambda answer: items(answer, "metrics"),
            limit=_MAX_QUOTAS,
            method="serviceusage.services.consumerQuotaMetrics.list",
            context=self._wire.context(project),
        )
        limits = {
            text(limit, "unit"): _bytes(limit)
            for metric in found
            if text(metric, "metric") == _QUERY_USAGE
            for limit in items(metric, "consumerQuotaLimits")
        }
        return QueryQuota(limits.get(_PER_DAY), limits.get(_PER_USER))

    async def billing(self, project: str) -> bool:
        """Return whether the project has an open billing account."""
        return await self._wire.ask(
            "GET",
            url(self._wire.endpoints.billing, f"/v1/projects/{part(project)}/billingInfo"),
            lambda found: found.get("billingEnabled") is True,
            method="cloudbilling.projects.getBillingInfo",
            context=self._wire.context(project),
        )


def _states(answer: JSON) -> dict[str, bool]:
    return {
        text(service, "name").rpartition("/")[2]: text(service, "state") == "ENABLED"
        for service in items(answer, "services")
    }


def _operation(answer: JSON) -> JSON:
    if answer.get("done") is not True and not text(answer, "name").startswith("operations/"):
        raise MalformedError("neither done nor an operation to wait for")
    return answer


def _bytes(limit: JSON) -> int | None:
    """Return the bytes of a limit's default bucket, the one without dimensions; None for no limit."""
    for bucket in items(limit, "quotaBuckets"):
        value = text(bucket, "effectiveLimit")
        if not bucket.get("dimensions") and value.isdigit() and int(value) < _UNLIMITED:
            return int(value) * _MIB
    return None
