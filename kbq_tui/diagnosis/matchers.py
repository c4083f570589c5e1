"""Finds the entry of the catalogue for an error: by a structured reason, a constraint, a permission, or its text.

The matchers are in their entries; this module has the order in which they are tried.

Sources: https://cloud.google.com/bigquery/docs/error-messages, https://cloud.google.com/apis/design/errors,
https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto, and the texts in tests/corpus.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from kbq_tui.diagnosis.all_entries import ENTRIES
from kbq_tui.diagnosis.entry import Entry, Stage
from kbq_tui.model.codes import ProblemCode as Code

ORDER: Final[Mapping[Stage, tuple[Code, ...]]] = {
    Stage.FIRST: (
        Code.TOO_MANY_KEYS,
        Code.VPC_SC,
        Code.DENY_POLICY,
        Code.CMEK_REQUIRED,
        Code.BILLING_OFF,
    ),
    Stage.KINDS: (
        Code.CMEK_KEY_OFF,
        Code.CMEK_KEY,
        Code.GOOGLE_AGENT,
        Code.ACCOUNT_NOT_VISIBLE,
        Code.PARTITION_FILTER,
        Code.VIEW_BROKEN,
        Code.FEDERATED,
        Code.DATA_CONNECTION_MISSING,
        Code.READ_SESSION_DENIED,
        Code.EXTERNAL_DATA,
        Code.TABLE_NOT_FOUND,
        Code.REGION_VIEW,
        Code.TABLE_UNQUALIFIED,
        Code.COLUMNS_DUPLICATE,
        Code.TOO_MANY_COLUMNS,
        Code.TABLE_STALE,
        Code.REPLICA_READ_ONLY,
        Code.OMNI,
        Code.LOCATION_UNSUPPORTED,
        Code.DATASET_ID_INVALID,
        Code.PROJECT_NOT_FOUND,
        Code.PROJECT_SUSPENDED,
        Code.KEY_DAMAGED,
        Code.CREDENTIALS_KIND,
        Code.WORKLOAD_IDENTITY,
        Code.UNIVERSE,
        Code.MACHINE_SETTING,
        Code.SCOPES,
        Code.API_DISABLED,
        Code.QUERY_TOO_BIG,
        Code.RATE_LIMITED,
        Code.GOOGLE_UNAVAILABLE,
        Code.NOT_IN_LOCATION,
        Code.QUERY_INVALID,
    ),
    Stage.WORDS: (
        Code.KEY_CREATION_BLOCKED,
        Code.ACCOUNT_CREATION_BLOCKED,
        Code.ACCOUNT_ID_INVALID,
        Code.DOMAIN_RESTRICTED,
        Code.GRANT_BLOCKED,
        Code.ORG_POLICY,
        Code.LAST_OWNER,
        Code.TOMBSTONE,
        Code.PRINCIPAL_TYPE,
        Code.ACCOUNT_GONE,
        Code.KEY_REJECTED,
        Code.CLOCK_SKEW,
        Code.API_DISABLED,
        Code.KEY_NOT_FOUND,
        Code.ACCOUNT_NOT_VISIBLE,
        Code.ACCOUNT_DISABLED,
        Code.SCOPES,
        Code.BILLING_OFF,
        Code.CONCURRENT_CHANGE,
        Code.ROLE_LEVEL,
        Code.GCLOUD_CONDITION,
        Code.GCLOUD_DATASET_FLAG,
        Code.ACCESS_ENTRY,
        Code.TWO_LOCATIONS,
        Code.POLICY_TAG,
        Code.DRIVE,
        Code.NOT_IN_LOCATION,
        Code.ROUTINE_DENIED,
        Code.TABLE_READ_DENIED,
        Code.TABLE_NOT_FOUND,
        Code.DATASET_NOT_FOUND,
        Code.PROJECT_NOT_FOUND,
        Code.DATASET_NOT_EMPTY,
        Code.CREDENTIALS_FILE,
        Code.NO_CREDENTIALS,
        Code.LOGIN_EXPIRED,
        Code.UNAUTHENTICATED,
        Code.QUOTA_PROJECT,
        Code.RATE_LIMITED,
        Code.QUOTA_EXCEEDED,
        Code.QUERY_TOO_BIG,
        Code.DATA_CONVERSION,
        Code.QUERY_INVALID,
    ),
    Stage.NETWORK_FIRST: (
        Code.PROXY,
        Code.CONNECTION_LOST,
    ),
    Stage.NETWORK: (
        Code.TLS,
        Code.DNS,
        Code.CONNECTION_REFUSED,
        Code.NETWORK_UNREACHABLE,
        Code.CONNECTION_LOST,
        Code.DEADLINE,
    ),
    Stage.MALFORMED: (
        Code.MALFORMED_ANSWER,
        Code.CAPTIVE_PORTAL,
    ),
    Stage.MALFORMED_LATE: (Code.MALFORMED_ANSWER,),
    Stage.LAST: (
        Code.PROJECT_NOT_FOUND,
        Code.NOT_PERMITTED,
        Code.ALREADY_EXISTS,
        Code.CONCURRENT_CHANGE,
        Code.QUOTA_PROJECT,
    ),
    Stage.KLAVIYO: (
        Code.KLAVIYO_FORMAT,
        Code.KLAVIYO_TRANSFER,
        Code.KLAVIYO_ERRORED,
        Code.KLAVIYO_FAILED,
        Code.KLAVIYO_STOPPED,
    ),
}
"""The codes that are tried first in a stage, in this order: the first one with a matching pattern wins. An entry needs
a place here only if another one takes its texts."""


def _patterns(code: Code, stage: Stage) -> tuple[str, ...]:
    return tuple(pattern for when, pattern in ENTRIES[code].matchers if when is stage)


def tried_in(stage: Stage) -> tuple[Code, ...]:
    """Return the codes of all entries with a matcher in a stage: those of `ORDER` first, the others as listed."""
    first = ORDER.get(stage, ())
    return (*first, *(code for code in ENTRIES if code not in first and _patterns(code, stage)))


_RULES: Final = {
    stage: tuple((code, pattern) for code in tried_in(stage) for pattern in _patterns(code, stage)) for stage in Stage
}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def first_match(text: str, *stages: Stage) -> Code | None:
    """Return the code of the first matcher in these stages that matches a text, or None."""
    rules = (rule for stage in stages for rule in _RULES[stage])
    return next((code for code, pattern in rules if _compiled(pattern).search(text)), None)


def _by(keys_of: Callable[[Entry], tuple[str, ...]]) -> Mapping[str, Code]:
    return {key: code for code, entry in ENTRIES.items() for key in keys_of(entry)}


REASONS: Final = _by(lambda entry: entry.reasons)
"""By reason in lower case: reasons with one meaning only."""
LATE_REASONS: Final = _by(lambda entry: entry.late_reasons)
"""By reason in lower case: reasons that say less than the text, so the text is tried first."""
CONSTRAINTS: Final = _by(lambda entry: entry.constraints)
"""By constraint; for all others there is the general entry."""
