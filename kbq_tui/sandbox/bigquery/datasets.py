"""Datasets are created, changed and deleted here, whether over REST or in SQL.

https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets
"""

import re
from collections.abc import Iterable
from typing import Any

from kbq_tui.sandbox.bigquery import access, deleted_datasets, refusals
from kbq_tui.sandbox.bigquery.locations import LOCATIONS
from kbq_tui.sandbox.bigquery.names import canonical
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Dataset, Principal, Project

JSON = dict[str, Any]

FREE_EXPIRATION_MS = 60 * 24 * 3600 * 1000  # 60 days: how long a table without billing can be kept
_RATE_SECONDS = 10.0
_NAME = re.compile(r"[A-Za-z0-9_]{1,1024}")
_LABEL = re.compile(r"[^\W_A-Z][\w-]{0,62}")
_KEPT = ("defaultCollation", "defaultRoundingMode", "isCaseInsensitive", "maxTimeTravelHours", "storageBillingModel",
         "defaultEncryptionConfiguration", "resourceTags")  # fmt: skip


def project_of(ctx: SandboxContext, id_or_number: str) -> Project:
    """Find the project that a call names.

    Raises:
        ApiError: it does not exist.
    """
    project = ctx.world.project(id_or_number)
    if project is None or project.state != "ACTIVE":
        raise refusals.unknown_project(id_or_number)
    return project


def dataset_of(ctx: SandboxContext, project: Project, dataset_id: str) -> Dataset:
    """Find the dataset that a call names, by its exact name.

    Raises:
        ApiError: it does not exist.
    """
    dataset = project.dataset(dataset_id)
    if dataset is None:
        raise refusals.no_dataset(project.id, dataset_id)
    return dataset


def linked(dataset: Dataset) -> bool:
    """Whether a dataset is a linked one (Analytics Hub): its tables belong to another dataset and are read-only.

    https://cloud.google.com/bigquery/docs/analytics-hub-introduction#linked_datasets
    """
    return dataset.traits.get("linked") is not None


def refuse_linked(dataset: Dataset) -> None:
    """Refuse to change the content of a linked dataset. Google refuses this; its exact text is not known.

    Raises:
        ApiError: it is linked.
    """
    if linked(dataset):
        raise refusals.invalid(f"Dataset {dataset.ref} is a linked dataset, which is read-only.")


def resource(dataset: Dataset, policy_version: int = 1, view: str = "") -> JSON:
    """The dataset as the API returns it.

    Args:
        dataset: the dataset.
        policy_version: ``accessPolicyVersion`` of the request.
        view: ``datasetView``: METADATA leaves out the access list, ACL everything else.
    """
    body: JSON = {
        "kind": "bigquery#dataset",
        "etag": dataset.etag,
        "id": dataset.ref,
        "selfLink": f"https://bigquery.googleapis.com/bigquery/v2/projects/{dataset.project_id}/datasets/{dataset.dataset_id}",
        "datasetReference": {"datasetId": dataset.dataset_id, "projectId": dataset.project_id},
        "location": dataset.location,
        "type": "LINKED" if linked(dataset) else "DEFAULT",
    }
    if linked(dataset):
        source = dataset.traits["linked"]
        reference = {"projectId": source["project"], "datasetId": source["dataset"]}
        body["linkedDatasetSource"] = {"sourceDataset": reference}
    if view != "METADATA" and not dataset.traits.get("hide_access"):
        body["access"] = access.shown(dataset, policy_version)
    if view == "ACL":
        return body
    body |= {"creationTime": str(dataset.created_ms), "lastModifiedTime": str(dataset.modified_ms)}
    for key, value in (
        ("labels", dataset.labels),
        ("description", dataset.description),
        ("friendlyName", dataset.friendly_name),
    ):
        if value:
            body[key] = value
    for key, milliseconds in (
        ("defaultTableExpirationMs", dataset.default_table_expiration_ms),
        ("defaultPartitionExpirationMs", dataset.default_partition_expiration_ms),
    ):
        if milliseconds is not None:
            body[key] = str(milliseconds)
    return body | dataset.extra


FINE_GRAINED = "enable_fine_grained_dataset_acls_option"


def is_fine_grained(ctx: SandboxContext, dataset: Dataset) -> bool:
    """Whether the access list of a dataset is protected by its own permissions.

    This is an option of the project, set by region.
    """
    options = ctx.world.projects[dataset.project_id].options.get(dataset.location.lower(), {})
    return options.get(FINE_GRAINED) is True


def require_read(ctx: SandboxContext, principal: Principal, dataset: Dataset, view: str) -> None:
    """Refuse to show a dataset, or the part that ``datasetView`` selects.

    Raises:
        ApiError: 403.
    """
    fine = is_fine_grained(ctx, dataset)
    if view != "ACL" or not fine:
        ctx.authz.require(principal, "bigquery.datasets.get", dataset)
    if view != "METADATA" and fine:
        ctx.authz.require(principal, "bigquery.datasets.getIamPolicy", dataset)


