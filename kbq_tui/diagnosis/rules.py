"""Patterns for texts that belong to no single entry, and the HTTP codes of Google's statuses."""

import re
from collections.abc import Mapping
from typing import Final

from kbq_tui.model.lazy_pattern import pattern

BY_POLICY: Final = pattern(r"operation denied by (?:custom )?org policy", re.IGNORECASE)
"""The text for any policy that forbids something: a constraint beside it says which."""

ASIDE: Final = pattern(r"you might receive a \W?quota exceeded\W? or \W?API not enabled\W? error", re.IGNORECASE)
"""What a warning of the libraries says may happen; it has not happened."""

DENIED: Final = pattern(r"denied|does not have|do not have|required|requires|missing|lacks|forbidden", re.IGNORECASE)
"""Words next to a permission's name which say that it is missing."""

IMPERSONATING: Final = pattern(
    r"impersonated credentials|(?:unable|failed|attempting) to impersonate (?:\[?\S{1,100}@|a service account)",
    re.IGNORECASE,
)
"""The libraries' text when one account could not act as another; the answer beside it has the reason."""
INNER_STATUS: Final = pattern(r"[\"']code[\\\"']{1,2}\s{0,3}:\s{0,3}([1-5]\d\d)\b")
"""The status in an answer that an exception quotes."""

HTTP_OF: Final[Mapping[str, int]] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""Source: https://cloud.google.com/apis/design/errors#handling_errors"""
