"""Errors in Google's shapes: the modern JSON, BigQuery's legacy JSON, and the gRPC rich status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

JSON = dict[str, Any]

# google.rpc.Code numbers, by name (https://cloud.google.com/apis/design/errors#handling_errors).
GRPC_CODES: Mapping[str, int] = {
    "OK": 0,
    "CANCELLED": 1,
    "UNKNOWN": 2,
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "OUT_OF_RANGE": 11,
    "UNIMPLEMENTED": 12,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "DATA_LOSS": 15,
    "UNAUTHENTICATED": 16,
}

# The google.rpc code and BigQuery's reason for an error of which only the HTTP status is known.
BY_HTTP: Mapping[int, tuple[str, str]] = {
    400: ("INVALID_ARGUMENT", "invalid"),
    401: ("UNAUTHENTICATED", "authError"),
    403: ("PERMISSION_DENIED", "accessDenied"),
    404: ("NOT_FOUND", "notFound"),
    409: ("ALREADY_EXISTS", "duplicate"),
    412: ("FAILED_PRECONDITION", "conditionNotMet"),
    429: ("RESOURCE_EXHAUSTED", "rateLimitExceeded"),
    500: ("INTERNAL", "internalError"),
    502: ("UNAVAILABLE", "backendError"),
    503: ("UNAVAILABLE", "backendError"),
    504: ("DEADLINE_EXCEEDED", "backendError"),
}

TYPE = "type.googleapis.com/google.rpc."


@dataclass
class ApiError(Exception):
    """Raised by handlers to refuse a call.

    Args:
        http: HTTP status.
        status: google.rpc code name, e.g. ``PERMISSION_DENIED``.
        message: Google's text.
        reason: the legacy REST reason, e.g. ``accessDenied``; BigQuery's clients read it.
        details: google.rpc detail messages as JSON with ``@type``; see the functions below.
        headers: extra HTTP headers, e.g. ``Retry-After``.
        location: ``location`` of BigQuery's legacy error, e.g. ``query`` or ``If-Match``.
        listed: whether the modern JSON has the legacy ``errors`` as well.
    """

    http: int
    status: str
    message: str
    reason: str = ""
    details: list[JSON] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    location: str = ""
    listed: bool = False

    def __post_init__(self) -> None:
        super().__init__(self.message)
        if not self.reason:
            self.reason = BY_HTTP.get(self.http, ("", "backendError"))[1]

    def __str__(self) -> str:
        return f"{self.http} {self.status}: {self.message}"

    def modern(self) -> JSON:
        """The JSON form of IAM, Resource Manager and Service Usage
        (https://cloud.google.com/apis/design/errors#http_mapping)."""
        error: JSON = {"code": self.http, "message": self.message, "status": self.status}
        if self.listed or self.reason in ("required", "authError"):
            error["errors"] = [{"message": self.message, "domain": "global", "reason": self.reason}]
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def legacy(self) -> JSON:
        """BigQuery's JSON form (https://cloud.google.com/bigquery/docs/error-messages)."""
        entry: JSON = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            entry["location"] = self.location
            entry["locationType"] = "header" if self.location in ("If-Match", "Authorization") else "parameter"
        error: JSON = {"code": self.http, "message": self.message, "errors": [entry], "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def proto_status(self) -> Any:
        """The google.rpc.Status for a gRPC call's trailing metadata."""
        from google.protobuf import json_format
        from google.rpc import error_details_pb2, status_pb2  # noqa: F401  (registers the detail messages)

        body = {"code": GRPC_CODES[self.status], "message": self.message, "details": self.details}
        return json_format.ParseDict(body, status_pb2.Status())


def from_http(http: int, message: str = "", **more: Any) -> ApiError:
    """An error of which only the HTTP status is known."""
    status, reason = BY_HTTP.get(http, ("UNKNOWN", "backendError"))
    known = http in {code.value for code in HTTPStatus}
    return ApiError(http, status, message or (HTTPStatus(http).phrase if known else "Error"), reason, **more)


def error_info(reason: str, domain: str, **metadata: str) -> JSON:
    """google.rpc.ErrorInfo as JSON."""
    return {"@type": TYPE + "ErrorInfo", "reason": reason, "domain": domain, "metadata": metadata}


def precondition_failure(type_: str, subject: str, description: str) -> JSON:
    """google.rpc.PreconditionFailure with one violation, as JSON."""
    violation = {"type": type_, "subject": subject, "description": description}
    return {"@type": TYPE + "PreconditionFailure", "violations": [violation]}


def help_link(description: str, url: str) -> JSON:
    """google.rpc.Help with one link, as JSON."""
    return {"@type": TYPE + "Help", "links": [{"description": description, "url": url}]}


def localized(message: str) -> JSON:
    """google.rpc.LocalizedMessage as JSON."""
    return {"@type": TYPE + "LocalizedMessage", "locale": "en-US", "message": message}


def invalid(message: str, **more: Any) -> ApiError:
    """400 INVALID_ARGUMENT."""
    return ApiError(400, "INVALID_ARGUMENT", message, "invalid", **more)


def not_found(message: str, **more: Any) -> ApiError:
    """404 NOT_FOUND."""
    return ApiError(404, "NOT_FOUND", message, "notFound", **more)


def already_exists(message: str, **more: Any) -> ApiError:
    """409 ALREADY_EXISTS."""
    return ApiError(409, "ALREADY_EXISTS", message, "duplicate", **more)


def denied(message: str, **more: Any) -> ApiError:
    """403 PERMISSION_DENIED."""
    return ApiError(403, "PERMISSION_DENIED", message, "accessDenied", **more)


def precondition(message: str, http: int = 400, **more: Any) -> ApiError:
    """FAILED_PRECONDITION, by default with 400 (BigQuery answers If-Match with 412)."""
    return ApiError(
        http, "FAILED_PRECONDITION", message, "failedPrecondition" if http == 400 else "conditionNotMet", **more
    )
