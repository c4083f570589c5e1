"""BigQuery's refusals: the texts, reasons and HTTP statuses (https://cloud.google.com/bigquery/docs/error-messages)."""

from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Dataset, Project, Table

BILLING_URL = "https://console.cloud.google.com/billing"

STATUS_BY_REASON = {
    "invalidQuery": 400,
    "invalid": 400,
    "accessDenied": 403,
    "billingNotEnabled": 403,
    "notFound": 404,
    "duplicate": 409,
    "resourceInUse": 400,
    "stopped": 200,
}


def invalid_query(message: str) -> ApiError:
    """A statement that cannot be parsed or bound."""
    return ApiError(400, "INVALID_ARGUMENT", message, "invalidQuery", location="q")


def invalid(message: str) -> ApiError:
    """An argument that is not valid."""
    return ApiError(400, "INVALID_ARGUMENT", message, "invalid")


def too_long() -> ApiError:
    """The text of a query is longer than 1 MB (https://cloud.google.com/bigquery/quotas#query_jobs)."""
    return invalid(
        "The query is too large. The maximum standard SQL query length is 1024.00K characters, including comments and "
        "white space characters."
    )


def resources_exceeded(why: str) -> ApiError:
    """A query needs more resources than are available (https://cloud.google.com/bigquery/docs/troubleshoot-queries)."""
    text = f"Resources exceeded during query execution: {why}"
    return ApiError(400, "INVALID_ARGUMENT", text, "resourcesExceeded")


def out_of_memory() -> ApiError:
    """A query needs more memory than the sandbox has."""
    return resources_exceeded("The query could not be executed in the allotted memory.")


def too_complex() -> ApiError:
    """A query is nested too deeply."""
    return resources_exceeded("Not enough resources for query planning - too many subqueries or query is too complex.")


def response_too_large() -> ApiError:
    """A result is larger than one answer may be."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        "Response too large to return. Consider specifying a destination table in your job configuration. For more "
        "details, see https://cloud.google.com/bigquery/troubleshooting-errors",
        "responseTooLarge",
    )


def cancelled(why: str) -> ApiError:
    """A job was ended early (reason ``stopped``)."""
    return ApiError(499, "CANCELLED", f"Job execution was cancelled: {why}", "stopped")


def timed_out(seconds: float) -> ApiError:
    """A job ran for longer than jobs may. BigQuery's own limit is six hours, and its text gives hours."""
    text = (
        f"Operation timed out after {seconds / 3600:.3g} hours. Consider reducing the amount of work performed by your "
        "operation so that it can complete within this limit."
    )
    return ApiError(400, "INVALID_ARGUMENT", text, "timeout")


def concurrent_update(ref: str) -> ApiError:
    """Two statements changed one table at the same time."""
    return invalid_query(f"Could not serialize access to table {ref} due to concurrent update")


def unknown_project(project_id: str) -> ApiError:
    """The project does not exist."""
    text = f"Project {project_id} is not found. Make sure it references valid GCP project that hasn't been deleted.; "
    return ApiError(404, "NOT_FOUND", text + f"Project id: {project_id}", "notFound")


def no_dataset(project_id: str, dataset_id: str, location: str = "") -> ApiError:
    """The dataset does not exist; with a location, in the text of a query's error."""
    where = f" was not found in location {location}" if location else ""
    return ApiError(404, "NOT_FOUND", f"Not found: Dataset {project_id}:{dataset_id}{where}", "notFound")


def no_table(ref: str, location: str = "") -> ApiError:
    """The table does not exist; with a location, in the text of a query's error."""
    where = f" was not found in location {location}" if location else ""
    return ApiError(404, "NOT_FOUND", f"Not found: Table {ref}{where}", "notFound")


def no_routine(ref: str) -> ApiError:
    """The routine does not exist."""
    return ApiError(404, "NOT_FOUND", f"Not found: Routine {ref}", "notFound")


def exists(kind: str, ref: str) -> ApiError:
    """Something with this name exists already."""
    return ApiError(409, "ALREADY_EXISTS", f"Already Exists: {kind} {ref}", "duplicate")


def denied(message: str) -> ApiError:
    """403; the message starts with what is denied."""
    return ApiError(403, "PERMISSION_DENIED", f"Access Denied: {message}", "accessDenied")


def may_not_query(ref: str, location: str) -> ApiError:
    """A query reads what the caller may not read. The text does not say whether it exists."""
    text = f"Table {ref}: User does not have permission to query table {ref}"
    return denied(f"{text}, or perhaps it does not exist in location {location}.")


def table_permission(permission: str, table: Table) -> ApiError:
    """A permission on one table is missing."""
    text = f"Permission {permission} denied on table {table.ref} (or it may not exist)."
    return denied(f"Table {table.ref}: {text}")


def may_not_create_dataset(project: Project) -> ApiError:
    """``bigquery.datasets.create`` is missing."""
    text = f"User does not have bigquery.datasets.create permission in project {project.id}."
    return denied(f"Project {project.id}: {text}")


def no_billing(what: str) -> ApiError:
    """The project is in the BigQuery sandbox (no billing; https://cloud.google.com/bigquery/docs/sandbox#limitations)."""
    text = f"Billing has not been enabled for this project. Enable billing at {BILLING_URL}. {what}"
    return ApiError(403, "PERMISSION_DENIED", text, "billingNotEnabled")


def dml_not_free() -> ApiError:
    """DML in a project without billing."""
    return no_billing(
        "DML queries are not allowed in the free tier. Set up a billing account to remove this restriction."
    )


def other_location(source: str, destination: str) -> ApiError:
    """A statement reads in one location and writes in another."""
    return invalid(f"Cannot read and write in different locations: source: {source}, destination: {destination}")


def set_policy(dataset: Dataset, why: str) -> ApiError:
    """IAM refuses the new access list."""
    return invalid(f"IAM setPolicy failed for Dataset {dataset.ref}: {why}")


def unsupported(what: str) -> ApiError:
    """Something that BigQuery has, and that the sandbox cannot answer as BigQuery would."""
    return invalid_query(f"{what} is not supported by the sandbox")


def no_file(uri: str) -> ApiError:
    """A file in Cloud Storage does not exist."""
    return ApiError(404, "NOT_FOUND", f"Not found: URI {uri}", "notFound")


def bytes_billed(limit: int, needed: int) -> ApiError:
    """A query would be billed for more than its ``maximumBytesBilled``; with the text recorded in exmergo/dex#320."""
    text = f"Query exceeded limit for bytes billed: {limit}. {needed} or higher required."
    return ApiError(400, "INVALID_ARGUMENT", text, "bytesBilledLimitExceeded")


def precondition() -> ApiError:
    """The etag in If-Match is not the current one."""
    return ApiError(412, "FAILED_PRECONDITION", "Precondition check failed.", "conditionNotMet", location="If-Match")