def require_change(ctx: SandboxContext, principal: Principal, dataset: Dataset, body: JSON, mode: str) -> None:
    """Refuse to change a dataset, or the part that ``updateMode`` and the body are about.

    Raises:
        ApiError: 403.
    """
    lists = "access" in body and mode != "UPDATE_METADATA"
    fine = is_fine_grained(ctx, dataset)
    if not fine or mode != "UPDATE_ACL":
        ctx.authz.require(principal, "bigquery.datasets.update", dataset)
    if fine and lists:
        ctx.authz.require(principal, "bigquery.datasets.setIamPolicy", dataset)


def create(ctx: SandboxContext, principal: Principal, project: Project, body: JSON, policy_version: int = 1) -> Dataset:
    """Create a dataset.

    Args:
        ctx: the sandbox.
        principal: the caller, who becomes its owner unless `body` has an access list.
        project: the project it belongs to.
        body: the API's Dataset.
        policy_version: ``accessPolicyVersion`` of the request.

    Raises:
        ApiError: it is not allowed, exists already, or is not valid. As at Google, the permission is checked first.
    """
    if not ctx.authz.allowed(principal, "bigquery.datasets.create", project):
        raise refusals.may_not_create_dataset(project)
    dataset_id = str((body.get("datasetReference") or {}).get("datasetId") or "")
    if not _NAME.fullmatch(dataset_id):
        raise refusals.invalid(
            f'Invalid dataset ID "{dataset_id}". Dataset IDs must be alphanumeric (plus underscores) and must be at '
            "most 1024 characters long."
        )
    location = canonical(str(body.get("location") or "US"))
    if location not in LOCATIONS:
        raise refusals.invalid(f"Invalid value for location: {body.get('location')} is not a valid value")
    if dataset_id in project.datasets:
        raise refusals.exists("Dataset", f"{project.id}:{dataset_id}")
    _check_location_policy(project, location)
    now = ctx.world.now_ms()
    dataset = Dataset(project.id, dataset_id, location, created_ms=now, modified_ms=now)
    dataset.extra["maxTimeTravelHours"] = "168"  # seven days (https://cloud.google.com/bigquery/docs/time-travel)
    _take(project, dataset, body)
    if not project.billing and dataset.default_table_expiration_ms is None:
        dataset.default_table_expiration_ms = FREE_EXPIRATION_MS
    wanted = body.get("access") or access.default_entries(principal)
    entries = access.checked(ctx.world, dataset, wanted, policy_version)
    if body.get("access") and is_fine_grained(ctx, dataset):
        ctx.authz.require(principal, "bigquery.datasets.setIamPolicy", project)
    ctx.world.outdate("dataset_read", dataset.ref, None)
    project.datasets[dataset_id] = dataset
    ctx.world.set_access(dataset, entries)
    ctx.world.admin_activity.dataset(principal.email, "Insert", dataset)
    return dataset


def change(
    ctx: SandboxContext,
    principal: Principal,
    dataset: Dataset,
    body: JSON,
    *,
    policy_version: int,
    whole: bool,
    mode: str = "",
) -> None:
    """Change a dataset.

    Args:
        ctx: the sandbox.
        principal: the caller.
        dataset: the dataset.
        body: the API's Dataset, in part.
        policy_version: ``accessPolicyVersion`` of the request.
        whole: whether it is ``update``, which clears what `body` leaves out, rather than ``patch``.
        mode: ``updateMode``: UPDATE_METADATA, UPDATE_ACL, or everything.

    Raises:
        ApiError: it is not allowed, or not valid. Then nothing has changed.
    """
    require_change(ctx, principal, dataset, body, mode)
    _check_rate(ctx, dataset)
    project = ctx.world.projects[dataset.project_id]
    if "location" in body and canonical(str(body["location"])) != dataset.location:
        raise refusals.invalid("Cannot change dataset location; it is fixed when the dataset is created.")
    if whole:
        blank: JSON = {"labels": None, "description": None, "friendlyName": None, "defaultTableExpirationMs": None}
        body = blank | {"defaultPartitionExpirationMs": None} | body
    entries = None
    if "access" in body and mode != "UPDATE_METADATA":
        entries = access.checked(ctx.world, dataset, body["access"] or [], policy_version)
    before = dataset.as_it_is()
    if mode != "UPDATE_ACL":
        _take(project, dataset, body)
    ctx.world.outdate("dataset_read", dataset.ref, before)
    if entries is not None:
        ctx.world.set_access(dataset, entries)
    else:
        ctx.world.touch(dataset)
    dataset.updates.append(ctx.world.clock())
    ctx.world.admin_activity.dataset(principal.email, "Update" if whole else "Patch", dataset)


def _check_rate(ctx: SandboxContext, dataset: Dataset) -> None:
    """Refuse more than five updates of a dataset in ten seconds
    (https://cloud.google.com/bigquery/quotas#dataset_limits).

    The text is that of hashicorp/terraform-provider-google#19655.

    Raises:
        ApiError: 403 rateLimitExceeded.
    """
    now = ctx.world.clock()
    dataset.updates = [at for at in dataset.updates if now - _RATE_SECONDS < at <= now]
    if len(dataset.updates) >= ctx.world.dataset_updates:
        raise ApiError(
            403,
            "PERMISSION_DENIED",
            "Exceeded rate limits: too many dataset metadata update operations for this dataset. For more information, "
            "see https://cloud.google.com/bigquery/docs/troubleshoot-quotas",
            "rateLimitExceeded",
        )


