"""What an error says, and which entry of the catalogue that is. Structured reasons, and words.

Sources: https://cloud.google.com/bigquery/docs/error-messages, https://cloud.google.com/apis/design/errors,
https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto, and errors as seen.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

REASONS: Final[Mapping[str, str]] = {
    "service_disabled": "KBQ-API-DISABLED",
    "accessnotconfigured": "KBQ-API-DISABLED",
    "access_token_scope_insufficient": "KBQ-SCOPES",
    "security_policy_violated": "KBQ-VPC-SC",
    "vpcservicecontrols": "KBQ-VPC-SC",
    "user_project_denied": "KBQ-QUOTA-PROJECT",
    "consumer_invalid": "KBQ-PROJECT-NOT-FOUND",
    "billing_disabled": "KBQ-BILLING-OFF",
    "billingnotenabled": "KBQ-BILLING-OFF",
    "account_state_invalid": "KBQ-ACCOUNT-DISABLED",
    "resourcesexceeded": "KBQ-QUERY-TOO-BIG",
    "bytesbilledlimitexceeded": "KBQ-QUERY-TOO-BIG",
    "billingtierlimitexceeded": "KBQ-QUERY-TOO-BIG",
    "responsetoolarge": "KBQ-QUERY-TOO-BIG",
    "rate_limit_exceeded": "KBQ-RATE-LIMITED",
    "ratelimitexceeded": "KBQ-RATE-LIMITED",
    "userratelimitexceeded": "KBQ-RATE-LIMITED",
    "jobratelimitexceeded": "KBQ-RATE-LIMITED",
    "backenderror": "KBQ-GOOGLE-UNAVAILABLE",
    "internalerror": "KBQ-GOOGLE-UNAVAILABLE",
    "jobbackenderror": "KBQ-GOOGLE-UNAVAILABLE",
    "jobinternalerror": "KBQ-GOOGLE-UNAVAILABLE",
    "insufficientpermissions": "KBQ-SCOPES",
}
"""By reason in lower case: reasons that mean one thing only."""

LATE_REASONS: Final[Mapping[str, str]] = {
    # A 412 says only "not so"; an organization policy says it with the same reason.
    "conditionnotmet": "KBQ-CONCURRENT-CHANGE",
    "quotaexceeded": "KBQ-QUOTA-EXCEEDED",
    "resource_quota_exceeded": "KBQ-QUOTA-EXCEEDED",
    "invalidquery": "KBQ-QUERY-INVALID",
    "duplicate": "KBQ-ALREADY-EXISTS",
    "resourceinuse": "KBQ-DATASET-NOT-EMPTY",
    "access_token_expired": "KBQ-UNAUTHENTICATED",
    "access_token_type_unsupported": "KBQ-UNAUTHENTICATED",
    "credentials_missing": "KBQ-UNAUTHENTICATED",
    "autherror": "KBQ-UNAUTHENTICATED",
}
"""By reason in lower case: reasons that say less than words do, so words go first."""

CONSTRAINTS: Final[Mapping[str, str]] = {
    "iam.disableServiceAccountKeyCreation": "KBQ-KEY-CREATION-BLOCKED",
    "iam.managed.disableServiceAccountKeyCreation": "KBQ-KEY-CREATION-BLOCKED",
    "iam.disableServiceAccountCreation": "KBQ-ACCOUNT-CREATION-BLOCKED",
    "iam.managed.disableServiceAccountCreation": "KBQ-ACCOUNT-CREATION-BLOCKED",
    "gcp.resourceLocations": "KBQ-LOCATION-FORBIDDEN",
    "iam.allowedPolicyMemberDomains": "KBQ-DOMAIN-RESTRICTED",
    "iam.managed.allowedPolicyMembers": "KBQ-DOMAIN-RESTRICTED",
    "iam.serviceAccountKeyExpiryHours": "KBQ-KEY-EXPIRY-POLICY",
    "iam.serviceAccountKeyExposureResponse": "KBQ-KEY-EXPOSURE-POLICY",
}
"""By constraint; of any other one the general entry speaks."""


Rules = tuple[tuple[str, str], ...]
"""Codes, and the patterns that mean them. They are compiled when first asked: few runs explain an error at all."""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def first_match(rules: Rules, text: str) -> str | None:
    """Return the code of the first rule that a text fits, or None."""
    return next((code for code, pattern in rules if _compiled(pattern).search(text)), None)


def _rules(*pairs: tuple[str, str]) -> Rules:
    return pairs


_NAMED: Final = r"(?:\S{0,200}@\S{1,200}|\S{0,3}\d{10,25}\S{0,3}|\S{0,40}projects/\S{1,300})"
"""How Google names a service account: by its e-mail, its number or its path. Others have service accounts, too."""

FIRST: Final = _rules(
    # The words decide here even against a reason: ten keys come as 429 and must not be tried again.
    ("KBQ-TOO-MANY-KEYS", r"maximum number of (?:user[- ]managed )?keys on (?:the )?(?:service )?account\b"),
    ("KBQ-VPC-SC", r"vpc service controls|vpcServiceControlsUnique|SECURITY_POLICY_VIOLATED"),
    ("KBQ-DENY-POLICY", r"\biam deny policy"),
    ("KBQ-CMEK-REQUIRED", r"administrator requires that you specify an encryption key|restrictNonCmekServices"),
    ("KBQ-BILLING-OFF", r"billing has not been enabled|not allowed in the free tier"),
)

WORDS: Final = _rules(
    ("KBQ-KEY-CREATION-BLOCKED", r"key creation is not allowed on this service account"),
    ("KBQ-ACCOUNT-CREATION-BLOCKED", r"service account creation is not allowed on this project"),
    ("KBQ-ACCOUNT-ID-INVALID", r"account id .{1,120}(?:does not have a length between|is invalid|must (?:be )?match)"),
    ("KBQ-ACCOUNT-ID-INVALID", r"service account name must be between 6 and 30|account_id\W.{1,120}n't match regexp"),
    (
        "KBQ-DOMAIN-RESTRICTED",
        r"not belong to a permitted customer|domain restricted sharing\W{1,3}organization policy",
    ),
    ("KBQ-GRANT-BLOCKED", r"setPolicy failed.{0,1500}?denied by org policy"),
    ("KBQ-ORG-POLICY", r"operation denied by (?:custom )?org policy"),
    ("KBQ-LAST-OWNER", r"cannot remove all owners from a dataset"),
    ("KBQ-TOMBSTONE", r"deleted:(?:serviceaccount|user|group):\S{1,300} is of an unknown type"),
    ("KBQ-ACCOUNT-GONE", r"invalid[_ ]grant.{0,120}account (?:not found|has been deleted)"),
    ("KBQ-KEY-REJECTED", r"invalid jwt signature"),
    ("KBQ-CLOCK-SKEW", r"check your iat and exp|must be a short-lived token|token used too (?:early|late)|clock skew"),
    ("KBQ-CLOCK-SKEW", r"invalid_grant.{0,80}invalid jwt.{0,200}\b(?:iat|exp)\b"),
    ("KBQ-API-DISABLED", r"has not been used in project .{1,80} before or it is disabled|\bSERVICE_DISABLED\b"),
    ("KBQ-API-DISABLED", r"\bAPI \S{0,80} ?(?:is )?not enabled (?:on|for|in) project|accessNotConfigured"),
    ("KBQ-KEY-NOT-FOUND", r"service account key \S{1,300} (?:does not exist|(?:was |is )?not found)"),
    ("KBQ-PROJECT-NOT-FOUND", r"make sure it references valid gcp project"),
    ("KBQ-ACCOUNT-NOT-VISIBLE", rf"service account {_NAMED} (?:does not exist|(?:was |is )?not found)"),
    ("KBQ-ACCOUNT-NOT-VISIBLE", rf"unknown service account(?!\s+(?!{_NAMED}|this command)\w)"),
    ("KBQ-ACCOUNT-NOT-VISIBLE", r"setPolicy failed for dataset .{1,1200}?service account .{1,400}? does not exist"),
    ("KBQ-ACCOUNT-DISABLED", rf"service account (?:{_NAMED} )?(?:is|was|has been) disabled|disabled_client"),
    ("KBQ-ACCOUNT-DISABLED", r"invalid[_ ]grant.{0,120}(?:account|robot is) disabled"),
    ("KBQ-SCOPES", r"insufficient authentication scopes|ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficient_scope"),
    (
        "KBQ-BILLING-OFF",
        r"billingNotEnabled|requires billing to be enabled|billing must be enabled for|BILLING_DISABLED",
    ),
    ("KBQ-BILLING-OFF", r"expiration time must be less than 60 days|billing account .{0,100}(?:disabled|closed)"),
    ("KBQ-CONCURRENT-CHANGE", r"concurrent policy changes|read-modify-write"),
    ("KBQ-ROLE-LEVEL", r"\brole \S{1,200} is not supported for this resource"),
    ("KBQ-GCLOUD-DATASET-FLAG", r"\(gcloud\.[\w.-]{1,100}\) unrecognized arguments:.{0,40} --dataset"),
    ("KBQ-TWO-LOCATIONS", r"cannot read and write in different locations"),
    ("KBQ-POLICY-TAG", r"neither fine-grained reader|protected by policy tag|permission to access policy tag"),
    ("KBQ-DRIVE", r"\bdrive credentials|google drive scope"),
    ("KBQ-NOT-IN-LOCATION", r"not found: dataset .{1,1200}? was not found in location"),
    ("KBQ-TABLE-READ-DENIED", r"does not have permission to query (?:table|view)"),
    ("KBQ-TABLE-NOT-FOUND", r"not found: (?:table|view) \S{1,1200}[:.]\S"),
    ("KBQ-DATASET-NOT-FOUND", r"not found: dataset \S{1,1200}[:.]\S|error 404: not found: dataset\b"),
    ("KBQ-DATASET-NOT-FOUND", r"\bprojects/.{1,80}?/datasets/\S{1,300} (?:was )?not found"),
    ("KBQ-PROJECT-NOT-FOUND", r"not found: project\b"),
    ("KBQ-PROJECT-NOT-FOUND", r"\bproject \S{1,100} (?:not found or deleted|is pending deletion)"),
    ("KBQ-PROJECT-NOT-FOUND", r"\bproject [#'\"\[]?(?=\S{0,60}[\d/-])\S{1,100} has been deleted(?! from)"),
    ("KBQ-DATASET-NOT-EMPTY", r"\bdataset .{1,200}?[:.].{1,1100}? is still in use"),
    ("KBQ-CREDENTIALS-FILE", r"DefaultCredentialsError.{0,40}File .{1,400}? was not found"),
    ("KBQ-CREDENTIALS-FILE", r"\bfile \S{1,400} (?:is not a valid json file)"),
    ("KBQ-CREDENTIALS-FILE", r"could not read json file \S"),
    (
        "KBQ-CREDENTIALS-FILE",
        r"service account (?:info was not in the expected format|private key should be valid json)",
    ),
    (
        "KBQ-NO-CREDENTIALS",
        r"DefaultCredentialsError|default credentials were not found|automatically determine credentials",
    ),
    ("KBQ-NO-CREDENTIALS", r"not currently have an active account selected|no credentialed accounts"),
    (
        "KBQ-NO-CREDENTIALS",
        r"could not (?:find|load(?: the)?) default credentials|load application default credentials",
    ),
    ("KBQ-LOGIN-EXPIRED", r"reauthentication (?:is needed|is required|failed|required(?! for))|invalid_rapt"),
    ("KBQ-LOGIN-EXPIRED", r"invalid_grant: bad request|['\"]invalid_grant['\"].{0,80}['\"]bad request"),
    ("KBQ-LOGIN-EXPIRED", r"has been expired or revoked|refreshing your current auth tokens|ReauthFail"),
    ("KBQ-LOGIN-EXPIRED", r"active account \[\S{1,100}\] does not have any valid credentials"),
    ("KBQ-UNAUTHENTICATED", r"missing required authentication credential|invalid authentication credentials"),
    ("KBQ-UNAUTHENTICATED", r"reason: .required.,\s{0,40}message: .Login Required|\breturned .Invalid Credentials\b"),
    ("KBQ-UNAUTHENTICATED", r"BigQuery error in .{1,40} operation: Invalid Credentials"),
    ("KBQ-QUOTA-PROJECT", r"required permission to use project|requires a quota project|USER_PROJECT_DENIED"),
    ("KBQ-RATE-LIMITED", r"rate_?limit_?exceeded|(?<!api )rate limits? exceeded|exceeded rate limits"),
    ("KBQ-RATE-LIMITED", r"quota exceeded for quota metric .{0,200}per (?:minute|second|100 seconds)"),
    (
        "KBQ-QUOTA-EXCEEDED",
        r"quota exceeded(?:: your| for (?:quota|aggregate))|custom quota exceeded|exceeded quota for|quotaExceeded",
    ),
    ("KBQ-QUERY-TOO-BIG", r"resources exceeded during query|exceeded limit for bytes billed|resourcesExceeded"),
    ("KBQ-QUERY-INVALID", r"(?:unrecognized name|syntax error): .{1,2000} at \[\d{1,6}:\d{1,6}\]"),
    (
        "KBQ-QUERY-INVALID",
        r"no matching signature for (?:\w{1,20} )?(?:function|operator)|\bname \S{1,300} not found inside ",
    ),
)

NETWORK: Final = _rules(
    ("KBQ-PROXY", r"ProxyError|connect to proxy|tunnel connection failed|proxy authentication required|proxy returned"),
    ("KBQ-CONNECTION-LOST", r"unexpected_eof|eof occurred"),
    (
        "KBQ-TLS",
        r"certificate[_ ]verify[_ ]failed|(?<!Open)SSLError|SSLCertVerification|ssl_error_ssl|wrong_version_number",
    ),
    (
        "KBQ-TLS",
        r"PKIX path|unable to find valid certification path|SSLHandshakeException|\bx509: |tls: failed to verify|"
        r"UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|SSL certificate problem|"
        r"unable to (?:get local issuer|verify the first) certificate",
    ),
    ("KBQ-TLS", r"handshake failure|ssl handshake|tlsv1 alert|self[- ]signed certificate"),
    (
        "KBQ-DNS",
        r"name or service not known|failure in name resolution|nodename nor servname|"
        r"failed to resolve ['\"]?[\w-]+\.\w",
    ),
    (
        "KBQ-DNS",
        r"dns resolution failed|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)|NameResolutionError",
    ),
    ("KBQ-DNS", r"could not resolve|unable to find the server"),
    ("KBQ-DNS", r"UnknownHostException:? \S{0,80}?google(?:apis)?\.com\b"),
    ("KBQ-DNS", r"\blookup \S{0,80}?google(?:apis)?\.com\b.{0,80}?: (?:no such host|server misbehaving)"),
    ("KBQ-CONNECTION-REFUSED", r"connection ?refused|econnrefused|actively refused"),
    ("KBQ-NETWORK-UNREACHABLE", r"network (?:is )?unreachable|no route to host|host is unreachable"),
    ("KBQ-CONNECTION-LOST", r"connection ?reset|econnreset|connection aborted|RemoteDisconnected|remote end closed"),
    ("KBQ-CONNECTION-LOST", r"socket closed|broken pipe|IncompleteRead|connection broken|server disconnected|goaway"),
    ("KBQ-DEADLINE", r"deadline[_ ]?exceeded|timed out|TimeoutError|(?:read|connect) ?timeout|etimedout"),
    ("KBQ-DEADLINE", r"timeout of .{1,40} exceeded"),
)
"""Only asked where Google itself gave no status, or said no more than that it is unavailable."""

MALFORMED: Final = _rules(
    ("KBQ-MALFORMED-ANSWER", r"JSONDecodeError|expecting value: line|extra data: line|unterminated string starting"),
    ("KBQ-CAPTIVE-PORTAL", r"content.?type:? text/html|<!doctype html|<html\b"),
    ("KBQ-MALFORMED-ANSWER", r"not valid json|unexpected content.?type"),
)

LAST: Final = _rules(
    ("KBQ-PROJECT-NOT-FOUND", r"projects instance \[[^\]:\n]{1,80}\] \(or it may not exist\)"),
    ("KBQ-NOT-PERMITTED", r"the caller does not have permission|update access denied"),
    (
        "KBQ-ALREADY-EXISTS",
        r"already exists: (?:dataset|table|job|view|routine|model)\b|requested entity already exists",
    ),
    (
        "KBQ-ALREADY-EXISTS",
        r"(?:(?:dataset|table|view) \S{1,200}[:.]\S{1,1024}|service account \S{1,300}) already exists\b",
    ),
    ("KBQ-CONCURRENT-CHANGE", r"\bconditionNotMet\b"),
    ("KBQ-QUOTA-PROJECT", r"end user credentials from google cloud sdk without a quota project"),
)

BY_POLICY: Final = re.compile(r"operation denied by (?:custom )?org policy", re.IGNORECASE)
"""The same words for whatever a policy forbids: if a constraint stands beside them, it says what."""

ASIDE: Final = re.compile(r"you might receive a \W?quota exceeded\W? or \W?API not enabled\W? error", re.IGNORECASE)
"""What a warning of the libraries says may happen; it has not."""

DENIED: Final = re.compile(r"denied|does not have|do not have|required|requires|missing|lacks|forbidden", re.IGNORECASE)
"""Words beside the name of a permission which say that it is wanting."""

IMPERSONATING: Final = re.compile(
    r"impersonated credentials|(?:unable|failed|attempting) to impersonate (?:\[?\S{1,100}@|a service account)",
    re.IGNORECASE,
)
"""What the libraries say when one account could not act as another; why stands in the answer beside it."""
INNER_STATUS: Final = re.compile(r"[\"']code[\\\"']{1,2}\s{0,3}:\s{0,3}([1-5]\d\d)\b")
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
