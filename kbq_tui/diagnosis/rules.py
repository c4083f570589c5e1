"""What an error says, and which entry of the catalogue that is. Structured reasons, and words.

Sources: https://cloud.google.com/bigquery/docs/error-messages, https://cloud.google.com/apis/design/errors,
https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto, and errors as seen.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from kbq_tui.model.codes import ProblemCode as Code

REASONS: Final[Mapping[str, Code]] = {
    "service_disabled": Code.API_DISABLED,
    "accessnotconfigured": Code.API_DISABLED,
    "access_token_scope_insufficient": Code.SCOPES,
    "security_policy_violated": Code.VPC_SC,
    "vpcservicecontrols": Code.VPC_SC,
    "user_project_denied": Code.QUOTA_PROJECT,
    "consumer_invalid": Code.PROJECT_NOT_FOUND,
    "billing_disabled": Code.BILLING_OFF,
    "billingnotenabled": Code.BILLING_OFF,
    "account_state_invalid": Code.ACCOUNT_DISABLED,
    "resourcesexceeded": Code.QUERY_TOO_BIG,
    "bytesbilledlimitexceeded": Code.QUERY_TOO_BIG,
    "billingtierlimitexceeded": Code.QUERY_TOO_BIG,
    "responsetoolarge": Code.QUERY_TOO_BIG,
    "rate_limit_exceeded": Code.RATE_LIMITED,
    "ratelimitexceeded": Code.RATE_LIMITED,
    "userratelimitexceeded": Code.RATE_LIMITED,
    "jobratelimitexceeded": Code.RATE_LIMITED,
    "backenderror": Code.GOOGLE_UNAVAILABLE,
    "internalerror": Code.GOOGLE_UNAVAILABLE,
    "jobbackenderror": Code.GOOGLE_UNAVAILABLE,
    "jobinternalerror": Code.GOOGLE_UNAVAILABLE,
    "insufficientpermissions": Code.SCOPES,
}
"""By reason in lower case: reasons that mean one thing only."""

LATE_REASONS: Final[Mapping[str, Code]] = {
    # A 412 says only "not so"; an organization policy says it with the same reason.
    "conditionnotmet": Code.CONCURRENT_CHANGE,
    "quotaexceeded": Code.QUOTA_EXCEEDED,
    "resource_quota_exceeded": Code.QUOTA_EXCEEDED,
    "invalidquery": Code.QUERY_INVALID,
    "duplicate": Code.ALREADY_EXISTS,
    "resourceinuse": Code.DATASET_NOT_EMPTY,
    "access_token_expired": Code.UNAUTHENTICATED,
    "access_token_type_unsupported": Code.UNAUTHENTICATED,
    "credentials_missing": Code.UNAUTHENTICATED,
    "autherror": Code.UNAUTHENTICATED,
}
"""By reason in lower case: reasons that say less than words do, so words go first."""

CONSTRAINTS: Final[Mapping[str, Code]] = {
    "iam.disableServiceAccountKeyCreation": Code.KEY_CREATION_BLOCKED,
    "iam.managed.disableServiceAccountKeyCreation": Code.KEY_CREATION_BLOCKED,
    "iam.disableServiceAccountCreation": Code.ACCOUNT_CREATION_BLOCKED,
    "iam.managed.disableServiceAccountCreation": Code.ACCOUNT_CREATION_BLOCKED,
    "gcp.resourceLocations": Code.LOCATION_FORBIDDEN,
    "iam.allowedPolicyMemberDomains": Code.DOMAIN_RESTRICTED,
    "iam.managed.allowedPolicyMembers": Code.DOMAIN_RESTRICTED,
    "iam.serviceAccountKeyExpiryHours": Code.KEY_EXPIRY_POLICY,
    "iam.serviceAccountKeyExposureResponse": Code.KEY_EXPOSURE_POLICY,
}
"""By constraint; of any other one the general entry speaks."""


Rules = tuple[tuple[Code, str], ...]
"""Codes, and the patterns that mean them. They are compiled when first asked: few runs explain an error at all."""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def first_match(rules: Rules, text: str) -> Code | None:
    """Return the code of the first rule that a text fits, or None."""
    return next((code for code, pattern in rules if _compiled(pattern).search(text)), None)


def _rules(*pairs: tuple[Code, str]) -> Rules:
    return pairs


_NAMED: Final = r"(?:\S{0,200}@\S{1,200}|\S{0,3}\d{10,25}\S{0,3}|\S{0,40}projects/\S{1,300})"
"""How Google names a service account: by its e-mail, its number or its path. Others have service accounts, too."""

FIRST: Final = _rules(
    # The words decide here even against a reason: ten keys come as 429 and must not be tried again.
    (Code.TOO_MANY_KEYS, r"maximum number of (?:user[- ]managed )?keys on (?:the )?(?:service )?account\b"),
    (Code.VPC_SC, r"vpc service controls|vpcServiceControlsUnique|SECURITY_POLICY_VIOLATED"),
    (Code.DENY_POLICY, r"\biam deny policy"),
    (Code.CMEK_REQUIRED, r"administrator requires that you specify an encryption key|restrictNonCmekServices"),
    (Code.BILLING_OFF, r"billing has not been enabled|not allowed in the free tier"),
)

WORDS: Final = _rules(
    (Code.KEY_CREATION_BLOCKED, r"key creation is not allowed on this service account"),
    (Code.ACCOUNT_CREATION_BLOCKED, r"service account creation is not allowed on this project"),
    (Code.ACCOUNT_ID_INVALID, r"account id .{1,120}(?:does not have a length between|is invalid|must (?:be )?match)"),
    (Code.ACCOUNT_ID_INVALID, r"service account name must be between 6 and 30|account_id\W.{1,120}n't match regexp"),
    (
        Code.DOMAIN_RESTRICTED,
        r"not belong to a permitted customer|domain restricted sharing\W{1,3}organization policy",
    ),
    (Code.GRANT_BLOCKED, r"setPolicy failed.{0,1500}?denied by org policy"),
    (Code.ORG_POLICY, r"operation denied by (?:custom )?org policy"),
    (Code.LAST_OWNER, r"cannot remove all owners from a dataset"),
    (Code.TOMBSTONE, r"deleted:(?:serviceaccount|user|group):\S{1,300} is of an unknown type"),
    (Code.ACCOUNT_GONE, r"invalid[_ ]grant.{0,120}account (?:not found|has been deleted)"),
    (Code.KEY_REJECTED, r"invalid jwt signature"),
    (Code.CLOCK_SKEW, r"check your iat and exp|must be a short-lived token|token used too (?:early|late)|clock skew"),
    (Code.CLOCK_SKEW, r"invalid_grant.{0,80}invalid jwt.{0,200}\b(?:iat|exp)\b"),
    (Code.API_DISABLED, r"has not been used in project .{1,80} before or it is disabled|\bSERVICE_DISABLED\b"),
    (Code.API_DISABLED, r"\bAPI \S{0,80} ?(?:is )?not enabled (?:on|for|in) project|accessNotConfigured"),
    (Code.KEY_NOT_FOUND, r"service account key \S{1,300} (?:does not exist|(?:was |is )?not found)"),
    (Code.PROJECT_NOT_FOUND, r"make sure it references valid gcp project"),
    (Code.ACCOUNT_NOT_VISIBLE, rf"service account {_NAMED} (?:does not exist|(?:was |is )?not found)"),
    (Code.ACCOUNT_NOT_VISIBLE, rf"unknown service account(?!\s+(?!{_NAMED}|this command)\w)"),
    (Code.ACCOUNT_NOT_VISIBLE, r"setPolicy failed for dataset .{1,1200}?service account .{1,400}? does not exist"),
    (Code.ACCOUNT_DISABLED, rf"service account (?:{_NAMED} )?(?:is|was|has been) disabled|disabled_client"),
    (Code.ACCOUNT_DISABLED, r"invalid[_ ]grant.{0,120}(?:account|robot is) disabled"),
    (Code.SCOPES, r"insufficient authentication scopes|ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficient_scope"),
    (
        Code.BILLING_OFF,
        r"billingNotEnabled|requires billing to be enabled|billing must be enabled for|BILLING_DISABLED",
    ),
    (Code.BILLING_OFF, r"expiration time must be less than 60 days|billing account .{0,100}(?:disabled|closed)"),
    (Code.CONCURRENT_CHANGE, r"concurrent policy changes|read-modify-write"),
    (Code.ROLE_LEVEL, r"\brole \S{1,200} is not supported for this resource"),
    (Code.GCLOUD_DATASET_FLAG, r"\(gcloud\.[\w.-]{1,100}\) unrecognized arguments:.{0,40} --dataset"),
    (Code.TWO_LOCATIONS, r"cannot read and write in different locations"),
    (Code.POLICY_TAG, r"neither fine-grained reader|protected by policy tag|permission to access policy tag"),
    (Code.DRIVE, r"\bdrive credentials|google drive scope"),
    (Code.NOT_IN_LOCATION, r"not found: dataset .{1,1200}? was not found in location"),
    (Code.TABLE_READ_DENIED, r"does not have permission to query (?:table|view)"),
    (Code.TABLE_NOT_FOUND, r"not found: (?:table|view) \S{1,1200}[:.]\S"),
    (Code.DATASET_NOT_FOUND, r"not found: dataset \S{1,1200}[:.]\S|error 404: not found: dataset\b"),
    (Code.DATASET_NOT_FOUND, r"\bprojects/.{1,80}?/datasets/\S{1,300} (?:was )?not found"),
    (Code.PROJECT_NOT_FOUND, r"not found: project\b"),
    (Code.PROJECT_NOT_FOUND, r"\bproject \S{1,100} (?:not found or deleted|is pending deletion)"),
    (Code.PROJECT_NOT_FOUND, r"\bproject [#'\"\[]?(?=\S{0,60}[\d/-])\S{1,100} has been deleted(?! from)"),
    (Code.DATASET_NOT_EMPTY, r"\bdataset .{1,200}?[:.].{1,1100}? is still in use"),
    (Code.CREDENTIALS_FILE, r"DefaultCredentialsError.{0,40}File .{1,400}? was not found"),
    (Code.CREDENTIALS_FILE, r"\bfile \S{1,400} (?:is not a valid json file)"),
    (Code.CREDENTIALS_FILE, r"could not read json file \S"),
    (
        Code.CREDENTIALS_FILE,
        r"service account (?:info was not in the expected format|private key should be valid json)",
    ),
    (
        Code.NO_CREDENTIALS,
        r"DefaultCredentialsError|default credentials were not found|automatically determine credentials",
    ),
    (Code.NO_CREDENTIALS, r"not currently have an active account selected|no credentialed accounts"),
    (
        Code.NO_CREDENTIALS,
        r"could not (?:find|load(?: the)?) default credentials|load application default credentials",
    ),
    (Code.LOGIN_EXPIRED, r"reauthentication (?:is needed|is required|failed|required(?! for))|invalid_rapt"),
    (Code.LOGIN_EXPIRED, r"invalid_grant: bad request|['\"]invalid_grant['\"].{0,80}['\"]bad request"),
    (Code.LOGIN_EXPIRED, r"has been expired or revoked|refreshing your current auth tokens|ReauthFail"),
    (Code.LOGIN_EXPIRED, r"active account \[\S{1,100}\] does not have any valid credentials"),
    (Code.UNAUTHENTICATED, r"missing required authentication credential|invalid authentication credentials"),
    (Code.UNAUTHENTICATED, r"reason: .required.,\s{0,40}message: .Login Required|\breturned .Invalid Credentials\b"),
    (Code.UNAUTHENTICATED, r"BigQuery error in .{1,40} operation: Invalid Credentials"),
    (Code.QUOTA_PROJECT, r"required permission to use project|requires a quota project|USER_PROJECT_DENIED"),
    (Code.RATE_LIMITED, r"rate_?limit_?exceeded|(?<!api )rate limits? exceeded|exceeded rate limits"),
    (Code.RATE_LIMITED, r"quota exceeded for quota metric .{0,200}per (?:minute|second|100 seconds)"),
    (
        Code.QUOTA_EXCEEDED,
        r"quota exceeded(?:: your| for (?:quota|aggregate))|custom quota exceeded|exceeded quota for|quotaExceeded",
    ),
    (Code.QUERY_TOO_BIG, r"resources exceeded during query|exceeded limit for bytes billed|resourcesExceeded"),
    (Code.QUERY_INVALID, r"(?:unrecognized name|syntax error): .{1,2000} at \[\d{1,6}:\d{1,6}\]"),
    (
        Code.QUERY_INVALID,
        r"no matching signature for (?:\w{1,20} )?(?:function|operator)|\bname \S{1,300} not found inside ",
    ),
)

NETWORK: Final = _rules(
    (Code.PROXY, r"ProxyError|connect to proxy|tunnel connection failed|proxy authentication required|proxy returned"),
    (Code.CONNECTION_LOST, r"unexpected_eof|eof occurred"),
    (
        Code.TLS,
        r"certificate[_ ]verify[_ ]failed|(?<!Open)SSLError|SSLCertVerification|ssl_error_ssl|wrong_version_number",
    ),
    (
        Code.TLS,
        r"PKIX path|unable to find valid certification path|SSLHandshakeException|\bx509: |tls: failed to verify|"
        r"UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|SSL certificate problem|"
        r"unable to (?:get local issuer|verify the first) certificate",
    ),
    (Code.TLS, r"handshake failure|ssl handshake|tlsv1 alert|self[- ]signed certificate"),
    (
        Code.DNS,
        r"name or service not known|failure in name resolution|nodename nor servname|"
        r"failed to resolve ['\"]?[\w-]+\.\w",
    ),
    (
        Code.DNS,
        r"dns resolution failed|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)|NameResolutionError",
    ),
    (Code.DNS, r"could not resolve|unable to find the server"),
    (Code.DNS, r"UnknownHostException:? \S{0,80}?google(?:apis)?\.com\b"),
    (Code.DNS, r"\blookup \S{0,80}?google(?:apis)?\.com\b.{0,80}?: (?:no such host|server misbehaving)"),
    (Code.CONNECTION_REFUSED, r"connection ?refused|econnrefused|actively refused"),
    (Code.NETWORK_UNREACHABLE, r"network (?:is )?unreachable|no route to host|host is unreachable"),
    (Code.CONNECTION_LOST, r"connection ?reset|econnreset|connection aborted|RemoteDisconnected|remote end closed"),
    (Code.CONNECTION_LOST, r"socket closed|broken pipe|IncompleteRead|connection broken|server disconnected|goaway"),
    (Code.DEADLINE, r"deadline[_ ]?exceeded|timed out|TimeoutError|(?:read|connect) ?timeout|etimedout"),
    (Code.DEADLINE, r"timeout of .{1,40} exceeded"),
)
"""Only asked where Google itself gave no status, or said no more than that it is unavailable."""

MALFORMED: Final = _rules(
    (Code.MALFORMED_ANSWER, r"JSONDecodeError|expecting value: line|extra data: line|unterminated string starting"),
    (Code.CAPTIVE_PORTAL, r"content.?type:? text/html|<!doctype html|<html\b"),
    (Code.MALFORMED_ANSWER, r"not valid json|unexpected content.?type"),
)

LAST: Final = _rules(
    (Code.PROJECT_NOT_FOUND, r"projects instance \[[^\]:\n]{1,80}\] \(or it may not exist\)"),
    (Code.NOT_PERMITTED, r"the caller does not have permission|update access denied"),
    (
        Code.ALREADY_EXISTS,
        r"already exists: (?:dataset|table|job|view|routine|model)\b|requested entity already exists",
    ),
    (
        Code.ALREADY_EXISTS,
        r"(?:(?:dataset|table|view) \S{1,200}[:.]\S{1,1024}|service account \S{1,300}) already exists\b",
    ),
    (Code.CONCURRENT_CHANGE, r"\bconditionNotMet\b"),
    (Code.QUOTA_PROJECT, r"end user credentials from google cloud sdk without a quota project"),
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