def remove(ctx: SandboxContext, principal: Principal, dataset: Dataset, contents: bool) -> None:
    """Delete a dataset.

    Raises:
        ApiError: it is not allowed, or the dataset is not empty and `contents` is false.
    """
    ctx.authz.require(principal, "bigquery.datasets.delete", dataset)
    if (dataset.tables or dataset.routines) and not contents:
        raise ApiError(400, "FAILED_PRECONDITION", f"Dataset {dataset.ref} is still in use", "resourceInUse")
    ctx.world.outdate("dataset_read", dataset.ref, dataset.as_it_is())
    deleted_datasets.put_aside(ctx, dataset)
    ctx.world.admin_activity.dataset(principal.email, "Delete", dataset)


def check_labels(labels: JSON) -> None:
    """Refuse labels that break Google's rules (https://cloud.google.com/bigquery/docs/labels-intro#requirements)."""
    for key, value in labels.items():
        if not _LABEL.fullmatch(key) or (value and not re.fullmatch(r"[^\WA-Z]?[\w-]{0,62}", str(value))):
            raise refusals.invalid(f'Invalid label "{key}": keys and values may contain lower-case letters, digits, '
                                   "underscores and dashes")  # fmt: skip


def merge_labels(present: dict[str, str], given: JSON | None) -> dict[str, str]:
    """Labels after a change: given keys replace, a null value removes one label, and null instead of labels removes
    all."""
    if given is None:
        return {}
    check_labels(given)
    merged: JSON = {**present, **given}
    return {k: str(v) for k, v in merged.items() if v is not None}


def keep(extra: JSON, body: JSON, keys: Iterable[str]) -> None:
    """Set fields that are stored without being used; null removes one. ``resourceTags`` are merged as labels are."""
    for key in keys:
        if key not in body:
            continue
        value = body[key]
        if key == "resourceTags" and value:
            value = {k: v for k, v in {**extra.get(key, {}), **value}.items() if v is not None}
        if value in (None, {}):
            extra.pop(key, None)
        else:
            extra[key] = value


def _take(project: Project, dataset: Dataset, body: JSON) -> None:
    """Set the plain fields of `body`; all checks come before the first change."""
    labels = merge_labels(dataset.labels, body["labels"]) if "labels" in body else dataset.labels
    expirations: dict[str, int | None] = {}
    for key in ("defaultTableExpirationMs", "defaultPartitionExpirationMs"):
        if key in body:
            expirations[key] = _milliseconds(project, key, body[key])
    dataset.labels = labels
    if "description" in body:
        dataset.description = str(body["description"] or "")
    if "friendlyName" in body:
        dataset.friendly_name = str(body["friendlyName"] or "")
    if "defaultTableExpirationMs" in expirations:
        dataset.default_table_expiration_ms = expirations["defaultTableExpirationMs"]
    if "defaultPartitionExpirationMs" in expirations:
        dataset.default_partition_expiration_ms = expirations["defaultPartitionExpirationMs"]
    keep(dataset.extra, body, _KEPT)


def _milliseconds(project: Project, key: str, value: Any) -> int | None:
    if value is None and (project.billing or key == "defaultPartitionExpirationMs"):
        return None
    try:
        milliseconds = int(value) if value is not None else FREE_EXPIRATION_MS + 1
    except (TypeError, ValueError) as error:
        raise refusals.invalid(f"Invalid value for {key}: {value} is not a valid value") from error
    if not project.billing and milliseconds > FREE_EXPIRATION_MS:
        raise refusals.no_billing("The default table expiration time must be less than 60 days.")
    if milliseconds == 0 and project.billing:
        return None  # as `bq update --default_table_expiration 0` removes it
    if milliseconds < 3_600_000:
        raise refusals.invalid(f"{key} must be at least 3600000 milliseconds (one hour).")
    return milliseconds


def _check_location_policy(project: Project, location: str) -> None:
    """Check ``gcp.resourceLocations``
    (https://cloud.google.com/resource-manager/docs/organization-policy/defining-locations)."""
    for rule in project.org_policies.get("gcp.resourceLocations", []):
        allowed = [str(v).lower() for v in rule.get("values", {}).get("allowedValues", [])]
        if allowed and not any(_covers(value, location.lower()) for value in allowed):
            rule_name = "constraints/gcp.resourceLocations"
            text = f"'{location}' violates constraint {rule_name} on the resource projects/{project.id}."
            raise ApiError(412, "FAILED_PRECONDITION", text, "conditionNotMet")


def _covers(value: str, location: str) -> bool:
    name = value.removeprefix("in:").removeprefix("is:")
    if name.endswith("-locations"):
        group = name.removesuffix("-locations")
        area = {"eu": "europe"}.get(group, group)
        return location in (group, area) or location.startswith(f"{area}-")
    return name == location
